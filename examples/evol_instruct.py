"""Evol-Instruct: simple prompts are made harder, or rarer, round after round, and the failures are dropped.

Each round one of six operators is drawn for each prompt: add a constraint, deepen, concretise, ask for more reasoning,
add data to work on, or make up a new prompt of the same domain. The new prompt is answered; a judge compares it with
the old one, and rates how difficult it is. What failed is tried again in the next round. Without a key the model is a
recording.

Paper: Xu et al., WizardLM (arXiv 2304.12244).
Cost for 1,000 kept examples: with four rounds about 220 seeds, and four requests for each seed and round (rewrite,
compare, answer, rate). All rows are shuffled in the end, so that `--limit` saves none of them; `--first` does.

    instructgen run examples/evol_instruct.py --out runs/evol_instruct
    instructgen show runs/evol_instruct --by round
    instructgen run examples/evol_instruct.py --teacher openai/NAME --rounds 4 --first 175 --out runs/live
"""

from pathlib import Path
from typing import Annotated, Literal

from instructgen import Engine, EvolInstruct, JudgeDifficulty, Pipeline, Recorded, Shuffle, seeds
from instructgen.parameters import Count, between

RECORDING = Path(__file__).parent / "recordings" / "evol_instruct.jsonl"


def recipe(
    teacher: Engine = Recorded(RECORDING),
    *,
    first: Annotated[int, between(1, 175)] = 3,
    rounds: Count = 2,
    language: Literal["en", "zh"] = "en",
) -> Pipeline:
    """Evolve the first of the seeds.

    Args:
        teacher: the model that rewrites, compares, answers and rates.
        first: how many seeds to evolve; there are 175 in each language.
        rounds: how often each is evolved.
        language: of the seeds and the prompts, en or zh.
    """
    start = seeds(language)[:first]
    evolve = EvolInstruct(teacher, rounds=rounds, language=language)
    return Pipeline(start, [evolve, JudgeDifficulty(teacher, language=language), Shuffle()])


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
