"""The runner: the order of the source whatever the timing, nothing lost, and never far ahead of what is written."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instructgen.contracts import (
    Context,
    Failed,
    Generator,
    Limits,
    Reject,
    Rejected,
    Request,
    Sampling,
    Select,
    Source,
)
from instructgen.engines.recorded import Recorded
from instructgen.engines.scripted import Scripted
from instructgen.errors import BadRequest, EngineError, ParseError, RecipeError, StoreError
from instructgen.example import Example
from instructgen.filters.filter import Filter
from instructgen.recording import recorded_json
from instructgen.runtime.breaker import Breaker
from instructgen.runtime.counts import Item
from instructgen.runtime.pipeline import Pipeline, Step
from instructgen.runtime.run import Run
from instructgen.runtime.store import stored_rows
from instructgen.selects import Best, Shuffle
from instructgen.sources import Examples
from tests.support.pipelines import (
    FILES,
    Ask,
    Every,
    Gate,
    Make,
    Model,
    Odd,
    Played,
    Stream,
    Told,
    contents,
    dawdling,
    instructions,
    new_calls,
    number_of,
    play,
    run,
    tasks,
    until,
)


def told(played: Played) -> list[tuple[str, str, str]]:
    """Each item in order: its instruction, its output, and what became of it."""
    return [
        (
            item.example.instruction,
            item.example.output,
            "kept"
            if item.verdict is None
            else item.verdict.code
            if isinstance(item.verdict, Reject)
            else type(item.verdict).__name__,
        )
        for item in played.items
    ]


def balanced(played: Played) -> bool:
    """Whether the runner handed out exactly what was written, and nothing is missing."""
    made, decided = played.counts.balance
    handed = (played.runner.read, played.runner.born, played.runner.expanded)
    counts = played.counts
    return made == decided and handed == (counts.source, counts.born.total(), counts.expanded.total())


# ---------------------------------------------------------------- order


@pytest.mark.parametrize("seed", range(4))
async def test_keeps_the_order_of_the_source(tmp_path: Path, seed: int) -> None:
    model = Model(before=dawdling(seed))
    steps: list[Step] = [Ask(model, copies=2), Filter(Odd()), Ask(model)]
    played = await play(Stream(tasks(25)), steps, tmp_path, window=1 + 3 * seed)
    assert played.how == "end"
    assert [item.example.instruction for item in played.items] == [f"task {n}" for n in range(25) for _ in range(2)]
    assert balanced(played)


async def test_the_same_bytes_whatever_the_timing(tmp_path: Path) -> None:
    seen = set()
    for number in range(4):
        model = Model(before=dawdling(number), limits=Limits(concurrency=1 + 5 * number))
        steps: list[Step] = [Ask(model, copies=2), Filter(Every(3)), Ask(model), Shuffle()]
        result = await run(Pipeline(tasks(30), steps), tmp_path / str(number), store=tmp_path / f"{number}.db")
        seen.add(tuple(contents(result.path).items()))
        assert len(result) == 20
    assert len(seen) == 1


async def test_a_filter_sees_the_examples_in_stream_order(tmp_path: Path) -> None:
    model = Model(before=dawdling(7))
    seen: list[str] = []

    def note(example: Example) -> Reject | None:
        seen.append(example.instruction)
        return None if number_of(example) % 3 else Reject("third")

    steps: list[Step] = [Ask(model), Filter(note), Ask(model), Filter(Every(2))]
    played = await play(Stream(tasks(20)), steps, tmp_path)
    assert seen == [f"task {n}" for n in range(20)]
    left = [n for n in range(20) if n % 3]
    assert [number_of(i.example) for i in played.items if i.verdict is None] == left[1::2]
    turned = [i.verdict for i in played.items if isinstance(i.verdict, Reject) and i.verdict.code == "turn"]
    kept = [i.example.id for i in played.items if i.verdict is None]
    assert [reject.neighbour for reject in turned] == [None, *kept][: len(turned)]


async def test_what_was_rejected_keeps_its_place(tmp_path: Path) -> None:
    items = tasks(4)
    source = Stream(
        [items[0], Rejected(items[1], Reject("odd one")), Failed(items[2], BadRequest("too long")), items[3]]
    )
    played = await play(source, [Ask(Model(before=dawdling(1)))], tmp_path)
    assert [what for _, _, what in told(played)] == ["kept", "odd one", "BadRequest", "kept"]
    assert [item.stage for item in played.items if item.verdict is not None] == [0, 0]
    assert balanced(played)


# ---------------------------------------------------------------- how far ahead


@pytest.mark.parametrize("window", [1, 4, 9])
async def test_works_no_further_ahead_than_its_window(tmp_path: Path, window: int) -> None:
    gate = Gate()
    source = Stream(tasks(200))
    model = Model(before=gate)
    playing = asyncio.create_task(play(source, [Ask(model)], tmp_path, window=window))
    await until(lambda: len(gate.waiting) >= window)
    await asyncio.sleep(0.05)
    assert window <= len(gate.waiting) <= window + 2
    assert len(source.read) <= 2 * window + 4
    gate.open()
    assert len((await playing).kept) == 200


async def test_reads_the_source_as_it_writes(tmp_path: Path) -> None:
    source = Stream(tasks(300))
    ahead: list[int] = []

    def sink(item: Item) -> bool:
        ahead.append(len(source.read) - len(ahead))
        return False

    model = Model(before=dawdling(3, 0.001))
    await play(source, [Ask(model), Ask(model)], tmp_path, window=5, sink=sink)
    assert len(ahead) == 300
    assert max(ahead) <= 3 * (5 + 2) + 2


async def test_the_first_rows_are_written_while_the_last_are_asked(tmp_path: Path) -> None:
    last = Gate()

    async def hold_the_last(prompt: str) -> None:
        if prompt == "task 39":
            await last(prompt)

    pipeline = Pipeline(tasks(40), [Ask(Model(before=hold_the_last))])
    running = asyncio.create_task(run(pipeline, tmp_path / "run"))
    part = tmp_path / "run" / "data.jsonl.part"
    await until(lambda: part.exists() and part.read_bytes().count(b"\n") == 39)
    assert last.waiting == ["task 39"]
    last.open()
    assert len(await running) == 40


# ---------------------------------------------------------------- what generators do


async def test_many_or_none_of_one(tmp_path: Path) -> None:
    def some(example: Example) -> list[str | Reject]:
        made: list[list[str | Reject]] = [[], ["a"], ["a", Reject("bad"), "b"]]
        return made[number_of(example) % 3]

    played = await play(Stream(tasks(6)), [Make(some)], tmp_path)
    assert [(output, what) for _, output, what in told(played)] == [
        ("", "nothing"),
        ("a", "kept"),
        ("a", "kept"),
        ("", "bad"),
        ("b", "kept"),
    ] * 2
    assert balanced(played)
    assert (played.counts.source, played.counts.born[1], played.counts.expanded[1]) == (6, 10, 6)


async def test_what_was_made_before_an_error_is_kept(tmp_path: Path) -> None:
    played = await play(Stream(tasks(2)), [Make(lambda _: ["a", "b", BadRequest("too long")])], tmp_path)
    assert told(played) == [
        (f"task {n}", output, what)
        for n in range(2)
        for output, what in [("a", "kept"), ("b", "kept"), ("", "BadRequest")]
    ]
    assert played.items[2].example.parents == (tasks(1)[0].id,)
    assert balanced(played)


async def test_what_cannot_be_parsed_is_rejected(tmp_path: Path) -> None:
    played = await play(Stream(tasks(1)), [Make(lambda _: ["a", ParseError("no verdict in it")])], tmp_path)
    reject = played.items[1].verdict
    assert isinstance(reject, Reject)
    assert (reject.code, reject.detail) == ("unparsable", "no verdict in it")


@dataclass(frozen=True, slots=True)
class Grouped:
    """Asks side by side in a task group of its own, which wraps what goes wrong."""

    errors: tuple[Exception, ...]

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        async def fail(error: Exception) -> None:
            raise error

        async with asyncio.TaskGroup() as group:
            for error in self.errors:
                group.create_task(fail(error))
        yield example


async def test_a_group_of_errors_decides_like_one(tmp_path: Path) -> None:
    played = await play(Examples(tasks(1)), [Grouped((ParseError("no list"), BadRequest("too long")))], tmp_path)
    assert [what for _, _, what in told(played)] == ["BadRequest"]
    played = await play(Examples(tasks(1)), [Grouped((ParseError("no list"),))], tmp_path)
    assert [what for _, _, what in told(played)] == ["unparsable"]
    with pytest.raises(ValueError, match="a bug"):
        await play(Examples(tasks(1)), [Grouped((BadRequest("too long"), ValueError("a bug")))], tmp_path)


async def test_a_bug_in_a_group_says_where_it_is(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a bug") as caught:
        await play(Examples(tasks(1)), [Grouped((BadRequest("too long"), ValueError("a bug")))], tmp_path)
    assert caught.value.__notes__ == [f"in grouped, at example {tasks(1)[0].id}"]


@dataclass(frozen=True, slots=True)
class Forsaken:
    """A source and a generator that wait, at the second example, for what somebody else has cancelled."""

    async def examples(self, ctx: Context) -> AsyncIterator[Example]:
        yield tasks(1)[0]
        await given_up()

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        if number_of(example) == 1:
            await given_up()
        yield example.child("fine")


async def given_up() -> None:
    awaited: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    awaited.cancel()
    await awaited


@pytest.mark.parametrize(
    ("source", "steps", "place"),
    [
        (Forsaken(), [], "in forsaken, the source"),
        (Stream(tasks(3)), [Forsaken()], f"in forsaken, at example {tasks(2)[1].id}"),
    ],
    ids=["source", "generator"],
)
async def test_a_stage_that_waits_for_what_was_cancelled_ends_the_run(
    tmp_path: Path, source: Source, steps: list[Step], place: str
) -> None:
    with pytest.raises(RuntimeError, match="awaited something that was cancelled") as caught:
        async with asyncio.timeout(20):
            await play(source, steps, tmp_path)
    assert caught.value.__notes__ == [place]


@dataclass(frozen=True, slots=True)
class Quitter:
    """A source, a generator and a select that cancel the task they run in; nobody ends the run meanwhile."""

    async def examples(self, ctx: Context) -> AsyncIterator[Example]:
        yield tasks(1)[0]
        await quit_now()

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        await quit_now()
        yield example


@dataclass(frozen=True, slots=True)
class QuittingSelect:
    def select(self, examples: Sequence[Example], random: Random) -> list[Example]:
        raise asyncio.CancelledError


def quitting(example: Example) -> None:
    raise asyncio.CancelledError


async def quit_now() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("source", "steps", "who"),
    [
        (Quitter(), [], "quitter"),
        (Stream(tasks(3)), [Quitter()], "quitter"),
        (Stream(tasks(3)), [Filter(quitting)], "a filter or select"),
        (Stream(tasks(3)), [QuittingSelect()], "a filter or select"),
    ],
    ids=["source", "generator", "check", "select"],
)
async def test_a_stage_that_cancels_itself_ends_the_run(
    tmp_path: Path, source: Source, steps: list[Step], who: str
) -> None:
    with pytest.raises(RuntimeError, match=f"{who} cancelled its own task"):
        async with asyncio.timeout(20):
            await play(source, steps, tmp_path)


async def test_equal_children_have_ids_of_their_own(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Same:
        async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
            for _ in range(5):
                yield example.child("same", output="same")

    played = await play(Stream(tasks(3)), [Same()], tmp_path)
    assert len({item.example.id for item in played.items}) == 15
    again = await play(Stream(tasks(3)), [Same()], tmp_path)
    assert [item.example.id for item in again.items] == [item.example.id for item in played.items]


async def test_lineage_leads_back_to_the_source(tmp_path: Path) -> None:
    model = Model()
    played = await play(Stream(tasks(1)), [Ask(model), Ask(model)], tmp_path)
    example = played.items[0].example
    assert [step.id for step in example.ancestors] == [tasks(1)[0].id, example.parents[0]]
    assert [len(step.calls) for step in example.ancestors] == [0, 1]
    assert len(example.calls) == 1


@dataclass(frozen=True)
class Judge:
    """Asks twice and names neither call."""

    engine: Model

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        for number in range(2):
            await ctx.ask(self.engine, Request.chat(f"{example.instruction} judged {number}"))
        yield example.child("judge", scores={"quality": 1.0})


async def test_no_call_goes_untraced(tmp_path: Path) -> None:
    played = await play(Stream(tasks(2)), [Judge(Model())], tmp_path)
    assert [len(set(item.example.calls)) for item in played.items] == [2, 2]


@dataclass(frozen=True)
class Together:
    """Asks for several at once; fails with the first that fails."""

    engine: Model
    copies: int = 6

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        started = [ctx.start(self.engine, Request.chat(f"{example.instruction} {copy}")) for copy in range(self.copies)]
        texts = [(await answer).text for answer in started]
        yield example.child("together", output=" ".join(texts))


@pytest.mark.parametrize("fault", [None, 0, 3])
async def test_the_calls_of_an_example_do_not_depend_on_what_came_first(tmp_path: Path, fault: int | None) -> None:
    seen = set()
    for seed in range(6):
        delay = dawdling(seed)

        async def dawdle(prompt: str, delay: Callable[[str], Awaitable[None]] = delay) -> None:
            await delay(prompt)
            if fault is not None and prompt.endswith(f" {fault}"):
                raise BadRequest("no")

        (tmp_path / str(seed)).mkdir()
        played = await play(Stream(tasks(3)), [Together(Model(before=dawdle))], tmp_path / str(seed))
        seen.add(tuple(item.example.calls for item in played.items))
    assert len(seen) == 1
    assert [len(calls) for calls in seen.pop()] == [6 if fault is None else 5] * 3


async def test_what_is_asked_side_by_side_is_in_flight_together(tmp_path: Path) -> None:
    gate = Gate()
    model = Model(before=gate)
    playing = asyncio.create_task(play(Stream(tasks(1)), [Together(model)], tmp_path))
    await until(lambda: len(gate.waiting) == 6)
    gate.open()
    assert len((await playing).kept) == 1


# ---------------------------------------------------------------- randomness


@dataclass(frozen=True)
class Dice:
    """Makes an example of what the context's random numbers say."""

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        await asyncio.sleep(Random().random() / 1000)
        thrown = [ctx.random("dice", 1).random(), ctx.random("dice", 1).random(), ctx.random("dice", 2).random()]
        yield example.child("dice", output=" ".join(map(str, thrown)))


