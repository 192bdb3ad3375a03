"""Real processes, really killed: nothing recorded is bought again, and the bytes are those of a run left in peace.

The model is a counting server in a process of its own. A child runs the recipe against it and is killed with SIGKILL at
random moments, while starting, replaying, asking, finishing and resuming, until one is let through to the end.
"""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import pytest

from tests.support.processes import RECIPES, CountingProcess, instructgen, made, start, stored

pytestmark = pytest.mark.kill

CONCURRENCY = 6
LIMIT = 90
KILLS = (8, 8, 7, 7)


@pytest.fixture(scope="module")
def server() -> Iterator[CountingProcess]:
    with CountingProcess(latency=0.02, sigma=0.5) as process:
        yield process


@dataclass
class Campaign:
    """Runs into one directory, with a store that is empty at first, and the requests sent since then."""

    server: CountingProcess
    folder: Path
    before: dict[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.before = self.server.counts()

    @property
    def run(self) -> Path:
        return self.folder / "run"

    @property
    def store(self) -> Path:
        return self.folder / "completions.db"

    def arguments(self) -> list[object]:
        engine = ["--teacher", f"openai/m@{self.server.url}", "--concurrency", CONCURRENCY]
        return ["run", RECIPES / "tasks.py", *engine, "--out", self.run, "--store", self.store, "--limit", LIMIT]

    def asked(self) -> dict[int, int]:
        """How often each request arrived since the campaign began."""
        now = {seed: times - self.before.get(seed, 0) for seed, times in self.server.counts().items()}
        return {seed: times for seed, times in now.items() if times}

    def begin(self) -> subprocess.Popen[str]:
        return start(*self.arguments(), cwd=self.folder)

    def ends_in(self, peaceful: dict[str, bytes]) -> int:
        """Let it through to the end and compare; returns how many requests were sent again."""
        ended = instructgen(*self.arguments(), cwd=self.folder)
        assert ended.returncode == 0, ended.stderr
        assert made(self.run) == peaceful
        times = self.asked()
        return sum(times.values()) - len(times)

    def kill(self, ripe: Callable[[], bool], moment: float) -> bool:
        """Start a run and kill it so many seconds after it is ripe; False when it had come to its end."""
        child = self.begin()
        try:
            while child.poll() is None and not ripe():
                time.sleep(0.005)
            time.sleep(moment)
        finally:
            child.kill()
            child.communicate(timeout=30)
        self.server.rest()
        return child.returncode == -signal.SIGKILL

    def kill_at_random(self, random: Random) -> bool:
        """A kill by the clock, which hits starting and replaying too, or by the number of requests."""
        if random.random() < 0.4:
            return self.kill(lambda: True, random.uniform(0.2, 1.5))
        goal = self.server.requests() + random.choice([1, 2, 4, 8, 14, 22])
        return self.kill(lambda: self.server.requests() >= goal, random.uniform(0.0, 0.04))

    def kill_at_the_end(self, random: Random) -> bool:
        """A kill between the moment the first file is in its place and the end of the process."""
        return self.kill((self.run / "data.jsonl").exists, random.uniform(0.0, 0.02))


@pytest.fixture(scope="module")
def peaceful(server: CountingProcess, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a run makes that nobody interrupts."""
    campaign = Campaign(server, tmp_path_factory.mktemp("peaceful"))
    ended = instructgen(*campaign.arguments(), cwd=campaign.folder)
    assert ended.returncode == 0, ended.stderr
    assert set(campaign.asked().values()) == {1}
    files = made(campaign.run)
    assert files["data.jsonl"].count(b"\n") == LIMIT
    assert files["rejected.jsonl"].count(b"\n") > 20
    return files


@pytest.mark.parametrize("number", range(len(KILLS)))
def test_sigkill(server: CountingProcess, peaceful: dict[str, bytes], tmp_path: Path, number: int) -> None:
    random = Random(f"kill/{number}")
    campaign = Campaign(server, tmp_path / "0")
    kills = runs = extra = again = 0
    while kills < KILLS[number]:
        known, asked = stored(campaign.store), campaign.asked()
        last = kills == KILLS[number] - 1
        killed = campaign.kill_at_the_end(random) if last else campaign.kill_at_random(random)
        kills += killed or last
        runs += 1
        now, kept = campaign.asked(), stored(campaign.store)
        assert known <= kept, "a kill lost a recorded completion"
        assert not {seed for seed in known if now[seed] != asked[seed]}, "a recorded completion was bought again"
        lost = {seed for seed in now if now[seed] != asked.get(seed, 0)} - kept
        assert len(lost) <= CONCURRENCY, "a kill lost more than was in flight"
        extra += len(lost)
        if last or not killed:
            again += campaign.ends_in(peaceful)
            campaign = Campaign(server, tmp_path / str(runs))
    assert again <= extra
    print(f"{kills} kills, {runs} runs, {extra} answers lost, {again} asked again")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_end_pays_nothing_twice(peaceful: dict[str, bytes], tmp_path: Path, number: signal.Signals) -> None:
    with CountingProcess(latency=0.2) as unhurried:  # were this test held up for a second, no run would be over
        assert end_politely(Campaign(unhurried, tmp_path), peaceful, number) == 0, "an answer was bought twice"


def end_politely(campaign: Campaign, peaceful: dict[str, bytes], number: signal.Signals) -> int:
    """Interrupt one campaign twice and let it through to its end; returns how many requests were sent again."""
    for after in (3, 30):
        goal = campaign.server.requests() + after
        child = campaign.begin()
        while child.poll() is None and campaign.server.requests() < goal:
            time.sleep(0.005)
        child.send_signal(number)
        _, said = child.communicate(timeout=30)
        assert child.returncode == 130
        assert "Resume with the same command: instructgen run " in said
        assert "Traceback" not in said
        assert set(campaign.asked()) == stored(campaign.store), "what was in flight was not recorded"
        manifest = json.loads((campaign.run / "manifest.json").read_bytes())
        assert manifest["partial"]
        assert not manifest["complete"]
        for name in ("data.jsonl", "rejected.jsonl"):
            assert peaceful[name].startswith((campaign.run / name).read_bytes()), "a partial file is a prefix"
    return campaign.ends_in(peaceful)


def test_a_second_interrupt_ends_at_once(tmp_path: Path) -> None:
    with CountingProcess(latency=60.0) as never:
        campaign = Campaign(never, tmp_path)
        child = campaign.begin()
        while never.requests() == 0:
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        time.sleep(1.5)
        assert child.poll() is None, "the first interrupt waits for what is in flight"
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=8)  # the first gives it ten seconds
        assert child.returncode == 130
        assert "Traceback" not in said


@pytest.fixture(scope="module")
def slow() -> Iterator[CountingProcess]:
    """A server with which no run comes to its end while a test looks at it."""
    with CountingProcess(latency=2.0) as process:
        yield process


def test_interrupts_while_starting_end_with_the_same_code(slow: CountingProcess, tmp_path: Path) -> None:
    campaign = Campaign(slow, tmp_path)
    for moment in (0.6, 0.9, 1.2):
        child = campaign.begin()
        time.sleep(moment)
        child.send_signal(signal.SIGTERM)
        child.communicate(timeout=30)
        assert child.returncode in (130, -signal.SIGTERM)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_an_interrupt_that_python_swallows_is_not_lost(slow: CountingProcess, tmp_path: Path, name: str) -> None:
    """What is raised in a finalizer goes nowhere; here the signal comes in one, while the recipe is read."""
    recipe = tmp_path / "recipe.py"
    finalized = f"""
import os, signal, weakref

def finalizer(_):
    os.kill(os.getpid(), signal.{name})
    for _ in range(1000):
        pass

class Finalized:
    pass

thing = Finalized()
reference = weakref.ref(thing, finalizer)
del thing
"""
    recipe.write_text((RECIPES / "tasks.py").read_text() + finalized)
    campaign = Campaign(slow, tmp_path)
    child = start(*("run", recipe, *campaign.arguments()[2:]), cwd=tmp_path)
    _, said = child.communicate(timeout=30)
    assert child.returncode == 130
    assert "Resume with the same command" in said
    assert "ignored" not in said
