"""How many requests one model gets at once, and how fast.

Concurrency adapts (additive increase, multiplicative decrease). A burst of refusals (429) is one signal: it lowers the
concurrency once and pauses everybody once; an isolated refusal delays nobody but its own request. No slot is held while
a request sleeps before its next attempt.
"""

from __future__ import annotations

import asyncio
from collections import deque

from instructgen.contracts import Limits

_RECENT = 16  # answers looked at to tell a burst of refusals from an isolated one
_BURST = 0.5  # share of refusals among them that makes a burst
_CUT = 0.7
_CUT_EVERY = 0.5  # seconds; requests sent before the last cut say nothing about the new concurrency


class Limiter:
    """Slots and rates for one engine identity. Belongs to one event loop."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self.window = float(limits.concurrency)
        self.active = 0
        self._waiters: deque[tuple[asyncio.Future[None], int]] = deque()
        self._recent: deque[bool] = deque(maxlen=_RECENT)
        self._not_before = 0.0
        self._last_cut = float("-inf")
        self._buckets = [
            (_Bucket(limits.requests_per_minute), False),
            (_Bucket(limits.tokens_per_minute), True),
        ]
        self._timer: asyncio.TimerHandle | None = None

    async def acquire(self, tokens: int) -> None:
        """Wait for a slot, in the order of asking; ``tokens`` is the request's estimated size."""
        now = asyncio.get_running_loop().time()
        if not self._waiters and self._delay(now) == 0 and self.active < int(self.window):
            self._take(now, tokens)
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((future, tokens))
        self._dispatch()
        try:
            await future
        except asyncio.CancelledError:
            if future.done() and not future.cancelled():
                self.release()
            raise

    def release(self) -> None:
        """Give the slot back."""
        self.active -= 1
        self._dispatch()

    def flush(self) -> None:
        """Let everybody through at once: they are to find out that the run has stopped."""
        while self._waiters:
            future, _ = self._waiters.popleft()
            if not future.done():
                self.active += 1
                future.set_result(None)

    def settle(self, estimated: int, used: int) -> None:
        """Correct the token rate once the server has said what a request really took."""
        for bucket, in_tokens in self._buckets:
            if in_tokens:
                bucket.level += estimated - used

    def accepted(self) -> None:
        """The server took a request: one more slot for every window of these."""
        self._recent.append(True)
        if self.window < self._limits.concurrency:
            self.window = min(self.window + 1 / self.window, self._limits.concurrency)
            self._dispatch()

    def refused(self, retry_after: float | None) -> None:
        """The server refused a request for its rate (429)."""
        now = asyncio.get_running_loop().time()
        self._recent.append(False)
        refusals = self._recent.count(False)
        if not self._limits.adaptive or refusals < 3 or refusals < _BURST * len(self._recent):
            return
        if now - self._last_cut >= _CUT_EVERY and now >= self._not_before:
            self._last_cut = now
            self.window = max(1.0, self.window * _CUT)
            self._not_before = now + (1.0 if retry_after is None else retry_after)
            self._recent.clear()

    def _delay(self, now: float) -> float:
        """Seconds until the pause and the rates let the next request go."""
        delays = [bucket.delay(now) for bucket, _ in self._buckets]
        return max(self._not_before - now, 0.0, *delays)

    def _take(self, now: float, tokens: int) -> None:
        self.active += 1
        for bucket, in_tokens in self._buckets:
            bucket.take(now, tokens if in_tokens else 1)

    def _dispatch(self) -> None:
        """Admit as many waiters as there is room for: a window that grew by several admits several."""
        loop = asyncio.get_running_loop()
        while self._waiters and self.active < int(self.window):
            future, tokens = self._waiters[0]
            if future.done():
                self._waiters.popleft()
                continue
            delay = self._delay(loop.time())
            if delay > 0:
                if self._timer is None:
                    self._timer = loop.call_later(delay, self._again)
                return
            self._waiters.popleft()
            self._take(loop.time(), tokens)
            future.set_result(None)

    def _again(self) -> None:
        self._timer = None
        self._dispatch()


class _Bucket:
    """A rate: opens while its level is positive and may go into debt, so that a large request is never starved."""

    def __init__(self, per_minute: float | None) -> None:
        self._rate = None if per_minute is None else per_minute / 60
        self.level = self._rate or 0.0
        self._at: float | None = None

    def delay(self, now: float) -> float:
        if self._rate is None:
            return 0.0
        self._refill(now)
        return 0.0 if self.level > 0 else (1e-3 - self.level) / self._rate

    def take(self, now: float, amount: int) -> None:
        if self._rate is not None:
            self._refill(now)
            self.level -= amount

    def _refill(self, now: float) -> None:
        assert self._rate is not None
        if self._at is not None:
            self.level = min(self.level + (now - self._at) * self._rate, self._rate)
        self._at = now