@dataclass(frozen=True)
class OtherDice(Dice):
    """The same under another name."""


async def test_random_depends_on_seed_stage_example_and_labels_only(tmp_path: Path) -> None:
    async def throw(count: int, steps: list[Generator], seed: int = 0) -> list[list[str]]:
        return [output.split() for output in (await play(Stream(tasks(count)), steps, tmp_path, seed=seed)).kept]

    thrown = await throw(10, [Dice()])
    assert all(one == again != other for one, again, other in thrown)
    assert len({one for one, _, _ in thrown}) == 10
    assert (await throw(3, [Dice()])) == thrown[:3]
    assert (await throw(10, [Dice()], seed=1))[0] != thrown[0]
    assert len((await throw(10, [Dice(), Dice()]))[0]) == 3
    # The occurrence of a stage counts, not its position: another kind of stage before it changes nothing.
    same = await play(Stream(tasks(10)), [Filter(Every(1)), Dice()], tmp_path)
    assert [output.split() for output in same.kept] == thrown
    assert not {one for one, _, _ in thrown} & {one for one, _, _ in await throw(10, [OtherDice()])}


# ---------------------------------------------------------------- selects


@dataclass(frozen=True)
class Chosen:
    """A select that a function decides."""

    function: object

    def select(self, examples: Sequence[Example], random: Random) -> Iterable[Example | Rejected]:
        assert callable(self.function)
        made: Iterable[Example | Rejected] = self.function(examples)
        return made


