"""When a failed request is sent again."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Limits
from instructgen.errors import BadRequest, EngineError, Malformed, RateLimited, Unavailable
from instructgen.runtime.retry import Deadline, delay, until_answered


class Server:
    """Fails with these errors, one an attempt, then answers."""

    def __init__(self, *errors: EngineError, seconds: float = 600) -> None:
        self.errors = list(errors)
        self.attempts = 0
        self.slept: list[float] = []
        self.deadline = Deadline(Limits(deadline=seconds))

    async def attempt(self) -> str:
        self.deadline.start()
        self.attempts += 1
        if self.errors:
            raise self.errors.pop(0)
        return "answer"

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)

    async def ask(self) -> str:
        return await until_answered(
            self.attempt, self.deadline, jitter=Random(0), sleep=self.sleep, before_sleep=lambda state: None
        )


async def test_transient_errors_are_retried_later_and_later() -> None:
    server = Server(*[Unavailable("down")] * 5)
    assert await server.ask() == "answer"
    assert server.attempts == 6
    assert server.slept[0] < 0.05
    assert server.slept[1:] == sorted(server.slept[1:])


async def test_what_will_not_pass_is_not_retried() -> None:
    server = Server(BadRequest("too long"))
    with pytest.raises(BadRequest):
        await server.ask()
    assert (server.attempts, server.slept) == (1, [])


async def test_what_is_no_completion_is_asked_for_a_few_times_only() -> None:
    server = Server(*[Malformed("the answer has no content")] * 9)
    with pytest.raises(Malformed) as caught:
        await server.ask()
    assert server.attempts == 6
    assert caught.value.__notes__ == ["given up after 6 such answers"]


async def test_other_errors_do_not_make_an_odd_answer_hopeless() -> None:
    odd = Malformed("the answer has no content")
    server = Server(*[Unavailable("down")] * 5, odd, Unavailable("down"), odd)
    assert await server.ask() == "answer"
    assert server.attempts == 9


async def test_the_deadline_is_not_slept_through() -> None:
    server = Server(RateLimited("slow down", retry_after=30), seconds=20)
    with pytest.raises(RateLimited) as caught:
        await server.ask()
    assert (server.attempts, server.slept) == (1, [])
    assert caught.value.__notes__ == ["given up after the deadline of 20 s"]


@given(st.integers(1, 200), st.floats(0, 1, exclude_max=True))
def test_a_delay_is_short_at_first_and_bounded(attempts: int, spread: float) -> None:
    seconds = delay(Unavailable("down"), attempts, spread)
    assert 0 <= seconds <= (0.05 if attempts == 1 else 60)
    for error in (RateLimited("", retry_after=7.0), Unavailable("loading", retry_after=7.0)):
        assert delay(error, attempts, spread) == pytest.approx(7, abs=0.05)
