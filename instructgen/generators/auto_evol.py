"""Auto Evol-Instruct: the method of evolving is itself improved, on a sample, before all prompts are evolved with it.

Source: Zeng et al., Automatic Instruction Evolving for Large Language Models (arXiv 2406.00770), sections 2 and 3.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from instructgen.contracts import (
    Check,
    Completion,
    Context,
    Engine,
    Engines,
    Failed,
    Reject,
    Rejected,
    Request,
    Sampling,
    checked_engine,
    engine_for,
)
from instructgen.errors import EngineError, ParseError, RecipeError
from instructgen.example import Example
from instructgen.filters.asking_back import AskingBack
from instructgen.filters.filter import Language
from instructgen.generators.answering import answer_in, cut, whole_prompt
from instructgen.generators.evolution import first_reject
from instructgen.parsing import rewritten_prompt, scaffold_labels, sections
from instructgen.prompts import Prompt
from instructgen.similarity.tokens import tokens

Entry = Example | Rejected | Failed
_LAST = {"en": "Finally Rewritten Instruction", "zh": "最终改写的指令"}
_STAGE = {"en": "Stage", "zh": "阶段"}


@dataclass(frozen=True, slots=True)
class AutoEvol:
    """A source of evolved prompts, whose method is optimised first; they have no answers yet (add ``Respond``).

    In each step ten prompts of a sample are evolved for some rounds; another model says what went wrong and improves
    the method, several times; each candidate evolves a development set, whose answers are looked at; the one with the
    lowest failure rate is the next method, as long as the rate falls. Then every prompt is evolved once with it.

    Every method that was tried is yielded first, as rejected with the code ``method`` and its failure rate; the one
    that was chosen says so, and is a parent of what was made with it. A prompt of which no new one could be read is
    rejected (``unparsable``, ``truncated``, ``filtered``), and so is one that did not change (``no_gain``).

    Attributes:
        engine: the model that evolves, and that answers the development set.
        prompts: what to evolve.
        optimiser: the model that criticises and improves the method; None for the engine.
        steps: the most steps of improvement; 0 for the method as it is.
        candidates: methods tried in each step.
        batch: prompts whose evolution is criticised in each step.
        rounds: how often each of them is evolved.
        development: prompts that the failure rate is measured on.
        sample: how many of the prompts the batches and the development set are drawn from.
        failed: says of an answer whether the evolution failed.
        lookahead: prompts evolved at once in the end.
        language: of the packaged prompts.
        method: one's own method to begin with; a text without slots.
        sampling: how prompts are evolved and the development set is answered.
        optimising: how criticism and methods are drawn.
    """

    engine: Engine | Engines
    prompts: Sequence[Example]
    optimiser: Engine | Engines | None = None
    steps: int = 10
    candidates: int = 5
    batch: int = 10
    rounds: int = 3
    development: int = 50
    sample: int = 2000
    failed: Check = field(default_factory=AskingBack)
    lookahead: int = 16
    language: Language = "en"
    method: Prompt | None = None
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=2048)
    optimising: Sampling = Sampling(temperature=0.6, top_p=0.95, max_tokens=2048)

    def __post_init__(self) -> None:
        checked_engine(self.engine, "AutoEvol")
        if self.optimiser is not None:
            checked_engine(self.optimiser, "AutoEvol's optimiser")
        for name in ("steps", "candidates", "batch", "rounds", "development", "sample", "lookahead"):
            value = getattr(self, name)
            if type(value) is not int or value < (name != "steps"):
                raise RecipeError(
                    f"AutoEvol({name}={value!r}): it is a whole number of at least {int(name != 'steps')}."
                )
        if not self.prompts:
            raise RecipeError("AutoEvol has no prompts to evolve.")
        own = Prompt.load("auto_evol/method", language=self.language) if self.method is None else self.method
        if own.slots:
            raise RecipeError(f"the method of AutoEvol is a text without slots; it has {', '.join(own.slots)}.")
        object.__setattr__(self, "method", own)

    @property
    def per_request(self) -> int:
        """Examples that one request can give."""
        return 1

    async def examples(self, ctx: Context) -> AsyncIterator[Entry]:
        """The methods that were tried, then the evolved prompts."""
        search = _Search(self, ctx)
        chosen = await search.best()
        for entry in search.entries(chosen):
            yield entry
        waiting: deque[tuple[Example, Awaitable[Completion]]] = deque()
        for example in self.prompts:
            request = self.request(chosen.text, whole_prompt(example))
            waiting.append((example, ctx.start(engine_for(self.engine, ctx, "evolve", example.id), request)))
            if len(waiting) == self.lookahead:
                yield await self._evolved(*waiting.popleft(), chosen)
        while waiting:
            yield await self._evolved(*waiting.popleft(), chosen)

    def request(self, method: str, instruction: str) -> Request:
        """What to ask to have an instruction evolved by a method."""
        prompt = Prompt.load("auto_evol/evolve", language=self.language)
        return Request.chat(prompt.render(method=method, instruction=instruction), sampling=self.sampling)

    def read(self, completion: Completion) -> str:
        """The final instruction in a completion.

        Raises:
            ParseError: it has none, or was cut off.
        """
        if code := cut(completion):
            raise ParseError(f"the completion was {code}", text=completion.text)
        label = _LAST[self.language]
        return rewritten_prompt(sections(completion.text, [label])[label])

    async def _evolved(self, example: Example, answer: Awaitable[Completion], chosen: _Method) -> Entry:
        parents = (example.id, chosen.example.id)
        meta = {**example.meta, "round": 1, "evolved_from": whole_prompt(example)}
        try:
            completion = await answer
        except EngineError as error:
            if error.retryable or error.fatal:
                raise
            return Failed(Example.root("auto_evol", parents=parents, instruction=example.instruction), error)
        told: dict[str, Any] = {"parents": parents, "calls": [completion.key], "system": example.system, "meta": meta}
        try:
            new = self.read(completion)
        except ParseError as error:
            reject = Reject(cut(completion) or "unparsable", detail=str(error))
            return Rejected(Example.root("auto_evol", instruction="", output=completion.text, **told), reject)
        made = Example.root("auto_evol", instruction=new, **told)
        same = tokens(new) == tokens(whole_prompt(example))
        return Rejected(made, Reject("no_gain", detail="the same text")) if same else made


class _Method(NamedTuple):
    """A method, its failure rate, and the example that stands for it."""

    text: str
    rate: float
    example: Example


class _Search:
    """The optimisation of the method: steps, candidates, failure rates."""

    def __init__(self, source: AutoEvol, ctx: Context) -> None:
        self._source = source
        self._ctx = ctx
        self._tried: list[_Method] = []
        self._failed: list[Failed] = []
        self._calls: list[str] = []
        random = ctx.random("sample")
        sample = random.sample(source.prompts, min(source.sample, len(source.prompts)))
        self._development = sample[: source.development]
        self._subset = sample

    async def best(self) -> _Method:
        """The method with which no further step lowers the failure rate."""
        assert self._source.method is not None
        chosen = await self._rated(self._source.method.text, ())
        for step in range(1, self._source.steps + 1):
            found = await self._step(chosen, step)
            if not found or (better := min(found, key=lambda one: one.rate)).rate >= chosen.rate:
                break
            chosen = better
        return chosen

    def entries(self, chosen: _Method) -> list[Entry]:
        """Every method that was tried, as rejected, and the requests that can never be answered."""
        told = [
            Rejected(one.example, Reject("method", one.rate, detail="chosen" if one is chosen else ""))
            for one in self._tried
        ]
        last = self._tried[-1]
        if self._calls:  # of a step in which no method was found
            told[-1] = replace(told[-1], example=replace(last.example, calls=(*last.example.calls, *self._calls)))
        return [*told, *self._failed]

    async def _step(self, method: _Method, step: int) -> list[_Method]:
        """The candidates of one step, rated."""
        source, ctx = self._source, self._ctx
        batch = ctx.random("batch", step).sample(self._subset, min(source.batch, len(self._subset)))
        trajectories = await self._trajectories(method.text, batch)
        optimiser = source.optimiser or source.engine
        criticise = Prompt.load("auto_evol/feedback", language=source.language)
        improve = Prompt.load("auto_evol/optimise", language=source.language)
        request = Request.chat(criticise.render(trajectories=trajectories), sampling=source.optimising)
        reports = await self._ask(optimiser, [request] * source.candidates, draws=True)
        found: list[_Method] = []
        for report in reports:
            if report is None or not (feedback := answer_in(report)[0]):
                continue
            prompt = improve.render(feedback=feedback, method=method.text)
            (answer,) = await self._ask(optimiser, [Request.chat(prompt, sampling=source.optimising)])
            try:
                text = rewritten_prompt(answer.text if answer else "", scaffold_labels(improve.text))
            except ParseError:
                continue
            if answer and not cut(answer):
                found.append(await self._rated(text, (method.example.id,)))
        return found

    async def _trajectories(self, method: str, batch: Sequence[Example]) -> str:
        """The batch evolved for some rounds, written down for the critic."""
        stages = [[whole_prompt(example)] for example in batch]
        for _ in range(self._source.rounds):
            requests = [self._source.request(method, texts[-1]) for texts in stages]
            for texts, answer in zip(stages, await self._ask(self._source.engine, requests), strict=True):
                texts.append(self._read(answer) or texts[-1])
        name = _STAGE[self._source.language]
        return "\n\n".join(
            "\n".join(f"{name} {number}: {text}" for number, text in enumerate(texts)) for texts in stages
        )

    async def _rated(self, text: str, parents: tuple[str, ...]) -> _Method:
        """A method with its share of failures on the development set: evolved, then answered."""
        source = self._source
        asked = [source.request(text, whole_prompt(example)) for example in self._development]
        evolved = [self._read(answer) for answer in await self._ask(source.engine, asked)]
        answering = [Request.chat(new, sampling=source.sampling) for new in evolved if new]
        failures = evolved.count("")
        for request, answer in zip(answering, await self._ask(source.engine, answering), strict=True):
            output, fault = answer_in(answer) if answer else ("", "failed")
            example = Example.root("auto_evol", instruction=request.messages[-1].content, output=output)
            failures += bool(fault in ("empty", "failed") or first_reject(example, [source.failed]))
        rate = failures / len(self._development)
        # All that was asked since the last method: nothing recorded is untraceable.
        calls, self._calls = self._calls, []
        number = len(self._tried)
        example = Example.root("auto_evol/method", index=number, instruction=text, calls=calls, parents=parents)
        self._tried.append(_Method(text, rate, replace(example, scores={"failure_rate": rate})))
        return self._tried[-1]

    def _read(self, answer: Completion | None) -> str:
        try:
            return self._source.read(answer) if answer else ""
        except ParseError:
            return ""

    async def _ask(
        self, engine: Engine | Engines, requests: Sequence[Request], *, draws: bool = False
    ) -> list[Completion | None]:
        """The answers to requests asked side by side; None for one that can never be answered."""
        ctx, number = self._ctx, len(self._tried)
        started = [
            ctx.start(engine_for(engine, ctx, number, place), request, draw=place if draws else 0)
            for place, request in enumerate(requests)
        ]
        found: list[Completion | None] = []
        for request, answer in zip(requests, started, strict=True):
            try:
                completion = await answer
                self._calls.append(completion.key)
                found.append(completion)
            except EngineError as error:
                if error.retryable or error.fatal:
                    raise
                example = Example.root("auto_evol", index=len(self._failed), instruction=request.messages[-1].content)
                self._failed.append(Failed(example, error))
                found.append(None)
        return found
