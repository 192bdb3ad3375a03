"""Reads the examples of a file."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from instructgen.example import Example


def read_examples(path: Path, columns: Mapping[str, str] = {}) -> Iterator[Example]:
    """The examples of a file, one a row."""
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            row = json.loads(line)
            yield Example.root(
                by="file", index=number, instruction=row["instruction"], input=row["input"], output=row["output"]
            )
