"""SIGTERM ends a command as Ctrl-C does, and neither is lost.

Python swallows what is raised while it finalizes an object, a KeyboardInterrupt too. A run would go on as if nobody had
asked it to stop, and a container would be killed when its grace is over.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

_AGAIN_AFTER = 0.05  # seconds; long enough to be out of the finalizer


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, SIGTERM raises KeyboardInterrupt, and one that was swallowed is raised again."""
    swallowed = sys.unraisablehook
    timers: list[threading.Timer] = []

    def hook(unraisable: UnraisableHookArgs) -> None:
        if not issubclass(unraisable.exc_type, KeyboardInterrupt):
            swallowed(unraisable)
            return
        timer = threading.Timer(_AGAIN_AFTER, _interrupt_main)
        timer.daemon = True
        timers.append(timer)
        timer.start()

    signal.signal(signal.SIGTERM, _terminate)
    sys.unraisablehook = hook
    try:
        yield
    finally:
        sys.unraisablehook = swallowed
        for timer in timers:
            timer.cancel()


def _interrupt_main() -> None:
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGTERM)  # wakes it where it waits, which interrupt_main() does not


def _terminate(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
