"""Self-Instruct's training encoding: thirteen layouts, drawn by the example's id; equal rows once."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instructgen.example import Example
from instructgen.formats import self_instruct, to_datasets, write_examples
from instructgen.formats.self_instruct import WITH_INPUT, WITHOUT_INPUT, row, simplified

TEXT = st.text(min_size=1, max_size=20).filter(lambda text: text.strip() != "")


def many(given: str, count: int = 3000) -> list[Example]:
    return [Example.root("x", index=index, instruction="Do.", input=given, output="Done.") for index in range(count)]


def test_there_are_seven_layouts_with_an_input_and_six_without() -> None:
    with_input = Counter(row(one)["prompt"] for one in many("this"))
    without = Counter(row(one)["prompt"] for one in many(""))
    assert set(with_input) == {f"{a}Do.{b}this{c}" for a, b, c in WITH_INPUT}
    assert set(without) == {f"{a}Do.{b}" for a, b in WITHOUT_INPUT}
    assert (len(with_input), len(without)) == (7, 6)
    # Drawn evenly: each count is within five standard deviations of its mean.
    assert all(abs(count - 3000 / 7) < 5 * (3000 * 6 / 49) ** 0.5 for count in with_input.values())
    assert all(abs(count - 3000 / 6) < 5 * (3000 * 5 / 36) ** 0.5 for count in without.values())


def test_half_of_the_inputs_are_simplified_whatever_the_layout() -> None:
    prompts = Counter(row(one)["prompt"] for one in many("Text: one\n\ntwo"))
    simple = {prompt: count for prompt, count in prompts.items() if "Text:" not in prompt}
    assert len(prompts) == 14
    assert len(simple) == 7
    assert abs(sum(simple.values()) - 1500) < 5 * 750**0.5
    assert all("one\ntwo" in prompt for prompt in simple)
    assert all("Text: one\n\ntwo" in prompt for prompt in prompts.keys() - simple.keys())


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Text: some words", "some words"),
        ("Text: some words\nText: others", "some words\nText: others"),
        ("Name: Li\nCity: Wuhan", "Name: Li\nCity: Wuhan"),
        ("Passage: At 10:30: noon", "Passage: At 10:30: noon"),
        ("See http://x", "//x"),
        ("Words : first: last", "first: last"),
        ("a\n\nb\n\n\nc", "a\nb\n\nc"),
        ("no field", "no field"),
        ("文本: 内容", "内容"),
        ("Text:", ""),
    ],
)
def test_the_name_of_an_only_field_is_cut_at_the_first_colon(given: str, expected: str) -> None:
    assert simplified(given) == expected


def test_an_input_of_which_nothing_is_left_is_none() -> None:
    prompts = {row(one)["prompt"] for one in many("Text:")}
    assert {f"{a}Do.{b}" for a, b in WITHOUT_INPUT} < prompts
    assert len(prompts) == 13


@settings(max_examples=50, deadline=None, derandomize=True)
@given(TEXT, st.text(max_size=20), TEXT, st.integers())
def test_the_draw_depends_on_the_id_alone(task: str, given: str, answer: str, seed: int) -> None:
    import random

    one = Example.root("x", instruction=task, input=given, output=answer)
    random.seed(seed)
    state = random.getstate()
    assert row(one) == row(Example.root("x", instruction=task, input=given, output=answer))
    assert random.getstate() == state
    assert row(one)["completion"] == answer.strip()
    assert task.strip() in row(one)["prompt"]


def test_an_example_without_an_id_has_a_layout_of_its_own() -> None:
    assert row(Example("Do.", output="x")) == row(Example("Do.", output="x").identified())


def test_equal_rows_are_written_once_and_in_order(tmp_path: Path) -> None:
    examples = [*many("this", 100), Example.root("x", instruction="Do.", input="this", output="Other.")]
    Random(0).shuffle(examples)
    assert write_examples(examples, "self-instruct", tmp_path / "a.json") == 8
    rows: list[dict[str, Any]] = json.loads((tmp_path / "a.json").read_bytes())
    seen: list[dict[str, Any]] = []
    for one in examples:
        if self_instruct.row(one) not in seen:
            seen.append(self_instruct.row(one))
    assert rows == seen
    assert to_datasets(examples, "self-instruct")[:] == {
        "prompt": [one["prompt"] for one in seen],
        "completion": [one["completion"] for one in seen],
    }


def test_the_encoding_is_frozen() -> None:
    """Another release must not encode the same data set otherwise."""
    found = [row(Example("Do.", given, "x", id=name))["prompt"] for given in ("", "A: b") for name in ("a", "b", "c")]
    assert found == [
        "Q: Do.\nA:\n",
        "Q: Do.\nA:\n",
        "What to do: Do.\nResult:\n",
        "Do.\n\nb\n\n",
        "What to do: Do.\nWith this: b\nResult:\n",
        "Request: Do.\n\nMaterial: A: b\n\nReply:\n",
    ]
