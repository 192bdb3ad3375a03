"""Best: keep the examples with the highest score."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from instructgen.contracts import Reject, Rejected
from instructgen.example import Example
from instructgen.parameters import Count, Text, check_parameters


@dataclass(frozen=True, slots=True)
class Best:
    """Keeps the ``count`` examples with the highest score, in stream order; of equals, the earlier.

    The others are rejected as ``not_best``, those without the score as ``no_score``.

    Attributes:
        count: how many to keep.
        score: name of the score.
    """

    count: Count
    score: Text

    def __post_init__(self) -> None:
        check_parameters(self)

    def select(self, examples: Sequence[Example], random: Random) -> Iterable[Example | Rejected]:
        """The best, and why not the others."""
        scored = [position for position, example in enumerate(examples) if self.score in example.scores]
        best = sorted(scored, key=lambda position: -examples[position].scores[self.score])[: self.count]
        bar = examples[best[-1]].scores[self.score] if best else None
        chosen = set(best)
        for position, example in enumerate(examples):
            if position in chosen:
                yield example
            elif self.score in example.scores:
                yield Rejected(example, Reject("not_best", value=example.scores[self.score], limit=bar))
            else:
                yield Rejected(example, Reject("no_score", detail=self.score))
