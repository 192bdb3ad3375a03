"""A run is a pure function of its recipe, its seed and its recorded completions: same bytes whatever happens meanwhile.

The engine is the real one, over HTTP, against a counting server on loopback; the command line is called as a user does.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from instructgen import OpenAI
from instructgen.cli import main
from tests.recipes.tasks import recipe
from tests.support.fault_server import FaultServer
from tests.support.passing import Passing
from tests.support.processes import RECIPES, instructgen, made
from tests.support.teacher import refuses, teacher, untidy

TASKS, ANSWERS = RECIPES / "tasks.py", RECIPES / "answers.py"
LIMIT = 61  # odd: the cut falls between the two answers to one task


def serving(faults: Any = untidy, **options: Any) -> FaultServer:
    return FaultServer(answer=teacher, faults=faults, **options)


def run(server: FaultServer | None, folder: Path, *options: object, recipe: Path = TASKS, name: str = "run") -> int:
    """``instructgen run`` into a directory of this folder, with the folder's store."""
    engine = [] if server is None else ["--teacher", f"openai/m@{server.url}"]
    places = ["--out", folder / name, "--store", folder / "completions.db", "--progress", "none"]
    return main(["run", *map(str, [recipe, *engine, *places, *options])])


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, bytes]]:
    """What a run with these options makes in peace; made once."""
    known: dict[tuple[object, ...], dict[str, bytes]] = {}

    def find(*options: object, recipe: Path = TASKS) -> dict[str, bytes]:
        if (recipe, *options) not in known:
            folder = tmp_path_factory.mktemp("reference")
            with serving() as server:
                assert run(server, folder, *options, recipe=recipe) == 0
            known[recipe, *options] = made(folder / "run")
        return known[recipe, *options]

    return find


Reference = Callable[..., dict[str, bytes]]
VARIANTS = [("--limit", LIMIT), (), ("--shuffle",), ("--shuffle", "--limit", LIMIT)]


@pytest.mark.parametrize("options", [*VARIANTS, ("--limit", 21, "--requests", 60, "--concurrency", 2)], ids=str)
def test_the_second_run_asks_for_nothing(tmp_path: Path, options: tuple[object, ...]) -> None:
    with serving() as server:
        assert run(server, tmp_path, *options) == 0
        first, asked = made(tmp_path / "run"), server.requests
        assert run(server, tmp_path, *options) == 0
        assert run(server, tmp_path, *options, name="elsewhere") == 0
        assert server.requests == asked
    assert made(tmp_path / "run") == first
    assert made(tmp_path / "elsewhere") == first
    assert first["failed.jsonl"] == b""
    assert {row["reject"]["code"] for row in rows(first["rejected.jsonl"])} >= {"rouge", "too_long"}


def test_a_pipeline_can_be_run_twice(tmp_path: Path) -> None:
    with serving() as server:
        pipeline = recipe(OpenAI("m", base_url=server.url))
        first, second = (pipeline.run(tmp_path / name, store=tmp_path / "completions.db") for name in ("a", "b"))
    assert made(first.path) == made(second.path)
    assert second.telemetry["calls"]["new"] == 0


@pytest.mark.parametrize("options", VARIANTS, ids=str)
@pytest.mark.parametrize("concurrency", [1, 8, 64])
def test_concurrency_and_delays_change_nothing(
    tmp_path: Path, reference: Reference, concurrency: int, options: tuple[object, ...]
) -> None:
    with serving(latency=0.004, sigma=1.0, seed=concurrency) as server:
        assert run(server, tmp_path, "--concurrency", concurrency, *options) == 0
        assert server.most_in_flight <= concurrency
        assert set(server.bodies.values()) == {1}
    assert made(tmp_path / "run") == reference(*options)


@pytest.mark.parametrize("concurrency", [1, 8, 64])
@pytest.mark.parametrize("seed", range(3))
def test_faults_that_pass_change_nothing(tmp_path: Path, reference: Reference, seed: int, concurrency: int) -> None:
    faults = Passing(0.2, seed, untidy)
    with serving(faults, latency=0.004, sigma=1.0, seed=seed) as server:
        assert run(server, tmp_path, "--limit", LIMIT, "--concurrency", concurrency) == 0
        assert server.requests - faults.bought.total() > 10
    assert set(faults.bought.values()) == {1}
    assert made(tmp_path / "run") == reference("--limit", LIMIT)


