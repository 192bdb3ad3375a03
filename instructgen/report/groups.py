"""A run's examples counted by a field of ``meta``, with the mean of every score: difficulty by round, for one."""

from __future__ import annotations

import json
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

    @property
    def name(self) -> str:
        """The value on one line, as no other value is written: in JSON, or a text as it stands where that is clear."""
        if self.value is None:
            return "(none)"
        return self.value if isinstance(self.value, str) and _is_clear(self.value) else _json(self.value)


def groups(run: Run, field: str) -> list[Group]:
    """The groups of a run, in the order of their values: numbers by size, then others by their JSON, then none.

    Args:
        run: the run.
        field: a field of ``meta``, such as ``round`` or ``operator``. Values are the same if they are written alike in
            JSON: 1, 1.0, true and "1" are four.
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
    number = isinstance(value, int | float) and not isinstance(value, bool)
    rank = 2 if value is None else 0 if number else 1
    key = (rank, value if number else 0, _json(value))
    values.setdefault(key, value)
    return key


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _is_clear(text: str) -> bool:
    """Whether a text is neither taken for another value nor longer than a line."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return text.isprintable() and text not in ("", "(none)")
    return False


def _means(examples: list[Example]) -> dict[str, float]:
    found: dict[str, list[float]] = defaultdict(list)
    for example in examples:
        for name, value in example.scores.items():
            found[name].append(value)
    return {name: sum(values) / len(values) for name, values in sorted(found.items())}
