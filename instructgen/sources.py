"""Sources that hold their examples already: a sequence, or a file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from instructgen.contracts import Context
from instructgen.example import Example
from instructgen.formats.reading import read_examples


@dataclass(frozen=True, slots=True)
class Examples:
    """Yields the given examples.

    Attributes:
        items: the examples, in order.
    """

    items: Sequence[Example]

    async def examples(self, ctx: Context) -> AsyncIterator[Example]:
        """The examples. Those without an id get one from their content and position."""
        for position, example in enumerate(self.items):
            yield example if example.id else example.identified(position)


@dataclass(frozen=True, slots=True)
class File:
    """Yields the examples of a file, row by row: JSON, CSV with a header or Parquet, in any format that is written.

    Attributes:
        path: the file.
        columns: which column holds which field, where they are not named alike, as ``{"instruction": "question"}``.
    """

    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)

    async def examples(self, ctx: Context) -> AsyncIterator[Example]:
        """The examples, one a row."""
        for example in read_examples(self.path, self.columns):
            yield example
