"""Finds what a model says below a prompt that it rewrote: an offer, an explanation.

Only what cannot well be part of a prompt is found. "Note: use Python 3." may end one; where the words leave room for
doubt, the text stays as it is. Where the model announced the prompt, ``comments`` finds more.
"""

from __future__ import annotations

import re

from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS, SPACE
from instructgen.parsing.rewording import DEMANDS, LABEL_END, LAST_RULE, MATERIAL, NAMED, OF_THE_SAME, PROMPT, REWORDED
from instructgen.parsing.simplified import simplified
from instructgen.parsing.wrapping import introduces, without_closing

# Of a letter in the prompt, "let me know if you need more changes" may be the end; of a prompt it speaks for itself.
_OF_A_PROMPT = lazy(r"prompt|version|variation|instruction|harder|easier|rewrit|提示|版本|指令", re.IGNORECASE)
_MATERIAL = lazy(rf"[:：][*_ \t\r]{{0,4}}\n|[“「『\"]|{MATERIAL}", re.IGNORECASE)
# In an answer these may end a letter.
_ANY_CHANGE = lazy(
    r"\W{0,8}(?:(?:please |just |feel free to ){0,2}let me know if you(?:['’]d| would)? (?:need|like|want)"
    r" (?:any |some )?(?:changes|adjustments|modifications|revisions|edits)(?: made)?"
    r"|(?:如果|若|如)(?:您|你)?(?:还)?(?:需要?|想要?|要)(?:任何)?(?:修改|调整|改写|优化|润色)(?:的话)?[，,]\s?"
    r"(?:请|可以|欢迎)?(?:随时)?(?:告诉|告知)我?)\W{0,4}",
    re.IGNORECASE,
)


def without_remark(body: str) -> str:
    """The text without a last paragraph that offers more (``Let me know if you want it harder``)."""
    kept = without_closing(body)
    head, _, last = kept.rpartition("\n\n")
    if head.strip() and _ANY_CHANGE.fullmatch(simplified(last)) and not introduces(head):
        kept = head.rstrip()
    if kept.startswith("```") and kept.endswith("```"):
        return kept
    of_a_prompt = _OF_A_PROMPT.search(simplified(body), len(kept))
    if kept == body or (not of_a_prompt and _MATERIAL.search(simplified(kept))):
        return body
    return LAST_RULE.sub("", kept)


