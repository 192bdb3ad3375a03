"""Reads the turn that a model wrote in its user's place: where it ends, whose words it holds, and one question alone.

Source: Xu et al., Magpie (arXiv 2406.08464), and the option ``sanitize`` of its code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# A role's name as it stands where the special tokens around it were left out of the text: alone on its line, or stuck
# to the end of a sentence.
_ROLE = re.compile(
    r"^(?:user|assistant|model|system)[ \t]{0,4}$|(?<=[.?!。？！)\]\"'”’])(?:assistant|model)[ \t]{0,4}$", re.MULTILINE
)
_THINKING = re.compile(r"\A\s*<(?:think|thinking)>", re.IGNORECASE)


def user_turn(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The turn alone, and whether one of these strings ends it; a server that stops at them leaves none to be found."""
    ends = [place for place in map(text.find, stops) if place >= 0]
    return (text[: min(ends)] if ends else text).strip(), bool(ends)


def role_marker(turn: str) -> str:
    """What shows that the text goes on into another turn (a role's name, or thinking), or nothing."""
    found = _THINKING.search(turn) or _ROLE.search(turn)
    return " ".join(found[0].split()) if found else ""


_LABELS = (
    "original prompt|the problem|the situation|the scenario|task|prompt|question|problem|scenario|situation|context"
    "|challenge|query|request|instructions?|descriptions?|part|q|问题|任务|题目|指令|请求|提问"
)
_MARK = r"[*_#\s]{0,6}"
_LABEL = re.compile(
    rf"\A{_MARK}(?:{_LABELS})(?:\s{{0,2}}\d{{1,3}})?(?:{_MARK}[:：]|(?<=\d)\s?[.)、]|[*_]{{2,3}}){_MARK}", re.IGNORECASE
)
_NUMBER = re.compile(r"\A\s{0,4}(?:\d{1,3}\s?[.)、]|[a-zA-Z]\))(?!\d)\s{0,4}")
# Not the one of an address ("…?page=2") or of code ("a ? b : c" has a space before it).
_QUESTION = re.compile(r"(?<!\s)(?:\?(?=[\"'”’*_)\]]{0,4}(?:\s|\Z))|？)")
_AROUND = ' \t\r\n*_"“”「」'


def one_question(turn: str) -> str:
    """The turn cut down to its first question, or else to its first line, without a number or label in front.

    What a model adds in its user's name (an answer, a second question) goes, and so does everything else behind the
    first question mark, an explanation or the text to work on included. What is left may be empty.
    """
    text = _without_label(turn.strip())
    question = _QUESTION.search(text)
    return _without_label((text[: question.end()] if question else text.partition("\n")[0]).strip(_AROUND))


def _without_label(text: str) -> str:
    shorter = _LABEL.sub("", _NUMBER.sub("", text))
    return shorter.strip()
