"""Fresh starts: prompts that need no seeds, from a few words drawn at random, mutated until they are long enough.

Each starting point is one to four words. A model makes a prompt of them, which is then given one mutation after the
other: a constraint more, deeper, more concrete, more reasoning, slightly more complicated, another topic, or another
fresh start. At the wanted length it is answered. Without a key the model is a recording.

Source: h2o-wizardlm, an open variant of Evol-Instruct (WizardLM, arXiv 2304.12244).
Cost for 1,000 kept examples: for each an answer, and as many mutations as its length takes, three to five; starting
points that stay too short after the last round give nothing.

    instructgen run examples/fresh_start.py --out runs/fresh_start
    instructgen run examples/fresh_start.py --teacher openai/NAME --starts 2000 --limit 1000 --out runs/live
"""

from pathlib import Path
from typing import Literal

from instructgen import Engine, FreshStart, Nouns, Pipeline, Recorded
from instructgen.parameters import Count

RECORDING = Path(__file__).parent / "recordings" / "fresh_start.jsonl"


def recipe(
    teacher: Engine = Recorded(RECORDING),
    *,
    starts: Count = 3,
    rounds: Count = 10,
    language: Literal["en", "zh"] = "en",
) -> Pipeline:
    """Make a prompt of each starting point, and answer it.

    Args:
        teacher: the model that writes, mutates and answers.
        starts: how many starting points to draw.
        rounds: the most mutations of each.
        language: of the words and the prompts, en or zh.
    """
    return Pipeline(Nouns(starts, language), [FreshStart(teacher, rounds=rounds, language=language)])


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
