"""Finds what a model says of a prompt that it rewrote: the announcement before it, the explanation after it.

Only what cannot well be part of a prompt is found. "Here is a list of words:" may begin one, and "Note: use Python 3."
may end one; where the words leave room for doubt, the text stays as it is.
"""

from __future__ import annotations

import re

from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS, SPACE
from instructgen.parsing.simplified import simplified
from instructgen.parsing.wrapping import introduces, without_closing

_NAMED = r"(?:prompt|question|problem|instruction|task|query|request)"
_PROMPT = r"(?:prompt|question|problem|instruction)"
_REWORDED = r"(?:re-?written|re-?worded|re-?phrased|revised|evolved|modified)"
_CHANGED = (
    rf"(?:{_REWORDED}|updated|created|improved|enhanced|refined|adapted|upgraded|simplified|new|better|alternative|final"
    r"|harder|easier|simpler|tougher|trickier|(?:more|less) [\w-]{3,20}(?:(?:,| and) (?:more )?[\w-]{3,20}){0,2})"
)
_HERE = r"(?:here(?: is|['’]s| are)|below is|this is|the following is|以下|下面|这里|这|如下)"
_END = rf"{EMPHASIS}{SPACE}{{0,2}}{COLON}(?:[#＃](?=[*_]{{0,3}}\s))?{EMPHASIS}"
_LINE_FOLLOWS = r"(?=[*_]{0,3}\s{0,2}[:：][*_]{0,3}[ \t\r]{0,4}\n)"

