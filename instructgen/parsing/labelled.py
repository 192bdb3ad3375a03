"""Reads a reply that has to begin with a given label, such as ``User prompt: …`` (Persona Hub, arXiv 2406.20094)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from instructgen.errors import ParseError
from instructgen.parsing.announcement import without_announcement
from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, INDENT, LISTED, NUMBER_END, SPACE, without_emphasis
from instructgen.parsing.remarks import without_remark
from instructgen.parsing.simplified import simplified
from instructgen.parsing.wrapping import is_preface, strip_thinking, unwrapped


def labelled(text: str, labels: Sequence[str]) -> str:
    """What follows the label that a reply begins with.

    The label is taken off once: if it stands there twice, the second one stays. It counts in any case, in simplified
    or traditional characters, with a half- or full-width colon, in bold, in brackets, as a heading, as an item of a
    list, or in bold alone on its line; before it may stand thinking and an announcement (``Sure! Here is …:``). One
    pair of quotation marks or one plain code fence about all of the reply, or about all that follows the label, and a
    last paragraph that offers more help are taken off, too.

    Args:
        text: the completion.
        labels: labels of which the reply must begin with one.

    Raises:
        ParseError: it does not, or nothing follows but a place to fill in (``[insert prompt]``).
    """
    body = unwrapped(without_remark(strip_thinking(text).strip()))
    first, _, rest = body.partition("\n")
    if rest.strip() and is_preface(first):
        body = unwrapped(rest.strip())
    body = _quoted(labels).sub(r"\1", without_announcement(body))
    label = label_pattern(labels).match(simplified(body))
    if label is None:
        raise ParseError(f"this text does not begin with {' or '.join(map(repr, labels[:2]))} and a colon", text=text)
    content = unwrapped(without_remark(unwrapped(_behind(label, body))))
    if not re.search(r"\w", content) or _PLACEHOLDER.fullmatch(content):
        raise ParseError(f"nothing follows {label[0].strip()!r}", text=text)
    return content


# A place that the model left to be filled in: [insert prompt], <your question here>, 【此处填写提示】.
_PLACEHOLDER = lazy(
    r"[*_]{0,2}[\[<{【〈]{1,2}\s?(?:(?:insert|your)\b[^\[\]<>{}\n]{0,60}"
    r"|(?:enter|add|write|put|place)\b[^\[\]<>{}\n]{0,40}\b(?:here|(?:the|your|user) (?:prompt|question|problem))"
    r"|(?:the )?(?:user )?(?:prompt|question|problem|persona|title|name|text)(?: here)?"
    r"|(?:请?在?此处?|请?在?这里|请|您的|你的|用户)?(?:填写|填入|插入|输入)[^\[\]<>{}【】\n]{0,30}"
    r"|(?:您的|你的|用户)?(?:提示词?|提问|问题|数学题|题目|人物|标题|姓名)(?:内容)?)\s?[\]>}】〉]{1,2}[*_]{0,2}[.。]?",
    re.IGNORECASE,
)


def _quoted(labels: Sequence[str]) -> re.Pattern[str]:
    """A label in quotation marks, as the prompt itself has it."""
    return re.compile(rf"\A[“\"「]((?:{'|'.join(map(re.escape, labels))})[:：])[”\"」]", re.IGNORECASE)


def unlabelled(text: str, labels: Sequence[str]) -> str:
    """The text without the label that it may begin with; a list whose first item begins with it stays as it is."""
    label = None if _ITEM.match(text) else label_pattern(labels).match(simplified(text))
    return text if label is None else _behind(label, text)


def _behind(label: re.Match[str], body: str) -> str:
    # A mark that closes within the label has done its work; one that is still open belongs to what follows.
    closed = any(sign in "*_" for sign in body[label.end("before") : label.end()])
    return without_emphasis("" if closed else label["before"] or "", body[label.end() :])


def begins_line(text: str, labels: Sequence[str], *, counted: bool = False) -> str:
    """The first of these labels that begins a line of the text, in any form ``labelled`` knows; empty if none does.

    Args:
        text: the text.
        labels: the labels.
        counted: whether a label that is counted is one, too: ``User prompt 2:``, ``Another user prompt:``.
    """
    pattern = f"^(?:{label_pattern(labels, counted=counted).pattern})"
    found = re.search(pattern, simplified(text), re.MULTILINE | re.IGNORECASE)
    return text[slice(*found.span("name"))] if found else ""


_ITEM = lazy(r"\s*(?:[-*+•]\s|\d{1,2}[.)、．）])")


def label_pattern(labels: Sequence[str], *, counted: bool = False) -> re.Pattern[str]:
    names = "|".join(rf"{SPACE}{{1,3}}".join(map(re.escape, simplified(label).split())) for label in labels)
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
