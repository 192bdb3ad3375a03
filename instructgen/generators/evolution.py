"""Evolution: a prompt is rewritten round after round, and each new one answered (Evol-Instruct and its relatives).

Source: Xu et al., WizardLM: Empowering Large Language Models to Follow Complex Instructions
(arXiv 2304.12244), section 3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

from instructgen.contracts import (
    Check,
    Completion,
    Context,
    Engine,
    Engines,
    Failed,
    Reject,
    Rejected,
    Remembering,
    Request,
    Sampling,
    engine_for,
)
from instructgen.errors import EngineError, ParseError, RecipeError
from instructgen.example import Example
from instructgen.filters.copied_scaffold import EVOLUTION_SCAFFOLD
from instructgen.filters.words import first_phrase
from instructgen.generators.answering import answer_in, conversation, cut, whole_prompt
from instructgen.generators.judging import JUDGING, Undecided, ask_judge
from instructgen.generators.operators import Operator, drawable
from instructgen.parameters import Count, Language, check_parameters
from instructgen.parsing import holds_data, rewritten_prompt, scaffold_labels, verdict
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt


@dataclass(frozen=True, slots=True)
class Evolution(ABC):
    """A generator that evolves each example for some rounds, one operator a round.

    Each round draws an operator, has the prompt rewritten and the new one answered, and looks whether the evolution
    failed. A success is yielded and evolved further; a failure is yielded as rejected, and the next round starts from
    the same prompt again, with another draw. Instruction and input are evolved as one text, which becomes the new
    instruction; ``meta`` tells ``round``, ``operator`` and ``evolved_from``, the text before.

    Failures are, in the order in which they are looked for: the rewriting was cut off or blocked (``truncated``,
    ``filtered``) or has no text (``unparsable``); the prompt is the same (``no_gain``); it copies words of the scaffold
    (``scaffold``); it does not pass ``prompt_checks``; it lacks the data it was to get (``no_data``); the judge finds
    it equal to the old one (``no_gain``) or says nothing readable (``undecided``); the answer is cut off, blocked or
    ``empty``; it does not pass ``response_checks``. An example that has no text to evolve is rejected at once
    (``empty_instruction``).

    Attributes:
        engine: the model that rewrites and answers, or several that share the work.
        rounds: how often each example is evolved.
        operators: the ways to evolve; None for the method's own.
        originals: yield each example itself, too, first and answered if it has no output.
        judge: the model that compares the old prompt with the new one; None for the engine itself.
        compare: whether they are compared at all.
        attempts: how often the judge is asked when its answer cannot be read.
        undecided: ``drop`` or ``keep`` (with ``meta["undecided"]``) what it then says nothing about.
        prompt_checks: what a new prompt must pass; None for the method's own.
        response_checks: what its answer must pass; None for the method's own.
        language: of the prompts.
        equality: one's own text for the judge, with the slots ``original`` and ``evolved``.
        sampling: how prompts and answers are drawn.
        judging: how verdicts are drawn.
    """

    BY: ClassVar[str]

    engine: Engine | Engines
    rounds: Count = 4
    operators: tuple[Operator, ...] | None = None
    originals: bool = True
    judge: Engine | Engines | None = None
    compare: bool = True
    attempts: Count = 2
    undecided: Undecided = "drop"
    prompt_checks: tuple[Check, ...] | None = None
    response_checks: tuple[Check, ...] | None = None
    language: Language = "en"
    equality: Prompt | None = None
    sampling: Sampling = field(default_factory=lambda: Sampling(temperature=1.0, top_p=0.9, max_tokens=2048))
    judging: Sampling = JUDGING

    def __post_init__(self) -> None:
        name = type(self).__name__
        check_parameters(self)
        # Set here, so that the manifest records the choice and not that there was none.
        operators = self._complete(self.own_operators() if self.operators is None else self.operators)
        object.__setattr__(self, "operators", tuple(operators))
        for part, own in (("prompt_checks", self.own_prompt_checks), ("response_checks", self.own_response_checks)):
            given = getattr(self, part)
            object.__setattr__(self, part, checked_checks(own() if given is None else given, f"{name}({part}=…)"))
        settle_prompt(self, "evol_instruct/equality", field="equality", needed=("original", "evolved"))

    def _complete(self, operators: Sequence[Operator]) -> list[Operator]:
        if twice := [name for name, count in Counter(one.name for one in operators).items() if count > 1]:
            raise RecipeError(
                f"two operators of {type(self).__name__} are called {twice[0]!r}.\nGive each its own name."
            )
        own = [replace(one, prompt=self.own_prompt()) if one.prompt is None else one for one in operators]
        for number in range(1, self.rounds + 1):
            if not drawable(own, number):
                raise RecipeError(f"{type(self).__name__} has no operator for round {number}.")
        return own

    @property
    def per_request(self) -> float:
        """Examples that one request can give, at the most."""
        return self.per_example / ((self.per_example - self.originals) * (2 + self.compare))

    @property
    def per_example(self) -> int:
        """Examples that one example can become."""
        return self.originals + self.rounds

    @abstractmethod
    def own_operators(self) -> Sequence[Operator]:
        """The operators of the method."""

    @abstractmethod
    def own_prompt(self) -> Prompt:
        """The text for operators that bring only a method; its slots are ``method`` and ``prompt``."""

    def choice(self, before: Example, number: int) -> Sequence[Operator]:
        """The operators of which one is drawn for this example in this round."""
        return drawable(self.operators or (), number)

    def shown(self, operator: Operator, before: Example, number: int, ctx: Context) -> str:
        """The text that the operator is to change."""
        return whole_prompt(before)

    def own_prompt_checks(self) -> Sequence[Check]:
        """The checks of the method on a new prompt."""
        return ()

    def own_response_checks(self) -> Sequence[Check]:
        """The checks of the method on an answer."""
        return ()

    def flaw(self, before: str, new: str) -> Reject | None:
        """What else shows that a text is no new prompt, told from the one before it."""
        return None

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected | Failed]:
        """The original, then what comes of its evolution."""
        if not whole_prompt(example).strip():
            yield Rejected(example.child(self.BY), Reject("empty_instruction"))
            return
        if self.originals:
            yield await self._original(example, ctx)
        async for made in self.evolve(example, ctx):
            yield made

    async def evolve(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected | Failed]:
        """The result of each round."""
        current = example
        for number in range(1, self.rounds + 1):
            made = await Round(self, current, number, ctx).result()
            yield made
            if isinstance(made, Example):
                current = made

    async def _original(self, example: Example, ctx: Context) -> Example | Rejected | Failed:
        changes: dict[str, Any] = {"meta": {**example.meta, "round": 0}}
        by = f"{self.BY}/original"
        if example.output:
            return example.child(by, **changes)
        try:
            completion, output, reject = await self.answer(example, ctx, 0)
        except EngineError as error:
            if not error.final:
                raise
            return Failed(example.child(by, **changes), error)
        child = example.child(by, calls=[completion.key], output=output, **changes)
        reject = reject or first_reject(child, self.response_checks)
        return child if reject is None else Rejected(child, reject)

    async def answer(self, example: Example, ctx: Context, number: int) -> tuple[Completion, str, Reject | None]:
        """The answer to an example's prompt, and why it is none."""
        request = Request(messages=conversation(example), sampling=self.sampling)
        completion = await ctx.ask(engine_for(self.engine, ctx, "answer", number), request)
        output, fault = answer_in(completion)
        return completion, output, Reject(fault, detail="the answer") if fault else None


