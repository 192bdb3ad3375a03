"""Rejects instructions by how they begin (Self-Instruct, section 2.2; Alpaca)."""

from __future__ import annotations

import string
from dataclasses import dataclass
from typing import Literal, get_args

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example

Language = Literal["en", "zh"]

_PUNCTUATION = string.punctuation + "，。、；：？！…"


@dataclass(frozen=True, slots=True)
class Opening:
    """Rejects an instruction that begins in a way that marks a bad one.

    In this order: with ``phrase``, in exactly this case (``write_program``: such tasks are too vague to be answered);
    with a punctuation mark (``punctuation``); in English, with a character that is not ASCII (``non_ascii``).

    Attributes:
        phrase: the beginning to reject; empty for none.
        language: ``en`` or ``zh``.
    """

    phrase: str = "Write a program"
    language: Language = "en"

    def __post_init__(self) -> None:
        if self.language not in get_args(Language):
            raise RecipeError(
                f"the language {self.language!r} is not known; known are: {', '.join(get_args(Language))}."
            )

    def __call__(self, example: Example) -> Reject | None:
        if self.phrase and example.instruction.startswith(self.phrase):
            return Reject("write_program", self.phrase)
        first = example.instruction[:1]
        if not first:
            return None
        if first in _PUNCTUATION:
            return Reject("punctuation", first)
        if self.language == "en" and not first.isascii():
            return Reject("non_ascii", first)
        return None
