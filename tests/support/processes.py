"""Runs the library as a user does, in processes of their own, and looks at what they leave behind.

``CountingProcess`` is the fault server in a process of its own that also tells how often each request arrived. Requests
are named by the ``seed`` in their body, which the gateway derives from the key of the completion; so the counts can be
compared with the rows of a store.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.support.fault_replies import Reply
from tests.support.fault_server import FaultServer
from tests.support.teacher import teacher

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "tests" / "recipes"
FILES = ("data.jsonl", "rejected.jsonl", "failed.jsonl", "manifest.json")
# Where a proxy would be if there were one: a child that tries to leave this machine is refused at once.
NOWHERE = "http://127.0.0.1:9"


def environment(**changes: str) -> dict[str, str]:
    """The environment of a child: nothing of the person who runs the tests, and no way off this machine."""
    kept = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "TMPDIR", "LANG", "COVERAGE_PROCESS_START")
        if name in os.environ
    }
    proxies = {"HTTP_PROXY": NOWHERE, "HTTPS_PROXY": NOWHERE, "http_proxy": NOWHERE, "https_proxy": NOWHERE}
    return {**kept, **proxies, "PYTHONPATH": str(ROOT), **changes}


def command(*arguments: object) -> list[str]:
    """``instructgen …`` as a command for this interpreter."""
    return [sys.executable, "-m", "instructgen", *map(str, arguments)]


def instructgen(
    *arguments: object, cwd: Path, env: Mapping[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """``instructgen …`` in a child, to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=cwd,
        env=environment(**(env or {})),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def start(*arguments: object, cwd: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """``instructgen …`` in a child, under way."""
    return subprocess.Popen(
        command(*arguments),
        cwd=cwd,
        env=environment(**(env or {})),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def made(run: Path) -> dict[str, bytes]:
    """The files of a run that must not depend on anything but recipe, seed and completions."""
    return {name: (run / name).read_bytes() for name in FILES}


def stored(store: Path) -> set[int]:
    """The requests whose completions a store holds, named as ``CountingProcess.counts`` names them."""
    if not store.exists():
        return set()
    with closing(sqlite3.connect(f"{store.resolve().as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        try:
            rows = connection.execute("SELECT key FROM completions").fetchall()
        except sqlite3.OperationalError:  # killed before the tables were made
            return set()
    return {named(key.hex()) for (key,) in rows}


def named(key: str) -> int:
    """The seed that a request carries when its completion has this key."""
    return int(key[:8], 16) & 0x7FFFFFFF


class _Counting(FaultServer):
    """The fault server with a page of counts, one a request."""

    def reply(self, method: str, path: str, raw: bytes) -> tuple[Reply, float]:
        if path == "/counts":
            counts = {json.loads(body)["seed"]: times for body, times in self.bodies.items()}
            return Reply(json.dumps(counts).encode("ascii")), 0.0
        return super().reply(method, path, raw)


class CountingProcess:
    """A server with the teacher behind it, in a process of its own."""

    def __init__(self, *, latency: float, sigma: float = 0.0) -> None:
        options = ["--latency", str(latency), "--sigma", str(sigma)]
        self._command = [sys.executable, "-m", "tests.support.processes", *options]
        self.url = ""

    def __enter__(self) -> CountingProcess:
        self._child = subprocess.Popen(self._command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        self.url = self._child.stdout.readline().strip()
        if not self.url:
            raise RuntimeError(f"the server ended with code {self._child.wait(10)}")
        return self

    def __exit__(self, *exc: object) -> None:
        self._child.kill()
        self._child.wait(10)
        assert self._child.stdout is not None
        self._child.stdout.close()

    def requests(self) -> int:
        """Completion requests that have arrived."""
        return int(self._get("/stats")["requests"])

    def counts(self) -> dict[int, int]:
        """How often each request arrived."""
        return {int(seed): times for seed, times in self._get("/counts").items()}

    def rest(self) -> None:
        """Wait until everything that was sent has arrived and nothing is being answered any more."""
        seen = -1
        while (stats := self._get("/stats"))["in_flight"] or stats["requests"] != seen:
            seen = stats["requests"]
            time.sleep(0.02)

    def _get(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(self.url.removesuffix("/v1") + path, timeout=10) as answer:
            data: dict[str, Any] = json.load(answer)
        return data


def main() -> None:
    """Serve until killed; the first line on standard output is the base URL."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.processes")
    parser.add_argument("--latency", type=float, required=True)
    parser.add_argument("--sigma", type=float, required=True)
    options = parser.parse_args()
    server = _Counting(answer=teacher, latency=options.latency, sigma=options.sigma)
    asyncio.run(server.serve(0, lambda: print(server.url, flush=True)))


if __name__ == "__main__":
    main()