_EAGER = lazy(
    r"\W{0,8}(?:(?P<mild>okay|ok|alright|great|perfect|excellent|understood|got it|好|可以)"
    r"|sure(?: thing)?|certainly|of course|absolutely|no problem"
    r"|好的|当然(?:可以)?|没(?:有)?问题|收到|明白了?)"
    r"\W{0,4}(?:[!.,，。！\n—–-]|\s)\s{0,4}"
    r"(?:I(?:['’]d| would) be (?:happy|glad) to (?:help|assist)(?: you)?(?: with (?:this|that))?[.!]\s{1,4})?",
    re.IGNORECASE,
)
# Behind an eager word it is enough that a prompt is spoken of, and not as one's own, nor of two of them. An "Okay, here
# is the problem:" is as likely a user's.
_EAGERLY_TOLD = lazy(
    rf"{EMPHASIS}{_HERE}(?!{SPACE}{{0,2}}(?:(?:my|our|two|three|four|five|some|several|both)\b|里?是?我们?的"
    r"|里?[有是]?[^:：。，,\n]{0,12}?[两二三四五几些]))"
    rf"[^.!?:：。！？\n]{{0,60}}?(?:\b(?:{_NAMED}|version|one|something|it|you go)\b"
    rf"|提示|问题|(?<![标主话课议专])题|指令|版本|改写|说法)[^.!?:：。！？\n]{{0,60}}?{_END}",
    re.IGNORECASE,
)
_TOLD_IN_ENGLISH = (
    r"here (?:is it|it is|you go|goes)"
    rf"|{_HERE} (?:(?:a|an|the|your|one) )?(?:\w{{1,12}} ){{0,2}}?{_CHANGED} (?:\w{{1,20}} ){{0,2}}?"
    rf"(?:{_PROMPT}|version|rewrite|variant|one)\b(?! of (?!(?:\w{{1,12}} ){{0,3}}{_NAMED}\b))"
    r"(?:,? (?:of|that|which|with|for|in|using|based|designed|as)\b(?:(?!\b(?:my|our|we|us|I)\b)[^.!?:：\n]){0,80}?)?"
    rf"|(?:the |your )?{_REWORDED} {_PROMPT}(?: is)?(?: as follows)?"
    rf"|I(?:['’]ve| have)? (?:re-?written|rewrote|revised|evolved) the (?:given |original )?prompt[^.!?:：\n]{{0,40}}?"
)
_WAS_CHANGED = r"(?:更新|优化|改写|改编|修改|重写|改进|调整|升级|简化|进化|新建|创建)(?:过|成|好)?(?:之?后的?|的)"
_TOLD_IN_CHINESE = (
    r"(?:(?:根据|按照?|依)(?:您|你)的?(?:要求|需求|请求|指示)[，,]\s?)?(?:"
    r"(?:以下|下面|这|这里)就?[是为](?:一[个道份条种])?我?(?:为(?:您|你))?"
    rf"(?:全?新的?|{_WAS_CHANGED}|更(?:难|复杂|简单|容易|具挑战性?)的|难度更[高低大小]的)"
    r"(?:数学|编程)?(?:提示词?|提示语|问题|题目|题|指令|任务|版本|说法)"
    r"|(?:以下|下面|这|这里)就?[是为]一[个条](?:人们|用户|有人)?可能会?(?:提出|问到?|遇到)?的(?:问题|请求|要求|提问)"
    r"|(?:改写|修改|重写|优化)之?后的?(?:提示词?|提示语|问题|题目|指令|任务)(?:如下|[是为])?"
    r"|全?新的?(?:数学|编程)?(?:提示词|题目|题|任务|指令)如下"
    rf"|(?:改写|重写)之?后的版本(?:如下|[是为])?{_LINE_FOLLOWS}"
    rf"|(?:我?已经?)?(?:为(?:您|你))?(?:已经?)?(?:改写|重写)如下{_LINE_FOLLOWS}"
    r"|我(?:已经?|会)?[将把](?:这个|该|原|您的|你的|给定的?|原始的?)?(?:提示词?|指令)(?:稍微|重新|进一步)?"
    r"(?:改写|重写|修改|调整|优化)(?:成|为)?如下)"
)
# On a line of its own above the prompt; on the prompt's line a user may say so of a prompt of their own.
_THE_PROMPT = r"the (?:given |original )?prompt"
_AGAIN = (
    r"(?:re-?written|re-?worded|re-?phrased|re-?worked|re-?formulated|paraphrased|revised|corrected|edited|evolved|modified"
    r"|transformed|expanded|polished)"
)
_BEFORE = (
    r"(?:what an? (?:[a-z]+ ){1,2}?prompt[.!]\s{1,4}"
    r"|I(?:['’]d| would) be (?:happy|glad) to (?:help|assist)(?: you)?(?: with (?:this|that))?[.!]\s{1,4}"
    rf"|I(?:['’]ve| have) added [^.!?\n]{{0,60}}\bto {_THE_PROMPT}[.!]\s{{1,4}}|based on your request, )?"
)
_WORDS = r"(?:[\w-]{1,20} ){0,3}?"
_WITH = (
    r"(?:,? (?:that|which|with|to be|to include)\b"
    r"(?:(?!\b(?:my|our|we|us|I|you|your|was|were|had)\b)[^.!?:：\n]){0,80}?)?"
)
_HERE_IS = (
    rf"here(?: is|['’]s) (?:(?:an?|the|your|one) {_WORDS}(?:{_AGAIN}|{_CHANGED}) {_WORDS}"
    rf"(?:prompt|version of {_THE_PROMPT}){_WITH}"
    rf"|(?:an?|one) (?:{_CHANGED} )?version of {_THE_PROMPT}{_WITH}|an? {_CHANGED} version"
    rf"|{_THE_PROMPT},? {_AGAIN}{_WITH}"
    rf"|{_THE_PROMPT},? with (?:(?:an?|one|more|some) )?(?:added|additional|extra|further|increased)"
    r" [^.!?:：\n]{1,60}?"
    rf"|(?:one|another|a possible) way to (?:re-?write|re-?phrase|revise) {_THE_PROMPT}{_WITH}|it is)|here it is"
)
_IS_IT = (
    rf"(?:the |your )?{_AGAIN}(?: and {_AGAIN})? prompt(?: with [^.!?:：\n]{{1,60}}?)?(?: is)?(?: as follows)?"
    rf"|{_THE_PROMPT} (?:could|can|might) be {_AGAIN} as follows"
    rf"|I(?:['’]ve| have) {_AGAIN} {_THE_PROMPT}(?: below| as follows)"
)
_IN_CHINESE = (
    r"(?:以下|下面)是(?:根据|按照?)(?:您|你)的(?:要求|需求)(?:改写|重写|修改|优化)后?的(?:提示词|指令)"
    r"|(?:以下|下面)是(?:改写|重写|修改|优化)之?后的(?:提示词|指令)[，,](?:增加|添加|加入)了[^：:\n]{1,30}"
)
_TOLD_ABOVE = lazy(
    rf"\W{{0,8}}{_BEFORE}(?:{_HERE_IS}|{_IS_IT}|{_IN_CHINESE}){_LINE_FOLLOWS}{_END}",
    re.IGNORECASE,
)
_TOLD = lazy(rf"\W{{0,8}}(?:{_TOLD_IN_ENGLISH}|{_TOLD_IN_CHINESE}){_END}", re.IGNORECASE)
_DEMANDS = r"(?:constraints?|requirements?(?!\.\w)|complexity|difficulty|reasoning steps?|steps? of reasoning)"
# So may one of two begin that are to be compared.
_MAYBE_TOLD = lazy(
    rf"\W{{0,8}}(?:(?:here(?: is|['’]s)|below is|this is) (?:(?:an?|one|the) (?:\w{{1,12}} ){{0,2}}?"
    r"(?:rewrite|rewording|rephrasing|reformulation)"
    rf"|(?:an?|one) version (?:with|that)\b(?:(?!\b(?:my|our|we|us|I)\b)[^.!?:：\n]){{0,80}}?\b{_DEMANDS}"
    r"[^.!?:：\n]{0,40}?)"
    r"|(?:(?:根据|按照?|依)(?:您|你)的?(?:要求|需求)[，,]\s?)?(?:(?:以下|下面|这)就?是我?(?:为(?:您|你))?(?:的?(?:改写|重写)"
    r"|(?:一个)?(?:稍微?|略微?|稍稍|更)(?:更|为|加)?(?:难|复杂|简单|容易|具体|有难度)(?:一?[些点])?的(?:版本|提示词?|指令))"
    rf"|(?:改写|重写|修改)之?后)){_LINE_FOLLOWS}{_END}",
    re.IGNORECASE,
)
_TWO = lazy(r"(?:改写|修改)前|原来的|原版|原[文句]|版本|\boriginal\b(?! prompt)", re.IGNORECASE)
# "Okay, I will add one constraint to the prompt." on a line of its own.
_PROMISED = lazy(
    r"\W{0,8}(?:(?:I(?:['’]ll| will|['’]m going to| am going to|['’]ve| have)|let me|let['’]s)(?: now)?"
    r" (?:add|make|rewrit|re-?phras|increas|introduc|evolv|modif|rais|revis)\w{0,5}\b[^.!?:\n]{0,80}?"
    r"\b(?:the|this|your) (?:given |original )?prompt\b[^.!?:\n]{0,60}"
    r"|我(?:会|将|来|已经?)(?:为|给|对|在|把|将)(?:这个?|该|原|您的|你的|给定的?)?(?:提示词?|指令|题目)[^。！？：\n]{0,20}?"
    r"(?:增加|添加|加入|加大|提高|改写|修改)[^。！？：\n]{0,40})[.!:。！：]\W{0,3}\n\s{0,8}\n",
    re.IGNORECASE,
)
_LONE = lazy(
    r"\W{0,8}(?:sure(?: thing)?|certainly|of course|absolutely|好的|当然(?:可以)?|没(?:有)?问题|收到)"
    r"[!.！。]\W{0,3}\n\s{0,8}\n",
    re.IGNORECASE,
)