async def test_a_select_passes_the_rejected_first(tmp_path: Path) -> None:
    def halve(examples: Sequence[Example]) -> Iterable[Example | Rejected]:
        for example in reversed(examples):
            yield example if number_of(example) % 2 else Rejected(example, Reject("even"))

    steps: list[Step] = [Ask(Model(before=dawdling(1))), Chosen(halve), Ask(Model(before=dawdling(2)))]
    played = await play(Stream(tasks(6)), steps, tmp_path, window=2)
    assert [(number_of(item.example), item.verdict is None) for item in played.items] == [
        (4, False),
        (2, False),
        (0, False),
        (5, True),
        (3, True),
        (1, True),
    ]
    assert balanced(played)


async def test_a_select_sees_the_whole_set_once(tmp_path: Path) -> None:
    sizes: list[int] = []

    def note(examples: Sequence[Example]) -> Sequence[Example]:
        sizes.append(len(examples))
        return examples

    steps: list[Step] = [Filter(Odd()), Chosen(note), Chosen(note), Filter(Every(2)), Chosen(note)]
    played = await play(Stream(tasks(40)), steps, tmp_path, window=3)
    assert sizes == [20, 20, 10]
    assert len(played.kept) == 10
    assert balanced(played)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda examples: examples[:-2], "lost 2 of 5 examples: yield a Rejected for each"),
        (lambda examples: [*examples, tasks(9)[8]], "which it was not given"),
        (lambda examples: [*examples, examples[0]], "which it was not given"),
        (lambda examples: [e.child("other") for e in examples], "which it was not given"),
        (lambda examples: None, "Chosen returned NoneType; a select gives examples, and Rejected"),
        (lambda examples: [*examples, 5], "Chosen returned int; a select gives examples, and Rejected"),
    ],
)
async def test_a_select_that_loses_or_invents_is_refused(tmp_path: Path, function: object, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        await play(Stream(tasks(5)), [Chosen(function)], tmp_path)


async def test_a_select_may_get_equal_examples(tmp_path: Path) -> None:
    same = tasks(1)[0]
    played = await play(Stream([same, same, same]), [Shuffle(), Best(2, "quality")], tmp_path)
    assert [what for _, _, what in told(played)] == ["no_score"] * 3
    assert balanced(played)


async def test_a_select_of_nothing(tmp_path: Path) -> None:
    played = await play(Stream([]), [Shuffle(), Ask(Model())], tmp_path)
    assert (played.how, played.items) == ("end", [])


# ---------------------------------------------------------------- errors


@dataclass(frozen=True)
class Broken:
    """A stage with a bug, at the example of this number."""

    at: int
    error: Exception

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        if number_of(example) == self.at:
            raise self.error
        yield example.child("fine")


async def test_a_bug_arrives_unchanged(tmp_path: Path) -> None:
    bug = ValueError("a bug")
    bug.__cause__ = cause = KeyError("why")
    with pytest.raises(ValueError, match="a bug") as caught:
        await play(Stream(tasks(9)), [Ask(Model()), Broken(5, bug), Ask(Model())], tmp_path)
    assert caught.value is bug
    assert bug.__cause__ is cause


@pytest.mark.parametrize("error", [RecipeError("bad option"), StoreError("disk full"), ZeroDivisionError("bug")])
async def test_other_errors_end_the_run(tmp_path: Path, error: Exception) -> None:
    async def broken(example: Example) -> None:
        raise error

    @dataclass(frozen=True)
    class Source:
        async def examples(self, ctx: Context) -> AsyncIterator[Example]:
            yield tasks(1)[0]
            raise error

    def check(example: Example) -> Reject | None:
        raise error

    for source, steps in ((Source(), []), (Stream(tasks(2)), [Filter(check)])):
        with pytest.raises(type(error)) as caught:
            await play(source, steps, tmp_path)
        assert caught.value is error


async def test_an_error_of_the_sink_ends_the_run(tmp_path: Path) -> None:
    def full(item: Item) -> bool:
        raise StoreError("disk full")

    with pytest.raises(StoreError, match="disk full"):
        await play(Stream(tasks(2)), [Ask(Model())], tmp_path, sink=full)


async def test_the_source_is_closed(tmp_path: Path) -> None:
    ended: list[str] = []

    @dataclass(frozen=True)
    class Source:
        async def examples(self, ctx: Context) -> AsyncIterator[Example]:
            try:
                for example in tasks(100):
                    yield example
            finally:
                ended.append("closed")

    await play(Source(), [Ask(Model())], tmp_path, window=2, sink=lambda item: True)
    assert ended == ["closed"]
    with pytest.raises(ValueError, match="bug"):
        await play(Source(), [Broken(3, ValueError("bug"))], tmp_path, window=2)
    assert ended == ["closed", "closed"]


@dataclass(frozen=True)
class Growing:
    """A source that yields some examples and then cannot have the answer it needs."""

    engine: Model
    items: tuple[Example, ...]

    async def examples(self, ctx: Context) -> AsyncIterator[Example]:
        for example in self.items:
            yield example
        await ctx.ask(self.engine, Request.chat("the next"))


async def test_a_source_that_cannot_go_on_leaves_what_came_before(tmp_path: Path) -> None:
    error = BadRequest("too long")
    answered = Gate()

    async def fault(_: str) -> None:
        await answered("the source")
        raise error

    teacher = Model(before=dawdling(1))
    source = Growing(Model(before=fault, name="writer"), tuple(tasks(5)))
    running = asyncio.create_task(run(Pipeline(source, [Ask(teacher)]), tmp_path / "run"))
    await until(lambda: len(teacher.asked) == 5 and answered.waiting)
    answered.open()
    with pytest.raises(BadRequest) as caught:
        await running
    assert caught.value is error
    assert (tmp_path / "run" / "data.jsonl").read_bytes().count(b"\n") == 5


# ---------------------------------------------------------------- in a run


async def test_a_bug_leaves_the_prefix_that_was_decided(tmp_path: Path) -> None:
    bug = ValueError("a bug")

    def check(example: Example) -> Reject | None:
        if number_of(example) == 5:
            raise bug
        return None

    with pytest.raises(ValueError, match="a bug") as caught:
        await run(Pipeline(tasks(9), [Ask(Model()), Filter(Told(check))]), tmp_path / "run")
    assert caught.value is bug
    rows = (tmp_path / "run" / "data.jsonl").read_bytes()
    whole = await run(Pipeline(tasks(5), [Ask(Model())]), tmp_path / "other")
    assert rows == (whole.path / "data.jsonl").read_bytes()


async def test_failures_are_made_good_by_the_same_call(tmp_path: Path) -> None:
    failing = True

    async def sometimes(prompt: str) -> None:
        await dawdling(len(prompt))(prompt)
        if failing and number_of_prompt(prompt) % 4 == 1:
            raise BadRequest("the server has had enough")

    steps: list[Step] = [Ask(Model(before=sometimes)), Filter(Every(2))]
    first = await run(Pipeline(tasks(20), steps), tmp_path / "run")
    assert not first.complete
    assert first.counts["failed"] == 5
    assert [message for _, message in first.failed()] == ["BadRequest: the server has had enough"] * 5
    assert first.manifest["partial"] is False

    kept, failing = instructions(first), False
    again = await run(Pipeline(tasks(20), steps), tmp_path / "run")
    assert (again.complete, new_calls(again)) == (True, 5)
    never = await run(
        Pipeline(tasks(20), [Ask(Model()), Filter(Every(2))]), tmp_path / "never", store=tmp_path / "n.db"
    )
    assert contents(again.path) == contents(never.path)
    assert set(kept) - set(instructions(again))  # rows may leave as well as join


def number_of_prompt(prompt: str) -> int:
    return int(prompt.split()[-1])


CHILDREN = st.lists(st.sampled_from(["a", "b", "reject", "fail", "garble"]), max_size=4)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    made=st.lists(CHILDREN, min_size=1, max_size=5),
    count=st.integers(0, 12),
    window=st.integers(1, 5),
    kinds=st.lists(st.sampled_from(["make", "odd", "every", "ask", "shuffle", "best"]), max_size=5),
    limit=st.none() | st.integers(1, 12),
)
async def test_whatever_the_pipeline_the_balance_holds(
    tmp_path: Path, made: list[list[str]], count: int, window: int, kinds: list[str], limit: int | None
) -> None:
    def make(example: Example) -> list[str | Reject | Exception]:
        others: dict[str, Reject | Exception] = {
            "reject": Reject("bad"),
            "fail": BadRequest("no"),
            "garble": ParseError("?"),
        }
        return [others.get(what, what) for what in made[number_of(example) % len(made)]]

    model = Model(before=dawdling(count, 0.001))
    stages: dict[str, Generator | Filter | Select] = {
        "make": Make(make),
        "odd": Filter(Odd()),
        "every": Filter(Every(2)),
        "ask": Ask(model, copies=2),
        "shuffle": Shuffle(),
        "best": Best(3, "quality"),
    }
    steps = [stage.fresh() if isinstance(stage := stages[kind], Filter) else stage for kind in kinds]
    kept = 0

    def sink(item: Item) -> bool:
        nonlocal kept
        kept += item.verdict is None
        return kept == limit

    played = await play(Stream(tasks(count)), steps, tmp_path, window=window, sink=sink)
    one, other = played.counts.balance
    assert one == other
    if played.how == "end":
        assert balanced(played)
    table = played.counts.table(Pipeline(Stream([]), steps).names())
    assert table[-1]["out"] == played.counts.kept
    assert sum(sum(row["rejected"].values()) for row in table) == played.counts.rejected.total()
    assert all(after["in"] == before["out"] for before, after in itertools.pairwise(table))
    assert len({item.example.id for item in played.items}) == len(played.items)


