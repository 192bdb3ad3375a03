"""What a run did, as opposed to what it made: times, tokens, dollars, calls. Differs from run to run by nature."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from instructgen.contracts import Completion, Engine
from instructgen.runtime.budget import dollars


@dataclass(slots=True)
class Telemetry:
    """Counters of one execution.

    Attributes:
        new: completions asked for and recorded by this execution.
        replayed: completions answered from what was recorded.
        joined: asks that waited for an identical request in flight.
        retries: further attempts of a request.
        errors: attempts that ended in an error, by kind.
        tokens: prompt and completion tokens, new and replayed.
        usd: dollars of new and of replayed completions; None where a price is not known.
        requests_in_flight: right now.
    """

    new: int = 0
    replayed: int = 0
    joined: int = 0
    retries: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    tokens: Counter[str] = field(default_factory=Counter)
    usd: dict[str, float | None] = field(default_factory=lambda: {"new": 0.0, "replayed": 0.0})
    requests_in_flight: int = 0
    started: float = field(default_factory=time.monotonic)
    _busy: float = 0.0
    _since: float = field(default_factory=time.monotonic)

    def answered(self, engine: Engine, completion: Completion, *, new: bool) -> None:
        """Count a completion that was handed to a stage."""
        kind = "new" if new else "replayed"
        if new:
            self.new += 1
        else:
            self.replayed += 1
        usage = completion.usage
        if usage.prompt is None or usage.completion is None:
            self.tokens[f"{kind}_uncounted"] += 1
            self.usd[kind] = None
            return
        self.tokens[f"{kind}_prompt"] += usage.prompt
        self.tokens[f"{kind}_completion"] += usage.completion
        spent, cost = self.usd[kind], dollars(engine, usage.prompt, usage.completion)
        self.usd[kind] = None if spent is None or cost is None else spent + cost

    def sent(self, change: int) -> None:
        """A request went out (+1) or came back (-1)."""
        now = time.monotonic()
        self._busy += self.requests_in_flight * (now - self._since)
        self._since = now
        self.requests_in_flight += change

    @property
    def seconds(self) -> float:
        """Wall-clock time since the start."""
        return time.monotonic() - self.started

    @property
    def mean_in_flight(self) -> float:
        """Requests in flight, averaged over the whole time."""
        self.sent(0)
        return self._busy / max(self.seconds, 1e-9)
