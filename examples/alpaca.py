"""Alpaca's data from your own seeds or ours: whole tasks in one call, exported in the prompts its trainers use.

Three seeds are shown in each prompt, none of the pool, and twenty tasks asked for. Without a key the model is a
recording.

Source: Taori et al., Stanford Alpaca (2023). Cost for 1,000 kept examples: about 80 requests of up to 3,072 tokens.

    instructgen run examples/alpaca.py --out runs/alpaca
    instructgen export runs/alpaca --format alpaca --out alpaca.json
"""

from pathlib import Path

from instructgen import Engine, Pipeline, Recorded, SelfInstruct, read_seeds, seeds
from instructgen.parameters import Count

RECORDING = Path(__file__).parent / "recordings" / "alpaca.jsonl"


def recipe(teacher: Engine = Recorded(RECORDING), *, own_seeds: Path | None = None, requests: Count = 2) -> Pipeline:
    """Write whole tasks from seeds.

    Args:
        teacher: the model that writes them.
        own_seeds: a file of your own seed tasks, in place of the English ones.
        requests: how often it is asked.
    """
    return Pipeline(SelfInstruct(teacher, read_seeds(own_seeds) if own_seeds else seeds("en"), requests=requests))


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
