"""The synchronous face: from anywhere, as often as one likes, and Ctrl-C keeps what was paid for."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from instructgen.contracts import Reject
from instructgen.errors import Locked, RecipeError
from instructgen.example import Example
from instructgen.filters.filter import Filter
from instructgen.runtime.loop import StopSignal, run_sync
from instructgen.runtime.pipeline import Pipeline
from instructgen.runtime.run import Run
from tests.support.pipelines import GREEDY, Ask, Gate, Model, Odd, instructions, new_calls, tasks

BUG = ValueError("a bug")


def buggy(example: Example) -> Reject | None:
    raise BUG


def quietly(pipeline: Pipeline, out: Path, **options: Any) -> Run:
    return pipeline.run(out, **{"store": out.parent / "store.db", "progress": "none", **options})


async def later() -> None:
    """Let the main thread settle down to wait, as it will have long before a person presses Ctrl-C."""
    await asyncio.sleep(1.0)


async def until_cancelled(cancelled: threading.Event) -> None:
    """Work that ends only by being stopped, and notes that it was."""
    try:
        await asyncio.Event().wait()
    finally:
        cancelled.set()


def press_ctrl_c() -> None:
    """What the terminal does."""
    main = threading.main_thread().ident
    assert main is not None
    signal.pthread_kill(main, signal.SIGINT)


def test_runs_in_a_script(tmp_path: Path) -> None:
    result = quietly(Pipeline(tasks(5), [Ask(Model()), Filter(Odd())]), tmp_path / "run")
    assert instructions(result) == ["task 1", "task 3"]


async def test_runs_inside_a_running_loop(tmp_path: Path) -> None:
    assert asyncio.get_running_loop().is_running()
    assert len(quietly(Pipeline(tasks(5), [Ask(Model())]), tmp_path / "run")) == 5


def test_runs_in_several_threads_at_once(tmp_path: Path) -> None:
    results: dict[int, Run] = {}

    def work(number: int) -> None:
        results[number] = quietly(Pipeline(tasks(10 + number), [Ask(Model())]), tmp_path / str(number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {number: len(result) for number, result in results.items()} == {n: 10 + n for n in range(4)}


def test_an_engine_can_be_used_again(tmp_path: Path) -> None:
    model = Model()
    for number in range(3):
        result = quietly(Pipeline(tasks(5), [Ask(model)]), tmp_path / str(number), seed=number)
        assert new_calls(result) == 5


def test_errors_arrive_unchanged(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="a bug") as caught:
        quietly(Pipeline(tasks(3), [Filter(buggy)]), tmp_path / "bug")
    assert caught.value is BUG
    with pytest.raises(RecipeError, match="limit"):
        quietly(Pipeline(tasks(3)), tmp_path / "run", limit=0)
    assert len(quietly(Pipeline(tasks(3)), tmp_path / "run")) == 3


def test_pending_lists_what_is_missing_and_takes_answers(tmp_path: Path) -> None:
    model = Model()
    pipeline = Pipeline(tasks(6), [Ask(model), Filter(Odd()), Ask(model, sampling=GREEDY)])
    store = tmp_path / "store.db"
    assert len(pipeline.pending(store=store)) == 6
    quietly(Pipeline(tasks(3), [Ask(model)]), tmp_path / "run")
    assert len(model.asked) == 3
    waiting = pipeline.pending(store=store)
    assert [row.request.messages[-1].content for row in waiting] == ["task 3", "task 4", "task 5", "task 1"]
    assert [row.seed for row in waiting] == [0, 0, 0, None]
    answers = [replace(row, completion=replace(row.completion, text="by hand")) for row in waiting]
    left = pipeline.pending(store=store, take=answers)
    assert [row.request.messages[-1].content for row in left] == ["task 3", "task 5"]
    assert len(model.asked) == 3
    result = quietly(pipeline, tmp_path / "other")
    assert (new_calls(result), next(example.output for example in result)) == (2, "by hand")
    assert pipeline.pending(store=store) == []


LEAVING = """
import sys
from pathlib import Path
from instructgen import Filter, Pipeline, Respond, Scripted
from tests.support.pipelines import tasks

