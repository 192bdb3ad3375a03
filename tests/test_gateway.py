"""The gateway: what is asked once is never asked again, what fails is retried or said, and nothing paid for is lost."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import pytest

from instructgen.contracts import Completion, Limits, Request, Sampling
from instructgen.engines.recorded import Recorded
from instructgen.engines.scripted import Scripted
from instructgen.errors import (
    Authentication,
    BadRequest,
    EngineError,
    QuotaExhausted,
    RateLimited,
    RecipeError,
    StoreError,
    TooManyFailures,
    Unavailable,
)
from instructgen.recording import Record, key, recorded_json
from instructgen.runtime.breaker import Breaker
from instructgen.runtime.gateway import Gateway
from instructgen.runtime.store import Store
from tests.support.pipelines import GREEDY, Gate, Model, until

SAMPLED = Sampling(temperature=1.0)


class Asker:
    """Who asks, as the runner would."""

    parked = 0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "store.db")) as opened:
        yield opened


@asynccontextmanager
async def sending(store: Store, *, seed: int = 0, breaker: Breaker = Breaker()) -> AsyncIterator[Gateway]:
    """A gateway that sends what is not recorded; left without anything in flight."""
    gateway = Gateway(store, seed=seed, breaker=breaker)
    gateway.release()
    try:
        yield gateway
    finally:
        gateway.stop(EngineError("the test is over"))
        await gateway.drain(1)
        await gateway.close()


async def ask(
    gateway: Gateway, engine: Model | Recorded, prompt: str = "hello", *, draw: int = 0, sampling: Sampling = SAMPLED
) -> Completion:
    return await gateway.ask(Asker(), engine, Request.chat(prompt, sampling=sampling), draw)


def failing(*errors: Exception) -> Callable[[str], Awaitable[None]]:
    """Raises these, one a call, and then no more."""
    left = list(errors)

    async def fault(_: str) -> None:
        if left:
            raise left.pop(0)

    return fault


async def refuse(_: str) -> None:
    raise BadRequest("too long")


def rows(store: Store) -> int:
    with closing(sqlite3.connect(store.path)) as connection:
        count: int = connection.execute("SELECT COUNT(*) FROM completions").fetchone()[0]
        return count


# ---------------------------------------------------------------- asked once


async def test_an_answer_is_recorded_before_it_is_used(store: Store) -> None:
    model = Model()
    async with sending(store) as gateway:
        for number in range(3):
            completion = await ask(gateway, model, f"prompt {number}")
            assert completion.text.startswith(f"prompt {number} answered")
            assert rows(store) == number + 1
            assert store.get(completion.key) == completion


async def test_what_is_recorded_is_not_asked_again(store: Store) -> None:
    model = Model()
    async with sending(store) as gateway:
        first = await ask(gateway, model)
        assert await ask(gateway, model) == first
    async with sending(store) as gateway:
        assert await ask(gateway, model) == first
        assert (gateway.telemetry.new, gateway.telemetry.replayed) == (0, 1)
    assert len(model.asked) == 1


async def test_identical_requests_in_flight_are_one(store: Store) -> None:
    gate = Gate()
    model = Model(before=gate)
    async with sending(store) as gateway:
        askers = [asyncio.create_task(ask(gateway, model)) for _ in range(50)]
        await until(lambda: gateway.telemetry.joined == 49)
        gate.open()
        answers = await asyncio.gather(*askers)
    assert len(model.asked) == 1
    assert len({answer.text for answer in answers}) == 1
    assert (gateway.telemetry.new, rows(store)) == (1, 1)


async def test_draws_are_samples_of_their_own(store: Store) -> None:
    seeds: list[int | None] = []

    def answer(request: Request) -> str:
        seeds.append(request.seed)
        return f"sample {request.seed}"

    async with sending(store) as gateway:
        answers = await asyncio.gather(*(ask(gateway, Model(answer), draw=draw) for draw in range(10)))
        again = await asyncio.gather(*(ask(gateway, Model(answer), draw=draw) for draw in range(10)))
    assert again == answers
    assert len(set(seeds)) == len({answer.key for answer in answers}) == len({a.text for a in answers}) == 10
    assert all(seed is not None and 0 <= seed < 2**31 for seed in seeds)


async def test_only_sampled_requests_are_asked_again_for_another_seed(store: Store) -> None:
    greedy, sampled = Model(name="judge"), Model(name="teacher")
    texts = set()
    for seed in (0, 1, 2):
        async with sending(store, seed=seed) as gateway:
            await ask(gateway, greedy, sampling=GREEDY)
            texts.add((await ask(gateway, sampled)).text)
    assert (len(greedy.asked), len(sampled.asked), len(texts)) == (1, 3, 3)


async def test_the_providers_seed_comes_of_the_key(tmp_path: Path) -> None:
    texts = set()
    for number in range(2):
        with closing(Store(tmp_path / f"{number}.db")) as store:
            async with sending(store) as gateway:
                texts.add((await ask(gateway, Model())).text)
    assert len(texts) == 1


async def test_models_are_told_apart_by_identity_only(store: Store) -> None:
    one, same, other = Model(name="a"), Model(name="a", limits=Limits(concurrency=1)), Model(name="b")
    async with sending(store) as gateway:
        for model in (one, same, other):
            await ask(gateway, model)
    assert (len(one.asked), len(same.asked), len(other.asked)) == (1, 0, 1)


async def test_another_process_that_was_first_wins(store: Store) -> None:
    gate = Gate()
    request = Request.chat("hello", sampling=SAMPLED)
    address = key("test/model", request, 0, 0)
    theirs = Completion("theirs", key=address)
    async with sending(store) as gateway:
        mine = asyncio.create_task(ask(gateway, Model(before=gate)))
        await until(lambda: gate.waiting)
        with closing(Store(store.path)) as other:
            await other.put(Record("test/model", request, 0, 0, theirs))
        gate.open()
        assert await mine == theirs


async def test_nothing_is_sent_before_what_is_recorded_has_been_used(store: Store) -> None:
    model = Model()
    gateway = Gateway(store, seed=0)
    asker = Asker()
    asks = [asyncio.create_task(gateway.ask(asker, model, Request.chat(f"prompt {number}"), 0)) for number in range(4)]
    await until(lambda: asker.parked == 4)
    assert model.asked == []
    assert [row.request.messages[0].content for row in gateway.parked.values()] == [f"prompt {n}" for n in range(4)]
    assert gateway.release()
    await asyncio.gather(*asks)
    assert (asker.parked, gateway.parked, len(model.asked)) == (0, {}, 4)
    assert not gateway.release()


# ---------------------------------------------------------------- faults


async def test_retries_what_may_pass(store: Store) -> None:
    model = Model(before=failing(Unavailable("dropped"), RateLimited("slow down", retry_after=0.0)))
    async with sending(store) as gateway:
        assert (await ask(gateway, model)).text.startswith("hello answered")
    assert len(model.asked) == 3
    assert gateway.telemetry.retries == 2
    assert gateway.telemetry.errors == {"Unavailable": 1, "RateLimited": 1}
    assert rows(store) == 1


async def test_waits_as_long_as_the_server_says(store: Store) -> None:
    times: list[float] = []

    async def fault(_: str) -> None:
        times.append(asyncio.get_running_loop().time())
        if len(times) == 1:
            raise RateLimited("slow down", retry_after=0.25)

    async with sending(store) as gateway:
        await ask(gateway, Model(before=fault))
    assert times[1] - times[0] >= 0.25


async def test_no_slot_is_held_by_who_waits_to_try_again(store: Store) -> None:
    async def fault(prompt: str) -> None:
        if prompt == "refused":
            raise RateLimited("slow down", retry_after=300.0)

    model = Model(before=fault, limits=Limits(concurrency=1))
    async with sending(store) as gateway, asyncio.timeout(20):
        refused = asyncio.create_task(ask(gateway, model, "refused"))
        await asyncio.gather(*(ask(gateway, model, f"other {n}") for n in range(3)))
        assert model.asked == ["refused", "other 0", "other 1", "other 2"]
        refused.cancel()


async def test_a_delay_beyond_the_deadline_is_not_waited_for(store: Store) -> None:
    model = Model(before=failing(RateLimited("come back tomorrow", retry_after=86400.0)))
    async with sending(store) as gateway, asyncio.timeout(20):
        with pytest.raises(RateLimited) as caught:
            await ask(gateway, model)
    assert "deadline of 600 s" in caught.value.__notes__[0]
    assert len(model.asked) == 1


async def test_a_server_that_hangs_meets_the_deadline(store: Store) -> None:
    model = Model(before=Gate(), limits=Limits(deadline=0.1))
    async with sending(store) as gateway, asyncio.timeout(20):
        with pytest.raises(Unavailable, match="no answer in time") as caught:
            await ask(gateway, model)
    assert "given up" in caught.value.__notes__[0]
    assert len(model.asked) == 1


async def test_retries_end_with_the_deadline(store: Store) -> None:
    async def fault(_: str) -> None:
        raise Unavailable("still starting")

    model = Model(before=fault, limits=Limits(deadline=0.8))
    async with sending(store) as gateway, asyncio.timeout(20):
        with pytest.raises(Unavailable, match="still starting"):
            await ask(gateway, model)
    assert 2 <= len(model.asked) <= 4


async def test_does_not_retry_what_will_not_pass(store: Store) -> None:
    error = BadRequest("too long")
    model = Model(before=failing(error))
    async with sending(store) as gateway:
        with pytest.raises(BadRequest) as caught:
            await ask(gateway, model)
    assert caught.value is error
    assert error.__cause__ is None
    assert len(model.asked) == 1


async def test_an_error_is_never_recorded(store: Store) -> None:
    model = Model(before=failing(BadRequest("too long"), BadRequest("too long")))
    async with sending(store) as gateway:
        for _ in range(2):
            with pytest.raises(BadRequest):
                await ask(gateway, model)
            assert rows(store) == 0
        assert (await ask(gateway, model)).finish == "stop"
    assert len(model.asked) == 3


async def test_all_who_asked_hear_of_the_error(store: Store) -> None:
    gate = Gate()

    async def fault(prompt: str) -> None:
        await gate(prompt)
        raise BadRequest("too long")

    async with sending(store) as gateway:
        askers = [asyncio.create_task(ask(gateway, Model(name="a", before=fault))) for _ in range(5)]
        await until(lambda: gateway.telemetry.joined == 4)
        gate.open()
        results = await asyncio.gather(*askers, return_exceptions=True)
    assert [type(result) for result in results] == [BadRequest] * 5


@pytest.mark.parametrize("error", [Authentication("bad key"), QuotaExhausted("no credit")])
async def test_a_fatal_error_stops_the_run(store: Store, error: EngineError) -> None:
    gate = Gate()

    async def fault(prompt: str) -> None:
        if prompt == "bad":
            raise error
        await gate(prompt)

    model = Model(before=fault)
    async with sending(store) as gateway:
        asker = Asker()
        paid = asyncio.create_task(ask(gateway, model, "paid"))
        await until(lambda: gate.waiting)
        asks = [
            asyncio.create_task(gateway.ask(asker, model, Request.chat(prompt, sampling=SAMPLED), 0))
            for prompt in ("bad", "bad", "bad")
        ]
        await until(lambda: asker.parked == 3)
        assert gateway.stopped is error
        later = asyncio.create_task(gateway.ask(asker, model, Request.chat("later"), 0))
        await until(lambda: asker.parked == 4)
        gate.open()
        assert (await paid).text.startswith("paid answered")  # in flight when it stopped: finished and recorded
        assert not any(task.done() for task in (*asks, later))
        for task in (*asks, later):
            task.cancel()
    assert model.asked == ["paid", "bad"]
    assert rows(store) == 1


async def test_stopping_wakes_who_waits_to_try_again(store: Store) -> None:
    model = Model(before=failing(RateLimited("slow down", retry_after=300.0)))
    async with sending(store) as gateway, asyncio.timeout(20):
        asker = Asker()
        task = asyncio.create_task(gateway.ask(asker, model, Request.chat("a"), 0))
        await until(lambda: gateway.telemetry.retries == 1)
        gateway.stop(Authentication("bad key"))
        await until(lambda: asker.parked == 1)
        assert gateway.flying == 0
        task.cancel()


async def test_stopping_wakes_who_waits_for_a_slot(store: Store) -> None:
    gate = Gate()
    model = Model(before=gate, limits=Limits(concurrency=1))
    async with sending(store) as gateway, asyncio.timeout(20):
        asker = Asker()
        tasks = [asyncio.create_task(gateway.ask(asker, model, Request.chat(f"{n}"), 0)) for n in range(5)]
        await until(lambda: gate.waiting and gateway.flying == 5)
        gateway.stop(KeyboardInterrupt())
        await until(lambda: asker.parked == 4)
        gate.open()
        await until(tasks[0].done)
        for task in tasks:
            task.cancel()
    assert model.asked == ["0"]


async def test_an_interrupt_parks_even_what_is_recorded(store: Store) -> None:
    model = Model()
    async with sending(store) as gateway:
        await ask(gateway, model)
        gateway.stop(KeyboardInterrupt())
        asker = Asker()
        task = asyncio.create_task(gateway.ask(asker, model, Request.chat("hello", sampling=SAMPLED), 0))
        await until(lambda: asker.parked == 1)
        assert not task.done()
        task.cancel()
    assert len(model.asked) == 1


async def test_the_breaker_stops_a_hopeless_run(store: Store) -> None:
    model = Model(before=refuse)
    async with sending(store) as gateway:
        for number in range(20):
            assert gateway.stopped is None
            with pytest.raises(BadRequest):
                await ask(gateway, model, f"prompt {number}")
        assert isinstance(gateway.stopped, TooManyFailures)
        assert "20 of the last 20 requests failed" in str(gateway.stopped)
        assert "too long" in str(gateway.stopped)


async def test_the_breaker_bears_with_half(store: Store) -> None:
    async def every_other(prompt: str) -> None:
        if int(prompt) % 2:
            raise BadRequest("no")

    async with sending(store) as gateway:
        for number in range(120):
            await asyncio.gather(ask(gateway, Model(before=every_other), str(number)), return_exceptions=True)
        assert gateway.stopped is None


async def test_the_breaker_lets_a_resumed_run_ask_again_for_what_was_refused(store: Store) -> None:
    async def late(prompt: str) -> None:
        if int(prompt) >= 60:
            raise BadRequest("no")

    for attempt in range(2):
        async with sending(store) as gateway:
            for number in range(85):
                await asyncio.gather(ask(gateway, Model(before=late), str(number)), return_exceptions=True)
            assert gateway.stopped is None
            assert gateway.telemetry.errors == {"BadRequest": 25}
            assert gateway.telemetry.replayed == 60 * attempt


async def test_the_breaker_looks_at_the_latest_only(store: Store) -> None:
    async def late(prompt: str) -> None:
        if int(prompt) >= 40:
            raise BadRequest("no")

    async with sending(store, breaker=Breaker(share=0.5, after=5, window=10)) as gateway:
        number = 0
        while gateway.stopped is None:
            await asyncio.gather(ask(gateway, Model(before=late), str(number)), return_exceptions=True)
            number += 1
    assert number == 46


async def test_a_bug_in_an_engine_arrives_unchanged(store: Store) -> None:
    bug = ValueError("a bug")
    model = Model(before=failing(bug), limits=Limits(concurrency=1))
    async with sending(store) as gateway, asyncio.timeout(20):
        with pytest.raises(ValueError, match="a bug") as caught:
            await ask(gateway, model)
        assert caught.value is bug
        await ask(gateway, model)  # its slot was given back


async def test_every_outcome_gives_its_slot_back(store: Store) -> None:
    errors = [BadRequest("a"), RateLimited("b", retry_after=0.0), ValueError("c"), Unavailable("d")]
    model = Model(before=failing(*errors), limits=Limits(concurrency=1, adaptive=False))
    async with sending(store) as gateway, asyncio.timeout(20):
        for number in range(8):
            await asyncio.gather(ask(gateway, model, f"prompt {number}"), return_exceptions=True)
    assert model.peak == 1
    assert rows(store) == 6


async def test_a_store_that_cannot_be_written_stops_the_run(store: Store) -> None:
    with closing(sqlite3.connect(store.path)) as other:
        other.execute("DROP TABLE completions")
        other.execute("CREATE TABLE completions (key BLOB PRIMARY KEY, request, completion, crc, at)")
    async with sending(store) as gateway:
        asker = Asker()
        task = asyncio.create_task(gateway.ask(asker, Model(), Request.chat("a"), 0))
        await until(lambda: asker.parked == 1)
        assert isinstance(gateway.stopped, StoreError)
        task.cancel()


# ---------------------------------------------------------------- who asks, and how many


async def test_who_gives_up_does_not_lose_the_answer(store: Store) -> None:
    gate = Gate()
    model = Model(before=gate)
    async with sending(store) as gateway:
        asker = asyncio.create_task(ask(gateway, model))
        await until(lambda: gate.waiting)
        asker.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asker
        gate.open()
        await gateway.drain(10)
        assert rows(store) == 1
        await ask(gateway, model)
    assert len(model.asked) == 1


async def test_one_who_gives_up_does_not_take_it_from_the_others(store: Store) -> None:
    gate = Gate()
    async with sending(store) as gateway:
        model = Model(before=gate)
        first, second = (asyncio.create_task(ask(gateway, model)) for _ in range(2))
        await until(lambda: gateway.telemetry.joined == 1)
        first.cancel()
        gate.open()
        assert (await second).text.startswith("hello answered")


async def test_never_more_in_flight_than_allowed(store: Store) -> None:
    models = [Model(name=str(n), limits=Limits(concurrency=n + 2), before=failing()) for n in range(3)]
    async with sending(store) as gateway:
        await asyncio.gather(*(ask(gateway, model, f"prompt {n}") for n in range(30) for model in models))
    assert [model.peak for model in models] == [2, 3, 4]


async def test_a_loop_that_ends_takes_all_with_it(store: Store) -> None:
    gate = Gate()
    async with sending(store) as gateway:
        asker = asyncio.create_task(ask(gateway, Model(before=gate)))
        await until(lambda: gate.waiting)
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()  # asker and request alike, as asyncio.run does at its end
        done, _ = await asyncio.wait([asker], timeout=10)
        assert done
        assert asker.cancelled()


async def test_draining_waits_for_what_is_in_flight(store: Store) -> None:
    gate = Gate()
    async with sending(store) as gateway:
        asks = [asyncio.create_task(ask(gateway, Model(before=gate), f"prompt {n}")) for n in range(4)]
        await until(lambda: len(gate.waiting) == 4)
        gateway.stop(KeyboardInterrupt())
        drained = asyncio.create_task(gateway.drain(20))
        await asyncio.sleep(0.01)
        assert not drained.done()
        gate.open()
        await drained
        assert rows(store) == 4
        await asyncio.gather(*asks)


async def test_draining_drops_what_takes_too_long(store: Store) -> None:
    gate = Gate()
    async with sending(store) as gateway, asyncio.timeout(20):
        asker = Asker()
        task = asyncio.create_task(gateway.ask(asker, Model(before=gate), Request.chat("a"), 0))
        await until(lambda: gate.waiting)
        gateway.stop(KeyboardInterrupt())
        await gateway.drain(0.01)
        assert gateway.flying == 0
        await until(lambda: asker.parked == 1)  # it waits for the end of the run, with no answer to go on with
        task.cancel()


# ---------------------------------------------------------------- engines


class Opened(Model):
    """An engine that is opened and closed."""

    def __init__(self, error: Exception | None = None, address: str | None = None) -> None:
        super().__init__()
        self.address = address
        self.events: list[str] = []
        self._error = error

    async def open(self) -> None:
        self.events.append("open")
        await asyncio.sleep(0.001)
        if self._error is not None:
            raise self._error

    async def close(self) -> None:
        self.events.append("close")

    async def complete(self, request: Request) -> Completion:
        self.events.append("complete")
        return await super().complete(request)


async def test_an_engine_is_opened_once_at_the_first_miss(store: Store) -> None:
    model = Opened()
    async with sending(store) as gateway:
        assert model.events == []
        await asyncio.gather(*(ask(gateway, model, f"prompt {n}") for n in range(3)))
    assert model.events == ["open", "complete", "complete", "complete", "close"]
    replayed = Opened()
    async with sending(store) as gateway:
        await ask(gateway, replayed, "prompt 0")
    assert replayed.events == []


async def test_an_engine_that_cannot_be_opened_stops_the_run(store: Store) -> None:
    error = Unavailable("no such host")
    model = Opened(error)
    async with sending(store) as gateway:
        asker = Asker()
        asks = [asyncio.create_task(gateway.ask(asker, model, Request.chat(f"{n}"), 0)) for n in range(5)]
        await until(lambda: asker.parked == 5)
        assert gateway.stopped is error
        for task in asks:
            task.cancel()
    assert model.events == ["open", "close"]  # what a failed opening left half open is closed, too


async def test_one_name_at_two_addresses_is_warned_about_once(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    async with sending(store) as gateway:
        await ask(gateway, Opened(address="http://one"), "a")
    assert caplog.records == []
    async with sending(store) as gateway:
        model = Opened(address="http://two")
        for prompt in ("b", "c", "d"):
            await ask(gateway, model, prompt)
    assert [(record.name, record.levelno) for record in caplog.records] == [("instructgen", logging.WARNING)]
    message = caplog.records[0].getMessage()
    assert all(part in message for part in ("test/model", "http://one", "http://two", "revision"))
    assert gateway.telemetry.errors == {"identity at several addresses": 1}


async def test_a_recording_answers_and_parks_what_it_lacks(store: Store, tmp_path: Path) -> None:
    request = Request.chat("hello", sampling=SAMPLED)
    row = Record("openai/a", request, 0, 0, Completion("recorded", key=key("openai/a", request, 0, 0)))
    path = tmp_path / "recording.jsonl"
    path.write_text(json.dumps(recorded_json(row)) + "\n")
    engine = Recorded(path)
    async with sending(store) as gateway:
        assert await ask(gateway, engine) == row.completion
        asker = Asker()
        task = asyncio.create_task(gateway.ask(asker, engine, Request.chat("other"), 0))
        await until(lambda: asker.parked == 1)
        assert [parked.request.messages[0].content for parked in gateway.parked.values()] == ["other"]
        task.cancel()
    assert rows(store) == 0


async def test_an_answer_that_no_file_can_hold_is_made_whole(store: Store) -> None:
    model = Model(lambda _: Completion("a\ud800b 😀", reasoning="\udfff"))
    async with sending(store) as gateway:
        completion = await ask(gateway, model)
        assert (completion.text, completion.reasoning) == ("a\ufffdb 😀", "\ufffd")
        assert store.get(completion.key) == completion


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Completion(None), "whose text is NoneType"),  # type: ignore[arg-type]
        (Completion("a", finish="weird"), "finish='weird'"),  # type: ignore[arg-type]
    ],
)
async def test_an_engine_that_answers_something_else_stops_the_run_and_nothing_is_recorded(
    store: Store, answer: Any, told: str
) -> None:
    async with sending(store) as gateway:
        asker, model = Asker(), Model(lambda _: answer)
        task = asyncio.create_task(gateway.ask(asker, model, Request.chat("hello"), 0))
        await until(lambda: asker.parked == 1)
        assert isinstance(gateway.stopped, RecipeError)
        assert told in str(gateway.stopped)
        task.cancel()
    assert rows(store) == 0


async def test_an_engine_that_cancels_is_unavailable(store: Store) -> None:
    """As a timeout of its own may, deep in a library; it says nothing about the request, which is sent again."""
    asked = 0

    async def once(_: Request) -> str:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise asyncio.CancelledError
        return "hello"

    async with sending(store) as gateway:
        completion = await gateway.ask(Asker(), Scripted(once), Request.chat("a"), 0)
    assert (completion.text, asked, gateway.telemetry.errors) == ("hello", 2, {"Unavailable": 1})


async def test_a_wait_that_is_given_up_leaves_nothing_parked(store: Store) -> None:
    gateway = Gateway(store, seed=0)
    first, second = Asker(), Asker()
    tasks = [asyncio.create_task(gateway.ask(one, Model(), Request.chat("a"), 0)) for one in (first, second)]
    await until(lambda: first.parked == second.parked == 1)
    tasks[0].cancel()
    await asyncio.wait(tasks[:1])
    assert (first.parked, second.parked, len(gateway.parked)) == (0, 1, 1)
    tasks[1].cancel()
    await asyncio.wait(tasks[1:])
    assert (second.parked, gateway.parked) == (0, {})


async def test_what_another_process_records_meanwhile_is_not_bought_again(store: Store) -> None:
    """It waited for its turn, and finds the answer when the turn comes."""
    theirs = Request.chat("b")

    async def slow(_: Request) -> str:
        await store.put(row)
        await asyncio.sleep(0.1)
        return "ours"

    model = Scripted(slow, name="x", limits=Limits(concurrency=1, adaptive=False))
    row = Record(model.identity, theirs, 0, 0, Completion("theirs", key=key(model.identity, theirs, 0, 0)))
    async with sending(store) as gateway:
        asked = [gateway.ask(Asker(), model, request, 0) for request in (Request.chat("a"), theirs)]
        completions = await asyncio.gather(*asked)
    assert [one.text for one in completions] == ["ours", "theirs"]
    assert (gateway.telemetry.new, gateway.telemetry.replayed) == (1, 1)


async def test_what_cannot_be_recorded_is_not_asked(store: Store) -> None:
    model = Model()
    async with sending(store) as gateway:
        with pytest.raises(RecipeError, match="JSON values only"):
            await ask(gateway, model, sampling=Sampling(extra={"a": object()}))
    assert model.asked == []
