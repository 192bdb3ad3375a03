"""The whole library against the OpenAI SDK on the same loopback server, in the same run.

    python -m benchmarks.client [clean] [faults] [kill]

Every client runs in a process of its own. ``net`` is from the first request the server saw to the last answer it gave;
``whole`` is the life of the process, imports included; the ideal is requests / connections × latency. instructgen
records every answer durably and writes the run directory; the SDK rows only collect the texts. CPU seconds are those
from the first request to the end, without imports.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measure import peak_memory
from tests.support.fault_server import ServerProcess

PROMPT = "Give one short tip for task number {}, in one sentence, for somebody who has little time and few tools."
HEAD = f"{'client':30}{'net s':>8}{'of ideal':>10}{'whole s':>9}{'CPU s/1000':>12}{'peak MB':>9}{'answered':>10}"


@dataclass(frozen=True, slots=True)
class Job:
    """One client's work: ``count`` requests, ``width`` of them in flight."""

    client: str
    url: str
    count: int
    width: int
    folder: str


def clean() -> None:
    """No faults: the share of the ideal that each client reaches."""
    for latency, count, width in ((0.05, 2000, 64), (0.2, 2000, 64), (0.2, 8000, 512)):
        ideal = count / width * latency
        print(f"\n{count} requests, {width} in flight, {latency * 1000:.0f} ms: ideal {ideal:.2f} s\n{HEAD}")
        for client in ("instructgen", "sdk-aiohttp", "sdk"):
            _row(client, count, width, ideal, latency=latency)


def faults() -> None:
    """Errors on the way: time, and rows lost."""
    for name, shares, ideal in (
        ("5% HTTP 500", {"500": 0.05}, 1.65),
        ("5% dropped connections", {"drop": 0.05}, 1.65),
        ("5% 429 with Retry-After 1", {"429": 0.05}, 2.7),
    ):
        print(f"\n2000 requests, 64 in flight, 50 ms, {name}: ideal {ideal:.2f} s\n{HEAD}")
        for client in ("instructgen", "sdk-aiohttp"):
            _row(client, 2000, 64, ideal, latency=0.05, faults=shares)


def kill() -> None:
    """SIGKILL in the middle, then the same command again."""
    print("\nSIGKILL and rerun: 2000 requests, 64 in flight, 200 ms (limit: the requests in flight)")
    print(f"{'client':30}{'paid at the kill':>18}{'paid twice':>12}{'rows':>8}{'rerun start-up s':>18}")
    for client in ("instructgen", "sdk-aiohttp"):
        for moment in (2.5, 3.5, 5.0):
            with ServerProcess(latency=0.2) as server, tempfile.TemporaryDirectory() as folder:
                job = Job(client, server.url, 2000, 64, folder)
                child = subprocess.Popen(_command(job), stdout=subprocess.DEVNULL, start_new_session=True)
                time.sleep(moment)
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
                time.sleep(0.5)
                before = server.stats()
                started = time.time()
                result = _run(job)
                after = server.stats()
                paid = before["requests"]
                twice = after["requests"] - 2000
                print(f"{client:30}{paid:18}{twice:12}{result['rows']:8}{result['first'] - started:18.2f}")


def _row(client: str, count: int, width: int, ideal: float, **server_options: Any) -> None:
    with ServerProcess(**server_options) as server, tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        result = _run(Job(client, server.url, count, width, folder))
        whole = time.perf_counter() - started
        net = result["last"] - result["first"]
        print(
            f"{client:30}{net:8.2f}{ideal / net:10.1%}{whole:9.2f}{result['cpu'] / count * 1000:12.2f}"
            f"{result['peak']:9.0f}{result['rows']:10}"
        )


def _command(job: Job) -> list[str]:
    arguments = [job.client, job.url, str(job.count), str(job.width), job.folder]
    return [sys.executable, "-m", "benchmarks.client", "as", *arguments]


def _run(job: Job) -> dict[str, Any]:
    done = subprocess.run(_command(job), capture_output=True, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


# ---------------------------------------------------------------- in the child


def _child(job: Job) -> None:
    times = _instructgen(job) if job.client == "instructgen" else asyncio.run(_sdk(job))
    cpu = time.process_time() - times["cpu_before"]
    print(json.dumps({**times, "cpu": cpu, "peak": peak_memory()}))


def _instructgen(job: Job) -> dict[str, float]:
    from instructgen import Completion, Context, Example, Limits, OpenAI, Pipeline, Request, Respond, Sampling

    marks: list[float] = []

    class Marked:
        """The engine, with the time of its first request and last answer."""

        def __init__(self, inner: OpenAI) -> None:
            self.inner = inner
            self.identity, self.limits = inner.identity, inner.limits
            self.open, self.close = inner.open, inner.close

        async def complete(self, request: Request) -> Completion:
            if not marks:
                marks.extend([time.time(), 0.0, time.process_time()])
            completion = await self.inner.complete(request)
            marks[1] = time.time()
            return completion

    @dataclass(frozen=True, slots=True)
    class Prompts:
        count: int

        async def examples(self, ctx: Context) -> AsyncIterator[Example]:
            for number in range(self.count):
                yield Example.root("prompts", index=number, instruction=PROMPT.format(number))

    engine = Marked(OpenAI("m", base_url=job.url, api_key="k", limits=Limits(concurrency=job.width)))
    pipeline = Pipeline(Prompts(job.count), [Respond(engine, sampling=Sampling(temperature=0.7, max_tokens=64))])
    folder = Path(job.folder)
    run = pipeline.run(folder / "run", store=folder / "store.db", progress="none")
    return {"first": marks[0], "last": marks[1], "rows": len(run), "cpu_before": marks[2]}


async def _sdk(job: Job) -> dict[str, float]:
    from openai import AsyncOpenAI, DefaultAioHttpClient

    options: dict[str, Any] = {"http_client": DefaultAioHttpClient()} if job.client == "sdk-aiohttp" else {}
    client = AsyncOpenAI(base_url=job.url, api_key="k", **options)
    slots = asyncio.Semaphore(job.width)
    last = 0.0

    async def ask(number: int) -> int:
        nonlocal last
        async with slots:
            try:
                answer = await client.chat.completions.create(
                    model="m",
                    messages=[{"role": "user", "content": PROMPT.format(number)}],
                    temperature=0.7,
                    max_tokens=64,
                )
            except Exception:
                return 0
            last = time.time()
            return len(answer.choices)

    first, cpu_before = time.time(), time.process_time()
    rows = sum(await asyncio.gather(*(ask(number) for number in range(job.count))))
    return {"first": first, "last": last, "rows": rows, "cpu_before": cpu_before}


def main() -> None:
    """Measure what was named, or everything."""
    parts = {"clean": clean, "faults": faults, "kill": kill}
    names = sys.argv[1:]
    if names[:1] == ["as"]:
        client, url, count, width, folder = names[1:]
        _child(Job(client, url, int(count), int(width), folder))
        return
    for name in names or parts:
        parts[name]()


if __name__ == "__main__":
    main()
