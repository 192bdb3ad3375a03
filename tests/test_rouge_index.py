"""The ROUGE-L index against rouge_score: the same decisions, the same neighbours, the same floats."""

import random
from collections.abc import Iterable, Sequence
from itertools import accumulate, chain, combinations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rouge_score import rouge_scorer

from instructgen.similarity import lcs
from instructgen.similarity.join import candidate_pairs
from instructgen.similarity.rouge import Match, RougeIndex
from instructgen.similarity.tokens import tokens

SCORER = rouge_scorer.RougeScorer(["rougeL"], use_stemmer=False)

Decisions = list[Match | None]

# Few different tokens, so that texts have much in common; all lengths around the width of a machine word and below.
SHORT = st.lists(st.sampled_from("abcdef"), max_size=16)
LONG = st.lists(st.sampled_from("abcdefghij"), min_size=60, max_size=80)
THRESHOLDS = st.one_of(
    st.floats(0, 1, exclude_min=True, exclude_max=True),
    # A threshold that is itself a score: ties.
    st.builds(lambda k, m, n: lcs.f1(min(k, m, n), m, n), *[st.integers(1, 16)] * 3).filter(lambda t: t < 1),
)


def rouge(a: str, b: str) -> float:
    """The F1 that the complete scorer gives two texts."""
    return float(SCORER.score(a, b)["rougeL"].fmeasure)


def rouge_of_tokens(a: Sequence[object], b: Sequence[object]) -> float:
    """The F1 that the scorer's inner part gives two lists of tokens."""
    return float(rouge_scorer._score_lcs(a, b).fmeasure)


def nearest(scores: Iterable[tuple[float, str]], threshold: float) -> Match | None:
    """The first of the highest scores, if it is above the threshold: the definition."""
    best = Match("", threshold)
    for score, id in scores:
        if score > best.score:
            best = Match(id, score)
    return best if best.id else None


def all_kept(index: RougeIndex, texts: Sequence[list[str]]) -> Decisions:
    """What the index says of each text when every earlier one was added, named by its position."""
    decisions = []
    for number, text in enumerate(texts):
        decisions.append(index.nearest_above(text))
        index.add(text, str(number))
    return decisions


def all_kept_by_definition(texts: Sequence[list[str]], threshold: float) -> Decisions:
    """What ``all_kept`` has to be."""
    return [
        nearest(((rouge_of_tokens(text, earlier), str(i)) for i, earlier in enumerate(texts[:number])), threshold)
        for number, text in enumerate(texts)
    ]


def one_by_one(index: RougeIndex, texts: Iterable[tuple[str, str]]) -> Decisions:
    decisions = []
    for id, text in texts:
        decisions.append(index.nearest_above(text))
        if decisions[-1] is None:
            index.add(text, id)
    return decisions


def instructions(seed: int, count: int, letters: Sequence[str] = "") -> list[tuple[str, str]]:
    """Ids and texts of a stream that is about half near duplicates: an earlier text with 0 to 4 tokens changed.

    The tokens are words by Zipf's law, or ``letters`` that stand for themselves. Every hundredth text ends a planted
    pair whose F1 is 0.7 on paper: 7 common tokens of 7 and 13, 8 and 12, 9 and 11, or 10 and 10.
    """
    rng = random.Random(seed)
    words = list(letters) or sorted({"".join(rng.choices("bdfgklmnprstvz", k=rng.randint(1, 5))) for _ in range(3000)})
    rng.shuffle(words)
    weights = list(accumulate(1 / (rank + 2) for rank in range(len(words))))
    texts: list[list[str]] = []
    for number in range(count):
        if number % 100 == 99:
            common = [f"tie{number}x{i}" for i in range(7)]
            m = 7 + number // 100 % 4
            texts[-1] = [*common, *(f"left{number}x{i}" for i in range(m - 7))]
            text = [*common, *(f"right{number}x{i}" for i in range(13 - m))]
        elif texts and rng.random() < 0.5:
            text = rng.choice(texts).copy()
            for _ in range(rng.randint(0, 4)):
                place = rng.randrange(len(text) + 1)
                text[place : place + rng.randint(0, 1)] = rng.choices(words, cum_weights=weights, k=rng.randint(0, 1))
        else:
            text = rng.choices(words, cum_weights=weights, k=max(3, round(rng.lognormvariate(2.2, 0.5))))
        texts.append(text)
    return [(str(number), " ".join(text)) for number, text in enumerate(texts)]


