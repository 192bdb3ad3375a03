"""Asking a judge: again while its answer cannot be read, and never taking that for a low score."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal, TypeVar

from instructgen.contracts import Context, Engine, Engines, Request, Sampling, engine_for
from instructgen.errors import ParseError

Undecided = Literal["drop", "keep"]
"""What becomes of an example that the judge says nothing readable about."""

JUDGING = Sampling(temperature=0.0, max_tokens=1024)
"""Greedy, so that a verdict is never bought again; with room for models that think first."""

_AGAIN = 0.7  # a greedy model would only say the same once more

Verdict = TypeVar("Verdict")


async def ask_judge(
    ctx: Context,
    engine: Engine | Engines,
    request: Request,
    read: Callable[[str], Verdict],
    *,
    attempts: int,
    labels: tuple[object, ...],
) -> tuple[Verdict | None, list[str]]:
    """What a judge said, or None where no answer could be read, and the keys of its answers.

    Args:
        ctx: the context of the stage.
        engine: the judge, or several of which one is drawn.
        request: what to ask.
        read: reads the answer, or raises ParseError.
        attempts: how often to ask. After the first time a greedy request is drawn at temperature 0.7.
        labels: tell this question from the others about the same example.
    """
    calls: list[str] = []
    judge = engine_for(engine, ctx, *labels)
    for attempt in range(attempts):
        if attempt and request.sampling.temperature == 0:
            request = replace(request, sampling=replace(request.sampling, temperature=_AGAIN))
        completion = await ctx.ask(judge, request, draw=attempt)
        calls.append(completion.key)
        try:
            return read(completion.text), calls
        except ParseError:
            continue
    return None, calls
