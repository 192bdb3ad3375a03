"""Magpie: instructions from nothing but the special tokens that stand before a user's turn, and conversations of them.

An aligned model is sent the beginning of a chat as a raw text and writes what its users write. A judge grades each
instruction, what is good is answered greedily, and the model goes on as the user once more. Without a key the model is
a recording.

Paper: Xu et al., Magpie (arXiv 2406.08464).
Cost for 1,000 kept conversations: a short request for each instruction that is drawn and one to grade it, then three
for each that is kept: an answer, another user's turn, another answer. How many must be drawn depends on the grades.
The engine must serve /completions, as vLLM does, and the template must be that of its model.

    instructgen run examples/magpie.py --out runs/magpie
    instructgen run examples/magpie.py --teacher openai/NAME@http://127.0.0.1:8000/v1 --template chatml \\
        --requests 2000 --limit 1000 --out runs/live
"""

from pathlib import Path

from instructgen import (
    Engine,
    Filter,
    JudgeTags,
    Magpie,
    MagpieTurns,
    Pipeline,
    Recorded,
    Respond,
    RougeNovelty,
    Sampling,
    Threshold,
    Truncated,
)
from instructgen.parameters import Count

RECORDING = Path(__file__).parent / "recordings" / "magpie.jsonl"
GREEDY = Sampling(temperature=0.0, max_tokens=2048)


def recipe(
    teacher: Engine = Recorded(RECORDING), *, template: str = "llama-3", requests: Count = 8, turns: Count = 2
) -> Pipeline:
    """Draw instructions, keep the good ones, answer them and go on.

    Args:
        teacher: the model that plays the users, answers them and grades what they ask.
        template: the family of that model; it says what stands before a user's turn.
        requests: how many instructions are drawn.
        turns: questions in each conversation; with 1, each instruction is only answered.
    """
    further = [MagpieTurns(teacher, template, turns=turns)] if turns > 1 else []
    return Pipeline(
        Magpie(teacher, template, requests=requests),
        [
            Filter(Truncated("instruction", signs=("colon",)), RougeNovelty(0.7)),
            JudgeTags(teacher, tags=("input_quality",)),
            Filter(Threshold("input_quality", 4)),
            Respond(teacher, sampling=GREEDY),
            *further,
        ],
    )


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
