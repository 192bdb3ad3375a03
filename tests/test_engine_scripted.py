"""The scripted engine: a function plays the model."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest

from instructgen.contracts import Completion, Engine, Limits, Request
from instructgen.engines import Scripted
from instructgen.errors import RateLimited, RecipeError


def echo(request: Request) -> str:
    return request.messages[-1].content


async def test_a_text_is_a_completion_that_ended_by_itself() -> None:
    assert await Scripted(echo).complete(Request.chat("Hi.")) == Completion("Hi.", "stop")


async def test_an_async_function_and_a_whole_completion() -> None:
    cut = Completion("Once", "length", model="teller")

    async def model(request: Request) -> Completion:
        await asyncio.sleep(0)
        return cut

    assert await Scripted(model).complete(Request.chat("Hi.")) is cut


async def test_it_can_play_faults() -> None:
    def model(request: Request) -> str:
        raise RateLimited("slow down", retry_after=2.0)

    with pytest.raises(RateLimited, match="slow down"):
        await Scripted(model).complete(Request.chat("Hi."))


@pytest.mark.parametrize("wrong", [None, 7, b"bytes", ["a"]])
async def test_anything_else_is_refused(wrong: object) -> None:
    engine = Scripted(cast(Any, lambda request: wrong), name="odd")
    with pytest.raises(RecipeError, match=r"scripted/odd returned"):
        await engine.complete(Request.chat("Hi."))


def test_it_is_an_engine_with_a_name_and_limits() -> None:
    engine: Engine = Scripted(echo, name="teacher", limits=Limits(concurrency=3))
    assert engine.identity == "scripted/teacher"
    assert engine.limits.concurrency == 3
    assert Scripted(echo).identity == "scripted/model"
