"""What to run: the stages, their names, and everything that decides what they make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from instructgen.contracts import Generator, Select, Source
from instructgen.example import Example
from instructgen.filters.filter import Filter


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Attributes:
        source: the first stage.
        steps: the others; the filters already fresh.
        names: one for each stage, the source's first; no two alike.
        seed: the run's.
        seeds: what the novelty indexes start from: the source's seeds, then the set that is extended.
        window: examples a stage works ahead; 0 for any number.
        shard: which share of a fixed source to take, and of how many.
    """

    source: Source
    steps: Sequence[Generator | Filter | Select]
    names: list[str]
    seed: int
    seeds: Sequence[Example]
    window: int
    shard: tuple[int, int] = (0, 1)


def is_generator(step: object) -> TypeGuard[Generator]:
    """Whether a step makes examples of examples."""
    return hasattr(step, "generate")
