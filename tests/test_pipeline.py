"""What a pipeline refuses, takes over and works ahead: mistakes are named where they are made."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from instructgen import (
    ConstrainedRespond,
    Context,
    Engines,
    EvolInstruct,
    Example,
    File,
    Filter,
    FreshStart,
    Length,
    Limits,
    Magpie,
    MagpieTurns,
    Nouns,
    Operator,
    Pipeline,
    Prompt,
    Reformulate,
    Reject,
    Rejected,
    Request,
    Respond,
    Run,
    Scripted,
    UnnaturalInstructions,
)
from instructgen.errors import NothingKept, RecipeError, StoreError
from instructgen.runtime.dry_run import dry_run
from tests.support.pipelines import Ask, Model, run, tasks


@pytest.mark.parametrize(
    ("source", "steps", "words"),
    [
        ([Example("a")], [Length(1, 2)], ["steps[0]", "Filter(Length(…))"]),
        ([Example("a")], [len], ["steps[0]", "Filter(len(…))"]),
        ([Example("a")], [Filter(), None], ["steps[1]", "NoneType"]),
        ([Example("a")], [Respond], ["steps[0]", "is a class", "Respond(…)"]),
        (["Why?"], [], ["list of Example"]),
        ("q.csv", [], ["str", "list of Example"]),
        (Path("q.csv"), [], ["File('q.csv')"]),
        (None, [], ["NoneType"]),
    ],
)
def test_what_is_no_source_or_step_is_named(source: Any, steps: Any, words: list[str]) -> None:
    with pytest.raises(RecipeError) as caught:
        Pipeline(source, steps)
    assert all(word in str(caught.value) for word in words)


def test_a_spec_is_no_engine() -> None:
    engine: Any = "openai/m"
    with pytest.raises(RecipeError, match=r"Write engine"):
        Respond(engine)


@pytest.mark.parametrize("draws", [0, -1])
def test_no_answer_at_all_is_no_draw(draws: int) -> None:
    with pytest.raises(RecipeError, match=rf"Respond\(draws={draws}\): it is a whole number of at least 1"):
        Respond(Model(), draws=draws)


def test_a_file_is_a_source(tmp_path: Path) -> None:
    assert Pipeline(File(tmp_path / "q.csv")).names() == ["file"]


@dataclass(frozen=True, slots=True)
class Yields:
    """Yields one thing, whatever it is."""

    thing: Any

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        yield self.thing


@dataclass(frozen=True, slots=True)
class Returns:
    """Returns where it should yield."""

    async def generate(self, example: Example, ctx: Context) -> Example:
        return example


async def test_an_example_made_from_nothing_gets_a_lineage(tmp_path: Path) -> None:
    result = await run(Pipeline(tasks(2), [Yields(Example("orphan", output="x"))]), tmp_path / "run")
    first, second = result
    assert first.id != second.id
    assert (first.by, first.instruction, first.output) == ("yields", "orphan", "x")
    assert first.parents == (first.ancestors[-1].id,)


@dataclass(frozen=True, slots=True)
class Hands:
    """A source and a generator that hand out these things, whatever they are."""

    things: tuple[Any, ...]

    async def examples(self, ctx: Context) -> AsyncIterator[Example]:
        for thing in self.things:
            yield thing

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        for thing in self.things:
            yield thing


ORPHANS = (
    Example("orphan"),
    Example("orphan"),
    Rejected(Example("orphan"), Reject("bad")),
    Rejected(Example("other", by="mine"), Reject("bad")),
)


async def test_what_a_generator_rejects_from_nothing_gets_a_lineage_too(tmp_path: Path) -> None:
    result = await run(Pipeline(tasks(2), [Hands(ORPHANS)]), tmp_path / "run")
    made = [*result, *(row.example for row in result.rejected())]
    ids = [example.id for example in made]
    assert all(ids)
    assert len(set(ids)) == len(ids) == 2 * len(ORPHANS)
    assert {example.by for example in made} == {"hands", "mine"}
    assert {example.parents for example in made} == {(task.id,) for task in tasks(2)}
    assert all(example.ancestors[-1].id == example.parents[0] for example in made)


async def test_what_a_source_makes_from_nothing_begins_a_lineage(tmp_path: Path) -> None:
    result = await run(Pipeline(Hands(ORPHANS), [Yields(Example("child"))]), tmp_path / "run")
    rejected = [row.example for row in result.rejected()]
    assert [(example.by, example.parents, example.instruction) for example in rejected] == [
        ("hands", (), "orphan"),
        ("mine", (), "other"),
    ]
    roots = [example.ancestors[0] for example in result]
    assert [(root.by, root.parents) for root in roots] == [("hands", ())] * 2
    assert [example.parents for example in result] == [(root.id,) for root in roots]
    ids = [one.id for one in (*result, *rejected, *roots)]
    assert all(ids)
    assert len(set(ids)) == len(ids) == 6


async def test_a_source_that_yields_no_example_is_named(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"hands yielded int; a source yields examples \(Example\.root"):
        await run(Pipeline(Hands((Example("fine"), 5)), []), tmp_path / "run")


@pytest.mark.parametrize("thing", [None, "text", 3])
async def test_what_is_no_example_is_refused(tmp_path: Path, thing: object) -> None:
    with pytest.raises(RecipeError, match="a generator yields examples"):
        await run(Pipeline(tasks(1), [Yields(thing)]), tmp_path / "run")


async def test_a_generator_that_returns_is_refused(tmp_path: Path) -> None:
    step: Any = Returns()
    with pytest.raises(RecipeError, match="must be `async def` and yield"):
        await run(Pipeline(tasks(1), [step]), tmp_path / "run")


async def test_an_engine_that_returns_something_else_is_refused(tmp_path: Path) -> None:
    def wrong(request: object) -> Any:
        return 7

    with pytest.raises(RecipeError, match="int"):
        await run(Pipeline(tasks(1), [Ask(Model(wrong))]), tmp_path / "run")


async def test_a_bug_says_where_it_is(tmp_path: Path) -> None:
    def check(example: Example) -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug") as caught:
        await run(Pipeline(tasks(1), [Filter(check)]), tmp_path / "run")
    assert caught.value.__notes__[0].startswith("in filter, at example ")


@pytest.mark.parametrize(("limit", "most"), [(1, 30), (5, 40)])
async def test_a_small_limit_does_not_buy_much_more(tmp_path: Path, limit: int, most: int) -> None:
    model = Model(limits=Limits(concurrency=64))
    result = await run(Pipeline(tasks(500), [Ask(model)]), tmp_path / "run", limit=limit)
    assert len(result) == limit
    assert len(model.asked) <= most


@pytest.mark.parametrize("harm", ["missing", "cut", "altered"])
async def test_files_that_are_not_what_the_manifest_says(tmp_path: Path, harm: str) -> None:
    pipeline = Pipeline(tasks(3), [Ask(Model())])
    result = await run(pipeline, tmp_path / "run")
    data = tmp_path / "run" / "data.jsonl"
    whole = data.read_bytes()
    if harm == "missing":
        data.unlink()
    else:
        data.write_bytes(whole[:-9] if harm == "cut" else whole.replace(b"0", b"1", 1))
    with pytest.raises(StoreError, match="Run the recipe into this directory again"):
        result.export("jsonl", tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
    await run(pipeline, tmp_path / "run")
    assert data.read_bytes() == whole


def test_half_a_character_is_named(tmp_path: Path) -> None:
    pipeline = Pipeline([Example("b \ud800")], [Respond(Scripted(lambda request: "fine"))])
    with pytest.raises(RecipeError, match="half a character"):
        pipeline.run(tmp_path / "run", store=tmp_path / "store.db", progress="none")


def test_two_functions_do_not_play_one_model(tmp_path: Path) -> None:
    one, other = Scripted(lambda request: "A"), Scripted(lambda request: "B")
    for pipeline in (
        Pipeline([Example("x")], [Respond(Engines(one, other))]),
        Pipeline([Example("x")], [Respond(one), Respond(other)]),
    ):
        with pytest.raises(RecipeError, match="two functions play scripted/model"):
            pipeline.run(tmp_path / "run", store=tmp_path / "store.db")
        assert not (tmp_path / "run").exists()
    named = Engines(one, Scripted(other.function, name="other"))
    assert len(Pipeline([Example("x")], [Respond(named), Respond(one)]).run(tmp_path / "run", progress="none")) == 1


def test_an_endless_source_is_followed_no_further_than_its_window(tmp_path: Path) -> None:
    starts = Pipeline(Nouns(), [FreshStart(Scripted(str, limits=Limits(concurrency=4)))])
    store = tmp_path / "store.db"
    assert len(starts.pending(store=store)) in range(64, 72)
    assert len(starts.pending(limit=3, store=store)) in range(8, 16)
    assert dry_run(starts, limit=3, store=store).requests in range(8, 16)


def test_an_endless_source_of_which_nothing_is_kept_is_given_up(tmp_path: Path) -> None:
    asked: list[str] = []

    def useless(request: Request) -> str:
        asked.append(request.messages[-1].content)
        return "Too short."

    def go(out: str, patience: int) -> None:
        pipeline = Pipeline(Nouns(), [FreshStart(Scripted(useless), rounds=2)])
        pipeline.run(tmp_path / out, limit=2, patience=patience, store=tmp_path / "store.db", progress="none")

    with pytest.raises(NothingKept, match=r"nothing was kept of 30 examples(.|\n)*too_short"):
        go("run", 30)
    first = Run(tmp_path / "run")
    assert (first.counts["source"], first.counts["kept"], first.complete) == (30, 0, False)
    bought = len(asked)
    assert bought < 100
    rows = (tmp_path / "run" / "rejected.jsonl").read_bytes()
    with pytest.raises(NothingKept):  # the same place again, for nothing
        go("run", 30)
    assert (tmp_path / "run" / "rejected.jsonl").read_bytes() == rows
    assert len(asked) <= bought + 64  # what was under way when it stopped


def test_patience_counts_from_the_latest_that_was_kept(tmp_path: Path) -> None:
    @dataclass(frozen=True)
    class Every:
        """A source without an end."""

        endless = True

        async def examples(self, ctx: Context) -> AsyncIterator[Example]:
            number = 0
            while True:
                yield Example.root("every", instruction="x" * (10 if number % 7 == 6 else 1), index=number)
                number += 1

    pipeline = Pipeline(Every(), [Filter(Length(5, 20, field="instruction", unit="characters"))])
    options: Any = {"limit": 4, "store": tmp_path / "store.db", "progress": "none"}
    run = pipeline.run(tmp_path / "patient", patience=7, **options)
    assert (len(run), run.counts["source"]) == (4, 28)
    with pytest.raises(NothingKept):
        pipeline.run(tmp_path / "hasty", patience=6, **options)
    assert len(Run(tmp_path / "hasty")) == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"budget": 5}, r"run\(budget=5\): it is a Budget"),
        ({"breaker": 0.5}, r"run\(breaker=0.5\)"),
        ({"patience": 0}, r"run\(patience=0\): it is a whole number of at least 1"),
    ],
)
def test_options_of_the_wrong_kind(options: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=words):
        Pipeline([Example("x")]).run(tmp_path / "run", **options)


def test_a_run_directory_has_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(RecipeError, match="has no name"):
        Pipeline([Example("x")]).run("")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("steps", [None, Respond(Scripted(str))])
def test_steps_are_a_list(steps: Any) -> None:
    with pytest.raises(RecipeError, match=r"Write a list: Pipeline\(source, \[step, …\]\)"):
        Pipeline([Example("x")], steps)


@pytest.mark.parametrize("field", ["instruction", "input", "output", "system"])
@pytest.mark.parametrize("value", [None, 3, b"x"])
def test_an_example_is_made_of_texts(field: str, value: Any) -> None:
    with pytest.raises(RecipeError, match=rf"Example\({field}="):
        Example(**{"instruction": "x", field: value})


def test_what_is_no_function_plays_no_model() -> None:
    with pytest.raises(RecipeError, match="is no function"):
        Scripted("yes")  # type: ignore[arg-type]


def test_an_operator_sends_its_method() -> None:
    with pytest.raises(RecipeError, match="needs prompt and method"):
        Operator("a", "ask in Rust", prompt=Prompt("hi {prompt}", "p"))


TEACHER = Scripted(str)


@pytest.mark.parametrize(
    ("source", "steps", "limit", "floor"),
    [
        ([Example("x")] * 40, [Respond(TEACHER, draws=4)], 30, 30),
        (UnnaturalInstructions(TEACHER), [Respond(TEACHER, draws=4)], 30, 8 + 30),
        (UnnaturalInstructions(TEACHER), [ConstrainedRespond(TEACHER), Reformulate(TEACHER)], 15, 5 + 5 + 10),
        ([Example("x")], [MagpieTurns(TEACHER, "llama-3")], 1, 0),
        (Magpie(TEACHER, "llama-3"), [Respond(TEACHER), MagpieTurns(TEACHER, "llama-3")], 7, 14),
        # An original with an output is free; each of four rounds rewrites, compares and answers.
        ([Example("x", output="y")], [EvolInstruct(TEACHER)], 5, 12),
        ([Example("x", output="y")], [EvolInstruct(TEACHER, compare=False)], 5, 8),
        (Nouns(), [FreshStart(TEACHER)], 5, 10),
        (Magpie(TEACHER, "llama-3"), [Ask(TEACHER)], 5, None),
    ],
)
def test_the_floor_of_a_dry_run(source: Any, steps: Any, limit: int, floor: int | None, tmp_path: Path) -> None:
    assert dry_run(Pipeline(source, steps), limit=limit, store=tmp_path / "store.db").at_least == floor
