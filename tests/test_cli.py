"""The command line as a user meets it: what each command prints, what it sends, and what it ends with."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from instructgen.cli import main
from instructgen.contracts import Completion, Limits, Price, Request, Sampling
from instructgen.example import Example, Message
from instructgen.filters import Filter, OnlyStopWords
from instructgen.formats.reading import read_examples
from instructgen.recording import Record, recorded_json
from instructgen.report import groups
from instructgen.runtime.pipeline import Pipeline
from instructgen.runtime.run import Run
from tests.support.fault_server import ROOT, FaultServer
from tests.support.processes import FILES, RECIPES, command, environment, instructgen, made
from tests.support.teacher import refuses, teacher, untidy

TASKS, ANSWERS = RECIPES / "tasks.py", RECIPES / "answers.py"
EXAMPLES = ROOT / "examples"
COMMANDS = ("run", "pending", "show", "trace", "record", "export")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
Outcome = tuple[int, str, str]


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer(answer=teacher, faults=untidy) as process:
        yield process


class Folder:
    """A working directory with a store, and the command line run in it."""

    def __init__(self, path: Path, server: FaultServer | None, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self.run, self.store = path, path / "run", path / "completions.db"
        self._server, self._capsys = server, capsys

    def __call__(self, *arguments: object) -> Outcome:
        """Any command, in this process."""
        self._capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return code, *self._capsys.readouterr()

    def make(self, *options: object, recipe: Path = TASKS, name: str = "run") -> Outcome:
        """``instructgen run`` with this folder's store and the server."""
        engine = [] if self._server is None else ["--teacher", f"openai/m@{self._server.url}"]
        return self("run", recipe, *engine, "--out", self.path / name, "--store", self.store, *options)

    def rows(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.run / name).read_bytes().split(b"\n") if line]


@pytest.fixture
def folder(tmp_path: Path, server: FaultServer, capsys: pytest.CaptureFixture[str]) -> Folder:
    return Folder(tmp_path, server, capsys)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with kept, rejected and failed examples, and the store behind it; not to be changed."""
    path = tmp_path_factory.mktemp("finished")
    refused = refuses(0.1)
    with FaultServer(answer=teacher, faults=lambda number, body: refused(number, body) or untidy(number, body)) as one:
        places = ["--out", str(path / "run"), "--store", str(path / "completions.db")]
        assert main(["run", str(TASKS), "--teacher", f"openai/m@{one.url}", *places]) == 3
    return path


@pytest.fixture
def done(finished: Path, capsys: pytest.CaptureFixture[str]) -> Folder:
    return Folder(finished, None, capsys)


# ---------------------------------------------------------------- help and mistakes


def test_help_lists_the_commands() -> None:
    ended = instructgen("--help", cwd=Path.cwd())
    assert ended.returncode == 0
    assert set(COMMANDS) <= set(re.findall(r"^    (\w+) ", ended.stdout, re.MULTILINE))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([command, "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: instructgen {command} ")


def test_help_of_a_recipe_lists_its_parameters_with_their_docstring(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["run", str(TASKS), "--help"])
    assert end.value.code == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "Tasks from six seeds, each answered twice." in said
    assert "--teacher ENGINE writes the tasks and answers them." in said
    assert "--requests INT how often it is asked for tasks; each time for ten. (default: 12)" in said
    assert "--shuffle, --no-shuffle put everything into a random order at the end. (default: False)" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu", "x.py"], "Did you mean run?"),
        (["exprot", "runs/x"], "Did you mean export?"),
        (["run", str(TASKS), "--limt", "5"], "there is no option --limt.\nDid you mean --limit?"),
        (["run", str(TASKS), "--teachr", "m"], "there is no option --teachr.\nDid you mean --teacher?"),
        (["run", str(TASKS), "--draw=3"], "there is no option --draw.\nDid you mean --draws?"),
        (["run", str(TASKS)], "required: --teacher\nSee `instructgen run --help`."),
        (["run"], "needs a recipe"),
        ([], "required: COMMAND"),
        (["trace", "runs/x"], "required: id"),
        (["run", str(TASKS), "--teacher", "openai/m", "--draws", "two"], "--draws: two is not a whole number"),
        (["run", str(TASKS), "--teacher", "openai/m", "--limit", "0"], "--limit: 0 is no whole number of at least 1"),
        (["run", str(TASKS), "--teacher", "openai/m", "--concurrency", "0"], "--concurrency: 0 is no whole number"),
        (["run", str(TASKS), "--teacher", "openai/m", "--rpm", "0"], "--rpm: 0 is no number above 0"),
        (["run", str(TASKS), "--teacher", "openai/m", "--timeout", "nan"], "--timeout: nan is no number above 0"),
        (["run", str(TASKS), "--teacher", "openai/m", "--budget-usd", "-1"], "--budget-usd: -1 is no number above 0"),
        (["run", str(TASKS), "--teacher", "openai/m", "--price", "cheap"], "write PROMPT,COMPLETION in US dollars"),
        (["run", str(TASKS), "--teacher", "openai/m", "--price", "1.2.3,1"], "write PROMPT,COMPLETION in US dollars"),
        (["run", str(TASKS), "--teacher", "openai/m", "--price", "teahcer=1,2"], "Did you mean teacher?"),
        (["run", str(TASKS), "--teacher", "openai/m", "--shard", "first"], "write I/N, as 0/4"),
        (["run", str(TASKS), "--teacher", "openai/m", "--shard", "4/4"], "shard 4 of 4 does not exist"),
        (["show", "runs/x", "-n", "-1"], "-1 is no whole number"),
        (["run", str(EXAMPLES / "magpie.py"), "--turns", "0"], "--turns: 0 is not a whole number of at least 1"),
        (["run", str(EXAMPLES / "magpie.py"), "--turns", "-3"], "--turns: -3 is not a whole number of at least 1"),
        (["run", str(EXAMPLES / "evol_instruct.py"), "--first", "0"], "--first: 0 is not a whole number from 1 to 175"),
        (
            ["run", str(EXAMPLES / "auto_evol.py"), "--first", "-172"],
            "--first: -172 is not a whole number from 1 to 175",
        ),
        (
            ["run", str(EXAMPLES / "wizard_math.py"), "--first", "100"],
            "--first: 100 is not a whole number from 1 to 12",
        ),
        (["pending", str(EXAMPLES / "wizard_coder.py"), "--first", "13"], "--first: 13 is not a whole number from 1"),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, list) else "",
)
def test_a_mistake_is_named_with_its_cure(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    out, error = capsys.readouterr()
    assert said in error
    assert error.startswith("error: ")
    assert error.count("\n") <= 6
    assert out == ""
    assert list(tmp_path.iterdir()) == []


BOUNDED = """
from typing import Annotated
from instructgen import Example, Pipeline
from instructgen.parameters import Count, Text, between

