"""The run directory: whole files or none, one writer, one recipe, and a manifest without a clock in it."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import logging
import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from instructgen.contracts import Limits, Price, Reject, Sampling
from instructgen.errors import BadRequest, BudgetExhausted, Locked, RecipeError, StoreError
from instructgen.example import Example
from instructgen.filters.filter import Filter
from instructgen.runtime.budget import Budget
from instructgen.runtime.counts import Item
from instructgen.runtime.directory import RunDirectory
from instructgen.runtime.pipeline import Pipeline
from instructgen.runtime.run import Run
from instructgen.selects import Best, Shuffle
from tests.support.pipelines import (
    FILES,
    GREEDY,
    ROWS,
    Ask,
    Gate,
    Make,
    Model,
    Odd,
    Told,
    contents,
    dawdling,
    instructions,
    new_calls,
    number_of,
    run,
    tasks,
    until,
)

HOLDER = """
import sys, time
from pathlib import Path
from instructgen.runtime.directory import RunDirectory

with RunDirectory(Path(sys.argv[1]), {"stages": []}):
    print("held", flush=True)
    time.sleep(60)
"""


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that writes to this directory."""
    child = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        yield child
    finally:
        child.kill()
        child.communicate()


# ---------------------------------------------------------------- files


async def test_holds_what_was_kept_rejected_and_failed(tmp_path: Path) -> None:
    def make(example: Example) -> list[str | Reject | Exception]:
        made: list[list[str | Reject | Exception]] = [
            ["kept\u2028"],
            [Reject("bad", 0.5, 0.25, "n", "so")],
            [BadRequest("too long")],
        ]
        return made[number_of(example)]

    result = await run(Pipeline(tasks(3), [Make(Told(make))]), tmp_path / "run")
    assert names(result.path) == {*FILES, "telemetry.json", ".lock"}
    assert [example.output for example in result] == ["kept\u2028"]
    assert [(row.reject.code, row.reject.value, row.reject.limit) for row in result.rejected()] == [("bad", 0.5, 0.25)]
    assert [(example.instruction, message) for example, message in result.failed()] == [
        ("task 2", "BadRequest: too long")
    ]
    rejected = next(result.rows("rejected.jsonl"))
    assert rejected["reject"] == {
        "stage": "make",
        "code": "bad",
        "value": "0.5",
        "limit": "0.25",
        "neighbour": "n",
        "detail": "so",
    }
    assert (result.reasons, len(result), result.complete) == ({"bad": 1}, 1, False)


async def test_an_example_survives_its_row(tmp_path: Path) -> None:
    whole = replace(tasks(1)[0], scores={"b": 1.5, "a": 2.0}, meta={"é": [1, None, {"x": "\u2029"}]}, system="s")
    result = await run(Pipeline([whole]), tmp_path / "run")
    assert list(result) == [whole]


async def test_part_files_until_the_end(tmp_path: Path) -> None:
    gate = Gate()
    running = asyncio.create_task(run(Pipeline(tasks(2), [Ask(Model(before=gate))]), tmp_path / "run"))
    await until(lambda: gate.waiting)
    parts = {f"{name}.part" for name in ROWS}
    assert parts <= names(tmp_path / "run")
    assert not set(ROWS) & names(tmp_path / "run")
    with pytest.raises(RecipeError, match="still under way"):
        Run(tmp_path / "run").manifest  # noqa: B018
    gate.open()
    await running
    assert not parts & names(tmp_path / "run")


async def test_a_second_run_leaves_the_old_files_until_it_ends(tmp_path: Path) -> None:
    pipeline = Pipeline(tasks(5), [Ask(Model())])
    first = await run(pipeline, tmp_path / "run", limit=2)
    before = contents(first.path)
    gate = Gate()
    slow = Pipeline(tasks(5), [Ask(Model(before=gate))])
    running = asyncio.create_task(run(slow, tmp_path / "run", store=tmp_path / "new.db"))
    await until(lambda: gate.waiting)
    assert contents(first.path) == before
    gate.open()
    assert len(await running) == 5


