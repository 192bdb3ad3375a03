"""The shipped seeds are there, and a user's own are read with their family and number."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.formats import write_examples
from instructgen.seeds import read_seeds, seeds


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_shipped_seeds(language: str) -> None:
    found = seeds(language)
    assert len(found) >= 175
    assert len({one.id for one in found}) == len(found)
    for one in found:
        assert one.by == "seeds"
        assert set(one.meta) == {"family", "classification", "source_id"}
        assert one.instruction and one.output
    assert seeds(language) == found


def test_english_is_what_one_gets_without_asking() -> None:
    assert seeds() == seeds("en")


def test_an_unknown_language_is_refused() -> None:
    for language in ("xx", "../seeds/en", ""):
        with pytest.raises(RecipeError, match=r"only in .*en.*\n.*read_seeds"):
            seeds(language)


def test_own_seeds_in_any_file(tmp_path: Path) -> None:
    row = {"id": "my-1", "family": "advice", "classification": False, "instruction": "Why?", "output": "So."}
    expected = Example.root(
        "seeds",
        index=1,
        instruction="Why?",
        output="So.",
        meta={"family": "advice", "classification": False, "source_id": "my-1"},
    )
    (tmp_path / "a.jsonl").write_text(json.dumps(row))
    assert read_seeds(tmp_path / "a.jsonl") == (expected,)
    (tmp_path / "a.csv").write_text("instruction,output\nWhy?,So.\n")
    assert [one.output for one in read_seeds(tmp_path / "a.csv")] == ["So."]
    kept = expected.child("respond", output="Thus.")
    write_examples([kept], "jsonl", tmp_path / "run.jsonl")
    assert read_seeds(tmp_path / "run.jsonl") == (kept,)


def test_the_first_of_several_instances_is_taken(tmp_path: Path) -> None:
    rows = [
        {
            "id": "seed_task_0",
            "name": "sums",
            "instruction": "Add the numbers.",
            "instances": [{"input": "1 2", "output": "3"}, {"input": "2 2", "output": "4"}],
            "is_classification": True,
        },
        {"instruction": "Plain.", "instances": []},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    first, second = read_seeds(tmp_path / "a.jsonl")
    assert first == Example.root(
        "seeds",
        index=1,
        instruction="Add the numbers.",
        input="1 2",
        output="3",
        meta={"name": "sums", "classification": True, "source_id": "seed_task_0"},
    )
    assert second == Example.root("seeds", index=2, instruction="Plain.", meta={"instances": []})


def test_faults_are_named_with_their_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"instruction": "Fine."}\n{"instruction": ""}\n')
    with pytest.raises(RecipeError, match="line 2: instruction is empty"):
        read_seeds(path)
    path.write_text("\n")
    with pytest.raises(RecipeError, match="holds no examples"):
        read_seeds(path)
    with pytest.raises(RecipeError, match="there is no file"):
        read_seeds(tmp_path / "b.jsonl")
