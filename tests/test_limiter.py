"""The limiter: who goes when, how a burst of refusals is told from an isolated one, and that no slot is ever lost."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instructgen.contracts import Limits
from instructgen.runtime.limiter import Limiter


class LeapingLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock leaps to the next timer where others would sleep, so that minutes pass at once."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(_Leaps(self))

    def time(self) -> float:
        return self.now


class _Leaps(selectors.SelectSelector):
    def __init__(self, loop: LeapingLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        assert timeout is not None, "everybody waits and no timer runs"
        self._loop.now += max(timeout, 0)
        return super().select(0)


def leap(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with asyncio.Runner(loop_factory=LeapingLoop) as runner:
        runner.run(work())


def now() -> float:
    return asyncio.get_running_loop().time()


async def cycles(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class Askers:
    """Tasks that ask for a slot, with the order and the time in which they got it."""

    def __init__(self, limiter: Limiter) -> None:
        self.limiter = limiter
        self.admitted: list[int] = []
        self.times: list[float] = []
        self.tasks: list[asyncio.Task[None]] = []

    async def ask(self, count: int = 1, *, tokens: int = 1) -> None:
        """Let so many more ask, in order."""
        for _ in range(count):
            self.tasks.append(asyncio.create_task(self._acquire(len(self.tasks), tokens)))
        await cycles()

    async def _acquire(self, number: int, tokens: int) -> None:
        await self.limiter.acquire(tokens)
        self.admitted.append(number)
        self.times.append(now())

    async def end(self) -> None:
        """Give slots back, one after the other, until all have had one."""
        while not all(task.done() for task in self.tasks):
            if self.limiter.active:
                self.limiter.release()
            else:
                await asyncio.sleep(0.1)
            await cycles(2)


def test_admits_in_the_order_of_asking_and_never_more_than_the_window() -> None:
    async def work() -> None:
        askers = Askers(Limiter(Limits(concurrency=3)))
        await askers.ask(12)
        for released in range(12):
            assert askers.admitted == list(range(min(12, 3 + released)))
            assert askers.limiter.active == len(askers.admitted) - released
            askers.limiter.release()
            await cycles()
        assert askers.limiter.active == 0
        assert now() == 0

    leap(work)


def test_newcomers_do_not_overtake() -> None:
    async def work() -> None:
        askers = Askers(Limiter(Limits(concurrency=1)))
        await askers.ask(3)
        askers.limiter.release()
        await askers.ask(1)
        await askers.end()
        assert askers.admitted == [0, 1, 2, 3]

    leap(work)


def test_a_burst_of_refusals_is_one_cut_and_one_pause() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=10))
        askers = Askers(limiter)
        await askers.ask(20)
        assert len(askers.admitted) == 10
        for _ in range(10):
            limiter.refused(4.0)
            limiter.release()
        await cycles()
        assert limiter.window == pytest.approx(7.0)
        assert len(askers.admitted) == 12  # two went out before the third refusal made a burst
        await asyncio.sleep(3.9)
        assert len(askers.admitted) == 12
        await asyncio.sleep(0.2)
        assert askers.admitted == list(range(17))
        assert askers.times[12:] == [pytest.approx(4.0)] * 5

    leap(work)


def test_a_burst_without_a_delay_pauses_for_a_second() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=4))
        askers = Askers(limiter)
        await askers.ask(8)
        for _ in range(4):
            limiter.refused(None)
        for _ in range(4):
            limiter.release()
        await asyncio.sleep(2)
        assert askers.times[4:] == [pytest.approx(1.0)] * 2
        assert limiter.window == pytest.approx(2.8)

    leap(work)


def test_bursts_that_go_on_cut_again_but_never_below_one() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=8))
        windows = []
        for _ in range(12):
            for _ in range(16):
                limiter.refused(0.6)
            windows.append(limiter.window)
            await asyncio.sleep(0.7)
        assert windows == sorted(windows, reverse=True)
        assert windows[0] == pytest.approx(5.6)
        assert windows[1] == pytest.approx(5.6 * 0.7)
        assert windows[-1] == 1.0
        askers = Askers(limiter)
        await askers.ask(2)
        assert askers.admitted == [0]

    leap(work)


@pytest.mark.parametrize("refusals", [1, 2])
def test_an_isolated_refusal_delays_nobody_else(refusals: int) -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=4))
        askers = Askers(limiter)
        for _ in range(20):
            await askers.ask()
            limiter.accepted()
            limiter.release()
        for _ in range(refusals):
            limiter.refused(30.0)
        await askers.ask(4)
        assert len(askers.admitted) == 24
        assert (limiter.window, now()) == (4, 0)

    leap(work)


def test_scattered_refusals_are_no_burst() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=4))
        for _ in range(50):
            limiter.refused(30.0)
            assert limiter.window == 4
            limiter.accepted()
            limiter.accepted()
        askers = Askers(limiter)
        await askers.ask(4)
        assert (len(askers.admitted), now()) == (4, 0)

    leap(work)


def test_without_adapting_nothing_is_cut() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=4, adaptive=False))
        for _ in range(50):
            limiter.refused(30.0)
        askers = Askers(limiter)
        await askers.ask(4)
        assert (limiter.window, len(askers.admitted), now()) == (4, 4, 0)

    leap(work)


def test_the_window_grows_by_one_for_each_window_of_answers() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=6))
        limiter.window = 2.0
        answers = 0
        while limiter.window < 3:
            limiter.accepted()
            answers += 1
        assert answers == 3  # 2 + 1/2 + 1/2.5 + 1/2.9
        for _ in range(1000):
            limiter.accepted()
        assert limiter.window == 6

    leap(work)


def test_a_window_that_grew_admits_all_there_is_room_for() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=8))
        limiter.window = 1.0
        askers = Askers(limiter)
        await askers.ask(6)
        assert askers.admitted == [0]
        limiter.window = 4.0
        limiter.release()
        await cycles()
        assert askers.admitted == [0, 1, 2, 3, 4]

    leap(work)


def test_growth_alone_admits_who_waits() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=8))
        limiter.window = 1.5
        askers = Askers(limiter)
        await askers.ask(3)
        assert askers.admitted == [0]
        limiter.accepted()
        await cycles()
        assert askers.admitted == [0, 1]

    leap(work)


def test_requests_a_minute_are_kept() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=64, requests_per_minute=120))
        askers = Askers(limiter)
        await askers.ask(300)
        await askers.end()
        assert askers.admitted == list(range(300))
        for start in range(0, 140, 10):
            assert sum(start <= time < start + 60 for time in askers.times) <= 122
        assert 140 < askers.times[-1] < 160  # and not slower than allowed

    leap(work)


def test_tokens_a_minute_are_kept_and_corrected() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=64, tokens_per_minute=6000))
        askers = Askers(limiter)
        await askers.ask(30, tokens=100)
        await askers.end()
        estimated = askers.times[-1]
        assert 27 < estimated < 33  # 3,000 tokens at 100 a second
        await askers.ask(30, tokens=100)
        for admitted in range(31, 61):
            while len(askers.admitted) < admitted:  # noqa: ASYNC110 - the clock must leap
                await asyncio.sleep(0.01)
            limiter.settle(100, 20)
            limiter.release()
        assert 4 < askers.times[-1] - estimated < 9  # 600 tokens were really used

    leap(work)


def test_a_request_larger_than_the_rate_is_not_starved() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(tokens_per_minute=600))
        askers = Askers(limiter)
        await askers.ask(1, tokens=1000)
        await askers.ask(1, tokens=1)
        await askers.end()
        assert askers.times == [0, pytest.approx(99, abs=2)]

    leap(work)


def test_who_gives_up_waiting_leaves_the_line() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=1))
        askers = Askers(limiter)
        await askers.ask(4)
        askers.tasks[1].cancel()
        askers.tasks[2].cancel()
        await cycles()
        limiter.release()
        await cycles()
        assert askers.admitted == [0, 3]
        limiter.release()
        assert limiter.active == 0

    leap(work)


def test_a_slot_given_to_someone_just_cancelled_goes_to_the_next() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=1))
        askers = Askers(limiter)
        await askers.ask(3)
        limiter.release()  # the slot is now the second one's, who does not know yet
        askers.tasks[1].cancel()
        await cycles()
        assert askers.admitted == [0, 2]
        assert limiter.active == 1

    leap(work)


def test_giving_up_in_a_pause_does_not_hold_up_the_others() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=2, requests_per_minute=60))
        askers = Askers(limiter)
        await askers.ask(4)
        askers.tasks[1].cancel()
        await asyncio.sleep(10)
        assert askers.admitted == [0, 2]

    leap(work)


def test_flush_lets_everybody_through() -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=2, requests_per_minute=1))
        askers = Askers(limiter)
        await askers.ask(9)
        assert askers.admitted == [0]
        limiter.flush()
        await cycles()
        assert askers.admitted == list(range(9))
        assert now() == 0
        for _ in range(9):
            limiter.release()
        assert limiter.active == 0

    leap(work)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask", "release", "release", "cancel", "accepted", "refused", "sleep"]),
        st.integers(0, 9),
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=150)
@given(steps=STEPS, concurrency=st.integers(1, 4), rate=st.sampled_from([None, 600.0]))
def test_whatever_happens_no_slot_is_lost(steps: list[tuple[str, int]], concurrency: int, rate: float | None) -> None:
    async def work() -> None:
        limiter = Limiter(Limits(concurrency=concurrency, requests_per_minute=rate))
        askers = Askers(limiter)
        for step, which in steps:
            before = limiter.active
            if step == "ask":
                await askers.ask()
            elif step == "release" and limiter.active:
                limiter.release()
            elif step == "cancel" and askers.tasks:
                askers.tasks[which % len(askers.tasks)].cancel()
            elif step == "accepted":
                limiter.accepted()
            elif step == "refused":
                limiter.refused(which / 5)
            elif step == "sleep":
                await asyncio.sleep(which / 5)
            await cycles()
            assert limiter.active <= max(before, int(limiter.window)) <= max(before, concurrency)
        await askers.end()
        assert askers.admitted == sorted(askers.admitted)
        while limiter.active:
            limiter.release()
        last = Askers(limiter)
        await last.ask(int(limiter.window) + 1)
        await asyncio.sleep(60)
        assert len(last.admitted) == int(limiter.window)

    leap(work)
