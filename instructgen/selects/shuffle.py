"""Shuffle: put the whole set into a random order."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from instructgen.contracts import Rejected
from instructgen.example import Example


@dataclass(frozen=True, slots=True)
class Shuffle:
    """Keeps every example, in an order that depends on the run's seed only."""

    def select(self, examples: Sequence[Example], random: Random) -> Iterable[Example | Rejected]:
        """The examples, shuffled."""
        return random.sample(examples, len(examples))