async def test_the_manifest_tells_the_files_and_no_time(tmp_path: Path) -> None:
    pipeline = Pipeline(tasks(9), [Ask(Model()), Filter(Odd())])
    result = await run(pipeline, tmp_path / "run", limit=3, seed=7)
    for name in ROWS:
        data = (result.path / name).read_bytes()
        told = {"rows": data.count(b"\n"), "sha256": hashlib.sha256(data).hexdigest()}
        assert result.manifest["files"][name] == told
    before = contents(result.path)
    await asyncio.sleep(0.01)
    await run(pipeline, tmp_path / "run", limit=3, seed=7)
    assert contents(result.path) == before
    moved = await run(pipeline, tmp_path / "elsewhere" / "deep", limit=3, seed=7, store=tmp_path / "another.db")
    assert contents(moved.path) == before
    assert str(tmp_path) not in (moved.path / "manifest.json").read_text()
    manifest = result.manifest
    assert (manifest["recipe"]["seed"], manifest["limit"], manifest["engines"]) == (7, 3, ["test/model"])
    assert (manifest["complete"], manifest["partial"]) == (True, False)


async def test_is_private_to_the_user(tmp_path: Path) -> None:
    result = await run(Pipeline(tasks(2), [Ask(Model())]), tmp_path / "run")
    assert stat.S_IMODE(result.path.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in result.path.iterdir()} == {0o600}


async def test_an_answer_whose_time_is_damaged_is_asked_again(tmp_path: Path) -> None:
    pipeline = Pipeline(tasks(3), [Ask(Model())])
    before = contents((await run(pipeline, tmp_path / "run")).path)
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection, connection:
        connection.execute("UPDATE completions SET at = 'long ago' WHERE rowid = 2")
    again = await run(pipeline, tmp_path / "run")
    assert (new_calls(again), again.telemetry["quarantined"]) == (1, 1)
    assert isinstance(again.telemetry["oldest_answer"], float)
    assert contents(again.path) == before
    assert new_calls(await run(pipeline, tmp_path / "run")) == 0


async def test_an_empty_source_makes_an_empty_run(tmp_path: Path) -> None:
    result = await run(Pipeline([], [Ask(Model()), Filter(Odd()), Shuffle()]), tmp_path / "run")
    assert (len(result), result.complete, list(result)) == (0, True, [])
    assert [(result.path / name).read_bytes() for name in ROWS] == [b"", b"", b""]


async def test_telemetry_tells_what_was_done(tmp_path: Path) -> None:
    priced = Limits(price=Price(prompt=100.0, completion=1000.0))
    pipeline = Pipeline([*tasks(3), tasks(1)[0]], [Ask(Model(limits=priced), copies=2)])
    first = (await run(pipeline, tmp_path / "run")).telemetry
    assert first["calls"] == {"new": 6, "replayed": 0, "joined": 2, "retries": 0}
    assert first["tokens"] == {"new_prompt": 42, "new_completion": 18}
    assert first["usd"] == {"new": pytest.approx((42 * 100 + 18 * 1000) / 1e6), "replayed": 0}
    assert (first["errors"], first["quarantined"], first["oldest_answer"]) == ({}, 0, None)
    again = (await run(pipeline, tmp_path / "run")).telemetry
    assert again["calls"] == {"new": 0, "replayed": 8, "joined": 0, "retries": 0}
    assert (again["usd"]["new"], again["store"]) == (0, str((tmp_path / "store.db").resolve()))
    assert again["oldest_answer"] is not None


async def test_a_cost_that_is_not_known_is_not_nothing(tmp_path: Path) -> None:
    result = await run(Pipeline(tasks(1), [Ask(Model())]), tmp_path / "run")
    assert result.telemetry["usd"] == {"new": None, "replayed": 0}


async def test_damage_in_the_store_is_mended_by_the_run(tmp_path: Path) -> None:
    pipeline = Pipeline(tasks(5), [Ask(Model())])
    before = contents((await run(pipeline, tmp_path / "run")).path)
    with closing(sqlite3.connect(tmp_path / "store.db")) as connection, connection:
        connection.execute("UPDATE completions SET crc = crc + 1 WHERE rowid IN (2, 4)")
    again = await run(pipeline, tmp_path / "run")
    assert (new_calls(again), again.telemetry["quarantined"]) == (2, 2)
    assert contents(again.path) == before
    assert new_calls(await run(pipeline, tmp_path / "run")) == 0


