"""The synchronous face of the asynchronous core: one private event-loop thread, kept for the process.

Works in scripts, in notebooks and inside a running loop. Errors arrive unchanged. The first Ctrl-C asks the work to
finish what is under way; the second stops it.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


class StopSignal:
    """Carries a wish to stop from the thread that runs the program to the loop that does the work."""

    def __init__(self) -> None:
        self._callback: Callable[[], None] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def connect(self, callback: Callable[[], None]) -> None:
        """Called by the work, in its loop, with what is to be done when the wish comes."""
        self._callback = callback
        self._loop = asyncio.get_running_loop()

    def send(self) -> bool:
        """Pass the wish on; False when the work is not listening yet."""
        if self._callback is None or self._loop is None:
            return False
        self._loop.call_soon_threadsafe(self._callback)
        return True


def run_sync(work: Callable[[StopSignal], Coroutine[Any, Any, T]]) -> T:
    """Run the coroutine that ``work`` makes on the private loop, and wait for it.

    Raises:
        KeyboardInterrupt: at the second Ctrl-C, or at the first when the work cannot drain.
        Exception: whatever the work raised.
    """
    signal = StopSignal()
    future = asyncio.run_coroutine_threadsafe(_outcome(work(signal)), _loop(os.getpid()))
    try:
        outcome = _wait(future, signal)
    except BaseException:  # wherever in here a Ctrl-C struck: the work must not go on unseen
        future.cancel()
        raise
    if isinstance(outcome, _Interrupted):
        raise KeyboardInterrupt
    return outcome


def _wait(future: Future[T], signal: StopSignal) -> T:
    """Wait, and pass on the first Ctrl-C."""
    interrupts = 0
    while True:
        try:
            return future.result()
        except KeyboardInterrupt:
            interrupts += 1
            if interrupts > 1 or not signal.send():
                raise
        except CancelledError:
            raise KeyboardInterrupt from None


class _Interrupted:
    """The work's own report that it was interrupted and has drained."""


async def _outcome(work: Coroutine[Any, Any, T]) -> T | _Interrupted:
    """What the work returns or reports: a KeyboardInterrupt that leaves a task would end the loop of the process."""
    try:
        return await work
    except KeyboardInterrupt:
        return _Interrupted()


@cache
def _loop(process: int) -> asyncio.AbstractEventLoop:
    """The loop, made at the first call; engines and their connections belong to it. A fork needs one of its own."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=_forever, args=(loop,), name="instructgen-loop", daemon=True).start()
    return loop


def _forever(loop: asyncio.AbstractEventLoop) -> None:
    """Keep the loop going: a ``sys.exit()`` in a stage leaves it, but its task holds it for whoever waits."""
    while True:
        try:
            loop.run_forever()
            return
        except (SystemExit, KeyboardInterrupt):
            continue