@pytest.mark.parametrize(("tasks", "share"), [(False, 0.15), (True, 0.3)], ids=["answers", "tasks"])
def test_what_failed_is_asked_again_and_leaves_no_trace(
    tmp_path: Path, reference: Reference, capsys: pytest.CaptureFixture[str], tasks: bool, share: float
) -> None:
    refused = refuses(share, tasks=tasks)
    with serving(lambda number, body: refused(number, body) or untidy(number, body)) as server:
        assert run(server, tmp_path) == 3
        assert "the same command asks for those again" in capsys.readouterr().err
        bought = set(server.bodies) - {raw for raw in server.bodies if refused(0, json.loads(raw))}
        manifest = json.loads((tmp_path / "run" / "manifest.json").read_bytes())
        failed = rows((tmp_path / "run" / "failed.jsonl").read_bytes())
        assert not manifest["complete"]
        assert not manifest["partial"]
        assert 3 < manifest["counts"]["failed"] == len(failed) <= server.played["400"]
        assert {row["error"]["type"] for row in failed} == {"BadRequest"}
        first = made(tmp_path / "run")
        assert run(server, tmp_path) == 3
        assert made(tmp_path / "run") == first
        server.faults = untidy
        server.bodies.clear()
        assert run(server, tmp_path) == 0
        assert not set(server.bodies) & bought
        assert set(server.bodies.values()) == {1}
    assert made(tmp_path / "run") == reference()


def test_failures_are_written_alike_whatever_came_first(tmp_path: Path) -> None:
    found: list[dict[str, bytes]] = []
    refused = refuses(0.15)
    with serving(lambda number, body: refused(number, body) or untidy(number, body), sigma=1.0) as server:
        for concurrency, server.latency in ((64, 0.01), (64, 0.0), (2, 0.005)):
            folder = tmp_path / str(len(found))
            for _ in range(2):
                assert run(server, folder, "--draws", 4, "--concurrency", concurrency) == 3
                found.append(made(folder / "run"))
    assert found[0]["failed.jsonl"].count(b"\n") > 20
    assert all(files == found[0] for files in found)


def test_calls_side_by_side_are_named_alike_whatever_came_first(tmp_path: Path) -> None:
    panel = RECIPES / "panel.py"
    found: list[dict[str, bytes]] = []
    for concurrency, latency in ((64, 0.01), (64, 0.0), (3, 0.005)):
        folder = tmp_path / str(len(found))
        with serving(latency=latency, sigma=1.5, seed=concurrency) as server:
            for name in ("run", "again"):
                assert run(server, folder, "--concurrency", concurrency, recipe=panel, name=name) == 0
                found.append(made(folder / name))
            assert set(server.bodies.values()) == {1}
        assert main(["record", str(folder / "run"), "--out", str(folder / "calls.jsonl")]) == 0
        recording = f"recorded/{folder / 'calls.jsonl'}"
        assert run(None, folder / "theirs", "--teacher", recording, recipe=panel) == 0
        found.append(made(folder / "theirs" / "run"))
    kept, rejected = (rows(found[0][name]) for name in ("data.jsonl", "rejected.jsonl"))
    assert {len(row["calls"]) for row in kept} == {6}
    assert {row["reject"]["code"] for row in rejected} == {"unparsable"}
    assert all(files == found[0] for files in found)


@pytest.mark.parametrize("hash_seed", ["0", "1", "2"])
def test_the_hash_seed_changes_nothing(tmp_path: Path, reference: Reference, hash_seed: str) -> None:
    with serving() as server:
        places = ["--out", tmp_path / "run", "--store", tmp_path / "completions.db"]
        engine = ["--teacher", f"openai/m@{server.url}", "--limit", LIMIT]
        ended = instructgen("run", TASKS, *engine, *places, cwd=tmp_path, env={"PYTHONHASHSEED": hash_seed})
    assert ended.returncode == 0, ended.stderr
    assert made(tmp_path / "run") == reference("--limit", LIMIT)


@pytest.mark.parametrize("options", VARIANTS, ids=str)
def test_a_colleague_gets_the_same_bytes_from_a_recording(
    tmp_path: Path, reference: Reference, options: tuple[object, ...]
) -> None:
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    with serving(latency=0.002, sigma=1.0) as server:
        assert run(server, mine, *options) == 0
    recording = tmp_path / "calls.jsonl"
    assert main(["record", str(mine / "run"), "--out", str(recording)]) == 0
    assert run(None, theirs, "--teacher", f"recorded/{recording}", *options) == 0
    assert made(theirs / "run") == made(mine / "run") == reference(*options)
    again = tmp_path / "again.jsonl"
    assert main(["record", str(theirs / "run"), "--out", str(again)]) == 0
    assert again.read_bytes() == recording.read_bytes()


