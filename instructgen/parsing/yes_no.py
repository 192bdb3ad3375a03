"""Reads the answer to a yes-or-no question. Anything else is an error, never a no."""

from __future__ import annotations

import re

from instructgen.errors import ParseError
from instructgen.parsing.wrapping import strip_thinking

# A Chinese answer of one character begins many other words too (不确定, 对不起), so the answer must end behind it.
_END = r"(?=\W|$)"
_ANSWER = re.compile(
    r"\W{0,16}(?:"
    r"(?P<no>(?:no|false)\b(?! idea)|not\s+(?:a\s+)?classification\b"
    rf"|(?:不是|不属于)(?:分类(?:任务)?)?{_END}|(?:否|不|不对){_END})"
    rf"|(?P<yes>(?:yes|true)\b|(?:是|属于)(?:的|分类(?:任务)?)?{_END}|对{_END}))",
    re.IGNORECASE,
)
_OPPOSITE = re.compile(r"\W{0,8}(?:or|and|或者?|还是|/)\W{0,8}(?:yes|no|是|否)(?=\W|$)", re.IGNORECASE)


def yes_no(text: str) -> bool:
    """Whether an answer begins with a yes, or else with a no; marks and emphasis around it, thinking before it.

    Raises:
        ParseError: it begins with neither.
    """
    for line in strip_thinking(text).split("\n"):
        # An answer may repeat the question, or a label: "Is it classification? Yes", "Answer: no".
        for part in (re.split("[?？]", line)[-1], re.split("[:：]", line)[-1]):
            plain = part.replace("_", " ")
            match = _ANSWER.match(plain)
            if match and not _OPPOSITE.match(plain, match.end()):
                return match["yes"] is not None
        if line.strip():
            break
    raise ParseError("the text says neither yes nor no", text=text)


def truth(value: object) -> bool:
    """A mark that may come from a table, whose cells are texts: ``false``, ``no``, ``0``, 否 and nothing are no."""
    return (
        str(value).strip().lower() not in ("", "false", "no", "0", "none", "否", "不是") if value is not None else False
    )
