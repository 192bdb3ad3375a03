"""The inverted lists hold back no text that is above the threshold, however the texts came into them."""

from itertools import accumulate

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from instructgen.similarity import lcs
from instructgen.similarity.inverted import InvertedLists
from instructgen.similarity.prefix import longest, reach

# Small numbers, so that texts share much; those above 128 have the bit of a smaller one in the signature.
TEXT = st.lists(st.sampled_from([0, 1, 2, 3, 4, 128, 129, 256]), max_size=24)
THRESHOLDS = st.one_of(st.sampled_from([0.05, 0.5, 0.7, 0.9]), st.floats(0, 1, exclude_min=True, exclude_max=True))


def one_by_one(texts: list[list[int]], threshold: float) -> InvertedLists:
    lists = InvertedLists(threshold)
    for text in texts:
        lists.add(text)
    return lists


def at_once(texts: list[list[int]], threshold: float) -> InvertedLists:
    labels = np.array([label for text in texts for label in text], np.int32)
    return InvertedLists.of(labels, np.array([0, *accumulate(map(len, texts))]), threshold)


def above(query: list[int], texts: list[list[int]], threshold: float) -> set[int]:
    scores = (lcs.f1(lcs.common(query, text), len(query), len(text)) for text in texts)
    return {number for number, score in enumerate(scores) if score > threshold}


@given(st.lists(TEXT, max_size=12), st.lists(TEXT, max_size=4), THRESHOLDS)
@example([[0, 1], [1]], [[1], [1, 1]], 0.7)
@example([[7] * 40, [7]], [[7] * 39, [7, 7]], 0.05)
def test_every_similar_text_is_a_candidate(texts: list[list[int]], queries: list[list[int]], threshold: float) -> None:
    grown, built = one_by_one(texts, threshold), at_once(texts, threshold)
    for query in queries:
        candidates = grown.candidates(query)
        assert candidates == built.candidates(query) == sorted(set(candidates))
        assert above(query, texts, threshold) <= set(candidates)


@given(st.lists(TEXT, min_size=1, max_size=8), st.lists(TEXT, min_size=1, max_size=8), THRESHOLDS)
def test_texts_can_be_added_to_lists_made_at_once(
    before: list[list[int]], after: list[list[int]], threshold: float
) -> None:
    lists, grown = at_once(before, threshold), one_by_one(before + after, threshold)
    for number, text in enumerate(after, len(before)):
        assert above(text, (before + after)[:number], threshold) <= set(lists.candidates(text))
        lists.add(text)
    assert len(lists) == len(before) + len(after)
    assert all(lists.candidates(text) == grown.candidates(text) for text in before + after)


@pytest.mark.parametrize("threshold", [0.3, 0.7])
def test_every_length_beside_every_other(threshold: float) -> None:
    """The longest and the shortest text that can be similar lie at the edges of the classes of length."""
    texts = [list(range(size)) for size in range(1, 90)]
    lists = at_once(texts, threshold)
    for query in texts:
        candidates = set(lists.candidates(query))
        assert above(query, texts, threshold) <= candidates <= above(query, texts, threshold - 1e-3)


def test_more_lengths_than_plans_are_kept() -> None:
    texts = [[1] * size for size in range(1, 1200)]
    lists = one_by_one(texts, 0.7)
    for query in texts[::150] + texts[:3]:
        assert above(query, texts, 0.7) <= set(lists.candidates(query))


def test_few_texts_are_candidates() -> None:
    """Of 3,000 texts in an alphabet of 300 hardly one is compared that is not similar."""
    rng = np.random.default_rng(0)
    texts = [rng.integers(300, size=size).tolist() for size in rng.integers(8, 40, size=3000)]
    lists = at_once(texts, 0.7)
    assert sum(len(lists.candidates(text)) for text in texts) < 1.01 * len(texts)


@given(st.integers(1, 200), st.integers(1, 200), THRESHOLDS, st.data())
def test_a_pair_above_the_threshold_is_within_the_bounds(m: int, n: int, threshold: float, data: st.DataObject) -> None:
    common = data.draw(st.integers(1, min(m, n)))
    place = data.draw(st.integers(0, m - common))  # the first shared token has all the others behind it
    if lcs.f1(common, m, n) > threshold:
        assert place < reach(m, threshold)
        assert n <= longest(m, place, threshold)
