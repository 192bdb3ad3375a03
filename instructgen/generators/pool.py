"""A pool of tasks that grows from its own answers: what Self-Instruct and the methods after it have in common.

Source: Wang et al., Self-Instruct (arXiv 2212.10560), section 2.2 and figure 2.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field, replace
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
from instructgen.errors import EngineError, ParseError, RecipeError
from instructgen.example import Example, identified
from instructgen.filters import (
    BELLE_KEYWORDS,
    Filter,
    FirstCharacter,
    Keywords,
    Length,
    OpeningPhrase,
    RougeNovelty,
)
from instructgen.generators.written import Written
from instructgen.parameters import Count, Language, Natural, check_parameters
from instructgen.parsing import task_stop, task_text
from instructgen.prompts import Prompt
from instructgen.prompts.checked import check_prompt

Entry = Example | Rejected | Failed
_MOST_PER_PROMPT = 1000


@dataclass(frozen=True, slots=True)
class PoolSource(ABC):
    """A source that shows a model some tasks and takes the new ones it writes into the pool that is shown from.

    Prompt n is built from the pool as it stands after answer n − ``lookahead`` was committed, and answers are
    committed in the order of the prompts: so ``lookahead`` is part of the recipe, and concurrency changes nothing.

    Attributes:
        engine: the model that writes the tasks, or several that share the prompts.
        seeds: tasks to show as demonstrations; the novelty checks start from them.
        tasks: number of the last task in each prompt, demonstrations included.
        demonstrations: tasks shown in each prompt.
        from_pool: how many of them are taken from what was accepted so far, once there is enough of it.
        lookahead: requests under way at once.
        requests: stop after so many; None leaves the end to the run's limit.
        patience: stop after so many requests in a row of which nothing was accepted.
        attempts: how often a prompt is asked when its completion holds no task at all; at temperature 0, where the
            answer would be the same, once.
        checks: what a task must pass to enter the pool; None for the method's own.
        similarity: note the ten most similar instructions and the mean similarity in ``meta`` (slow: all pairs).
        language: of the prompt and its labels.
        prompt: one's own text, with the slot ``demonstrations`` and any others of the packaged one; None for that.
        sampling: how tasks are drawn.
    """

    BY: ClassVar[str]
    grows: ClassVar[bool] = True  # each shard grows a pool of its own, from all the seeds

    engine: Engine | Engines
    seeds: Sequence[Example]
    tasks: Count = 20
    demonstrations: Count = 3
    from_pool: Natural = 0
    lookahead: Count = 4
    requests: Count | None = None
    patience: Count = 10
    attempts: Count = 2
    checks: Filter | None = None
    similarity: bool = False
    language: Language = "en"
    prompt: Prompt | None = None
    sampling: Sampling = field(default_factory=Sampling)

    def __post_init__(self) -> None:
        name = type(self).__name__
        check_parameters(self)
        if not self.from_pool <= self.demonstrations < self.tasks:
            raise RecipeError(f"{name} needs from_pool <= demonstrations < tasks.")
        if self.tasks >= _MOST_PER_PROMPT:
            raise RecipeError(f"{name}(tasks={self.tasks}): one prompt asks for fewer than {_MOST_PER_PROMPT} tasks.")
        if len(self.seeds) < self.demonstrations:
            raise RecipeError(f"{len(self.seeds)} seeds are too few to show {self.demonstrations} in a prompt.")
        object.__setattr__(self, "seeds", identified(self.seeds))
        # Set here, so that the manifest records the texts and thresholds and not that there was no choice.
        object.__setattr__(self, "checks", self.own_checks() if self.checks is None else self.checks)
        object.__setattr__(self, "prompt", self.own_prompt() if self.prompt is None else self.prompt)
        assert self.prompt is not None
        check_prompt(self.prompt, name, needed=("demonstrations",), known=("shown", "count", "first", "last"))

    @property
    def endless(self) -> bool:
        """Whether only the run's limit ends it."""
        return self.requests is None

    @property
    def per_request(self) -> int:
        """Examples that one request can give."""
        return self.tasks - self.demonstrations

    @abstractmethod
    def own_checks(self) -> Filter:
        """The checks of the method."""

    @abstractmethod
    def own_prompt(self) -> Prompt:
        """The packaged prompt of the method."""

    @abstractmethod
    def request(self, shown: Sequence[Example]) -> Request:
        """What to ask when these tasks are shown."""

    @abstractmethod
    def read(self, completion: Completion, first: int) -> list[Written]:
        """The tasks in a completion; ``first`` is the number that follows the demonstrations.

        Raises:
            ParseError: there is none, not even a broken one.
        """

    def ask_for_tasks(self, shown: Sequence[Example]) -> Request:
        """The request of a method whose prompt shows whole tasks and asks for more of them."""
        told = [
            task_text(number, example.instruction, example.input, example.output, language=self.language)
            for number, example in enumerate(shown, 1)
        ]
        stop = (task_stop(self.tasks + 1, language=self.language),)
        return Request.chat(self.render(shown, "\n".join(told)), sampling=replace(self.sampling, stop=stop))

    def render(self, shown: Sequence[Example], demonstrations: str) -> str:
        """The prompt with those of the common slots that it has."""
        assert self.prompt is not None
        values: dict[str, str | int] = {
            "shown": len(shown),
            "count": self.tasks - len(shown),
            "first": len(shown) + 1,
            "last": self.tasks,
            "demonstrations": demonstrations,
        }
        return self.prompt.render(**{name: value for name, value in values.items() if name in self.prompt.slots})

    async def examples(self, ctx: Context) -> AsyncIterator[Entry]:
        """The accepted tasks, and the rejected ones in their places."""
        pool = _Pool(self, ctx.seeds)
        waiting: deque[_Asked] = deque()
        number = barren = 0
        while barren < self.patience:
            while len(waiting) < self.lookahead and (self.requests is None or number < self.requests):
                waiting.append(pool.ask(number, ctx))
                number += 1
            if not waiting:
                return
            entries = await pool.commit(waiting.popleft(), ctx)
            barren = 0 if any(isinstance(entry, Example) for entry in entries) else barren + 1
            for entry in entries:
                yield entry


