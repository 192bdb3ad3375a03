"""Reads a numbered list, such as the instructions a model adds to those in its prompt (Self-Instruct, section 2.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from instructgen.errors import ParseError
from instructgen.parsing.code import without_labels_in_code
from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import EMPHASIS, NUMBER_END, SPACE, without_emphasis
from instructgen.parsing.wrapping import answer_end, strip_thinking

# At most three digits, so that a year at the start of a line is none; no digit after the dot, so that "3.5" is none.
_NUMBER = lazy(
    rf"^(?P<indent>{SPACE}{{0,12}})(?P<mark>{EMPHASIS})[（(]?(?P<number>\d{{1,3}}){SPACE}{{0,2}}{NUMBER_END}(?!\d)",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a numbered list, its own line breaks and indentation kept. The text may be empty."""

    number: int
    text: str


def numbered_items(text: str, *, first: int | None = None) -> list[Item]:
    """The items of a numbered list.

    ``1.``, ``1)``, ``(1)`` and ``1、`` count, in any script's digits, with emphasis around the number or not. Numbers
    must increase: a number that does not, that is indented further than the list, or that stands in a code block,
    belongs to the item it stands in. What precedes the first number is dropped as chatter, unless ``first`` is given.

    Args:
        text: the completion.
        first: the number that the prompt itself ended with; the text before the next number is then this item. Numbers
            below it belong to that item, too, unless there are no others: then the list was counted anew.

    Raises:
        ParseError: there is no item.
    """
    body = strip_thinking(text)
    readable = without_labels_in_code(body, _NUMBER)
    starts = _starts(readable, (first or 0) - 1) or _starts(readable, -1)
    lead = body[: starts[0].start()] if starts else body
    items = [Item(first, lead.strip())] if first is not None and lead.strip() else []
    if not starts and not items:
        raise ParseError("there is no numbered item in this text", text=text)
    end = answer_end(body, starts[0].start()) if starts else len(body)
    for index, start in enumerate(starts):
        stop = starts[index + 1].start() if index + 1 < len(starts) else max(end, start.end())
        items.append(Item(int(start["number"]), without_emphasis(start["mark"], body[start.end() : stop])))
    return items


def _starts(body: str, last: int) -> list[re.Match[str]]:
    starts: list[re.Match[str]] = []
    for match in _NUMBER.finditer(body):
        deeper = bool(starts) and _width(match) > _width(starts[0]) + 1
        if not deeper and int(match["number"]) > last:
            starts.append(match)
            last = int(match["number"])
    return starts


def _width(match: re.Match[str]) -> int:
    return len(match["indent"].expandtabs(4))
