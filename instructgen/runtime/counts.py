"""The balance of a run: from the source + born − expanded = kept + rejected + failed.

Counted where rows are written, so that the figures are those of the files whatever was still under way when a run was
cut; the runner counts what it handed out on its own, and the two must agree at the end of a run that was not cut.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from instructgen.contracts import Reject
from instructgen.errors import EngineError
from instructgen.example import Example


@dataclass(slots=True)
class Node:
    """An example that a generator made others of.

    Attributes:
        parent: None when it came from the source.
        stage: number of the generator.
        counted: whether anything that was made of it is written.
        calls: the completions that the generator was handed.
    """

    parent: Node | None
    stage: int
    counted: bool = False
    calls: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Item:
    """What travels between the stages: an example that is still alive, or one that was decided (a tombstone).

    Attributes:
        example: the example.
        node: what it was made from; None for the source's own.
        verdict: why it is not kept, or None.
        stage: number of the stage that decided it.
        written: whether it is a row of the run's files.
        expansion: what stands for it once a generator has made others of it.
    """

    example: Example
    node: Node | None = None
    verdict: Reject | EngineError | None = None
    stage: int = 0
    written: bool = False
    expansion: Node | None = None

    @property
    def named(self) -> bool:
        """Whether a written row names its calls."""
        return self.written or (self.expansion is not None and self.expansion.counted)

    @property
    def calls(self) -> list[str]:
        """The completions that it and its ancestors name."""
        inherited = [call for step in self.example.ancestors for call in step.calls]
        return [*inherited, *self.example.calls]


@dataclass(slots=True)
class Counts:
    """Figures of the rows written so far; ``stage`` numbers are positions in the pipeline, the source being 0."""

    source: int = 0
    born: Counter[int] = field(default_factory=Counter)
    expanded: Counter[int] = field(default_factory=Counter)
    kept: int = 0
    rejected: Counter[tuple[int, str]] = field(default_factory=Counter)
    failed: Counter[int] = field(default_factory=Counter)

    def add(self, item: Item) -> None:
        """Count one written row, and every example on the way to it that was not counted yet."""
        item.written = True
        if item.verdict is None:
            self.kept += 1
        elif isinstance(item.verdict, Reject):
            self.rejected[item.stage, item.verdict.code] += 1
        else:
            self.failed[item.stage] += 1
        node = item.node
        self._arrived(node)
        while node is not None and not node.counted:
            node.counted = True
            self.expanded[node.stage] += 1
            node = node.parent
            self._arrived(node)

    def _arrived(self, origin: Node | None) -> None:
        if origin is None:
            self.source += 1
        else:
            self.born[origin.stage] += 1

    @property
    def balance(self) -> tuple[int, int]:
        """Both sides of the equation."""
        made = self.source + self.born.total() - self.expanded.total()
        return made, self.kept + self.rejected.total() + self.failed.total()

    def table(self, names: list[str]) -> list[dict[str, Any]]:
        """One row a stage: what came in, what was made of it, what was rejected (by reason) and what failed."""
        rows = []
        alive = self.source
        for stage, name in enumerate(names):
            reasons = {code: n for (where, code), n in sorted(self.rejected.items()) if where == stage}
            # A tombstone of a generator was born there too, unless the example itself was turned away before it ran.
            made = self.born[stage] - self.expanded[stage]
            out = alive + made - sum(reasons.values()) - self.failed[stage]
            rows.append(
                {
                    "stage": name,
                    "in": alive,
                    "expanded": self.expanded[stage],
                    "born": self.born[stage],
                    "rejected": reasons,
                    "failed": self.failed[stage],
                    "out": out,
                }
            )
            alive = out
        return rows
