"""Rejects texts with too few or too many words (Self-Instruct, section 2.2; Alpaca)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import TextField, require_text_field, text_of

# Han and Kana, which are written without spaces; Hangul is written with them.
_UNSPACED = re.compile(
    "[々〆〇\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_WIDE_PUNCTUATION = re.compile(
    "[\u2018-\u201d\u3000-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"
)


@dataclass(frozen=True, slots=True)
class Length:
    """Keeps texts of ``minimum`` to ``maximum`` words.

    Words are what white space separates. Chinese and Japanese characters count half a word each.

    Rejects with ``too_short`` or ``too_long``.
    """

    minimum: float = 4
    maximum: float = 150
    field: TextField = "instruction"

    def __post_init__(self) -> None:
        require_text_field(self.field)

    def __call__(self, example: Example) -> Reject | None:
        words = word_count(text_of(example, self.field))
        if words < self.minimum:
            return Reject("too_short", words, self.minimum, detail=f"words in the {self.field}")
        if words > self.maximum:
            return Reject("too_long", words, self.maximum, detail=f"words in the {self.field}")
        return None


def word_count(text: str) -> float:
    """Words separated by white space, plus half a word for each Chinese or Japanese character."""
    if text.isascii():
        return len(text.split())
    spaced, unspaced = _UNSPACED.subn(" ", text)
    if unspaced:
        spaced = _WIDE_PUNCTUATION.sub(" ", spaced)
    return len(spaced.split()) + unspaced / 2