def without_announcement(body: str) -> str:
    """The text without what announces the prompt, on a line of its own or on the prompt's (``Sure! Here it is: …``)."""
    if lone := _LONE.match(simplified(body)):
        body = body[lone.end() :].lstrip()
    plain = simplified(body)
    eager = _EAGER.match(plain)
    start = eager.end() if eager else 0
    told = _TOLD.match(plain, start)
    if told is None or "版本" in told[0]:
        told = told or _MAYBE_TOLD.match(plain, start)
        told = None if told and _TWO.search(plain, told.end()) else told
    if told is None and (above := _TOLD_ABOVE.match(plain, start)):
        told = None if _TWO.search(plain, above.end()) else above
    if told is None and (promised := _PROMISED.match(plain, start)):
        told = None if _OF_THE_SAME.search(plain, promised.end()) else promised
    if told is None and eager and not eager["mild"]:
        told = _EAGERLY_TOLD.match(plain, start)
    return body[told.end() :].lstrip() if told else body


# Of a letter in the prompt, "let me know if you need more changes" may be the end; of a prompt it speaks for itself.
_OF_A_PROMPT = lazy(r"prompt|version|variation|instruction|harder|easier|rewrit|提示|版本|指令", re.IGNORECASE)
_MATERIAL = lazy(
    r"[:：][*_ \t\r]{0,4}\n|[“「『\"]|\b(?:letter|e-?mail|message|reply|comma|sentence|phrase|wording|grammar"
    r"|punctuation|spelling|polite\w*|translat\w*|proofread\w*)\b"
    r"|邮件|信|短信|消息|通知|回复|对话|客服|翻译|译成|句|标点|语法|措辞|礼貌|润色|通顺|校对",
    re.IGNORECASE,
)
# In an answer these may end a letter.
_ANY_CHANGE = lazy(
    r"\W{0,8}(?:(?:please |just |feel free to ){0,2}let me know if you(?:['’]d| would)? (?:need|like|want)"
    r" (?:any |some )?(?:changes|adjustments|modifications|revisions|edits)(?: made)?"
    r"|(?:如果|若|如)(?:您|你)?(?:还)?(?:需要?|想要?|要)(?:任何)?(?:修改|调整|改写|优化|润色)(?:的话)?[，,]\s?"
    r"(?:请|可以|欢迎)?(?:随时)?(?:告诉|告知)我?)\W{0,4}",
    re.IGNORECASE,
)
_RULE = lazy(r"\n\s{0,8}(?:-{3,20}|\*{3,20}|_{3,20})\s*\Z")


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
    return _RULE.sub("", kept)