async def test_two_runs_at_once_share_their_answers(tmp_path: Path) -> None:
    count = itertools.count()
    model = Model(lambda _: f"answer {next(count)}", before=dawdling(1))  # never the same twice
    pipeline = Pipeline(tasks(20), [Ask(model)])
    one, other = await asyncio.gather(run(pipeline, tmp_path / "one"), run(pipeline, tmp_path / "other"))
    assert contents(one.path) == contents(other.path)
    assert contents((await run(pipeline, tmp_path / "third")).path) == contents(one.path)


# ---------------------------------------------------------------- partial results


async def test_a_partial_result_is_a_prefix_and_says_so(tmp_path: Path) -> None:
    pipeline = Pipeline(tasks(10), [Ask(Model())])
    with pytest.raises(BudgetExhausted):
        await run(pipeline, tmp_path / "run", budget=Budget(requests=4))
    partial = Run(tmp_path / "run")
    assert instructions(partial) == [f"task {number}" for number in range(4)]
    assert (partial.complete, partial.manifest["partial"], partial.counts["kept"]) == (False, True, 4)
    assert "(partial)" in str(partial)
    assert partial.manifest["files"]["data.jsonl"]["rows"] == 4


async def test_a_partial_result_replaces_a_partial_one(tmp_path: Path) -> None:
    pipeline = Pipeline(tasks(10), [Ask(Model())])
    for requests in (4, 3):
        with pytest.raises(BudgetExhausted):
            await run(pipeline, tmp_path / "run", budget=Budget(requests=requests))
    assert len(Run(tmp_path / "run")) == 7


