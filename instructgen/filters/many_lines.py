"""Rejects texts that are mostly line breaks: what a model writes when it has lost its way."""

from __future__ import annotations

from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import Positive, TextField, check_parameters
from instructgen.parsing.lazy import lazy

# A space within a line, or a character of a script that is written without spaces.
_GAP = lazy("[ \t\u3000\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7ff]")


@dataclass(frozen=True, slots=True)
class ManyLines:
    """Rejects a text with more than so many line breaks for each space, where a Chinese character counts as a space.

    Rejects with ``many_lines``; the value is the number of line breaks, the limit how many there may be.

    Attributes:
        ratio: line breaks for each space.
        field: the text to look at.
    """

    ratio: Positive = 2.0
    field: TextField = "instruction"

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        text = text_of(example, self.field)
        lines, most = text.count("\n"), self.ratio * len(_GAP.findall(text))
        return Reject("many_lines", lines, most) if lines > most else None
