"""The filters and selects between two generators: where examples are decided, one by one, in stream order."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import cast

from instructgen.contracts import Generator, Reject, Rejected, Select
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters.filter import Filter
from instructgen.runtime.context import stage_random
from instructgen.runtime.counts import Item
from instructgen.runtime.plan import Plan, is_generator


class Segment:
    """The filters and selects between two generators, and the generator that follows them."""

    def __init__(
        self, steps: list[tuple[int, Filter | Select]], generator: Generator | None, stage: int, plan: Plan
    ) -> None:
        self.generator = generator
        self.stage = stage
        self._steps = steps
        self._plan = plan
        self._held: dict[int, list[Item]] = {stage: [] for stage, step in steps if not isinstance(step, Filter)}

    @property
    def held(self) -> list[Item]:
        """What the selects saw."""
        return [item for items in self._held.values() for item in items]

    def feed(self, item: Item) -> list[Item]:
        """What comes out for one item going in."""
        return self._through([item], 0)

    def end(self) -> list[Item]:
        """What the selects held back until the end of the stream."""
        out: list[Item] = []
        for position, (stage, step) in enumerate(self._steps):
            if not isinstance(step, Filter):
                random = stage_random(self._plan.seed, self._plan.names[stage], "select")
                out += self._through(_selected(step, self._held[stage], stage, random), position + 1)
        return out

    def _decided(self, step: Filter, stage: int, item: Item) -> Reject | None:
        try:
            return step.decide(item.example)
        except Exception as bug:
            bug.add_note(f"in {self._plan.names[stage]}, at example {item.example.id}")
            raise

    def _through(self, items: list[Item], start: int) -> list[Item]:
        for stage, step in self._steps[start:]:
            if isinstance(step, Filter):
                for item in items:
                    if item.verdict is None:
                        item.verdict, item.stage = self._decided(step, stage, item), stage
            else:
                self._held[stage] += [item for item in items if item.verdict is None]
                items = [item for item in items if item.verdict is not None]
        return items


def segments_of(plan: Plan) -> list[Segment]:
    """The plan's steps, cut behind every generator; the last segment has none."""
    found: list[Segment] = []
    steps: list[tuple[int, Filter | Select]] = []
    for stage, step in enumerate(plan.steps, 1):
        if isinstance(step, Filter) or not is_generator(step):
            steps.append((stage, cast("Filter | Select", step)))
        else:
            found.append(Segment(steps, step, stage, plan))
            steps = []
    return [*found, Segment(steps, None, len(plan.steps), plan)]


def _selected(select: Select, items: list[Item], stage: int, random: Random) -> list[Item]:
    """The rejected first, then the kept in their new order: a limit that cuts the kept loses no reason."""
    by_id: dict[str, list[Item]] = {}
    for item in items:
        by_id.setdefault(item.example.id, []).append(item)
    kept: list[Item] = []
    rejected: list[Item] = []
    name = type(select).__name__
    entries = select.select([item.example for item in items], random)
    for entry in entries if isinstance(entries, Iterable) else [entries]:
        if not isinstance(entry, Example | Rejected):
            raise RecipeError(f"{name} returned {type(entry).__name__}; a select gives examples, and Rejected.")
        example, verdict = (entry.example, entry.reject) if isinstance(entry, Rejected) else (entry, None)
        matching = by_id.get(example.id)
        if not matching:
            raise RecipeError(f"{name} returned example {example.id}, which it was not given.")
        item = matching.pop(0)
        item.example, item.verdict, item.stage = example, verdict, stage
        (kept if verdict is None else rejected).append(item)
    if len(kept) + len(rejected) != len(items):
        lost = len(items) - len(kept) - len(rejected)
        raise RecipeError(f"{name} lost {lost} of {len(items)} examples: yield a Rejected for each.")
    return rejected + kept
