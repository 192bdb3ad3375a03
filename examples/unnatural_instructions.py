"""Unnatural Instructions: tasks with inputs and constraints, their outputs, and other ways to ask for the same.

Three of fifteen tasks are shown and the model writes a fourth; its output is made greedily by the constraints, which
are then left out; two free formulations of the instruction get the same output. Without a key the model is a recording.

Paper: Honovich et al., Unnatural Instructions (arXiv 2212.09689).
Cost for 1,000 kept examples: about 400 requests for tasks, one output for each of the 340 or so that are kept, and two
or three formulations for each of these.

    instructgen run examples/unnatural_instructions.py --out runs/unnatural
    instructgen run examples/unnatural_instructions.py --teacher openai/NAME --requests 400 --out runs/live
"""

from pathlib import Path
from typing import Literal

from instructgen import (
    ConstrainedRespond,
    Engine,
    Pipeline,
    Recorded,
    Reformulate,
    UnnaturalInstructions,
)
from instructgen.parameters import Count, Natural

RECORDING = Path(__file__).parent / "recordings" / "unnatural_instructions.jsonl"


def recipe(
    teacher: Engine = Recorded(RECORDING),
    *,
    requests: Count = 7,
    formulations: Natural = 2,
    language: Literal["en", "zh"] = "en",
) -> Pipeline:
    """Write tasks from the packaged demonstrations, answer them and say them again.

    Args:
        teacher: the model that does all of it.
        requests: how many tasks are asked for.
        formulations: other ways to ask for each; 0 for none.
        language: of the demonstrations and the prompts, en or zh.
    """
    source = UnnaturalInstructions(teacher, requests=requests, language=language)
    expansion = [Reformulate(teacher, formulations=formulations, language=language)] if formulations else []
    return Pipeline(source, [ConstrainedRespond(teacher, language=language), *expansion])


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
