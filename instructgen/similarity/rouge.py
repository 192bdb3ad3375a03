"""An index of texts that says whether a new one is too similar to any of them by ROUGE-L, exactly and in microseconds.

Self-Instruct (Wang et al. 2023, section 2.2) keeps a new instruction only if its ROUGE-L F1 with every instruction kept
so far is not above 0.7. Comparing with each of them takes hours for 50,000 instructions. Here the few texts that can
be above the threshold are found by what they must share with it (``prefix``), and only those are compared, with the
arithmetic of the ``rouge_score`` package. So decisions and scores are those of the exhaustive search.
"""

from __future__ import annotations

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise, repeat
from operator import itemgetter

import numpy as np
import numpy.typing as npt

from instructgen.similarity import lcs
from instructgen.similarity.inverted import InvertedLists
from instructgen.similarity.join import candidate_pairs
from instructgen.similarity.prefix import Integers, by_rarity
from instructgen.similarity.tokens import tokens

_GROWTH = 8  # labels are put in order of rarity again when there are so many times more texts
_BLOCK = 1 << 16  # texts joined at once; what one block rejects costs the next ones nothing


@dataclass(frozen=True, slots=True)
class Match:
    """A text of the index and its ROUGE-L F1, in [0, 1], with the text asked about."""

    id: str
    score: float


