"""What two texts must share for their ROUGE-L F1 to be above a threshold t: the conditions that spare most comparisons.

A text is a sequence of labels, numbers of tokens; the rarer a token, the larger its label. Let texts of m <= n tokens
have a longest common subsequence of L tokens. F1 = 2L / (m + n), and L is at most the number of tokens they share,
counted with repetition. So if F1 > t, then

- L > t(m + n) / 2, which is at least tm, and at least tn / (2 - t) because L <= m;
- the multisets of tokens differ by less than (1 - t)(m + n) tokens in all (``room`` of the one plus ``room`` of the
  other), and so do two bitmaps that hold, for each bit, the parity of the tokens mapped to it (``signatures``);
- with the tokens of either text sorted from rare to common, the first token that both share stands at a place with at
  least L tokens from there on: in the ``head`` of the shorter text and in the head or ``tail`` of the longer one. This
  is the prefix filter of set-similarity joins (Bayardo, Ma and Srikant 2007), for multisets;
- if that is place p of the text of m tokens, L is at most m - p, so that n is below 2(m - p) / t - m (``longest``). The
  same holds with the texts exchanged.

Every bound is loosened by more than the rounding of floats can amount to: a bound may let a pair through that is not
above the threshold, and never holds back one that is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.signedinteger]
Words = npt.NDArray[np.uint64]
Floats = npt.NDArray[np.floating]
Numbers = TypeVar("Numbers", float, npt.NDArray[Any])

LOOSE = 1e-6  # far above the rounding of a float32, far below what one token weighs
BITS = 128  # of a signature, in 64-bit words


def room(m: int, threshold: float) -> float:
    """The share of a text of ``m`` tokens in the tokens by which it may differ from another."""
    return m * (1 - threshold) * (1 + LOOSE)


def reach(m: int, threshold: float) -> int:
    """How many of the ``m`` tokens of a text, rarest first, are its head and tail."""
    t = threshold * (1 - LOOSE)
    return min(m, m - math.ceil(t * m / (2 - t)) + 1)


def longest(m: Numbers, place: Numbers, threshold: float) -> Numbers:
    """The most tokens of another text, if the first token of a text of ``m`` that both share stands at ``place``."""
    most: Numbers = 2 * (m - place) / max(threshold * (1 - LOOSE), 1e-9) - m  # a tiny threshold allows any length
    return most


@dataclass(frozen=True, slots=True)
class Postings:
    """The tokens of heads and tails, each once a text, text by text and rarest first; parallel arrays.

    Attributes:
        text: number of the text.
        label: the token.
        place: tokens of the text that are rarer, counted with repetition.
        head: whether the token is in the head.
    """

    text: Integers
    label: Integers
    place: Integers
    head: npt.NDArray[np.bool_]


def by_rarity(labels: Integers, size: int) -> Integers:
    """The new label of each of ``size`` labels: 0 for the one that is most frequent in ``labels``, and so on."""
    order = np.argsort(-np.bincount(labels, minlength=size), kind="stable")
    renamed = np.empty(size, np.int32)
    renamed[order] = np.arange(size, dtype=np.int32)
    return renamed


def postings(labels: Integers, starts: Integers, threshold: float) -> Postings:
    """The postings of texts whose labels stand one after the other, text i from ``starts[i]`` to ``starts[i + 1]``."""
    m = np.diff(starts)
    text = np.repeat(np.arange(len(m)), m)
    size = int(labels.max(initial=0)) + 1
    keys = text * size + (size - 1 - labels)
    keys.sort()
    place = np.arange(len(keys)) - starts[:-1][text]
    t = threshold * (1 - LOOSE)
    head = (m - np.ceil(t * m) + 1).astype(np.int64)
    both = (m - np.ceil(t * m / (2 - t)) + 1).astype(np.int64)
    kept = place < both[text]
    kept[1:] &= keys[1:] != keys[:-1]
    text, place = text[kept], place[kept]
    return Postings(text, size - 1 - (keys[kept] - text * size), place, place < head[text])


def signatures(labels: Integers, starts: Integers) -> Words:
    """The parity bitmap of each text: bit ``label % 128`` is flipped by each token; shape (texts, 2)."""
    result = np.zeros((len(starts) - 1, BITS // 64), np.uint64)
    filled = np.flatnonzero(np.diff(starts))
    if len(filled):
        bits = np.uint64(1) << (labels & 63).astype(np.uint64)
        for word in range(BITS // 64):
            own = np.where(labels >> 6 & BITS // 64 - 1 == word, bits, np.uint64(0))
            result[filled, word] = np.bitwise_xor.reduceat(own, starts[:-1][filled])
    return result
