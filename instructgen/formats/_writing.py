"""Files that rows are written to, laid out as their names say, which appear only when they are whole."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from instructgen.errors import RecipeError, StoreError
from instructgen.formats import _arrow
from instructgen.formats.csv_table import csv_line
from instructgen.formats.rows import half_character, json_line

Rows = Iterable[tuple[str, Mapping[str, Any]]]
_Write = Callable[[BinaryIO | gzip.GzipFile, Rows, Mapping[str, Any]], int]


def write_rows(rows: Rows, columns: Mapping[str, Any], format: str, path: Path) -> int:
    """Write rows, each with its example's id, to a file; returns their number.

    Args:
        rows: what to write, in order.
        columns: the type of every column.
        format: the name of their format.
        path: where to; folders are made, a file there is replaced.

    Raises:
        RecipeError: the file's ending is none for this format, or a row does not fit into such a file.
        StoreError: the file cannot be written.
    """
    write = _writer(format, path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _replacing(path) as file:
            if path.suffix.lower() != ".gz":
                return write(file, rows, columns)
            # Without a name and a time in it, equal examples give equal bytes.
            with gzip.GzipFile("", "wb", fileobj=file, mtime=0) as packed:
                return write(packed, rows, columns)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error


def _writer(format: str, path: Path) -> _Write:
    name = path.name.lower().removesuffix(".gz")
    writers: dict[str, _Write] = {".jsonl": _lines, ".json": _array}
    if format == "csv":
        writers = {".csv": _table}
    elif not path.name.lower().endswith(".gz"):  # Parquet is compressed within
        writers[".parquet"] = _arrow.write_parquet
    suffix = next((suffix for suffix in writers if name.endswith(suffix)), None)
    if suffix is None:
        known = " or ".join(writers) if len(writers) < 3 else ".jsonl, .json or .parquet"
        hint = "\nA CSV file is written by the format csv." if name.endswith(".csv") else ""
        raise RecipeError(f"the format {format} is written to a file that ends in {known}, not to {path}.{hint}")
    if suffix == ".parquet":
        _arrow.require_parquet()
    return writers[suffix]


def _lines(file: BinaryIO | gzip.GzipFile, rows: Rows, columns: Mapping[str, Any]) -> int:
    count = 0
    for name, row in rows:
        file.write(json_line(row, name))
        count += 1
    return count


def _array(file: BinaryIO | gzip.GzipFile, rows: Rows, columns: Mapping[str, Any]) -> int:
    count = 0
    file.write(b"[")
    for name, row in rows:
        file.write((b",\n" if count else b"\n") + json_line(row, name)[:-1])
        count += 1
    file.write(b"\n]\n")
    return count


def _table(file: BinaryIO | gzip.GzipFile, rows: Rows, columns: Mapping[str, Any]) -> int:
    count = 0
    file.write(csv_line(list(columns)))
    for name, row in rows:
        try:
            file.write(csv_line(list(row.values())))
        except UnicodeEncodeError as error:
            raise half_character(name) from error
        count += 1
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