def leave(_):
    sys.exit("enough")

def answer(_):
    return "fine"

folder, place = Path(sys.argv[1]), sys.argv[2]
steps = {"check": [Respond(Scripted(answer)), Filter(leave)], "engine": [Respond(Scripted(leave))]}[place]
options = {"store": folder / "store.db", "progress": "none"}
for _ in range(2):
    try:
        Pipeline(tasks(3), steps).run(folder / "run", **options)
    except SystemExit as end:
        print("left:", end.code, flush=True)
print("then:", len(Pipeline(tasks(3), [Respond(Scripted(answer))]).run(folder / "other", **options)), flush=True)
"""


@pytest.mark.parametrize("place", ["check", "engine"])
def test_a_stage_that_exits_ends_its_run_and_the_next_one_works(tmp_path: Path, place: str) -> None:
    command = [sys.executable, "-c", LEAVING, str(tmp_path), place]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.splitlines() == ["left: enough", "left: enough", "then: 3"], done.stderr
    assert done.returncode == 0


# ---------------------------------------------------------------- Ctrl-C


def test_the_first_ctrl_c_asks_the_work_to_end() -> None:
    async def work(stop: StopSignal) -> str:
        wish = asyncio.Event()
        stop.connect(wish.set)
        await later()
        press_ctrl_c()
        await wish.wait()
        return "drained"

    assert run_sync(work) == "drained"


def test_work_that_reports_an_interrupt_raises_it_and_the_next_one_runs() -> None:
    async def interrupted(stop: StopSignal) -> str:
        raise KeyboardInterrupt

    async def fine(stop: StopSignal) -> str:
        return "fine"

    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            run_sync(interrupted)
        assert run_sync(fine) == "fine"


def test_the_second_ctrl_c_stops_at_once() -> None:
    cancelled = threading.Event()

    async def stubborn(stop: StopSignal) -> None:
        pressed = asyncio.Event()
        stop.connect(pressed.set)
        await later()
        press_ctrl_c()
        await pressed.wait()
        await later()
        press_ctrl_c()
        await until_cancelled(cancelled)

    with pytest.raises(KeyboardInterrupt):
        run_sync(stubborn)
    assert cancelled.wait(10)


def test_ctrl_c_stops_work_that_does_not_listen() -> None:
    cancelled = threading.Event()

    async def deaf(stop: StopSignal) -> None:
        await later()
        press_ctrl_c()
        await until_cancelled(cancelled)

    with pytest.raises(KeyboardInterrupt):
        run_sync(deaf)
    assert cancelled.wait(10)


def test_after_the_second_ctrl_c_the_directory_is_free(tmp_path: Path) -> None:
    gate = Gate()

    def press() -> None:
        while not gate.waiting:
            time.sleep(0.01)
        for _ in range(2):
            time.sleep(1.0)
            press_ctrl_c()

    pressing = threading.Thread(target=press)
    pressing.start()
    with pytest.raises(KeyboardInterrupt):
        quietly(Pipeline(tasks(3), [Ask(Model(before=gate))]), tmp_path / "run")
    pressing.join()
    assert gate.waiting
    for _ in range(200):
        try:
            result = quietly(Pipeline(tasks(3), [Ask(Model())]), tmp_path / "run")
        except Locked:
            time.sleep(0.05)
        else:
            break
    assert (len(result), result.complete) == (3, True)


CHILD = """
import asyncio, signal, sys
from pathlib import Path
from instructgen.contracts import Limits
from instructgen.example import Example
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Ask, Model

folder = Path(sys.argv[1])

def on_signal(number, frame):
    print("signal", flush=True)
    raise KeyboardInterrupt

async def before(prompt):
    if prompt >= "task 05":
        print("in flight", flush=True)
        while not (folder / "go").exists():
            await asyncio.sleep(0.01)

