"""Every recipe in ``examples/``, live: the same bytes whatever the timing, the faults, the failures and the kills.

The model is one server that answers every form of prompt the recipes send; what it writes depends on the request alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, get_type_hints

import pytest

from instructgen import AutoEvol
from instructgen.cli import main, recipes
from instructgen.parameters import fits
from tests.support.fault_server import ROOT, FaultServer, ServerProcess
from tests.support.passing import Passing
from tests.support.processes import CountingProcess, instructgen, made
from tests.support.teacher_forms import answer, refuses, untidy
from tests.test_determinism import rows
from tests.test_kill import CONCURRENCY, Campaign

EXAMPLES = ROOT / "examples"
# How each is made large enough for something to happen, and small enough for a test.
OPTIONS: Mapping[str, tuple[object, ...]] = {
    "quickstart": ("--requests", 7),
    "self_instruct": ("--requests", 7),
    "alpaca": ("--requests", 24),
    "belle_zh": ("--requests", 24),
    "evol_instruct": ("--first", 20),
    "auto_evol": ("--first", 40, "--development", 6, "--candidates", 2, "--steps", 2),
    "fresh_start": ("--starts", 30),
    "magpie": ("--requests", 44),
    "unnatural_instructions": ("--requests", 40),
    "oss_instruct": ("--snippets", 25),
    "personas": ("--draws", 3, "--rounds", 5),
    "wizard_coder": ("--first", 12),
    "wizard_math": ("--first", 12),
}
NAMES = sorted(OPTIONS)


def serving(faults: Any = untidy, **options: Any) -> FaultServer:
    return FaultServer(answer=answer, faults=faults, **options)


def run(server: FaultServer, folder: Path, name: str, *options: object, out: str = "run") -> int:
    """``instructgen run examples/NAME.py`` with this server as the teacher."""
    places = ["--out", folder / out, "--store", folder / "completions.db", "--progress", "none"]
    engine = ["--teacher", f"openai/m@{server.url}"]
    return main(["run", *map(str, [EXAMPLES / f"{name}.py", *engine, *places, *OPTIONS[name], *options])])


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, bytes]]:
    """What a run of a recipe makes in peace; made once."""
    known: dict[str, dict[str, bytes]] = {}

    def find(name: str) -> dict[str, bytes]:
        if name not in known:
            folder = tmp_path_factory.mktemp("reference")
            with serving() as server:
                assert run(server, folder, name) == 0
            known[name] = made(folder / "run")
        return known[name]

    return find


Reference = Callable[[str], dict[str, bytes]]


def test_every_recipe_is_tested() -> None:
    recipes = {path.stem for path in EXAMPLES.glob("*.py") if "\ndef recipe(" in path.read_text(encoding="utf-8")}
    assert recipes == set(OPTIONS)


@pytest.mark.parametrize("name", NAMES)
def test_every_number_of_a_recipe_has_its_bounds(name: str) -> None:
    hints = get_type_hints(recipes.load(EXAMPLES / f"{name}.py"), include_extras=True)
    assert not {int, float} & set(hints.values())


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    ("name", "most"), [("evol_instruct", 175), ("auto_evol", 175), ("wizard_coder", 12), ("wizard_math", 12)]
)
def test_first_takes_as_many_as_there_are(name: str, most: int, language: str) -> None:
    recipe = recipes.load(EXAMPLES / f"{name}.py")
    first = get_type_hints(recipe, include_extras=True)["first"]
    assert fits(most, first)
    assert not fits(most + 1, first)
    for wanted in (1, most, most + 1):
        source = recipe(first=wanted, language=language).source
        prompts = source.prompts if isinstance(source, AutoEvol) else source
        assert isinstance(prompts, Sequence)
        assert len(prompts) == min(wanted, most)


@pytest.mark.parametrize("name", NAMES)
def test_the_second_run_asks_for_nothing(tmp_path: Path, reference: Reference, name: str) -> None:
    with serving() as server:
        assert run(server, tmp_path, name) == 0
        asked = server.requests
        assert run(server, tmp_path, name) == 0
        assert run(server, tmp_path, name, out="elsewhere") == 0
        assert server.requests == asked
        assert set(server.bodies.values()) == {1}
    first = made(tmp_path / "run")
    assert first == made(tmp_path / "elsewhere") == reference(name)
    assert first["failed.jsonl"] == b""
    assert len(rows(first["data.jsonl"])) > 20
    assert len({row["reject"]["code"] for row in rows(first["rejected.jsonl"])}) > 3
    assert len({row["id"] for row in rows(first["data.jsonl"])}) == len(rows(first["data.jsonl"]))


@pytest.mark.parametrize("concurrency", [1, 8, 64])
@pytest.mark.parametrize("name", NAMES)
def test_delays_and_faults_that_pass_change_nothing(
    tmp_path: Path, reference: Reference, name: str, concurrency: int
) -> None:
    faults = Passing(0.3, concurrency, untidy)
    with serving(faults, latency=0.003, sigma=1.0, seed=concurrency) as server:
        assert run(server, tmp_path, name, "--concurrency", concurrency) == 0
        assert server.most_in_flight <= concurrency
        assert server.requests - faults.bought.total() > 2
    assert set(faults.bought.values()) == {1}
    assert made(tmp_path / "run") == reference(name)


@pytest.mark.parametrize("name", NAMES)
def test_what_failed_is_asked_again_and_leaves_no_trace(tmp_path: Path, reference: Reference, name: str) -> None:
    refused = refuses(0.2)
    with serving(lambda number, body: refused(number, body) or untidy(number, body)) as server:
        assert run(server, tmp_path, name) == 3
        bought = {raw for raw in server.bodies if refused(0, json.loads(raw)) is None}
        first = made(tmp_path / "run")
        manifest = json.loads(first["manifest.json"])
        assert not manifest["complete"]
        assert 0 < manifest["counts"]["failed"] == len(rows(first["failed.jsonl"])) <= server.played["400"]
        assert run(server, tmp_path, name) == 3
        assert made(tmp_path / "run") == first
        server.faults = untidy
        server.bodies.clear()
        assert run(server, tmp_path, name) == 0
        assert server.bodies
        assert not set(server.bodies) & bought
        assert set(server.bodies.values()) == {1}
    assert made(tmp_path / "run") == reference(name)


# ---------------------------------------------------------------- really killed


class Forms(CountingProcess):
    """The counting server with the model of this file behind it."""

    def __init__(self, *, latency: float) -> None:
        ServerProcess.__init__(self, answer="tests.support.teacher_forms:answer", latency=latency, sigma=0.5)


@dataclass
class Recipe(Campaign):
    """Runs of one of the examples."""

    name: str = ""

    def arguments(self) -> list[object]:
        engine = ["--teacher", f"openai/m@{self.server.url}", "--concurrency", CONCURRENCY]
        places = ["--out", self.run, "--store", self.store]
        return ["run", EXAMPLES / f"{self.name}.py", *engine, *places, *OPTIONS[self.name]]


@pytest.fixture(scope="module")
def counting() -> Iterator[Forms]:
    with Forms(latency=0.03) as server:
        yield server


@pytest.mark.kill
@pytest.mark.parametrize("name", NAMES)
def test_three_kills_change_nothing(counting: Forms, tmp_path: Path, name: str) -> None:
    random = Random(f"kill/{name}")
    peace = Recipe(counting, tmp_path / "peace", name=name)
    ended = instructgen(*peace.arguments(), cwd=peace.folder)
    assert ended.returncode == 0, ended.stderr
    peaceful = made(peace.run)
    assert len(rows(peaceful["data.jsonl"])) > 20
    campaign = Recipe(counting, tmp_path / "killed", name=name)
    for _ in range(3):
        goal = counting.requests() + random.choice([1, 2, 3])
        assert campaign.kill(partial(_has_asked, counting, goal), random.uniform(0.0, 0.03))
        assert not (campaign.run / "data.jsonl").exists()
    assert campaign.ends_in(peaceful) <= 3 * CONCURRENCY


def _has_asked(server: Forms, goal: int) -> bool:
    return server.requests() >= goal
