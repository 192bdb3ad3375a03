"""The budget: it is never crossed, whatever is in flight, and it is used up before the run stops."""

from __future__ import annotations

import asyncio
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instructgen.contracts import Completion, Limits, Price, Request, Sampling, Usage
from instructgen.errors import BadRequest, BudgetExhausted, RateLimited, RecipeError
from instructgen.runtime.budget import Budget, Ledger, dollars
from instructgen.runtime.pipeline import Pipeline
from instructgen.runtime.tokens import most_tokens
from tests.support.pipelines import ROWS, Ask, Model, contents, dawdling, new_calls, run, tasks

PRICED = Model(limits=Limits(price=Price(prompt=100.0, completion=200.0)))
SHORT = Request.chat("hello", sampling=Sampling(max_tokens=10))
MOST = most_tokens(SHORT) + 10
ANSWER = Completion("hi", usage=Usage(5, 2))


def test_dollars_are_a_million_tokens() -> None:
    assert dollars(PRICED, 1_000_000, 0) == 100.0
    assert dollars(PRICED, 500, 1000) == pytest.approx(0.25)
    assert dollars(Model(), 1, 1) is None


async def test_without_a_budget_nothing_needs_a_bound() -> None:
    ledger = Ledger(Budget())
    unbounded = Request.chat("hello")
    for _ in range(5):
        ledger.settle(await ledger.reserve(Model(), unbounded), Model(), ANSWER, sent=True)
    assert (ledger.spent.requests, ledger.spent.tokens) == (5, 35)


@pytest.mark.parametrize("budget", [Budget(tokens=1000), Budget(usd=1.0)])
async def test_a_request_without_a_bound_cannot_be_budgeted(budget: Budget) -> None:
    with pytest.raises(RecipeError, match="max_tokens"):
        await Ledger(budget).reserve(PRICED, Request.chat("hello"))


async def test_dollars_need_a_price() -> None:
    with pytest.raises(RecipeError, match="price of test/model"):
        await Ledger(Budget(usd=1.0)).reserve(Model(), SHORT)
    await Ledger(Budget(tokens=1000)).reserve(Model(), SHORT)


async def test_ends_when_the_next_request_might_cross_it() -> None:
    ledger = Ledger(Budget(requests=2))
    for _ in range(2):
        ledger.settle(await ledger.reserve(Model(), SHORT), Model(), ANSWER, sent=True)
    with pytest.raises(BudgetExhausted, match=r"2 of 2 requests used") as stopped:
        await ledger.reserve(Model(), SHORT)
    assert "could take" not in str(stopped.value)  # no tokens or dollars were counted
    with pytest.raises(BudgetExhausted, match="0 of 9 tokens"):
        await Ledger(Budget(tokens=9)).reserve(Model(), SHORT)
    with pytest.raises(BudgetExhausted, match=r"of 0\.0001 dollars"):
        await Ledger(Budget(usd=0.0001)).reserve(PRICED, SHORT)


async def test_exactly_used_up_is_not_crossed() -> None:
    ledger = Ledger(Budget(requests=1, tokens=MOST))
    reserved = await ledger.reserve(Model(), SHORT)
    assert (reserved.requests, reserved.tokens) == (1, MOST)


async def test_waits_for_what_is_in_flight() -> None:
    ledger = Ledger(Budget(tokens=MOST + 7))
    first = await ledger.reserve(Model(), SHORT)
    second = asyncio.create_task(ledger.reserve(Model(), SHORT))
    third = asyncio.create_task(ledger.reserve(Model(), SHORT))
    await asyncio.sleep(0.01)
    assert not second.done()
    ledger.settle(first, Model(), ANSWER, sent=True)  # used 7 of what it had reserved
    most = await second
    await asyncio.sleep(0.01)
    assert not third.done()
    ledger.settle(most, Model(), ANSWER, sent=True)
    with pytest.raises(BudgetExhausted):
        await third


async def test_an_answer_without_counts_costs_the_most() -> None:
    ledger = Ledger(Budget(tokens=1000))
    ledger.settle(await ledger.reserve(PRICED, SHORT), PRICED, Completion("hi"), sent=True)
    assert ledger.spent.tokens == MOST


async def test_what_was_not_sent_costs_nothing() -> None:
    ledger = Ledger(Budget(requests=1))
    ledger.settle(await ledger.reserve(Model(), SHORT), Model(), None, sent=False)
    ledger.settle(await ledger.reserve(Model(), SHORT), Model(), None, sent=True)
    assert (ledger.spent.requests, ledger.spent.tokens) == (1, 0)
    with pytest.raises(BudgetExhausted):
        await ledger.reserve(Model(), SHORT)


async def test_a_retry_is_a_request() -> None:
    ledger = Ledger(Budget(requests=3))
    reserved = await ledger.reserve(Model(), SHORT)
    ledger.again()
    ledger.again()
    with pytest.raises(BudgetExhausted, match="retry"):
        ledger.again()
    ledger.settle(reserved, Model(), None, sent=True)
    assert ledger.spent.requests == 3


REQUEST = st.tuples(
    st.integers(0, 40),  # length of the prompt
    st.integers(1, 60),  # max_tokens
    st.integers(0, 100),  # share of the most that is used
    st.sampled_from(["answered", "answered", "answered", "uncounted", "failed", "not sent", "retried"]),
)


