"""Lets a check on prose pass over code: a program that prints "Sorry, try again" apologises to nobody."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from instructgen.contracts import Check, Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import TextField, check_parameters
from instructgen.parsing.code import without_code


@dataclass(frozen=True, slots=True)
class OutsideCode:
    """Rejects what a check rejects as it stands, and also without the code in one of its texts.

    So it is never stricter than the check; code is what stands in fences and between backticks. For checks that
    remember nothing.

    Attributes:
        check: the check.
        field: the text that is looked at without its code.
    """

    check: Check
    field: TextField = "output"

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        reject = self.check(example)
        if reject is None:
            return None
        prose: dict[str, Any] = {self.field: without_code(text_of(example, self.field))[0]}
        return None if self.check(replace(example, **prose)) is None else reject
