"""Rejects texts with words that mark tasks a text-only model cannot do (Self-Instruct, section 2.2; Alpaca)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters.filter import TextField, require_text_field, text_of

SELF_INSTRUCT_KEYWORDS = (
    "image",
    "images",
    "graph",
    "graphs",
    "picture",
    "pictures",
    "file",
    "files",
    "map",
    "maps",
    "draw",
    "plot",
    "go to",
)
"""The 13 words of Self-Instruct's filter."""

ALPACA_KEYWORDS = (*SELF_INSTRUCT_KEYWORDS, "video", "audio", "music", "flowchart", "diagram")
"""The 18 words of Alpaca's filter."""

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"


@dataclass(frozen=True, slots=True)
class Keywords:
    """Rejects a text that contains one of ``words``, in any case.

    A word counts as a whole word only: ``plot`` is not found in ``plotting``, but is in ``plot-driven``. A word in
    Chinese or Japanese characters counts wherever it stands, and such characters are no part of a Latin word.

    Rejects with ``keyword``; the value is the word found.

    Attributes:
        words: words or phrases.
        field: the text to look at.
        also_input: look at the example's input too.
    """

    words: tuple[str, ...] = ALPACA_KEYWORDS
    field: TextField = "instruction"
    also_input: bool = False

    def __post_init__(self) -> None:
        require_text_field(self.field)
        if isinstance(self.words, str) or not all(word.strip() for word in self.words):
            raise RecipeError(f"words must be a tuple of words that are not empty, not {self.words!r}.")
        object.__setattr__(self, "words", tuple(self.words))

    def __call__(self, example: Example) -> Reject | None:
        if not self.words:
            return None
        fields: list[TextField] = [self.field]
        if self.also_input and self.field != "input":
            fields.append("input")
        for field in fields:
            if found := _pattern(self.words).search(text_of(example, field)):
                return Reject("keyword", " ".join(found[0].lower().split()), detail=f"in the {field}")
        return None


@lru_cache(maxsize=32)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    spaced: list[str] = []
    unspaced: list[str] = []
    for word in words:
        phrase = r"\s+".join(re.escape(part) for part in word.split())
        (unspaced if re.search(f"[{_UNSPACED}]", word) else spaced).append(phrase)
    # Boundaries around all words at once: far faster than around each.
    whole = [rf"(?<![^\W{_UNSPACED}])(?:{'|'.join(spaced)})(?![^\W{_UNSPACED}])"] if spaced else []
    return re.compile("|".join([*whole, *unspaced]), re.IGNORECASE)
