"""What the runner hands to a source or generator: ask, start and random, and a note of the calls that were made."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from random import Random
from typing import Any

from instructgen.contracts import Completion, Engine, Request
from instructgen.errors import EngineError
from instructgen.example import Example
from instructgen.runtime.gateway import Gateway


class StageContext:
    """The Context of one source, or of one example in one generator.

    Attributes:
        parked: asks that wait for something other than an answer.
        idle: whether the work waits for the runner rather than for a completion.
    """

    __slots__ = (
        "_answered",
        "_asking",
        "_example_id",
        "_gateway",
        "_quiet",
        "_seed",
        "_spawn",
        "_stage",
        "idle",
        "parked",
        "seeds",
    )

    def __init__(
        self,
        gateway: Gateway,
        spawn: Callable[[Coroutine[Any, Any, None]], object],
        *,
        seed: int,
        stage: str,
        example_id: str,
        seeds: Sequence[Example],
    ) -> None:
        self.parked = 0
        self.idle = False
        self.seeds = seeds
        self._answered: set[tuple[int, str]] = set()
        self._asking = 0
        self._quiet = asyncio.Event()
        self._gateway = gateway
        self._spawn = spawn
        self._seed = seed
        self._stage = stage
        self._example_id = example_id

    async def ask(self, engine: Engine, request: Request, *, draw: int = 0) -> Completion:
        """See Context.ask."""
        self._asking += 1
        try:
            completion = await self._gateway.ask(self, engine, request, draw)
        finally:
            self._asked()
        self._answered.add((draw, completion.key))
        return completion

    def start(self, engine: Engine, request: Request, *, draw: int = 0) -> Awaitable[Completion]:
        """See Context.start."""
        future: asyncio.Future[Completion] = asyncio.get_running_loop().create_future()
        # Not everything that was started is awaited in the end; an unread error is no news then.
        future.add_done_callback(lambda done: done.cancelled() or done.exception())

        self._asking += 1

        async def run() -> None:
            try:
                completion = await self.ask(engine, request, draw=draw)
            except EngineError as error:
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(completion)
            finally:
                self._asked()

        self._spawn(run())
        return future

    @property
    def calls(self) -> list[str]:
        """Keys of the completions handed out so far, by draw and key: answers arrive in any order."""
        return [key for _, key in sorted(self._answered)]

    async def settled(self) -> None:
        """Wait until nothing is being asked any more, so that ``calls`` does not depend on what came first."""
        while self._asking:
            self._quiet.clear()
            await self._quiet.wait()

    def _asked(self) -> None:
        self._asking -= 1
        if not self._asking:
            self._quiet.set()

    def random(self, *labels: object) -> Random:
        """See Context.random."""
        return stage_random(self._seed, self._stage, self._example_id, *labels)


def stage_random(seed: int, stage: str, *labels: object) -> Random:
    """Random numbers that depend on nothing but these names, on every machine and in every order of arrival."""
    name = "\x1f".join([str(seed), stage, *map(str, labels)])
    return Random(int.from_bytes(hashlib.blake2b(name.encode("utf-8"), digest_size=16).digest(), "big"))
