"""Self-Instruct in its one-call form: a model writes new tasks, instruction, input and output, from a few examples.

Source: Taori et al., Stanford Alpaca (2023), after Wang et al., Self-Instruct (arXiv 2212.10560), section 2.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from instructgen.contracts import (
    Completion,
    Context,
    Engine,
    Failed,
    Reject,
    Rejected,
    Request,
    Sampling,
    checked_engine,
)
from instructgen.errors import EngineError, ParseError, RecipeError
from instructgen.example import Example
from instructgen.filters import ALPACA_KEYWORDS, Filter, Keywords, Length, Opening, RougeNovelty
from instructgen.parsing import Broken, Task, task_blocks
from instructgen.prompts import Prompt

_Entry = Example | Rejected | Failed


def alpaca_checks() -> Filter:
    """Alpaca's rule checks in its own order, then novelty against the seeds and everything accepted before."""
    return Filter(Length(), Keywords(ALPACA_KEYWORDS), Opening(), RougeNovelty(0.7))


@dataclass(frozen=True, slots=True)
class SelfInstruct:
    """A source that grows its own pool of tasks from seeds.

    Prompt n is built from the pool as it stands after answer n − ``lookahead`` was committed, and answers are
    committed in the order of the prompts: so ``lookahead`` is part of the recipe, and concurrency changes nothing.

    Attributes:
        engine: the model that writes the tasks.
        seeds: tasks to show as demonstrations; the novelty checks start from them.
        tasks: number of the last task in each prompt, demonstrations included.
        demonstrations: tasks shown in each prompt.
        from_pool: how many of them are taken from what was accepted so far, once there is enough of it.
        lookahead: requests under way at once.
        requests: stop after so many; None leaves the end to the run's limit.
        patience: stop after so many requests in a row of which nothing was accepted.
        attempts: how often a prompt is asked when its completion holds no task at all.
        checks: what a task must pass to enter the pool.
        similarity: note the ten most similar instructions and the mean similarity in ``meta`` (slow: all pairs).
        language: of the prompt and its labels.
        prompt: one's own text with the slots of the packaged one.
        sampling: how tasks are drawn.
    """

    engine: Engine
    seeds: Sequence[Example]
    tasks: int = 20
    demonstrations: int = 3
    from_pool: int = 0
    lookahead: int = 4
    requests: int | None = None
    patience: int = 10
    attempts: int = 2
    checks: Filter = field(default_factory=alpaca_checks)
    similarity: bool = False
    language: Literal["en"] = "en"
    prompt: Prompt = field(default_factory=lambda: Prompt.load("self_instruct/alpaca"))
    sampling: Sampling = Sampling(temperature=1.0, top_p=1.0, max_tokens=3072)

    def __post_init__(self) -> None:
        checked_engine(self.engine, "SelfInstruct")
        if not 0 <= self.from_pool <= self.demonstrations < self.tasks or self.demonstrations < 1:
            raise RecipeError("SelfInstruct needs from_pool <= demonstrations < tasks, and at least one demonstration.")
        if len(self.seeds) < self.demonstrations:
            raise RecipeError(f"{len(self.seeds)} seeds are too few to show {self.demonstrations} in a prompt.")
        if self.lookahead < 1 or self.attempts < 1 or self.patience < 1:
            raise RecipeError("SelfInstruct needs lookahead, attempts and patience of at least 1.")

    @property
    def grows(self) -> bool:
        """Each shard grows a pool of its own, from all the seeds."""
        return True

    @property
    def endless(self) -> bool:
        """Whether only the run's limit ends it."""
        return self.requests is None

    @property
    def per_request(self) -> int:
        """Examples that one request can give."""
        return self.tasks - self.demonstrations

    async def examples(self, ctx: Context) -> AsyncIterator[_Entry]:
        """The accepted tasks, and the rejected ones in their places."""
        pool = _Pool(self)
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


@dataclass(frozen=True, slots=True)
class _Asked:
    """One prompt under way."""

    number: int
    request: Request
    shown: tuple[Example, ...]
    answer: Awaitable[Completion]


