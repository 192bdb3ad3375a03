"""Selections: what they keep, in which order, and a reason for each of the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Rejected, Select
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.selects import Best, Shuffle
from tests.support.pipelines import number_of, tasks


def scored(*scores: float | None) -> list[Example]:
    return [
        example if score is None else replace(example, scores={"quality": score})
        for example, score in zip(tasks(len(scores)), scores, strict=True)
    ]


def select(stage: Select, examples: Sequence[Example], seed: int = 0) -> tuple[list[Example], list[Rejected]]:
    made = list(stage.select(examples, Random(seed)))
    kept = [entry for entry in made if isinstance(entry, Example)]
    return kept, [entry for entry in made if isinstance(entry, Rejected)]


def test_the_best_stay_in_stream_order() -> None:
    kept, rejected = select(Best(3, "quality"), scored(1, 5, 3, 9, 2, 4))
    assert [number_of(example) for example in kept] == [1, 3, 5]
    assert [(number_of(row.example), row.reject.value, row.reject.limit) for row in rejected] == [
        (0, 1, 4),
        (2, 3, 4),
        (4, 2, 4),
    ]
    assert {row.reject.code for row in rejected} == {"not_best"}


def test_of_equals_the_earlier_is_better() -> None:
    kept, rejected = select(Best(2, "quality"), scored(7, 7, 7))
    assert [number_of(example) for example in kept] == [0, 1]
    assert (rejected[0].reject.value, rejected[0].reject.limit) == (7, 7)


def test_without_a_score_there_is_no_best() -> None:
    kept, rejected = select(Best(5, "quality"), scored(None, 1, None))
    assert [number_of(example) for example in kept] == [1]
    assert [(row.reject.code, row.reject.detail) for row in rejected] == [("no_score", "quality")] * 2
    assert select(Best(1, "quality"), [])[0] == []


@pytest.mark.parametrize("count", [0, -1])
def test_at_least_one_is_kept(count: int) -> None:
    with pytest.raises(RecipeError, match="count"):
        Best(count, "quality")


@given(st.lists(st.none() | st.integers(0, 5), max_size=12), st.integers(1, 8))
def test_the_best_are_best(scores: list[int | None], count: int) -> None:
    examples = scored(*scores)
    kept, rejected = select(Best(count, "quality"), examples)
    with_score = [score for score in scores if score is not None]
    assert sorted((example.scores["quality"] for example in kept), reverse=True) == sorted(with_score)[::-1][:count]
    assert [example for example in examples if example in kept] == kept
    assert len(kept) + len(rejected) == len(examples)


@given(st.integers(0, 20), st.integers(0, 5))
def test_a_shuffle_keeps_all_in_an_order_of_the_seed(count: int, seed: int) -> None:
    examples = tasks(count)
    kept, rejected = select(Shuffle(), examples, seed)
    assert (sorted(kept, key=number_of), rejected) == (examples, [])
    assert select(Shuffle(), examples, seed)[0] == kept


def test_a_shuffle_shuffles() -> None:
    # Literal: the order is data, and must be the same on every machine and in every version.
    assert [number_of(example) for example in select(Shuffle(), tasks(8))[0]] == [6, 7, 3, 0, 2, 5, 1, 4]
    assert select(Shuffle(), tasks(8), 1)[0] != select(Shuffle(), tasks(8))[0]
