"""Longest common subsequences and the ROUGE-L F1 of token sequences, one pair at a time or many at once.

Lengths come from the bit-parallel recurrence of Hyyrö (2004, "Bit-parallel LCS-length computation revisited"): bit i of
a word stands for position i of one sequence, so that a token of the other costs a handful of operations on whole words.
Tokens are numbers here. Nothing is approximate.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.signedinteger]
Words = npt.NDArray[np.unsignedinteger]
Floats = npt.NDArray[np.float64]

WORD = 64  # most tokens of the query of common_to_many: a bit each in a machine word
LONG = 8192  # tokens above which one sequence no longer goes into one Python integer


def f1(common: int, m: int, n: int) -> float:
    """ROUGE-L F1 of sequences of ``m`` and ``n`` tokens with a common subsequence of ``common``, in [0, 1].

    Evaluated operation by operation as ``rouge_score`` does, because a threshold decides on the float: 7 common tokens
    of 7 and 13 give 0.7000000000000001, which is above 0.7, and 7 of 10 and 10 give 0.7, which is not.
    """
    if not common:
        return 0.0
    precision, recall = common / n, common / m
    return 2 * precision * recall / (precision + recall)


def f1_many(common: Integers, m: Integers, n: Integers) -> Floats:
    """``f1`` of each triple; the same floats, bit for bit. No length may be 0."""
    precision, recall = common / n, common / m
    scores: Floats = 2 * precision * recall / np.where(common > 0, precision + recall, 1.0)
    return scores


def positions(tokens: Iterable[int]) -> dict[int, int]:
    """Where each token occurs: bit i is set if the token stands at position i."""
    masks: dict[int, int] = {}
    bit = 1
    for token in tokens:
        masks[token] = masks.get(token, 0) | bit
        bit <<= 1
    return masks


def common(a: Sequence[int], b: Sequence[int]) -> int:
    """Length of the longest common subsequence of ``a`` and ``b``."""
    return common_with(a)(b)


def common_with(a: Sequence[int]) -> Callable[[Sequence[int]], int]:
    """``common`` with its first argument given: what there is to prepare for ``a`` is prepared once."""
    if len(a) > LONG:
        return lambda b: common_in_blocks(a, b, LONG)
    size, full, masks = len(a), (1 << len(a)) - 1, positions(a)

    def length(b: Sequence[int]) -> int:
        unmatched = full
        for token in b:
            if token in masks:
                matched = unmatched & masks[token]
                unmatched = (unmatched + matched) | (unmatched - matched)
        return size - (unmatched & full).bit_count()

    return length


def common_in_blocks(a: Sequence[int], b: Sequence[int], size: int) -> int:
    """``common`` in memory that grows with the length only: ``a`` enters the recurrence ``size`` tokens at a time.

    The carry that the addition in one block leaves at each position of ``b`` enters the next block. What both begin or
    end with is set aside first.
    """
    start, stop_a, stop_b = 0, len(a), len(b)
    while start < min(stop_a, stop_b) and a[start] == b[start]:
        start += 1
    while min(stop_a, stop_b) > start and a[stop_a - 1] == b[stop_b - 1]:
        stop_a, stop_b = stop_a - 1, stop_b - 1
    total = start + len(a) - stop_a
    carries = bytearray(stop_b - start)
    for low in range(start, stop_a, size):
        block = a[low : min(low + size, stop_a)]
        masks, full = positions(block), (1 << len(block)) - 1
        unmatched = full
        for place, token in enumerate(b[start:stop_b]):
            if carries[place] or token in masks:
                matched = unmatched & masks.get(token, 0)
                added = unmatched + matched + carries[place]
                carries[place] = added > full
                unmatched = (added & full) | (unmatched - matched)
        total += len(block) - unmatched.bit_count()
    return total


def common_to_many(query: Sequence[int], flat: Integers, starts: Integers) -> Integers:
    """``common`` of ``query``, of at most 64 tokens, and each of many sequences.

    Args:
        query: its tokens, 0 or above.
        flat: the tokens of all sequences, one sequence after the other.
        starts: where each sequence starts in ``flat``, and the end of the last; shape (sequences + 1,).

    Returns:
        Shape (sequences,).
    """
    masks = np.zeros(max(int(flat.max(initial=0)), max(query, default=0)) + 1, np.uint64)
    for token, mask in positions(query).items():
        masks[token] = mask
    matching = masks[flat]
    kept = np.flatnonzero(matching)  # a token that the query lacks changes nothing
    matching, bounds = matching[kept], np.searchsorted(kept, starts)
    counts = np.diff(bounds)
    order = np.argsort(-counts, kind="stable")
    begins = bounds[order]
    state = np.full(len(order), -1, np.int64).view(np.uint64)
    # active[s] sequences have more than s tokens in common with the query; they come first in the order.
    active = np.searchsorted(-counts[order], -np.arange(counts.max(initial=0)), side="left")
    for step, number in enumerate(active.tolist()):
        _advance(state[:number], matching[begins[:number] + step])
    lengths = np.empty(len(order), np.int64)
    lengths[order] = np.bitwise_count(~state)
    return lengths


def _advance(state: Words, matching: Words) -> None:
    """One token of Hyyrö's recurrence, in place: the zeros of ``state`` count the common subsequence so far."""
    matched = state & matching
    rest = state - matched
    state += matched
    state |= rest
