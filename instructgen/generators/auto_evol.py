"""Auto Evol-Instruct: the method of evolving is itself improved, on a sample, before all prompts are evolved with it.

Source: Zeng et al., Automatic Instruction Evolving for Large Language Models (arXiv 2406.00770), sections 2 and 3.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, NamedTuple

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
    engine_for,
)
from instructgen.errors import EngineError, ParseError, RecipeError
from instructgen.example import Example, identified
from instructgen.filters.asking_back import AskingBack
from instructgen.filters.refusal import Refusal
from instructgen.generators.answering import answer_in, conversation, cut, whole_prompt
from instructgen.generators.evolution import checked_checks, first_reject
from instructgen.parameters import NOT_EMPTY, Count, Language, Natural, check_parameters
from instructgen.parsing.auto_evol import final_instruction, improved_method
from instructgen.prompts import Prompt

Entry = Example | Rejected | Failed
_STAGE = {"en": "Instruction {number}, stage {stage}:", "zh": "第 {number} 条指令，第 {stage} 阶段："}


@dataclass(frozen=True, slots=True)
class AutoEvol:
    """A source of evolved prompts, whose method is optimised first; they have no answers yet (add ``Respond``).

    In each step ten prompts of a sample are evolved for some rounds; another model says what went wrong and improves
    the method, several times; with each of these methods a development set is evolved and answered; the method with the
    lowest failure rate is the next one, as long as the rate falls. Then every prompt is evolved once with it.

    A development prompt counts as failed if no new prompt could be read or it did not change, if the new one got no
    answer, or if ``failed`` says so of the answer.

    Every method that was tried is yielded first, as rejected with the code ``method`` and its failure rate; the one
    that was chosen says so, and is a parent of what was made with it. What was proposed and is no method of four steps
    is rejected (``unparsable``, ``truncated``, ``filtered``). So is a prompt of which no new one could be read, one
    that did not change (``no_gain``), and a refusal in its place (``refusal``). An empty prompt is rejected without
    asking (``empty_instruction``), and is in no sample.

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

    per_request: ClassVar[float] = 1
    divisible: ClassVar[bool] = False

    engine: Engine | Engines
    prompts: Annotated[Sequence[Example], NOT_EMPTY]
    optimiser: Engine | Engines | None = None
    steps: Natural = 10
    candidates: Count = 5
    batch: Count = 10
    rounds: Count = 3
    development: Count = 50
    sample: Count = 2000
    failed: Check = field(default_factory=AskingBack)
    lookahead: Count = 16
    language: Language = "en"
    method: Prompt | None = None
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=2048)
    optimising: Sampling = Sampling(temperature=0.6, top_p=0.95, max_tokens=2048)

    def __post_init__(self) -> None:
        check_parameters(self)
        object.__setattr__(self, "prompts", identified(self.prompts))
        checked_checks((self.failed,), "AutoEvol(failed=…)")
        own = Prompt.load("auto_evol/method", language=self.language) if self.method is None else self.method
        if own.slots:
            raise RecipeError(f"the method of AutoEvol is a text without slots; it has {', '.join(own.slots)}.")
        object.__setattr__(self, "method", own)

    async def examples(self, ctx: Context) -> AsyncIterator[Entry]:
        """The methods that were tried, then the evolved prompts."""
        search = _Search(self, ctx)
        chosen = await search.best()
        for entry in search.entries(chosen):
            yield entry
        waiting: deque[tuple[int, Awaitable[Completion] | None]] = deque()
        for index, example in enumerate(self.prompts):
            text = whole_prompt(example)
            engine, request = engine_for(self.engine, ctx, "evolve", index), self.request(chosen.text, text)
            waiting.append((index, ctx.start(engine, request) if text.strip() else None))
            if len(waiting) == self.lookahead:
                yield await self._evolved(*waiting.popleft(), chosen)
        while waiting:
            yield await self._evolved(*waiting.popleft(), chosen)

    def request(self, method: str, instruction: str) -> Request:
        """What to ask to have an instruction evolved by a method."""
        prompt = Prompt.load("auto_evol/evolve", language=self.language)
        return Request.chat(prompt.render(method=method, instruction=instruction), sampling=self.sampling)

    async def _evolved(self, index: int, answer: Awaitable[Completion] | None, chosen: _Method) -> Entry:
        example = self.prompts[index]
        old = whole_prompt(example)
        told: dict[str, Any] = {
            "index": index,
            "parents": (example.id, chosen.example.id),
            "system": example.system,
            "history": example.history,
            "meta": {**example.meta, "round": 1, "evolved_from": old},
        }
        if answer is None:
            return Rejected(Example.root("auto_evol", instruction=old, **told), Reject("empty_instruction"))
        try:
            completion = await answer
        except EngineError as error:
            if not error.final:
                raise
            return Failed(Example.root("auto_evol", instruction=old, **told), error)
        told["calls"] = [completion.key]
        if code := cut(completion):
            return Rejected(Example.root("auto_evol", instruction="", output=completion.text, **told), Reject(code))
        try:
            new = final_instruction(completion.text)
        except ParseError as error:
            reject = Reject("unparsable", detail=str(error))
            return Rejected(Example.root("auto_evol", instruction="", output=completion.text, **told), reject)
        made = Example.root("auto_evol", instruction=new, **told)
        same = Reject("no_gain", detail="the same text") if _same(new, old) else None
        fault = same or Refusal("instruction")(made)
        return made if fault is None else Rejected(made, fault)


