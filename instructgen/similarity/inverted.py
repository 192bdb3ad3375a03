"""Inverted lists that name the few texts which can be above a threshold of ROUGE-L, one text asked about at a time."""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from instructgen.similarity.prefix import BITS, Integers, Words, postings, reach, room, signatures

# An entry of a list is 16 bytes: the signature of a text folded to 64 bits, the number of the text, and its room.
_ENTRY = np.dtype([("signature", "=u8"), ("text", "=i4"), ("room", "=f4")])
_pack = struct.Struct("=Qif").pack
_MANY = 24  # candidates above which numpy's own cost is the smaller one
_BIT = [1 << bit for bit in range(BITS)]


class InvertedLists:
    """The texts of an index by the tokens of their heads and tails (see ``prefix``).

    A text is a sequence of labels: one number for each token, the same in all texts. Any numbering is right; one that
    gives rare tokens the larger numbers is fast.
    """

    def __init__(self, threshold: float) -> None:
        self._threshold = threshold
        self._heads: defaultdict[int, bytearray] = defaultdict(bytearray)
        self._tails: defaultdict[int, bytearray] = defaultdict(bytearray)
        self._signatures: list[int] = []
        # The same as arrays, one row a text and space to grow: the signature in 64-bit words, and the room.
        self._words = np.empty((64, BITS // 64), np.uint64)
        self._rooms = np.empty(64, np.float64)

    def __len__(self) -> int:
        return len(self._signatures)

    def add(self, labels: Sequence[int]) -> None:
        """Put in the next text."""
        signature, size = _signature(labels), len(labels)
        entry = _pack(_fold(signature), len(self), room(size, self._threshold))
        head, tail = self._split(labels)
        for lists, own in ((self._heads, head), (self._tails, tail)):
            for label in own:
                lists[label].extend(entry)
        number = len(self)
        if number == len(self._rooms):
            self._words = np.concatenate([self._words, np.empty_like(self._words)])
            self._rooms = np.concatenate([self._rooms, np.empty_like(self._rooms)])
        self._words[number] = _words(signature)
        self._rooms[number] = room(size, self._threshold)
        self._signatures.append(signature)

    def candidates(self, labels: Sequence[int]) -> list[int]:
        """The numbers of all texts that can be above the threshold, and of few others, in rising order."""
        head, tail = self._split(labels)
        heads, tails = self._heads, self._tails
        found = [heads[label] for label in head if label in heads]
        found += [tails[label] for label in head if label in tails]
        found += [heads[label] for label in tail if label in heads]
        if not found:
            return []
        signature, own = _signature(labels), room(len(labels), self._threshold)
        entries = np.frombuffer(b"".join(found), _ENTRY)
        distances = np.bitwise_count(entries["signature"] ^ _fold(signature))
        near = entries["text"][distances <= entries["room"] + np.float32(own)]
        # The full signature tells apart what coincides in 64 bits; nearly all that it leaves is above the threshold.
        if len(near) > _MANY:
            distances = np.bitwise_count(self._words[near] ^ _words(signature)).sum(axis=1)
            return sorted(set(near[distances <= own + self._rooms[near]].tolist()))
        return [
            number
            for number in sorted(set(near.tolist()))
            if (self._signatures[number] ^ signature).bit_count() <= own + self._rooms[number]
        ]

    @classmethod
    def of(cls, labels: Integers, starts: Integers, threshold: float) -> InvertedLists:
        """The lists of many texts: what adding them one by one would make. Arguments as for ``prefix.postings``."""
        made = cls(threshold)
        words, sizes = signatures(labels, starts), np.diff(starts)
        made._signatures = [a | b << 64 | c << 128 | d << 192 for a, b, c, d in words.tolist()]
        if len(sizes):
            made._words, made._rooms = words, room(1, threshold) * sizes
        entries = np.empty(len(sizes), _ENTRY)
        entries["signature"] = np.bitwise_xor.reduce(words, axis=1)
        entries["text"] = np.arange(len(sizes))
        entries["room"] = room(1, threshold) * sizes
        found = postings(labels, starts, threshold)
        for lists, own in ((made._heads, found.head), (made._tails, ~found.head)):
            order = np.flatnonzero(own)
            order = order[np.argsort(found.label[order], kind="stable")]
            names, firsts = np.unique(found.label[order], return_index=True)
            content, bounds = entries[found.text[order]].tobytes(), np.append(firsts, len(order)) * _ENTRY.itemsize
            for label, (start, end) in zip(names.tolist(), pairwise(bounds.tolist()), strict=True):
                lists[label] = bytearray(content[start:end])
        return made

    def _split(self, labels: Sequence[int]) -> tuple[list[int], list[int]]:
        """The different labels of the head, and those of the tail that are not in the head."""
        head, both = reach(len(labels), self._threshold)
        ordered = sorted(labels, reverse=True)
        first = list(dict.fromkeys(ordered[:head]))
        return first, [label for label in dict.fromkeys(ordered[head:both]) if label != first[-1]]


def _signature(labels: Sequence[int]) -> int:
    """``prefix.signatures`` of one text, as one integer."""
    signature = 0
    for label in labels:
        signature ^= _BIT[label & BITS - 1]
    return signature


def _words(signature: int) -> Words:
    """A signature in 64-bit words, the lowest bits first."""
    return np.frombuffer(signature.to_bytes(BITS // 8, "little"), "<u8")


def _fold(signature: int) -> int:
    """256 bits into 64 by exclusive or: the parity bitmap for the labels modulo 64."""
    signature ^= signature >> 128
    return (signature ^ signature >> 64) & 0xFFFF_FFFF_FFFF_FFFF