def recipe(rows: Count | None = None, share: Annotated[float, between(0, 1)] = 0.5, *, topic: Text) -> Pipeline:
    print([rows, share, topic])
    return Pipeline([Example("What is moss?", output="Soft.")], [])
"""


def test_what_a_parameters_type_says_holds_for_its_option(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Folder(tmp_path, None, capsys)
    recipe = tmp_path / "bounded.py"
    recipe.write_text(BOUNDED)
    fine: list[tuple[list[object], list[object]]]
    fine = [([], [None, 0.5, "moss"]), (["--rows", 3, "--share", 1], [3, 1.0, "moss"])]
    for options, given in fine:
        code, out, _ = folder.make(*options, "--topic", "moss", recipe=recipe)
        assert (code, out.split("\n")[0]) == (0, str(given))
    for option, value, said in [
        ("--rows", "0", "--rows: 0 is not a whole number of at least 1\n"),
        ("--rows", "1.5", "--rows: 1.5 is not a whole number of at least 1\n"),
        ("--share", "1.01", "--share: 1.01 is not a number from 0 to 1\n"),
        ("--share", "nan", "--share: nan is not a number from 0 to 1\n"),
        ("--topic", " ", "--topic:   is not a text that is not blank\n"),
    ]:
        code, out, error = folder.make("--topic", "moss", option, value, recipe=recipe)
        assert (code, out) == (2, "")
        assert error.startswith(f"error: argument {said}")
    with pytest.raises(SystemExit):
        main(["run", str(recipe), "--help"])
    assert re.search(r"--rows INT\n +--share FLOAT +\(default: 0.5\)\n +--topic STR\n", capsys.readouterr().out)


# ---------------------------------------------------------------- run


def test_run_says_what_came_of_it(folder: Folder) -> None:
    code, out, error = folder.make("--limit", 30)
    assert code == 0
    assert error == ""
    rejected = len(folder.rows("rejected.jsonl"))
    assert out.startswith(f"{folder.run}: 30 kept, {rejected} rejected, 0 failed\n")
    assert re.search(r"^ +\d+  rouge$", out, re.MULTILINE)
    calls = re.search(r"calls: (\d+) new, 0 replayed", out)
    assert calls
    _, out, _ = folder.make("--limit", 30)
    assert f"calls: 0 new, {calls[1]} replayed" in out


def test_run_says_when_the_source_ended_first(folder: Folder) -> None:
    code, out, _ = folder.make("--limit", 30, "--rows", 5, recipe=ANSWERS)
    assert code == 0
    assert "the source ended before 30 examples were kept" in out


def test_progress_is_plain_where_there_is_no_terminal(server: FaultServer, tmp_path: Path) -> None:
    server.latency = 0.05
    engine = ["--teacher", f"openai/m@{server.url}", "--concurrency", 2]
    ended = instructgen("run", ANSWERS, *engine, "--out", "run", "--store", "s.db", cwd=tmp_path)
    assert ended.returncode == 0
    assert ended.stderr == ""
    assert "\x1b" not in ended.stdout


def test_progress_is_live_in_a_terminal(server: FaultServer, tmp_path: Path) -> None:
    server.latency = 0.2
    ours, theirs = pty.openpty()
    engine = ["--teacher", f"openai/m@{server.url}", "--concurrency", "4", "--limit", "20"]
    with closing(os.fdopen(ours, "rb")) as terminal:
        child = subprocess.Popen(
            command("run", ANSWERS, *engine, "--out", "run", "--store", "s.db"),
            cwd=tmp_path,
            env=environment(TERM="xterm", COLUMNS="120"),
            stdout=subprocess.DEVNULL,
            stderr=theirs,
        )
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # how a terminal says that nobody writes to it any more
            while part := os.read(terminal.fileno(), 65536):
                shown += part
        assert child.wait(30) == 0
    assert re.search(rb"kept \d+/20, rejected 0 \| calls \d+ new, 0 replayed, \d in flight", shown)
    assert shown.count(b"\n") < 3, "one line, written over"


def test_the_defaults_for_out_and_store_are_those_of_the_project(server: FaultServer, tmp_path: Path) -> None:
    below = tmp_path / "project" / "below"
    below.mkdir(parents=True)
    (tmp_path / "project" / "pyproject.toml").touch()
    ended = instructgen("run", ANSWERS, "--teacher", f"openai/m@{server.url}", cwd=below)
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "project" / ".instructgen" / "completions.db").exists()
    assert (below / "runs" / "answers" / "data.jsonl").exists()
    named = {"INSTRUCTGEN_STORE": str(tmp_path / "named.db")}
    engine = ["--teacher", f"openai/m@{server.url}"]
    assert instructgen("run", ANSWERS, *engine, "--out", "other", cwd=below, env=named).returncode == 0
    assert (tmp_path / "named.db").exists()


def test_a_recipe_file_run_by_python_is_the_same_command(folder: Folder, server: FaultServer) -> None:
    options = ["--teacher", f"openai/m@{server.url}", "--limit", "20", "--store", str(folder.store)]
    assert folder.make("--limit", 20)[0] == 0
    asked = server.requests
    ended = subprocess.run(
        [sys.executable, str(TASKS), *options, "--out", "by_python"],
        cwd=folder.path,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert made(folder.path / "by_python") == made(folder.run)
    assert server.requests == asked


def test_another_seed_is_another_run(folder: Folder) -> None:
    assert folder.make("--limit", 20)[0] == 0
    code, _, error = folder.make("--limit", 20, "--seed", 1)
    assert code == 2
    assert "seed: 0 → 1" in error
    assert folder.make("--limit", 20, "--seed", 1, name="other")[0] == 0
    assert made(folder.path / "other")["data.jsonl"] != made(folder.run)["data.jsonl"]


def test_fresh_ignores_what_is_recorded_and_keeps_it(folder: Folder, server: FaultServer) -> None:
    assert folder.make(recipe=ANSWERS)[0] == 0
    assert folder.make("--fresh", recipe=ANSWERS, name="fresh")[0] == 0
    assert server.requests == 40
    code, out, _ = folder.make(recipe=ANSWERS, name="fresh")
    assert code == 0
    assert "calls: 0 new, 20 replayed" in out
    assert folder.make("--fresh", recipe=ANSWERS, name="fresh")[0] == 0
    assert server.requests == 60
    assert (folder.path / "fresh" / "completions-1.db").exists()
    assert made(folder.path / "fresh") == made(folder.run)


def test_shards_are_named_in_their_manifests(folder: Folder) -> None:
    for shard in range(2):
        assert folder.make("--shard", f"{shard}/2", recipe=ANSWERS, name=str(shard))[0] == 0
    manifests = [json.loads((folder.path / str(shard) / "manifest.json").read_bytes()) for shard in range(2)]
    assert [manifest["recipe"]["shard"] for manifest in manifests] == [[0, 2], [1, 2]]
    code, _, error = folder.make("--shard", "1/2", recipe=ANSWERS, name="0")
    assert code == 2
    assert "shard" in error


# ---------------------------------------------------------------- dry run, prices, budgets


def test_a_dry_run_sends_nothing_and_never_says_zero(folder: Folder, server: FaultServer) -> None:
    code, out, _ = folder.make("--dry-run", "--limit", 100)
    assert code == 0
    assert server.connections == 0
    assert not folder.run.exists()
    assert "── prompt 1 of 3" in out
    assert "Name three tools" in out or "alphabetical order" in out or "bread rise" in out
    assert "cost of these: unknown" in out
    assert "$0" not in out
    code, out, _ = folder.make("--dry-run", "--price", "2,8")
    assert re.search(r"cost of these: at most \$0\.\d*[1-9]", out)
    assert server.connections == 0


def test_a_dry_run_tells_what_is_left(folder: Folder, server: FaultServer) -> None:
    assert folder.make("--budget-requests", 8, "--concurrency", 1, recipe=ANSWERS)[0] == 4
    code, out, _ = folder.make("--dry-run", recipe=ANSWERS)
    assert code == 0
    assert "requests that wait for nothing else: 12 (" in out
    assert server.requests == 8


@pytest.mark.parametrize(
    ("budget", "unit"),
    [
        (["--budget-requests", 25], "25 of 25 requests"),
        (["--budget-tokens", 600], "of 600 tokens"),
        (["--budget-usd", 0.001, "--price", "1,2"], "of 0.001 dollars"),
    ],
    ids=["requests", "tokens", "dollars"],
)
def test_a_budget_is_never_crossed_and_a_larger_one_goes_on(
    folder: Folder, server: FaultServer, budget: list[object], unit: str
) -> None:
    options = (*budget, "--rows", 80)
    code, _, error = folder.make(*options, recipe=ANSWERS)
    assert code == 4
    assert unit in error
    assert "the budget ends here" in error
    assert "Resume with the same command: instructgen run " in error
    first = server.requests
    # The server counts 11 + 7 tokens for each answer.
    most = {"requests": 25, "tokens": 600 // 18, "dollars": int(0.001 * 1e6 / (11 * 1 + 7 * 2))}[unit.split()[-1]]
    assert most // 2 < first <= most
    assert json.loads((folder.run / "manifest.json").read_bytes())["partial"]
    asked, code = first, 4
    while code == 4:
        code, _, _ = folder.make(*options, recipe=ANSWERS)
        assert 0 < server.requests - asked <= most
        asked = server.requests
    assert code == 0
    assert asked == 80
    assert set(server.bodies.values()) == {1}
    assert folder.make("--rows", 80, recipe=ANSWERS, name="at_once")[0] == 0
    assert made(folder.run) == made(folder.path / "at_once")


def test_retries_count_against_the_budget_of_requests(folder: Folder, server: FaultServer) -> None:
    server.faults = lambda number, body: "500" if number % 2 else None
    code, _, error = folder.make("--budget-requests", 11, recipe=ANSWERS)
    assert code == 4
    assert "requests" in error
    assert server.requests <= 11


def test_a_budget_in_dollars_needs_a_price(folder: Folder, server: FaultServer) -> None:
    code, _, error = folder.make("--budget-usd", 1, recipe=ANSWERS)
    assert code == 2
    assert "--price PROMPT,COMPLETION" in error
    assert server.requests == 0


def test_prices_are_for_the_engine_they_name(folder: Folder) -> None:
    assert folder.make("--price", "teacher=1000,2000", recipe=ANSWERS)[0] == 0
    usd = json.loads((folder.run / "telemetry.json").read_bytes())["usd"]
    assert usd["new"] == pytest.approx(20 * (11 * 1000 + 7 * 2000) / 1e6)


OWN_ENGINES = """
from pathlib import Path
from instructgen import Completion, Engine, Example, Limits, Pipeline, Recorded, Request, Respond, Scripted

