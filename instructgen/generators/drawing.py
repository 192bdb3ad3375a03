"""Drawing: a source whose requests wait for nothing, because none of them depends on what the others were answered.

Magpie and Unnatural Instructions have this in common; Self-Instruct, whose pool grows, does not.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass, field
from typing import ClassVar

from instructgen.contracts import (
    Completion,
    Context,
    Engine,
    Engines,
    Failed,
    Reject,
    Rejected,
    Request,
    Sampling,
    engine_for,
)
from instructgen.errors import EngineError, RecipeError
from instructgen.example import Example
from instructgen.parameters import Count, check_parameters


@dataclass(frozen=True, slots=True)
class DrawSource(ABC):
    """A source that asks for one example at a time, again and again, each time with another draw.

    An example whose instruction and input came before, or are those of a seed, is rejected (``duplicate``).

    Attributes:
        engine: the model that writes the examples, or several that share the requests.
        requests: stop after so many; None leaves the end to the run's limit.
        lookahead: requests under way at once. It changes what is asked ahead of a limit, never the examples.
        patience: stop after so many requests in a row that gave nothing.
        sampling: how the examples are drawn; not greedily, or they would all be the same.
    """

    BY: ClassVar[str]
    grows: ClassVar[bool] = True  # each shard draws examples of its own
    per_request: ClassVar[float] = 1
    compares: ClassVar[bool] = True

    engine: Engine | Engines
    requests: Count | None = field(default=None, kw_only=True)
    lookahead: Count = field(default=32, kw_only=True)
    patience: Count = field(default=100, kw_only=True)
    sampling: Sampling = field(default=Sampling(), kw_only=True)

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.sampling.temperature == 0:
            raise RecipeError(
                f"{type(self).__name__} draws the same request many times: at temperature 0 each answer is the same."
            )

    @property
    def endless(self) -> bool:
        """Whether only the run's limit ends it."""
        return self.requests is None

    @abstractmethod
    def request(self, number: int) -> Request:
        """What to ask at place ``number``, from 0; the number is also the draw."""

    @abstractmethod
    def read(self, completion: Completion, number: int) -> Example | Rejected:
        """The example in a completion."""

    async def examples(self, ctx: Context) -> AsyncIterator[Example | Rejected | Failed]:
        """The examples in the order of the requests, and what is none in its place."""
        seen = {_content(seed): seed.id for seed in reversed(ctx.seeds)}
        waiting: deque[tuple[int, Awaitable[Completion]]] = deque()
        number = barren = 0
        while barren < self.patience:
            while len(waiting) < self.lookahead and (self.requests is None or number < self.requests):
                engine = engine_for(self.engine, ctx, number)
                waiting.append((number, ctx.start(engine, self.request(number), draw=number)))
                number += 1
            if not waiting:
                return
            entry = await self._entry(*waiting.popleft(), seen)
            barren = 0 if isinstance(entry, Example) else barren + 1
            yield entry

    async def _entry(
        self, number: int, answer: Awaitable[Completion], seen: dict[tuple[str, str], str]
    ) -> Example | Rejected | Failed:
        try:
            completion = await answer
        except EngineError as error:
            if error.fatal:
                raise
            return Failed(Example.root(self.BY, index=number, instruction=""), error)
        entry = self.read(completion, number)
        if isinstance(entry, Rejected):
            return entry
        first = seen.setdefault(_content(entry), entry.id)
        return entry if first == entry.id else Rejected(entry, Reject("duplicate", neighbour=first))


def _content(example: Example) -> tuple[str, str]:
    """What tells two examples apart; of a conversation its first question, from which it was made."""
    if first := next((turn.content for turn in example.history if turn.role == "user"), ""):
        return first.strip(), ""
    return example.instruction.strip(), example.input.strip()
