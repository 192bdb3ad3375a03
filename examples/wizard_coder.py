"""WizardCoder: programming tasks are made harder for three rounds, in one of five ways each time, and solved.

Each round one way is drawn for each task: one more constraint, a rarer requirement, more steps of reasoning, erroneous
code that misleads, a better bound on time or memory. The new task is compared with the old one, then solved. What
failed is tried again in the next round. Without a key the model is a recording.

Paper: Luo et al., WizardCoder (arXiv 2306.08568).
Cost for 1,000 kept examples: about 260 tasks to start from, and three requests for each task and round (rewrite,
compare, solve), about 2,300 in all. All rows are shuffled in the end, so that `--limit` saves none of them.

    instructgen run examples/wizard_coder.py --out runs/wizard_coder
    instructgen show runs/wizard_coder --by round
    instructgen run examples/wizard_coder.py --teacher openai/NAME --rounds 4 --first 12 --out runs/live
"""

from pathlib import Path
from typing import Annotated, Literal

from instructgen import Engine, Pipeline, Recorded, Shuffle, WizardCoder, seeds
from instructgen.parameters import Count, between

RECORDING = Path(__file__).parent / "recordings" / "wizard_coder.jsonl"


def recipe(
    teacher: Engine = Recorded(RECORDING),
    *,
    first: Annotated[int, between(1, 12)] = 2,
    rounds: Count = 3,
    language: Literal["en", "zh"] = "en",
) -> Pipeline:
    """Evolve the first programming tasks among the seeds.

    Args:
        teacher: the model that rewrites, compares and solves.
        first: how many tasks to evolve; there are twelve in each language.
        rounds: how often each is evolved; the same run with fewer rounds asks for nothing new.
        language: of the seeds and the prompts, en or zh.
    """
    tasks = [seed for seed in seeds(language) if seed.meta["family"] == "code"]
    return Pipeline(tasks[:first], [WizardCoder(teacher, rounds=rounds, language=language), Shuffle()])


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
