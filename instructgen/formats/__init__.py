"""Files that examples are read from and written to, one module a family.

A format is the shape of a row; the name of the file decides how rows are laid out: ``.jsonl`` one a line, ``.json`` all
in one array, and ``.gz`` behind either compresses. What is written is read again by ``instructgen.formats.reading``.

- ``alpaca``: ``instruction``, ``input``, ``output``
- ``alpaca-chat``: these, ``system`` and ``history``
- ``jsonl``: every field of an example, lineage included
"""

from __future__ import annotations

import difflib
import gzip
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from instructgen.errors import RecipeError, StoreError
from instructgen.example import Example
from instructgen.formats import alpaca, jsonl
from instructgen.formats.rows import json_line

_ROWS = {"alpaca": alpaca.row, "alpaca-chat": alpaca.chat_row, "jsonl": jsonl.row}
FORMATS = tuple(_ROWS)


def write_examples(examples: Iterable[Example], format: str, path: Path) -> int:
    """Write the examples to a file that appears only when it is whole; returns the number of rows.

    Args:
        examples: what to write, in order.
        format: one of ``FORMATS``.
        path: ends in .jsonl or .json, or one of these and .gz. Folders are made, a file there is replaced.

    Raises:
        RecipeError: there is no such format or ending, or an example does not fit the format.
        StoreError: the file cannot be written.
    """
    path = Path(path)
    row = _row(format)
    array = _is_array(format, path)
    lines = (json_line(row(example)) for example in examples)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _replacing(path) as file:
            if path.suffix.lower() != ".gz":
                return _write(file.write, lines, array)
            # Without a name and a time in it, equal examples give equal bytes.
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                return _write(packed.write, lines, array)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error


def _row(format: str) -> Callable[[Example], dict[str, Any]]:
    if format not in _ROWS:
        close = difflib.get_close_matches(format.lower(), FORMATS, n=1)
        hint = f"; did you mean {close[0]}?" if close else "."
        raise RecipeError(f"there is no format {format!r}{hint} The formats are {', '.join(FORMATS)}.")
    return _ROWS[format]


def _is_array(format: str, path: Path) -> bool:
    name = path.name.lower().removesuffix(".gz")
    if not name.endswith((".json", ".jsonl")):
        raise RecipeError(f"the format {format} is written to a file that ends in .jsonl or .json, not to {path}.")
    return name.endswith(".json")


def _write(write: Callable[[bytes], object], lines: Iterable[bytes], array: bool) -> int:
    count = 0
    if array:
        write(b"[")
    for count, line in enumerate(lines, start=1):
        write(line if not array else (b"\n" if count == 1 else b",\n") + line[:-1])
    if array:
        write(b"\n]\n")
    return count


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    """A file that takes its name only when it is whole and on the disk."""
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            part.unlink()
            raise
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