@pytest.mark.parametrize("limit", range(LIMIT, LIMIT + 4))
def test_a_recording_holds_what_a_limit_left_unwritten(tmp_path: Path, limit: int) -> None:
    for options in (("--limit", limit), ("--limit", limit, "--shuffle")):
        folder = tmp_path / str(len(options))
        with serving() as server:
            assert run(server, folder, *options) == 0
        assert main(["record", str(folder / "run"), "--out", str(folder / "calls.jsonl")]) == 0
        assert run(None, folder / "theirs", "--teacher", f"recorded/{folder / 'calls.jsonl'}", *options) == 0
        assert made(folder / "theirs" / "run") == made(folder / "run")


def test_a_recording_does_not_depend_on_timing(tmp_path: Path) -> None:
    recordings = []
    for concurrency in (1, 64):
        folder = tmp_path / str(concurrency)
        with serving(latency=0.002, sigma=1.0) as server:
            assert run(server, folder, "--limit", LIMIT, "--concurrency", concurrency) == 0
        assert main(["record", str(folder / "run"), "--out", str(folder / "calls.jsonl")]) == 0
        recordings.append((folder / "calls.jsonl").read_bytes())
    assert recordings[0] == recordings[1]


def test_two_processes_share_a_store(tmp_path: Path, reference: Reference) -> None:
    with serving(latency=0.01, sigma=0.5) as server, ThreadPoolExecutor(2) as pool:
        engine = ["--teacher", f"openai/m@{server.url}", "--limit", LIMIT, "--store", tmp_path / "completions.db"]
        runs = [
            pool.submit(instructgen, "run", TASKS, *engine, "--out", tmp_path / name, cwd=tmp_path) for name in "ab"
        ]
        for ended in runs:
            assert ended.result().returncode == 0, ended.result().stderr
    assert made(tmp_path / "a") == made(tmp_path / "b") == reference("--limit", LIMIT)


def test_another_seed_is_another_sample_but_greedy_answers_are_not_bought_again(tmp_path: Path) -> None:
    with serving() as server:
        assert run(server, tmp_path, recipe=ANSWERS) == 0
        assert run(server, tmp_path, "--seed", 1, recipe=ANSWERS, name="other") == 0
        assert server.requests == 40
        assert run(server, tmp_path, "--temperature", 0, recipe=ANSWERS, name="greedy") == 0
        assert run(server, tmp_path, "--temperature", 0, "--seed", 1, recipe=ANSWERS, name="same") == 0
        assert server.requests == 60
    files = {name: made(tmp_path / name)["data.jsonl"] for name in ("run", "other", "greedy", "same")}
    assert len(set(files.values())) == 3
    assert files["greedy"] == files["same"]


def test_a_filter_behind_the_last_model_is_moved_for_nothing(tmp_path: Path, reference: Reference) -> None:
    with serving() as server:
        assert run(server, tmp_path) == 0
        asked = server.requests
        assert run(server, tmp_path, "--endings", 3, name="stricter") == 0
        assert server.requests == asked
    kept = {name: made(tmp_path / name)["data.jsonl"].count(b"\n") for name in ("run", "stricter")}
    assert kept["stricter"] < kept["run"]
    assert made(tmp_path / "stricter") == reference("--endings", 3)


def test_shards_divide_a_list(tmp_path: Path) -> None:
    with serving() as server:
        for concurrency in (1, 64):
            for shard in range(3):
                options = ("--rows", 20, "--shard", f"{shard}/3", "--concurrency", concurrency)
                assert run(server, tmp_path / str(concurrency), *options, recipe=ANSWERS, name=str(shard)) == 0
    shares = []
    for shard in range(3):
        files = made(tmp_path / "1" / str(shard))
        assert files == made(tmp_path / "64" / str(shard))
        shares.append([row["instruction"] for name in ("data.jsonl", "rejected.jsonl") for row in rows(files[name])])
    assert [len(share) for share in shares] == [7, 7, 6]
    assert len({instruction for share in shares for instruction in share}) == 20


def test_shards_of_a_growing_pool_differ(tmp_path: Path) -> None:
    with serving() as server:
        for shard in range(2):
            assert run(server, tmp_path, "--shard", f"{shard}/2", "--limit", 20, name=str(shard)) == 0
        assert set(server.bodies.values()) == {1}
    first, second = (
        {row["instruction"] for row in rows(made(tmp_path / str(shard))["data.jsonl"])} for shard in range(2)
    )
    assert not first & second


def rows(data: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in data.split(b"\n") if line]
