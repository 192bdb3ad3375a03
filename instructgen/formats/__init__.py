"""Files that examples are read from and written to, one module a family.

A format is the shape of a row; the name of the file decides how rows are laid out: ``.jsonl`` one a line, ``.json`` all
in one array, ``.parquet`` a typed table (with the extra ``parquet``), ``.csv`` a table of texts for the format csv.
``.gz`` behind any but Parquet compresses. What is written is read again by ``instructgen.formats.reading``.

- ``alpaca``: ``instruction``, ``input``, ``output``
- ``alpaca-chat``: these, ``system`` and ``history``
- ``csv``: ``instruction``, ``input``, ``output``, safe to open in a spreadsheet
- ``jsonl``: every field of an example, lineage included
- ``openai``: ``messages``
- ``self-instruct``: ``prompt`` and ``completion`` as texts, in one of thirteen layouts
- ``sharegpt``: ``conversations``
- ``trl``: ``prompt`` and ``completion`` as messages
- ``trl-text``: ``prompt`` and ``completion`` as texts

Every row of a format has the same keys in the same order.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.formats import _arrow, alpaca, csv_table, jsonl, openai_messages, rows, self_instruct, sharegpt, trl
from instructgen.formats._writing import write_rows

if TYPE_CHECKING:
    from datasets import Dataset


class _Format(NamedTuple):
    """How an example becomes a row, the type of every column, and whether equal rows are written once."""

    row: Callable[[Example], dict[str, Any]]
    columns: Mapping[str, Any]
    distinct: bool = False


_FORMATS = {
    "alpaca": _Format(alpaca.row, alpaca.COLUMNS),
    "alpaca-chat": _Format(alpaca.chat_row, alpaca.CHAT_COLUMNS),
    "csv": _Format(csv_table.row, csv_table.COLUMNS),
    "jsonl": _Format(jsonl.row, rows.COLUMNS),
    "openai": _Format(openai_messages.row, openai_messages.COLUMNS),
    "self-instruct": _Format(self_instruct.row, self_instruct.COLUMNS, distinct=True),
    "sharegpt": _Format(sharegpt.row, sharegpt.COLUMNS),
    "trl": _Format(trl.row, trl.COLUMNS),
    "trl-text": _Format(trl.text_row, trl.TEXT_COLUMNS),
}
FORMATS = tuple(_FORMATS)


def write_examples(examples: Iterable[Example], format: str, path: Path) -> int:
    """Write the examples to a file that appears only when it is whole; returns the number of rows.

    Args:
        examples: what to write, in order.
        format: one of ``FORMATS``.
        path: ends in .jsonl, .json or .parquet, in .csv for the format csv; and .gz behind it, but for Parquet. Folders
            are made, a file there is replaced.

    Raises:
        RecipeError: there is no such format or ending, an example does not fit the format (the message names it), or
            an extra is not installed.
        StoreError: the file cannot be written.
    """
    shape = _format(format)
    return write_rows(_rows(examples, shape), shape.columns, format, Path(path))


def to_datasets(examples: Iterable[Example], format: str) -> Dataset:
    """The examples as a data set of Hugging Face ``datasets``, with a format's columns; needs the extra ``datasets``.

    ``load_dataset`` guesses the types of a JSON or CSV file unless it is told ``to_datasets([], format).features``, and
    changes a JSON column of nothing but dates even then. Parquet brings its types along.

    Args:
        examples: what to put in, in order; all of it is held in memory.
        format: one of ``FORMATS``.

    Raises:
        RecipeError: there is no such format, an example does not fit it, or ``datasets`` is not installed.
    """
    shape = _format(format)
    return _arrow.to_dataset(_rows(examples, shape), shape.columns)


def _format(format: str) -> _Format:
    if format not in _FORMATS:
        close = difflib.get_close_matches(format.lower(), FORMATS, n=1)
        hint = f"; did you mean {close[0]}?" if close else "."
        raise RecipeError(f"there is no format {format!r}{hint} The formats are {', '.join(FORMATS)}.")
    return _FORMATS[format]


def _rows(examples: Iterable[Example], shape: _Format) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows, each with its example's id."""
    seen: set[tuple[str, ...]] = set()
    for example in examples:
        row = shape.row(example)
        if shape.distinct:
            key = tuple(row.values())
            if key in seen:
                continue
            seen.add(key)
        yield example.id, row
