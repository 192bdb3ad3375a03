"""Rejects a prompt that was kept before, whatever its answer (WizardMath, arXiv 2308.09583, removes duplicates)."""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example


@dataclass(slots=True)
class RepeatedPrompt:
    """Rejects an example with the instruction and the input of one that was kept before.

    White space makes no difference; signs do, because 3 + 4 is not 3 - 4. ``Consistency`` lets a prompt without an
    input come again with another answer; this does not.

    Rejects with ``duplicate``; the neighbour is the example that was kept.
    """

    # Digests, not texts: what is remembered does not grow with the length of the examples.
    _kept: dict[bytes, str] = dataclasses.field(init=False, repr=False, compare=False, default_factory=dict)

    def __call__(self, example: Example) -> Reject | None:
        """None if it is new."""
        kept = self._kept.get(_digest(example))
        return None if kept is None else Reject("duplicate", neighbour=kept)

    def fresh(self) -> RepeatedPrompt:
        """The same check with an empty memory."""
        return RepeatedPrompt()

    def observe(self, example: Example) -> None:
        """Remember an example."""
        self._kept.setdefault(_digest(example), example.id)


def _digest(example: Example) -> bytes:
    words = " ".join(f"{example.instruction}\n{example.input}".split())
    return hashlib.blake2b(words.encode("utf-8", "surrogatepass"), digest_size=16).digest()
