"""Small recipes and engines that the tests of the core share: a model that can dawdle, refuse and count its askers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from instructgen.contracts import (
    Completion,
    Context,
    Engine,
    Failed,
    Generator,
    Limits,
    Reject,
    Rejected,
    Request,
    Sampling,
    Select,
    Source,
    Usage,
)
from instructgen.errors import ParseError
from instructgen.example import Example
from instructgen.filters.filter import Filter
from instructgen.runtime.counts import Counts, Item
from instructgen.runtime.gateway import Gateway
from instructgen.runtime.pipeline import Pipeline
from instructgen.runtime.plan import Plan
from instructgen.runtime.run import Run
from instructgen.runtime.runner import Runner
from instructgen.runtime.store import Store

ROWS = ("data.jsonl", "rejected.jsonl", "failed.jsonl")
FILES = (*ROWS, "manifest.json")
GREEDY = Sampling(temperature=0)

Answer = Callable[[Request], str | Completion]


class Model:
    """An engine whose answers are a function of the request, however late and in whatever order they come.

    Attributes:
        asked: the prompts it was sent, in order, each attempt on its own.
        peak: the most requests it was working on at once.
        before: awaited before each answer, with the prompt; delays and faults go here.
    """

    def __init__(
        self,
        answer: Answer | None = None,
        *,
        name: str = "model",
        limits: Limits = Limits(),
        before: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        self.identity = f"test/{name}"
        self.limits = limits
        self.before = before
        self.asked: list[str] = []
        self.peak = 0
        self._answer = answer or echo
        self._working = 0

    async def complete(self, request: Request) -> Completion:
        """Answer after whatever ``before`` does."""
        self.asked.append(prompt_of(request))
        self._working += 1
        self.peak = max(self.peak, self._working)
        try:
            await asyncio.sleep(0)
            if self.before is not None:
                await self.before(prompt_of(request))
            answer = self._answer(request)
        finally:
            self._working -= 1
        return Completion(answer, usage=Usage(7, 3)) if isinstance(answer, str) else answer


def echo(request: Request) -> str:
    """An answer that tells the prompt and the draw's seed, as a sampled answer would differ by both."""
    return f"{prompt_of(request)} answered {request.seed}"


def prompt_of(request: Request) -> str:
    """The last user message, or the raw text."""
    return request.messages[-1].content if request.text is None else request.text


def dawdling(seed: int, longest: float = 0.004) -> Callable[[str], Awaitable[None]]:
    """Delays of random length, another for each request."""
    random = Random(seed)

    async def wait(_: str) -> None:
        await asyncio.sleep(random.random() * longest)

    return wait


class Gate:
    """Holds answers back until they are let through, so that a test decides what is in flight."""

    def __init__(self) -> None:
        self.waiting: list[str] = []
        self._open = asyncio.Event()

    async def __call__(self, prompt: str) -> None:
        self.waiting.append(prompt)
        await self._open.wait()

    def open(self) -> None:
        """Let all through, now and later."""
        self._open.set()


async def until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for a condition; fails the test when it does not come about."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 - what is waited for knows of no event
            await asyncio.sleep(0.001)


@dataclass(frozen=True, slots=True)
class Ask:
    """A generator that asks once for each child, one after the other."""

    engine: Engine
    copies: int = 1
    sampling: Sampling = Sampling(temperature=1.0)

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        """The answers to the instruction."""
        for copy in range(self.copies):
            request = Request.chat(example.instruction, sampling=self.sampling)
            completion = await ctx.ask(self.engine, request, draw=copy)
            yield example.child("ask", calls=[completion.key], index=copy, output=completion.text)


