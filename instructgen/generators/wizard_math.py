"""WizardMath: questions become easier for some rounds (downward evolution), then harder (upward evolution).

Source: Luo et al., WizardMath: Empowering Mathematical Reasoning for Large Language Models via Reinforced
Evol-Instruct (arXiv 2308.09583), section 3.1.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from instructgen.contracts import Check, Completion, Context, Engine, Failed, Reject, Rejected, Request, Sampling
from instructgen.errors import EngineError
from instructgen.example import Example
from instructgen.filters import OnlyStopWords, Refusal, ShortApology
from instructgen.generators.evolution import Evolution
from instructgen.generators.operators import Operator
from instructgen.parameters import Count, Language, Natural
from instructgen.parsing.solutions import solution_label
from instructgen.prompts import Prompt

_UPWARD = ("add_constraints", "concretise", "add_reasoning")
_DOWNWARD = ("easier", "easier_topic")
_DRAWS = 1000  # more than the requests of one branch ever number, so that no two branches share a draw


@dataclass(frozen=True, slots=True)
class WizardMath(Evolution):
    """Makes mathematics questions easier, then harder, round after round, and answers each.

    See ``Evolution`` for the rounds, the failures and the parameters. By default two rounds go down and three go up,
    each from the question of the round before, with the operators of ``math_operators``. No judge compares the
    questions (``compare``), as the sizes of the paper's data imply: the seeds and thirty evolutions of each, less what
    came twice. A new question that comes with its solution is a failure, too (``solution``).

    Attributes:
        downward: the rounds, at the beginning, that make questions easier; the others make them harder. It says
            nothing when ``operators`` are given.
        branches: how many times each question is evolved, independently of each other; ``meta["branch"]`` counts
            them from 1, and more of them leave the first ones as they are.
    """

    BY: ClassVar[str] = "wizard_math"

    rounds: Count = 5
    compare: bool = False
    sampling: Sampling = field(default_factory=lambda: Sampling(temperature=0.7, max_tokens=2048))
    downward: Natural = 2
    branches: Count = 1

    @property
    def per_example(self) -> int:
        """Examples that one example can become."""
        return self.originals + self.branches * self.rounds

    def own_operators(self) -> Sequence[Operator]:
        """The paper's five: two for the first rounds, three for the others."""
        rounds = range(1, self.rounds + 1)
        return math_operators(self.language, rounds[: self.downward], rounds[self.downward :])

    def own_prompt(self) -> Prompt:
        """The text of the upward operators."""
        return Prompt.load("wizard_math/upward", language=self.language)

    def own_prompt_checks(self) -> Sequence[Check]:
        """What a model says when it will not rewrite is no question."""
        return (Refusal("instruction"),)

    def own_response_checks(self) -> Sequence[Check]:
        """Evol-Instruct's rules 2 and 3."""
        return (ShortApology(80), OnlyStopWords())

    def flaw(self, before: str, new: str) -> Reject | None:
        """A question that comes with its solution would be answered by it."""
        label = "" if solution_label(before) else solution_label(new)
        return Reject("solution", label, detail="the question comes with its solution") if label else None

    async def evolve(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected | Failed]:
        """The rounds of each branch."""
        made: list[list[Example | Rejected | Failed]] = [[] for _ in range(self.branches)]
        work = (self._branch(example, ctx, number, into) for number, into in enumerate(made, start=1))
        ended = await asyncio.gather(*work, return_exceptions=True)
        for branch in made:
            for one in branch:
                yield one
        if errors := [error for error in ended if error is not None]:
            raise min(errors, key=lambda error: isinstance(error, EngineError))  # a bug before all else

    async def _branch(
        self, example: Example, ctx: Context, number: int, into: list[Example | Rejected | Failed]
    ) -> None:
        """One branch. What it makes is taken as it comes, so that an error loses none of it."""
        start = example.child(f"{self.BY}/branch", index=number, meta={**example.meta, "branch": number})
        async for one in Evolution.evolve(self, start, _Branch(ctx, number)):
            into.append(one)


@dataclass(frozen=True, slots=True)
class _Branch:
    """The context of one of several evolutions of the same example, with draws and random numbers of its own."""

    whole: Context
    number: int

    @property
    def seeds(self) -> Sequence[Example]:
        """See Context.seeds."""
        return self.whole.seeds

    async def ask(self, engine: Engine, request: Request, *, draw: int = 0) -> Completion:
        """See Context.ask."""
        return await self.whole.ask(engine, request, draw=self._own(request, draw))

    def start(self, engine: Engine, request: Request, *, draw: int = 0) -> Awaitable[Completion]:
        """See Context.start."""
        return self.whole.start(engine, request, draw=self._own(request, draw))

    def random(self, *labels: object) -> Random:
        """See Context.random."""
        return self.whole.random("branch", self.number, *labels)

    def _own(self, request: Request, draw: int) -> int:
        # A greedy answer would be the same in every branch: it is asked for once.
        return draw if request.sampling.temperature == 0 else draw + _DRAWS * (self.number - 1)


def math_operators(
    language: Language = "en", downward: Iterable[int] = (1, 2), upward: Iterable[int] = (3, 4, 5)
) -> tuple[Operator, ...]:
    """The operators of WizardMath: ``easier`` and ``easier_topic`` (downward), ``add_constraints``, ``concretise`` and
    ``add_reasoning`` (upward).

    Args:
        language: of the prompts.
        downward: the rounds, from 1, in which questions become easier; empty for none.
        upward: the rounds in which they become harder.
    """

    def load(name: str) -> Prompt:
        return Prompt.load(f"wizard_math/{name}", language=language)

    down, up = tuple(downward), tuple(upward)
    easier = [Operator(name, prompt=load(name), rounds=down) for name in _DOWNWARD if down]
    harder = [Operator(name, load(name).text, load("upward"), rounds=up) for name in _UPWARD if up]
    return (*easier, *harder)
