"""ShareGPT rows: one column ``conversations``, whose turns say ``from`` (system, human, gpt) and ``value``.

LLaMA-Factory wants human and gpt strictly in turn, gpt last, and leaves out any other row with a mere warning. List
``system_tag`` among its tags, or it leaves out every row with a system message.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from instructgen.example import Example
from instructgen.formats import chat

COLUMNS = {"conversations": [{"from": str, "value": str}]}
_NAMES = {"system": "system", "user": "human", "assistant": "gpt"}


def row(example: Example) -> dict[str, Any]:
    """The example as one conversation.

    Raises:
        RecipeError: it has no output, or its earlier turns are not user and assistant in turn.
    """
    turns = chat.messages(example, "sharegpt")
    return {"conversations": [{"from": _NAMES[turn.role], "value": turn.content} for turn in turns]}


def content(row: Mapping[str, Any]) -> dict[str, Any]:
    """The content of an example, to be handed to ``Example.root``.

    Files that people have also say user or assistant, and have columns ``system`` and ``id``.

    Raises:
        ValueError: it is no such conversation; the message says where.
    """
    return chat.content(chat.read_turns("conversations", row["conversations"]), row, "conversations")
