"""The instances of one task: Self-Instruct's rules, row by row."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Reject
from instructgen.filters import instance_rejects

Pairs = list[tuple[str, str]]


def codes(pairs: Pairs) -> list[str | None]:
    return [reject.code if reject else None for reject in instance_rejects(pairs)]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], []),
        ([("a", "b"), ("c", "d")], [None, None]),
        ([("", "just an answer")], [None]),
        ([("a", "b"), ("a", "c")], ["contradiction", "contradiction"]),
        ([("a", "b"), ("a", "b")], [None, "duplicate"]),
        ([("", "b"), ("", "c")], [None, None]),
        ([("b", "b")], ["input_is_output"]),
        ([("b", "list:")], ["ends_with_colon"]),
        ([("text:", "z")], ["ends_with_colon"]),
        ([("文本：", "z")], ["ends_with_colon"]),
        ([("x", "")], ["empty_output"]),
        ([("", "")], ["input_is_output"]),
        ([("list:", "list:")], ["input_is_output"]),
        ([("list:", "")], ["empty_output"]),
        ([("Text: good day", "Positive"), ("Text: bad", "Negative")], [None, None]),
        ([("", "(a)"), ("", "(b)")], [None, None]),
        ([("same", "A"), ("same", "B")], ["contradiction", "contradiction"]),
        # One contradiction takes the whole task with it, but nothing that had a reason before.
        ([("a", "b"), ("c", "d"), ("a", "e")], ["contradiction"] * 3),
        ([("a", "b"), ("a", "b"), ("a", "e"), ("x", "x")],
         ["contradiction", "duplicate", "contradiction", "input_is_output"]),
        # What is rejected for itself contradicts nothing.
        ([("a", "b"), ("a", "c:")], [None, "ends_with_colon"]),
        ([("a", "b"), ("a", "")], [None, "empty_output"]),
        ([(" a", "b "), ("a\n", "b")], [None, "duplicate"]),
    ],
)  # fmt: skip
def test_rows(pairs: Pairs, expected: list[str | None]) -> None:
    assert codes(pairs) == expected


def test_reasons_say_where() -> None:
    rejects = instance_rejects([("x", "y"), ("p:", "q"), ("x", "y"), ("x", "z")])
    assert rejects[1] == Reject("ends_with_colon", detail="the input")
    assert rejects[2] == Reject("duplicate", detail="of instance 1")
    assert rejects[3] == Reject("contradiction", "x", detail="one input, several outputs")


texts = st.sampled_from(["", "a", "b", "c:", "d：", " a"]) | st.text(max_size=3)


@given(st.lists(st.tuples(texts, texts), max_size=8))
def test_what_is_kept_is_kept_again(pairs: Pairs) -> None:
    rejects = instance_rejects(pairs)
    assert len(rejects) == len(pairs)
    kept = [pair for pair, reject in zip(pairs, rejects, strict=True) if reject is None]
    assert codes(kept) == [None] * len(kept)
    given_inputs = [given_input.strip() for given_input, _ in kept if given_input.strip()]
    assert len(given_inputs) == len(set(given_inputs))
