"""Rejects what repeats or contradicts an example kept before (Self-Instruct's rules for instances, over a data set)."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example


@dataclass(slots=True)
class Consistency:
    """Rejects an example with the question of one that was kept before.

    The question is system message, earlier turns, instruction and input. With the same output the example is a
    ``duplicate``; with another one and an input that is not empty, it is a ``contradiction``. Without an input several
    outputs may all be right ("Write a poem"). Texts are the same if they are equal, white space around them aside.

    Rejects with ``duplicate`` or ``contradiction``; the neighbour is the first example kept with this question, or
    with this answer to it.
    """

    # Digests, not texts: what is remembered does not grow with the length of the examples.
    _questions: dict[bytes, str] = dataclasses.field(init=False, repr=False, compare=False, default_factory=dict)
    _answers: dict[bytes, str] = dataclasses.field(init=False, repr=False, compare=False, default_factory=dict)

    def __call__(self, example: Example) -> Reject | None:
        """None if it is neither."""
        question, answer = _digests(example)
        if answer in self._answers:
            return Reject("duplicate", neighbour=self._answers[answer])
        if example.input.strip() and question in self._questions:
            return Reject("contradiction", neighbour=self._questions[question])
        return None

    def fresh(self) -> Consistency:
        """The same check with an empty memory."""
        return Consistency()

    def observe(self, example: Example) -> None:
        """Remember an example."""
        question, answer = _digests(example)
        self._questions.setdefault(question, example.id)
        self._answers.setdefault(answer, example.id)


def _digests(example: Example) -> tuple[bytes, bytes]:
    """Of the question, and of the question with its answer."""
    turns = [[turn.role, turn.content.strip()] for turn in example.history]
    question = [example.system.strip(), turns, example.instruction.strip(), example.input.strip()]
    return _digest(question), _digest([*question, example.output.strip()])


def _digest(content: Sequence[object]) -> bytes:
    return hashlib.blake2b(json.dumps(content).encode("ascii"), digest_size=16).digest()
