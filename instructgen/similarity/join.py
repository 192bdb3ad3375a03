"""Finds, among many texts at once, every pair that can be above a threshold of ROUGE-L: the batch side of ``inverted``.

A token in the head of one text is compared with the same token in all texts of a possible length. Sorted by token and
length these lie side by side, so that a comparison is one element of a few vector operations.
"""

from __future__ import annotations

import numpy as np

from instructgen.similarity.prefix import Floats, Integers, Words, by_rarity, longest, postings, room, signatures

_AT_ONCE = 1 << 19  # comparisons in one go, of about 50 bytes each


def candidate_pairs(labels: Integers, starts: Integers, first: int, threshold: float) -> tuple[Integers, Integers]:
    """All pairs of texts i > j, i >= ``first``, that can be above the threshold, and few others.

    Args:
        labels: the tokens of all texts as numbers from 0, one text after the other.
        starts: where each text starts in ``labels``, and the end of the last; shape (texts + 1,).
        first: texts before this one are not compared with each other.
        threshold: of the F1, in (0, 1).

    Returns:
        The numbers i and j of each pair, once, in rising order of i, then j.
    """
    labels = by_rarity(labels, int(labels.max(initial=0)) + 1)[labels]
    sizes, words = np.diff(starts), signatures(labels, starts)
    span = int(sizes.max(initial=0)) + 1
    found = postings(labels, starts, threshold)
    keys = found.label * span + sizes[found.text]
    order = np.argsort(keys, kind="stable")
    keys, text, place, head = keys[order], found.text[order], found.place[order], found.head[order]

    rooms = (room(1, threshold) * sizes).astype(np.float32)
    size = sizes[text]
    most = np.minimum(longest(size, place, threshold), span - 1).astype(np.int64)
    low, high = keys - size, keys - size + most

    new, old_heads = text >= first, np.flatnonzero(head & (text < first))
    asking = np.flatnonzero(new & head)
    lower, upper = np.searchsorted(keys, keys[asking]), np.searchsorted(keys, high[asking], "right")
    codes = [_near(text[asking], lower, upper, text, rooms, words)]
    if len(old_heads):
        asking = np.flatnonzero(new)
        lower = np.searchsorted(keys[old_heads], low[asking])
        upper = np.searchsorted(keys[old_heads], np.minimum(high, keys - 1)[asking], "right")
        codes.append(_near(text[asking], lower, upper, text[old_heads], rooms, words))
    later, earlier = np.divmod(np.unique(np.concatenate(codes)), len(sizes))
    return later, earlier


def _near(asking: Integers, lower: Integers, upper: Integers, asked: Integers, rooms: Floats, words: Words) -> Integers:
    """The pairs that the signatures leave, coded as later * texts + earlier, perhaps several times.

    The text ``asking[i]`` is compared with the texts ``asked[lower[i]:upper[i]]``.
    """
    kept = upper > lower
    asking, lower, counts = asking[kept], lower[kept], (upper - lower)[kept]
    ends = np.cumsum(counts)
    folded = np.bitwise_xor.reduce(words, axis=1)
    asking_folded, asked_folded = folded[asking], folded[asked]
    asking_room, asked_room = rooms[asking], rooms[asked]
    cuts = np.searchsorted(ends, np.arange(_AT_ONCE, ends[-1] if len(ends) else 0, _AT_ONCE), "right")
    codes = []
    for start, stop in zip([0, *cuts.tolist()], [*cuts.tolist(), len(ends)], strict=True):
        some = counts[start:stop]
        inner = np.cumsum(some)
        at = np.arange(inner[-1] if len(inner) else 0) + np.repeat(lower[start:stop] - inner + some, some)
        distances = np.bitwise_count(asked_folded[at] ^ np.repeat(asking_folded[start:stop], some))
        hits = np.flatnonzero(distances <= asked_room[at] + np.repeat(asking_room[start:stop], some))
        a, b = asking[start:stop][np.searchsorted(inner, hits, "right")], asked[at[hits]]
        distances = np.bitwise_count(words[a] ^ words[b]).sum(axis=1)
        close = (distances <= rooms[a].astype(np.float64) + rooms[b]) & (a != b)
        a, b = a[close], b[close]
        codes.append(np.maximum(a, b) * len(rooms) + np.minimum(a, b))
    return np.concatenate(codes)
