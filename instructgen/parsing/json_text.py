"""Reads a JSON object out of a model's answer, strictly: what Python's own reader lets pass silently is refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from instructgen.errors import ParseError
from instructgen.parsing.lazy import lazy
from instructgen.parsing.wrapping import strip_thinking
from instructgen.strict_json import load

# An unclosed string runs to the end, so that no character is looked at twice.
_TOKEN = lazy(r'"(?:[^"\\]|\\.)*+(?:"|\Z|\\\Z)|[{}\[\]]', re.DOTALL)
_ATTEMPTS = 8


def json_object(text: str, *, max_depth: int = 32, max_chars: int = 1_000_000) -> dict[str, Any]:
    """The JSON object in an answer, bare, fenced or between words; of several, the last.

    Raw control characters inside strings are accepted, because constrained decoding produces them.

    Args:
        text: the completion.
        max_depth: deepest nesting of objects and arrays.
        max_chars: longest text that is looked at.

    Raises:
        ParseError: there is none, or it has a duplicate key, NaN, an infinity, or is too deep or too long.
    """
    body = strip_thinking(text)
    if len(body) > max_chars:
        raise ParseError(f"the text is longer than {max_chars} characters", text=text)
    try:
        candidates = list(_objects(body, max_depth))
    except ValueError as error:
        raise ParseError(f"the JSON object cannot be read: {error}", text=text) from error
    fault = "there is no JSON object in this text"
    for candidate in reversed(candidates):
        try:
            found: dict[str, Any] = load(candidate, controls=True)
            return found
        except ValueError as error:
            fault = f"the JSON object cannot be read: {error}"
    raise ParseError(fault, text=text)


def _objects(body: str, max_depth: int) -> Iterator[str]:
    """Each balanced ``{…}`` that stands in no other."""
    start = body.find("{")
    unclosed = 0
    while start >= 0 and unclosed < _ATTEMPTS:
        end = _closing(body, start, max_depth)
        if end is None:
            unclosed += 1
            end = start + 1
        else:
            yield body[start:end]
        start = body.find("{", end)


def _closing(body: str, start: int, max_depth: int) -> int | None:
    depth = 0
    for token in _TOKEN.finditer(body, start):
        if token[0] in "{[":
            depth += 1
            if depth > max_depth:
                raise ValueError(f"it is nested deeper than {max_depth}")
        elif token[0] in "}]":
            depth -= 1
            if depth == 0:
                return token.end()
    return None
