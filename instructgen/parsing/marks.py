"""How numbers and labels look at the start of a line, with the decoration that chat models put around them.

Every repetition in these patterns is bounded, so that a reader's time grows with the length of the text and no faster.
"""

from __future__ import annotations

import re

SPACE = "[ \t\u00a0\u3000]"
"""A space within a line, the non-breaking and the full-width one included."""

INDENT = rf"{SPACE}{{0,8}}"

LINE = rf"^{INDENT}(?:[#>]{{1,6}}{SPACE}{{0,4}}|[-*+•]{{1,3}}{SPACE}{{1,4}})?"
"""The start of a line: indentation, then a heading's signs, a quotation sign or a bullet. Needs re.MULTILINE."""

EMPHASIS = r"[*_]{0,3}"

NUMBER_END = "[.)、．）]"
"""What follows the number of an item."""

LISTED = rf"(?:[-*+•]{SPACE}{{1,4}}|\d{{1,2}}{NUMBER_END}{SPACE}{{0,3}})?"
"""The bullet or the number before a label that is an item of a list, if it is one."""

COLON = "[:：]"


def without_emphasis(mark: str, content: str) -> str:
    """The content after a number or label, where ``mark`` (such as ``**``) was opened before it and is still open.

    The mark closes right behind the label, or at the end of the content, or belongs to the content's first words.
    """
    content = _unwrapped(content)
    if not mark:
        return content
    if content.startswith(mark):
        return _unwrapped(content[len(mark) :])
    if content.endswith(mark) and content.count(mark) == 1:
        return content[: -len(mark)].rstrip()
    return mark + content


def _unwrapped(content: str) -> str:
    """The content without white space around it; a first line of its own keeps its indentation (tables, code)."""
    blank = re.match(r"\s*\n", content)
    return content[blank.end() :].rstrip() if blank else content.strip()
