"""The ordered runner: every stage works ahead as far as its window allows and hands its results on in order.

Between two stages runs a queue of futures. A *pump* takes the head of the queue, waits for it, applies the filters
that stand there, and starts the next generator on what is left; so decisions fall in stream order whatever the timing,
and nobody waits for a batch to fill. All tasks live in one TaskGroup, and no async generator is suspended inside it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from typing import Any, Protocol, TypeVar

from instructgen.contracts import Generator, Reject
from instructgen.errors import EngineError, ParseError
from instructgen.recording import Record
from instructgen.runtime.context import StageContext
from instructgen.runtime.counts import Item, Node
from instructgen.runtime.expansion import adopted, as_item, claim, decisive, distinct, rooted, stream_of
from instructgen.runtime.gateway import Gateway
from instructgen.runtime.plan import Plan
from instructgen.runtime.segments import Segment, segments_of

T = TypeVar("T")
_Entry = list[Item] | asyncio.Task[list[Item]]
_QUIET = 0.005  # seconds between two looks at whether anything still moves


class Sink(Protocol):
    """Takes the decided examples, in order; returns True when it wants no more."""

    def __call__(self, item: Item) -> bool: ...


class _End(Exception):
    """Ends the task group: the stream is through, the limit is reached, or nothing can move any more."""

    def __init__(self, how: str) -> None:
        self.how = how


class Runner:
    """One execution of a plan.

    Attributes:
        read, born, expanded: count what was handed out.
        unanswered: the requests that it ended before, each with its key.
    """

    def __init__(self, plan: Plan, gateway: Gateway, sink: Sink) -> None:
        self.read = self.born = self.expanded = 0
        self.unanswered: list[Record] = []
        self._plan = plan
        self._gateway = gateway
        self._sink = sink
        self._segments = segments_of(plan)
        self._live: set[StageContext] = set()
        self._moves = 0
        self._cancelled = ""

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
                self._begin(self._read(queues[0]), self._plan.names[0])
                for position, segment in enumerate(self._segments):
                    onward = queues[position + 1] if position + 1 < len(queues) else None
                    self._begin(self._pump(segment, queues[position], onward), "a filter or select")
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
                    await onward.put([as_item(rooted(entry, self._plan.names[0], ordinal), None, 0)])
                ordinal += 1
                context.idle = False
                if isinstance(self._gateway.stopped, KeyboardInterrupt):
                    await self._rest(context)
        except EngineError as error:
            # A growing pool cannot go on without its answer; everything before it still can.
            self._gateway.stop(error)
            await self._rest(context)
        except asyncio.CancelledError as raised:
            bug = decisive(raised)
            bug.add_note(f"in {self._plan.names[0]}, the source")
            raise bug from None
        finally:
            if isinstance(stream, AsyncGenerator):
                await stream.aclose()
        self._live.discard(context)
        await onward.put(None)

    async def _pump(
        self, segment: Segment, inbox: asyncio.Queue[_Entry | None], onward: asyncio.Queue[_Entry | None] | None
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

    async def _pass(self, segment: Segment, item: Item, onward: asyncio.Queue[_Entry | None] | None) -> None:
        if onward is None:
            if self._sink(item):
                raise _End("limit")
        elif item.verdict is None and segment.generator is not None:
            self.expanded += 1
            made = self._generate(segment.generator, segment.stage, item)
            await onward.put(self._begin(made, self._plan.names[segment.stage]))
        else:
            await onward.put([item])

    async def _generate(self, generator: Generator, stage: int, item: Item) -> list[Item]:
        """All that a generator makes of one example. What it made before an error is kept."""
        node = item.expansion = Node(item.node, stage)
        context = self._context(stage, item.example.id)
        made: list[Item] = []
        verdict: Reject | EngineError | None = None
        try:
            async for entry in stream_of(generator, item.example, context):
                made.append(as_item(adopted(entry, item.example, context, self._plan.names[stage]), node, stage))
        except (Exception, asyncio.CancelledError) as raised:
            error = decisive(raised)
            if not isinstance(error, ParseError | EngineError):
                error.add_note(f"in {self._plan.names[stage]}, at example {item.example.id}")
                raise error from error.__cause__
            verdict = Reject("unparsable", detail=str(error)) if isinstance(error, ParseError) else error
        await context.settled()
        self._live.discard(context)
        node.calls = context.calls
        if verdict is None and not made:
            verdict = Reject("nothing", detail="no example was made")
        if verdict is not None:
            example = item.example.child(self._plan.names[stage], calls=node.calls)
            made.append(Item(example, node, verdict, stage))
        self.born += len(made)
        claim(node.calls, made[-1], made)
        return distinct(made)

    async def _watch(self) -> None:
        """When requests are parked and nothing else can move: release them, or end the run."""
        while True:
            await self._gateway.changed.wait()
            self._gateway.changed.clear()
            if self._cancelled:
                raise RuntimeError(f"{self._cancelled} cancelled its own task, and the run cannot go on without it")
            while self._gateway.parked or self._gateway.stopped is not None:
                moves = self._moves
                for _ in range(5):
                    await asyncio.sleep(0)
                if moves == self._moves and self._standstill() and not self._gateway.release():
                    self.unanswered = list(self._gateway.parked.values())
                    raise _End("blocked")
                await asyncio.sleep(_QUIET)

    # ---------------------------------------------------------------- small parts

    def _begin(self, work: Coroutine[Any, Any, T], stage: str) -> asyncio.Task[T]:
        """A task of the group. One that cancels itself ends in silence: whoever waits for it would wait for ever."""

        def ended(task: asyncio.Task[T]) -> None:
            if task.cancelled():
                self._cancelled = stage
                self._gateway.changed.set()

        task = self._group.create_task(work)
        task.add_done_callback(ended)
        return task

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
