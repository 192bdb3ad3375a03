"""TRL's prompt-completion rows: columns ``prompt`` and ``completion``, of which only the completion is trained on.

- ``trl``: both are lists of messages, to which TRL applies the model's chat template;
- ``trl-text``: both are texts, which TRL joins as they are; so the prompt ends with an empty line.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from instructgen.example import Example
from instructgen.formats import chat
from instructgen.formats.rows import other_columns
from instructgen.strict_json import kind

COLUMNS = {name: [{"role": str, "content": str}] for name in ("prompt", "completion")}
TEXT_COLUMNS = {"prompt": str, "completion": str}
_END = "\n\n"


def row(example: Example) -> dict[str, Any]:
    """The example as messages: all but the output are the prompt.

    Raises:
        RecipeError: it has no output, or its earlier turns are not user and assistant in turn.
    """
    turns = [{"role": turn.role, "content": turn.content} for turn in chat.messages(example, "trl")]
    return {"prompt": turns[:-1], "completion": turns[-1:]}


def text_row(example: Example) -> dict[str, Any]:
    """The example as two texts.

    Raises:
        RecipeError: it has no output, or it has a system message or earlier turns.
    """
    chat.require_answer(example, "trl-text")
    chat.require_single_turn(example, "trl-text")
    return {"prompt": chat.task(example) + _END, "completion": example.output}


def content(row: Mapping[str, Any]) -> dict[str, Any]:
    """The content of an example, to be handed to ``Example.root``; the empty line at the end of a text is no part.

    Raises:
        ValueError: it is no such row; the message says why.
    """
    prompt, completion = row["prompt"], row["completion"]
    if isinstance(prompt, list) and isinstance(completion, list):
        turns = [*chat.read_turns("prompt", prompt), *chat.read_turns("completion", completion)]
        return chat.content(turns, row, ("prompt", "completion"))
    if not isinstance(prompt, str) or not isinstance(completion, str):
        raise ValueError(
            f"prompt is {kind(prompt)} and completion is {kind(completion)}, and both must be texts or lists of turns"
        )
    if not prompt.strip():
        raise ValueError("prompt is empty")
    return {
        "instruction": prompt.removesuffix(_END),
        "output": completion,
        "meta": other_columns(row, TEXT_COLUMNS),
    }
