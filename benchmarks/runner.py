"""How busy the runner keeps an engine, what it costs an example, how fast it replays, and whether its memory is flat.

    python -m benchmarks.runner [busy] [overhead] [replay] [memory]

Without names all four are measured. ``busy`` plays an engine with log-normal latency (3 model steps, 1,200 seeds, 64
connections; the latency is scaled down twentyfold, median 165 ms) and runs the same work in the three ways other
tools do it: a barrier after every batch, a barrier after every step, and ordered streaming without any.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from random import Random

from benchmarks.measure import peak_memory
from benchmarks.rouge import synthetic
from instructgen import (
    Completion,
    Context,
    Engine,
    Example,
    Filter,
    Limits,
    Pipeline,
    Request,
    Respond,
    Run,
    Sampling,
    Scripted,
    SelfInstruct,
    seeds,
)
from instructgen.contracts import Usage

CONNECTIONS = 64
SEEDS, STEPS = 1200, 3
MEDIAN, SPREAD = 0.165, 0.6  # seconds, sigma of the logarithm


@dataclass(frozen=True, slots=True)
class Ask:
    """One model step: asks about the output so far and makes the answer the output."""

    engine: Engine

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        completion = await ctx.ask(self.engine, Request.chat(example.instruction + example.output))
        yield example.child("ask", calls=[completion.key], output=completion.text)


@dataclass(frozen=True, slots=True)
class Touch:
    """A step that asks nothing."""

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        yield example.child("touch", output="done")


@dataclass(frozen=True, slots=True)
class Count:
    """A source of so many examples, none of which is kept in memory."""

    examples_in_all: int

    async def examples(self, ctx: Context) -> AsyncIterator[Example]:
        for number in range(self.examples_in_all):
            yield Example.root("count", index=number, instruction=f"Say what follows the number {number}.")


def latency(text: str) -> float:
    """Seconds: the same for the same request, in whatever order it comes."""
    return Random(text).lognormvariate(0.0, SPREAD) * MEDIAN


# ---------------------------------------------------------------- busy


def busy() -> None:
    """The share of the connections that is in use, and when the first result is there."""
    total = sum(latency(f"{seed}/{step}") for seed in range(SEEDS) for step in range(STEPS))
    ideal = total / CONNECTIONS
    print(f"\nBusy share: {SEEDS} seeds × {STEPS} steps, {CONNECTIONS} connections, ideal {ideal:.1f} s")
    print(f"{'way':34}{'seconds':>9}{'busy':>8}{'first result':>14}")
    for name, seconds, first in (
        ("barrier after every batch of 64", *asyncio.run(_barriers(CONNECTIONS))),
        ("barrier after every step", *asyncio.run(_barriers(SEEDS))),
        ("instructgen, ordered", *_ours()),
    ):
        print(f"{name:34}{seconds:9.1f}{ideal / seconds:8.1%}{first:12.1f} s")


async def _barriers(batch: int) -> tuple[float, float]:
    """Every request of a batch at one step must be back before the next step of it starts."""
    slots = asyncio.Semaphore(CONNECTIONS)

    async def ask(seed: int, step: int) -> None:
        async with slots:
            await asyncio.sleep(latency(f"{seed}/{step}"))

    started, first = time.perf_counter(), 0.0
    for begin in range(0, SEEDS, batch):
        for step in range(STEPS):
            await asyncio.gather(*(ask(seed, step) for seed in range(begin, min(begin + batch, SEEDS))))
        first = first or time.perf_counter() - started
    return time.perf_counter() - started, first


def _ours() -> tuple[float, float]:
    """The same latencies through a pipeline of three steps, every answer recorded."""

    async def model(request: Request) -> str:
        seed, _, step = request.messages[-1].content.partition("/")
        step = step or "0"
        await asyncio.sleep(latency(f"{seed}/{step}"))
        return f"/{int(step) + 1}"

    @dataclass(frozen=True, slots=True)
    class Note:
        """Notes when the first example passes."""

        seen: list[float]

        def __call__(self, example: Example) -> None:
            self.seen.append(time.perf_counter())

    engine = Scripted(model, limits=Limits(concurrency=CONNECTIONS))
    note = Note([])
    items = [Example(str(seed)) for seed in range(SEEDS)]
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        pipeline = Pipeline(items, [*[Ask(engine) for _ in range(STEPS)], Filter(note)])
        pipeline.run(Path(folder) / "run", store=Path(folder) / "store.db", progress="none")
        return time.perf_counter() - started, note.seen[0] - started


# ---------------------------------------------------------------- overhead


def overhead() -> None:
    """Microseconds an example and stage, and what of it is reading the source and writing the file."""
    count = 20_000
    print(f"\nOverhead, {count} examples that ask nothing (target: ≤ 100 µs an example and stage)")
    print(f"{'pipeline':34}{'µs an example':>15}{'µs a stage':>12}")
    bare = _seconds(count, [])
    print(f"{'source and file alone':34}{bare / count * 1e6:15.0f}{'':>12}")
    pipelines: list[tuple[str, list[Touch | Filter]]] = [
        ("1 filter", [Filter(_keep)]),
        ("1 generator", [Touch()]),
        ("3 generators, 3 filters", [Touch(), Filter(_keep)] * 3),
    ]
    for name, steps in pipelines:
        seconds = _seconds(count, steps)
        print(f"{name:34}{seconds / count * 1e6:15.0f}{(seconds - bare) / count / len(steps) * 1e6:12.0f}")


def _keep(example: Example) -> None:
    return None


def _seconds(count: int, steps: Sequence[Touch | Filter]) -> float:
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        Pipeline(Count(count), steps).run(Path(folder) / "run", store=Path(folder) / "store.db", progress="none")
        return time.perf_counter() - started


# ---------------------------------------------------------------- replay


def replay(kept: int = 52_000) -> None:
    """A finished Self-Instruct → Respond run, once more; the instructions are those of the rouge benchmark."""
    writer = Scripted(_writer(iter(synthetic(kept * 5 // 4 + 3000))), name="writer")
    pipeline = Pipeline(
        SelfInstruct(writer, seeds=seeds("en"), lookahead=16),
        [Respond(Scripted(_answerer, name="answerer"), sampling=Sampling(temperature=0.7, max_tokens=512))],
    )
    with tempfile.TemporaryDirectory() as folder:
        rows = []
        for _ in range(2):
            started = time.perf_counter()
            run = pipeline.run(Path(folder) / "run", limit=kept, store=Path(folder) / "store.db", progress="none")
            rows.append((time.perf_counter() - started, run.telemetry["calls"]))
        print(f"\nSelf-Instruct → Respond, {kept} kept, {run.counts['rejected']} rejected (target: replay ≤ 60 s)")
        for name, (seconds, calls) in zip(("first run", "replay"), rows, strict=True):
            print(f"{name:12}{seconds:8.1f} s   {calls['new']} new calls, {calls['replayed']} replayed")


def _writer(instructions: Iterator[str]) -> Callable[[Request], str]:
    """A model that writes seventeen tasks in the asked layout, the next ones at every request."""

    def write(request: Request) -> str:
        return "\n".join(
            f"###\n{number}. Instruction: {next(instructions).capitalize()}\n{number}. Input:\n<noinput>\n"
            f"{number}. Output:\nDone."
            for number in range(4, 21)
        )

    return write


def _answerer(request: Request) -> Completion:
    text = blake2b(request.messages[-1].content.encode()).hexdigest() * 4
    return Completion(text, usage=Usage(prompt=40, completion=150))


# ---------------------------------------------------------------- memory


def memory() -> None:
    """Peak resident memory by the number of examples, each size in a process of its own."""
    print("\nPeak memory of a run by its number of examples (target: flat)")
    for count in (10_000, 100_000, 1_000_000):
        command = [sys.executable, "-m", "benchmarks.runner", "memory-of", str(count)]
        result = subprocess.run(command, capture_output=True, text=True, check=True)
        print(f"{count:10,} examples   {result.stdout.strip()}")


def _memory_of(count: int) -> None:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        pipeline = Pipeline(Count(count), [Touch(), Filter(_keep)])
        run: Run = pipeline.run(Path(folder) / "run", store=Path(folder) / "store.db", progress="none")
        assert len(run) == count
    print(f"{peak_memory():6.0f} MB   {time.perf_counter() - started:6.1f} s")


def main() -> None:
    """Measure what was named, or everything."""
    parts = {"busy": busy, "overhead": overhead, "replay": replay, "memory": memory}
    names = sys.argv[1:]
    if names[:1] == ["memory-of"]:
        _memory_of(int(names[1]))
        return
    for name in names or parts:
        parts[name]()


if __name__ == "__main__":
    main()
