"""Inverted lists that name the few texts which can be above a threshold of ROUGE-L, one text asked about at a time."""

from __future__ import annotations

import struct
from bisect import bisect
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from instructgen.similarity.prefix import BITS, Integers, longest, postings, reach, room, signatures

# An entry of a list is 24 bytes: the halves of the signature of a text, the number of the text, and its room.
_ENTRY = np.dtype([("low", "=u8"), ("high", "=u8"), ("text", "=i4"), ("room", "=f4")])
_pack = struct.Struct("=QQif").pack
_BIT = [1 << bit for bit in range(BITS)]
_WORD = (1 << 64) - 1

# Where classes of length begin. Narrower classes make for more and shorter lists; at the usual threshold of 0.7 a text
# can be similar to one 1.86 times as long, and no width was found to be faster.
_CLASSES = [1.86**power for power in range(1, 63)]
_PLANS = 1024  # lengths whose plan is kept


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which lists any text of some length is in, and which it has to be compared with.

    Attributes:
        room: see ``prefix.room``.
        own: for each place in the head and tail, the kind of the list that a token there puts the text into.
        asked: for each place in the head and tail, the kinds of the lists in which a token there can find others.
    """

    room: float
    own: list[int]
    asked: list[list[int]]


class InvertedLists:
    """The texts of an index by the tokens of their heads and tails (see ``prefix``).

    The alphabet of Chinese is small, so that thousands of texts have a token in common. A list is short even so because
    it is of one kind: the token, the class of the length of the texts, and the class of the ``longest`` text that the
    token at its place can make them similar to. A question passes over lists of texts that are longer than its own
    longest, and over those whose longest is shorter than itself.

    A text is a sequence of labels: one number for each token, the same in all texts. Any numbering is right; one that
    gives rare tokens the larger numbers is fast.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        # The key of a list is label << 12 | kind, its kind is class of length << 6 | class of longest.
        self._lists: defaultdict[int, bytearray] = defaultdict(bytearray)
        self._kinds: set[int] = set()  # of which there are lists
        self._plans: dict[int, _Plan] = {}  # by length
        self._last: Sequence[int] = []
        self._sketch_of_last: tuple[dict[int, int], int] = {}, 0
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, labels: Sequence[int]) -> None:
        """Put in the next text."""
        plan, (places, signature) = self._plan(len(labels)), self._sketch(labels)
        entry = _pack(signature & _WORD, signature >> 64, self._size, plan.room)
        for label, place in places.items():
            self._lists[label << 12 | plan.own[place]] += entry
        if not self._kinds.issuperset(plan.own):
            self._kinds.update(plan.own)
            self._plans.clear()
        self._size += 1

    def candidates(self, labels: Sequence[int]) -> list[int]:
        """The numbers of all texts that can be above the threshold, and of few others, in rising order."""
        plan, (places, signature), get = self._plan(len(labels)), self._sketch(labels), self._lists.get
        lists = [
            entries
            for label, place in places.items()
            for kind in plan.asked[place]
            if (entries := get(label << 12 | kind))
        ]
        if not lists:
            return []
        found = np.frombuffer(b"".join(lists), _ENTRY)
        distances = np.bitwise_count(found["low"] ^ (signature & _WORD))
        distances += np.bitwise_count(found["high"] ^ (signature >> 64))
        return sorted(set(found["text"][distances <= found["room"] + np.float32(plan.room)].tolist()))

    @classmethod
    def of(cls, labels: Integers, starts: Integers, threshold: float) -> InvertedLists:
        """The lists of many texts: what adding them one by one would make. Arguments as for ``prefix.postings``."""
        made, sizes = cls(threshold), np.diff(starts)
        made._size = len(sizes)
        entries = np.empty(len(sizes), _ENTRY)
        entries["low"], entries["high"] = signatures(labels, starts).T
        entries["text"], entries["room"] = np.arange(len(sizes)), room(1, threshold) * sizes
        found = postings(labels, starts, threshold)
        size = sizes[found.text]
        kinds = np.searchsorted(_CLASSES, size, "right") << 6
        kinds |= np.searchsorted(_CLASSES, longest(size, found.place, threshold), "right")
        made._kinds.update(np.unique(kinds).tolist())
        keys = found.label << 12 | kinds
        order = np.argsort(keys, kind="stable")
        names, firsts = np.unique(keys[order], return_index=True)
        content, bounds = entries[found.text[order]].tobytes(), np.append(firsts, len(order)) * _ENTRY.itemsize
        for key, (start, end) in zip(names.tolist(), pairwise(bounds.tolist()), strict=True):
            made._lists[key] = bytearray(content[start:end])
        return made

    def _plan(self, size: int) -> _Plan:
        plan = self._plans.get(size)
        if plan is None:
            if len(self._plans) == _PLANS:
                self._plans.clear()
            t, own = self._threshold, bisect(_CLASSES, size)
            classes = [bisect(_CLASSES, longest(size, place, t)) for place in range(reach(size, t))]
            asked = {
                most: [kind for kind in self._kinds if kind >> 6 <= most and kind & 63 >= own] for most in set(classes)
            }
            plan = _Plan(room(size, t), [own << 6 | most for most in classes], [asked[most] for most in classes])
            self._plans[size] = plan
        return plan

    def _sketch(self, labels: Sequence[int]) -> tuple[dict[int, int], int]:
        """The different labels of the head and tail, each with the place where it stands first, and the signature.

        Those of the last text are kept: what was asked about is often added next.
        """
        if labels != self._last:
            count = reach(len(labels), self._threshold)
            rarest = sorted(labels, reverse=True)[:count]
            places = dict(zip(reversed(rarest), range(count - 1, -1, -1), strict=True))
            self._last, self._sketch_of_last = labels, (places, _signature(labels))
        return self._sketch_of_last


def _signature(labels: Sequence[int]) -> int:
    """``prefix.signatures`` of one text, as one integer."""
    signature = 0
    for label in labels:
        signature ^= _BIT[label & BITS - 1]
    return signature