async def test_a_partial_result_never_replaces_a_complete_one(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    pipeline = Pipeline(tasks(10), [Ask(Model())])
    whole = await run(pipeline, tmp_path / "run")
    before = {path.name: path.read_bytes() for path in whole.path.iterdir()}
    with pytest.raises(BudgetExhausted):
        await run(pipeline, tmp_path / "run", budget=Budget(requests=3), store=tmp_path / "other.db")
    assert {name: (whole.path / name).read_bytes() for name in before} == before
    assert (whole.path / "data.jsonl.part").read_bytes().count(b"\n") == 3
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "keeps the complete result" in caplog.text
    again = await run(pipeline, tmp_path / "run", store=tmp_path / "other.db")
    assert (new_calls(again), contents(again.path)) == (7, {name: before[name] for name in FILES})
    assert not (whole.path / "data.jsonl.part").exists()


async def test_a_row_that_cannot_be_written_is_not_counted(tmp_path: Path) -> None:
    examples = tasks(5)
    examples[3] = replace(examples[3], scores={"quality": float("nan")})
    with pytest.raises(RecipeError, match=r"cannot be written|JSON values only"):
        await run(Pipeline(examples), tmp_path / "run")
    partial = Run(tmp_path / "run")
    assert (len(partial), len(list(partial))) == (3, 3)


# ---------------------------------------------------------------- one recipe


CHANGES: list[tuple[str, Pipeline, dict[str, Any]]] = [
    ("seed: 0 → 1", Pipeline(tasks(3), [Ask(Model())]), {"seed": 1}),
    (r"stages\[2\]\.copies: 1 → 2", Pipeline(tasks(3), [Ask(Model(), copies=2)]), {}),
    (r"stages\[2\]\.engine\.engine: test/model → test/other", Pipeline(tasks(3), [Ask(Model(name="other"))]), {}),
    (r"stages\[2\]\.sampling\.temperature: 1\.0 → 0", Pipeline(tasks(3), [Ask(Model(), sampling=GREEDY)]), {}),
    (r"stages\[1\]\.items\.examples: 3 → 4", Pipeline(tasks(4), [Ask(Model())]), {}),
    (r"stages\[1\]\.items\.hash", Pipeline(tasks(3, "other"), [Ask(Model())]), {}),
    ("stages: ", Pipeline(tasks(3), [Ask(Model()), Filter(Odd())]), {}),
    (r"shard\[2\]: 1 → 2", Pipeline(tasks(3), [Ask(Model())]), {"shards": 2}),
]


@pytest.mark.parametrize(("difference", "pipeline", "options"), CHANGES)
async def test_another_recipe_is_refused_with_what_differs(
    tmp_path: Path, difference: str, pipeline: Pipeline, options: dict[str, Any]
) -> None:
    first = await run(Pipeline(tasks(3), [Ask(Model())]), tmp_path / "run")
    before = {path.name: path.read_bytes() for path in first.path.iterdir()}
    with pytest.raises(RecipeError, match=rf"(?s)holds a run of another recipe.*  {difference}.*another --out"):
        await run(pipeline, tmp_path / "run", **options)
    assert {path.name: path.read_bytes() for path in first.path.iterdir()} == before


async def test_a_new_directory_costs_nothing(tmp_path: Path) -> None:
    await run(Pipeline(tasks(5), [Ask(Model())]), tmp_path / "run")
    other = await run(Pipeline(tasks(5), [Ask(Model()), Filter(Odd())]), tmp_path / "other")
    assert (len(other), new_calls(other)) == (2, 0)


async def test_options_that_change_no_answer_are_no_other_recipe(tmp_path: Path) -> None:
    first = await run(Pipeline(tasks(5), [Ask(Model())]), tmp_path / "run", limit=2)
    assert len(first) == 2
    engine = Model(limits=Limits(concurrency=3, timeout=5, price=Price(1, 2)))
    again = await run(Pipeline(tasks(5), [Ask(engine)]), tmp_path / "run", budget=Budget(requests=9))
    assert len(again) == 5


async def test_a_directory_that_no_run_made_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    mine = tmp_path / "mine" / "data.jsonl"
    mine.write_text('{"instruction": "my own rows"}\n')
    with pytest.raises(RecipeError, match=r"data\.jsonl(.|\n)*another --out"):
        await run(Pipeline(tasks(1)), tmp_path / "mine")
    assert mine.read_text() == '{"instruction": "my own rows"}\n'


@pytest.mark.parametrize("text", ["", "{", "[]", '{"recipes": 1}', "null"])
async def test_a_manifest_that_cannot_be_read_is_left_alone(tmp_path: Path, text: str) -> None:
    (tmp_path / "run").mkdir()
    manifest = tmp_path / "run" / "manifest.json"
    manifest.write_text(text)
    with pytest.raises(RecipeError, match="is no manifest"):
        await run(Pipeline(tasks(1)), tmp_path / "run")
    assert manifest.read_text() == text


# ---------------------------------------------------------------- one writer


async def test_a_second_writer_is_refused_and_told_who_writes(tmp_path: Path) -> None:
    with holder(tmp_path / "run") as child:
        with pytest.raises(Locked) as caught:
            await run(Pipeline([]), tmp_path / "run")
        assert f"process {child.pid} on {socket.gethostname()}" in str(caught.value)
        assert caught.value.exit_code == 5


async def test_a_killed_writer_is_in_nobodys_way(tmp_path: Path) -> None:
    with holder(tmp_path / "run") as child:
        child.send_signal(signal.SIGKILL)
        child.wait(20)
        assert (tmp_path / "run" / ".holder.json").exists()
        with RunDirectory(tmp_path / "run", {"stages": []}):
            assert json.loads((tmp_path / "run" / ".holder.json").read_bytes())["pid"] == os.getpid()
    assert not (tmp_path / "run" / ".holder.json").exists()


async def test_two_runs_of_one_process_do_not_share_it(tmp_path: Path) -> None:
    gate = Gate()
    pipeline = Pipeline(tasks(1), [Ask(Model(before=gate))])
    running = asyncio.create_task(run(pipeline, tmp_path / "run"))
    await until(lambda: gate.waiting)
    with pytest.raises(Locked, match=f"process {os.getpid()}"):
        await run(pipeline, tmp_path / "run")
    gate.open()
    assert len(await running) == 1
    assert len(await run(pipeline, tmp_path / "run")) == 1


async def test_a_run_that_failed_gives_the_lock_back(tmp_path: Path) -> None:
    def bug(_: Example) -> Any:
        raise ValueError("bug")

    for _ in range(2):
        with pytest.raises(ValueError, match="bug"):
            await run(Pipeline(tasks(1), [Make(Told(bug))]), tmp_path / "run")
    with pytest.raises(RecipeError, match="another recipe"):
        await run(Pipeline(tasks(2)), tmp_path / "run")
    assert ".holder.json" not in names(tmp_path / "run")


async def test_readers_need_no_lock(tmp_path: Path) -> None:
    pipeline = Pipeline(tasks(3), [Ask(Model())])
    await run(pipeline, tmp_path / "run", limit=2)
    with RunDirectory(tmp_path / "run", {**pipeline.describe(), "seed": 0, "shard": [0, 1]}):
        assert len(list(Run(tmp_path / "run"))) == 2


# ---------------------------------------------------------------- disks


async def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match=r"file/run cannot be written: Not a directory"):
        await run(Pipeline(tasks(1)), tmp_path / "file" / "run")
    with pytest.raises(StoreError, match=r"file cannot be written"):
        await run(Pipeline(tasks(1)), tmp_path / "file")


