"""Reads examples from what people have: JSONL, JSON arrays, CSV, TSV, Parquet; rows of any format, or any table.

A malformed row stops the reading with its line number: an input that is silently cut short would change the data.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.formats import alpaca, jsonl, openai_messages, sharegpt, trl
from instructgen.formats._files import Row, fault, read_rows
from instructgen.strict_json import without_surrogates

# What other data sets call these fields; only ever proposed to the user, never applied.
_OTHER_NAMES = {
    "instruction": ("question", "prompt", "query", "task", "problem", "text", "指令", "问题", "任务"),
    "input": ("context", "passage", "document", "输入", "上下文"),
    "output": ("answer", "response", "completion", "solution", "target", "输出", "回答", "答案"),
}


def read_examples(
    path: Path, columns: Mapping[str, str] = MappingProxyType({}), *, by: str = "file"
) -> Iterator[Example]:
    """The examples of a file, one a row, in order and as they are read.

    A row with all the keys of a run's ``data.jsonl`` gives the same example again, id and lineage included. Any other
    row gives a new example: its columns ``instruction``, ``input``, ``output``, ``system`` and ``history`` are the
    fields of the same name. A row without an instruction may have ``conversations`` (ShareGPT), ``messages`` (OpenAI)
    or ``prompt`` and ``completion`` (TRL) instead: the last question is the instruction, its answer the output, and
    the turns before them are the history. All other columns go into ``meta`` (an ``id`` as ``source_id``).

    Lone surrogates, which no UTF-8 file can hold, become U+FFFD; ``meta["replaced_surrogates"]`` counts them.

    Args:
        path: a file named .jsonl, .ndjson, .json (an array, or lines), .csv or .tsv (with a header), or any of these
            and .gz; UTF-8. Or .parquet, with the extra ``parquet``.
        columns: the columns of fields that are named otherwise, as ``{"instruction": "question"}``. Each must be in
            every row. Native rows are then read like any other.
        by: what the new examples have as their origin.

    Raises:
        RecipeError: the file cannot be read, a row is malformed (the message names the line), or there is none.
    """
    path = Path(path)
    names = _names(columns)
    count = 0
    for count, row in enumerate(read_rows(path), start=1):
        try:
            example = _example(row, columns, names, count, by)
        except ValueError as error:
            raise fault(path, row.line, str(error), row.text) from None
        yield example
    if not count:
        raise RecipeError(f"{path} holds no examples.")


def _names(columns: Mapping[str, str]) -> dict[str, str]:
    """The column of every field, empty for none: one that is named for a field is no other's by default."""
    for field in columns:
        if field not in alpaca.FIELDS:
            close = difflib.get_close_matches(field, alpaca.FIELDS, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"The fields are {', '.join(alpaca.FIELDS)}."
            raise RecipeError(f"columns names the field {field!r}, and there is none. {hint}")
    taken = set(columns.values())
    return {field: columns.get(field, "" if field in taken else field) for field in alpaca.FIELDS}


def _example(row: Row, columns: Mapping[str, str], names: Mapping[str, str], index: int, by: str) -> Example:
    cells, replaced = row.cells, 0
    escapes = "\\u" in row.text
    if escapes or not _encodable(row.text):
        cells, replaced = without_surrogates(cells)
    if not columns and jsonl.is_native(cells):
        return _native(cells, index, replaced, escapes)
    content = _content(cells, columns, names)
    if replaced:
        content["meta"]["replaced_surrogates"] = replaced
    return Example.root(by, index=index, **content)


def _content(cells: Mapping[str, Any], columns: Mapping[str, str], names: Mapping[str, str]) -> dict[str, Any]:
    if not columns and "instruction" not in cells:
        if "conversations" in cells:
            return sharegpt.content(cells)
        if "messages" in cells:
            return openai_messages.content(cells)
        if "prompt" in cells and "completion" in cells:
            return trl.content(cells)
    for column in (names["instruction"], *columns.values()):
        if column not in cells:
            raise ValueError(_no_column(column, cells))
    return alpaca.content(cells, names)


def _native(cells: Mapping[str, Any], index: int, replaced: int, escapes: bool) -> Example:
    example = jsonl.example(cells)
    if not example.id:
        example = example.identified(index)
    if escapes:
        # scores and meta are JSON texts within the row, so their escapes are read only now.
        scores, in_scores = without_surrogates(example.scores)
        meta, in_meta = without_surrogates(example.meta)
        example, replaced = replace(example, scores=scores, meta=meta), replaced + in_scores + in_meta
    return replace(example, meta={**example.meta, "replaced_surrogates": replaced}) if replaced else example


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _no_column(column: str, cells: Mapping[str, Any]) -> str:
    """What is missing, what is there, and how to say which is which."""
    problem = f"there is no column {column!r}; found: {', '.join(map(str, cells)) or 'none'}"
    guesses = {field: guess for field in _OTHER_NAMES if (guess := _guess(field, cells))}
    if column in guesses:
        mapping = ", ".join(f'"{field}": "{guess}"' for field, guess in guesses.items() if field != guess)
        return f"{problem}.\nRename it in the file, or say in Python which is which, such as columns={{{mapping}}}"
    close = difflib.get_close_matches(column, cells, n=1)
    if close:
        return f"{problem}. Did you mean {close[0]!r}?"
    advice = "Rename it in the file, or say in Python which is which"
    return f'{problem}.\n{advice}: columns={{"instruction": "COLUMN", "output": "COLUMN"}}'


def _guess(field: str, cells: Mapping[str, Any]) -> str:
    """The column that probably holds a field."""
    if field in cells:
        return field
    lower = {str(column).strip().lower(): column for column in cells}
    for name in (field, *_OTHER_NAMES[field]):
        if name in lower:
            return str(lower[name])
    close = difflib.get_close_matches(field, lower, n=1, cutoff=0.8)
    return str(lower[close[0]]) if close else ""
