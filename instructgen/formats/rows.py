"""The library's own row: every field of an example, the same keys in every row, so that any reader infers one schema.

``scores`` and ``meta`` are JSON texts: their names differ from row to row, and table readers fix a column's type from
the first rows they see.
"""

from __future__ import annotations

import json
from collections.abc import Container, Mapping
from typing import Any

from instructgen.errors import RecipeError
from instructgen.example import Ancestor, Candidate, Example, Message

# The type of every column, from which tables get their schema: str, float, [type] for lists, {name: type} for objects.
COLUMNS: dict[str, Any] = {
    "instruction": str,
    "input": str,
    "output": str,
    "system": str,
    "history": [{"role": str, "content": str}],
    "candidates": [{"output": str, "model": str, "score": float}],
    "scores": str,
    "meta": str,
    "id": str,
    "by": str,
    "parents": [str],
    "calls": [str],
    "ancestors": [{"id": str, "by": str, "parents": [str], "calls": [str]}],
}


def example_row(example: Example) -> dict[str, Any]:
    """The example as a row."""
    return {
        "instruction": example.instruction,
        "input": example.input,
        "output": example.output,
        "system": example.system,
        "history": [{"role": turn.role, "content": turn.content} for turn in example.history],
        "candidates": [
            {"output": candidate.output, "model": candidate.model, "score": candidate.score}
            for candidate in example.candidates
        ],
        "scores": json_text(example.scores),
        "meta": json_text(example.meta),
        "id": example.id,
        "by": example.by,
        "parents": list(example.parents),
        "calls": list(example.calls),
        "ancestors": [
            {"id": step.id, "by": step.by, "parents": list(step.parents), "calls": list(step.calls)}
            for step in example.ancestors
        ],
    }


def example_from_row(row: Mapping[str, Any]) -> Example:
    """The example of a row that ``example_row`` wrote.

    Raises:
        KeyError, TypeError, ValueError: it is no such row.
    """
    return Example(
        instruction=row["instruction"],
        input=row["input"],
        output=row["output"],
        system=row["system"],
        history=tuple(Message(turn["role"], turn["content"]) for turn in row["history"]),
        candidates=tuple(Candidate(part["output"], part["model"], part["score"]) for part in row["candidates"]),
        scores=json.loads(row["scores"]),
        meta=json.loads(row["meta"]),
        id=row["id"],
        by=row["by"],
        parents=tuple(row["parents"]),
        calls=tuple(row["calls"]),
        ancestors=tuple(
            Ancestor(step["id"], step["by"], tuple(step["parents"]), tuple(step["calls"])) for step in row["ancestors"]
        ),
    )


def other_columns(row: Mapping[str, Any], used: Container[str]) -> dict[str, Any]:
    """What a row holds beside the columns that are used, for ``meta``; its ``id`` as ``source_id``."""
    meta = {column: value for column, value in row.items() if column not in used}
    if "id" in meta and "source_id" not in meta:
        meta["source_id"] = meta.pop("id")
    return meta


def json_line(row: Mapping[str, Any], name: str = "") -> bytes:
    """One line of a JSONL file: UTF-8, no NaN.

    Args:
        row: what to write.
        name: the example's id, for a row that does not hold it.

    Raises:
        RecipeError: the row holds something that JSON cannot express.
    """
    name = name or row.get("id", "")
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n"
    except UnicodeEncodeError as error:
        raise half_character(name) from error
    except (TypeError, ValueError) as error:
        raise RecipeError(
            f"example {name} cannot be written: {error}.\nscores and meta may hold JSON values only."
        ) from error


def half_character(name: str) -> RecipeError:
    """The error for an example with a text that no UTF-8 file can hold."""
    return RecipeError(
        f"example {name} cannot be written: a text of it holds half a character (a lone surrogate).\n"
        "Mend the text first: text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')."
    )


def json_text(value: Mapping[str, Any]) -> str:
    """A JSON text with its keys in order.

    Raises:
        RecipeError: it holds something that JSON cannot express.
    """
    if not value:
        return "{}"
    try:
        return json.dumps(dict(value), ensure_ascii=False, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"scores and meta may hold JSON values only: {error}.") from error
