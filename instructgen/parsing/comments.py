"""Finds what a model says below a prompt that it announced: offers, wishes and an account of its changes.

A prompt of a user's own may end with such words (Would you like to use TypeScript?), so they count only where the model
was heard to speak before (Here is the rewritten prompt: …).
"""

from __future__ import annotations

import re

from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS
from instructgen.parsing.simplified import simplified
from instructgen.parsing.wrapping import introduces

_MOST = 5  # comments; a model says hardly more, and each look reads the whole text
_LONGEST_OFFER = 400  # characters of a paragraph
_LONGEST_ACCOUNT = 2000
_TAIL = r"[^\n]{0,160}"

# Sentence by sentence.
_OFFER = lazy(
    rf"(?:(?:please |just |kindly |do |and |or |so )*let me know\b{_TAIL}"
    rf"|(?:please |just )*(?:feel free|don['’]t hesitate|do not hesitate) to"
    rf" (?:ask|reach|let me|contact|(?:adjust|modify|change|customi[sz]e|tweak|adapt|edit)\b){_TAIL}"
    r"|(?:I )?hope (?:this|that|it|you|the)\b"
    r"(?: (?:re-?written|revised|new|evolved|updated|prompt|version|one|find|it|is))*"
    rf" (?:helps?|works?|useful|helpful|like|enjoy|meets?|suits?|fits|what you)\b{_TAIL}"
    rf"|(?:is there|do you need) anything else\b{_TAIL}"
    rf"|would you like me to\b{_TAIL}"
    rf"|if (?:you|there)\b[^\n]{{1,120}}?\b(?:let me know|feel free|(?:happy|glad) to|ask|tell me|reach out)\b{_TAIL}"
    rf"|I(?:['’]m| am)(?: always)? (?:here|happy|glad) to (?:help|assist|answer)\b{_TAIL}"
    r"|happy (?:prompting|writing|rewriting|coding)"
    r"|(?:如果?|若|要是)?(?:您|你)?(?:还)?(?:有|需要?|想要?|要)[^，,\n]{0,16}[，,]\s?(?:请|可以|欢迎|都可以)?"
    r"(?:随时|尽管)?(?:告诉|告知|联系|问|向我|提出)[^\n]{0,24}"
    r"|希望(?:这|以上|能|可以|对)[^\n]{0,30}|(?:请问)?还有(?:什么|其他)[^\n]{0,16}(?:帮|需要)[^\n]{0,12}"
    r"|(?:请|欢迎)?随时(?:告诉|告知|联系|提出)[^\n]{0,20})",
    re.IGNORECASE,
)
_SENTENCE = lazy(r"[^.!?。！？\n]+[.!?。！？]*")
# Where the prompt speaks of a letter, a chat or a text to be edited, its last words may be of that.
_MATERIAL = lazy(
    r"\b(?:letter|e-?mail|mail|message|reply|chat(?:bot)?|dialog(?:ue)?|conversation|script|comma|sentence|phrase|wording"
    r"|grammar|punctuation|spelling|polite\w*|translat\w*|proofread\w*|post|tweet|caption|support|customer|interview)\b"
    r"|邮件|信|短信|消息|通知|回复|对话|聊天|客服|翻译|译成|句|标点|语法|措辞|礼貌|润色|通顺|校对|台词|剧本|机器人|采访",
    re.IGNORECASE,
)
_OPEN_QUOTE = (('"', '"'), ("“", "”"), ("「", "」"), ("『", "』"))

