"""What goes wrong for a user is said in a few lines, with the cure and the right exit code, and loses nothing.

Every case begins in a folder in which a part of a run is recorded already, and ends with the run finished, every
recorded completion used and none bought again.
"""

from __future__ import annotations

import json
import os
import re
import resource
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from instructgen.cli import main
from tests.support.fault_server import FaultServer
from tests.support.processes import RECIPES, command, environment, instructgen, made, start, stored
from tests.support.teacher import teacher

ANSWERS, SEEDED = RECIPES / "answers.py", RECIPES / "seeded.py"
BEGUN, ROWS = 8, 20
CANARY = "sk-canary-7d1f0c5e9ab24c6f"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=teacher) as process:
        yield process


class Folder:
    """A folder with a run that was begun, and whose first answers are recorded."""

    def __init__(self, path: Path, server: FaultServer, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self.run, self.store = path, path / "run", path / "completions.db"
        self.engine = f"openai/m@{server.url}"
        self._server, self._capsys = server, capsys
        assert main(["run", *self.options(), "--budget-requests", str(BEGUN), "--concurrency", "1"]) == 4
        self._known = stored(self.store)
        assert len(self._known) == BEGUN

    def options(self, recipe: object = ANSWERS, **changed: object) -> list[str]:
        """The recipe and the options of the run, some of them changed."""
        options = {"teacher": self.engine, "out": self.run, "store": self.store, **changed}
        return [str(recipe), *(part for name, value in options.items() for part in (f"--{name}", str(value)))]

    def assert_refused(self, code: int, *said: str, arguments: list[str]) -> str:
        """The command ends with this code and says these things in a few lines; nothing recorded is lost."""
        self._capsys.readouterr()
        assert main(arguments) == code
        error = self._capsys.readouterr().err
        assert_short(error, *said)
        assert self._known <= stored(self.store)
        return error

    def assert_finishes(self, again: int = 0) -> None:
        """The run goes on from what is recorded; ``again`` answers have to be bought once more."""
        asked = self._server.requests
        assert main(["run", *self.options()]) == 0
        assert self._server.requests - asked == ROWS - BEGUN + again
        assert len((self.run / "data.jsonl").read_bytes().splitlines()) == ROWS
        assert json.loads((self.run / "manifest.json").read_bytes())["complete"]


def assert_short(error: str, *said: str) -> None:
    for part in said:
        assert part in error
    assert "Traceback" not in error
    assert error.startswith("error: ")
    lines = [line for line in error.splitlines() if not line.startswith("Resume with the same command: ")]
    assert len(lines) <= 6
    assert all(len(line) < 400 for line in lines)


@pytest.fixture
def folder(tmp_path: Path, server: FaultServer, capsys: pytest.CaptureFixture[str]) -> Folder:
    return Folder(tmp_path, server, capsys)


# ---------------------------------------------------------------- engines


def test_no_key(folder: Folder) -> None:
    arguments = ["run", *folder.options(teacher="openai/some-model", out=folder.path / "other")]
    folder.assert_refused(
        4, "no API key for api.openai.com", "export OPENAI_API_KEY", "recorded/PATH", arguments=arguments
    )
    folder.assert_finishes()


def test_nobody_at_this_address(folder: Folder) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    arguments = ["run", *folder.options(teacher=f"openai/m@http://127.0.0.1:{port}/v1")]
    folder.assert_refused(3, "cannot be reached", "refused", "Is the server running", arguments=arguments)
    folder.assert_finishes()


def test_a_name_that_nobody_knows(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    known = socket.getaddrinfo

    def look_up(host: Any, *arguments: Any, **options: Any) -> Any:
        if host == "modle-server.example":
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return known(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    arguments = ["run", *folder.options(teacher="openai/m@http://modle-server.example/v1")]
    folder.assert_refused(3, "modle-server.example", "its name cannot be resolved", "spelling", arguments=arguments)
    folder.assert_finishes()


@pytest.mark.parametrize("address", ["127.0.0.1:8000/v1", "", "http://", "http://user:s3cret@127.0.0.1/v1"])
def test_a_base_url_that_is_none(folder: Folder, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", address)
    error = folder.assert_refused(2, "OPENAI_BASE_URL", arguments=["run", *folder.options(teacher="openai/m")])
    assert "s3cret" not in error
    folder.assert_finishes()


def test_a_model_that_the_server_does_not_have(folder: Folder, server: FaultServer) -> None:
    server.models = ["qwen-7b", "qwen-14b", "llama-8b", "gemma-2b", "phi-4", "olmo-1b", "m"]
    changed = {"teacher": folder.engine.replace("openai/m", "openai/qwen-15b"), "out": folder.path / "other"}
    error = folder.assert_refused(3, "has no model 'qwen-15b'", arguments=["run", *folder.options(**changed)])
    assert re.search(r"It has qwen-1?[47]b, qwen-1?[47]b, .* and others\.", error)
    folder.assert_finishes()


@pytest.mark.parametrize(
    ("engine", "said"),
    [
        ("opneai/m", "did you mean openai/m?"),
        ("m", "did you mean openai/m?"),
        ("openai/", "names nothing after the slash"),
        ("recorded/nowhere.jsonl", "nowhere.jsonl cannot be read: No such file or directory"),
        ("recorded/broken.jsonl", "broken.jsonl, line 2 is no recorded completion"),
        ("recorded/empty.jsonl", "holds completions of no engine"),
    ],
)
def test_an_engine_that_is_none(folder: Folder, monkeypatch: pytest.MonkeyPatch, engine: str, said: str) -> None:
    monkeypatch.chdir(folder.path)
    Path("broken.jsonl").write_text('\n{"key": "torn')
    Path("empty.jsonl").touch()
    folder.assert_refused(2, said, arguments=["run", *folder.options(teacher=engine)])
    folder.assert_finishes()


def test_a_recording_that_lacks_something(folder: Folder) -> None:
    recording = folder.path / "calls.jsonl"
    assert main(["record", str(folder.run), "--out", str(recording)]) == 0
    other = folder.options(teacher=f"recorded/{recording}", out=folder.path / "other", store=folder.path / "other.db")
    folder.assert_refused(3, "not in the recording of openai/m", "12 of the requests", arguments=["run", *other])
    assert len((folder.path / "other" / "data.jsonl").read_bytes().splitlines()) == BEGUN
    folder.assert_finishes()


# ---------------------------------------------------------------- files of the user


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"instruction": "a", "output": "b"}\n\n{"instruction": "a"', "seeds.jsonl, line 3"),
        (b'{"instruction": "a", "output": "b"}\n["instruction"]\n', "seeds.jsonl, line 2"),
        (b'{"instruction": "a"}\n{"instruction": 7}\n', "seeds.jsonl, line 2"),
        (b'{"question": "a"}\n', "no column 'instruction'"),
        (b'{"instruction": "a"}\n{"instruction": "\xff"}\n', "seeds.jsonl, line 2"),
        (b"", "holds no examples"),
        (b"\n\n", "holds no examples"),
        (None, "there is no file"),
    ],
    ids=["torn", "list", "type", "column", "encoding", "empty", "blank", "missing"],
)
def test_a_seed_file_that_cannot_be_read(folder: Folder, content: bytes | None, said: str) -> None:
    seeds = folder.path / "seeds.jsonl"
    if content is not None:
        seeds.write_bytes(content)
    arguments = ["run", *folder.options(SEEDED, seeds=seeds, out=folder.path / "other")]
    folder.assert_refused(2, said, arguments=arguments)
    assert not (folder.path / "other").exists()
    folder.assert_finishes()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def recipe(:\n", "recipe_x.py, line 1: "),
        ("\n\nx = 1\n", "has no function recipe(…) -> Pipeline"),
        ("import math\n\nvalue = math.sqrt(-1)\n", "recipe_x.py, line 3: ValueError: "),
        ("import instructgen_of_tomorrow\n", "recipe_x.py, line 1: ModuleNotFoundError: "),
        ("def recipe():\n    return [1]\n", "returned list; it must return a Pipeline"),
        ("def recipe():\n    rows = []\n    return rows[0]\n", "recipe_x.py, line 3: IndexError: "),
        ("def recipe(*, limit: int = 3):\n    return None\n", "has the name of an option that every run has: --limit"),
        ("def recipe(rows: list[int]):\n    return None\n", "parameter rows of the recipe has a type"),
    ],
    ids=["syntax", "no function", "raises", "import", "no pipeline", "raises later", "name", "type"],
)
def test_a_recipe_that_is_none(folder: Folder, text: str, said: str) -> None:
    recipe = folder.path / "recipe_x.py"
    recipe.write_text(text)
    folder.assert_refused(2, said, arguments=["run", str(recipe), "--out", str(folder.path / "other")])
    assert not (folder.path / "other").exists()
    folder.assert_finishes()


def test_a_recipe_that_does_not_exist(folder: Folder) -> None:
    folder.assert_refused(2, "there is no recipe nowhere.py", arguments=["run", "nowhere.py"])
    folder.assert_refused(2, "Did you mean --rows?", arguments=["run", *folder.options(row=3)])
    folder.assert_finishes()


# ---------------------------------------------------------------- directories


def test_a_place_that_cannot_be_written(folder: Folder) -> None:
    (folder.path / "file").touch()
    for place in (folder.path / "file", folder.path / "file" / "below"):
        folder.assert_refused(5, str(place), "cannot be written", arguments=["run", *folder.options(out=place)])
        folder.assert_refused(5, str(place), "cannot be used", arguments=["run", *folder.options(store=place / "x.db")])
    folder.assert_refused(5, "cannot be used", arguments=["run", *folder.options(store=folder.path)])
    folder.assert_finishes()
    for arguments in (["record", str(folder.run)], ["export", str(folder.run), "--format", "jsonl"]):
        place = folder.path / "file" / "x.jsonl"
        folder.assert_refused(5, str(place), "cannot be written", arguments=[*arguments, "--out", str(place)])


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_directory_of_somebody_else(folder: Folder) -> None:
    closed = folder.path / "closed"
    closed.mkdir(mode=0o500)
    for changed in ({"out": closed / "run"}, {"store": closed / "x.db"}):
        folder.assert_refused(5, "Permission denied", arguments=["run", *folder.options(**changed)])
    folder.assert_finishes()


@pytest.mark.parametrize("size", [20_000, 60_000, 90_000])
def test_a_full_disk(folder: Folder, server: FaultServer, size: int) -> None:
    """No file may grow beyond this size: which one is the first to be refused differs with it."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    rows = ["--rows", "120"]
    ended = subprocess.run(
        command("run", *folder.options(out=folder.path / "more"), *rows),
        # A cut-off bytecode file would outlive the test.
        env={**environment(), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=limited,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 5
    assert_short(ended.stderr, "Is the disk full")
    known, asked = stored(folder.store), server.requests
    assert main(["run", *folder.options(out=folder.path / "more"), *rows]) == 0
    assert server.requests - asked == 120 - len(known)
    assert main(["run", *folder.options(out=folder.path / "peace", store=folder.path / "peace.db"), *rows]) == 0
    assert made(folder.path / "more") == made(folder.path / "peace")


def test_a_directory_of_another_recipe(folder: Folder) -> None:
    before = made(folder.run)
    said = ("stages[2].sampling.temperature: 0.7 → 0.2", "Choose another --out")
    folder.assert_refused(2, *said, arguments=["run", *folder.options(temperature=0.2)])
    folder.assert_refused(2, "seed: 0 → 4", arguments=["run", *folder.options(seed=4)])
    other = folder.engine.replace("openai/m", "openai/m#two")
    folder.assert_refused(2, "engine", "openai/m → openai/m#two", arguments=["run", *folder.options(teacher=other)])
    assert made(folder.run) == before
    folder.assert_finishes()


@pytest.mark.parametrize("manifest", ["", "[]", '{"recipe"', '{"complete": true}'])
def test_a_manifest_that_is_none(folder: Folder, manifest: str) -> None:
    kept = (folder.run / "manifest.json").read_bytes()
    (folder.run / "manifest.json").write_text(manifest)
    folder.assert_refused(2, "manifest.json", "another --out", arguments=["run", *folder.options()])
    for arguments in (["show", str(folder.run)], ["trace", str(folder.run), "a"]):
        folder.assert_refused(2, str(folder.run), arguments=arguments)
    (folder.run / "manifest.json").write_bytes(kept)
    folder.assert_finishes()


def test_two_writers(folder: Folder, server: FaultServer) -> None:
    server.latency = 0.1
    asked = server.requests
    first = start("run", *folder.options(), "--concurrency", "2", cwd=folder.path)
    while server.requests < asked + 2:
        assert first.poll() is None
        time.sleep(0.01)
    said = (f"is being written by process {first.pid} on {socket.gethostname()}", "another --out")
    folder.assert_refused(5, *said, arguments=["run", *folder.options()])
    assert first.poll() is None
    _, error = first.communicate(timeout=30)
    assert first.returncode == 0, error
    assert server.requests == asked + ROWS - BEGUN
    assert main(["run", *folder.options(out=folder.path / "later")]) == 0
    assert made(folder.run) == made(folder.path / "later")


# ---------------------------------------------------------------- the store


def test_damaged_rows_are_asked_again_and_kept_aside(folder: Folder) -> None:
    with closing(sqlite3.connect(folder.store)) as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM completions ORDER BY key LIMIT 3")]
        damages = ("zeroblob(9)", "CAST(substr(completion, 1, 9) AS BLOB)", "CAST(completion || 'x' AS BLOB)")
        for key, damage in zip(keys, damages, strict=True):
            connection.execute(f"UPDATE completions SET completion = {damage} WHERE key = ?", (key,))
        connection.commit()
    folder.assert_finishes(again=3)
    with closing(sqlite3.connect(folder.store)) as connection:
        assert {key for (key,) in connection.execute("SELECT key FROM quarantine")} == set(keys)
    assert json.loads((folder.run / "telemetry.json").read_bytes())["quarantined"] == 3
    whole = folder.options(out=folder.path / "whole", store=folder.path / "whole.db")
    assert main(["run", *whole]) == 0
    assert made(folder.run) == made(folder.path / "whole")


@pytest.mark.parametrize(
    "content", [b"", b"not a database, but a long enough text to look at " * 99], ids=["empty", "text"]
)
def test_a_store_that_is_no_database(folder: Folder, content: bytes) -> None:
    other = folder.path / "other.db"
    other.write_bytes(content)
    arguments = ["run", *folder.options(out=folder.path / "other", store=other)]
    if content:
        folder.assert_refused(5, "other.db cannot be used", "Move it aside", arguments=arguments)
        assert other.read_bytes() == content
        folder.assert_refused(
            5, "other.db cannot be used", arguments=["pending", *folder.options(store=other)[:3], "--store", str(other)]
        )
    else:
        assert main(arguments) == 0
    folder.assert_finishes(again=0)


def test_a_store_with_a_damaged_page(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", *folder.options(out=folder.path / "more"), "--rows", "150"]) == 0
    capsys.readouterr()
    with closing(sqlite3.connect(folder.store)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = folder.store.read_bytes()
    page = 4096
    damaged = bytearray(whole)
    for start_of_page in range(page, len(whole), page):
        damaged[start_of_page : start_of_page + 64] = b"\xff" * 64
    folder.store.write_bytes(damaged)
    assert main(["run", *folder.options(out=folder.path / "other"), "--rows", "150"]) == 5
    assert_short(capsys.readouterr().err, "malformed", "Move it aside", "sqlite3 completions.db .recover")
    assert folder.store.read_bytes() == damaged
    folder.store.write_bytes(whole)
    assert main(["run", *folder.options(out=folder.path / "other"), "--rows", "150"]) == 0
    assert made(folder.path / "other") == made(folder.path / "more")


# ---------------------------------------------------------------- secrets


def test_no_key_is_ever_written_or_shown(tmp_path: Path) -> None:
    said = []
    outputs = ["--out", tmp_path / "run", "--store", tmp_path / "s.db", "--limit", 12]
    with FaultServer(answer=teacher, key=CANARY) as server:
        engine = ["--teacher", f"openai/m@{server.url}"]
        for key in (CANARY, CANARY + "-wrong", "wrong\n" + CANARY):
            for recipe, options in ((ANSWERS, outputs), (ANSWERS, [*outputs, "--dry-run"])):
                said.append(instructgen("run", recipe, *engine, *options, cwd=tmp_path, env={"OPENAI_API_KEY": key}))
            outputs = ["--out", tmp_path / "other", "--store", tmp_path / "other.db", "--progress", "plain"]
        user = f"openai/m@http://user:{CANARY}@127.0.0.1:{server.port}/v1"
        said.append(instructgen("run", ANSWERS, "--teacher", user, *outputs, cwd=tmp_path))
    run = tmp_path / "run"
    row = json.loads((run / "data.jsonl").read_bytes().split(b"\n")[0])
    for arguments in (
        ["show", run],
        ["trace", run, row["id"]],
        ["record", run, "--out", tmp_path / "calls.jsonl"],
        ["export", run, "--format", "jsonl", "--out", tmp_path / "x.jsonl"],
    ):
        said.append(instructgen(*arguments, cwd=tmp_path, env={"OPENAI_API_KEY": CANARY}))
    assert [ended.returncode for ended in said] == [0, 0, 4, 0, 4, 0, 2, 0, 0, 0, 0]
    for ended in said:
        assert "canary" not in ended.stdout + ended.stderr
        assert "Traceback" not in ended.stderr
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10
    for path in files:
        assert b"canary" not in path.read_bytes(), path
        assert path.stat().st_mode & 0o077 == 0 or path.name in ("calls.jsonl", "x.jsonl"), path
