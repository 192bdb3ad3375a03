"""Reads the answer to a yes-or-no question. Anything else is an error, never a no."""

from __future__ import annotations

import re

from instructgen.errors import ParseError
from instructgen.parsing.lazy import lazy
from instructgen.parsing.wrapping import strip_thinking

_ABOUT = r"(?>classification\b(?:\s{1,3}(?:task|problem))?)(?!\s{0,3}[?？])"
_ABOUT_ZH = r"(?:一[个项种道])?分类(?:任务|问题)?"
# A Chinese answer of one character begins many other words too (不确定, 对不起), so the answer must end behind it; and
# what a question mark follows is the question.
_END = r"(?![\w?？])"
_ANSWER = lazy(
    r"\W{0,16}(?:"
    r"(?P<no>(?:no|false)\b(?! (?:idea|doubt|clear|definite|simple|single|longer|one)\b)"
    rf"|not\s{{1,3}}(?:an?\s{{1,3}})?{_ABOUT}|n(?=\W*$)"
    rf"|(?:不是|不属于)(?:的|{_ABOUT_ZH})?{_END}|(?:否|不|不对){_END})"
    rf"|(?P<yes>(?:yes|true)\b|y(?=\W*$)|(?:是|属于)(?:的|{_ABOUT_ZH})?{_END}|对的?{_END}))",
    re.IGNORECASE,
)
_LEAD = lazy(
    r"\W{0,16}(?:(?:(?:the|my|final|correct)\s{1,3}){0,3}answer\s{1,3}(?:is|would\s{1,3}be)\b|答案[是为])",
    re.IGNORECASE,
)
_SENTENCE = lazy(
    r"\W{0,16}(?:(?:this|it|(?:this|the)\s{1,3}(?:task|instruction|one))"
    r"(?:['’]s|\s{1,3}is)(?P<no>n['’]t|\s{1,3}not)?\s{1,3}"
    rf"(?:an?\s{{1,3}}(?:[\w-]{{1,20}}\s{{1,3}}){{0,2}})?{_ABOUT}"
    rf"|(?:这|该|此|本)[个项道条]?(?:任务|题目|题|指令|问题)?(?P<no_zh>并?不)?(?:是|属于){_ABOUT_ZH}{_END})",
    re.IGNORECASE,
)
_OPPOSITE = lazy(r"\W{0,8}(?:or|and|或者?|还是|/)\W{0,8}(?:yes|no|是|否)(?=\W|$)|\W{0,8}or\s{1,3}not\b", re.IGNORECASE)


def yes_no(text: str) -> bool:
    """Whether an answer begins with a yes, or else with a no; marks and emphasis around it, thinking before it.

    A sentence that says so counts, too: "The answer is yes", "This is not a classification task", 这是分类任务.

    Raises:
        ParseError: it begins with neither.
    """
    for line in strip_thinking(text).split("\n"):
        # An answer may repeat the question, or a label: "Is it classification? Yes", "Answer: no".
        for part in (re.split("[?？]", line)[-1], re.split("[:：]", line)[-1]):
            if (decided := _decided(part.replace("_", " "))) is not None:
                return decided
        if line.strip():
            break
    raise ParseError("the text says neither yes nor no", text=text)


def _decided(part: str) -> bool | None:
    lead = _LEAD.match(part)
    if match := _ANSWER.match(part, lead.end() if lead else 0):
        decided = match["yes"] is not None
    elif match := _SENTENCE.match(part):
        decided = not (match["no"] or match["no_zh"])
    else:
        return None
    return None if _OPPOSITE.match(part, match.end()) else decided


def truth(value: object) -> bool:
    """A mark that may come from a table, whose cells are texts: ``false``, ``no``, ``0``, 否 and nothing are no."""
    return (
        str(value).strip().lower() not in ("", "false", "no", "0", "none", "否", "不是") if value is not None else False
    )