class Round:
    """One round of one example: what is asked, and what comes of it."""

    def __init__(self, method: Evolution, before: Example, number: int, ctx: Context) -> None:
        random = ctx.random("operator", number)
        choice = method.choice(before, number)
        self._operator = random.choices(choice, [one.weight for one in choice])[0]
        self._format = random.choice(self._operator.formats) if self._operator.formats else None
        self._method = method
        self._before = before
        self._old = method.shown(self._operator, before, number, ctx)
        self._number = number
        self._ctx = ctx
        self._calls: list[str] = []
        told = {name: value for name, value in before.meta.items() if name != "undecided"}
        self._meta: dict[str, Any] = {**told, "round": number, "operator": self._operator.name}
        self._meta["evolved_from"] = self._old

    async def result(self) -> Example | Rejected | Failed:
        """The new prompt with its answer, or at what it failed."""
        made = await self.evolved()
        return await self.answered(made) if isinstance(made, Example) else made

    async def evolved(self) -> Example | Rejected | Failed:
        """The new prompt, not answered yet, or at what it failed."""
        try:
            return await self._evolved()
        except EngineError as error:
            return self._unanswered(error)

    async def answered(self, evolved: Example) -> Example | Rejected | Failed:
        """A new prompt with its answer, or at what that failed."""
        try:
            return await self._answered(evolved)
        except EngineError as error:
            return self._unanswered(error, evolved.instruction)

    async def _evolved(self) -> Example | Rejected:
        method = self._method
        completion = await self._rewrite()
        if code := cut(completion):
            return self._rejected(Reject(code, detail="the new prompt"), completion.text)
        assert self._operator.prompt is not None
        labels = scaffold_labels(self._operator.prompt.text)
        try:
            new = rewritten_prompt(completion.text, (*labels, *EVOLUTION_SCAFFOLD))
        except ParseError as error:
            return self._rejected(Reject("unparsable", detail=str(error)), output=completion.text)
        evolved = self._made(new)
        reject = self._copied(new, labels) or first_reject(evolved, method.prompt_checks)
        reject = reject or method.flaw(self._old, new) or self._bare(new) or await self._compared(new)
        return self._made(new) if reject is None else self._rejected(reject, new)

    async def _answered(self, evolved: Example) -> Example | Rejected:
        completion, output, reject = await self._method.answer(evolved, self._ctx, self._number)
        self._calls.append(completion.key)
        answered = self._made(evolved.instruction, output)
        reject = reject or first_reject(answered, self._method.response_checks)
        return answered if reject is None else Rejected(answered, reject)

    async def _rewrite(self) -> Completion:
        engine = engine_for(self._method.engine, self._ctx, "evolve", self._number)
        request = Request.chat(self._operator.render(self._old, self._format), sampling=self._method.sampling)
        # The round is the draw: a prompt that failed may meet the same operator again, and needs a fresh sample.
        completion = await self._ctx.ask(engine, request, draw=self._number)
        self._calls.append(completion.key)
        return completion

    def _copied(self, new: str, labels: Sequence[str]) -> Reject | None:
        """What shows without asking anybody that this is no new prompt."""
        if _plain(new) == _plain(self._old):
            return Reject("no_gain", detail="the same text")
        # Only what the old prompt did not say itself was copied.
        phrases = (*EVOLUTION_SCAFFOLD, *labels)
        if copied := first_phrase(new, [one for one in phrases if not first_phrase(self._old, [one])]):
            return Reject("scaffold", copied, detail="in the instruction")
        return None

    def _bare(self, new: str) -> Reject | None:
        """Whether the new prompt lacks the data that it was to get."""
        if self._format is None or holds_data(new, self._format.kind):
            return None
        return Reject("no_data", self._format.kind, detail="it is not in the new prompt")

    async def _compared(self, new: str) -> Reject | None:
        method = self._method
        if not method.compare:
            return None
        assert method.equality is not None
        request = Request.chat(method.equality.render(original=self._old, evolved=new), sampling=method.judging)
        labels = ("judge", self._number)
        judge = method.engine if method.judge is None else method.judge
        equal, calls = await ask_judge(self._ctx, judge, request, verdict, attempts=method.attempts, labels=labels)
        self._calls += calls
        if equal is None and method.undecided == "keep":
            self._meta["undecided"] = True
            return None
        if equal is None:
            return Reject("undecided", detail="the judge said neither Equal nor Not Equal")
        return Reject("no_gain", detail="the judge finds both prompts equal") if equal else None

    def _made(self, instruction: str, output: str = "") -> Example:
        return self._before.child(
            f"{self._method.BY}/{self._operator.name}",
            calls=self._calls,
            index=self._number,
            instruction=instruction,
            input="",
            output=output,
            candidates=(),
            scores={},
            meta=self._meta,
        )

    def _unanswered(self, error: EngineError, instruction: str = "") -> Failed:
        """What stands for a request that can never be answered; any other error ends all rounds."""
        if not error.final:
            raise error
        return Failed(self._made(instruction), error)

    def _rejected(self, reject: Reject, instruction: str = "", output: str = "") -> Rejected:
        return Rejected(self._made(instruction, output), reject)


def checked_checks(checks: Sequence[Check], place: str) -> tuple[Check, ...]:
    """The checks, if each can decide on one example by itself.

    Raises:
        RecipeError: they are no tuple of checks, or one remembers what was kept, as novelty does.
    """
    for check in checks:
        if isinstance(check, Remembering):
            raise RecipeError(
                f"{place} holds {type(check).__name__}, which compares with what was kept; here nothing is yet.\n"
                "Put it into a Filter behind this stage."
            )
    return tuple(checks)


def first_reject(example: Example, checks: Sequence[Check] | None) -> Reject | None:
    """The reject of the first check that the example does not pass."""
    return next((reject for check in checks or () if (reject := check(example)) is not None), None)


def _plain(text: str) -> str:
    """Without differences of case and white space; signs count, since 3 + 4 is not 3 - 4."""
    return " ".join(text.split()).casefold()
