"""Growing a set that is there: what is in it already, or is too similar to it, does not come in again."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from instructgen import (
    Context,
    Example,
    File,
    Filter,
    Length,
    Limits,
    Magpie,
    MagpieTurns,
    Pipeline,
    Prompt,
    Request,
    Respond,
    RougeNovelty,
    Run,
    Scripted,
    SelfInstruct,
)
from instructgen.cli import main
from instructgen.errors import RecipeError
from instructgen.formats import write_examples
from instructgen.formats.reading import read_examples
from tests.support.pipelines import contents, echo, instructions, run

OLD = [
    "Name three tools that a gardener uses in spring.",
    "Put the words of the list into alphabetical order.",
    "Why does bread rise in the oven when it warms up?",
    "写一首关于春天的诗，要有花和雨。",
]
NEAR = [
    "Name three tools that a gardener uses in autumn.",
    "Put the words of the list into reverse alphabetical order.",
    "写一首关于春天的诗，要有花和风。",
]
NEW = ["Explain how a lock on a canal works.", "List the planets that have rings.", "解释一下月食是怎么发生的。"]


def examples(texts: list[str], by: str = "test") -> list[Example]:
    return [
        Example.root(by, index=index, instruction=text, output=f"Answer {index}.") for index, text in enumerate(texts)
    ]


def novel(source: Any, known: list[Example] | tuple[Example, ...] = ()) -> Pipeline:
    return Pipeline(source, [Filter(RougeNovelty(0.7)), Respond(Scripted(echo))], known)


async def test_a_run_that_extends_itself_keeps_nothing(tmp_path: Path) -> None:
    first = await run(novel(examples(OLD)), tmp_path / "first")
    assert len(first) == len(OLD)
    again = await run(novel(examples(OLD, "again"), list(first)), tmp_path / "again")
    assert len(again) == 0
    found = [(one.reject.code, one.reject.value, one.reject.neighbour) for one in again.rejected()]
    assert found == [("rouge", 1.0, one.id) for one in first]
    assert again.telemetry["calls"]["new"] == 0


async def test_what_is_similar_to_the_known_is_rejected_with_its_neighbour(tmp_path: Path) -> None:
    known = examples(OLD, "known")
    result = await run(novel(examples([NEW[0], *NEAR, *NEW[1:]]), known), tmp_path / "run")
    assert instructions(result) == NEW  # and nothing of what is known
    neighbours = [(one.example.instruction, one.reject.neighbour) for one in result.rejected()]
    assert neighbours == list(zip(NEAR, [known[0].id, known[1].id, known[3].id], strict=True))
    without = await run(novel(examples([NEW[0], *NEAR, *NEW[1:]])), tmp_path / "without")
    assert instructions(without) == [NEW[0], *NEAR, *NEW[1:]]


@pytest.mark.parametrize("name", ["x.jsonl", "x.csv", "x.parquet", "sharegpt.json.gz"])
async def test_a_file_of_any_format_can_be_extended(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    format = {"x.csv": "csv", "sharegpt.json.gz": "sharegpt"}.get(name, "alpaca")
    write_examples(examples(OLD), format, path)
    known = list(read_examples(path))
    result = await run(novel(examples([*NEAR, *NEW]), known), tmp_path / "run")
    assert instructions(result) == NEW
    assert {one.reject.neighbour for one in result.rejected()} <= {one.id for one in known}


async def test_every_filter_knows_it(tmp_path: Path) -> None:
    """Answers are compared, too, where a filter compares them."""
    known = [Example("Another task altogether.", output="Describe the sea at night in winter.", id="known")]
    model = Scripted(lambda request: "Describe the sea at night in summer.")
    pipeline = Pipeline(examples(NEW), [Respond(model), Filter(RougeNovelty(0.7, field="output"))], known)
    result = await run(pipeline, tmp_path / "run")
    assert [one.reject.neighbour for one in result.rejected()] == ["known"] * 3


@dataclass(frozen=True, slots=True)
class Told:
    """A source that notes what it is told the novelty indexes start from."""

    seeds: list[Example]
    texts: list[str]
    heard: list[Example] = field(default_factory=list, init=False)

    async def examples(self, ctx: Context) -> AsyncIterator[Example]:
        self.heard[:] = ctx.seeds
        for one in examples(self.texts):
            yield one


async def test_seeds_come_before_what_is_known(tmp_path: Path) -> None:
    known, novelty = examples(OLD, "known"), [Filter(RougeNovelty(0.7))]
    told = Told([Example(OLD[0], output="x", id="seed")], OLD)
    result = await run(Pipeline(told, novelty, known), tmp_path / "told")
    assert [one.id for one in told.heard] == ["seed", *(one.id for one in known)]
    assert [one.reject.neighbour for one in result.rejected()] == ["seed", *(one.id for one in known[1:])]


async def test_a_growing_pool_adds_nothing_that_is_known(tmp_path: Path) -> None:
    texts = [*NEAR[:2], *NEW[:2]]
    blocks = "".join(
        f"###\n{n}. Instruction: {text}\n{n}. Input:\n<noinput>\n{n}. Output:\nDone.\n"
        for n, text in enumerate(texts, 2)
    )
    source = SelfInstruct(
        Scripted(lambda request: blocks), examples(["Say hello."], "seed"), tasks=5, demonstrations=1, requests=1
    )
    known = examples(OLD, "known")
    result = await run(Pipeline(source, [Filter(RougeNovelty(0.7))], known), tmp_path / "run")
    assert instructions(result) == NEW[:2]
    assert [one.reject.neighbour for one in result.rejected()] == [known[0].id, known[1].id]


async def test_what_is_known_has_ids(tmp_path: Path) -> None:
    known = [Example(OLD[0]), Example(OLD[1], id="mine")]
    result = await run(novel(examples(NEAR[:2]), known), tmp_path / "run")
    assert [one.reject.neighbour for one in result.rejected()] == [known[0].identified(0).id, "mine"]


# ---------------------------------------------------------------- reproducible


async def test_the_manifest_tells_what_was_extended(tmp_path: Path) -> None:
    known = examples(OLD, "known")
    result = await run(novel(examples(NEW), known), tmp_path / "run")
    told = result.manifest["recipe"]["known"]
    assert told["examples"] == len(OLD)
    assert told == novel(examples(NEW), tuple(known)).describe()["known"]
    assert "known" not in novel(examples(NEW)).describe()
    for other in (known[:-1], known[::-1], [], examples(OLD, "else")):
        assert novel(examples(NEW), other).describe().get("known") != told
        with pytest.raises(RecipeError, match=r"another recipe; what differs:\n  known.*: "):
            await run(novel(examples(NEW), other), tmp_path / "run")


async def test_the_same_set_extended_again_is_the_same(tmp_path: Path) -> None:
    texts = [text for group in zip(NEAR, NEW, strict=True) for text in group]
    found = []
    for number, concurrency in enumerate((1, 8)):
        model = Scripted(echo, limits=Limits(concurrency=concurrency))
        pipeline = Pipeline(examples(texts), [Filter(RougeNovelty(0.7)), Respond(model)], examples(OLD, "known"))
        for _ in range(2):
            await run(pipeline, tmp_path / f"{number}", store=tmp_path / f"{number}.db")
            found.append(contents(tmp_path / f"{number}"))
    assert found == found[:1] * 4


@pytest.mark.parametrize(
    ("known", "steps", "words"),
    [
        (Path("x.jsonl"), [Filter(RougeNovelty())], ["known is", "list(read_examples(PATH))"]),
        ((one for one in examples(OLD)), [Filter(RougeNovelty())], ["known is generator", "list(Run(DIRECTORY))"]),
        (["Why?"], [Filter(RougeNovelty())], ["known is list"]),
        (examples(OLD), [Filter(Length())], ["nothing in this pipeline compares", "Filter(RougeNovelty(0.7))"]),
        (examples(OLD), [], ["nothing in this pipeline compares"]),
    ],
)
def test_what_cannot_be_extended_is_named(known: Any, steps: Any, words: list[str]) -> None:
    with pytest.raises(RecipeError) as caught:
        Pipeline(examples(NEW), steps, known)
    assert all(word in str(caught.value) for word in words)


# ---------------------------------------------------------------- the command line

RECIPE = """
from pathlib import Path

