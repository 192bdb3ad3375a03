"""What stands around an answer and is no part of it: a thinking block before it, a code fence about all of it."""

from __future__ import annotations

import re

_TAGS = r"(?:think|thinking|thought|reasoning)"
_OPEN = re.compile(rf"\s*<({_TAGS})>", re.IGNORECASE)
# Only at the end of a line: in the middle of one, the tag is more likely being talked about.
_ORPHAN = re.compile(rf"</{_TAGS}>(?=[ \t]{{0,8}}(?:\r?\n|\Z))", re.IGNORECASE)
_ANY_OPEN = re.compile(rf"<{_TAGS}>", re.IGNORECASE)

_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_CLOSING_FENCE = re.compile(r"^ {0,3}(?:```|~~~)[ \t\r]{0,8}$", re.MULTILINE)


def strip_thinking(text: str) -> str:
    """The text after the thinking that a reasoning model puts first.

    Thinking that never ends leaves nothing: no answer was written. A closing tag alone counts too, because some chat
    templates put the opening tag into the prompt. A text without thinking comes back unchanged.
    """
    position = 0
    while opening := _OPEN.match(text, position):
        closing = re.compile(f"</{opening[1]}>", re.IGNORECASE).search(text, opening.end())
        if closing is None:
            return ""
        position = closing.end()
    if position == 0 and (orphan := _ORPHAN.search(text)) and not _ANY_OPEN.search(text, 0, orphan.start()):
        position = orphan.end()
    return text[position:].lstrip() if position else text


def answer_end(text: str, start: int) -> int:
    """Where an answer that starts at ``start`` ends: at the closing fence if it stands inside a code fence."""
    fences_before = sum(1 for _ in _FENCE.finditer(text, 0, start))
    end = len(text)
    if fences_before % 2:
        for closing in _CLOSING_FENCE.finditer(text, start):
            end = closing.start()
    return end
