"""What stands around an answer and is no part of it: a thinking block before it, a code fence about all of it."""

from __future__ import annotations

import re

_TAGS = r"(?:think|thinking|thought|reasoning)"
_OPEN = re.compile(rf"\s*<({_TAGS})>", re.IGNORECASE)
# Only at the end of a line: in the middle of one, the tag is more likely being talked about.
_ORPHAN = re.compile(rf"</{_TAGS}>(?=[ \t]{{0,8}}(?:\r?\n|\Z))", re.IGNORECASE)
_ANY_OPEN = re.compile(rf"<{_TAGS}>", re.IGNORECASE)

_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_CLOSING_FENCE = re.compile(r"^ {0,3}(?:```|~~~)[ \t\r]{0,8}$", re.MULTILINE)


def strip_thinking(text: str) -> str:
    """The text after the thinking that a reasoning model puts first.

    Thinking that never ends leaves nothing: no answer was written. A closing tag alone counts too, because some chat
    templates put the opening tag into the prompt. A text without thinking comes back unchanged.
    """
    position = 0
    while opening := _OPEN.match(text, position):
        closing = re.compile(f"</{opening[1]}>", re.IGNORECASE).search(text, opening.end())
        if closing is None:
            return ""
        position = closing.end()
    if position == 0 and (orphan := _ORPHAN.search(text)) and not _ANY_OPEN.search(text, 0, orphan.start()):
        position = orphan.end()
    return text[position:].lstrip() if position else text


def answer_end(text: str, start: int) -> int:
    """Where an answer that starts at ``start`` ends: at the closing fence if it stands inside a code fence."""
    fences_before = sum(1 for _ in _FENCE.finditer(text, 0, start))
    end = len(text)
    if fences_before % 2:
        for closing in _CLOSING_FENCE.finditer(text, start):
            end = closing.start()
    return end


_WHOLE_FENCE = re.compile(r"(`{3,}|~{3,})(?:text|markdown|md|prompt)?[ \t]*\n(.*)\n\1", re.DOTALL | re.IGNORECASE)
_QUOTES = {'"': '"', "“": "”", "「": "」", "『": "』", "«": "»"}

_PREFACE = re.compile(
    r"\W{0,8}(?:sure|certainly|of course|absolutely|okay|ok|here (?:are|is|come)|here['’]s"
    r"|below (?:are|is)|i['’]?m sorry|sorry|好的|当然|没问题|以下|下面|这里|抱歉|对不起)(?![a-z])",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"\W{0,8}(?:(?:please )?let me know|(?:i )?hope (?:this|these|that) (?:help|task|example|are|is)"
    r"|(?:these|the above) (?:tasks|examples|instructions|prompts) (?:cover|span|vary|are|should|meet|follow)"
    r"|end of (?:the )?(?:tasks|examples|instructions|prompts|list)"
    r"|feel free|would you like|if you(?:['’]d| would)? (?:like|need|want)"
    r"|如果(?:您|你)?(?:还|需要|有)|希望(?:这|以上|对)|需要我|还需要"
    r"|以上[^。\n]{0,16}(?:任务|示例|例子|指令))",
    re.IGNORECASE,
)


def is_preface(text: str) -> bool:
    """Whether a text is what chat models say before they begin, or instead of it (Sure! Here are …; I'm sorry …).

    Only where it announces something (it ends with a colon) or apologises; the words alone may begin a task.
    """
    found = _PREFACE.match(text)
    if not found:
        return False
    return text.rstrip().endswith((":", "：")) or bool(re.search("sorry|抱歉|对不起", found[0], re.IGNORECASE))


def without_closing(text: str) -> str:
    """The text without a last paragraph in which the model speaks of its answer (Let me know if …)."""
    head, gap, last = text.rstrip().rpartition("\n\n")
    return head.rstrip() if gap and _CLOSING.match(last) and "\n" not in last else text


def unwrapped(text: str) -> str:
    """The text without one plain code fence, or one pair of quotation marks, about all of it."""
    if (fenced := _WHOLE_FENCE.fullmatch(text)) and fenced[1] not in fenced[2]:
        return fenced[2].strip()
    closing = _QUOTES.get(text[:1])
    inner = text[1:-1]
    if closing and text.endswith(closing) and len(text) > 2 and not {text[0], closing} & set(inner):
        return inner.strip()
    return text