def rule_checks(keywords: tuple[str, ...], language: Language) -> Filter:
    """Self-Instruct's checks in its order: rules, then novelty against the seeds and everything accepted before.

    Args:
        keywords: the method's words in English; the Chinese ones are BELLE's.
        language: of the tasks.
    """
    words = Keywords(keywords) if language == "en" else Keywords(BELLE_KEYWORDS, anywhere=True)
    opening = (OpeningPhrase(language=language), FirstCharacter(language))
    return Filter(Length(), words, *opening, RougeNovelty(0.7))


def with_outputs(seeds: Sequence[Example], name: str) -> None:
    """Refuse seeds that would show the model tasks without an answer, and so ask for such."""
    bare = next((seed for seed in seeds if not seed.output.strip()), None)
    if bare is not None:
        raise RecipeError(
            f"{name} shows whole tasks, and a seed has no output: {bare.instruction[:60]!r}.\n"
            "Answer the seeds, or use BootstrapInstructions or InstructWild, which show instructions only."
        )


@dataclass(frozen=True, slots=True)
class _Asked:
    """One prompt under way."""

    number: int
    engine: Engine
    request: Request
    shown: tuple[Example, ...]
    answer: Awaitable[Completion]


class _Pool:
    """What was accepted so far, and how the next prompt comes of it."""

    def __init__(self, method: PoolSource, known: Sequence[Example]) -> None:
        self._method = method
        self._accepted: list[Example] = []
        self._draws: Counter[str] = Counter()
        self._checks = (method.checks or Filter()).fresh()
        own = {id(seed) for seed in method.seeds}
        for example in (*method.seeds, *(other for other in known if id(other) not in own)):
            self._checks.observe(example)

    def ask(self, number: int, ctx: Context) -> _Asked:
        """Send prompt ``number``, built from the pool as it is now."""
        method = self._method
        random = ctx.random("demonstrations", number)
        machine = random.sample(self._accepted, min(method.from_pool, len(self._accepted)))
        shown = [*machine, *random.sample(method.seeds, method.demonstrations - len(machine))]
        random.shuffle(shown)
        request = method.request(shown)
        engine = engine_for(method.engine, ctx, number)
        return _Asked(number, engine, request, tuple(shown), self._start(engine, request, ctx))

    async def commit(self, asked: _Asked, ctx: Context) -> list[Entry]:
        """Take the answer into the pool; returns every task in it with its verdict."""
        calls: list[str] = []
        try:
            for attempt in range(1 if self._method.sampling.temperature == 0 else self._method.attempts):
                completion = await (asked.answer if attempt == 0 else self._start(asked.engine, asked.request, ctx))
                calls.append(completion.key)
                try:
                    written = self._method.read(completion, len(asked.shown) + 1)
                except ParseError as error:
                    problem = Reject("unparsable", detail=str(error))
                    continue
                return [self._decide(task, asked, calls) for task in written]
        except EngineError as error:
            if not error.final:
                raise
            return [Failed(self._example(asked, calls, 0), error)]
        return [Rejected(self._example(asked, calls, 0, output=completion.text), problem)]

    def _start(self, engine: Engine, request: Request, ctx: Context) -> Awaitable[Completion]:
        prompt = request.text if request.text is not None else request.messages[-1].content
        draw = self._draws[prompt]
        self._draws[prompt] += 1
        return ctx.start(engine, request, draw=draw)

    def _decide(self, task: Written, asked: _Asked, calls: list[str]) -> Entry:
        example = self._example(asked, calls, task.number, **task.content)
        if task.reject is not None:
            return Rejected(example, task.reject)
        if self._method.similarity:
            example = self._with_similarity(example)
        reject = self._checks.decide(example)
        if reject is not None:
            return Rejected(example, reject)
        self._accepted.append(example)
        return example

    def _example(self, asked: _Asked, calls: list[str], number: int, **text: str) -> Example:
        index = asked.number * _MOST_PER_PROMPT + number
        parents = [example.id for example in asked.shown]
        return Example.root(self._method.BY, index=index, parents=parents, calls=calls, **{"instruction": "", **text})

    def _with_similarity(self, example: Example) -> Example:
        for check in self._checks.checks:
            if isinstance(check, RougeNovelty):
                similar = {match.id: match.score for match in check.most_similar(example)}
                return replace(
                    example, meta={"most_similar": similar, "mean_similarity": check.mean_similarity(example)}
                )
        return example
