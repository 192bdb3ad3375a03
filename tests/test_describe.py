"""What a manifest says about a recipe: whatever changes the data changes the description, and nothing else does."""

from __future__ import annotations

import functools
import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

from instructgen.contracts import Limits, Reject, Sampling
from instructgen.engines.recorded import Recorded
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters import Filter, Keywords, Length, RougeNovelty
from instructgen.generators import Respond, SelfInstruct
from instructgen.prompts import Prompt
from instructgen.runtime.describe import describe, differences, engines_in, is_engine
from instructgen.runtime.pipeline import Pipeline, Step
from instructgen.sources import File
from tests.support.pipelines import Ask, Every, Model, Odd, tasks


class Colour(Enum):
    RED = 1


@dataclass(frozen=True)
class Part:
    number: int = 1
    inner: Any = None
    memory: list[int] = field(init=False, default_factory=list)


class Plain:
    """An object whose content nobody can tell."""

    def __call__(self, example: Example) -> Reject | None:
        return None


def keep(example: Example) -> Reject | None:
    """A check."""
    return None


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (None, None),
        (True, True),
        (3, 3),
        (0.5, 0.5),
        ("text", "text"),
        (math.inf, "inf"),
        (-math.inf, "-inf"),
        (math.nan, "nan"),
        (("a", 1), ["a", 1]),
        ({"b": (1,), "a": None}, {"b": [1], "a": None}),
        ({"b", "a"}, ["a", "b"]),
        (frozenset([("b", 1), "a", 2]), ["a", 2, ["b", 1]]),
        (Colour.RED, "RED"),
        (Part(2, Part()), {"type": "Part", "number": 2, "inner": {"type": "Part", "number": 1, "inner": None}}),
        (Model(name="m"), {"engine": "test/m"}),
        ([Model(name="m")], [{"engine": "test/m"}]),
        ([], []),
    ],
)
def test_plain_values_are_themselves(value: Any, told: Any) -> None:
    assert describe(value) == told
    assert json.loads(json.dumps(describe(value), allow_nan=False)) == told


def test_prompts_and_files_are_their_hash(tmp_path: Path) -> None:
    prompt = Prompt("Say {what}.", "say")
    assert describe(prompt) == {"prompt": "say", "hash": prompt.hash}
    path = tmp_path / "rows.jsonl"
    path.write_text("one")
    before = describe(path)
    assert before["file"] == "rows.jsonl"
    path.write_text("two")
    assert describe(path) != before
    with pytest.raises(RecipeError, match="missing"):
        describe(tmp_path / "missing")


def test_examples_are_told_apart_by_content() -> None:
    some = tasks(3)
    assert describe(some)["examples"] == 3
    assert describe(some) == describe(tuple(tasks(3)))
    others = [
        tasks(4),
        some[::-1],
        [replace(some[0], id=""), *some[1:]],
        [replace(some[0], output="new"), *some[1:]],  # under an id of the user's own
    ]
    hashes = {json.dumps(describe(examples)) for examples in (some, *others)}
    assert len(hashes) == 5
    assert describe([Example("a"), Example("b")]) != describe([Example("a"), Example("c")])


def test_a_function_is_its_source() -> None:
    def one(example: Example) -> Reject | None:
        return None

    def other(example: Example) -> Reject | None:
        return Reject("other")

    assert describe(one)["function"].endswith("one")
    assert describe(one) == describe(one)
    assert describe(one)["hash"] != describe(other)["hash"]
    assert describe(functools.lru_cache(keep))["hash"] == describe(keep)["hash"]
    assert describe(len) != describe(sorted)
    assert describe(Example)["function"] == "Example"


def holding(value: int) -> Callable[[], int]:
    return lambda: value


@pytest.mark.parametrize(
    "odd",
    [
        Plain(),
        Plain().__call__,
        functools.partial(keep),
        holding(3),
        object(),
        "text".startswith,
        iter([1]),
        [Plain()],
        Part(inner=Plain()),
    ],
)
def test_what_cannot_be_told_is_refused(odd: Any) -> None:
    with pytest.raises(RecipeError, match="a manifest cannot record"):
        describe(odd)


