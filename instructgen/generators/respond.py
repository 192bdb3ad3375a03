"""Respond: a teacher model answers each instruction (response distillation)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from instructgen.contracts import (
    Context,
    Engine,
    Engines,
    Reject,
    Rejected,
    Request,
    Sampling,
    engine_for,
)
from instructgen.example import Example
from instructgen.generators.answering import answer_in, conversation
from instructgen.parameters import Count, check_parameters


@dataclass(frozen=True, slots=True)
class Respond:
    """Asks a teacher to answer each instruction and makes the answer the example's output.

    The prompt is the example itself: its system message, its earlier turns, then instruction and input. An answer that
    was cut off, filtered or empty is rejected (``truncated``, ``filtered``, ``empty``), never trained on.

    Attributes:
        engine: the teacher, or several that share the answers.
        draws: answers to each instruction; each becomes an example of its own.
        system: system message where the example has none; it is not kept in the example.
        sampling: how the answers are drawn.
    """

    engine: Engine | Engines
    draws: Count = 1
    system: str = ""
    sampling: Sampling = Sampling(temperature=0.7, max_tokens=2048)

    def __post_init__(self) -> None:
        check_parameters(self)

    @property
    def per_request(self) -> float:
        """Examples that one request can give, at the most."""
        return 1

    @property
    def per_example(self) -> int:
        """Examples that one example can become."""
        return self.draws

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """One example for each draw."""
        request = Request(messages=conversation(example, self.system), sampling=self.sampling)
        begin = ctx.start if self.draws > 1 else ctx.ask  # one answer needs no task of its own
        answers = [begin(engine_for(self.engine, ctx, draw), request, draw=draw) for draw in range(self.draws)]
        for draw, answer in enumerate(answers):
            completion = await answer
            output, fault = answer_in(completion)
            child = example.child("respond", calls=[completion.key], index=draw, output=output)
            yield Rejected(child, Reject(fault)) if fault else child