_LABEL = (
    r"(?:explanations?|rationale|reasoning|notes?|(?:(?:key|main|summary of(?: the)?) )?(?:changes|modifications)"
    r"(?: made)?|what (?:has |was )?changed|explanation of (?:the )?changes"
    r"|说明|解释|注释?|备注|注意|理由|变化|(?:改写|修改|改动|变动|调整)(?:的)?(?:说明|思路|理由|之处|内容|点)?)"
)
_LINE_END = r"[ \t\r]{0,4}(?=\n)"
_EXPLANATION = lazy(
    rf"\n\s{{0,8}}(?:[-*_]{{3,8}}[ \t\r]{{0,4}}\n\s{{0,8}})?{EMPHASIS}[(（\[]?(?P<heading>\#{{1,6}}{SPACE}{{1,3}})?"
    rf"(?:{EMPHASIS}{_LABEL}{_END}|【{_LABEL}】{COLON}?|[*_]{{2}}{_LABEL}[*_]{{2}}{_LINE_END}"
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
    rf"|\b(?:this|the) {_REWORDED} {_PROMPT} {_DOES}\b"
    r"|\b(?:compared (?:to|with)|(?:harder|easier|simpler|complex|difficult|challenging|specific) than) the"
    r" (?:original|given) prompt\b"
    r"|\b(?:rais|increas|reduc|lower)(?:es|ed|ing) the (?:complexity|difficulty|depth) of the (?:original |given )?"
    rf"{_PROMPT}\b"
    r"|(?:改写|修改|重写)之?后的(?:提示词?|问题|题目|指令)(?:增加|加入|添加|要求|提高|更|包含|保留|引入)"
    r"|(?:在|相比|比|与|和)(?:于)?原(?:来的|始)?(?:提示词?|指令)(?:的?基础上|相比|更|，)"
    r"|(?:提高|增加|加大|降低|提升)了?(?:原?题目|原?问题|原?题|提示词?|指令)的?(?:难度|复杂度|复杂性|深度)",
    re.IGNORECASE,
)
_ADDED = "(?:增加|添加|加入|加上|新增|补充|提高|加大|加深|降低|细化|深化|引入)"
# A user may say this of things of their own, or list changes that are to be written about.
_OF_A_CHANGE = lazy(
    rf"{_I_DID}(?:\b{_DEMANDS}\b|\b(?:original|given|rewritten|new) {_NAMED}\b"
    r"|\b(?:to make|making) (?:it|this|the (?:question|instruction|task)) (?:\w+ )?"
    r"(?:more|less|harder|easier|simpler)\b)"
    rf"|^\W{{0,8}}(?:\d{{1,2}}[.)、]\s?)?\W{{0,3}}{_DID}\b[^.\n]{{0,120}}?\b{_DEMANDS}\b"
    rf"|\b(?:this|the) (?:new|updated|harder|easier|simpler) {_PROMPT} {_DOES}\b"
    r"|\b(?:this|the) (?:(?:rewritten|revised|new) )?version (?:now )?(?:adds|introduces|increases|raises)\b"
    rf"|\b(?:compared (?:to|with)|(?:more \w{{1,16}}|harder|easier|simpler) than) the (?:original|given)"
    rf"(?: {_NAMED}\b|[,.])"
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
# Where the prompt itself is about rewriting or about prompts, nothing of all this is certain.
_OF_THE_SAME = lazy(r"rewrit|rephras|reword|revis|prompt|改写|重写|提示", re.IGNORECASE)
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
    rf"|(?:this|the) {_REWORDED} (?:{_PROMPT}|version) {_DOES}\b[^\n]{{0,300}}"
    rf"|this (?:new )?prompt {_DOES}\b[^\n]{{0,300}}",
    re.IGNORECASE,
)
# A user may speak so of a release.
_OF_A_VERSION = lazy(
    rf"this (?:(?:new|harder|easier|simpler) )?version {_DOES}\b[^\n]{{0,60}}?(?:\b{_DEMANDS}\b"
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
        return _RULE.sub("", body[:end].rstrip())
    labels = list(_EXPLANATION.finditer(plain))
    if not labels:
        return body
    before, told = plain[: labels[-1].start()].rstrip(), plain[labels[-1].end() :].strip()
    if not before or introduces(before) or len(told) > _LONGEST or not _one_paragraph(told):
        return body
    certain = bool(_OF_THE_REWRITING.search(told) or (told and _REWRITING_LABEL.search(labels[-1][0])))
    if not certain and _OF_A_CHANGE.search(told) and not _ABOUT_CHANGES.search(before):
        certain = bool(_HARDER.search(told)) or not _OF_THEIR_OWN.search(before)
    return body[: len(before)] if certain and not _OF_THE_SAME.search(before) else body


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
    return len(head) if found and head.strip() and not introduces(head) and not _OF_THE_SAME.search(head) else None


def _one_paragraph(text: str) -> bool:
    """Whether no other text follows, and no data stands in it: one paragraph, or one list."""
    parts = [part.strip() for part in re.split(r"\n\s*\n", text)]
    listed = all(re.match(r"[-*+•]\s|\d{1,2}[.)、]", part) for part in parts[1:])
    return listed and not re.search(r"```|~~~|^\s*\|", text, re.MULTILINE)
