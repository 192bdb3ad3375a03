"""Runs the library as a user does, in processes of their own, and looks at what they leave behind.

``CountingProcess`` is the fault server in a process of its own that tells how often each request arrived. Requests
are named by the ``seed`` in their body, which the gateway derives from the key of the completion; so the counts can be
compared with the rows of a store.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from tests.support.fault_server import ROOT, ServerProcess

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


class CountingProcess(ServerProcess):
    """A server with the teacher behind it, in a process of its own."""

    def __init__(self, *, latency: float, sigma: float = 0.0) -> None:
        super().__init__(answer="tests.support.teacher:teacher", latency=latency, sigma=sigma)

    def requests(self) -> int:
        """Completion requests that have arrived."""
        return int(self.stats()["requests"])

    def counts(self) -> dict[int, int]:
        """How often each request arrived."""
        return {json.loads(body)["seed"]: times for body, times in self.page("/counts").items()}

    def rest(self) -> None:
        """Wait until everything that was sent has arrived and nothing is being answered any more."""
        seen = -1
        while (stats := self.stats())["in_flight"] or stats["requests"] != seen:
            seen = stats["requests"]
            time.sleep(0.02)