_PROMPT = r"(?:prompt|question|problem|instruction|task|version|revision|rewrite|re-?wording|re-?phrasing|one)"
_OLD_OR_NEW = r"(?:re-?written|re-?worded|re-?phrased|revised|evolved|modified|updated|new|enhanced|refined|improved)"
_DID = (
    r"(?:added|introduced|increased|replaced|made|included|incorporated|rewritten|rewrote|rephrased|modified|changed"
    r"|revised|expanded|kept|simplified|reduced|adjusted|deepened|raised|specified|required)"
)
_DOES = (
    r"(?:(?:now|also|still|further|clearly) )*(?:adds?|requires?|asks?|increases?|introduces?|makes?|keeps?|maintains?"
    r"|includes?|involves|demands|combines|challenges|retains|preserves|encourages|pushes|deepens|expands|builds|aims)"
)
# One line of its own.
_ACCOUNT = lazy(
    r"[(（*_\s]{0,6}(?:(?:note|explanation)[:：]\s?)?"
    rf"(?:(?:this|the) (?:{_OLD_OR_NEW} )?{_PROMPT} {_DOES}\b[^\n]{{0,400}}"
    rf"|in (?:this|the) (?:{_OLD_OR_NEW} )?{_PROMPT}, I(?:['’]ve| have)? [^\n]{{0,400}}"
    rf"|I(?:['’]ve| have)?(?: also| only| just)? {_DID}\b[^\n]{{0,400}}"
    r"|(?:这个?|该|此|上述|本次|这样的?)(?:改写|版本|提示词?|修改)[^\n]{0,200}"
    r"|在(?:这个|该|此)(?:版本|改写|提示词?)[中里][^\n]{0,200}"
    r"|我(?:还|又|只|已经?|将|把|在|对)?[^。\n]{0,12}?(?:增加|添加|加入|修改|改写|替换|调整|提高|加大|加深|细化)了?[^\n]{0,200})",
    re.IGNORECASE,
)
_CHANGES = (
    r"(?:changes|modifications|adjustments|additions|explanations?|rationale|reasoning|notes?"
    r"|what (?:has |was |I )?changed)"
)
# A list or a paragraph below a heading of its own.
_HEADED = lazy(
    rf"\n\s{{0,8}}(?:[-*_]{{3,8}}[ \t\r]{{0,4}}\n\s{{0,8}})?(?P<heading>\#{{1,6}} )?{EMPHASIS}"
    r"(?:(?:here(?: are|['’]s| is) )?(?:a )?(?:(?:brief |short )?(?:summary|list|breakdown|explanation) of )?"
    rf"(?:the |my )?(?:(?:key|main|specific) )?{_CHANGES}(?: (?:that )?I(?:['’]ve| have)? made| made)?"
    r"|here(?: is|['’]s) (?:why|how|what) [^\n:：]{1,80}"
    r"|说明|解释|备注|变化|(?:改写|修改|改动|变动|调整)(?:的)?(?:说明|思路|理由|之处|内容|点)?)"
    rf"{EMPHASIS}(?:{COLON}|(?:(?<=[*_]{{2}})|(?(heading)|(?!)))[ \t\r]{{0,4}}(?=\n)){EMPHASIS}",
    re.IGNORECASE,
)
_SAID_OF_IT = lazy(
    rf"\bI(?:['’]ve| have)?\b[^.\n]{{0,40}}{_DID}|^\W{{0,8}}(?:\d{{1,2}}[.)] ?)?\W{{0,3}}{_DID}\b"
    r"|\b(?:prompt|constraint|requirement|complex|difficult|reasoning step|harder|challenging|original)"
    r"|提示|约束|限制|要求|条件|难度|步骤|复杂|深度|原题",
    re.IGNORECASE | re.MULTILINE,
)
_DATA = lazy(r"```|~~~|^\s*\|", re.MULTILINE)
# Where the prompt itself is about changes or prompts, nothing of all this is certain.
_OF_THE_SAME = lazy(
    r"rewrit|rephras|reword|revis|prompt|\bchange|changelog|release|version|改写|重写|提示|改动|更新|版本",
    re.IGNORECASE,
)
_RULE_FIRST = lazy(r"[ \t]{0,3}(?:-{3,20}|\*{3,20}|_{3,20})[ \t\r]{0,4}\n\s*")
_RULE_LAST = lazy(r"\s*\n[ \t]{0,3}(?:-{3,20}|\*{3,20}|_{3,20})\s*\Z")


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
    if kept == prompt:
        return prompt
    opened, closed = _RULE_FIRST.match(kept), _RULE_LAST.search(kept)
    if opened and not closed:  # its other half went with the comment
        return kept[opened.end() :]
    return kept[: closed.start()] if closed and not opened else kept


def _end(plain: str) -> int | None:
    """Where the last comment begins, if the text ends with one."""
    if (heading := _heading(plain)) is not None:
        return heading
    head, gap, last = plain.rpartition("\n\n")
    if not gap or not head.strip() or "\n" in last.strip() or introduces(head):
        return None
    offer = _is_offer(last) and not _may_be_material(head)
    account = bool(_ACCOUNT.fullmatch(last.strip())) and not _OF_THE_SAME.search(head)
    return len(head) if offer or account else None


def _heading(plain: str) -> int | None:
    """Where an account of the changes begins that has a heading, and nothing behind it."""
    headings = list(_HEADED.finditer(plain))
    if not headings:
        return None
    before, told = plain[: headings[-1].start()].rstrip(), plain[headings[-1].end() :].strip()
    if not before or introduces(before) or not 0 < len(told) <= _LONGEST_ACCOUNT or _DATA.search(told):
        return None
    said = _SAID_OF_IT.search(told) or _ACCOUNT.match(told)
    return len(before) if said and not _OF_THE_SAME.search(before) else None


def _is_offer(paragraph: str) -> bool:
    """Whether each sentence of a paragraph is one."""
    if len(paragraph) > _LONGEST_OFFER:
        return False
    sentences = [re.sub(r"^\W+|\W+$", "", one) for one in _SENTENCE.findall(paragraph)]
    said = [one for one in sentences if one]
    return bool(said) and all(_OFFER.fullmatch(one) for one in said)


def _may_be_material(head: str) -> bool:
    # The heading of an account of changes ends with a colon, too; it is looked at when the offer below it is gone.
    headings = list(_HEADED.finditer(head))
    prompt = head[: headings[-1].start()] if headings else head
    return any(
        prompt.count(mark) > prompt.count(end) or (mark == end and prompt.count(mark) % 2) for mark, end in _OPEN_QUOTE
    ) or bool(re.search(r"[:：][*_ \t\r]{0,4}\n", prompt) or _MATERIAL.search(prompt))
