"""Arrow tables with a schema of their own: Parquet files, and data sets of Hugging Face ``datasets``.

A schema that is guessed from the data turns a column of dates into timestamps, and one of empty lists into nulls.
Both libraries are extras, imported when they are used.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from gzip import GzipFile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from instructgen.errors import RecipeError
from instructgen.formats.rows import json_line

if TYPE_CHECKING:
    from datasets import Dataset
    from pyarrow import DataType, RecordBatch, Schema

_ROWS = 10_000  # in a row group


def require(module: str, extra: str, what: str) -> None:
    """Import a library that may not be installed.

    Raises:
        RecipeError: it is not.
    """
    try:
        importlib.import_module(module)
    except ImportError as error:
        raise RecipeError(
            f"{what} needs {module}, which cannot be imported: {error}.\nInstall it: pip install 'instructgen[{extra}]'"
        ) from error


def require_parquet() -> None:
    """Import what Parquet files need.

    Raises:
        RecipeError: it is not installed.
    """
    require("pyarrow", "parquet", "a Parquet file")


def write_parquet(
    file: BinaryIO | GzipFile, rows: Iterable[tuple[str, Mapping[str, Any]]], columns: Mapping[str, Any]
) -> int:
    """Write rows, each with its example's id, to a file; returns their number.

    Raises:
        RecipeError: a row holds something that the file cannot.
    """
    from pyarrow.parquet import ParquetWriter

    count = 0
    schema = _schema(columns)
    with ParquetWriter(file, schema) as writer:
        for batch in _batches(rows, schema):
            writer.write_batch(batch)
            count += batch.num_rows
    return count


def to_dataset(rows: Iterable[tuple[str, Mapping[str, Any]]], columns: Mapping[str, Any]) -> Dataset:
    """The rows, each with its example's id, as a data set in memory.

    Raises:
        RecipeError: ``datasets`` is not installed, or a row holds something that a table cannot.
    """
    require("datasets", "datasets", "a Hugging Face data set")
    from datasets import Dataset
    from pyarrow import Table

    schema = _schema(columns)
    return Dataset(Table.from_batches(_batches(rows, schema), schema))


def parquet_rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a Parquet file with their numbers, counted from 1, as JSON values.

    Dates and times become text, NaN becomes null.

    Raises:
        RecipeError: the file cannot be read, or a column holds what is no JSON value.
    """
    require_parquet()
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    number = 0
    try:
        with ParquetFile(path) as file:
            names = file.schema_arrow.names
            for name in names:
                if names.count(name) > 1:
                    raise RecipeError(f"{path}: the column {name!r} appears twice.")
            for batch in file.iter_batches(1000):
                for row in batch.to_pylist():
                    number += 1
                    yield number, {name: _json_value(path, number, name, value) for name, value in row.items()}
    except UnicodeDecodeError as error:
        raise RecipeError(f"{path}, a row after row {number}: {error}.") from error
    except ArrowException as error:
        raise RecipeError(f"{path} cannot be read as Parquet: {error}.") from error


def _schema(columns: Mapping[str, Any]) -> Schema:
    from pyarrow import schema

    return schema({name: _type(column) for name, column in columns.items()})


def _type(column: Any) -> DataType:
    from pyarrow import float64, list_, string, struct

    if isinstance(column, list):
        return list_(_type(column[0]))
    if isinstance(column, dict):
        return struct({name: _type(part) for name, part in column.items()})
    return {str: string(), float: float64()}[column]


def _batches(rows: Iterable[tuple[str, Mapping[str, Any]]], schema: Schema) -> Iterator[RecordBatch]:
    from pyarrow import ArrowException, RecordBatch

    left = iter(rows)
    while taken := list(islice(left, _ROWS)):
        try:
            yield RecordBatch.from_pylist([row for _, row in taken], schema=schema)
        except (UnicodeEncodeError, ArrowException, OverflowError):
            for name, row in taken:
                json_line(row, name)  # names the example, if JSON could not hold its text either
                try:
                    RecordBatch.from_pylist([row], schema=schema)
                except (ArrowException, OverflowError) as error:
                    raise RecipeError(f"example {name} cannot be written to a table: {error}.") from error
            raise


def _json_value(path: Path, number: int, name: str, value: Any) -> Any:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float) and not math.isinf(value):
        return None if math.isnan(value) else value
    if isinstance(value, date | datetime | time):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_json_value(path, number, name, part) for part in value]
    if isinstance(value, dict):
        return {str(key): _json_value(path, number, name, part) for key, part in value.items()}
    raise RecipeError(f"{path}, row {number}: {name} holds {type(value).__name__}, which is no JSON value.")
