"""An OpenAI-compatible server on loopback that answers deterministically and misbehaves on request.

In a test it runs in a thread::

    with FaultServer(faults=lambda number, body: "500" if number == 0 else None) as server:
        engine = OpenAI("m", base_url=server.url)

Kill tests and benchmarks want it outside: ``ServerProcess(latency=0.05)``, or ``python -m tests.support.fault_server
--port 0 --latency 0.05`` from the repository root, which prints the base URL. It serves totals at ``/stats`` and how
often each request body arrived at ``/counts``.
What each named fault sends is in ``fault_replies.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import importlib
import json
import math
import socket
import struct
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Self

from tests.support.fault_replies import FAULTS, Reply, completion, wire

Body = Mapping[str, Any]
Answer = Callable[[Body], str]
Script = Callable[[int, Body], "str | Reply | None"]

ROOT = Path(__file__).parents[2]

VOCABULARY = """amber birch cedar delta ember fjord grove harbor island juniper kettle lantern meadow north orchard
pebble quartz river saddle timber umber valley willow yarrow zephyr anchor basil copper dune elm fern gravel"""


def sentence(body: Body) -> str:
    """The default model: twelve words that depend on everything in the request body."""
    digest = hashlib.blake2b(json.dumps(body, sort_keys=True).encode("ascii"), digest_size=12).digest()
    words = VOCABULARY.split()
    return " ".join(words[byte % len(words)] for byte in digest).capitalize() + "."


def rates(shares: Mapping[str, float], seed: int = 0) -> Script:
    """A script that plays each named fault with its share of the requests, drawn by request number."""

    def script(number: int, body: Body) -> str | None:
        point = Random(f"{seed}/fault/{number}").random()
        for name, share in shares.items():
            point -= share
            if point < 0:
                return name
        return None

    return script


class FaultServer:
    """The server. Use it as a context manager (it runs in a thread of its own) or await ``serve`` in a loop.

    Args:
        answer: plays the model: the request body as a dict, to the text of the answer.
        faults: the number of the completion request (from 0) and its body, to a fault's name, a Reply or None.
        latency: seconds before a completion is answered.
        sigma: spreads the latency log-normally around ``latency``; drawn from ``seed`` and the request number.
        seed: for the latencies.
        models: what ``GET /v1/models`` lists, or the Reply to it.
        key: the bearer token every request must carry; a 401 that echoes the wrong one is the answer otherwise.
        rate_limit: completions a second the account may ask for; 429 with Retry-After above that.

    Attributes:
        requests: completion requests that arrived.
        bodies: how often each distinct request body arrived.
        answered: how often each distinct request body was answered in full and without a fault.
        played: how often each fault was played.
        headers: of the last request, names in lower case.
        most_in_flight: most completion requests open at one time.
        connections: connections accepted.
    """

    def __init__(
        self,
        *,
        answer: Answer = sentence,
        faults: Script | None = None,
        latency: float = 0.0,
        sigma: float = 0.0,
        seed: int = 0,
        models: Sequence[str] | Reply = ("m",),
        key: str | None = None,
        rate_limit: float | None = None,
    ) -> None:
        self.answer, self.faults, self.models, self.key = answer, faults, models, key
        self.latency, self.sigma, self.seed = latency, sigma, seed
        self.rate_limit, self._tokens, self._refilled = rate_limit, 1.0, time.monotonic()
        self.requests = self.in_flight = self.most_in_flight = self.connections = 0
        self.bodies: Counter[bytes] = Counter()
        self.answered: Counter[bytes] = Counter()
        self.played: Counter[str] = Counter()
        self.headers: dict[str, str] = {}
        self.port = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None
        self._open: set[Connection] = set()

    @property
    def url(self) -> str:
        """The base URL to hand to a client."""
        return f"http://127.0.0.1:{self.port}/v1"

    async def serve(self, port: int = 0, ready: Callable[[], None] = lambda: None) -> None:
        """Listen until stopped; ``ready`` is called once ``port`` is known."""
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        listener = await self._loop.create_server(lambda: Connection(self), "127.0.0.1", port, backlog=4096)
        self.port = listener.sockets[0].getsockname()[1]
        ready()
        await self._stop.wait()
        listener.close()
        for connection in list(self._open):
            connection.transport.abort()
        await asyncio.sleep(0)

    def __enter__(self) -> FaultServer:
        ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self.serve(0, ready.set)), daemon=True)
        self._thread.start()
        if not ready.wait(10):
            raise RuntimeError("the fault server did not start")
        return self

    def __exit__(self, *exc: object) -> None:
        assert self._loop is not None
        assert self._stop is not None
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def stats(self) -> dict[str, Any]:
        """Counts as JSON. ``repeated`` is how many answers were given to a body already answered: paid twice."""
        return {
            "requests": self.requests,
            "distinct": len(self.bodies),
            "answered": self.answered.total(),
            "repeated": self.answered.total() - len(self.answered),
            "in_flight": self.in_flight,
            "most_in_flight": self.most_in_flight,
            "connections": self.connections,
            "played": dict(self.played),
        }

    def reply(self, method: str, path: str, raw: bytes) -> tuple[Reply, float]:
        """What to send for one request, and after how many seconds."""
        if self.key is not None and self.headers.get("authorization") != f"Bearer {self.key}":
            return FAULTS["401"]({}, self.headers), 0.0
        if path == "/stats":
            return Reply(json.dumps(self.stats()).encode()), 0.0
        if path == "/counts":
            return Reply(json.dumps({body.decode(): times for body, times in self.bodies.items()}).encode()), 0.0
        if path == "/v1/models" and method == "GET":
            return self._listing(), 0.0
        if path in ("/v1/chat/completions", "/v1/completions") and method == "POST":
            return self._completion(raw)
        return Reply(b'{"detail": "Not Found"}', 404), 0.0

    def _listing(self) -> Reply:
        if isinstance(self.models, Reply):
            return self.models
        entries = [{"id": name, "object": "model", "created": 0, "owned_by": "test"} for name in self.models]
        return Reply(json.dumps({"object": "list", "data": entries}).encode())

    def _completion(self, raw: bytes) -> tuple[Reply, float]:
        number, self.requests = self.requests, self.requests + 1
        self.bodies[raw] += 1
        body = json.loads(raw)
        fault = self._limited() or (self.faults(number, body) if self.faults else None)
        if isinstance(fault, Reply):
            self.played["custom"] += 1
            return fault, self._delay(number)
        if fault is not None:
            self.played[fault] += 1
            return FAULTS[fault](body, self.headers), self._delay(number)
        self.answered[raw] += 1
        return Reply(completion(body, self.answer(body))), self._delay(number)

    def _delay(self, number: int) -> float:
        if not self.sigma:
            return self.latency
        return self.latency * math.exp(Random(f"{self.seed}/latency/{number}").gauss(0.0, self.sigma))

    def _limited(self) -> str | None:
        if self.rate_limit is None:
            return None
        now = time.monotonic()
        self._tokens = min(max(self.rate_limit / 10, 1.0), self._tokens + (now - self._refilled) * self.rate_limit)
        self._refilled = now
        if self._tokens < 1.0:
            return "429"
        self._tokens -= 1.0
        return None


class Connection(asyncio.Protocol):
    """One keep-alive connection; requests on it are answered one after the other."""

    def __init__(self, server: FaultServer) -> None:
        self.server = server
        self.buffer = b""
        self.busy = self.asking = False
        self.pending: asyncio.TimerHandle | None = None
        self.loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.server._open.add(self)
        self.server.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        self.server._open.discard(self)
        if self.pending is not None:
            self.pending.cancel()
        if self.busy:
            self.server.in_flight -= self.asking

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not self.busy:
            self._next()

    def _next(self) -> None:
        """Take one whole request off the buffer, if there is one, and schedule its answer."""
        if self.buffer.startswith(b"\x16\x03"):  # the hello of a TLS client, which this server does not speak
            self.transport.write(wire(Reply(b"", 400)))
            self.transport.close()
            return
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        first, *lines = self.buffer[:end].decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        finish = end + 4 + int(headers.get("content-length", "0"))
        if len(self.buffer) < finish:
            return
        raw, self.buffer = self.buffer[end + 4 : finish], self.buffer[finish:]
        method, path, _ = first.split(" ", 2)
        server = self.server
        server.headers = headers
        self.busy, self.asking = True, method == "POST"
        server.in_flight += self.asking
        server.most_in_flight = max(server.most_in_flight, server.in_flight)
        reply, delay = server.reply(method, path, raw)
        if delay:
            self.pending = self.loop.call_later(delay, self._send, reply)
        else:
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        self.pending = None
        if reply.then == "hang":
            return
        if reply.then == "reset":
            link = self.transport.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
            return
        data = reply.verbatim if reply.verbatim is not None else wire(reply)
        if reply.drip:
            self._drip(data, reply.drip)
            return
        self.transport.write(data)
        self._done(reply)

    def _done(self, reply: Reply) -> None:
        self.busy = False
        self.server.in_flight -= self.asking
        if reply.then == "close":
            self.transport.close()
        elif self.buffer:
            self._next()

    def _drip(self, data: bytes, pause: float) -> None:
        self.transport.write(data[:1])
        if len(data) > 1:
            self.pending = self.loop.call_later(pause, self._drip, data[1:], pause)


class ServerProcess:
    """The server in a process of its own; options are those of the command line (``latency=0.05``, ``faults={…}``)."""

    def __init__(self, **options: object) -> None:
        self._command = [sys.executable, "-m", "tests.support.fault_server", "--port", "0"]
        for name, value in options.items():
            text = json.dumps(value) if isinstance(value, dict | list) else str(value)
            self._command += [f"--{name.replace('_', '-')}", text]
        self.url = ""

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(self._command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        self.url = self._child.stdout.readline().strip()
        if not self.url:
            raise RuntimeError(f"the fault server ended with code {self._child.wait(10)}")
        return self

    def __exit__(self, *exc: object) -> None:
        self._child.kill()
        self._child.wait(10)
        assert self._child.stdout is not None
        self._child.stdout.close()

    def stats(self) -> dict[str, Any]:
        """As FaultServer.stats."""
        return self.page("/stats")

    def page(self, path: str) -> dict[str, Any]:
        """What it serves at a path below its root."""
        with urllib.request.urlopen(self.url.removesuffix("/v1") + path, timeout=10) as answer:
            served: dict[str, Any] = json.load(answer)
        return served


def function(path: str) -> Answer:
    """The function named by ``MODULE:NAME``."""
    module, _, name = path.partition(":")
    found: Answer = getattr(importlib.import_module(module), name)
    return found


def main(argv: Sequence[str] | None = None) -> None:
    """Serve until killed; the first line on standard output is the base URL."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.fault_server")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--sigma", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rate-limit", type=float)
    parser.add_argument("--answer", type=function, default=sentence, metavar="MODULE:FUNCTION")
    parser.add_argument("--models", type=json.loads, default=["m"], metavar="JSON_LIST")
    parser.add_argument("--faults", type=json.loads, default={}, metavar="JSON", help='shares: {"500": 0.05}')
    options = parser.parse_args(argv)
    server = FaultServer(
        answer=options.answer,
        faults=rates(options.faults, options.seed) if options.faults else None,
        latency=options.latency,
        sigma=options.sigma,
        seed=options.seed,
        models=options.models,
        rate_limit=options.rate_limit,
    )
    asyncio.run(server.serve(options.port, lambda: print(server.url, flush=True)))


if __name__ == "__main__":
    main()