from instructgen import File, Filter, Pipeline, RougeNovelty


def recipe(*, file: Path) -> Pipeline:
    return Pipeline(File(file), [Filter(RougeNovelty(0.7))])
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("recipe.py").write_text(RECIPE)
    for name, texts in (("old", OLD), ("new", [*NEAR, *NEW])):
        write_examples(examples(texts), "alpaca", Path(f"{name}.jsonl"))
    return tmp_path


def command(*arguments: str) -> int:
    return main([*arguments, "--store", "store.db"])


def test_a_file_or_a_run_is_extended(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("run", "recipe.py", "--file", "old.jsonl", "--out", "old") == 0
    for name in ("old", "old.jsonl"):
        assert command("run", "recipe.py", "--file", "new.jsonl", "--extend", name, "--out", f"out-{name}") == 0
        assert capsys.readouterr().err == ""
        assert instructions(Run(f"out-{name}")) == NEW
    assert {one.reject.neighbour for one in Run("out-old").rejected()} <= {one.id for one in Run("old")}
    assert command("run", "recipe.py", "--file", "new.jsonl", "--out", "out-old") == 2
    assert "what differs:\n  known" in capsys.readouterr().err


def test_a_run_that_would_only_repeat_another_is_noted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("run", "recipe.py", "--file", "old.jsonl", "--out", "old") == 0
    assert command("run", "recipe.py", "--file", "old.jsonl", "--extend", "old", "--out", "out") == 0
    assert "Take another --seed." in capsys.readouterr().err
    assert len(Run("out")) == 0
    assert command("run", "recipe.py", "--file", "old.jsonl", "--extend", "old", "--out", "two", "--seed", "2") == 0
    assert capsys.readouterr().err == ""


def test_several_sets_are_extended(folder: Path) -> None:
    write_examples(examples(NEW[:1]), "alpaca", folder / "more.jsonl")
    arguments = ["--extend", "old.jsonl", "--extend", "more.jsonl"]
    assert command("run", "recipe.py", "--file", "new.jsonl", *arguments, "--out", "out") == 0
    assert instructions(Run("out")) == NEW[1:]


def test_pending_knows_what_is_extended(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("recipe.py").write_text(
        RECIPE.replace("RougeNovelty\n", "RougeNovelty, Engine, Respond\n")
        .replace("*, file", "teacher: Engine, *, file")
        .replace("0.7))]", "0.7)), Respond(teacher)]")
    )
    base = ("pending", "recipe.py", "--teacher", "openai/m@http://127.0.0.1:9/v1", "--file", "new.jsonl")
    assert command(*base) == 0
    assert len(capsys.readouterr().out.splitlines()) == len([*NEAR, *NEW])
    assert command(*base, "--extend", "old.jsonl") == 0
    assert len(capsys.readouterr().out.splitlines()) == len(NEW)


@pytest.mark.parametrize(("path", "words"), [("nothing.jsonl", "there is no file"), (".", "holds no finished run")])
def test_what_is_not_there_cannot_be_extended(
    folder: Path, capsys: pytest.CaptureFixture[str], path: str, words: str
) -> None:
    assert command("run", "recipe.py", "--file", "new.jsonl", "--extend", path, "--out", "out") == 2
    assert words in capsys.readouterr().err


def test_an_unfinished_run_is_extended_with_a_note(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command("run", "recipe.py", "--file", "old.jsonl", "--out", "old") == 0
    manifest = json.loads(Path("old/manifest.json").read_bytes())
    Path("old/manifest.json").write_text(json.dumps({**manifest, "partial": True, "complete": False}))
    assert command("run", "recipe.py", "--file", "new.jsonl", "--extend", "old", "--out", "out") == 0
    assert "note: old is partial" in capsys.readouterr().err


def test_a_source_of_a_file_is_extended_by_that_file(folder: Path) -> None:
    path = folder / "old.jsonl"
    result = Pipeline(File(path), [Filter(RougeNovelty(0.7))], list(read_examples(path))).run(
        folder / "out", store=folder / "s.db", progress="none"
    )
    assert len(result) == 0


async def test_the_first_question_of_a_known_conversation_is_known(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        if request.text is None:
            return "Because."
        last = request.text.rpartition("user")[2]
        return f"Why is it {(request.seed or 0) % 1000}?" if len(request.text) < 60 else f"And why, after {last!r}?"

    engine = Scripted(model)

    def talk(known: list[Example] | tuple[Example, ...] = ()) -> Pipeline:
        turns = MagpieTurns(engine, "chatml", system=Prompt(""))
        return Pipeline(Magpie(engine, "chatml", requests=6), [Respond(engine), turns], known)

    first = list(await run(talk(), tmp_path / "first"))
    assert len(first) == 6 and all(row.history for row in first)
    again = await run(talk(first), tmp_path / "again")
    assert (len(again), again.reasons) == (0, {"duplicate": 6})