_LABEL = (
    r"(?:explanations?|rationale|reasoning|notes?|(?:(?:key|main|summary of(?: the)?) )?(?:changes|modifications)"
    r"(?: made)?|what (?:has |was )?changed|explanation of (?:the )?changes"
    r"|说明|解释|注释?|备注|注意|理由|变化|(?:改写|修改|改动|变动|调整)(?:的)?(?:说明|思路|理由|之处|内容|点)?)"
)
_LINE_END = r"[ \t\r]{0,4}(?=\n)"
_EXPLANATION = lazy(
    rf"\n\s{{0,8}}(?:[-*_]{{3,8}}[ \t\r]{{0,4}}\n\s{{0,8}})?{EMPHASIS}[(（\[]?(?P<heading>\#{{1,6}}{SPACE}{{1,3}})?"
    rf"(?:{EMPHASIS}{_LABEL}{LABEL_END}|【{_LABEL}】{COLON}?|[*_]{{2}}{_LABEL}[*_]{{2}}{_LINE_END}"
    rf"|(?(heading){_LABEL}{_LINE_END}|(?!)))",
    re.IGNORECASE,
)
_DID = (
    r"(?:added|introduced|increased|replaced|made|included|incorporated|rewritten|rewrote|rephrased|modified|changed"
    r"|revised|expanded|kept|simplified|reduced|adjusted|deepened|raised|specified|required)"
)
_DOES = (
    r"(?:now |also |still )?(?:adds?|requires?|asks?|increases?|introduces?|makes?|keeps?|maintains?|includes?|involves"
    r"|demands|combines|challenges|added|required|became)"
)
_I_DID = rf"\bI(?:['’]ve| have)?(?: also| only| just)? {_DID}\b[^.\n]{{0,160}}?"
# A prompt is spoken of, and as what was made.
_OF_THE_REWRITING = lazy(
    rf"{_I_DID}\b(?:the|this|your|original|given|rewritten) (?:original |given )?prompt\b"
    rf"|\b(?:this|the) {REWORDED} {PROMPT} {_DOES}\b"
    r"|\b(?:compared (?:to|with)|(?:harder|easier|simpler|complex|difficult|challenging|specific) than) the"
    r" (?:original|given) prompt\b"
    r"|\b(?:rais|increas|reduc|lower)(?:es|ed|ing) the (?:complexity|difficulty|depth) of the (?:original |given )?"
    rf"{PROMPT}\b"
    r"|(?:改写|修改|重写)之?后的(?:提示词?|问题|题目|指令)(?:增加|加入|添加|要求|提高|更|包含|保留|引入)"
    r"|(?:在|相比|比|与|和)(?:于)?原(?:来的|始)?(?:提示词?|指令)(?:的?基础上|相比|更|，)"
    r"|(?:提高|增加|加大|降低|提升)了?(?:原?题目|原?问题|原?题|提示词?|指令)的?(?:难度|复杂度|复杂性|深度)",
    re.IGNORECASE,
)
_ADDED = "(?:增加|添加|加入|加上|新增|补充|提高|加大|加深|降低|细化|深化|引入)"
# A user may say this of things of their own, or list changes that are to be written about.
_OF_A_CHANGE = lazy(
    rf"{_I_DID}(?:\b{DEMANDS}\b|\b(?:original|given|rewritten|new) {NAMED}\b"
    r"|\b(?:to make|making) (?:it|this|the (?:question|instruction|task)) (?:\w+ )?"
    r"(?:more|less|harder|easier|simpler)\b)"
    rf"|^\W{{0,8}}(?:\d{{1,2}}[.)、]\s?)?\W{{0,3}}{_DID}\b[^.\n]{{0,120}}?\b{DEMANDS}\b"
    rf"|\b(?:this|the) (?:new|updated|harder|easier|simpler) {PROMPT} {_DOES}\b"
    r"|\b(?:this|the) (?:(?:rewritten|revised|new) )?version (?:now )?(?:adds|introduces|increases|raises)\b"
    rf"|\b(?:compared (?:to|with)|(?:more \w{{1,16}}|harder|easier|simpler) than) the (?:original|given)"
    rf"(?: {NAMED}\b|[,.])"
    # 注意：增加一个条件 is an order.
    rf"|(?:^\W{{0,8}}(?:\d{{1,2}}[.)、]\s?)?{_ADDED}了|我(?:已|还|又|只)?(?:经)?{_ADDED}了?)[^。\n]{{0,60}}?"
    r"(?:约束|限制|要求|条件|难度|步骤|复杂|深度)"
    r"|我(?:已|还|又|只)?(?:经)?(?:修改|改写|替换|调整|简化|把|将|对|在)了?[^。\n]{0,60}?"
    r"(?:提示词?|原[题文]|题目|题干|指令)|(?:在|相比|比|与|和)于?原(?:来的|始)?(?:问题|题目?)(?:的?基础上|相比|更|，)",
    re.IGNORECASE | re.MULTILINE,
)
_ABOUT_CHANGES = lazy(
    r"\b(?:explanation|justif\w+|notes?|changed|changelog|(?:the|these|list of|log of|what) changes"
    r"|modif\w+|releas\w+|commit\w*|updat\w+|versions?|compar\w+)\b"
    r"|备注|注释|改动|变动|修改|更新|版本|比较",
    re.IGNORECASE,
)
_OF_THEIR_OWN = lazy(
    r"\b(?:my|our|i|we|below|following|above|these|code|script|program|function|class|schema|table|database|sql|repo\w*"
    r"|project|app)\b|```|我|下面|以下|上面|下列|如下|这些|上述|代码|程序|函数|数据库|项目",
    re.IGNORECASE,
)
# Of things of their own, users do not say that.
_HARDER = lazy(r"complex|difficult|harder|easier|simpler|challeng|reasoning|难|复杂|简单|深度", re.IGNORECASE)
_LONGEST = 2000

