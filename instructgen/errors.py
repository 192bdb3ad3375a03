"""Every error this library raises, and what is done about each.

    InstructGenError
    ├── EngineError               a model was asked and no usable completion came back
    │   ├── RateLimited           retried after the server's own delay
    │   ├── Unavailable           retried: refused, dropped, timed out, 5xx
    │   ├── Malformed             retried a few times only: an answer came, was perhaps paid for, and is none
    │   ├── BadRequest            this request can never be answered; its example fails, the run goes on
    │   ├── ContentFiltered       the server refuses this prompt; its example fails, the run goes on
    │   ├── Authentication        stops the run
    │   ├── QuotaExhausted        stops the run
    │   ├── BudgetExhausted       stops the run before the budget is crossed
    │   └── TooManyFailures       stops a hopeless run (the breaker)
    ├── NothingKept               stops a run that buys and buys and keeps nothing
    ├── ParseError                a completion came back and cannot be read
    ├── RecipeError               what the user handed in cannot be used: a recipe, an option, a file, a directory
    └── StoreError                recorded completions or a run directory cannot be read or written
        └── Locked                another process is writing there

Policy. An error is an exception until the runner catches it, and data (a row of ``failed.jsonl``) after; it is never
text in an example. Retries happen in the gateway and nowhere else, driven by ``retryable``. ``fatal`` errors stop the
run: everything already paid for is recorded, and the same command resumes. Messages say the cause, then the cure.
"""

from __future__ import annotations


class InstructGenError(Exception):
    """Base of every error of this library. ``exit_code`` is what the command line ends with."""

    exit_code = 1


class EngineError(InstructGenError):
    """A model was asked and no usable completion came back.

    ``retry_after`` is in seconds, None when the server named no delay.
    """

    retryable = False
    fatal = False
    exit_code = 3

    def __init__(
        self,
        message: str,
        *,
        retryable: bool | None = None,
        fatal: bool | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        if retryable is not None:
            self.retryable = retryable
        if fatal is not None:
            self.fatal = fatal

    @property
    def final(self) -> bool:
        """Whether this request can never be answered, while others can."""
        return not (self.retryable or self.fatal)


class RateLimited(EngineError):
    """HTTP 429 without a billing reason."""

    retryable = True


class Unavailable(EngineError):
    """The server could not be reached, broke off, timed out or failed (5xx)."""

    retryable = True


class Malformed(EngineError):
    """The server answered with something that is no completion. Asking for ever would buy it for ever."""

    retryable = True


class BadRequest(EngineError):
    """The server will never answer this request (too long, an unsupported option, an unknown model)."""


class ContentFiltered(EngineError):
    """The server refuses this prompt by policy (an HTTP error; a filtered *answer* is a completion, marked so)."""


class Authentication(EngineError):
    """The key is missing, wrong, or not allowed to use this model."""

    fatal = True
    exit_code = 4


class QuotaExhausted(EngineError):
    """The account is out of credit; waiting does not help."""

    fatal = True
    exit_code = 4


class BudgetExhausted(EngineError):
    """The next request might cross the run's budget of requests, tokens or dollars."""

    fatal = True
    exit_code = 4


class TooManyFailures(EngineError):
    """Most requests fail; going on would only waste them."""

    fatal = True
    exit_code = 3


class NothingKept(InstructGenError):
    """A source without an end gave one example after another, and none was kept."""

    exit_code = 3


class ParseError(InstructGenError):
    """A completion cannot be read. ``text`` is the completion, for the record of the rejected example."""

    def __init__(self, message: str, *, text: str = "") -> None:
        super().__init__(message)
        self.text = text


class RecipeError(InstructGenError):
    """A recipe, option, input file or run directory cannot be used as it is."""

    exit_code = 2


class StoreError(InstructGenError):
    """Recorded completions or a run directory cannot be read or written."""

    exit_code = 5


class Locked(StoreError):
    """Another process is writing to this run directory; the message names it."""
