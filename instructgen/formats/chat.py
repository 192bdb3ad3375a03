"""An example as the turns of a chat, and turns as an example: what every conversational format has in common.

Instruction and input make one turn of the user, with an empty line between them, as Respond asks a teacher. They are
not taken apart again when such a file is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from instructgen.errors import RecipeError
from instructgen.example import Example, Message, Role
from instructgen.formats.rows import other_columns
from instructgen.strict_json import kind

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "assistant": "assistant",
    "model": "assistant",
}


def task(example: Example) -> str:
    """Instruction and input as one text."""
    return f"{example.instruction}\n\n{example.input}" if example.input else example.instruction


def messages(example: Example, format: str) -> list[Message]:
    """The system message if there is one, then user and assistant in turn, the output last.

    Raises:
        RecipeError: it makes no such conversation. Trainers leave such rows out, with a warning at most.
    """
    require_answer(example, format)
    turns = example.history
    if [turn.role for turn in turns] != ["user", "assistant"] * (len(turns) // 2):
        raise unfit(example, format, "has earlier turns that are not user and assistant in turn")
    system = [Message("system", example.system)] if example.system else []
    return [*system, *turns, Message("user", task(example)), Message("assistant", example.output)]


def require_answer(example: Example, format: str) -> None:
    """Refuse an example without something to answer, or without an answer.

    Raises:
        RecipeError: its instruction or its output is blank.
    """
    for name, text in (("instruction", example.instruction), ("output", example.output)):
        if not text.strip():
            raise unfit(example, format, f"has no {name}")


def require_single_turn(example: Example, format: str) -> None:
    """Refuse an example with a system message or earlier turns.

    Raises:
        RecipeError: it has such.
    """
    for name, value in (("a system message", example.system), ("earlier turns", example.history)):
        if value:
            raise unfit(example, format, f"has {name}")


def unfit(example: Example, format: str, problem: str) -> RecipeError:
    """The error for an example that a format has no row for."""
    return RecipeError(
        f"example {example.id} {problem}, and the format {format} has no row for such an example.\n"
        "Filter it out, or use the format jsonl, which keeps all."
    )


def read_turns(name: str, value: object) -> list[Message]:
    """The turns in a cell: objects with ``from`` and ``value``, or with ``role`` and ``content``.

    Raises:
        ValueError: there is something else in it; the message says where.
    """
    if not isinstance(value, list):
        raise ValueError(f"{name} is {kind(value)}, and must be a list of turns")
    return [_turn(f"{name}[{position}]", entry) for position, entry in enumerate(value)]


def content(turns: list[Message], row: Mapping[str, Any], used: str | tuple[str, ...]) -> dict[str, Any]:
    """The content of an example, to be handed to ``Example.root``: the last question and answer, and what came before.

    A conversation that ends with a question gives an example without an output. The columns that are not ``used`` go
    into ``meta``, but for ``system``, which is the system message where the first turn is none.

    Raises:
        ValueError: user and assistant do not take turns.
    """
    system, rest = _system(turns, row.get("system"))
    for position, turn in enumerate(rest):
        expected = "assistant" if position % 2 else "user"
        if turn.role != expected:
            number = position + 1 + len(turns) - len(rest)
            raise ValueError(f"turn {number} is the {turn.role}'s, where one of the {expected} should be")
    answered = len(rest) % 2 == 0
    if not rest:
        raise ValueError("there are no turns of a user")
    *before, question, answer = rest if answered else [*rest, Message("assistant", "")]
    if not question.content.strip():
        raise ValueError("the last question is empty")
    return {
        "instruction": question.content,
        "output": answer.content,
        "system": system,
        "history": tuple(before),
        "meta": other_columns(row, {*([used] if isinstance(used, str) else used), "system"}),
    }


def _turn(place: str, entry: object) -> Message:
    if not isinstance(entry, dict):
        raise ValueError(f"{place} is {kind(entry)}, and must be an object with from and value, or role and content")
    if entry.get("tool_calls") or entry.get("function_call"):
        raise ValueError(f"{place} calls a tool, and an example has no place for that")
    # A table has all columns in every row, so that the other pair may be there and be null.
    key = "from" if entry.get("from") is not None else "role"
    role, text = entry.get(key), entry.get("value" if entry.get("value") is not None else "content")
    if not isinstance(role, str) or role not in _ROLES:
        shown = repr(role) if isinstance(role, str) else kind(role)
        raise ValueError(f"{place}.{key} is {shown}, and must be one of {', '.join(_ROLES)}")
    if not isinstance(text, str):
        raise ValueError(f"the text of {place} is {kind(text)}, and must be text")
    return Message(_ROLES[role], text)


def _system(turns: list[Message], column: object) -> tuple[str, list[Message]]:
    """The system message, from the first turn or the column, and the turns without it."""
    first = turns[0].content if turns and turns[0].role == "system" else ""
    if column is not None and not isinstance(column, str):
        raise ValueError(f"system is {kind(column)}, and must be text")
    if first and column and first != column:
        raise ValueError("there are two system messages, one in the column system and one in the first turn")
    return first or column or "", turns[1:] if turns and turns[0].role == "system" else turns
