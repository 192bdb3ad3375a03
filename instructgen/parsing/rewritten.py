"""Reads a prompt that a model rewrote or made up: the prompt alone, without what chat models put around it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from instructgen.errors import ParseError
from instructgen.parsing.marks import COLON, EMPHASIS, INDENT, SPACE, without_emphasis
from instructgen.parsing.wrapping import is_preface, strip_thinking, unwrapped, without_closing

_LABEL = re.compile(r"[#＃]([^#＃\n{}]{2,40})[#＃]")


# What a model says of its work. "Here is a function:" and "Let me know if you have questions" may belong to the prompt.
_OF_THE_PROMPT = re.compile(
    r"prompt|version|instruction|\bhere it is|^\W{0,8}(?:sure|certainly|of course|absolutely|okay)\b"
    r"|提示|版本|指令|改写|^\W{0,8}(?:好的|当然|没问题)",
    re.IGNORECASE,
)
_REMARK = re.compile(
    r"prompt|version|variation|instruction|harder|easier|chang|adjust|revis|rewrit|anything else"
    r"|提示|版本|指令|修改|调整",
    re.IGNORECASE,
)


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
    body = _without_remark(strip_thinking(text).strip())
    first, _, rest = body.partition("\n")
    if rest.strip() and is_preface(first) and _OF_THE_PROMPT.search(first):
        body = rest.strip()
    body = unwrapped(_without_label(body, tuple(labels)))
    if not re.search(r"\w", body):
        raise ParseError("there is no prompt in this text", text=text)
    return body


def _without_remark(body: str) -> str:
    kept = without_closing(body)
    return kept if _REMARK.search(body, len(kept)) else body


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
