"""Reads an answer made of named parts, such as ``[Problem] … [Solution] …`` or ``#Rewritten Prompt#: …``."""

from __future__ import annotations

import re
from collections.abc import Sequence

from instructgen.errors import ParseError
from instructgen.parsing.marks import COLON, EMPHASIS, INDENT, LISTED, SPACE, without_emphasis
from instructgen.parsing.wrapping import strip_thinking


def sections(text: str, labels: Sequence[str]) -> dict[str, str]:
    """The text under each label.

    A label stands at the start of a line and in any case: followed by a colon, in square brackets, between number
    signs, or alone on its line as a heading or in bold; where none is found, an item of a list may begin with it. What
    follows it on its line belongs to its section. A label that comes again is part of the section it stands in.

    Args:
        text: the completion. What precedes the first label is dropped.
        labels: the labels, in the order in which they must appear.

    Raises:
        ParseError: a label is missing or out of order.
    """
    body = strip_thinking(text)
    found: list[tuple[int, int, str]] = []
    position = 0
    for label in labels:
        match = _pattern(label).search(body, position) or _pattern(label, LISTED).search(body, position)
        if match is None:
            raise ParseError(f"the section {label!r} is missing or out of order", text=text)
        marks = [mark for mark in match.group("before", "after") if mark]
        found.append((match.start(), match.end(), marks[-1] if len(marks) % 2 else ""))
        position = match.end()
    stops = [start for start, _, _ in found[1:]] + [len(body)]
    return {
        label: without_emphasis(mark, body[end:stop])
        for label, (_, end, mark), stop in zip(labels, found, stops, strict=True)
    }


def _pattern(label: str, listed: str = "") -> re.Pattern[str]:
    name = re.escape(label)
    gap = rf"{SPACE}{{0,3}}"
    rest = rf"{SPACE}{{0,8}}\r?$"
    return re.compile(
        rf"^{INDENT}{listed}(?P<heading>#{{1,6}}{SPACE}{{1,4}})?(?P<before>{EMPHASIS})"
        rf"(?:\[{name}\]|\#{name}\#|{name})(?P<after>{EMPHASIS}){gap}"
        rf"(?:{COLON}|(?<=\]){gap}|(?<=\#){gap}|(?<=[*_]){rest}|(?(heading){rest}|(?!)))",
        re.MULTILINE | re.IGNORECASE,
    )
