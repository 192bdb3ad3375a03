"""The breaker: stops a run in which most requests fail, before it wastes the rest."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Annotated

from instructgen.errors import EngineError, TooManyFailures
from instructgen.parameters import FRACTION, Count, check_parameters


@dataclass(frozen=True, slots=True)
class Breaker:
    """Stops a hopeless run: more than ``share`` of the last ``window`` requests failed, once ``after`` have ended."""

    share: Annotated[float, FRACTION] = 0.5
    after: Count = 20
    window: Count = 100

    def __post_init__(self) -> None:
        check_parameters(self)


class Outcomes:
    """How the latest requests ended."""

    def __init__(self, breaker: Breaker) -> None:
        self._breaker = breaker
        self._latest: deque[bool] = deque(maxlen=breaker.window)
        self._refused = 0

    def answered(self) -> None:
        """A request was answered."""
        self._latest.append(True)

    def failed(self, error: EngineError, *, replayed: int) -> TooManyFailures | None:
        """A request failed for good; returns the reason to stop, if this is one.

        Args:
            error: why it failed.
            replayed: completions that this run had from the store.
        """
        if not error.retryable:
            self._refused += 1
            # A resumed run asks for little else than what was refused before; its replayed answers count for it.
            if self._refused <= self._breaker.share * (self._refused + replayed):
                return None
        self._latest.append(False)
        ended, failed = len(self._latest), self._latest.count(False)
        if ended < self._breaker.after or failed <= self._breaker.share * ended:
            return None
        return TooManyFailures(
            f"{failed} of the last {ended} requests failed, the last one with: {error}\n"
            "Nothing that was answered is lost; the same command goes on once the cause is mended."
        )