def decisions_of_rouge_score(texts: Sequence[tuple[str, str]], threshold: float) -> Decisions:
    """Every decision by comparison with all texts kept before, in the scorer's arithmetic.

    A pair is left out only if the tokens that both have, counted with repetition, are too few: a common subsequence is
    no longer than that.
    """
    numbers: dict[str, int] = {}
    numbered = [[numbers.setdefault(token, len(numbers)) for token in tokens(text)] for _, text in texts]
    counts = np.zeros((len(numbers), len(texts)), np.int64)
    for place, text in enumerate(numbered):
        np.add.at(counts[:, place], text, 1)
    sizes = counts.sum(axis=0)
    kept: list[int] = []
    decisions: Decisions = []
    for place, text in enumerate(numbered):
        own = sorted(set(text))
        shared = np.minimum(counts[np.ix_(own, kept)], counts[own, place, np.newaxis]).sum(axis=0)
        possible = np.flatnonzero(2 * shared > threshold * (sizes[place] + sizes[kept]) - 1e-6)
        scores = ((rouge_of_tokens(text, numbered[kept[i]]), texts[kept[i]][0]) for i in possible)
        decisions.append(nearest(scores, threshold))
        if decisions[-1] is None:
            kept.append(place)
    return decisions


@pytest.fixture(scope="module")
def stream() -> list[tuple[str, str]]:
    return instructions(seed=1, count=5000)


@pytest.fixture(scope="module")
def expected(stream: list[tuple[str, str]]) -> Decisions:
    return decisions_of_rouge_score(stream, 0.7)


# ---------------------------------------------------------------- scores


@given(st.lists(st.sampled_from("abcd"), max_size=150), st.lists(st.sampled_from("abcd"), max_size=150))
def test_scores_are_the_floats_of_rouge_score(a: list[str], b: list[str]) -> None:
    index = RougeIndex()
    index.add(" ".join(b), "b")
    assert index.scores(" ".join(a)).tolist() == [rouge(" ".join(a), " ".join(b))]


@given(st.integers(1, 10**6), st.integers(1, 10**6), st.data())
def test_f1_is_the_same_float_one_by_one_and_many_at_once(m: int, n: int, data: st.DataObject) -> None:
    common = data.draw(st.integers(0, min(m, n)))
    precision, recall = common / n, common / m
    expected = rouge_scorer.scoring.fmeasure(precision, recall)
    assert lcs.f1(common, m, n) == lcs.f1(common, n, m) == expected
    assert lcs.f1_many(np.array([common]), np.array([m]), np.array([n])).tolist() == [expected]


def test_the_example_of_the_rouge_score_package() -> None:
    index = RougeIndex(0.5)
    index.add("The quick brown fox jumps over the lazy dog", "fox")
    match = index.nearest_above("The quick brown dog jumps on the log.")
    assert match == Match("fox", 2 * (5 / 8) * (5 / 9) / (5 / 8 + 5 / 9))


@pytest.mark.parametrize("size", [lcs.LONG + 1, lcs.LONG * 2 + 77])
@pytest.mark.parametrize("other", [40, lcs.LONG - 40])
def test_texts_longer_than_one_integer_holds(size: int, other: int) -> None:
    rng = random.Random(size)
    long = rng.choices(range(30), k=size)
    # A known subsequence of the long text with strange tokens in between, so that the answer is known.
    short = sorted(rng.sample(range(size), other))
    mixed = list(chain.from_iterable((long[i], -1) for i in short))
    assert lcs.common(long, mixed) == lcs.common(mixed, long) == other
    few = rng.choices(range(30), k=25)
    assert lcs.common(long, few) == rouge_scorer._lcs_table(long, few)[-1][-1]


@given(st.lists(st.integers(0, 3), max_size=50), st.lists(st.integers(0, 3), max_size=50), st.integers(1, 60))
def test_blocks_give_the_same_length_as_a_table(a: list[int], b: list[int], block: int) -> None:
    assert lcs.common_in_blocks(a, b, block) == lcs.common(a, b) == rouge_scorer._lcs_table(a, b)[-1][-1]


# ---------------------------------------------------------------- decisions


def test_every_shape_whose_f1_is_exactly_the_threshold_on_paper() -> None:
    shapes = [(m, n) for n in range(1, 101) for m in range(1, n + 1) if 7 * (m + n) % 20 == 0 and 7 * (m + n) <= 20 * m]
    above = 0
    for m, n in shapes:
        common = 7 * (m + n) // 20
        a = [f"c{i}" for i in range(common)] + [f"a{i}" for i in range(m - common)]
        b = [f"c{i}" for i in range(common)] + [f"b{i}" for i in range(n - common)]
        index = RougeIndex(0.7)
        index.add(a, "a")
        score = rouge_of_tokens(a, b)
        assert index.nearest_above(b) == (Match("a", score) if score > 0.7 else None)
        above += score > 0.7
    assert (len(shapes), above) == (124, 61)


