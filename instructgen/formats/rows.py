"""The library's own row: every field of an example, the same keys in every row, so that any reader infers one schema.

``scores`` and ``meta`` are JSON texts: their names differ from row to row, and table readers fix a column's type from
the first rows they see.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from instructgen.errors import RecipeError
from instructgen.example import Ancestor, Candidate, Example, Message


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


def json_line(row: Mapping[str, Any]) -> bytes:
    """One line of a JSONL file: UTF-8, no NaN.

    Raises:
        RecipeError: the row holds something that JSON cannot express.
    """
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n"
    except UnicodeEncodeError as error:
        raise RecipeError(
            f"example {row.get('id', '')} cannot be written: a text of it holds half a character (a lone surrogate).\n"
            "Mend the text first: text.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')."
        ) from error
    except (TypeError, ValueError) as error:
        raise RecipeError(
            f"example {row.get('id', '')} cannot be written: {error}.\nscores and meta may hold JSON values only."
        ) from error


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
