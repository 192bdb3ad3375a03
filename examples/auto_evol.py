"""Auto Evol-Instruct: the method by which prompts are made harder is itself improved, on a sample, and then used.

Some prompts are evolved and answered; where the answer asks back, something was lost. A critic reads how prompts
changed from stage to stage, and the method is rewritten; the one with the fewest failures evolves every prompt once.
The methods that were tried are among the rejected, with their failure rates. Without a key the model is a recording.

Paper: Zeng et al., Automatic Instruction Evolving for Large Language Models (arXiv 2406.00770).
Cost for 1,000 kept examples: two requests for each (evolve, answer); and for the search, with the numbers of the second
command, which are the paper's, 100 requests at first and 540 in each step.

    instructgen run examples/auto_evol.py --out runs/auto_evol
    instructgen run examples/auto_evol.py --teacher openai/NAME --first 175 --development 50 --batch 10 --rounds 3 \\
        --candidates 5 --steps 10 --out runs/live
"""

from pathlib import Path
from typing import Annotated, Literal

from instructgen import AskingBack, AutoEvol, Engine, Filter, Pipeline, Recorded, Respond, seeds
from instructgen.parameters import Count, Natural, between

RECORDING = Path(__file__).parent / "recordings" / "auto_evol.jsonl"


def recipe(
    teacher: Engine = Recorded(RECORDING),
    *,
    first: Annotated[int, between(1, 175)] = 4,
    development: Count = 3,
    batch: Count = 4,
    rounds: Count = 1,
    candidates: Count = 1,
    steps: Natural = 1,
    language: Literal["en", "zh"] = "en",
) -> Pipeline:
    """Improve the method, and evolve the first of the seeds with it.

    Args:
        teacher: the model that evolves, answers, criticises and improves.
        first: how many seeds to evolve; there are 175 in each language.
        development: how many of them the failure rate is measured on.
        batch: how many of them a critic reads in each step.
        rounds: how often each of these is evolved.
        candidates: methods tried in each step.
        steps: the most steps of improvement.
        language: of the seeds and the prompts, en or zh.
    """
    source = AutoEvol(
        teacher,
        seeds(language)[:first],
        development=development,
        batch=batch,
        rounds=rounds,
        candidates=candidates,
        steps=steps,
        language=language,
    )
    return Pipeline(source, [Respond(teacher), Filter(AskingBack())])


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
