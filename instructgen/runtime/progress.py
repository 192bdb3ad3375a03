"""How a run shows itself while it works: a live line in a terminal, plain lines in a log, nothing in a notebook."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Literal, Protocol

ProgressStyle = Literal["auto", "live", "plain", "none"]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one moment. ``limit`` is None when the stream has no known end."""

    kept: int
    limit: int | None
    rejected: int
    failed: int
    new: int
    replayed: int
    in_flight: int
    tokens: int
    usd: float | None
    seconds: float

    def line(self) -> str:
        """In one line."""
        goal = f"/{self.limit}" if self.limit is not None else ""
        failed = f", failed {self.failed}" if self.failed else ""
        cost = f", ${self.usd:.4f}" if self.usd else ""
        return (
            f"kept {self.kept}{goal}, rejected {self.rejected}{failed} | "
            f"calls {self.new} new, {self.replayed} replayed, {self.in_flight} in flight | "
            f"{self.tokens:,} new tokens{cost}, {self.seconds:.0f} s"
        )


class Progress(Protocol):
    """Shows snapshots."""

    def update(self, snapshot: Snapshot) -> None:
        """Called about twice a second."""
        ...

    def close(self) -> None:
        """Called once, at the end."""
        ...


def progress(style: ProgressStyle) -> Progress:
    """The display for this style; ``auto`` chooses by where the process runs."""
    if style == "auto":
        style = "none" if _in_notebook() else "live" if sys.stderr.isatty() else "plain"
    if style == "live":
        return _Live()
    return _Plain() if style == "plain" else _Silent()


class _Silent:
    def update(self, snapshot: Snapshot) -> None:
        pass

    def close(self) -> None:
        pass


class _Plain:
    """A line every 30 seconds, so that a log of a long run stays readable."""

    _EVERY = 30.0

    def __init__(self) -> None:
        self._next = time.monotonic() + self._EVERY

    def update(self, snapshot: Snapshot) -> None:
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + self._EVERY
            print(snapshot.line(), file=sys.stderr, flush=True)  # noqa: T201

    def close(self) -> None:
        pass


class _Live:
    """One line that is rewritten in place."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.live import Live
        from rich.text import Text

        self._text = Text
        self._live = Live(console=Console(stderr=True), transient=True, refresh_per_second=4)
        self._live.start()

    def update(self, snapshot: Snapshot) -> None:
        self._live.update(self._text(snapshot.line()))

    def close(self) -> None:
        self._live.stop()


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython")
    return shell is not None and type(shell.get_ipython()).__name__ == "ZMQInteractiveShell"
