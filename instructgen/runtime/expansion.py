"""What a generator makes of one example: its results taken over, whatever it left out filled in."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
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

    def child(made: Example) -> Example:
        return origin.child(made.by or stage, calls=made.calls or context.calls, **_content(made))

    return _identified(entry, child, stage, "a generator yields examples (example.child(…)) or Rejected")


def rooted(entry: Any, stage: str, ordinal: int) -> Example | Rejected | Failed:
    """What a source yielded; an example that has no lineage begins one."""

    def root(made: Example) -> Example:
        return Example.root(made.by or stage, index=ordinal, calls=made.calls, parents=made.parents, **_content(made))

    return _identified(entry, root, stage, "a source yields examples (Example.root(…)) or Rejected")


def _identified(
    entry: Any, identify: Callable[[Example], Example], stage: str, rule: str
) -> Example | Rejected | Failed:
    if not isinstance(entry, Example | Rejected | Failed):
        raise RecipeError(f"{stage} yielded {type(entry).__name__}; {rule}.")
    example = entry if isinstance(entry, Example) else entry.example
    if example.id:
        return entry
    return identify(example) if isinstance(entry, Example) else replace(entry, example=identify(example))


def _content(example: Example) -> dict[str, Any]:
    names = ("instruction", "input", "output", "system", "history", "candidates", "scores", "meta")
    return {name: getattr(example, name) for name in names}


def as_item(entry: Example | Rejected | Failed, node: Node | None, stage: int) -> Item:
    """What a stage yielded, with its verdict, as the runner passes it on."""
    if isinstance(entry, Rejected):
        return Item(entry.example, node, entry.reject, stage)
    if isinstance(entry, Failed):
        return Item(entry.example, node, entry.error, stage)
    return Item(entry, node)


def decisive(raised: BaseException) -> BaseException:
    """The error that decides what becomes of an example: of a task group a bug before all else, then the first failure.

    A stage that was not cancelled from outside, but awaited something that was, has a bug too: passed on as it is, the
    cancellation would end its task in silence, and the run would wait for it for ever.

    Raises:
        asyncio.CancelledError: the run itself is being ended.
    """
    if isinstance(raised, BaseExceptionGroup):
        found = [decisive(part) for part in raised.exceptions]
        bugs = (error for error in found if not isinstance(error, ParseError | EngineError))
        return next(bugs, next((error for error in found if isinstance(error, EngineError)), found[0]))
    if isinstance(raised, asyncio.CancelledError):
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise raised
        return RuntimeError("a stage awaited something that was cancelled")
    return raised


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
