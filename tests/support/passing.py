"""Faults of a server that pass when it is asked again: what a run has to get over without a trace in its data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from tests.support.fault_replies import Reply

SOON = Reply(b'{"error": {"message": "slow down"}}', 429, (("Retry-After", "0.02"),))
LOADING = Reply(b'{"error": {"message": "the model is loading"}}', 503, (("Retry-After", "0.02"),))
HTTP = ("429_bare", "500", "drop", "reset", "garbage", "truncated", "html", "choices_empty")
PASSING: tuple[str | Reply, ...] = (SOON, LOADING, *HTTP)


class Passing:
    """A script: a share of the requests meets a fault that passes, the others what ``then`` says.

    Attributes:
        bought: how often each body was answered.
    """

    def __init__(self, share: float, seed: int, then: Callable[[int, Mapping[str, Any]], Reply | None]) -> None:
        self.bought: Counter[str] = Counter()
        self._random = Random(f"passing/{seed}")
        self._share = share
        self._then = then

    def __call__(self, number: int, body: Mapping[str, Any]) -> str | Reply | None:
        if self._random.random() < self._share:
            return self._random.choice(PASSING)
        self.bought[json.dumps(body, sort_keys=True)] += 1
        return self._then(number, body)