def fine(request: Request) -> str:
    return "fine"

class Fixed:
    identity = "own/fixed"

    @property
    def limits(self) -> Limits:
        return Limits(concurrency=2)

    async def complete(self, request: Request) -> Completion:
        return Completion("fine")

def recipe(teacher: Engine = ENGINE, judge: Engine | None = None) -> Pipeline:
    print("limits", teacher.limits)
    return Pipeline([Example("What is moss?")], [Respond(teacher)])
"""
LIMITS = ("--price", "2,8", "--concurrency", 3, "--timeout", 7, "--deadline", 70, "--rpm", 120, "--tpm", 5000)


def own_engine(folder: Folder, engine: str) -> Path:
    """A recipe whose teacher is this engine unless the command line names another."""
    recipe = folder.path / "own.py"
    recipe.write_text(OWN_ENGINES.replace("ENGINE", engine, 1))
    return recipe


def test_limits_are_for_the_recipes_own_engine_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Folder(tmp_path, None, capsys)
    recipe = own_engine(folder, "Scripted(fine, limits=Limits(concurrency=9, adaptive=False))")
    code, out, _ = folder.make("--dry-run", recipe=recipe)
    assert code == 0
    assert f"limits {Limits(concurrency=9, adaptive=False)}" in out
    assert "cost of these: unknown" in out
    code, out, _ = folder.make("--dry-run", *LIMITS, recipe=recipe)
    assert code == 0
    assert f"limits {Limits(3, False, 7.0, 70.0, 120.0, 5000.0, Price(2.0, 8.0))}" in out
    assert re.search(r"cost of these: at most \$0\.\d*[1-9]", out)
    _, out, _ = folder.make("--dry-run", "--price", "judge=2,8", recipe=recipe)
    assert "cost of these: unknown" in out
    assert folder.make("--budget-usd", 1, "--price", "2,8", recipe=recipe)[0] == 0


def test_a_recording_as_the_recipes_own_engine_knows_no_limits(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Folder(tmp_path, None, capsys)
    request = Request.chat("What is moss?", sampling=Sampling(temperature=0.7, max_tokens=2048))
    recorded = recorded_json(Record("test/m", request, 0, 0, Completion("Soft.")))
    (tmp_path / "moss.jsonl").write_text(json.dumps(recorded) + "\n")
    recipe = own_engine(folder, f"Recorded(Path({str(tmp_path / 'moss.jsonl')!r}))")
    code, out, error = folder.make(*LIMITS, recipe=recipe)
    assert (code, error) == (0, "")
    assert "calls: 0 new, 1 replayed" in out
    assert [row["output"] for row in folder.rows("data.jsonl")] == ["Soft."]


def test_limits_that_cannot_be_changed_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Folder(tmp_path, None, capsys)
    recipe = own_engine(folder, "Fixed()")
    code, _, error = folder.make("--concurrency", 3, recipe=recipe)
    assert code == 2
    assert "own engine (Fixed) cannot be changed from here.\nName an engine on the command line" in error
    assert not folder.run.exists()
    assert folder.make(recipe=recipe)[0] == 0


# ---------------------------------------------------------------- exit codes


def test_exit_codes_tell_how_it_ended(folder: Folder, server: FaultServer) -> None:
    server.faults = lambda number, body: "400" if number == 3 else None
    code, _, error = folder.make(recipe=ANSWERS)
    cure = f"(instructgen show {folder.run} --failed); the same command asks for those again."
    assert (code, error) == (3, f"1 example failed {cure}\n")
    for fault in ("401", "403", "402", "429_quota"):
        server.faults = lambda number, body, fault=fault: fault
        code, _, error = folder.make(recipe=ANSWERS)
        assert code == 4
        assert "Resume with the same command" in error
    server.faults = lambda number, body: "400"
    code, _, error = folder.make("--rows", 200, "--seed", 1, recipe=ANSWERS, name="hopeless")
    assert code == 3
    assert "requests failed, the last one with" in error
    assert server.requests < 130
    server.faults = None
    assert folder.make(recipe=ANSWERS)[0] == 0
    (folder.path / "file").touch()
    assert folder.make("--out", folder.path / "file", recipe=ANSWERS)[0] == 5


def test_a_recording_that_lacks_a_request_is_not_asked_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = Folder(tmp_path, None, capsys)
    recorded = recorded_json(Record("test/m", Request.chat("What is fern?"), 0, 0, Completion("Green.")))
    (tmp_path / "fern.jsonl").write_text(json.dumps(recorded) + "\n")
    code, _, error = folder.make(recipe=own_engine(folder, f"Recorded(Path({str(tmp_path / 'fern.jsonl')!r}))"))
    assert code == 3
    assert "error: not in the recording of test/m: 1 of the requests" in error
    assert "Run with a live engine" in error
    assert "same command" not in error


# ---------------------------------------------------------------- show, trace


def test_show(done: Folder) -> None:
    code, out, _ = done("show", done.run, "-n", 5)
    rows = done.rows("data.jsonl")
    assert code == 0
    assert "(incomplete)" in out
    assert re.search(r"^  self_instruct +in +\d+  out +\d+  failed 0$", out, re.MULTILINE)
    assert re.findall(r"^([0-9a-f]{16})  by respond$", out, re.MULTILINE) == [row["id"] for row in rows[:5]]
    code, out, _ = done("show", done.run, "--rejected", "-n", 1000)
    assert out.count("  rejected: ") == len(done.rows("rejected.jsonl"))
    assert re.search(r"rejected: rouge, 0\.\d+ against 0\.7, neighbour [0-9a-f]{16}", out)


def test_show_of_a_run_that_never_ended(done: Folder, tmp_path: Path) -> None:
    manifest = json.loads((done.run / "manifest.json").read_bytes())
    claimed = {"recipe": manifest["recipe"], "complete": False, "partial": True}
    (tmp_path / "manifest.json").write_text(json.dumps(claimed))
    for arguments in (["show", tmp_path], ["trace", tmp_path, "a"], ["record", tmp_path, "--out", tmp_path / "r"]):
        code, _, error = done(*arguments)
        assert code == 2
        assert "still under way, or was killed" in error


@pytest.mark.parametrize("name", ["data.jsonl", "rejected.jsonl", "failed.jsonl"])
def test_trace_prints_every_prompt_and_completion(done: Folder, name: str) -> None:
    recording = done.path / f"{name}.calls"
    assert done("record", done.run, "--out", recording)[0] == 0
    calls = {(call := json.loads(line))["key"]: call for line in recording.read_text().split("\n") if line}
    rows = done.rows(name)
    hostile = [row for row in rows if "\x1b" in row["output"]]
    assert name == "failed.jsonl" or len(rows) > 20
    assert name != "data.jsonl" or hostile
    for row in [*rows[:: len(rows) // 6 + 1], *hostile[:2]]:
        code, out, _ = done("trace", done.run, row["id"])
        assert code == 0
        assert not CONTROL.search(out)
        steps = [*row["ancestors"], row]
        assert re.findall(r"^── (\S+)  ([0-9a-f]{16})$", out, re.MULTILINE) == [(s["by"], s["id"]) for s in steps]
        for key in (key for step in steps for key in step["calls"]):
            call = calls[key]
            for text in (*(turn["content"] for turn in call["request"]["messages"]), call["completion"]["text"]):
                assert CONTROL.sub("�", text).replace("\n", "\n     │ ") in out
        last = out.rstrip().split("\n")[-1]
        if name == "data.jsonl":
            assert last == "decision: kept"
        elif name == "rejected.jsonl":
            assert last.startswith(f"decision: rejected by {row['reject']['stage']}: {row['reject']['code']}")
        else:
            assert last.startswith("decision: failed in respond: BadRequest: ")
            assert "HTTP 400: Bad request" in last


def test_trace_takes_the_beginning_of_an_id_and_ancestors(done: Folder) -> None:
    rows = [row for name in FILES[:3] for row in done.rows(name)]
    ids = [row["id"] for row in rows]
    row = rows[0]
    code, out, _ = done("trace", done.run, row["id"][:9])
    assert code == 0
    assert f"── {row['by']}  {row['id']}" in out
    code, out, _ = done("trace", done.run, row["ancestors"][0]["id"])
    assert code == 0
    assert row["ancestors"][0]["id"] in out
    shared = next(first for first in "0123456789abcdef" if sum(one.startswith(first) for one in ids) > 1)
    code, _, error = done("trace", done.run, shared)
    assert code == 2
    assert "write more of it" in error
    code, _, error = done("trace", done.run, "nothing")
    assert code == 2
    assert "holds no example nothing" in error


def test_show_and_trace_tell_the_whole_conversation(folder: Folder) -> None:
    turns = (Message("user", "Why do cats purr?"), Message("assistant", "To heal.\nAnd to ask."))
    told = Example.root(
        "row", instruction="And dogs?", output="Never.", system="Be brief.", history=turns, meta={"turns": 2}
    )
    plain = Example.root("row", instruction="Why?", output="Because.")
    Pipeline([told, plain], []).run(folder.run, store=folder.store, progress="none")
    _, out, _ = folder("show", folder.run)
    assert out.split("\n\n")[1:] == [
        f"{told.id}  by row\n  system: Be brief.\n  user: Why do cats purr?\n  assistant: To heal.\nAnd to ask.\n"
        '  instruction: And dogs?\n  output: Never.\n  meta: {"turns": 2}',
        f"{plain.id}  by row\n  instruction: Why?\n  output: Because.\n",
    ]
    _, out, _ = folder("trace", folder.run, told.id)
    assert out.split("── result\n")[1] == (
        "   system: Be brief.\n   user: Why do cats purr?\n   assistant: To heal.\n     │ And to ask.\n"
        '   instruction: And dogs?\n   input: \n   output: Never.\n   meta: {"turns": 2}\ndecision: kept\n'
    )
    _, out, _ = folder("trace", folder.run, plain.id)
    assert out.split("── result\n")[1] == ("   instruction: Why?\n   input: \n   output: Because.\ndecision: kept\n")


def test_show_and_trace_into_a_pipe_that_closes(done: Folder) -> None:
    shown = f'"{sys.executable}" -m instructgen show "{done.run}" -n 100000'
    script = f'set -o pipefail; {{ {shown}; {shown} --rejected; }} | head -n 1; echo "${{PIPESTATUS[0]}}"'
    ended = subprocess.run(
        ["bash", "-c", script], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.stderr == ""
    assert ended.stdout.rstrip().endswith("\n0")


def test_a_terminal_that_cannot_show_a_character_is_no_reason_to_stop(done: Folder) -> None:
    row = next(row for row in done.rows("data.jsonl") if "汉" in row["output"])
    ended = instructgen("trace", done.run, row["id"], cwd=done.path, env={"PYTHONIOENCODING": "ascii"})
    assert ended.returncode == 0, ended.stderr
    assert "decision: kept" in ended.stdout


# ---------------------------------------------------------------- pending, record, export


def test_pending_writes_requests_and_takes_answers(folder: Folder, server: FaultServer) -> None:
    requests = folder.path / "requests.jsonl"
    pending = ["pending", ANSWERS, "--teacher", f"openai/m@{server.url}", "--store", folder.store]
    code, out, _ = folder(*pending, "--write", requests)
    assert (code, out) == (0, f"20 requests pending, written to {requests}.\n")
    assert folder(*pending)[1] == requests.read_text(encoding="utf-8")
    asked = [json.loads(line) for line in requests.read_text(encoding="utf-8").splitlines()]
    assert {one["engine"] for one in asked} == {"openai/m"}
    answers = folder.path / "answers.jsonl"
    given = [
        {"key": one["key"], "text": f"{n}: {one['request']['messages'][-1]['content']}"} for n, one in enumerate(asked)
    ]
    answers.write_text("".join(json.dumps(one) + "\n" for one in given[:15]), encoding="utf-8")
    code, out, _ = folder(*pending, "--take", answers)
    assert (code, out) == (0, "took 15 answers; 5 requests pending.\n")
    answers.write_text("".join(json.dumps(one) + "\n" for one in given[15:]), encoding="utf-8")
    assert folder(*pending, "--take", answers)[1] == "took 5 answers; 0 requests pending.\n"
    code, out, _ = folder.make(recipe=ANSWERS)
    assert code == 0
    assert "calls: 0 new, 20 replayed" in out
    assert [row["output"] for row in folder.rows("data.jsonl")] == [one["text"] for one in given]
    assert server.connections == 0


def test_half_a_character_in_an_answer_is_replaced(folder: Folder, server: FaultServer) -> None:
    engine = ["--teacher", f"openai/m@{server.url}"]
    pending = ["pending", ANSWERS, *engine, "--store", folder.store, "--rows", 2]
    one, other = (json.loads(line)["key"] for line in folder(*pending)[1].splitlines())
    answers = folder.path / "answers.jsonl"
    given = [{"key": one, "text": "half \ud83d of \U0001f600"}, {"key": other, "text": "whole", "model": "m\udc00"}]
    answers.write_text("".join(json.dumps(answer) + "\n" for answer in given))
    assert folder(*pending, "--take", answers)[1] == "took 2 answers; 0 requests pending.\n"
    assert folder.make("--rows", 2, recipe=ANSWERS)[0] == 0
    assert [row["output"] for row in folder.rows("data.jsonl")] == ["half \ufffd of \U0001f600", "whole"]
    assert "�" in folder("trace", folder.run, folder.rows("data.jsonl")[0]["id"])[1]
    recording = folder.path / "calls.jsonl"
    assert folder("record", folder.run, "--out", recording)[0] == 0
    replay = ["--teacher", f"recorded/{recording}", "--rows", 2, "--store", folder.path / "new.db"]
    assert folder("run", ANSWERS, *replay, "--out", folder.path / "replayed")[0] == 0
    assert made(folder.path / "replayed") == made(folder.run)
    assert server.connections == 0


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "line 2 is no answer"),
        ("[]", "line 2 is no answer"),
        ('{"text": "a"}', "line 2 is no answer: 'key' is missing"),
        ('{"key": "KEY", "text": "a", "finish_reason": "length"}', "'finish_reason' is none of its fields"),
        ('{"key": "ff", "text": "a"}', "line 2: 'ff' is the key of no pending"),
        ('{"key": "KEY", "text": 3}', "line 2: text and model are texts"),
        ('{"key": "KEY", "text": "a", "finish": "maybe"}', "finish is stop, length or filtered"),
    ],
)
def test_pending_refuses_what_is_no_answer(folder: Folder, server: FaultServer, line: str, said: str) -> None:
    pending = ["pending", ANSWERS, "--teacher", f"openai/m@{server.url}", "--store", folder.store]
    key = json.loads(folder(*pending)[1].splitlines()[0])["key"]
    answers = folder.path / "answers.jsonl"
    answers.write_text("\n" + line.replace("KEY", key) + "\n")
    code, _, error = folder(*pending, "--take", answers)
    assert code == 2
    assert said in error
    assert len(folder(*pending)[1].splitlines()) == 20


def test_record_writes_exactly_the_calls_of_the_run(folder: Folder, server: FaultServer) -> None:
    assert folder.make("--rows", 30, recipe=ANSWERS, name="more")[0] == 0
    assert folder.make("--rows", 12, recipe=ANSWERS)[0] == 0
    recording = folder.path / "deep" / "calls.jsonl"
    code, out, _ = folder("record", folder.run, "--out", recording)
    assert (code, out) == (0, f"12 completions written to {recording}.\n")
    rows = [*folder.rows("data.jsonl"), *folder.rows("rejected.jsonl")]
    recorded = [json.loads(line)["key"] for line in recording.read_text(encoding="utf-8").split("\n") if line]
    assert recorded == [row["calls"][0] for row in rows]


def test_record_says_when_the_store_is_gone(folder: Folder) -> None:
    assert folder.make("--rows", 3, recipe=ANSWERS)[0] == 0
    shutil.move(folder.store, folder.path / "elsewhere.db")
    code, _, error = folder("record", folder.run, "--out", folder.path / "calls.jsonl")
    assert code == 2
    assert "3 of the 3 completions" in error
    assert str(folder.store) in error
    code, out, _ = folder("trace", folder.run, folder.rows("data.jsonl")[0]["id"])
    assert code == 0
    assert "not in the store any more" in out


def test_export(done: Folder, tmp_path: Path) -> None:
    rows = done.rows("data.jsonl")
    code, out, _ = done("export", done.run, "--format", "alpaca", "--out", tmp_path / "deep" / "data.json")
    assert code == 0
    assert f"{len(rows)} examples written to" in out
    written = json.loads((tmp_path / "deep" / "data.json").read_bytes())
    names = ("instruction", "input", "output")
    assert written == [{name: row[name] for name in names} for row in rows]
    code, _, error = done("export", done.run, "--format", "alpca", "--out", tmp_path / "x.json")
    assert code == 2
    assert "did you mean alpaca?" in error


def test_show_groups_by_a_field_of_meta(folder: Folder) -> None:
    rows = [(0, 2.0), (1, 4.0), (1, 5.0), (10, 7.0), (None, None)]
    examples = [
        Example.root(
            "row",
            index=number,
            instruction=f"Row {number}.",
            output="Done." if number != 2 else "",
            scores={} if score is None else {"difficulty": score},
            meta={} if group is None else {"round": group},
        )
        for number, (group, score) in enumerate(rows)
    ]
    Pipeline(examples, [Filter(OnlyStopWords())]).run(folder.run, store=folder.store, progress="none")
    code, out, _ = folder("show", folder.run, "-n", 0, "--by", "round")
    assert code == 0
    assert [line.split() for line in out.strip().split("\n")[-5:]] == [
        ["round", "kept", "rejected", "mean", "difficulty"],
        ["0", "1", "0", "2.00"],
        ["1", "1", "1", "4.00"],
        ["10", "1", "0", "7.00"],
        ["(none)", "1", "0", "–"],
    ]
    code, _, error = folder("show", folder.run, "--by", "rounds")
    assert code == 2
    assert "there are: round" in error


def grouped(folder: Folder, values: list[Any], output: str = "Done.") -> None:
    examples = [
        Example.root("row", index=number, instruction=f"Row {number}.", output=output, meta={"topic": value})
        for number, value in enumerate(values)
    ]
    Pipeline(examples, [Filter(OnlyStopWords())]).run(folder.run, store=folder.store, progress="none")


def test_show_tells_values_apart_that_are_written_alike(folder: Folder) -> None:
    values = [None, "moss", True, "true", 2, 1, 1.0, "1", "(none)", ["a", 1], 1, 10**400, "", "a\nb", "[" * 9999]
    grouped(folder, values)
    code, out, _ = folder("show", folder.run, "-n", 0, "--by", "topic")
    assert code == 0
    lines = [re.fullmatch(r" *(.+?) +(\d+) +0", line) for line in out.strip().split("\n")[-14:]]
    assert [(line[1], line[2]) for line in lines if line] == [
        ("1", "2"),
        ("1.0", "1"),
        ("2", "1"),
        ("1" + "0" * 18 + "…", "1"),
        ('""', "1"),
        ('"(none)"', "1"),
        ('"1"', "1"),
        ("[" * 19 + "…", "1"),
        (r'"a\nb"', "1"),
        ("moss", "1"),
        ('"true"', "1"),
        ('["a", 1]', "1"),
        ("true", "1"),
        ("(none)", "1"),
    ]
    assert [group.value for group in groups(Run(folder.run), "topic")][:3] == [1, 1.0, 2]


def test_show_names_the_fields_of_rejected_examples_too(folder: Folder) -> None:
    grouped(folder, ["moss", "fern"], output="")
    code, _, error = folder("show", folder.run, "--by", "topics")
    assert code == 2
    assert "there are: topic." in error
    code, out, _ = folder("show", folder.run, "-n", 0, "--by", "topic")
    assert code == 0
    assert [line.split() for line in out.strip().split("\n")[-2:]] == [["fern", "0", "1"], ["moss", "0", "1"]]


def test_export_counts_what_trainers_would_cut(folder: Folder) -> None:
    table = folder.path / "rows.jsonl"
    lengths = {"a": 4000, "b": 4100, "c": 9000, "雨": 3000, "雪": 5000}
    texts = [{"instruction": f"Read {letter} aloud.", "output": letter * n} for letter, n in lengths.items()]
    table.write_text("".join(json.dumps(row) + "\n" for row in texts), encoding="utf-8")
    run = Pipeline(list(read_examples(table)), []).run(folder.run, store=folder.store, progress="none")
    assert run.counts["kept"] == 5
    code, _, error = folder("export", folder.run, "--format", "alpaca", "--out", folder.path / "x.json")
    assert code == 0
    assert "about 4 above 1,024 tokens, 3 above 2,048 tokens, 1 above 4,096 tokens" in error


def test_export_of_a_partial_run_says_so(folder: Folder) -> None:
    assert folder.make("--budget-requests", 9, recipe=ANSWERS)[0] == 4
    code, _, error = folder("export", folder.run, "--format", "jsonl", "--out", folder.path / "x.jsonl")
    assert code == 0
    assert "this run is partial" in error


def test_an_empty_directory_name_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["run", str(EXAMPLES / "quickstart.py"), "--out", ""]) == 2
    assert "--out: it is empty" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
