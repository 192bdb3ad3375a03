"""How an example is put to a model that answers it, and when what comes back is no answer."""

from __future__ import annotations

from instructgen.contracts import Completion
from instructgen.example import Example, Message
from instructgen.parsing import strip_thinking


def whole_prompt(example: Example) -> str:
    """Instruction and input as one text."""
    return f"{example.instruction}\n\n{example.input}" if example.input else example.instruction


def conversation(example: Example, system: str = "") -> tuple[Message, ...]:
    """The example as a chat: its system message (or this one), its earlier turns, then its prompt."""
    first = example.system or system
    before = (Message("system", first),) if first else ()
    return (*before, *example.history, Message("user", whole_prompt(example)))


def cut(completion: Completion) -> str:
    """Why a completion is not whole: ``truncated``, ``filtered``, or nothing."""
    return {"length": "truncated", "filtered": "filtered"}.get(completion.finish, "")


def answer_in(completion: Completion) -> tuple[str, str]:
    """The answer without any thinking, and why it is none: ``truncated``, ``filtered``, ``empty``, or nothing."""
    output = strip_thinking(completion.text).strip()
    return output, cut(completion) or ("" if output else "empty")