@given(st.lists(SHORT, max_size=12), THRESHOLDS)
@example([list("abc"), list("abc")], 1e-12)
def test_any_threshold_any_tokens(texts: list[list[str]], threshold: float) -> None:
    assert all_kept(RougeIndex(threshold), texts) == all_kept_by_definition(texts, threshold)


@given(st.lists(st.one_of(SHORT, LONG), max_size=5), THRESHOLDS)
def test_long_texts(texts: list[list[str]], threshold: float) -> None:
    assert all_kept(RougeIndex(threshold), texts) == all_kept_by_definition(texts, threshold)


@given(st.lists(st.one_of(SHORT, LONG), max_size=8), THRESHOLDS, st.integers(0, 8))
def test_the_join_misses_no_pair(texts: list[list[str]], threshold: float, first: int) -> None:
    labels = np.array([ord(token) - ord("a") for text in texts for token in text], np.int32)
    starts = np.array([0, *accumulate(map(len, texts))])
    later, earlier = candidate_pairs(labels, starts, first, threshold)
    found = list(zip(later.tolist(), earlier.tolist(), strict=True))
    assert found == sorted(set(found)) and all(first <= i and j < i for i, j in found)
    pairs = ((i, j) for j, i in combinations(range(len(texts)), 2) if i >= first)
    assert {pair for pair in pairs if rouge_of_tokens(texts[pair[0]], texts[pair[1]]) > threshold} <= set(found)


def test_a_stream_of_near_duplicates_against_rouge_score(stream: list[tuple[str, str]], expected: Decisions) -> None:
    rejected = [decision for decision in expected if decision]
    assert 1500 < len(rejected) < 3500
    assert sum(match.score == 0.7000000000000001 for match in rejected) >= 35
    assert one_by_one(RougeIndex(0.7), stream) == expected


def test_a_stream_against_the_complete_scorer(stream: list[tuple[str, str]]) -> None:
    kept: list[tuple[str, str]] = []
    decisions: Decisions = []
    for id, text in stream[:400]:
        decisions.append(nearest(((rouge(text, other), name) for name, other in kept), 0.7))
        if decisions[-1] is None:
            kept.append((id, text))
    assert one_by_one(RougeIndex(0.7), stream[:400]) == decisions


@pytest.mark.parametrize("parts", [[5000], [1, 4999], [2500, 2500], [300] * 16 + [200], [700, 3, 4000, 297]])
def test_decisions_do_not_depend_on_how_the_texts_arrive(
    stream: list[tuple[str, str]], expected: Decisions, parts: list[int]
) -> None:
    index, decisions = RougeIndex(0.7), Decisions()
    for start, size in zip(accumulate(parts, initial=0), parts, strict=False):
        ids, texts = zip(*stream[start : start + size], strict=True)
        decisions += index.filter(texts, ids)
    assert decisions == expected
    assert len(index) == sum(decision is None for decision in expected)


@pytest.mark.parametrize("bulk", [1, 100, 513, 2000])
@pytest.mark.parametrize("chinese", [False, True])
def test_questions_see_texts_added_in_bulk(stream: list[tuple[str, str]], bulk: int, chinese: bool) -> None:
    """Whatever was added between two questions, and whenever the index was put in order, answers are the same."""
    texts = instructions(seed=4, count=4000, letters=HAN) if chinese else stream
    index, steady = RougeIndex(0.6), RougeIndex(0.6)
    for number, (id, text) in enumerate(texts[:2000]):
        index.add(text, id)
        steady.add(text, id)
        steady.nearest_above("")
        if number % bulk == bulk - 1:
            probe = texts[2000 + number][1]
            assert index.nearest_above(probe) == steady.nearest_above(probe)


HAN = [chr(0x4E00 + number) for number in range(600)]


@pytest.mark.parametrize("letters", [HAN[:90], HAN, [*HAN[:150], *"abcdefghij", *"한국어문장가나다라마"]])
def test_near_duplicates_in_a_small_alphabet(letters: list[str]) -> None:
    """Each character is a token of many texts; rouge_score's own tokenizer would see none of the Chinese ones."""
    texts = instructions(seed=2, count=1200, letters=letters)
    expected = decisions_of_rouge_score(texts, 0.7)
    assert sum(decision is not None for decision in expected) > 300
    assert one_by_one(RougeIndex(0.7), texts) == expected
    assert RougeIndex(0.7).filter([text for _, text in texts]) == expected


