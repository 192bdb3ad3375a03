"""The library's own rows, every field of an example and its lineage: checked, because files come from outside."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from instructgen.example import Example
from instructgen.formats.rows import COLUMNS, example_from_row, example_row
from instructgen.strict_json import kind, load

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

KEYS = COLUMNS.keys()


def row(example: Example) -> dict[str, Any]:
    """The example as a row, with nothing left out."""
    return example_row(example)


def is_native(row: Mapping[str, Any]) -> bool:
    """Whether a row has all the keys. It may have more, as the rows of ``rejected.jsonl`` do; those are left out."""
    return row.keys() >= KEYS


def example(row: Mapping[str, Any]) -> Example:
    """The example of a row, its id and lineage as they were.

    Raises:
        ValueError: a field holds what it cannot hold; the message names it.
    """
    from pydantic import ValidationError

    try:
        _shape().model_validate(row)
    except ValidationError as error:
        raise ValueError(_in_words(error)) from None
    for name in ("scores", "meta"):
        _check_inner(name, row[name])
    return example_from_row(row)


@cache
def _shape() -> type[BaseModel]:
    """The types of a row's fields. Made when the first native row is read: pydantic takes a while to import."""
    from pydantic import BaseModel, ConfigDict

    class Strict(BaseModel):
        model_config = ConfigDict(strict=True)

    class Turn(Strict):
        role: Literal["system", "user", "assistant"]
        content: str

    class Candidate(Strict):
        output: str
        model: str
        score: float | None

    class Lineage(Strict):
        id: str
        by: str
        parents: list[str]
        calls: list[str]

    class Row(Lineage):
        instruction: str
        input: str
        output: str
        system: str
        history: list[Turn]
        candidates: list[Candidate]
        scores: str
        meta: str
        ancestors: list[Lineage]

    return Row


def _in_words(error: ValidationError) -> str:
    """The first problem, such as ``ancestors[0].id is a number, and must be text``."""
    problem = error.errors(include_url=False)[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in problem["loc"])[1:]
    if problem["type"] == "missing":
        return f"{place} is missing"
    if problem["type"] == "literal_error":
        return f"{place} must be {problem['ctx']['expected']}"
    wanted = {"string_type": "text", "list_type": "a list", "float_type": "a number"}.get(problem["type"], "an object")
    return f"{place} is {kind(problem['input'])}, and must be {wanted}"


def _check_inner(name: str, text: str) -> None:
    """``scores`` and ``meta`` are JSON texts within the row."""
    if text == "{}":
        return
    try:
        value = load(text)
    except ValueError as error:
        raise ValueError(f"{name} holds no JSON text that can be read: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"{name} holds the JSON text of {kind(value)}, and must hold that of an object")
    if name == "scores":
        for key, score in value.items():
            if kind(score) != "a number":
                raise ValueError(f"the score {key!r} is {kind(score)}, and must be a number")
