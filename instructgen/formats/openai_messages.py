"""Rows of OpenAI's fine-tuning: one column ``messages``, whose turns have a ``role`` and a ``content``.

TRL, axolotl, Unsloth and LLaMA-Factory (``formatting: openai``) read them, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from instructgen.example import Example
from instructgen.formats import chat

COLUMNS = {"messages": [{"role": str, "content": str}]}


def row(example: Example) -> dict[str, Any]:
    """The example as one conversation.

    Raises:
        RecipeError: it has no output, or its earlier turns are not user and assistant in turn.
    """
    turns = chat.messages(example, "openai")
    return {"messages": [{"role": turn.role, "content": turn.content} for turn in turns]}


def content(row: Mapping[str, Any]) -> dict[str, Any]:
    """The content of an example, to be handed to ``Example.root``.

    Raises:
        ValueError: it is no such conversation; the message says where.
    """
    return chat.content(chat.read_turns("messages", row["messages"]), row, "messages")
