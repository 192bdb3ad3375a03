"""Takes off what a model notes below a prompt about the persona that it wrote the prompt for."""

from __future__ import annotations

import re

from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS
from instructgen.parsing.simplified import simplified

# A note speaks of the prompt itself, and by a label or by the persona shows that it is none of its words.
_PROMPT = (
    r"(?:(?:this|the) (?:user )?(?:prompt|question|request|(?:math(?:s|ematics)? )?problem|task|query)|it)\b"
    r"|(?:该|此|这[个条道]|本|以上)(?:用户|数学)?(?:提示词?|提示语|提问|问题|请求|指令|题目?)"
)
_NOTE_LABEL = (
    r"(?:notes?|explanation|rationale|reason(?:ing|s)?|comment|remark"
    r"|说明|注释?|备注|解释|理由|设计(?:思路|说明|理由)|出题思路)"
)
_NOTE = lazy(
    r"(?:\n\s{0,4}(?:[-*_]{3,9}\s{0,4}\n\s{0,4})?|(?<=[。！？.!?”」])[ \t]{0,3}(?=[（(【]))[*_]{0,3}[（(【\[]?"
    rf"(?P<label>(?:\#{{1,6}} )?{EMPHASIS}{_NOTE_LABEL}{EMPHASIS}(?:{COLON}|】){EMPHASIS}\s{{0,4}}(?:[-•]\s)?)?"
    rf"[*_]{{0,2}}(?P<told>(?:{_PROMPT})[^\n]{{1,400}})\Z",
    re.IGNORECASE,
)
_PERSONA = lazy(r"\b(?:the|this) (?:given |above )?persona\b|人物", re.IGNORECASE)
_OF_ITSELF = lazy(
    r"this (?:user )?prompt (?:is|was|draws|reflects|asks|fits|uses|combines)\b|(?:该|此|这[个条])(?:用户)?提示",
    re.IGNORECASE,
)
_ORDERED = lazy(r"\b(?:should|must|shall|needs? to|has to)\b|必须|应[该当]|不要|请(?!求)", re.IGNORECASE)
_THEIR_OWN = lazy(r"persona|\bprompt|人物|提示", re.IGNORECASE)


def without_note(content: str) -> str:
    """The prompt without a last line that says how it fits the persona; one that speaks of personas itself keeps it."""
    plain = simplified(content)
    note = _NOTE.search(plain)
    if note is None or not re.search(r"\w", plain[: note.start()]):
        return content
    if _THEIR_OWN.search(plain, 0, note.start()) or _ORDERED.search(note["told"]):
        return content
    told = _PERSONA.search(note["told"]) or (note["label"] and _OF_ITSELF.match(note["told"]))
    return content[: note.start()].rstrip() if told else content
