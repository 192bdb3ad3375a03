"""Asks one engine once, for tests that care about the answer or the error only."""

from __future__ import annotations

from typing import Any

import pytest

from instructgen.contracts import Completion, Request
from instructgen.engines import OpenAI
from instructgen.errors import EngineError
from tests.support.fault_server import FaultServer

CANARY = "canary-7f3a9b1c5d2e4f60"
HELLO = Request.chat("Say hello.")


async def ask(server: FaultServer, request: Request = HELLO, **options: Any) -> Completion:
    """The completion, from an engine that is closed afterwards."""
    engine = OpenAI("m", base_url=server.url, **options)
    try:
        return await engine.complete(request)
    finally:
        await engine.close()


async def failure(server: FaultServer, request: Request = HELLO, **options: Any) -> EngineError:
    """The error that was raised in place of a completion."""
    with pytest.raises(EngineError) as caught:
        await ask(server, request, **options)
    return caught.value


def everything(error: BaseException) -> str:
    """All that a log, a traceback or a debugger's summary would print of an error and those behind it."""
    shown: list[str] = []
    link: BaseException | None = error
    while link is not None:
        shown += [str(link), repr(link), repr(link.args), repr(vars(link))]
        shown += [repr(getattr(value, "headers", "")) for value in vars(link).values()]
        link = link.__cause__ or link.__context__
    return "\n".join(shown)
