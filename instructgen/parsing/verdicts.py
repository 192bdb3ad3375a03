"""Reads the answer to "are these two equal?" (Evol-Instruct's first elimination rule). Undecided is an error."""

from __future__ import annotations

import re

from instructgen.errors import ParseError
from instructgen.parsing.wrapping import strip_thinking

# Bounded by letters only, because emphasis (_Equal_) is made of word characters.
_EITHER = re.compile(
    r"(?:(?:(?<![a-z])not|n['’]t)[\s_-]{0,3}equal|(?<![a-z])unequal|(?P<equal>(?<![a-z])equal))(?![a-z])", re.IGNORECASE
)
# In Chinese 不 stands right before the word, or 并 before that.
_CHINESE_EITHER = re.compile(
    r"[不非](?:是|太|完全|尽)?(?:相等|等同|相同|等价|一样|等)|(?<!有)(?<!无)不同|(?P<equal>相等|等同|相同|等价|一样)"
)
_ALONE = re.compile(rf"[^a-z]{{0,16}}{_EITHER.pattern}(?!\s{{0,8}}\w)", re.IGNORECASE)
_NEGATION = re.compile(
    r"(?<![a-z])(?:not|never|neither|nor|no|cannot|hardly|barely|without)(?![a-z])|n['’]t(?![a-z])|是否|无法|不能|难以|没有",
    re.IGNORECASE,
)


def verdict(text: str) -> bool:
    """True for Equal (相等), False for Not Equal (不相等).

    The first line decides, or else the last: by the words it begins with if nothing but punctuation follows them, or
    else by all it says, which must point one way.

    Raises:
        ParseError: neither line decides.
    """
    lines = [line for line in strip_thinking(text).split("\n") if line.strip()]
    for line in (*lines[:1], *lines[-1:]):
        decided = _decided(line)
        if decided is not None:
            return decided
    raise ParseError("the text says neither Equal nor Not Equal", text=text)


def _decided(line: str) -> bool | None:
    if alone := _ALONE.match(line):
        return alone["equal"] is not None
    said = {match["equal"] is not None for pattern in (_EITHER, _CHINESE_EITHER) for match in pattern.finditer(line)}
    if said == {False}:
        return False
    return True if said == {True} and not _NEGATION.search(line) else None
