"""Quickstart: sixty seed tasks in, a deduplicated data set out, offline.

Self-Instruct writes new tasks from the seeds and from what it has already accepted; a teacher answers each of them;
what is malformed, off limits, too similar or cut off is rejected with its reason. Without a key the model is a
recording, so this runs anywhere and always gives the same bytes; with ``--teacher openai/NAME`` it runs live.

Paper: Wang et al., Self-Instruct (arXiv 2212.10560), in the one-call form of Stanford Alpaca (2023).
Cost for 1,000 kept examples: about 120 requests for tasks and 1,100 for answers.

    instructgen run examples/quickstart.py --out runs/quickstart
    instructgen export runs/quickstart --format alpaca --out quickstart.json
"""

from pathlib import Path

from instructgen import Engine, Filter, Length, Pipeline, Recorded, Respond, SelfInstruct, seeds
from instructgen.parameters import Count

RECORDING = Path(__file__).parent / "recordings" / "quickstart.jsonl"


def recipe(teacher: Engine = Recorded(RECORDING), *, requests: Count = 6) -> Pipeline:
    """Write new tasks from the English seeds and have a teacher answer them.

    Args:
        teacher: the model that writes the tasks and answers them.
        requests: how often it is asked for new tasks.
    """
    first = seeds("en")[:60]  # the recording belongs to these; later versions may ship more
    return Pipeline(
        SelfInstruct(teacher, seeds=first, tasks=14, from_pool=1, lookahead=2, requests=requests),
        [Respond(teacher), Filter(Length(1, 250, field="output"))],
    )


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