def test_a_recipe_of_the_package(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("{}\n")
    engine = Model()
    checks = Filter(Length(maximum=math.inf), Keywords(), RougeNovelty(0.6))
    steps: list[Step] = [Respond(engine), checks, Filter(keep), Respond(engine)]
    pipeline = Pipeline(SelfInstruct(engine, seeds=[replace(task, output="Done.") for task in tasks(5)]), steps)
    stages = pipeline.describe()["stages"]
    assert [stage["name"] for stage in stages] == ["self_instruct", "respond", "filter", "filter#2", "respond#2"]
    assert stages[0]["prompt"]["prompt"] == "self_instruct/alpaca"
    assert stages[1] == {
        "name": "respond",
        "type": "Respond",
        "engine": {"engine": "test/model"},
        "draws": 1,
        "system": "",
        "sampling": describe(Sampling(temperature=0.7, max_tokens=2048)),
    }
    assert stages[2]["checks"][0]["maximum"] == "inf"
    assert stages[2]["checks"][2] == {"type": "RougeNovelty", "threshold": 0.6, "field": "instruction"}
    assert describe(File(tmp_path / "rows.jsonl"))["path"]["file"] == "rows.jsonl"


def test_a_run_does_not_change_the_description() -> None:
    pipeline = Pipeline(tasks(3), [Filter(Every(2), RougeNovelty())])
    before = pipeline.describe()
    check = pipeline.steps[0]
    assert isinstance(check, Filter)
    check.observe(tasks(1)[0])
    check.decide(tasks(2)[1])
    assert pipeline.describe() == before


def test_names_count_each_kind() -> None:
    steps: list[Step] = [Filter(Odd()), Ask(Model()), Filter(Odd()), Filter(Odd()), Ask(Model())]
    assert Pipeline(tasks(1), steps).names() == ["examples", "filter", "ask", "filter#2", "filter#3", "ask#2"]


def test_a_description_is_the_same_in_every_process() -> None:
    program = """
import json
from instructgen.contracts import Sampling
from instructgen.runtime.describe import describe
from tests.test_describe import Part, keep
from tests.support.pipelines import Model, tasks
parts = [Part(inner={"x", "y", "z", "w"}), keep, tasks(3), Model(), Sampling(extra={"b": {3, 1, 2}})]
print(json.dumps(describe(parts)))
"""
    told = set()
    for hash_seed in ("0", "1", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        told.add(
            subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True).stdout
        )
    assert len(told) == 1


def test_finds_the_engines_wherever_they_are() -> None:
    one, two, three = (Model(name=name) for name in "abc")
    parts = [Ask(one), {"judges": [two, (three,)]}, Part(inner=one), Filter(Odd()), tasks(3), "text", None]
    assert [engine.identity for engine in engines_in(parts)] == ["test/a", "test/b", "test/c", "test/a"]


def test_what_is_an_engine() -> None:
    assert is_engine(Model())
    assert is_engine(Recorded(Path("missing.jsonl")))  # without reading it
    assert not is_engine(Model)
    assert not is_engine(Limits())
    assert not is_engine(tasks(1)[0])


def test_differences_name_the_path() -> None:
    old = {"stages": [{"name": "a", "x": 1, "long": "x" * 100}, {"name": "b"}], "seed": 0}
    new = {"stages": [{"name": "a", "x": 2, "long": "y" * 100}, {"name": "b", "y": None}], "seed": 0}
    assert differences(old, old) == []
    assert differences(old, new) == [
        f"stages[1].long: {'x' * 57}… → {'y' * 57}…",
        "stages[1].x: 1 → 2",
    ]
    assert differences({"stages": [1, 2]}, {"stages": [1]}) == ["stages: [1, 2] → [1]"]
    assert differences({"a": 1}, {}) == ["a: 1 → null"]
