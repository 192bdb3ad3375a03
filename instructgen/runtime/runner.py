"""The ordered runner: every stage works ahead as far as its window allows and hands its results on in order.

Between two stages runs a queue of futures. A *pump* takes the head of the queue, waits for it, applies the filters
that stand there, and starts the next generator on what is left; so decisions fall in stream order whatever the timing,
and nobody waits for a batch to fill. All tasks live in one TaskGroup, and no async generator is suspended inside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from dataclasses import dataclass, replace
from inspect import iscoroutine
from random import Random
from typing import Any, Protocol, TypeGuard, cast

from instructgen.contracts import Failed, Generator, Reject, Rejected, Select, Source
from instructgen.errors import EngineError, ParseError, RecipeError
from instructgen.example import Example
from instructgen.filters.filter import Filter
from instructgen.runtime.context import StageContext, stage_random
from instructgen.runtime.counts import Item, Node
from instructgen.runtime.gateway import Gateway

_Entry = list[Item] | asyncio.Task[list[Item]]
_QUIET = 0.005  # seconds between two looks at whether anything still moves


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run.

    Attributes:
        source: the first stage.
        steps: the others; the filters already fresh.
        names: one for each stage, the source's first; no two alike.
        seed: the run's.
        seeds: what the novelty indexes start from.
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


class Sink(Protocol):
    """Takes the decided examples, in order; returns True when it wants no more."""

    def __call__(self, item: Item) -> bool: ...


class _End(Exception):
    """Ends the task group: the stream is through, the limit is reached, or nothing can move any more."""

    def __init__(self, how: str) -> None:
        self.how = how


class Runner:
    """One execution of a plan. ``read``, ``born`` and ``expanded`` count what was handed out."""

    def __init__(self, plan: Plan, gateway: Gateway, sink: Sink) -> None:
        self.read = self.born = self.expanded = 0
        self._plan = plan
        self._gateway = gateway
        self._sink = sink
        self._segments = _segments(plan)
        self._live: set[StageContext] = set()
        self._moves = 0

    async def run(self) -> str:
        """Run to the end of the stream (``end``), the sink's wish (``limit``) or a standstill (``blocked``).

        Raises:
            InstructGenError: a source or stage cannot go on.
            Exception: whatever a stage raised that is none of this library's errors.
        """
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                queues = [asyncio.Queue[_Entry | None](self._plan.window) for _ in self._segments]
                group.create_task(self._watch())
                group.create_task(self._read(queues[0]))
                for position, segment in enumerate(self._segments):
                    onward = queues[position + 1] if position + 1 < len(queues) else None
                    group.create_task(self._pump(segment, queues[position], onward))
        except BaseExceptionGroup as raised:
            return _ending(raised)
        raise AssertionError("the task group ends by an exception")

    def further_calls(self, last: Item) -> list[str]:
        """The calls without which a run up to this row cannot be repeated, and that its rows may not name.

        A limit can cut between examples that were made together, and behind a select that has seen everything.
        """
        calls: dict[str, None] = {}
        node = last.node
        while node is not None:
            calls.update(dict.fromkeys(node.calls))
            node = node.parent
        for segment in self._segments:
            for item in segment.held:
                if not item.named:
                    calls.update(dict.fromkeys(item.calls))
        return [call for call in calls if call not in last.calls]

    # ---------------------------------------------------------------- the tasks

    async def _read(self, onward: asyncio.Queue[_Entry | None]) -> None:
        """The source, into the first queue."""
        context = self._context(0, "")
        shard, shards = (0, 1) if getattr(self._plan.source, "grows", False) else self._plan.shard
        ordinal = 0
        stream = self._plan.source.examples(context)
        try:
            async for entry in stream:
                context.idle = True
                if ordinal % shards == shard:
                    self.read += 1
                    self._moves += 1
                    await onward.put([_item(entry, None, 0)])
                ordinal += 1
                context.idle = False
                if isinstance(self._gateway.stopped, KeyboardInterrupt):
                    await self._rest(context)
        except EngineError as error:
            # A growing pool cannot go on without its answer; everything before it still can.
            self._gateway.stop(error)
            await self._rest(context)
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
        self._live.discard(context)
        await onward.put(None)

    async def _pump(
        self, segment: _Segment, inbox: asyncio.Queue[_Entry | None], onward: asyncio.Queue[_Entry | None] | None
    ) -> None:
        """One segment: take in order, decide, pass on."""
        while (entry := await inbox.get()) is not None:
            for item in entry if isinstance(entry, list) else await entry:
                self._moves += 1
                for decided in segment.feed(item):
                    await self._pass(segment, decided, onward)
        for decided in segment.end():
            await self._pass(segment, decided, onward)
        if onward is None:
            raise _End("end")
        await onward.put(None)

    async def _pass(self, segment: _Segment, item: Item, onward: asyncio.Queue[_Entry | None] | None) -> None:
        if onward is None:
            if self._sink(item):
                raise _End("limit")
        elif item.verdict is None and segment.generator is not None:
            self.expanded += 1
            await onward.put(self._group.create_task(self._generate(segment.generator, segment.stage, item)))
        else:
            await onward.put([item])

    async def _generate(self, generator: Generator, stage: int, item: Item) -> list[Item]:
        """All that a generator makes of one example. What it made before an error is kept."""
        node = item.expansion = Node(item.node, stage)
        context = self._context(stage, item.example.id)
        made: list[Item] = []
        verdict: Reject | EngineError | None = None
        try:
            async for entry in _stream(generator, item.example, context):
                made.append(_item(_adopted(entry, item.example, context, self._plan.names[stage]), node, stage))
        except (ParseError, EngineError, BaseExceptionGroup) as raised:
            error = _expected(raised)
            verdict = Reject("unparsable", detail=str(error)) if isinstance(error, ParseError) else error
        except Exception as bug:
            bug.add_note(f"in {self._plan.names[stage]}, at example {item.example.id}")
            raise
        await context.settled()
        self._live.discard(context)
        node.calls = context.calls
        if verdict is None and not made:
            verdict = Reject("nothing", detail="no example was made")
        if verdict is not None:
            example = item.example.child(self._plan.names[stage], calls=node.calls)
            made.append(Item(example, node, verdict, stage))
        self.born += len(made)
        _claim(node.calls, made[-1], made)
        return _distinct(made)

    async def _watch(self) -> None:
        """When requests are parked and nothing else can move: release them, or end the run."""
        while True:
            await self._gateway.changed.wait()
            self._gateway.changed.clear()
            while self._gateway.parked or self._gateway.stopped is not None:
                moves = self._moves
                for _ in range(5):
                    await asyncio.sleep(0)
                if moves == self._moves and self._standstill() and not self._gateway.release():
                    raise _End("blocked")
                await asyncio.sleep(_QUIET)

    # ---------------------------------------------------------------- small parts

    def _standstill(self) -> bool:
        waiting = any(context.parked for context in self._live)
        return waiting and self._gateway.flying == 0 and all(one.parked or one.idle for one in self._live)

    async def _rest(self, context: StageContext) -> None:
        """Take nothing more from the source, and wait for the end."""
        context.parked += 1
        await asyncio.get_running_loop().create_future()

    def _context(self, stage: int, example_id: str) -> StageContext:
        context = StageContext(
            self._gateway,
            self._spawn,
            seed=self._plan.seed,
            stage=self._plan.names[stage],
            example_id=example_id,
            seeds=self._plan.seeds,
        )
        self._live.add(context)
        return context

    def _spawn(self, work: Coroutine[Any, Any, None]) -> object:
        return self._group.create_task(work)


class _Segment:
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


def _segments(plan: Plan) -> list[_Segment]:
    segments: list[_Segment] = []
    steps: list[tuple[int, Filter | Select]] = []
    for stage, step in enumerate(plan.steps, 1):
        if isinstance(step, Filter) or not is_generator(step):
            steps.append((stage, cast("Filter | Select", step)))
        else:
            segments.append(_Segment(steps, step, stage, plan))
            steps = []
    return [*segments, _Segment(steps, None, len(plan.steps), plan)]


def is_generator(step: object) -> TypeGuard[Generator]:
    """Whether a step makes examples of examples."""
    return hasattr(step, "generate")


def _selected(select: Select, items: list[Item], stage: int, random: Random) -> list[Item]:
    """The rejected first, then the kept in their new order: a limit that cuts the kept loses no reason."""
    by_id: dict[str, list[Item]] = {}
    for item in items:
        by_id.setdefault(item.example.id, []).append(item)
    kept: list[Item] = []
    rejected: list[Item] = []
    for entry in select.select([item.example for item in items], random):
        example, verdict = (entry.example, entry.reject) if isinstance(entry, Rejected) else (entry, None)
        matching = by_id.get(example.id)
        if not matching:
            raise RecipeError(f"{type(select).__name__} returned example {example.id}, which it was not given.")
        item = matching.pop(0)
        item.example, item.verdict, item.stage = example, verdict, stage
        (kept if verdict is None else rejected).append(item)
    if len(kept) + len(rejected) != len(items):
        lost = len(items) - len(kept) - len(rejected)
        raise RecipeError(f"{type(select).__name__} lost {lost} of {len(items)} examples: yield a Rejected for each.")
    return rejected + kept


def _stream(generator: Generator, example: Example, context: StageContext) -> AsyncIterator[Any]:
    stream = generator.generate(example, context)
    if not hasattr(stream, "__aiter__"):
        if iscoroutine(stream):
            stream.close()  # nobody will await it
        name = type(generator).__name__
        raise RecipeError(f"{name}.generate must be `async def` and yield; it returned a {type(stream).__name__}.")
    return stream


def _adopted(entry: Any, origin: Example, context: StageContext, stage: str) -> Example | Rejected | Failed:
    """What a generator yielded; an example that it made from nothing gets the lineage of the one it was given."""
    if isinstance(entry, Example) and not entry.id:
        names = ("instruction", "input", "output", "system", "history", "candidates", "scores", "meta")
        content: dict[str, Any] = {name: getattr(entry, name) for name in names}
        return origin.child(entry.by or stage, calls=entry.calls or context.calls, **content)
    if isinstance(entry, Example | Rejected | Failed):
        return entry
    raise RecipeError(
        f"{stage} yielded {type(entry).__name__}; a generator yields examples (example.child(…)) or Rejected."
    )


def _item(entry: Example | Rejected | Failed, node: Node | None, stage: int) -> Item:
    if isinstance(entry, Rejected):
        return Item(entry.example, node, entry.reject, stage)
    if isinstance(entry, Failed):
        return Item(entry.example, node, entry.error, stage)
    return Item(entry, node)


def _expected(raised: BaseException) -> ParseError | EngineError:
    """The error that decides an example; of a task group that holds nothing else, the first. Others are raised."""
    if isinstance(raised, BaseExceptionGroup):
        found = [_expected(part) for part in raised.exceptions]
        return next((error for error in found if isinstance(error, EngineError)), found[0])
    if isinstance(raised, ParseError | EngineError):
        return raised
    raise raised


def _claim(calls: list[str], last: Item, items: list[Item]) -> None:
    """Note with the last item the calls that no item names (a judge's, say), so that none is ever untraceable."""
    named = {call for item in items for call in item.example.calls}
    named.update(call for item in items for step in item.example.ancestors for call in step.calls)
    unnamed = [call for call in calls if call not in named]
    if unnamed:
        last.example = replace(last.example, calls=(*last.example.calls, *unnamed))


def _distinct(items: list[Item]) -> list[Item]:
    """Give children of equal content, made by one generator of one example, ids of their own."""
    seen: set[str] = set()
    for item in items:
        index = 1
        while item.example.id in seen:
            item.example = item.example.identified(index)
            index += 1
        seen.add(item.example.id)
    return items


def _ending(raised: BaseExceptionGroup[BaseException]) -> str:
    """How the task group ended; a real error is raised as itself."""
    how = ""
    leaves: list[BaseException] = [raised]
    while leaves:
        leaf = leaves.pop(0)
        if isinstance(leaf, BaseExceptionGroup):
            leaves = [*leaf.exceptions, *leaves]
        elif isinstance(leaf, _End):
            how = leaf.how
        else:
            raise leaf from leaf.__cause__
    return how
