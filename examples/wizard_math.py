"""WizardMath: mathematics questions become easier for two rounds and harder for three, and each is answered.

Downwards a question becomes easier, or makes way for an easier one on another topic; upwards it gets one more
condition, specific notions, or more steps of reasoning. Each branch does this anew. Questions that came before are
dropped, and a judge rates how difficult the others are. Without a key the model is a recording.

Paper: Luo et al., WizardMath (arXiv 2308.09583).
Cost for 1,000 kept examples: with two branches about 100 questions to start from, and three requests for each
evolution (rewrite, answer, rate), about 3,000 in all.

    instructgen run examples/wizard_math.py --out runs/wizard_math
    instructgen show runs/wizard_math --by round
    instructgen run examples/wizard_math.py --teacher openai/NAME --branches 6 --first 12 --out runs/live
"""

from pathlib import Path
from typing import Annotated, Literal

from instructgen import Engine, Filter, JudgeDifficulty, Pipeline, Recorded, RepeatedPrompt, WizardMath, seeds
from instructgen.parameters import Count, between

RECORDING = Path(__file__).parent / "recordings" / "wizard_math.jsonl"


def recipe(
    teacher: Engine = Recorded(RECORDING),
    *,
    first: Annotated[int, between(1, 12)] = 1,
    branches: Count = 2,
    language: Literal["en", "zh"] = "en",
) -> Pipeline:
    """Evolve the first mathematics questions among the seeds.

    Args:
        teacher: the model that rewrites, answers and rates.
        first: how many questions to evolve; there are twelve in each language.
        branches: how many times each is evolved, independently of each other; six in the paper.
        language: of the seeds and the prompts, en or zh.
    """
    questions = [seed for seed in seeds(language) if seed.meta["family"] == "maths"]
    evolve = WizardMath(teacher, branches=branches, language=language)
    return Pipeline(questions[:first], [evolve, Filter(RepeatedPrompt()), JudgeDifficulty(teacher, language=language)])


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
