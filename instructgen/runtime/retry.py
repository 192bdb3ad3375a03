"""When a failed request is sent again: after the server's own delay, else at once, then exponentially later, and never
beyond its deadline."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, TypeVar

from instructgen.contracts import Limits
from instructgen.errors import EngineError, Malformed

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")

_FIRST = 0.05  # seconds, at most: most errors are gone by then, and a crowd is spread out
_LONGEST = 60.0
_MALFORMED = 6  # such answers, about eight seconds: long enough for a proxy to come to its senses


@dataclass(slots=True)
class Deadline:
    """The end of a request's time. The clock starts when it first goes out, not while it waits its turn."""

    limits: Limits
    at: float = 0.0

    def start(self) -> float:
        """The end, in the loop's time; counted from the first call."""
        if not self.at:
            self.at = asyncio.get_running_loop().time() + self.limits.deadline
        return self.at


async def until_answered(
    attempt: Callable[[], Awaitable[T]],
    deadline: Deadline,
    *,
    jitter: Random,
    sleep: Callable[[float], Awaitable[None]],
    before_sleep: Callable[[RetryCallState], None],
) -> T:
    """Attempts until one succeeds.

    Args:
        attempt: sends the request once.
        deadline: started by the first attempt.
        jitter: spreads the attempts in time; nothing that is written depends on it.
        sleep: waits so many seconds between two attempts.
        before_sleep: told of every attempt that will be repeated.

    Raises:
        EngineError: it is not retryable, or the deadline would pass before the next attempt, or the server keeps
            sending what is no completion.
    """
    malformed = 0

    async def once() -> T:
        nonlocal malformed
        try:
            return await attempt()
        except Malformed:
            malformed += 1  # not every attempt: a server that was away may come back with one odd answer
            raise

    try:
        return await once()
    except EngineError as error:
        if not error.retryable:
            raise
        failed = [error]

    async def again() -> T:
        if failed:
            raise failed.pop()  # tenacity counts from the first attempt, which was made without it: it is slow
        return await once()

    def stop(state: RetryCallState) -> bool:
        late = _now() + delay(_error(state), state.attempt_number, 0.0) >= deadline.at
        return malformed >= _MALFORMED or late

    from tenacity import AsyncRetrying, retry_if_exception

    retrying = AsyncRetrying(
        retry=retry_if_exception(lambda error: isinstance(error, EngineError) and error.retryable),
        wait=lambda state: delay(_error(state), state.attempt_number, jitter.random()),
        stop=stop,
        sleep=sleep,
        before_sleep=before_sleep,
        reraise=True,
    )
    try:
        return await retrying(again)
    except EngineError as error:
        if isinstance(error, Malformed) and malformed >= _MALFORMED:
            error.add_note(f"given up after {_MALFORMED} such answers")
        elif error.retryable and not error.fatal:
            error.add_note(f"given up after the deadline of {deadline.limits.deadline:g} s")
        raise


def delay(error: BaseException | None, attempts: int, spread: float) -> float:
    """Seconds from a failed attempt to the next.

    Args:
        error: how it failed.
        attempts: how many were made.
        spread: a random number in [0, 1), so that requests that failed together do not come back together.
    """
    if isinstance(error, EngineError) and error.retry_after is not None:
        return error.retry_after + _FIRST * spread
    if attempts == 1:
        return _FIRST * spread
    longest = min(_LONGEST, 0.25 * 2.0 ** min(attempts - 1, 12))
    return longest * (1 - 0.5 * spread)


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome is not None else None


def _now() -> float:
    return asyncio.get_running_loop().time()
