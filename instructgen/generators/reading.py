"""Asking for an answer of a form: again while it cannot be read, and a reject where it was cut off or never fits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from instructgen.contracts import Completion, Context, Engine, Reject, Request
from instructgen.errors import ParseError
from instructgen.generators.answering import cut

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Answer(Generic[Value]):
    """What came of a request.

    Attributes:
        value: what was read; None where there is a reject.
        reject: ``truncated``, ``filtered`` or ``unparsable``; None where there is a value.
        text: the last completion, as it is.
        calls: keys of all completions.
    """

    value: Value | None
    reject: Reject | None
    text: str
    calls: tuple[str, ...]


async def read_answer(
    ctx: Context,
    engine: Engine,
    request: Request,
    read: Callable[[str], Value],
    *,
    attempts: int,
    draw: int = 0,
    first: Awaitable[Completion] | None = None,
) -> Answer[Value]:
    """Ask until an answer can be read; one that was cut off or filtered is not asked for again.

    Args:
        ctx: the context of the stage.
        engine: the model.
        request: what to ask it.
        read: reads a completion's text, or raises ParseError.
        attempts: how often to ask; at temperature 0, where the answer would be the same, once.
        draw: number of the first draw; the attempts take the ones from it on.
        first: the first completion, where ``ctx.start`` asked for it already.
    """
    calls: list[str] = []
    greedy = request.sampling.temperature == 0
    for attempt in range(1 if greedy else attempts):
        asked = first if first is not None and attempt == 0 else ctx.ask(engine, request, draw=draw + attempt)
        completion = await asked
        calls.append(completion.key)
        if code := cut(completion):
            return Answer(None, Reject(code), completion.text, tuple(calls))
        try:
            return Answer(read(completion.text), None, completion.text, tuple(calls))
        except ParseError as error:
            problem = Reject("unparsable", detail=str(error))
    return Answer(None, problem, completion.text, tuple(calls))
