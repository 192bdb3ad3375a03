"""Files that examples are read from and written to, one module a family."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from instructgen.example import Example
from instructgen.formats.rows import example_row, json_line

FORMATS = ("alpaca", "jsonl")


def write_examples(examples: Iterable[Example], format: str, path: Path) -> int:
    """Write the examples; returns the number of rows."""
    count = 0
    with path.open("wb") as file:
        for example in examples:
            file.write(json_line(example_row(example)))
            count += 1
    return count
