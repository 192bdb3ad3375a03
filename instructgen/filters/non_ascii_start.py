"""Rejects English texts that begin with a character beyond ASCII (evol-teacher's checks for WizardCoder's data)."""

from __future__ import annotations

from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import TextField, check_parameters


@dataclass(frozen=True, slots=True)
class NonAsciiStart:
    """Rejects a text whose first character is not ASCII: mostly another language, or decoration.

    Unlike ``FirstCharacter`` it lets a punctuation mark begin, as code and Markdown do. An empty text passes.

    Rejects with ``non_ascii``; the value is the character.

    Attributes:
        field: the text to look at.
    """

    field: TextField = "instruction"

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        first = text_of(example, self.field)[:1]
        return None if first.isascii() else Reject("non_ascii", first, detail=f"in the {self.field}")