# ---------------------------------------------------------------- recordings


def recording_of(result: Run, path: Path) -> Path:
    """The recording of a run's calls."""
    keys = [key for example in result for key in example.calls]
    rows = stored_rows(Path(result.telemetry["store"]), keys)
    path.write_text("".join(json.dumps(recorded_json(row)) + "\n" for row in rows))
    return path


async def test_a_recording_gives_the_same_bytes(tmp_path: Path) -> None:
    model = Model(before=dawdling(1))
    live = await run(Pipeline(tasks(9), [Ask(model, copies=2), Shuffle()]), tmp_path / "live")
    played = Recorded(recording_of(live, tmp_path / "recording.jsonl"))
    replayed = await run(
        Pipeline(tasks(9), [Ask(played, copies=2), Shuffle()]), tmp_path / "replayed", store=tmp_path / "empty.db"
    )
    assert contents(replayed.path) == contents(live.path)
    assert new_calls(replayed) == 0


async def test_half_a_character_in_a_recording_is_replaced(tmp_path: Path) -> None:
    """As a hand, or another program, may have written it; no file of a run could hold it."""
    live = await run(Pipeline(tasks(2), [Ask(Model())]), tmp_path / "live")
    recording = recording_of(live, tmp_path / "recording.jsonl")
    recording.write_text(recording.read_text().replace("task 1 answered", r"half \ud83d of \ud83d\ude00"))
    pipeline = Pipeline(tasks(2), [Ask(Recorded(recording))])
    first = await run(pipeline, tmp_path / "first", store=tmp_path / "first.db")
    assert list(first)[1].output.startswith("half \ufffd of \U0001f600 ")
    second = await run(pipeline, tmp_path / "second", store=tmp_path / "second.db")
    assert contents(second.path) == contents(first.path)


