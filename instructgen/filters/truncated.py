"""Rejects texts that visibly break off (Self-Instruct's rule for a last colon, and what else no text ends with)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import TextField, check_parameters
from instructgen.parsing.code import without_code
from instructgen.parsing.lazy import lazy

Sign = Literal["fence", "item", "comma", "colon", "hyphen", "bracket", "quote"]
"""Signs of a text that breaks off: a code fence that is not closed; a list item with nothing after its mark; a comma,
colon or hyphen at the end; a bracket or quotation that is not closed."""

SIGNS: tuple[Sign, ...] = get_args(Sign)


@dataclass(frozen=True, slots=True)
class Truncated:
    """Rejects a text that visibly breaks off.

    Only signs that hardly any whole text shows count: a text that merely lacks a full stop is kept. So are texts
    without a letter or digit (``(``, ``---``), emoticons, the end of a letter ("Kind regards,"), and lists and tables
    whose other lines end like the last one. Signs inside code do not count.

    Self-Instruct's rule alone is ``Truncated(signs=("colon",))``.

    Rejects with ``truncated``; the value is the sign, the detail the text's last words.

    Attributes:
        field: the text to look at.
        signs: those that count, tried in this order.
    """

    field: TextField = "output"
    signs: tuple[Sign, ...] = SIGNS

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        text = text_of(example, self.field).strip()
        if not any(map(str.isalnum, text)):
            return None
        prose, fence_is_open = without_code(text)
        for sign in self.signs:
            if fence_is_open if sign == "fence" else not fence_is_open and _TESTS[sign](prose):
                return Reject("truncated", sign, detail=f"the {self.field} ends: {' '.join(text[-40:].split())}")
        return None


# ---------------------------------------------------------------- the last sign

# Emphasis around the last words: "**Here they are:**".
_EMPHASIS = "*_"
_CLOSING = lazy(
    r"(?:regards|wishes|sincerely|yours|faithfully|truly|respectfully|cordially|cheers|love|thanks|thank you|hugs"
    r"|kisses|greetings|best|warmly|gratefully|friend)[,，]",
    re.IGNORECASE,
)
_SIGN_OFF_WORDS = 5


def _ends_with_comma(text: str) -> bool:
    last = _last_line(text).rstrip(_EMPHASIS)
    if not last.endswith((",", "，", "、")):
        return False
    signs_off = len(last.split()) <= _SIGN_OFF_WORDS and _CLOSING.search(last)
    alike = _like_the_others(text, lambda line: line.endswith(last[-1])) or _is_couplet(text)
    return not (signs_off or alike or _is_row(text))


def _is_couplet(text: str) -> bool:
    """Whether a text is two Chinese lines of verse that both end with a comma."""
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    verses = [line[:-1] for line in lines if line.endswith("，") and line[:-1].isalpha() and not line[:-1].isascii()]
    return len(verses) == len(lines) == 2 and len(verses[0]) == len(verses[1]) >= 4


def _is_row(text: str) -> bool:
    """Whether the last line is a row with as many commas as the one before: its last cell is empty."""
    commas = [line.count(",") for line in text.split("\n")[-2:]]
    return len(commas) == 2 and commas[0] == commas[1] >= 2


# An address, a shortcode such as :smile:, an IPv6 prefix, an emoticon; a drive, if there is nothing else.
_WHOLE_WITH_COLON = lazy(r"(?:^|(?<=[\s(]))(?:\S*://\S*|:[\w+-]+|[0-9a-fA-F:]*:|[D()\[\]<>=^-]{1,3}):$|\A[A-Za-z]:\Z")
_KEY = lazy(r"\s*(?:- )?[\w.\"'/-]+:(?:\s.*)?|\s*- .*")


def _ends_with_colon(text: str) -> bool:
    last = _last_line(text).rstrip(_EMPHASIS)
    if not last.endswith((":", "：")) or _WHOLE_WITH_COLON.search(last):
        return False
    lines = [line for line in text.split("\n") if line.strip()]
    mapping = len(lines) > 1 and all(map(_KEY.fullmatch, lines)) and any(line.startswith(" ") for line in lines)
    return not (mapping or _like_the_others(text, lambda line: line.endswith(last[-1])))


_BROKEN_WORD = lazy(r"(?:^|\s)[^\W\d_]{2,}-$")
_AFFIX = lazy(r"(?:^|[\s\"'“(])[^\W\d_]+-(?=$|[\s,;.\"'”)])")


def _ends_with_hyphen(text: str) -> bool:
    last = _last_line(text)
    if not last.endswith("-"):
        return False
    # A list of prefixes has more than one: "un-, re- and dis-".
    return len(last.split()) > 1 and bool(_BROKEN_WORD.search(last)) and len(_AFFIX.findall(text)) == 1


# ---------------------------------------------------------------- what is not closed

_OPENING, _CLOSED = "([{（［｛【〔《〈「『", ")]}）］｝】〕》〉」』"
# Those with an opening bracket: it never closes.
_EMOTICON = lazy(
    r"(?:[<>]?[:;：；]|(?:^|(?<=\s))[=8xX])[-'^oc*]{0,2}[(\[{（]+(?=$|[\s.,!?。，！？])"
    r"|(?:^|(?<=\s))[(\[{（]+[-'^oc*]{0,2}[:;=：；](?=$|[\s.,!?。，！？])"
)
_ESCAPED = lazy(r"\\.")
_SIGN_CLASS = lazy(r"\[\^?[^\w\s\]]{1,10}\]")  # of a regular expression: [^(]
_LITERAL = lazy(r"(?<!\d)\"[^\"\n]{0,200}\"|'[^\w\s]{1,3}'|“[^“”\n]{0,20}”")
_ENUMERATOR = lazy(r"^\s*[(（]?(?:\w{1,4}|[一二三四五六七八九十]{1,3})[)）]", re.MULTILINE)


def _has_open_bracket(text: str) -> bool:
    paragraph = re.split(r"\n\s*\n", text)[-1]
    if not any(sign in paragraph for sign in _OPENING):
        return False
    for noise in (_ESCAPED, _LITERAL, _SIGN_CLASS, _EMOTICON, _ENUMERATOR):
        paragraph = noise.sub(" ", paragraph)
    opened = sum(map(paragraph.count, _OPENING))
    return opened > sum(map(paragraph.count, _CLOSED))


def _has_open_quote(text: str) -> bool:
    """Whether the last quotation mark is an opening one: nothing after it closes any."""
    last = max(map(text.rfind, '"“”'))
    before, after = text[last - 1 : last], text[last + 1 : last + 2]
    if last < 0 or not after.strip():
        return False
    if text[last] == "“":
        return "„" not in text  # „German“ closes with what opens an English quotation
    return text[last] == '"' and (not before.strip() or before in "([（:：") and after.isalnum()


# ---------------------------------------------------------------- a list that goes on

_NUMBER_MARK = lazy(
    r"\s*[*_]{0,2}(?:[(（]?(\d{1,3}|[a-zA-Z]|[一二三四五六七八九十]{1,3})[.)、．）]|([①-⑳])[.、．]?)[*_]{0,2}\s*"
)
_BULLET = lazy(r"\s*[-*+•·]")
_CHINESE_NUMBERS = ["", *"一二三四五六七八九十", *(f"十{digit}" for digit in "一二三四五六七八九"), "二十"]


def _ends_with_empty_item(text: str) -> bool:
    lines = text.split("\n")
    last = lines[-1]
    if _BULLET.fullmatch(last):
        return any(line.startswith(f"{last.rstrip()} ") for line in lines[:-1])
    number = _NUMBER_MARK.fullmatch(last)
    if number is None or (place := _place(number[1] or number[2])) is None:
        return False
    marks = (_NUMBER_MARK.match(line) for line in lines[:-1])
    return any(mark and mark.end() < len(mark.string) and _place(mark[1] or mark[2]) == place - 1 for mark in marks)


def _place(mark: str) -> int | None:
    """The place in its list that a mark stands for: 3 for ``3``, ``③``, ``c`` and ``三``."""
    if "①" <= mark <= "⑳":
        return ord(mark) - ord("①") + 1
    if mark.isdecimal():
        return int(mark)
    if mark.isascii():
        return ord(mark.lower()) - ord("a") + 1
    return _CHINESE_NUMBERS.index(mark) if mark in _CHINESE_NUMBERS else None


# ----------------------------------------------------------------


def _last_line(text: str) -> str:
    """The last line, or nothing if it holds neither letter nor digit: a rule, an ornament, the line under a heading."""
    last = text[text.rfind("\n") + 1 :]
    return last.rstrip() if any(map(str.isalnum, last)) else ""


def _like_the_others(text: str, ends_alike: Callable[[str], bool]) -> bool:
    """Whether every other line, of at least two, ends as the last one does."""
    lines = [line.rstrip() for line in text.split("\n")[:-1] if line.strip()]
    return len(lines) > 1 and all(map(ends_alike, lines))


_TESTS: Mapping[Sign, Callable[[str], bool]] = {
    "comma": _ends_with_comma,
    "colon": _ends_with_colon,
    "hyphen": _ends_with_hyphen,
    "bracket": _has_open_bracket,
    "quote": _has_open_quote,
    "item": _ends_with_empty_item,
}