@dataclass(frozen=True, slots=True)
class Make:
    """A generator that asks nobody: what it makes of each example is a function's business.

    The function gives the outputs; a Reject among them is a rejected child, an exception is raised in its place.
    """

    function: Callable[[Example], Sequence[str | Reject | Exception]]

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The children."""
        for position, made in enumerate(self.function(example)):
            if isinstance(made, Exception):
                raise made
            if isinstance(made, Reject):
                yield Rejected(example.child("make", index=position), made)
            else:
                yield example.child("make", index=position, output=made)


@dataclass(frozen=True)
class Stream:
    """A source that notes how far it was read, and may yield rejected and failed examples too."""

    items: Sequence[Example | Rejected | Failed]
    read: list[str] = field(init=False, default_factory=list)

    async def examples(self, ctx: Context) -> AsyncIterator[Example | Rejected | Failed]:
        """The items, one by one."""
        for item in self.items:
            example = item if isinstance(item, Example) else item.example
            self.read.append(example.id)
            yield item


@dataclass(frozen=True, slots=True)
class Odd:
    """A check that rejects examples whose instruction ends in an even number."""

    def __call__(self, example: Example) -> Reject | None:
        """None for odd ones."""
        number = number_of(example)
        return Reject("even", value=number, limit=0, detail="not odd") if number % 2 == 0 else None


@dataclass(slots=True)
class Every:
    """A check with a memory: keeps every ``step``-th of the examples it sees, by counting those it kept before."""

    step: int
    seen: int = field(init=False, default=0)
    kept: list[str] = field(init=False, default_factory=list)

    def __call__(self, example: Example) -> Reject | None:
        """Count, and decide."""
        self.seen += 1
        last = self.kept[-1] if self.kept else None
        return None if self.seen % self.step == 0 else Reject("turn", value=self.seen, neighbour=last)

    def fresh(self) -> Every:
        """One that has seen nothing."""
        return Every(self.step)

    def observe(self, example: Example) -> None:
        """Remember what was kept."""
        self.kept.append(example.id)


@dataclass(frozen=True, init=False)
class Told:
    """A function that a manifest records by a name, so that it may hold on to what a test looks at."""

    name: str
    _function: Callable[[Example], Any] = field(init=False, repr=False, compare=False)

    def __init__(self, function: Callable[[Example], Any], name: str = "function") -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "_function", function)

    def __call__(self, example: Example) -> Any:
        """What the function says."""
        return self._function(example)


def tasks(count: int, name: str = "task") -> list[Example]:
    """Examples that are numbered from 0."""
    return [Example.root("test", instruction=f"{name} {number}") for number in range(count)]


def number_of(example: Example) -> int:
    """The number in the instruction of one of ``tasks``."""
    return int(example.instruction.split()[-1])


@dataclass(slots=True)
class Played:
    """What came out of a runner that wrote no files.

    Attributes:
        how: how it ended.
        items: the decided examples, in order.
        counts: as a run would count them.
        runner: as it was left.
    """

    how: str
    items: list[Item]
    counts: Counts
    runner: Runner

    @property
    def kept(self) -> list[str]:
        """The outputs of the kept examples, or their instructions where they have none."""
        return [item.example.output or item.example.instruction for item in self.items if item.verdict is None]


async def play(
    source: Source,
    steps: Sequence[Generator | Filter | Select],
    folder: Path,
    *,
    window: int = 8,
    seed: int = 0,
    shard: tuple[int, int] = (0, 1),
    sink: Callable[[Item], bool] | None = None,
) -> Played:
    """Run stages without a run directory, so that the window can be small and every item seen as it is decided."""
    counts, items = Counts(), list[Item]()

    def take(item: Item) -> bool:
        counts.add(item)
        items.append(item)
        return sink is not None and sink(item)

    store = Store(folder / "store.db")
    try:
        gateway = Gateway(store, seed=seed)
        plan = Plan(source, steps, Pipeline(source, steps).names(), seed, (), window, shard)
        runner = Runner(plan, gateway, take)
        try:
            how = await runner.run()
        finally:
            gateway.stop(RuntimeError("the test is over"))
            await gateway.drain(5)
    finally:
        store.close()
    return Played(how, items, counts, runner)


async def verdicts(source: Source, folder: Path) -> list[tuple[Example, str]]:
    """What a source yields, each with ``kept`` or the code of its reject; the store is emptied for the next source."""
    played = await play(source, [], folder)
    (folder / "store.db").unlink()
    return [(item.example, item.verdict.code if isinstance(item.verdict, Reject) else "kept") for item in played.items]


async def run(pipeline: Pipeline, out: Path, **options: Any) -> Run:
    """Run quietly, with a store beside the run directory."""
    return await pipeline.arun(out, **{"store": out.parent / "store.db", "progress": "none", **options})


def contents(out: Path, names: Sequence[str] = FILES) -> Mapping[str, bytes]:
    """The bytes of the files of a run that must be the same whenever and however it was run."""
    return {name: (out / name).read_bytes() for name in names}


def instructions(result: Run) -> list[str]:
    """The instructions of the kept examples, in order."""
    return [example.instruction for example in result]


def new_calls(result: Run) -> int:
    """Completions that this execution asked for."""
    count: int = result.telemetry["calls"]["new"]
    return count


def unparsable(text: str) -> Exception:
    """The error of a completion that cannot be read."""
    return ParseError("no answer in it", text=text)
