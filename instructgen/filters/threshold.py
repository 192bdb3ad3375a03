"""Keeps what a judge scored high enough, or low enough; moving the bar costs no tokens, because scores are recorded."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.parameters import Text, check_parameters


@dataclass(frozen=True, slots=True)
class Threshold:
    """Keeps examples whose score is at least ``minimum`` and at most ``maximum``.

    Rejects with the score's name; the value is the score, the limit what it missed. An example without the score is
    rejected as ``no_score``.

    Attributes:
        score: name of the score, such as ``difficulty``.
        minimum: the least that is kept.
        maximum: the most that is kept.
    """

    score: Text
    minimum: float = -inf
    maximum: float = inf

    def __post_init__(self) -> None:
        check_parameters(self)
        if not self.minimum <= self.maximum or (self.minimum, self.maximum) == (-inf, inf):
            raise RecipeError(f"Threshold({self.score!r}) needs a minimum or a maximum, and keeps what lies between.")

    def __call__(self, example: Example) -> Reject | None:
        value = example.scores.get(self.score)
        if value is None:
            return Reject("no_score", detail=self.score)
        if self.minimum <= value <= self.maximum:
            return None
        return Reject(self.score, value, self.minimum if value < self.minimum else self.maximum)