# These say by their first words of what they speak.
_REWRITING_LABEL = lazy("改写的?(?:说明|思路|理由|之处|点)")
_UNLABELLED = lazy(
    r"(?:(?:这样|如此|此次|本次|这次|以上)的?改写|(?:改写|重写)之?后的?(?:提示词|指令|问题|题目))[就后，,]?"
    r"(?:不仅|既|更|还|在|增加|加入|添加|要求|提高|包含|保留|引入|使|让|通过|加大|提升)[^\n]{0,300}"
    r"|[（(]\s?(?:共|比原[^）)\n]{0,8})?(?:新增|增加了|加了|共增加)\s?\d{1,3}\s?个?(?:词语?|字符?|单词|汉字)[^）)\n]{0,20}[）)][。.]?"
    r"|[(]\s?(?:added|adds|adding) \d{1,3} (?:more |new )?words?(?: (?:to|in) [^)\n]{1,30})?[.]?[)][.]?"
    r"|[*_]{0,3}[(]\s?(?:words? added|added words?)[:：]\s?\d{1,3}[.]?[)][.]?[*_]{0,3}"
    rf"|[（(]\s?(?:本题|这里|已|共)?{_ADDED}了[^（）()\n]{{0,60}}?(?:约束|限制|要求|条件|难度|步骤|复杂|深度)[^（）()\n]{{0,16}}[）)][。.]?"
    rf"|(?:this|the) {REWORDED} (?:{PROMPT}|version) {_DOES}\b[^\n]{{0,300}}"
    rf"|this (?:new )?prompt {_DOES}\b[^\n]{{0,300}}",
    re.IGNORECASE,
)
# A user may speak so of a release.
_OF_A_VERSION = lazy(
    rf"this (?:(?:new|harder|easier|simpler) )?version {_DOES}\b[^\n]{{0,60}}?(?:\b{DEMANDS}\b"
    r"|\b(?:readers?|solvers?|respondents?|learners?|students?|models?|users?|AI) to\b)[^\n]{0,240}",
    re.IGNORECASE,
)
_COUNT = lazy(
    r"\n[ \t]{0,4}([（(]\s?(?:共(?:新增|增加)了?|增加了|加了)\s?\d{1,3}\s?个?(?:词语?|字符?|单词|汉字)[）)][。.]?)\s*\Z"
)


def without_explanation(body: str) -> str:
    """The text without a last paragraph in which the model speaks of its rewriting (``Explanation: I added …``).

    It has a label, or is one line whose first words say that it is one (这样改写增加了…).
    """
    plain = simplified(body)
    if (end := _unlabelled(plain)) is not None:
        return LAST_RULE.sub("", body[:end].rstrip())
    labels = list(_EXPLANATION.finditer(plain))
    if not labels:
        return body
    before, told = plain[: labels[-1].start()].rstrip(), plain[labels[-1].end() :].strip()
    if not before or introduces(before) or len(told) > _LONGEST or not _one_paragraph(told):
        return body
    certain = bool(_OF_THE_REWRITING.search(told) or (told and _REWRITING_LABEL.search(labels[-1][0])))
    if not certain and _OF_A_CHANGE.search(told) and not _ABOUT_CHANGES.search(before):
        certain = bool(_HARDER.search(told)) or not _OF_THEIR_OWN.search(before)
    return body[: len(before)] if certain and not OF_THE_SAME.search(before) else body


def _unlabelled(plain: str) -> int | None:
    """Where a last line begins whose first words say that it is about the rewriting."""
    head, gap, last = plain.rpartition("\n\n")
    found = bool(gap) and bool(
        _UNLABELLED.fullmatch(last.strip())
        or (
            _OF_A_VERSION.fullmatch(last.strip()) and not _ABOUT_CHANGES.search(head) and not _OF_THEIR_OWN.search(head)
        )
    )
    if not found and (count := _COUNT.search(plain, max(0, len(plain) - 80))):
        found, head = True, plain[: count.start()]
    return len(head) if found and head.strip() and not introduces(head) and not OF_THE_SAME.search(head) else None


def _one_paragraph(text: str) -> bool:
    """Whether no other text follows, and no data stands in it: one paragraph, or one list."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text)]
    listed = all(re.match(r"[-*+•]\s|\d{1,2}[.)、]", part) for part in parts[1:])
    return listed and not re.search(r"```|~~~|^\s*\|", text, re.MULTILINE)
