"""Model text made safe for a terminal."""

from __future__ import annotations

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def clean(text: str) -> str:
    """The text without control characters, escape sequences and changes of direction; line breaks and tabs stay."""
    return _CONTROL.sub("�", text.replace("\r\n", "\n"))


def shorten(text: str, length: int) -> str:
    """At most so many characters."""
    return text if len(text) <= length else text[: length - 1] + "…"


def plural(count: int, noun: str) -> str:
    """``1 example``, ``2 examples``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
