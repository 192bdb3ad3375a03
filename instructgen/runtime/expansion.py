"""What a generator makes of one example: its results taken over, whatever it left out filled in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from inspect import iscoroutine
from typing import Any

from instructgen.contracts import Failed, Generator, Rejected
from instructgen.errors import EngineError, ParseError, RecipeError
from instructgen.example import Example
from instructgen.runtime.context import StageContext
from instructgen.runtime.counts import Item, Node


def stream_of(generator: Generator, example: Example, context: StageContext) -> AsyncIterator[Any]:
    """The generator's results as they come.

    Raises:
        RecipeError: ``generate`` is not written as an async generator.
    """
    stream = generator.generate(example, context)
    if not hasattr(stream, "__aiter__"):
        if iscoroutine(stream):
            stream.close()  # nobody will await it
        name = type(generator).__name__
        raise RecipeError(f"{name}.generate must be `async def` and yield; it returned a {type(stream).__name__}.")
    return stream


def adopted(entry: Any, origin: Example, context: StageContext, stage: str) -> Example | Rejected | Failed:
    """What a generator yielded; an example that it made from nothing gets the lineage of the one it was given."""
    if isinstance(entry, Example) and not entry.id:
        names = ("instruction", "input", "output", "system", "history", "candidates", "scores", "meta")
        content: dict[str, Any] = {name: getattr(entry, name) for name in names}
        return origin.child(entry.by or stage, calls=entry.calls or context.calls, **content)
    if isinstance(entry, Example | Rejected | Failed):
        return entry
    raise RecipeError(
        f"{stage} yielded {type(entry).__name__}; a generator yields examples (example.child(…)) or Rejected."
    )


def as_item(entry: Example | Rejected | Failed, node: Node | None, stage: int) -> Item:
    """What a stage yielded, with its verdict, as the runner passes it on."""
    if isinstance(entry, Rejected):
        return Item(entry.example, node, entry.reject, stage)
    if isinstance(entry, Failed):
        return Item(entry.example, node, entry.error, stage)
    return Item(entry, node)


def expected(raised: BaseException) -> ParseError | EngineError:
    """The error that decides an example; of a task group that holds nothing else, the first. Others are raised."""
    if isinstance(raised, BaseExceptionGroup):
        found = [expected(part) for part in raised.exceptions]
        return next((error for error in found if isinstance(error, EngineError)), found[0])
    if isinstance(raised, ParseError | EngineError):
        return raised
    raise raised


def claim(calls: list[str], last: Item, items: list[Item]) -> None:
    """Note with the last item the calls that no item names (a judge's, say), so that none is ever untraceable."""
    named = {call for item in items for call in item.example.calls}
    named.update(call for item in items for step in item.example.ancestors for call in step.calls)
    unnamed = [call for call in calls if call not in named]
    if unnamed:
        last.example = replace(last.example, calls=(*last.example.calls, *unnamed))


def distinct(items: list[Item]) -> list[Item]:
    """Give children of equal content, made by one generator of one example, ids of their own."""
    seen: set[str] = set()
    for item in items:
        index = 1
        while item.example.id in seen:
            item.example = item.example.identified(index)
            index += 1
        seen.add(item.example.id)
    return items
