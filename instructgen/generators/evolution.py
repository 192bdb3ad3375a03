"""Evolution: a prompt is rewritten round after round, and each new one answered (Evol-Instruct and its relatives).

Source: Xu et al., WizardLM: Empowering Large Language Models to Follow Complex Instructions
(arXiv 2304.12244), section 3.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from math import inf
from typing import Any, ClassVar

from instructgen.contracts import (
    Check,
    Completion,
    Context,
    Engine,
    Engines,
    Reject,
    Rejected,
    Remembering,
    Request,
    Sampling,
    checked_engine,
    engine_for,
)
from instructgen.errors import ParseError, RecipeError
from instructgen.example import Example
from instructgen.filters.copied_scaffold import EVOLUTION_SCAFFOLD
from instructgen.filters.filter import Filter, Language
from instructgen.filters.words import first_phrase
from instructgen.generators.answering import answer_in, conversation, cut, whole_prompt
from instructgen.generators.judging import JUDGING, Undecided, ask_judge
from instructgen.parsing import DataKind, holds_data, rewritten_prompt, scaffold_labels, verdict
from instructgen.prompts import Prompt
from instructgen.prompts.checked import checked_prompt


@dataclass(frozen=True, slots=True)
class DataFormat:
    """A kind of data that an operator puts into a prompt.

    Attributes:
        kind: what must be found in the result, see ``holds_data``.
        title: what the prompt calls it (slot ``format``).
        demonstration: a prompt before and after, to show the model (slot ``demonstration``).
    """

    kind: DataKind
    title: str
    demonstration: Prompt

    def __post_init__(self) -> None:
        holds_data("", self.kind)


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to make a new prompt of an old one.

    Attributes:
        name: what ``by``, ``meta["operator"]`` and the counts call it.
        method: how the prompt is to be changed (slot ``method``).
        prompt: the text that is sent, with the slot ``prompt``; None for the evolution's own, which needs a method.
        formats: kinds of data of which one is drawn and must then be in the result.
        rounds: the rounds, from 1, in which it is drawn; empty for all.
        weight: how often it is drawn, in proportion to the others.
    """

    name: str
    method: str = ""
    prompt: Prompt | None = None
    formats: tuple[DataFormat, ...] = ()
    rounds: tuple[int, ...] = ()
    weight: float = 1.0

    def __post_init__(self) -> None:
        weighed = isinstance(self.weight, int | float) and 0 < self.weight < inf
        if not isinstance(self.name, str) or not self.name or not weighed:
            raise RecipeError("an Operator needs a name, and a weight above 0.")
        if not isinstance(self.rounds, tuple) or not all(type(number) is int for number in self.rounds):
            raise RecipeError(f"Operator({self.name!r}, rounds={self.rounds!r}): a tuple of numbers, as (1, 2).")
        if not isinstance(self.prompt, Prompt | None):
            kind = type(self.prompt).__name__
            raise RecipeError(f"the prompt of Operator({self.name!r}) is a {kind}.\nMake it a Prompt: Prompt(text).")
        if self.prompt is None and not self.method:
            raise RecipeError(f"Operator({self.name!r}) says neither how to change a prompt (method) nor what to send.")
        if self.prompt is not None:
            self._check_slots(self.prompt)

    def _check_slots(self, prompt: Prompt) -> None:
        given = {"prompt", *(["method"] if self.method else []), *(["format", "demonstration"] if self.formats else [])}
        if "prompt" not in prompt.slots or not set(prompt.slots) <= given:
            raise RecipeError(
                f"the prompt of Operator({self.name!r}) has the slots {', '.join(prompt.slots) or 'none'}; "
                f"it needs prompt, and may have {', '.join(sorted(given - {'prompt'})) or 'no other'}."
            )

    def render(self, prompt: str, format: DataFormat | None) -> str:
        """What to send for this prompt."""
        assert self.prompt is not None
        values = {"prompt": prompt, "method": self.method}
        if format is not None:
            values |= {"format": format.title, "demonstration": format.demonstration.render()}
        return self.prompt.render(**{name: values[name] for name in self.prompt.slots})


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
    ``empty``; it does not pass ``response_checks``.

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
    rounds: int = 4
    operators: tuple[Operator, ...] | None = None
    originals: bool = True
    judge: Engine | Engines | None = None
    compare: bool = True
    attempts: int = 2
    undecided: Undecided = "drop"
    prompt_checks: tuple[Check, ...] | None = None
    response_checks: tuple[Check, ...] | None = None
    language: Language = "en"
    equality: Prompt | None = None
    sampling: Sampling = field(default_factory=lambda: Sampling(temperature=1.0, top_p=0.9, max_tokens=2048))
    judging: Sampling = JUDGING

    def __post_init__(self) -> None:
        name = type(self).__name__
        checked_engine(self.engine, name)
        if self.judge is not None:
            checked_engine(self.judge, f"{name}'s judge")
        for number in ("rounds", "attempts"):
            value = getattr(self, number)
            if type(value) is not int or value < 1:
                raise RecipeError(f"{name}({number}={value!r}): it is a whole number of at least 1.")
        if self.undecided not in ("drop", "keep"):
            raise RecipeError(f'{name}(undecided={self.undecided!r}): it is "drop" or "keep".')
        if not isinstance(self.sampling, Sampling) or not isinstance(self.judging, Sampling):
            raise RecipeError(f"{name} takes a Sampling for sampling and for judging.")
        # Set here, so that the manifest records the choice and not that there was none.
        operators = self._complete(self.own_operators() if self.operators is None else self.operators)
        object.__setattr__(self, "operators", tuple(operators))
        for part, own in (("prompt_checks", self.own_prompt_checks), ("response_checks", self.own_response_checks)):
            given = getattr(self, part)
            object.__setattr__(self, part, checked_checks(own() if given is None else given, f"{name}({part}=…)"))
        equality = self.equality or Prompt.load("evol_instruct/equality", language=self.language)
        object.__setattr__(self, "equality", checked_prompt(equality, name, needed=("original", "evolved")))

    def _complete(self, operators: Sequence[Operator]) -> list[Operator]:
        if not isinstance(operators, tuple | list) or not all(isinstance(one, Operator) for one in operators):
            raise RecipeError(f"{type(self).__name__}(operators=…) takes a tuple of Operator.")
        own = [replace(one, prompt=self.own_prompt()) if one.prompt is None else one for one in operators]
        for number in range(1, self.rounds + 1):
            if not _drawable(own, number):
                raise RecipeError(f"{type(self).__name__} has no operator for round {number}.")
        return own

    @property
    def per_request(self) -> int:
        """Examples that one request can give."""
        return 1

    @abstractmethod
    def own_operators(self) -> Sequence[Operator]:
        """The operators of the method."""

    @abstractmethod
    def own_prompt(self) -> Prompt:
        """The text for operators that bring only a method; its slots are ``method`` and ``prompt``."""

    def choice(self, before: Example, number: int) -> Sequence[Operator]:
        """The operators of which one is drawn for this example in this round."""
        return _drawable(self.operators or (), number)

    def shown(self, operator: Operator, before: Example, number: int, ctx: Context) -> str:
        """The text that the operator is to change."""
        return whole_prompt(before)

    def own_prompt_checks(self) -> Sequence[Check]:
        """The checks of the method on a new prompt."""
        return ()

    def own_response_checks(self) -> Sequence[Check]:
        """The checks of the method on an answer."""
        return ()

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The original, then the result of each round."""
        if self.originals:
            yield await self._original(example, ctx)
        current = example
        for number in range(1, self.rounds + 1):
            a_round = Round(self, current, number, ctx)
            made = await a_round.evolved()
            if isinstance(made, Example):
                made = await a_round.answered(made)
            yield made
            if isinstance(made, Example):
                current = made

    async def _original(self, example: Example, ctx: Context) -> Example | Rejected:
        changes: dict[str, Any] = {"meta": {**example.meta, "round": 0}}
        by = f"{self.BY}/original"
        if example.output:
            return example.child(by, **changes)
        completion, output, reject = await self.answer(example, ctx, 0)
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

    async def evolved(self) -> Example | Rejected:
        """The new prompt, not answered yet, or at what it failed."""
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
        reject = self._copied(new, labels) or first_reject(evolved, method.prompt_checks) or self._bare(new)
        reject = reject or await self._compared(new)
        return self._made(new) if reject is None else self._rejected(reject, new)

    async def answered(self, evolved: Example) -> Example | Rejected:
        """The new prompt with its answer, or at what that failed."""
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

    def _rejected(self, reject: Reject, instruction: str = "", output: str = "") -> Rejected:
        return Rejected(self._made(instruction, output), reject)


def checked_checks(checks: Sequence[Check], place: str) -> tuple[Check, ...]:
    """The checks, if each can decide on one example by itself.

    Raises:
        RecipeError: they are no tuple of checks, or one remembers what was kept, as novelty does.
    """
    if not isinstance(checks, tuple | list):
        raise RecipeError(f"{place} takes a tuple of checks, not a {type(checks).__name__}.")
    for check in checks:
        if isinstance(check, Filter | type) or not callable(check):
            raise RecipeError(f"{place} holds {check!r}, which is no check.\nWrite the checks themselves, made.")
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


def _drawable(operators: Sequence[Operator], number: int) -> list[Operator]:
    return [one for one in operators if not one.rounds or number in one.rounds]
