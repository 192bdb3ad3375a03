"""Reads a reply that has to begin with a given label, such as ``User prompt: …`` (Persona Hub, arXiv 2406.20094)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from instructgen.errors import ParseError
from instructgen.parsing.marks import COLON, INDENT, SPACE, without_emphasis
from instructgen.parsing.wrapping import is_preface, strip_thinking, unwrapped, without_closing

# A user's prompt may end with "Let me know which one", too; only what a model offers to its reader is taken off.
_OFFER = re.compile(
    r"let me know if you|would you like me to|feel free to|hope (?:this|that) helps"
    r"|if you(?:['’]d| would)? (?:like|want) me|如果?(?:您|你)(?:还)?(?:需要|想)|需要我|希望(?:这|以上|对)",
    re.IGNORECASE,
)


def labelled(text: str, labels: Sequence[str]) -> str:
    """What follows the label that a reply begins with.

    The label is taken off once: if it stands there twice, the second one stays. It counts in any case, with a half- or
    full-width colon, in bold, in brackets, as a heading, or in bold alone on its line; before it may stand thinking and
    an announcement (``Sure! Here is …:``). One pair of quotation marks or one plain code fence about all of the reply,
    or about all that follows the label, and a last paragraph that offers more help are taken off, too.

    Args:
        text: the completion.
        labels: labels of which the reply must begin with one.

    Raises:
        ParseError: it does not, or nothing follows.
    """
    body = unwrapped(_without_offer(strip_thinking(text).strip()))
    first, _, rest = body.partition("\n")
    if rest.strip() and is_preface(first):
        body = unwrapped(rest.strip())
    label = _pattern(labels).match(body)
    if label is None:
        raise ParseError(f"this text does not begin with {labels[0]!r} and a colon", text=text)
    # A mark that closes within the label has done its work; one that is still open belongs to what follows.
    closed = any(sign in "*_" for sign in body[label.end("before") : label.end()])
    content = without_emphasis("" if closed else label["before"] or "", body[label.end() :])
    content = unwrapped(content)
    if not re.search(r"\w", content):
        raise ParseError(f"nothing follows {label[0].strip()!r}", text=text)
    return content


def begins_line(text: str, labels: Sequence[str]) -> str:
    """The first of these labels that begins a line of the text, in any form ``labelled`` knows; empty if none does."""
    found = re.search(f"^(?:{_pattern(labels).pattern})", text, re.MULTILINE | re.IGNORECASE)
    return found["name"] if found else ""


def _pattern(labels: Sequence[str]) -> re.Pattern[str]:
    names = "|".join(rf"{SPACE}{{1,3}}".join(map(re.escape, label.split())) for label in labels)
    return re.compile(
        rf"{INDENT}(?:>{SPACE}{{0,3}})?(?P<heading>\#{{1,6}}{SPACE}{{1,4}})?(?P<before>[*_]{{1,3}})?"
        rf"(?:[\[【](?P<bracketed>))?(?P<name>{names})(?(bracketed)[\]】])(?P<inside>(?(before)[*_]{{0,3}}|)){SPACE}{{0,3}}"
        rf"(?:{COLON}(?(before)[*_]{{0,3}}|)"
        rf"|(?(heading){SPACE}{{0,8}}\r?(?=\n)|(?!))|(?<=[*_]){SPACE}{{0,8}}\r?(?=\n))",
        re.IGNORECASE,
    )


def _without_offer(text: str) -> str:
    kept = without_closing(text)
    return kept if _OFFER.search(text, len(kept)) else text