@settings(deadline=None, max_examples=150)
@given(
    requests=st.lists(REQUEST, min_size=1, max_size=25),
    most_requests=st.none() | st.integers(1, 20),
    most_tokens_=st.none() | st.integers(50, 1500),
    most_usd=st.none() | st.floats(0.005, 0.3),
    order=st.integers(0, 99),
)
def test_is_never_crossed(
    requests: list[tuple[int, int, int, str]],
    most_requests: int | None,
    most_tokens_: int | None,
    most_usd: float | None,
    order: int,
) -> None:
    async def work() -> None:
        ledger = Ledger(Budget(most_requests, most_tokens_, most_usd))
        random = Random(order)
        really = [0, 0, 0.0]

        def check() -> None:
            assert most_requests is None or really[0] <= most_requests
            assert most_tokens_ is None or really[1] <= most_tokens_
            assert most_usd is None or really[2] <= most_usd + 1e-12

        async def one(length: int, bound: int, used: int, end: str) -> None:
            request = Request.chat("x" * length, sampling=Sampling(max_tokens=bound))
            try:
                reserved = await ledger.reserve(PRICED, request)
            except BudgetExhausted:
                return
            sent, completion = end != "not sent", None
            really[0] += sent
            check()
            for _ in range(random.randrange(4)):
                await asyncio.sleep(0)
            if end == "retried":
                try:
                    ledger.again()
                    really[0] += 1
                except BudgetExhausted:
                    end = "failed"
            if end in ("answered", "retried", "uncounted"):
                usage = Usage(most_tokens(request) * used // 100, bound * used // 100)
                assert usage.prompt is not None and usage.completion is not None
                really[1] += usage.prompt + usage.completion
                really[2] += dollars(PRICED, usage.prompt, usage.completion) or 0
                completion = Completion("a", usage=Usage() if end == "uncounted" else usage)
            ledger.settle(reserved, PRICED, completion, sent=sent)
            check()

        async with asyncio.timeout(20), asyncio.TaskGroup() as group:
            for request in requests:
                group.create_task(one(*request))
        assert ledger.spent.requests == really[0]

    asyncio.run(work())


# ---------------------------------------------------------------- in a run


async def test_a_run_uses_its_budget_up_and_then_stops(tmp_path: Path) -> None:
    model = Model(before=dawdling(1))
    pipeline = Pipeline(tasks(20), [Ask(model)])
    with pytest.raises(BudgetExhausted, match="7 of 7 requests") as caught:
        await run(pipeline, tmp_path / "run", budget=Budget(requests=7))
    assert caught.value.exit_code == 4
    assert len(model.asked) == 7
    kept = (tmp_path / "run" / "data.jsonl").read_bytes()
    assert kept.count(b"\n") <= 7

    result = await run(pipeline, tmp_path / "run")
    assert (len(result), result.complete, new_calls(result)) == (20, True, 13)
    whole = await run(Pipeline(tasks(20), [Ask(Model())]), tmp_path / "other", store=tmp_path / "other.db")
    assert contents(result.path) == contents(whole.path)
    assert contents(whole.path)["data.jsonl"].startswith(kept)


async def test_a_run_never_uses_more_tokens_than_allowed(tmp_path: Path) -> None:
    short = Sampling(temperature=1.0, max_tokens=20)
    for tokens in range(100, 700, 130):
        model = Model(before=dawdling(tokens))
        try:
            await run(Pipeline(tasks(80), [Ask(model, sampling=short)]), tmp_path / "run", budget=Budget(tokens=tokens))
        except BudgetExhausted:
            assert len(model.asked) * 10 <= tokens  # 7 of the prompt and 3 of the answer each
            (tmp_path / "store.db").unlink()
        else:
            pytest.fail("80 requests were allowed")


async def test_retries_use_the_budget_too(tmp_path: Path) -> None:
    async def refuse(_: str) -> None:
        raise RateLimited("slow down", retry_after=0.0)

    model = Model(before=refuse, limits=Limits(adaptive=False))
    with pytest.raises(BudgetExhausted):
        await run(Pipeline(tasks(1), [Ask(model)]), tmp_path / "run", budget=Budget(requests=4))
    assert len(model.asked) == 4


async def test_a_failed_request_gives_its_tokens_back(tmp_path: Path) -> None:
    async def refuse_first(prompt: str) -> None:
        if prompt == "task 0":
            raise BadRequest("no")

    request = Sampling(temperature=1.0, max_tokens=20)
    most = most_tokens(Request.chat("task 0", sampling=request)) + 20
    pipeline = Pipeline(tasks(2), [Ask(Model(before=refuse_first), sampling=request)])
    result = await run(pipeline, tmp_path / "run", budget=Budget(tokens=most))
    assert (len(result), result.counts["failed"]) == (1, 1)


async def test_what_is_recorded_costs_nothing(tmp_path: Path) -> None:
    pipeline = Pipeline(tasks(5), [Ask(Model())])
    first = await run(pipeline, tmp_path / "run")
    before = contents(first.path)
    again = await run(pipeline, tmp_path / "run", budget=Budget(requests=0))
    assert new_calls(again) == 0
    assert contents(again.path) == before


@pytest.mark.parametrize("field", [{"requests": "5"}, {"requests": -1}, {"tokens": 2.5}, {"usd": -0.1}, {"usd": True}])
def test_what_is_no_budget(field: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match=r"Budget\("):
        Budget(**field)


async def test_a_recipe_that_cannot_be_budgeted_stops_at_once(tmp_path: Path) -> None:
    model = Model()
    with pytest.raises(RecipeError, match="max_tokens"):
        await run(Pipeline(tasks(3), [Ask(model)]), tmp_path / "run", budget=Budget(tokens=10_000))
    assert model.asked == []
    assert [(tmp_path / "run" / name).read_bytes() for name in ROWS] == [b"", b"", b""]
