"""JSON read strictly: what Python's reader lets pass, and a data set would lose or could not write again, is refused.

Refused are duplicate keys (all but one would be lost), NaN and infinities, numbers too large for a float, and nesting
deeper than ``MAX_DEPTH``. Lone surrogates, which no UTF-8 file can hold, are found and replaced.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

# Python's own limit depends on the caller's stack and on the version, and would be met again when writing.
MAX_DEPTH = 100
_SURROGATE = re.compile("[\ud800-\udfff]")


def load(text: str, *, controls: bool = False) -> Any:
    """The value of a JSON text.

    Args:
        text: the JSON.
        controls: whether strings may hold raw control characters, as those of constrained decoding do.

    Raises:
        json.JSONDecodeError: it is not JSON.
        ValueError: it is JSON that is refused here.
    """
    try:
        value = (_WITH_CONTROLS if controls else _DECODER).decode(text)
    except RecursionError:
        raise _too_deep() from None
    _check_depth(value, MAX_DEPTH)
    return value


def load_next(text: str, start: int) -> tuple[Any, int]:
    """The JSON value that begins at ``start``, and the position after it.

    Raises:
        json.JSONDecodeError: there is no JSON, or it does not end.
        ValueError: it is JSON that is refused here.
    """
    try:
        value, end = _DECODER.raw_decode(text, start)
    except RecursionError:
        raise _too_deep() from None
    _check_depth(value, MAX_DEPTH)
    return value, end


def kind(value: object) -> str:
    """What a JSON value is, in words."""
    names = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}
    return names.get(type(value), "null")


def writable(text: str) -> str:
    """The text with U+FFFD for every lone surrogate."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def without_surrogates(value: Any) -> tuple[Any, int]:
    """The value with every lone surrogate, in keys too, replaced by U+FFFD; and how many there were."""
    if isinstance(value, str):
        return _SURROGATE.subn("\ufffd", value)
    if isinstance(value, list):
        items = [without_surrogates(item) for item in value]
        return [item for item, _ in items], sum(count for _, count in items)
    if isinstance(value, dict):
        pairs = [(without_surrogates(key), without_surrogates(part)) for key, part in value.items()]
        return {key[0]: part[0] for key, part in pairs}, sum(key[1] + part[1] for key, part in pairs)
    return value, 0


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key {json.dumps(twice[:80])} appears twice in one object")
    return found


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"the number {digits[:20]} is too large")
    return number


def _decoder(*, strict: bool) -> json.JSONDecoder:
    return json.JSONDecoder(strict=strict, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite)


_DECODER = _decoder(strict=True)
_WITH_CONTROLS = _decoder(strict=False)


def _check_depth(value: object, room: int) -> None:
    if isinstance(value, dict | list):
        if not room:
            raise _too_deep()
        for part in value.values() if isinstance(value, dict) else value:
            if type(part) is dict or type(part) is list:
                _check_depth(part, room - 1)


def _too_deep() -> ValueError:
    return ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
