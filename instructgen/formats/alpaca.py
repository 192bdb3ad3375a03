"""Alpaca rows, and any table with columns for an instruction, an input and an output.

Two shapes are written, because a file has one set of columns in every row and nobody sees the last row first:

- ``alpaca``: ``instruction``, ``input``, ``output``; an example with a system message or earlier turns is refused, for
  a model would be trained on an answer whose question is gone;
- ``alpaca-chat``: these and ``system`` and ``history`` (``[[question, answer], …]``), which LLaMA-Factory reads.

Candidates, scores, meta and lineage have no place in either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from instructgen.errors import RecipeError
from instructgen.example import Example, Message, Role
from instructgen.formats.rows import other_columns
from instructgen.strict_json import kind

FIELDS = ("instruction", "input", "output", "system", "history")
COLUMNS = {"instruction": str, "input": str, "output": str}
CHAT_COLUMNS: dict[str, Any] = {**COLUMNS, "system": str, "history": [[str]]}


def row(example: Example) -> dict[str, Any]:
    """The example as a row of three texts.

    Raises:
        RecipeError: the example has a system message or earlier turns.
    """
    for name, value in (("a system message", example.system), ("earlier turns", example.history)):
        if value:
            raise RecipeError(
                f"example {example.id} has {name}, and the format alpaca has no place for that.\n"
                "Use the format alpaca-chat, which adds the columns system and history, or jsonl, which keeps all."
            )
    return {"instruction": example.instruction, "input": example.input, "output": example.output}


def chat_row(example: Example) -> dict[str, Any]:
    """The example as a row of three texts, the system message, and the earlier turns as pairs.

    Raises:
        RecipeError: the earlier turns are not questions and answers in turn.
    """
    turns = example.history
    if [turn.role for turn in turns] != ["user", "assistant"] * (len(turns) // 2):
        raise RecipeError(
            f"the earlier turns of example {example.id} are not user and assistant in turn, "
            "so they do not make pairs for alpaca-chat.\nUse the format jsonl, which keeps them as they are."
        )
    pairs = [[question.content, answer.content] for question, answer in zip(turns[::2], turns[1::2], strict=True)]
    return {
        "instruction": example.instruction,
        "input": example.input,
        "output": example.output,
        "system": example.system,
        "history": pairs,
    }


def content(row: Mapping[str, Any], columns: Mapping[str, str]) -> dict[str, Any]:
    """The content of an example, to be handed to ``Example.root``: the fields, and in ``meta`` all other columns.

    A column ``id`` becomes ``source_id``. Null stands for an empty text.

    Args:
        row: the cells by column.
        columns: the column of every field, empty for none.

    Raises:
        ValueError: a cell holds what it cannot hold; the message names it.
    """
    found: dict[str, Any] = {}
    for field, column in columns.items():
        value = row.get(column) if column else None
        if field == "history":
            found[field] = _turns(column, value)
        elif isinstance(value, str):
            found[field] = value
        elif value is not None or field == "instruction":
            raise ValueError(f"{column} is {kind(value)}, and must be text")
    if not found["instruction"].strip():
        raise ValueError(f"{columns['instruction']} is empty")
    return {**found, "meta": other_columns(row, columns.values())}


def _turns(column: str, value: object) -> tuple[Message, ...]:
    """Earlier turns, as pairs of texts or as messages with a role."""
    if not value:
        return ()
    roles: tuple[Role, ...] = ("user", "assistant", "system")
    turns: list[Message] = []
    for entry in value if isinstance(value, list) else [None]:
        match entry:
            case [str(question), str(answer)]:
                turns += [Message("user", question), Message("assistant", answer)]
            case {"role": str(role), "content": str(text)} if role in roles:
                turns.append(Message(role, text))
            case _:
                raise ValueError(f"{column} must be a list of pairs of texts, question and answer")
    return tuple(turns)
