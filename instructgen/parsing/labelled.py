"""Reads a reply that has to begin with a given label, such as ``User prompt: …`` (Persona Hub, arXiv 2406.20094)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from instructgen.errors import ParseError
from instructgen.parsing.marks import COLON, INDENT, LISTED, NUMBER_END, SPACE, without_emphasis
from instructgen.parsing.remarks import without_announcement, without_remark
from instructgen.parsing.wrapping import is_preface, strip_thinking, unwrapped


def labelled(text: str, labels: Sequence[str]) -> str:
    """What follows the label that a reply begins with.

    The label is taken off once: if it stands there twice, the second one stays. It counts in any case, with a half- or
    full-width colon, in bold, in brackets, as a heading, as an item of a list, or in bold alone on its line; before it
    may stand thinking and an announcement (``Sure! Here is …:``). One pair of quotation marks or one plain code fence
    about all of the reply, or about all that follows the label, and a last paragraph that offers more help are taken
    off, too.

    Args:
        text: the completion.
        labels: labels of which the reply must begin with one.

    Raises:
        ParseError: it does not, or nothing follows.
    """
    body = unwrapped(without_remark(strip_thinking(text).strip()))
    first, _, rest = body.partition("\n")
    if rest.strip() and is_preface(first):
        body = unwrapped(rest.strip())
    body = _quoted(labels).sub(r"\1", without_announcement(body))
    label = _pattern(labels).match(body)
    if label is None:
        raise ParseError(f"this text does not begin with {' or '.join(map(repr, labels[:2]))} and a colon", text=text)
    content = unwrapped(without_remark(unwrapped(_behind(label))))
    if not re.search(r"\w", content):
        raise ParseError(f"nothing follows {label[0].strip()!r}", text=text)
    return content


def _quoted(labels: Sequence[str]) -> re.Pattern[str]:
    """A label in quotation marks, as the prompt itself has it."""
    return re.compile(rf"\A[“\"「]((?:{'|'.join(map(re.escape, labels))})[:：])[”\"」]", re.IGNORECASE)


def unlabelled(text: str, labels: Sequence[str]) -> str:
    """The text without the label that it may begin with; a list whose first item begins with it stays as it is."""
    label = None if _ITEM.match(text) else _pattern(labels).match(text)
    return text if label is None else _behind(label)


def _behind(label: re.Match[str]) -> str:
    # A mark that closes within the label has done its work; one that is still open belongs to what follows.
    body = label.string
    closed = any(sign in "*_" for sign in body[label.end("before") : label.end()])
    return without_emphasis("" if closed else label["before"] or "", body[label.end() :])


def begins_line(text: str, labels: Sequence[str], *, counted: bool = False) -> str:
    """The first of these labels that begins a line of the text, in any form ``labelled`` knows; empty if none does.

    Args:
        text: the text.
        labels: the labels.
        counted: whether a label that is counted is one, too: ``User prompt 2:``, ``Another user prompt:``.
    """
    found = re.search(f"^(?:{_pattern(labels, counted=counted).pattern})", text, re.MULTILINE | re.IGNORECASE)
    return found["name"] if found else ""


_ITEM = re.compile(r"\s*(?:[-*+•]\s|\d{1,2}[.)、．）])")
_SOLUTION = (
    *("Solution", "Step-by-step solution", "Worked solution", "Detailed solution", "Final answer", "Answer"),
    *(
        "解答",
        "答案",
        "解",
        "答",
        "参考答案",
        "参考解答",
        "解析",
        "解法",
        "解题过程",
        "解题思路",
        "解题步骤",
        "最终答案",
    ),
    *("详细解答", "標準答案", "标准答案", "參考答案", "解題過程", "解題思路", "最終答案"),
)
_BLANK = re.compile(r"\W{0,8}(?:_{2,}|\.{3,}|…|[(（]\s{0,8}[)）])")


def solution_label(problem: str) -> str:
    """The label behind which a problem's solution stands, on a line below it; empty where there is none.

    A label with nothing behind it, or a blank to fill in (``Answer: ____``), asks for the solution.
    """
    for found in re.finditer(f"^(?:{_pattern(_SOLUTION).pattern})", problem, re.MULTILINE | re.IGNORECASE):
        line = problem[found.end() :].lstrip()[:200].partition("\n")[0]
        if re.search(r"[^\W_]", line) and not _BLANK.match(line) and re.search(r"\w", problem[: found.start()]):
            return found["name"]
    return ""


_HINT = re.compile(
    r"^[ \t]{0,4}[*_]{0,2}[（(【\[]?(?P<name>hints?|提示)[】\]]?[*_]{0,2}[:：](?P<told>[^\n]{1,400})", re.M | re.I
)
_GIVEN = re.compile(r"取|保留|精确|单位|约等于|≈|=|\buse\b|\bround\b|\btake\b|\bassume\b", re.IGNORECASE)


def hint_label(problem: str) -> str:
    """The label of a hint below a problem (（提示：…）); what gives a number or a unit (提示：π 取 3.14) is none."""
    for found in _HINT.finditer(problem):
        if problem[: found.start()].strip() and not _GIVEN.search(found["told"]):
            return found["name"]
    return ""


def _pattern(labels: Sequence[str], *, counted: bool = False) -> re.Pattern[str]:
    names = "|".join(rf"{SPACE}{{1,3}}".join(map(re.escape, label.split())) for label in labels)
    if counted:
        first = rf"(?:another|alternative|second|third|(?:另|第[一二三])[一]?[个条])?{SPACE}{{0,3}}"
        names = rf"{first}(?:{names}){SPACE}{{0,3}}(?:[#(（]?(?:\d{{1,2}}|[一二三四五])[)）]?)?"
    number = rf"\d{{1,2}}{NUMBER_END}{SPACE}{{0,3}}"
    return re.compile(
        rf"{INDENT}(?:>{SPACE}{{0,3}})?{LISTED}(?P<heading>\#{{1,6}}{SPACE}{{1,4}})?"
        rf"(?P<before>[*_]{{1,3}})?(?:{number})?"
        rf"(?:[\[【](?P<bracketed>))?(?P<name>{names})(?(bracketed)[\]】])(?P<inside>(?(before)[*_]{{0,3}}|)){SPACE}{{0,3}}"
        rf"(?:{COLON}(?(before)[*_]{{0,3}}|)|(?(bracketed)|(?!))"
        rf"|(?(heading){SPACE}{{0,8}}\r?(?=\n)|(?!))|(?<=[*_]){SPACE}{{0,8}}\r?(?=\n))",
        re.IGNORECASE,
    )
