"""Reads the turn that a model wrote in its user's place: where it ends, whose words it holds, and one question alone.

Source: Xu et al., Magpie (arXiv 2406.08464), and the option ``sanitize`` of its code.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from instructgen.parsing.lazy import lazy

# A role's name as it stands where the special tokens around it were left out of the text: alone on its line, or stuck
# to the end of a sentence.
_ROLE = lazy(
    r"^(?:user|assistant|model|system)[ \t]{0,4}$|(?<=[.?!。？！)\]\"'”’])(?:assistant|model)[ \t]{0,4}$"
    # In Chinese no sign need end the sentence; but 做一个assistant is talked about.
    r"|(?<=[\u4e00-\u9fff])(?<![个的是做名位为成当])assistant[ \t]{0,4}$(?=\s*\n\s*\S)",
    re.MULTILINE,
)
_ANSWER = lazy(r"^(?:AI ?)?(?:assistant|助手|助理)[:：]", re.MULTILINE | re.IGNORECASE)
_DIALOGUE = lazy(
    r"^\W{0,8}(?:user|human|customer|用户|人类|客户|顾客)\W{0,4}?[:：]|dialog|conversation|chat|continu|对话|聊天|剧本|续写|角色|客服",
    re.IGNORECASE | re.MULTILINE,
)
_THINKING = lazy(r"\A\s*<(?:think|thinking)>|\A\s*</(?:think|thinking)>", re.IGNORECASE)
# At the end of a line; in the middle of one the tag is talked about.
_THOUGHT = lazy(r"</(?:think|thinking)>(?=[ \t]{0,8}(?:\r?\n|\Z))", re.IGNORECASE)

# What precedes a turn and is none of its words: a byte order mark, the end of an empty thought.
_BEFORE = lazy(r"(?:[\s\ufeff]|</(?:think|thinking)>(?![ \t]{1,8}\S))+", re.IGNORECASE)
_SPEAKER = lazy(
    r"(?:#{1,6}[ \t]{1,3})?(?P<mark>[*_]{2})?(?:user|human|用户|人类)"
    r"(?(mark)(?:(?P=mark)[:：]|[:：](?P=mark))|[ \t]?[:：])",
    re.IGNORECASE,
)
_SPEAKERS = lazy(
    r"^\W{0,8}(?:user|human|assistant|ai|bot|system|model|agent|customer|用户|人类|助手|助理|机器人|客服|系统|模型)\W{0,4}?[:：]",
    re.IGNORECASE | re.MULTILINE,
)
_FIELD = lazy(r"\s{0,8}[^\n:：]{1,30}[:：]")
_SENTENCE = lazy(r"\S+[ \t]+\S+[ \t]+\S+|[\u4e00-\u9fff]{4}|[?？。.!！]\s*\Z")


def user_turn(text: str, stops: Sequence[str]) -> tuple[str, bool]:
    """The turn alone, and whether one of these strings ends it; a server that stops at them leaves none to be found.

    A byte order mark, the end of a thought and the name of who speaks (``User: How do I …``) before it are no part of
    it. The name stays before what may be fields (``User: root``) or a dialogue.
    """
    ends = [place for place in map(text.find, stops) if place >= 0]
    turn = (text[: min(ends)] if ends else text).strip()
    return _without_speaker(_without_leftovers(turn)), bool(ends)


def _without_leftovers(turn: str) -> str:
    leftovers = _BEFORE.match(turn)
    return turn[leftovers.end() :] if leftovers else turn


def _without_speaker(turn: str) -> str:
    label = _SPEAKER.match(turn)
    if label is None:
        return turn
    said = _without_leftovers(turn[label.end() :])
    first, _, rest = said.partition("\n")
    told = _SENTENCE.search(first) and not _FIELD.match(rest) and not _SPEAKERS.search(said)
    return said if told else turn


def role_marker(turn: str) -> str:
    """What shows that the text goes on into another turn (a role's name, or thinking), or nothing."""
    found = _THINKING.search(turn) or _ROLE.search(turn)
    thought = _THOUGHT.search(turn)
    if found is None and thought and not re.search("<think", turn[: thought.start()], re.IGNORECASE):
        found = thought
    if found is None and (answers := list(_ANSWER.finditer(turn))):
        before = turn[: answers[0].start()]
        alone = len(answers) == 1 and before.endswith("\n\n") and before.strip() and not _DIALOGUE.search(turn)
        found = answers[0] if alone else None
    return " ".join(found[0].split()) if found else ""


_LABELS = (
    "original prompt|the problem|the situation|the scenario|task|prompt|question|problem|scenario|situation|context"
    "|challenge|query|request|instructions?|descriptions?|part|q|问题|任务|题目|指令|请求|提问"
)
_MARK = r"[*_#\s]{0,6}"
_LABEL = lazy(
    rf"\A{_MARK}(?:{_LABELS})(?:\s{{0,2}}\d{{1,3}})?(?:{_MARK}[:：]|(?<=\d)\s?[.)、]|[*_]{{2,3}}){_MARK}", re.IGNORECASE
)
_NUMBER = lazy(r"\A\s{0,4}(?:\d{1,3}\s?[.)、]|[a-zA-Z]\))(?!\d)\s{0,4}")
# Not the one of an address ("…?page=2") or of code ("a ? b : c" has a space before it).
_QUESTION = lazy(r"(?<!\s)(?:\?(?=[\"'”’*_)\]]{0,4}(?:\s|\Z))|？)")
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