async def test_what_a_recording_lacks_ends_the_run_before_it(tmp_path: Path) -> None:
    live = await run(Pipeline(tasks(5), [Ask(Model())]), tmp_path / "live")
    played = Recorded(recording_of(live, tmp_path / "recording.jsonl"))
    examples = [*tasks(3), *tasks(7, "unknown task")[5:], *tasks(5)]
    with pytest.raises(EngineError, match=r"(?s)not in the recording of test/model: 2.*'unknown task 5'") as caught:
        await run(Pipeline(examples, [Ask(played)]), tmp_path / "run")
    assert caught.value.fatal
    partial = Run(tmp_path / "run")
    assert (len(partial), partial.manifest["partial"]) == (3, True)


@dataclass(frozen=True)
class Seeded:
    """A source with seeds, and a generator that tells what it knows of them."""

    seeds: tuple[Example, ...]

    async def examples(self, ctx: Context) -> AsyncIterator[Example]:
        assert ctx.seeds == self.seeds
        for example in tasks(2):
            yield example

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        yield example.child("seeded", output=" ".join(seed.id for seed in ctx.seeds))


async def test_every_stage_knows_the_seeds(tmp_path: Path) -> None:
    seeds = tuple(tasks(3, "seed"))
    result = await run(Pipeline(Seeded(seeds), [Seeded(())]), tmp_path / "run")
    assert {example.output for example in result} == {" ".join(seed.id for seed in seeds)}


