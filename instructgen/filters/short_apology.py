"""Rejects short answers that apologise: mostly refusals (Evol-Instruct, arXiv 2304.12244, elimination rule 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters.filter import TextField, require_text_field, text_of
from instructgen.filters.words import word_count

_SORRY = re.compile(r"(?<![a-z])sorry(?![a-z])|抱歉|对不起|對不起|很遗憾|恕我", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ShortApology:
    """Rejects an answer with the word "sorry", or its Chinese like, in fewer than so many words.

    The rule is blunt, as the paper has it: a short letter of apology is rejected too. ``Refusal`` reads what is said.
    A Chinese or Japanese character counts half a word. Rejects with ``sorry``; the value is the number of words.

    Attributes:
        words: an answer of at least so many words is kept.
        field: the text to look at: the response, not the evolved prompt.
    """

    words: float = 80
    field: TextField = "output"

    def __post_init__(self) -> None:
        require_text_field(self.field)
        if not self.words > 0:
            raise RecipeError(f"ShortApology(words={self.words!r}): it is a number above 0.")

    def __call__(self, example: Example) -> Reject | None:
        text = text_of(example, self.field)
        if not _SORRY.search(text):
            return None
        words = word_count(text)
        return Reject("sorry", words, self.words) if words < self.words else None