@pytest.mark.parametrize("threshold", [0.05, 0.3, 0.5, 0.9])
def test_chinese_at_other_thresholds(threshold: float) -> None:
    """Written without spaces, in texts of 3 to 60 characters; at 0.05 a single character makes many pairs similar."""
    texts = [(id, text.replace(" ", "")) for id, text in instructions(seed=3, count=250, letters=HAN)]
    decisions, expected = [], []
    index, numbered = RougeIndex(threshold), [(id, tokens(text)) for id, text in texts]
    for number, (id, words) in enumerate(numbered):
        decisions.append(index.nearest_above(texts[number][1]))
        expected.append(
            nearest(((rouge_of_tokens(words, other), name) for name, other in numbered[:number]), threshold)
        )
        index.add(texts[number][1], id)
    assert decisions == expected
    assert None in expected and any(expected)


# ---------------------------------------------------------------- the whole pool


@pytest.mark.parametrize("probe", ["", "tie99x1 tie99x3", " ".join(f"w{i % 9} tie99x{i % 7}" for i in range(50))])
def test_most_similar_and_mean(stream: list[tuple[str, str]], probe: str) -> None:
    index = RougeIndex()
    for id, text in stream[:300]:
        index.add(text, id)
    scores = [rouge(probe, text) for _, text in stream[:300]]
    order = sorted(range(300), key=lambda i: -scores[i])
    assert index.most_similar(probe, 7) == [Match(stream[i][0], scores[i]) for i in order[:7]]
    assert len(index.most_similar(probe)) == 10
    assert index.mean_similarity(probe) == pytest.approx(sum(scores) / 300, rel=1e-12)


def test_an_empty_index() -> None:
    index = RougeIndex()
    assert index.nearest_above("anything") is None
    assert index.filter([]) == []
    assert index.most_similar("anything") == []
    assert index.mean_similarity("anything") == 0.0
    assert len(index) == 0


# ---------------------------------------------------------------- edges


def test_texts_without_a_token_are_never_too_similar() -> None:
    index = RougeIndex(0.01)
    assert index.filter(["", "…", "a", "!", "a"]) == [None, None, None, None, Match("2", 1.0)]
    assert index.nearest_above("") is None
    assert index.scores("").tolist() == [0.0] * 4
    assert index.scores("a b").tolist() == [0.0, 0.0, rouge("a b", "a"), 0.0]


@pytest.mark.parametrize("texts", [[""] * 300, [f"word{i}" for i in range(300)], [f"a{i} b{i}" for i in range(300)]])
def test_many_texts_too_short_to_have_much_in_common(texts: list[str]) -> None:
    index = RougeIndex()
    assert index.filter(texts) == [None] * 300
    assert [index.nearest_above(text) for text in texts] == [
        Match(str(i), 1.0) if text else None for i, text in enumerate(texts)
    ]


def test_of_equal_scores_the_text_added_first_is_named() -> None:
    index = RougeIndex()
    for id, text in (("x", "a b c d e f g h i z"), ("y", "a b c d e f g h i j"), ("z", "a b c d e f g h i j")):
        index.add(text, id)
    assert index.nearest_above("a b c d e f g h i j") == Match("y", 1.0)
    assert index.nearest_above("a b c d e f g h i k") == Match("x", rouge("a b c d e f g h i k", "a b c d e f g h i z"))


def test_a_question_changes_nothing() -> None:
    index = RougeIndex()
    index.add("one two three four", "a")
    for _ in range(3):
        assert index.nearest_above("new words every time here") is None
        assert index.nearest_above("one two three new") == Match("a", 0.75)
    assert len(index) == 1


def test_a_million_repetitions_of_a_character() -> None:
    index = RougeIndex()
    index.add("哈" * 1_000_000, "long")
    assert index.nearest_above("哈" * 900_000) == Match("long", lcs.f1(900_000, 900_000, 1_000_000))
    assert index.nearest_above("哈" * 100_000) is None
    assert index.nearest_above("哈哈") is None


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.5, 70, float("nan")])
def test_a_threshold_outside_its_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        RougeIndex(threshold)


def test_a_text_without_an_id_is_refused() -> None:
    with pytest.raises(ValueError, match="2 texts came with 1 ids"):
        RougeIndex().filter(["a", "b"], ["x"])
