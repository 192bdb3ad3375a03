"""Reads a prompt that a model rewrote or made up: the prompt alone, without what chat models put around it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from instructgen.errors import ParseError
from instructgen.parsing.marks import COLON, EMPHASIS, INDENT, SPACE, without_emphasis
from instructgen.parsing.wrapping import is_preface, strip_thinking, without_closing

_LABEL = re.compile(r"[#＃]([^#＃\n{}]{2,40})[#＃]")
_FENCED = re.compile(r"(?:```|~~~)(?:text|markdown|md|prompt)?[ \t]*\n(.*)\n(?:```|~~~)", re.DOTALL | re.IGNORECASE)
_QUOTES = {'"': '"', "“": "”", "「": "」", "『": "』", "«": "»"}


def scaffold_labels(template: str) -> tuple[str, ...]:
    """The labels of a prompt's template, each once: ``Rewritten Prompt`` for ``#Rewritten Prompt#``."""
    return tuple(dict.fromkeys(match[1].strip() for match in _LABEL.finditer(template)))


def rewritten_prompt(text: str, labels: Iterable[str] = ()) -> str:
    """The prompt in a completion.

    Taken off are thinking, an announcement (``Sure! Here is …:``), the label that the prompt ended with and the model
    wrote once more, remarks after it (``Let me know if …``), and one pair of quotation marks or one plain code fence
    about all of it. A label anywhere else stays: it was copied, and ``CopiedScaffold`` is for that.

    Args:
        text: the completion.
        labels: labels of which one may stand before the prompt, as ``scaffold_labels`` finds them.

    Raises:
        ParseError: nothing is left.
    """
    body = without_closing(strip_thinking(text).strip())
    first, _, rest = body.partition("\n")
    if rest.strip() and is_preface(first):
        body = rest.strip()
    body = _unwrapped(_without_label(body, tuple(labels)))
    if not re.search(r"\w", body):
        raise ParseError("there is no prompt in this text", text=text)
    return body


def _without_label(body: str, labels: tuple[str, ...]) -> str:
    names = "|".join(map(re.escape, labels))
    if not names:
        return body
    mark = re.match(
        rf"{INDENT}(?:\#{{1,6}}{SPACE}{{1,4}})?(?P<before>{EMPHASIS})"
        rf"(?:[#＃](?:{names})[#＃]{EMPHASIS}{SPACE}{{0,3}}{COLON}?|(?:{names}){EMPHASIS}{SPACE}{{0,3}}{COLON})"
        rf"(?P<after>{EMPHASIS})",
        body,
        re.IGNORECASE,
    )
    if mark is None:
        return body
    closed = body[mark.end("before") : mark.end()].count("*") > 0
    return without_emphasis("" if closed else mark["before"], body[mark.end() :])


def _unwrapped(body: str) -> str:
    if (fenced := _FENCED.fullmatch(body)) and "```" not in fenced[1] and "~~~" not in fenced[1]:
        return fenced[1].strip()
    closing = _QUOTES.get(body[:1])
    inner = body[1:-1]
    if closing and body.endswith(closing) and len(body) > 2 and not {body[0], closing} & set(inner):
        return inner.strip()
    return body