class _Method(NamedTuple):
    """A method, its failure rate, and the example that stands for it."""

    text: str
    rate: float
    example: Example


class _Draft(NamedTuple):
    """A method that was not tried yet, and the completions that it comes from."""

    text: str
    calls: Sequence[str] = ()
    parents: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request is for, told where it can never be answered: the work, what it is about, what was paid for it."""

    work: str
    parents: Sequence[str]
    calls: Sequence[str] = ()


class _Search:
    """The optimisation of the method: steps, candidates, failure rates."""

    def __init__(self, source: AutoEvol, ctx: Context) -> None:
        self._source = source
        self._ctx = ctx
        prompts = [example for example in source.prompts if whole_prompt(example).strip()]
        self._sample = ctx.random("sample").sample(prompts, min(source.sample, len(prompts)))
        self._development = self._sample[: source.development]
        self._tried: list[Rejected] = []
        self._failed: list[Failed] = []
        self._asked = 0

    async def best(self) -> _Method:
        """The method after which no further step lowers the failure rate."""
        assert self._source.method is not None
        (chosen,) = await self._rated([_Draft(self._source.method.text)])
        for step in range(1, self._source.steps + 1):
            if chosen.rate == 0:  # it cannot fall
                break
            found = await self._rated(await self._drafts(chosen, step))
            if not found or (better := min(found, key=lambda one: one.rate)).rate >= chosen.rate:
                break
            chosen = better
        return chosen

    def entries(self, chosen: _Method) -> list[Entry]:
        """Every method that was proposed, as rejected, and the requests that can never be answered."""
        told = [
            replace(one, reject=replace(one.reject, detail="chosen")) if one.example is chosen.example else one
            for one in self._tried
        ]
        return [*told, *self._failed]

    async def _drafts(self, method: _Method, step: int) -> list[_Draft]:
        """The methods that are proposed in one step, each from a criticism of its own."""
        source = self._source
        trajectories, calls = await self._trajectories(method.text, step)
        optimiser = source.optimiser or source.engine
        criticise = Prompt.load("auto_evol/feedback", language=source.language).render(trajectories=trajectories)
        request = Request.chat(criticise, sampling=source.optimising)
        parents = (method.example.id,)
        told = [_Asked("critic", parents, calls)] * source.candidates
        reports = await self._ask(optimiser, [request] * source.candidates, told, draws=True)
        improve = Prompt.load("auto_evol/optimise", language=source.language)
        asked = [
            Request.chat(improve.render(feedback=answer_in(one)[0], method=method.text), sampling=source.optimising)
            if one
            else None
            for one in reports
        ]
        drafts: list[_Draft] = []
        told = [_Asked("optimiser", parents, [*calls, *_keys([one])]) for one in reports]
        for report, answer in zip(reports, await self._ask(optimiser, asked, told, draws=True), strict=True):
            keys = [*calls, *_keys([report, answer])]
            try:
                if answer and not cut(answer):
                    drafts.append(_Draft(improved_method(answer.text), keys, parents))
                elif answer:
                    self._unusable(answer, keys, Reject(cut(answer)))
            except ParseError as error:
                self._unusable(answer, keys, Reject("unparsable", detail=str(error)))
        return drafts

    async def _trajectories(self, method: str, step: int) -> tuple[str, list[str]]:
        """A batch evolved for some rounds, written down for the critic, and what it was read from."""
        random = self._ctx.random("batch", step)
        batch = random.sample(self._sample, min(self._source.batch, len(self._sample)))
        stages = [[whole_prompt(example)] for example in batch]
        calls: list[str] = []
        for _ in range(self._source.rounds):
            requests = [self._source.request(method, texts[-1]) for texts in stages]
            answers = await self._ask(self._source.engine, requests, [_Asked("batch", (one.id,)) for one in batch])
            calls += _keys(answers)
            for texts, answer in zip(stages, answers, strict=True):
                texts.append(_new(answer, texts[-1]) or texts[-1])
        heading = _STAGE[self._source.language]
        parts = [
            f"{heading.format(number=number, stage=stage)}\n{text}"
            for number, texts in enumerate(stages, 1)
            for stage, text in enumerate(texts)
        ]
        return "\n\n".join(parts), calls

    async def _rated(self, drafts: Sequence[_Draft]) -> list[_Method]:
        """The methods with their shares of failures: the development set is evolved by each, and answered."""
        source, count = self._source, len(self._development)
        starts = self._development * len(drafts)
        asked = [source.request(draft.text, whole_prompt(start)) for draft in drafts for start in self._development]
        told = [
            _Asked("development", (*draft.parents, one.id), draft.calls)
            for draft in drafts
            for one in self._development
        ]
        evolved = await self._ask(source.engine, asked, told)
        new = [
            replace(start, instruction=text, input="") if (text := _new(answer, whole_prompt(start))) else None
            for start, answer in zip(starts, evolved, strict=True)
        ]
        answering = [Request(messages=conversation(one), sampling=source.sampling) if one else None for one in new]
        told = [replace(one, calls=[*one.calls, *_keys([new])]) for one, new in zip(told, evolved, strict=True)]
        answers = await self._ask(source.engine, answering, told)
        failed = [self._fails(one, answer) for one, answer in zip(new, answers, strict=True)]
        found = []
        for number, draft in enumerate(drafts):
            its = slice(number * count, (number + 1) * count)
            keys = [*draft.calls, *_keys([*evolved[its], *answers[its]])]
            found.append(self._method(draft, sum(failed[its]) / max(count, 1), keys))
        return found

    def _fails(self, example: Example | None, answer: Completion | None) -> bool:
        if example is None or answer is None:
            return True
        output, fault = answer_in(answer)
        return fault in ("empty", "filtered") or bool(
            first_reject(replace(example, output=output), [self._source.failed])
        )

    def _method(self, draft: _Draft, rate: float, calls: Sequence[str]) -> _Method:
        example = Example.root(
            "auto_evol/method",
            index=len(self._tried),
            instruction=draft.text,
            calls=dict.fromkeys(calls),
            parents=draft.parents,
            scores={"failure_rate": rate},
        )
        self._tried.append(Rejected(example, Reject("method", rate)))
        return _Method(draft.text, rate, example)

    def _unusable(self, answer: Completion | None, calls: Sequence[str], reject: Reject) -> None:
        text = answer.text if answer else ""
        index = len(self._tried)
        example = Example.root("auto_evol/method", index=index, instruction="", output=text, calls=dict.fromkeys(calls))
        self._tried.append(Rejected(example, reject))

    async def _ask(
        self,
        engine: Engine | Engines,
        requests: Sequence[Request | None],
        told: Sequence[_Asked],
        *,
        draws: bool = False,
    ) -> list[Completion | None]:
        """The answers to requests asked side by side; None for what is not asked or can never be answered."""
        ctx, number = self._ctx, self._asked
        self._asked += 1
        started = [
            ctx.start(engine_for(engine, ctx, number, place), request, draw=place if draws else 0) if request else None
            for place, request in enumerate(requests)
        ]
        return [
            await self._answer(answer, request, why) if answer and request else None
            for answer, request, why in zip(started, requests, told, strict=True)
        ]

    async def _answer(self, answer: Awaitable[Completion], request: Request, why: _Asked) -> Completion | None:
        try:
            return await answer
        except EngineError as error:
            if not error.final:
                raise
            lost = Example.root(
                f"auto_evol/{why.work}",
                index=len(self._failed),
                instruction=request.messages[-1].content,
                parents=why.parents,
                calls=dict.fromkeys(why.calls),
            )
            self._failed.append(Failed(lost, error))
            return None


def _new(answer: Completion | None, old: str) -> str:
    """The new instruction in an answer; empty if there is none, if it is the old one, or if it refuses."""
    if answer is None or cut(answer):
        return ""
    try:
        new = final_instruction(answer.text)
    except ParseError:
        return ""
    return "" if _same(new, old) or Refusal("instruction")(Example(new)) else new


def _same(new: str, old: str) -> bool:
    """Whether they differ in nothing but case and white space."""
    return new.casefold().split() == old.casefold().split()


def _keys(answers: Sequence[Completion | None]) -> list[str]:
    return [answer.key for answer in answers if answer]