# ---------------------------------------------------------------- limit


async def test_a_limit_cuts_after_the_last_kept(tmp_path: Path) -> None:
    model = Model(before=dawdling(4))
    pipeline = Pipeline(tasks(50), [Ask(model), Filter(Every(3))])
    result = await run(pipeline, tmp_path / "run", limit=5)
    assert [number_of(example) for example in result] == [2, 5, 8, 11, 14]
    assert [number_of(row.example) for row in result.rejected()] == [0, 1, 3, 4, 6, 7, 9, 10, 12, 13]
    assert result.complete
    assert (result.manifest["limit"], result.counts["source"]) == (5, 15)


async def test_what_is_in_flight_at_the_limit_is_recorded(tmp_path: Path) -> None:
    gate = Gate()
    passed: list[str] = []

    async def hold(prompt: str) -> None:
        if number_of_prompt(prompt) >= 5:
            await gate(prompt)

    def note(example: Example) -> None:
        passed.append(example.id)

    model = Model(before=hold, limits=Limits(concurrency=4))
    pipeline = Pipeline(tasks(50), [Ask(model), Filter(Told(note))])
    running = asyncio.create_task(run(pipeline, tmp_path / "run", limit=5))
    await until(lambda: len(passed) == 5 and len(gate.waiting) == 4)
    for _ in range(100):
        await asyncio.sleep(0)
    assert not running.done()
    gate.open()
    result = await running
    assert len(model.asked) == new_calls(result) == 9  # nothing went out once the limit was reached
    more = await run(pipeline, tmp_path / "run", limit=9)
    assert (len(more), new_calls(more)) == (9, 0)