signal.signal(signal.SIGINT, on_signal)
model = Model(before=before, limits=Limits(concurrency=4))
pipeline = Pipeline([Example.root("t", instruction=f"task {n:02}") for n in range(50)], [Ask(model)])
try:
    result = pipeline.run(folder / "run", store=folder / "store.db", progress="none")
    print("done", len(result), len(model.asked), flush=True)
except KeyboardInterrupt:
    print("interrupted", len(model.asked), flush=True)
    if "again" in sys.argv:
        (folder / "go").touch()
        print("done", len(pipeline.run(folder / "run", store=folder / "store.db", progress="none")), flush=True)
"""


class Child:
    """A process that is running a pipeline, with four requests in flight."""

    def __init__(self, folder: Path, *words: str) -> None:
        self.folder = folder
        command = [sys.executable, "-c", CHILD, str(folder), *words]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.expect(*["in flight"] * 4)

    def expect(self, *lines: str) -> None:
        assert self.process.stdout is not None
        assert [self.process.stdout.readline().strip() for _ in lines] == list(lines)

    def interrupt(self) -> None:
        self.process.send_signal(signal.SIGINT)
        self.expect("signal")

    def rest(self) -> list[str]:
        """What it still says; it must end soon."""
        assert self.process.stdout is not None
        guard = threading.Timer(30, self.process.kill)
        guard.start()
        lines = self.process.stdout.read().splitlines()
        self.process.wait()
        guard.cancel()
        return lines


@contextmanager
def child(folder: Path, *words: str) -> Iterator[Child]:
    started = Child(folder, *words)
    try:
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


def recorded(folder: Path) -> int:
    with closing(sqlite3.connect(folder / "store.db")) as connection:
        return int(connection.execute("SELECT COUNT(*) FROM completions").fetchone()[0])


def test_the_first_ctrl_c_keeps_what_is_in_flight(tmp_path: Path) -> None:
    with child(tmp_path) as started:
        started.interrupt()
        time.sleep(1.0)
        (tmp_path / "go").touch()
        assert started.rest() == ["interrupted 9"]  # five that were answered, four in flight, and none after
        assert started.process.returncode == 0
    assert recorded(tmp_path) == 9
    partial = Run(tmp_path / "run")
    assert (len(partial), partial.complete, partial.manifest["partial"]) == (9, False, True)
    assert sorted(path.name for path in partial.path.iterdir() if path.name.endswith(".part")) == []


def test_the_second_ctrl_c_ends_the_process(tmp_path: Path) -> None:
    with child(tmp_path) as started:
        started.interrupt()
        time.sleep(1.0)  # fingers are not faster
        started.interrupt()
        assert started.rest() == ["interrupted 9"]
    assert recorded(tmp_path) == 5
    (tmp_path / "go").touch()
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.splitlines()[-1] == "done 50 45"


def test_the_same_call_goes_on_in_the_same_process(tmp_path: Path) -> None:
    with child(tmp_path, "again") as started:
        started.interrupt()
        time.sleep(1.0)
        (tmp_path / "go").touch()
        lines = started.rest()
        assert (lines[0], lines[-1]) == ("interrupted 9", "done 50")
    assert recorded(tmp_path) == 50


def test_a_fork_runs_on_its_own(tmp_path: Path) -> None:
    program = """
import os, sys
from pathlib import Path
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Ask, Model, tasks

folder = Path(sys.argv[1])
pipeline = Pipeline(tasks(3), [Ask(Model())])
pipeline.run(folder / "parent", store=folder / "store.db", progress="none")
child = os.fork()
result = pipeline.run(folder / ("after" if child else "child"), store=folder / "store.db", progress="none", seed=1)
if child:
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
os._exit(len(result))
"""
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-c", program, str(tmp_path)]
    done = subprocess.run(command, timeout=60, env=environment, check=False)
    assert done.returncode == 3
