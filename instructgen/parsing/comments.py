"""Finds what a model says below a prompt that it announced: an offer without content, an account of its rewriting.

A prompt of a user's own may end with such words (Would you like to use TypeScript?), so they count only where the model
was heard to speak before (Here is the rewritten prompt: …), and then only what says nothing that a prompt could need.
"""

from __future__ import annotations

import re

from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS
from instructgen.parsing.rewording import LAST_RULE, MATERIAL
from instructgen.parsing.simplified import simplified
from instructgen.parsing.wrapping import introduces

_MOST = 3  # comments; a model says hardly more
_LONGEST = 1500  # characters

_FURTHER = r"(?:any |some |other |more |further |additional |specific )+"
_CHANGES = r"(?:changes|adjustments|modifications|revisions|edits|help|assistance|clarifications?|questions|concerns)"
_NEED = rf"(?:(?:have|need|want) (?:{_FURTHER}{_CHANGES}(?: or (?:need )?(?:{_FURTHER})?\w+){{0,2}}|anything else))"
# Sentence by sentence.
_OFFER = lazy(
    r"(?:(?:please |just )*let me know(?: if"
    rf" (?:you(?:['’]d| would)? (?:{_NEED}|like (?:me to make )?(?:any |it |this |further |more )+(?:{_CHANGES}|\w+er))"
    r"|(?:this|it|that) (?:works|helps|suits you|is what you (?:need|want|had in mind|were looking for))(?: for you)?"
    r"|there(?: is|['’]s) anything else I can (?:help|assist|do)(?: you)?(?: with)?))?"
    rf"|(?:please )?feel free to (?:ask(?: if you {_NEED})?|reach out"
    r"|(?:adjust|modify|change|tweak|adapt|customi[sz]e) (?:it|(?:any part of )?the (?:re-?written |revised )?prompt)"
    r"(?: further)?(?: as needed| to (?:better )?(?:suit|fit) your [\w ]{1,30})?)"
    r"|(?:I )?hope (?:this|that|it)(?: (?:re-?written |revised |new )?(?:prompt|version))?"
    r" (?:helps(?: you)?|works(?: for you)?|is (?:helpful|useful)|meets your (?:needs|requirements|expectations))"
    r"|is there anything else I can (?:help|assist)(?: you)?(?: with)?(?: today)?"
    r"|would you like me to (?:make (?:it|this|the prompt)|(?:adjust|modify|revise|rewrite) (?:it|this|the prompt)"
    r"|create another|provide another)\b[^.!?\n]{0,60}"
    rf"|if you {_NEED},? (?:please )?(?:feel free to ask|let me know|just ask|don['’]t hesitate to ask)"
    r"|(?:如果?|若)?(?:您|你)?(?:还)?有(?:任何|其他|什么|别的)?(?:其他|更多)?(?:的)?(?:问题|疑问|需要|需求|修改意见)(?:的话)?"
    r"[，,]\s?(?:请|欢迎)(?:随时)?(?:告诉我|告知我?|联系我|提出)"
    r"|希望(?:这个?|以上)(?:改写|提示词?|版本)?(?:能够?|可以)?(?:对(?:您|你)有所?帮助|符合(?:您|你)的(?:要求|需求))"
    r"|(?:请问)?还有(?:什么|其他)我?(?:可以|能)帮(?:您|你)的)[吗呢]?",
    re.IGNORECASE,
)
_SENTENCE = lazy(r"[^.!?。！？\n]+[.!?。！？]*")
_MATERIAL = lazy(rf"[:：][*_ \t\r]{{0,4}}\n|{MATERIAL}", re.IGNORECASE)
_QUOTES = (("“", "”"), ("「", "」"), ("『", "』"))

