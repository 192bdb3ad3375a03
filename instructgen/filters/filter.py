"""The pipeline step that holds checks: an example must pass all of them, in order."""

from __future__ import annotations

from dataclasses import dataclass, field

from instructgen.contracts import Check, Reject, Remembering
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.parameters import TextField


@dataclass(frozen=True, slots=True, init=False)
class Filter:
    """A step that keeps the examples which pass every check; the first check that rejects says why.

    Attributes:
        checks: in the order in which they decide, which is also what the counts by reason depend on.
    """

    checks: tuple[Check, ...]
    # Found once: asking a value whether it fits a protocol costs more than most checks.
    _remembering: tuple[Remembering, ...] = field(init=False, repr=False, compare=False)

    def __init__(self, *checks: Check) -> None:
        for check in checks:
            if isinstance(check, type):
                raise RecipeError(f"{check.__name__} is a class, not a check; write {check.__name__}(…).")
            if not callable(check):
                raise RecipeError(f"{check!r} is no check: a check is called with an example.")
        object.__setattr__(self, "checks", checks)
        object.__setattr__(self, "_remembering", tuple(check for check in checks if isinstance(check, Remembering)))

    def fresh(self) -> Filter:
        """The same filter with checks that remember nothing, as every run needs it."""
        return Filter(*(check.fresh() if isinstance(check, Remembering) else check for check in self.checks))

    def decide(self, example: Example) -> Reject | None:
        """None to keep the example, else why not. What is kept is remembered; what any check rejects is not."""
        for check in self.checks:
            reject = check(example)
            if reject is None:
                continue
            if not isinstance(reject, Reject):
                raise RecipeError(f"{check!r} returned {reject!r}; a check returns None to keep, or a Reject.")
            return reject
        self.observe(example)
        return None

    def observe(self, example: Example) -> None:
        """Let every check that remembers know of an example that was kept, or of a seed."""
        for check in self._remembering:
            check.observe(example)


def text_of(example: Example, name: TextField) -> str:
    """The text in one field of an example."""
    text: str = getattr(example, name)
    return text