@pytest.mark.parametrize("limit", [1, 7, 20])
async def test_a_second_run_asks_for_nothing(tmp_path: Path, limit: int) -> None:
    model = Model(before=dawdling(limit), limits=Limits(concurrency=3))
    steps: list[Step] = [Ask(model, copies=2), Filter(Odd()), Ask(model)]
    pipeline = Pipeline(tasks(60), [*steps, Shuffle()] if limit == 20 else steps)
    first = await run(pipeline, tmp_path / "run", limit=limit)
    before, asked = contents(first.path), len(model.asked)
    for _ in range(3):
        again = await run(pipeline, tmp_path / "run", limit=limit)
        assert new_calls(again) == 0
    assert (contents(again.path), len(model.asked)) == (before, asked)


async def test_the_second_run_asks_for_nothing_however_long_the_pipeline(tmp_path: Path) -> None:
    # What is missing behind the limit is met at once, long before the rows have come through all the stages.
    async def only_the_first(prompt: str) -> None:
        if number_of_prompt(prompt) >= 3:
            raise BadRequest("no")

    model = Model(before=only_the_first)
    steps = [Ask(model, sampling=Sampling(max_tokens=most)) for most in range(1, 25)]
    patient = Breaker(after=10**6)
    first = await run(Pipeline(tasks(50), steps), tmp_path / "run", limit=3, breaker=patient)
    before, asked = contents(first.path), len(model.asked)
    assert new_calls(first) == 3 * 24
    again = await run(Pipeline(tasks(50), steps), tmp_path / "run", limit=3, breaker=patient)
    assert (len(model.asked), contents(again.path)) == (asked, before)


