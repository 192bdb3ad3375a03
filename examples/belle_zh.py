"""BELLE：从中文种子任务出发，让模型写出新的中文任务，再按中文的规则筛选。

Chinese tasks from Chinese seeds: three are shown in each prompt and ten asked for, in Chinese labels; lengths, word
lists and the comparison of texts go by characters. Without a key the model is a recording.

Source: BELLE (2023). Cost for 1,000 kept examples: about 190 requests of up to 1,024 tokens.

    instructgen run examples/belle_zh.py --out runs/belle
    instructgen export runs/belle --format sharegpt --out belle.json
"""

from pathlib import Path

from instructgen import Belle, Engine, Pipeline, Recorded, seeds
from instructgen.parameters import Count

RECORDING = Path(__file__).parent / "recordings" / "belle_zh.jsonl"


def recipe(teacher: Engine = Recorded(RECORDING), *, requests: Count = 2) -> Pipeline:
    """Write Chinese tasks from the Chinese seeds.

    Args:
        teacher: the model that writes them.
        requests: how often it is asked.
    """
    return Pipeline(Belle(teacher, seeds("zh"), requests=requests))


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
