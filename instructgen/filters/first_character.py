"""Rejects instructions by their first character (Self-Instruct, section 2.2; Alpaca)."""

from __future__ import annotations

import string
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import Language, TextField, check_parameters
from instructgen.parsing.lazy import lazy

_PUNCTUATION = string.punctuation + "，。、；：？！…"
_CODE_NAME = lazy(r"(?:[#@$.&/~\\_]{1,2}|--|</?)[A-Za-z]")


@dataclass(frozen=True, slots=True)
class FirstCharacter:
    """Rejects a text that begins with a punctuation mark or, in English, with a character that is not ASCII.

    Chinese texts may begin with a Chinese quotation mark, a bracket or a title (``《红楼梦》…``), and with a name from
    code (``#include 是什么``), but not with a comma or stop.
    An empty text passes: Length rejects it.

    Rejects with ``punctuation`` or ``non_ascii``; the value is the character.

    Attributes:
        language: ``en`` or ``zh``.
        field: the text to look at.
    """

    language: Language = "en"
    field: TextField = "instruction"

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        text = text_of(example, self.field)
        first = text[:1]
        if not first or (self.language == "zh" and _CODE_NAME.match(text)):
            return None
        if first in _PUNCTUATION:
            return Reject("punctuation", first)
        if self.language == "en" and not first.isascii():
            return Reject("non_ascii", first)
        return None
