"""Rejects texts with too few or too many words, or characters (Self-Instruct, section 2.2; Alpaca; BELLE)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.filters.words import word_count
from instructgen.parameters import TextField, check_parameters

Unit = Literal["words", "characters"]
"""What a length is counted in."""


@dataclass(frozen=True, slots=True)
class Length:
    """Keeps texts of ``minimum`` to ``maximum`` words or characters.

    Words are what white space separates. Chinese and Japanese characters count half a word each. Counted in characters
    (code points), white space around the text does not count.

    Rejects with ``too_short`` or ``too_long``; the value is the length.

    Attributes:
        minimum: the least that is kept.
        maximum: the most that is kept.
        field: the text to look at.
        unit: ``words`` or ``characters``.
    """

    minimum: float = 4
    maximum: float = 150
    field: TextField = "instruction"
    unit: Unit = "words"

    def __post_init__(self) -> None:
        check_parameters(self)
        if not self.minimum <= self.maximum:
            raise RecipeError(f"Length({self.minimum}, {self.maximum}) keeps nothing: its minimum is the greater one.")

    def __call__(self, example: Example) -> Reject | None:
        text = text_of(example, self.field)
        length = word_count(text) if self.unit == "words" else len(text.strip())
        if length < self.minimum:
            return Reject("too_short", length, self.minimum, detail=f"{self.unit} in the {self.field}")
        if length > self.maximum:
            return Reject("too_long", length, self.maximum, detail=f"{self.unit} in the {self.field}")
        return None