async def test_a_full_disk_stops_the_run_and_keeps_what_was_paid(tmp_path: Path) -> None:
    model = Model(lambda request: "long " * 2000)
    pipeline = Pipeline(tasks(30), [Ask(model)])
    first = await run(pipeline, tmp_path / "run", limit=3)
    before = contents(first.path)
    part = first.path / "data.jsonl.part"
    part.symlink_to("/dev/full")
    with pytest.raises(StoreError, match=r"(?s)No space left on device.*same command resumes"):
        await run(pipeline, tmp_path / "run", limit=30)
    assert contents(first.path) == before
    part.unlink()
    asked = len(model.asked)
    result = await run(pipeline, tmp_path / "run", limit=30)
    assert (len(result), new_calls(result)) == (30, 30 - asked)


async def test_a_directory_that_goes_away_is_an_error(tmp_path: Path) -> None:
    gate = Gate()
    running = asyncio.create_task(run(Pipeline(tasks(1), [Ask(Model(before=gate))]), tmp_path / "run"))
    await until(lambda: gate.waiting)
    (tmp_path / "run").rename(tmp_path / "moved")
    gate.open()
    with pytest.raises(StoreError, match="cannot be written"):
        await running


@pytest.mark.parametrize("fault", ["data.jsonl", "rejected.jsonl", "manifest.json"])
async def test_a_disk_that_fills_at_the_end_leaves_no_half_file(tmp_path: Path, fault: str) -> None:
    pipeline = Pipeline(tasks(5), [Ask(Model()), Filter(Odd())])
    first = await run(pipeline, tmp_path / "run", limit=1)
    (first.path / f"{fault}.part").symlink_to("/dev/full")
    with pytest.raises(StoreError, match="No space left"):
        await run(pipeline, tmp_path / "run")
    (first.path / f"{fault}.part").unlink()
    for name in ROWS:
        rows = (first.path / name).read_bytes()
        assert rows.endswith(b"\n") or rows == b""
        assert all(json.loads(row) for row in rows.splitlines())
    assert json.loads((first.path / "manifest.json").read_bytes())
    again = await run(pipeline, tmp_path / "run")
    assert (len(again), new_calls(again)) == (2, 0)


def test_write_and_finish_by_hand(tmp_path: Path) -> None:
    example = tasks(1)[0]
    with RunDirectory(tmp_path / "run", {"stages": []}) as directory:
        directory.write(Item(example), ["source"])
        directory.write(Item(example, verdict=Reject("bad")), ["source"])
        directory.flush()
        assert (tmp_path / "run" / "data.jsonl.part").read_bytes().count(b"\n") == 1
        directory.finish({"recipe": {"stages": []}, "complete": True, "partial": False}, {})
    assert [path.name for path in sorted((tmp_path / "run").iterdir())] == [
        ".lock",
        "data.jsonl",
        "failed.jsonl",
        "manifest.json",
        "rejected.jsonl",
        "telemetry.json",
    ]


# ---------------------------------------------------------------- fresh


async def test_fresh_asks_anew_and_stays_apart(tmp_path: Path) -> None:
    model = Model()
    pipeline = Pipeline(tasks(4), [Ask(model)])
    first = await run(pipeline, tmp_path / "run")
    rows = (first.path / "data.jsonl").read_bytes()
    fresh = await run(pipeline, tmp_path / "run", fresh=True)
    assert (new_calls(fresh), len(model.asked)) == (4, 8)
    assert (fresh.path / "data.jsonl").read_bytes() == rows  # the same model, asked the same
    assert new_calls(await run(pipeline, tmp_path / "run")) == 0
    assert new_calls(await run(pipeline, tmp_path / "run", fresh=True)) == 4
    assert {"completions.db", "completions-1.db"} <= names(tmp_path / "run")


