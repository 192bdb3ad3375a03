"""A run's examples counted by a field of ``meta``, with the mean of every score: difficulty by round, for one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from instructgen.example import Example
from instructgen.runtime.run import Run


@dataclass(frozen=True, slots=True)
class Group:
    """The examples with one value of the field.

    Attributes:
        value: the value; None for examples without the field.
        kept: how many were kept.
        rejected: how many were rejected.
        means: the mean of each score over the kept examples that have it, by name.
    """

    value: Any
    kept: int
    rejected: int
    means: Mapping[str, float]


def groups(run: Run, field: str) -> list[Group]:
    """The groups of a run, in the order of their values: numbers by size, then texts, then those without.

    Args:
        run: the run.
        field: a field of ``meta``, such as ``round`` or ``operator``; its values are compared as JSON values are.
    """
    kept: dict[tuple[Any, ...], list[Example]] = defaultdict(list)
    rejected: dict[tuple[Any, ...], int] = defaultdict(int)
    values: dict[tuple[Any, ...], Any] = {}
    for example in run:
        kept[_place(example, field, values)].append(example)
    for entry in run.rejected():
        rejected[_place(entry.example, field, values)] += 1
    return [Group(values[key], len(kept[key]), rejected[key], _means(kept[key])) for key in sorted(values)]


def _place(example: Example, field: str, values: dict[tuple[Any, ...], Any]) -> tuple[Any, ...]:
    value = example.meta.get(field)
    key: tuple[Any, ...] = (1, 0.0, str(value))
    if value is None:
        key = (2, 0.0, "")
    elif isinstance(value, int | float):
        key = (0, float(value), "")
    values.setdefault(key, value)
    return key


def _means(examples: list[Example]) -> dict[str, float]:
    found: dict[str, list[float]] = defaultdict(list)
    for example in examples:
        for name, value in example.scores.items():
            found[name].append(value)
    return {name: sum(values) / len(values) for name, values in sorted(found.items())}
