"""BELLE's rule for lengths: in characters, and shorter where the instruction comes with an input (released code)."""

from __future__ import annotations

from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.parameters import Text, check_parameters


@dataclass(frozen=True, slots=True)
class BelleLength:
    """Rejects instructions that are very short, or long although there is an input.

    A long instruction with an input mostly holds the input, too. One that gives an example has reason to be longer.
    White space around the instruction does not count.

    Rejects with ``too_short`` or ``too_long``; the value is the number of characters.

    Attributes:
        minimum: the fewest characters that are kept.
        with_input: the most that are kept with an input; without one there is no limit.
        with_example: the most with an input where the instruction gives an example.
        examples: the words by which it is seen to give one.
    """

    minimum: int = 4
    with_input: int = 99
    with_example: int = 149
    examples: tuple[Text, ...] = ("示例", "例子")

    def __post_init__(self) -> None:
        check_parameters(self)
        if not self.minimum <= self.with_input <= self.with_example:
            raise RecipeError("BelleLength needs minimum <= with_input <= with_example.")

    def __call__(self, example: Example) -> Reject | None:
        text = example.instruction.strip()
        if len(text) < self.minimum:
            return Reject("too_short", len(text), self.minimum, detail="characters in the instruction")
        maximum = self.with_example if any(word in text for word in self.examples) else self.with_input
        if example.input.strip() and len(text) > maximum:
            return Reject("too_long", len(text), maximum, detail="characters in an instruction with an input")
        return None