async def test_a_larger_limit_goes_on(tmp_path: Path) -> None:
    model = Model(limits=Limits(concurrency=1))
    pipeline = Pipeline(tasks(30), [Ask(model)])
    small = await run(pipeline, tmp_path / "run", limit=3)
    rows = (small.path / "data.jsonl").read_bytes()
    assert len(small) == 3
    large = await run(pipeline, tmp_path / "run", limit=10)
    assert len(large) == 10
    assert len(model.asked) == len(set(model.asked)) >= 10
    assert (large.path / "data.jsonl").read_bytes().startswith(rows)
    assert set(FILES) <= {path.name for path in large.path.iterdir()}


# ---------------------------------------------------------------- shards


@pytest.mark.parametrize("shards", [1, 2, 3, 7, 40])
async def test_shards_share_a_fixed_source(tmp_path: Path, shards: int) -> None:
    found: list[int] = []
    for shard in range(shards):
        played = await play(Stream(tasks(30)), [], tmp_path, shard=(shard, shards))
        numbers = [number_of(item.example) for item in played.items]
        assert numbers == sorted(numbers)
        assert abs(len(numbers) - 30 / shards) < 1
        found += numbers
    assert sorted(found) == list(range(30))


async def test_shards_sample_on_their_own(tmp_path: Path) -> None:
    model = Model()
    texts: list[str] = []
    for shard in range(3):
        result = await run(Pipeline(tasks(9), [Ask(model)]), tmp_path / str(shard), shard=shard, shards=3)
        texts += [example.output.split()[-1] for example in result]
        assert result.manifest["recipe"]["shard"] == [shard, 3]
    assert len(set(texts)) == 9
    with pytest.raises(RecipeError, match="shard 3 of 3"):
        await run(Pipeline(tasks(9), []), tmp_path / "none", shard=3, shards=3)


async def test_the_scripted_engine_plays_in_a_run(tmp_path: Path) -> None:
    engine = Scripted(lambda request: request.messages[-1].content.upper())
    result = await run(Pipeline(tasks(2), [Ask(engine, sampling=Sampling(temperature=0))]), tmp_path / "run")
    assert [example.output for example in result] == ["TASK 0", "TASK 1"]
