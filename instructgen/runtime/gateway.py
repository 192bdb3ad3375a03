"""The only way to a model: store → join → budget → limiter → engine → record.

Retries live here and nowhere else. A request that cannot be sent is *parked*: whatever needs it waits, everything
before it in the stream is still decided, and the runner acts when nothing else can move. A run begins that way, with
every miss parked: only when the recorded completions can carry it no further are the parked requests released (so a
run that was finished once asks for nothing, however far its stages work ahead). After a fatal error, at the end of the
budget or on Ctrl-C, and for what a recording lacks, parked requests wait for ever and the run ends before them.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from random import Random
from typing import TYPE_CHECKING, NoReturn, Protocol, get_args

from instructgen.contracts import Completion, Engine, Finish, Request
from instructgen.errors import EngineError, InstructGenError, RateLimited, RecipeError, Unavailable
from instructgen.recording import Record, canonical, key_of_text, key_seed
from instructgen.runtime.breaker import Breaker, Outcomes
from instructgen.runtime.budget import Budget, Ledger
from instructgen.runtime.limiter import Limiter
from instructgen.runtime.retry import Deadline, until_answered
from instructgen.runtime.store import Store
from instructgen.runtime.telemetry import Telemetry
from instructgen.runtime.tokens import estimated_tokens
from instructgen.strict_json import writable

if TYPE_CHECKING:
    from tenacity import RetryCallState

_LOOK_AGAIN = 0.02  # seconds of waiting after which another process may well have recorded the answer
_log = logging.getLogger("instructgen")


class _Parked(Exception):
    """This request will not be answered in this execution."""


class _Recorded(Exception):
    """Another process recorded the answer while this one waited for its turn."""

    def __init__(self, completion: Completion) -> None:
        self.completion = completion


class Asker(Protocol):
    """Who asks; ``parked`` counts its requests that wait for something other than an answer."""

    parked: int


@dataclass(slots=True)
class _Lane:
    """What the gateway keeps for one engine."""

    engine: Engine
    limiter: Limiter
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    opened: bool = False


class Gateway:
    """Answers requests from what is recorded and asks for the rest. Belongs to one event loop.

    Attributes:
        parked: the requests that wait, by key; their ``completion`` holds the key only.
        stopped: why no new request is sent any more; None while they are.
        telemetry: what was done.
        changed: set whenever a request is parked or comes back.
    """

    def __init__(
        self,
        store: Store,
        *,
        seed: int,
        budget: Budget = Budget(),
        breaker: Breaker = Breaker(),
        sending: bool = True,
    ) -> None:
        self.parked: dict[str, Record] = {}
        self.stopped: BaseException | None = None
        self.telemetry = Telemetry()
        self.changed = asyncio.Event()
        self._store = store
        self._seed = seed
        self._sending = sending
        self._ledger = Ledger(budget)
        self._outcomes = Outcomes(breaker)
        self._jitter = Random()
        self._lanes: dict[int, _Lane] = {}
        self._flights: dict[str, asyncio.Task[Completion]] = {}
        self._waiting: Counter[str] = Counter()
        self._stop = asyncio.Event()
        self._released = asyncio.Event()

    @property
    def flying(self) -> int:
        """Requests that are being answered."""
        return len(self._flights)

    async def ask(self, asker: Asker, engine: Engine, request: Request, draw: int) -> Completion:
        """The completion of this request; waits for ever when it will not be answered in this execution.

        Raises:
            EngineError: it failed for good.
        """
        seed, text = key_seed(request, self._seed), canonical(request)
        address = key_of_text(engine.identity, text, draw, seed)
        if isinstance(self.stopped, KeyboardInterrupt):
            await self._park(asker, Record(engine.identity, request, draw, seed, Completion("", key=address), text))
        known = self._recall(engine, address)
        if known is not None:
            self.telemetry.answered(engine, known, new=False)
            return known
        row = Record(engine.identity, request, draw, seed, Completion("", key=address), text)
        if not self._released.is_set():
            await self._hold(asker, row)
            known = self._recall(engine, address)  # another process may have recorded it meanwhile
            if known is not None:
                self.telemetry.answered(engine, known, new=False)
                return known
        if self.stopped is not None or hasattr(engine, "recall"):
            await self._park(asker, row)
        flight = self._flights.get(address)
        if flight is None:
            flight = asyncio.get_running_loop().create_task(self._fly(engine, row))
            self._flights[address] = flight
            flight.add_done_callback(lambda done: self._landed(address, done))
        else:
            self.telemetry.joined += 1
        try:
            # A stage that is no longer wanted must not take a request with it that is already paid for.
            return await asyncio.shield(flight)
        except _Parked:
            return await self._park(asker, row)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if not flight.cancelled() or (task is not None and task.cancelling()):
                raise
            return await self._park(asker, row)

    def release(self) -> bool:
        """Send what is parked only because the recorded completions went first; False when there is nothing to send."""
        if self._released.is_set() or not self._sending or self.stopped is not None:
            return False
        self._released.set()
        return True

    def stop(self, reason: BaseException) -> None:
        """Send nothing new from now on; what is in flight is finished and recorded."""
        if self.stopped is None:
            self.stopped = reason
            self._stop.set()
            for lane in self._lanes.values():
                lane.limiter.flush()
            self.changed.set()

    async def drain(self, seconds: float | None) -> None:
        """Wait until what is in flight is recorded, at most so long; then drop the rest."""
        flights = list(self._flights.values())
        if flights:
            _, late = await asyncio.wait(flights, timeout=seconds)
            for flight in late:
                flight.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def close(self) -> None:
        """Close the engines that were asked, also one that failed to open."""
        for lane in self._lanes.values():
            close: Callable[[], Awaitable[None]] | None = getattr(lane.engine, "close", None)
            if close is not None:
                await close()

    def _recall(self, engine: Engine, address: str) -> Completion | None:
        stored = self._store.get(address)
        if stored is not None:
            return stored
        recall: Callable[[str], Completion | None] | None = getattr(engine, "recall", None)
        return recall(address) if recall is not None else None

    async def _hold(self, asker: Asker, row: Record) -> None:
        """Wait until the recorded completions have carried the run as far as they can."""
        with self._parking(asker, row):
            await self._released.wait()

    async def _park(self, asker: Asker, row: Record) -> NoReturn:
        """Wait for ever; the runner ends around it."""
        with self._parking(asker, row):
            await asyncio.get_running_loop().create_future()
        raise AssertionError("nobody resolves this future")

    @contextmanager
    def _parking(self, asker: Asker, row: Record) -> Iterator[None]:
        """Count a request as parked for as long as somebody waits for it."""
        self.parked.setdefault(row.key, row)
        self._waiting[row.key] += 1
        asker.parked += 1
        self.changed.set()
        try:
            yield
        finally:
            asker.parked -= 1
            self._waiting[row.key] -= 1
            if not self._waiting[row.key]:
                del self._waiting[row.key], self.parked[row.key]

    def _landed(self, address: str, flight: asyncio.Task[Completion]) -> None:
        del self._flights[address]
        self.changed.set()
        if not flight.cancelled():
            flight.exception()  # whoever asked has it; without an asker nobody needs it

    async def _fly(self, engine: Engine, row: Record) -> Completion:
        """From a miss to a recorded completion."""
        try:
            lane = await self._lane(engine)
            reserved = await self._ledger.reserve(engine, row.request)
            completion, deadline = None, Deadline(engine.limits)
            request = replace(row.request, seed=int(row.key[:8], 16) & 0x7FFFFFFF)
            try:
                completion = await until_answered(
                    lambda: self._attempt(lane, request, deadline, row.key),
                    deadline,
                    jitter=self._jitter,
                    sleep=self._sleep,
                    before_sleep=self._count_retry,
                )
            finally:
                self._ledger.settle(reserved, engine, completion, sent=deadline.at > 0)
            try:
                recorded = await self._store.put(replace(row, completion=_whole(completion, row.key)))
            finally:
                lane.limiter.release()
        except _Recorded as found:
            self.telemetry.answered(engine, found.completion, new=False)
            return found.completion
        except InstructGenError as error:
            self._failed(error)
            if not isinstance(error, EngineError) or error.fatal:
                raise _Parked from error
            raise
        self._outcomes.answered()
        self.telemetry.answered(engine, recorded, new=True)
        return recorded

    def _failed(self, error: InstructGenError) -> None:
        """Count a request that failed for good; stop the run when going on makes no sense."""
        if not isinstance(error, EngineError) or error.fatal:
            self.stop(error)
            return
        hopeless = self._outcomes.failed(error, replayed=self.telemetry.replayed)
        if hopeless is not None:
            self.stop(hopeless)

    async def _lane(self, engine: Engine) -> _Lane:
        """The engine's lane, opened at the first miss."""
        lane = self._lanes.get(id(engine))
        if lane is None:
            lane = self._lanes[id(engine)] = _Lane(engine, Limiter(engine.limits))
        if lane.opened:
            return lane
        async with lane.lock:
            if self.stopped is not None:
                raise _Parked
            if not lane.opened:
                opening: Callable[[], Awaitable[None]] | None = getattr(engine, "open", None)
                if opening is not None:
                    try:
                        await opening()
                    except EngineError as error:
                        error.fatal = True
                        raise
                lane.opened = True
                await self._note_address(engine)
        return lane

    async def _note_address(self, engine: Engine) -> None:
        address: str | None = getattr(engine, "address", None)
        if address is None:
            return
        others = await self._store.note_address(engine.identity, address)
        if others:
            self.telemetry.errors["identity at several addresses"] += 1
            _log.warning(
                "%s answered from %s before and is now asked at %s. If these are different models, tell them apart "
                "with revision=.",
                engine.identity,
                ", ".join(others),
                address,
            )

    async def _attempt(self, lane: _Lane, request: Request, deadline: Deadline, key: str) -> Completion:
        """Send it once. An answer keeps its slot until it is recorded, so that a crash loses no more than there are."""
        tokens = estimated_tokens(request) + (request.sampling.max_tokens or 0)
        began = _now()
        await self._slot(lane, tokens)
        if _now() - began > _LOOK_AGAIN and (known := self._store.get(key)) is not None:
            lane.limiter.release()
            raise _Recorded(known)
        self.telemetry.sent(+1)
        answered = False
        try:
            async with asyncio.timeout_at(min(deadline.start(), _now() + lane.engine.limits.timeout)):
                completion = await lane.engine.complete(request)
            _check(lane.engine, completion)
            answered = True
        except TimeoutError:
            raise self._error(lane, Unavailable("no answer in time")) from None
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise self._error(lane, Unavailable("the engine cancelled the request")) from None
        except EngineError as error:
            self._error(lane, error)
            raise  # as it is: its own cause says what the network did
        finally:
            self.telemetry.sent(-1)
            if not answered:
                lane.limiter.release()
        lane.limiter.accepted()
        if completion.usage.prompt is not None and completion.usage.completion is not None:
            lane.limiter.settle(tokens, completion.usage.prompt + completion.usage.completion)
        return completion

    async def _slot(self, lane: _Lane, tokens: int) -> None:
        """Wait for the limiter, or for the stop."""
        if self.stopped is not None:
            raise _Parked
        await lane.limiter.acquire(tokens)
        if self.stopped is not None:
            lane.limiter.release()
            raise _Parked

    def _error(self, lane: _Lane, error: EngineError) -> EngineError:
        self.telemetry.errors[type(error).__name__] += 1
        if isinstance(error, RateLimited):
            lane.limiter.refused(error.retry_after)
        return error

    async def _sleep(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stop.wait()
        except TimeoutError:
            self._ledger.again()
            return
        raise _Parked

    def _count_retry(self, state: RetryCallState) -> None:
        self.telemetry.retries += 1


def _now() -> float:
    return asyncio.get_running_loop().time()


def _check(engine: Engine, completion: object) -> None:
    """Raise RecipeError for what no engine may answer: engines are users' code, too."""
    if not isinstance(completion, Completion):
        problem = f"{type(completion).__name__}; an engine returns a Completion"
    elif not isinstance(completion.text, str) or not isinstance(completion.reasoning, str):
        problem = f"a Completion whose text is {type(completion.text).__name__}; it is a str"
    elif completion.finish not in get_args(Finish):
        problem = f"a Completion with finish={completion.finish!r}; it is one of {', '.join(get_args(Finish))}"
    else:
        return
    raise RecipeError(f"{engine.identity} answered {problem}.")


def _whole(completion: Completion, key: str) -> Completion:
    """The completion as it is recorded: under its key, with U+FFFD for lone surrogates, which no file can hold."""
    return replace(completion, text=writable(completion.text), reasoning=writable(completion.reasoning), key=key)
