"""Rejects instructions by their first character (Self-Instruct, section 2.2; Alpaca)."""

from __future__ import annotations

import string
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import Language, TextField, require_language, require_text_field, text_of

_PUNCTUATION = string.punctuation + "，。、；：？！…"


@dataclass(frozen=True, slots=True)
class FirstCharacter:
    """Rejects a text that begins with a punctuation mark or, in English, with a character that is not ASCII.

    Chinese texts may begin with a quotation mark, a bracket or a title (``《红楼梦》…``), but not with a comma or stop.
    An empty text passes: Length rejects it.

    Rejects with ``punctuation`` or ``non_ascii``; the value is the character.

    Attributes:
        language: ``en`` or ``zh``.
        field: the text to look at.
    """

    language: Language = "en"
    field: TextField = "instruction"

    def __post_init__(self) -> None:
        require_language(self.language)
        require_text_field(self.field)

    def __call__(self, example: Example) -> Reject | None:
        first = text_of(example, self.field)[:1]
        if not first:
            return None
        if first in _PUNCTUATION:
            return Reject("punctuation", first)
        if self.language == "en" and not first.isascii():
            return Reject("non_ascii", first)
        return None