_AGAIN = r"(?:re-?written|re-?worded|re-?phrased|revised|evolved)"
_DEMANDS = r"(?:constraints?|requirements?|complexity|difficulty|reasoning steps?|depth)"
_DID = (
    r"(?:added|introduced|increased|replaced|included|incorporated|rewrote|rephrased|modified|changed|revised|expanded"
    r"|kept|made|deepened|raised|required|asked)"
)
_DOES = (
    r"(?:(?:now|also|still|further) )*"
    r"(?:adds?|requires?|asks?|increases?|introduces?|makes?|keeps?|maintains?|includes?)"
)
# It names the prompt that it made or was given.
_ACCOUNT = lazy(
    r"[(（*_\s]{0,6}"
    rf"(?:(?:this|the) (?:{_AGAIN} (?:prompt|version|question|instruction)|revision|re-?wording) {_DOES}\b"
    rf"|in (?:this|the) {_AGAIN} (?:prompt|version), I(?:['’]ve| have) {_DID}\b"
    rf"|this version {_DOES} (?=[^\n]{{0,40}}{_DEMANDS})"
    rf"|in this version, I(?:['’]ve| have) {_DID} (?=[^\n]{{0,60}}{_DEMANDS})"
    rf"|I(?:['’]ve| have) {_DID} (?=[^\n]{{0,80}}\bthe (?:original |given )?prompt\b)"
    r"|(?:这个|此次?|本次|以上)改写|改写后的(?:提示词|指令)|在(?:这个|该)(?:版本|改写)[中里][，,]?我(?:增加|添加|加入)"
    r"|我(?:增加|添加|加入|修改|提高)了(?=[^\n]{0,40}(?:提示词|原题)))[^\n]{0,400}",
    re.IGNORECASE,
)
# A list below a heading of its own.
_HEADED = lazy(
    rf"\n\s{{0,8}}(?P<heading>\#{{1,6}} )?{EMPHASIS}(?:(?:here(?: are|['’]s| is) )?(?:a )?(?:(?:summary|list|breakdown"
    r"|explanation) of )?(?:the )?(?:(?:key|main) )?(?:changes|modifications|adjustments)"
    r"(?: (?:that )?I(?:['’]ve| have)? made| made)?|here(?: is|['’]s) why (?:this|it) is (?:more|harder)[^\n:：]{0,40}"
    r"|(?:改写|修改|改动)(?:说明|思路|之处|内容|点))"
    rf"{EMPHASIS}(?:{COLON}|(?:(?<=[*_]{{2}})|(?(heading)|(?!)))[ \t\r]{{0,4}}(?=\n)){EMPHASIS}",
    re.IGNORECASE,
)
_ITEM = lazy(
    rf"\W{{0,8}}(?:\d{{1,2}}[.)] ?)?\W{{0,3}}(?:I(?:['’]ve| have)? )?(?:{_DID}|It adds?)\b"
    r"|\W{0,8}(?:\d{1,2}[.、])?\W{0,3}(?:增加|添加|加入|修改|提高|改写)了",
    re.IGNORECASE,
)
_OF_A_PROMPT = lazy(
    rf"\bprompt\b|\b{_DEMANDS}\b|\bharder\b|more complex|提示|约束|限制|难度|步骤|复杂|原题", re.IGNORECASE
)
# Where the prompt itself is about changes or prompts, nothing of all this is certain.
_OF_THE_SAME = lazy(
    r"rewrit|rephras|reword|revis|prompt|\bchang|commit|\bdiff\b|release|version|update|memo|announce|newsletter|polic"
    r"|\bnotes?\b|改写|重写|提示|改动|修改|更新|版本|公告|说明",
    re.IGNORECASE,
)
_RULE_FIRST = lazy(r"[ \t]{0,3}(?:-{3,20}|\*{3,20}|_{3,20})[ \t\r]{0,4}\n")


def without_comments(prompt: str) -> str:
    """The text without its last paragraphs in which a model offers more, or says what it changed.

    Only for a text that the model announced. What a colon introduces stays, and what may belong to a letter, a dialogue
    or a quotation in the prompt.
    """
    kept = prompt
    for _ in range(_MOST):
        if (end := _end(simplified(kept))) is None:
            break
        kept = kept[:end].rstrip()
    # One of a pair of rules around the prompt stays for the other.
    return kept if kept == prompt or _RULE_FIRST.match(kept) else LAST_RULE.sub("", kept)


def _end(plain: str) -> int | None:
    """Where the last comment begins, if the text ends with one."""
    if (heading := _heading(plain)) is not None:
        return heading
    head, gap, last = plain.rpartition("\n\n")
    if not gap or not head.strip() or len(last) > _LONGEST or "\n" in last.strip() or introduces(head):
        return None
    if _may_be_material(head):
        return None
    account = bool(_ACCOUNT.fullmatch(last.strip())) and not _OF_THE_SAME.search(head)
    return len(head) if account or _is_offer(last) else None


def _heading(plain: str) -> int | None:
    """Where a list of the changes begins that has a heading, and nothing behind it."""
    start = max(0, len(plain) - _LONGEST)
    headings = list(_HEADED.finditer(plain, start))
    if not headings:
        return None
    before, told = plain[: headings[-1].start()].rstrip(), plain[headings[-1].end() :].strip()
    if not before or introduces(before) or _may_be_material(before) or _OF_THE_SAME.search(before):
        return None
    items = [line for line in told.split("\n") if line.strip()]
    listed = bool(items) and all(map(_ITEM.match, items)) and _OF_A_PROMPT.search(told)
    return len(before) if listed else None


def _is_offer(paragraph: str) -> bool:
    """Whether each sentence of a paragraph is one."""
    sentences = [re.sub(r"^\W+|\W+$", "", one) for one in _SENTENCE.findall(paragraph[:400])]
    said = [one for one in sentences if one]
    return bool(said) and len(paragraph) <= 400 and all(_OFFER.fullmatch(one) for one in said)


def _may_be_material(head: str) -> bool:
    headings = list(_HEADED.finditer(head, max(0, len(head) - _LONGEST)))
    prompt = head[: headings[-1].start()] if headings else head  # the colon of such a heading introduces no material
    quoting = prompt.count('"') % 2 == 1 or any(prompt.count(mark) > prompt.count(end) for mark, end in _QUOTES)
    return quoting or bool(_MATERIAL.search(prompt))