class RougeIndex:
    """Texts, to be asked which of them is too similar to another one.

    A text is given as a string, or as its tokens. One that has no token is never too similar. Speed is meant for
    instructions; texts of thousands of tokens are compared exactly too, in time quadratic in their length.

    Args:
        threshold: in (0, 1). What counts is a score strictly above it, as floats compare: of the pairs whose F1 is 0.7
            on paper, ``rouge_score`` computes 0.7000000000000001 for about half, and these are above 0.7.

    Raises:
        ValueError: the threshold is not between 0 and 1.

    >>> index = RougeIndex()
    >>> index.add("Write a poem about spring.", "a")
    >>> index.nearest_above("Write a poem about autumn!")
    Match(id='a', score=0.8000000000000002)
    """

    def __init__(self, threshold: float = 0.7) -> None:
        if not 0 < threshold < 1:
            raise ValueError(f"A threshold of ROUGE-L lies between 0 and 1 (0.7 is usual); this is {threshold}.")
        self._threshold = threshold
        self._ids: list[str] = []
        self._labels = _vocabulary({})
        # The labels of all tokens, one text after the other; text i starts at _starts[i].
        self._flat, self._starts = array("i"), array("q", [0])
        self._lists = InvertedLists(threshold)  # of the first texts; the rest goes in when the next question comes
        self._last: tuple[str, Sequence[str]] = "", []  # a text and its tokens
        self._ordered = 8  # number of texts when labels were last put in order of rarity

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def threshold(self) -> float:
        """What a score must be above."""
        return self._threshold

    def add(self, text: str | Sequence[str], id: str) -> None:
        """Put a text into the index, however similar it is to others."""
        self._flat.extend(map(self._labels.__getitem__, self._tokens(text)))
        self._starts.append(len(self._flat))
        self._ids.append(id)

    def nearest_above(self, text: str | Sequence[str]) -> Match | None:
        """The text with the highest F1 above the threshold, of several the one added first; None if there is none."""
        if len(self._lists) < len(self):
            self._catch_up()
        query = self._number(self._tokens(text))
        candidates = self._lists.candidates(query)
        if not candidates:
            return None
        place, score = _best(query, candidates, self._flat, self._starts)
        return Match(self._ids[place], score) if score > self._threshold else None

    def filter(self, texts: Iterable[str | Sequence[str]], ids: Iterable[str] | None = None) -> list[Match | None]:
        """Add each text that has no ``nearest_above`` among those before it: the same as one by one, but faster.

        Args:
            texts: in the order in which they are to be decided.
            ids: the id of each; by default its position in ``texts``, as a string.

        Returns:
            For each text None if it was added, else what it is too similar to.
        """
        given = list(texts)
        names = list(map(str, range(len(given)))) if ids is None else list(ids)
        if len(names) != len(given):
            raise ValueError(f"{len(given)} texts came with {len(names)} ids; give each text one id.")
        decisions: list[Match | None] = []
        for at in range(0, len(given), _BLOCK):
            block, own = given[at : at + _BLOCK], names[at : at + _BLOCK]
            one_by_one = len(block) < 256 + len(self) // 16
            decisions += self._filter_each(block, own) if one_by_one else self._filter_block(block, own)
        return decisions

    def scores(self, text: str | Sequence[str]) -> npt.NDArray[np.float64]:
        """The F1 with every text, in the order in which they were added. Takes milliseconds: it compares with all."""
        query = self._number(self._tokens(text))
        flat, starts = _arrays(self._flat, self._starts)
        if not query or not len(flat):
            return np.zeros(len(self))
        if len(query) <= lcs.WORD:
            common = lcs.common_to_many(query, flat, starts)
        else:
            length = lcs.common_with(query)
            texts = (self._flat[start:end] for start, end in pairwise(self._starts))
            common = np.array([length(other) for other in texts])
        return lcs.f1_many(common, np.full(len(self), len(query)), np.maximum(np.diff(starts), 1))

    def most_similar(self, text: str | Sequence[str], k: int = 10) -> list[Match]:
        """The ``k`` texts with the highest F1, best first; of equal ones those added first. Compares with all texts."""
        scores = self.scores(text)
        return [Match(self._ids[i], float(scores[i])) for i in np.argsort(-scores, kind="stable")[:k].tolist()]

    def mean_similarity(self, text: str | Sequence[str]) -> float:
        """The mean F1 with all texts; 0 if there are none. Compares with all texts."""
        return math.fsum(self.scores(text).tolist()) / max(len(self), 1)

    def _tokens(self, text: str | Sequence[str]) -> Sequence[str]:
        """The tokens of a text; those of the last one are kept, for what was asked about is often added next."""
        if not isinstance(text, str):
            return text
        if text != self._last[0]:
            self._last = text, tokens(text)
        return self._last[1]

    def _number(self, words: Sequence[str]) -> list[int]:
        """The labels of tokens. A token that no text of the index has gets a label of its own, for this once."""
        labels = list(map(self._labels.get, words, repeat(-1)))
        if -1 not in labels:
            return labels
        unknown, size = dict[str, int](), len(self._labels)
        return [
            unknown.setdefault(word, size + len(unknown)) if label < 0 else label
            for word, label in zip(words, labels, strict=True)
        ]

    def _catch_up(self) -> None:
        """Bring the texts added since the last question into the inverted lists."""
        size, missing = len(self), len(self) - len(self._lists)
        if size >= _GROWTH * self._ordered or missing > 64 + size // 8:
            self._rebuild()
        for i in range(len(self._lists), size):
            self._lists.add(self._flat[self._starts[i] : self._starts[i + 1]].tolist())

    def _rebuild(self) -> None:
        """Put the labels in order of rarity, as far as it is known by now, and make the inverted lists anew."""
        flat, starts = _arrays(self._flat, self._starts)
        renamed = by_rarity(flat, len(self._labels))
        self._labels = _vocabulary(dict(zip(self._labels, renamed[list(self._labels.values())].tolist(), strict=True)))
        flat = renamed[flat]
        self._flat = array("i", flat.tobytes())
        self._lists = InvertedLists.of(flat, starts, self._threshold)
        self._ordered = len(self)

    def _filter_each(self, texts: Sequence[str | Sequence[str]], ids: Sequence[str]) -> list[Match | None]:
        decisions = []
        for text, id in zip(texts, ids, strict=True):
            words = self._tokens(text)
            decisions.append(self.nearest_above(words))
            if decisions[-1] is None:
                self.add(words, id)
        return decisions

    def _filter_block(self, texts: Sequence[str | Sequence[str]], ids: Sequence[str]) -> list[Match | None]:
        """Join the texts with the index and each other, then decide in order, looking only at pairs that were found."""
        before = len(self)
        flat, starts = self._flat[:], self._starts[:]
        for text in texts:
            flat.extend(map(self._labels.__getitem__, self._tokens(text)))
            starts.append(len(flat))
        names = [*self._ids, *ids]
        later, earlier = candidate_pairs(*_arrays(flat, starts), before, self._threshold)
        decisions: list[Match | None] = [None] * len(names)
        for i, pairs in groupby(zip(later.tolist(), earlier.tolist(), strict=True), itemgetter(0)):
            candidates = [j for _, j in pairs if decisions[j] is None]
            if candidates:
                place, score = _best(flat[starts[i] : starts[i + 1]], candidates, flat, starts)
                if score > self._threshold:
                    decisions[i] = Match(names[place], score)
        kept = np.array([decision is None for decision in decisions[before:]])
        new, sizes = np.array(flat[self._starts[-1] :], np.int32), np.diff(starts[before:])
        self._starts.extend((self._starts[-1] + np.cumsum(sizes[kept])).tolist())
        self._flat.frombytes(new[np.repeat(kept, sizes)].tobytes())
        self._ids += [id for id, keep in zip(ids, kept.tolist(), strict=True) if keep]
        return decisions[before:]


def _vocabulary(labels: Mapping[str, int]) -> defaultdict[str, int]:
    """A dictionary that gives each new token the next number when it is looked up."""
    vocabulary: defaultdict[str, int] = defaultdict(None, labels)
    vocabulary.default_factory = vocabulary.__len__
    return vocabulary


def _arrays(flat: array[int], starts: array[int]) -> tuple[Integers, Integers]:
    """Views for numpy. They must be gone before the arrays can grow again."""
    return np.frombuffer(flat, np.int32), np.frombuffer(starts, np.int64)


def _best(query: Sequence[int], candidates: Sequence[int], flat: array[int], starts: array[int]) -> tuple[int, float]:
    """The first of the candidates with the highest F1, and that F1."""
    length = lcs.common_with(query)
    best, highest = candidates[0], 0.0
    for i in candidates:
        other = flat[starts[i] : starts[i + 1]]
        score = lcs.f1(length(other), len(query), len(other))
        if score > highest:
            best, highest = i, score
    return best, highest