def test_fresh_loses_nothing_that_a_killed_run_had_paid_for(tmp_path: Path) -> None:
    program = """
import asyncio, os, sys
from pathlib import Path
from tests.support.pipelines import Ask, Model, tasks
from instructgen.runtime.pipeline import Pipeline

async def die(prompt):
    if prompt == "task 3":
        os.kill(os.getpid(), 9)

from instructgen.contracts import Limits
model = Model(before=die, limits=Limits(concurrency=1))
asyncio.run(Pipeline(tasks(4), [Ask(model)]).arun(Path(sys.argv[1]), fresh=True, progress="none"))
"""
    out = tmp_path / "run"
    killed = subprocess.run([sys.executable, "-c", program, str(out)], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert (out / "completions.db-wal").exists()
    result = Pipeline(tasks(4), [Ask(Model())]).run(out, fresh=True, progress="none")
    assert new_calls(result) == 4
    assert {"completions-1.db", "completions-1.db-wal"} <= names(out)


# ---------------------------------------------------------------- options


@pytest.mark.parametrize("limit", [0, -1])
async def test_a_limit_counts_from_one(tmp_path: Path, limit: int) -> None:
    with pytest.raises(RecipeError, match="at least 1"):
        await run(Pipeline(tasks(1)), tmp_path / "run", limit=limit)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("seed", [2**63, -(2**63) - 1])
async def test_a_seed_must_fit_into_the_store(tmp_path: Path, seed: int) -> None:
    with pytest.raises(RecipeError, match="seed"):
        await run(Pipeline(tasks(1), [Ask(Model())]), tmp_path / "run", seed=seed)


@pytest.mark.parametrize(
    "options", [{"seed": "x"}, {"seed": 1.0}, {"shard": "0"}, {"shard": 0.0}, {"shards": "2"}, {"limit": 1.5}]
)
async def test_an_option_that_counts_is_a_whole_number(tmp_path: Path, options: dict[str, Any]) -> None:
    ((name, value),) = options.items()
    with pytest.raises(RecipeError, match=f"{name} is {value!r}; it must be a whole number"):
        await run(Pipeline(tasks(1)), tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("seed", [2**63 - 1, -(2**63)])
async def test_large_seeds_work(tmp_path: Path, seed: int) -> None:
    result = await run(Pipeline(tasks(1), [Ask(Model())]), tmp_path / "run", seed=seed)
    assert len(result) == 1


async def test_the_shuffle_of_a_run_depends_on_its_seed_only(tmp_path: Path) -> None:
    orders = []
    for number, seed in enumerate((0, 0, 1)):
        result = await run(Pipeline(tasks(12), [Shuffle()]), tmp_path / str(number), seed=seed)
        orders.append(instructions(result))
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == sorted(f"task {n}" for n in range(12))


async def test_a_run_shows_itself_with_every_text_escaped(tmp_path: Path) -> None:
    evil = [Example.root("t", index=n, instruction="<script>alert(1)</script>", output="x" * 5000) for n in range(30)]
    result = await run(Pipeline(evil, [Best(25, "quality")]), tmp_path / "none")
    assert str(result).splitlines()[1:] == ["      30  no_score"]
    result = await run(Pipeline(evil), tmp_path / "run")
    page = result._repr_html_()
    assert "<script>" not in page
    assert page.count("&lt;script&gt;") == 20
    assert len(page) < 20_000
    assert repr(result) == f"Run({str(result.path)!r})"


def test_a_directory_without_a_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="holds no finished run"):
        Run(tmp_path).manifest  # noqa: B018


async def test_greedy_requests_are_shared_between_seeds(tmp_path: Path) -> None:
    model = Model()
    calls = []
    for seed in range(3):
        steps = [Ask(model, sampling=Sampling(temperature=0)), Ask(model, copies=2)]
        calls.append(new_calls(await run(Pipeline(tasks(3), steps), tmp_path / str(seed), seed=seed)))
    assert calls == [9, 6, 6]