class _Pool:
    """What was accepted so far, and how the next prompt comes of it."""

    def __init__(self, method: SelfInstruct) -> None:
        self._method = method
        self._accepted: list[Example] = []
        self._draws: Counter[str] = Counter()
        self._checks = method.checks.fresh()
        for seed in method.seeds:
            self._checks.observe(seed)

    def ask(self, number: int, ctx: Context) -> _Asked:
        """Send prompt ``number``, built from the pool as it is now."""
        method = self._method
        random = ctx.random("demonstrations", number)
        machine = random.sample(self._accepted, min(method.from_pool, len(self._accepted)))
        shown = [*machine, *random.sample(method.seeds, method.demonstrations - len(machine))]
        random.shuffle(shown)
        prompt = method.prompt.render(
            shown=len(shown),
            count=method.tasks - len(shown),
            first=len(shown) + 1,
            last=method.tasks,
            demonstrations="\n".join(_block(position, example) for position, example in enumerate(shown, 1)),
        )
        stop = (f"\n{method.tasks + 1}. Instruction:",)
        request = Request.chat(prompt, sampling=replace(method.sampling, stop=stop))
        return _Asked(number, request, tuple(shown), self._start(request, ctx))

    async def commit(self, asked: _Asked, ctx: Context) -> list[_Entry]:
        """Take the answer into the pool; returns every task in it with its verdict."""
        calls: list[str] = []
        try:
            for attempt in range(self._method.attempts):
                completion = await (asked.answer if attempt == 0 else self._start(asked.request, ctx))
                calls.append(completion.key)
                try:
                    blocks = self._read(completion, len(asked.shown) + 1)
                except ParseError as error:
                    problem = Reject("unparsable", detail=str(error))
                    continue
                return [self._decide(block, position, asked, calls) for position, block in enumerate(blocks, 1)]
        except EngineError as error:
            if error.retryable or error.fatal:
                raise
            return [Failed(self._example(asked, calls, 0), error)]
        return [Rejected(self._example(asked, calls, 0, output=completion.text), problem)]

    def _start(self, request: Request, ctx: Context) -> Awaitable[Completion]:
        prompt = request.messages[-1].content
        draw = self._draws[prompt]
        self._draws[prompt] += 1
        return ctx.start(self._method.engine, request, draw=draw)

    def _read(self, completion: Completion, first: int) -> list[Task | Broken]:
        cut = completion.finish != "stop"
        return task_blocks(completion.text, first, truncated=cut, language=self._method.language)

    def _decide(self, block: Task | Broken, position: int, asked: _Asked, calls: list[str]) -> _Entry:
        if isinstance(block, Broken):  # its number may be another block's too
            return Rejected(self._example(asked, calls, position, output=block.text), Reject(block.reason))
        text = {"instruction": block.instruction, "input": block.input, "output": block.output}
        example = self._example(asked, calls, block.number, **text)
        if self._method.similarity:
            example = self._with_similarity(example)
        reject = self._checks.decide(example)
        if reject is not None:
            return Rejected(example, reject)
        self._accepted.append(example)
        return example

    def _example(self, asked: _Asked, calls: list[str], position: int, **text: str) -> Example:
        index = asked.number * 1000 + position
        parents = [example.id for example in asked.shown]
        return Example.root("self_instruct", index=index, parents=parents, calls=calls, **{"instruction": "", **text})

    def _with_similarity(self, example: Example) -> Example:
        for check in self._checks.checks:
            if isinstance(check, RougeNovelty):
                similar = {match.id: match.score for match in check.most_similar(example)}
                return replace(
                    example, meta={"most_similar": similar, "mean_similarity": check.mean_similarity(example)}
                )
        return example


def _block(number: int, example: Example) -> str:
    """One demonstration in the layout that the prompt asks for."""
    instruction = " ".join(example.instruction.split()).rstrip(":")
    return (
        f"###\n{number}. Instruction: {instruction}\n{number}. Input:\n{example.input or '<noinput>'}\n"
        f"{number}. Output:\n{example.output}"
    )
