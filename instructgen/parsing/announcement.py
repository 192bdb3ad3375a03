"""Finds what a model says above a prompt that it rewrote: ``Sure! Here is the rewritten prompt:``.

Only what cannot well be part of a prompt is found. "Here is a list of words:" may begin one; where the words leave room
for doubt, the text stays as it is.
"""

from __future__ import annotations

import re

from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import EMPHASIS, SPACE
from instructgen.parsing.rewording import DEMANDS, LABEL_END, NAMED, OF_THE_SAME, PROMPT, REWORDED
from instructgen.parsing.simplified import simplified

_CHANGED = (
    rf"(?:{REWORDED}|updated|created|improved|enhanced|refined|adapted|upgraded|simplified|new|better|alternative|final"
    r"|harder|easier|simpler|tougher|trickier|(?:more|less) [\w-]{3,20}(?:(?:,| and) (?:more )?[\w-]{3,20}){0,2})"
)
_HERE = r"(?:here(?: is|['’]s| are)|below is|this is|the following is|以下|下面|这里|这|如下)"
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
    rf"[^.!?:：。！？\n]{{0,60}}?(?:\b(?:{NAMED}|version|one|something|it|you go)\b"
    rf"|提示|问题|(?<![标主话课议专])题|指令|版本|改写|说法)[^.!?:：。！？\n]{{0,60}}?{LABEL_END}",
    re.IGNORECASE,
)
_TOLD_IN_ENGLISH = (
    r"here (?:is it|it is|you go|goes)"
    rf"|{_HERE} (?:(?:a|an|the|your|one) )?(?:\w{{1,12}} ){{0,2}}?{_CHANGED} (?:\w{{1,20}} ){{0,2}}?"
    rf"(?:{PROMPT}|version|rewrite|variant|one)\b(?! of (?!(?:\w{{1,12}} ){{0,3}}{NAMED}\b))"
    r"(?:,? (?:of|that|which|with|for|in|using|based|designed|as)\b(?:(?!\b(?:my|our|we|us|I)\b)[^.!?:：\n]){0,80}?)?"
    rf"|(?:the |your )?{REWORDED} {PROMPT}(?: is)?(?: as follows)?"
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
    rf"\W{{0,8}}{_BEFORE}(?:{_HERE_IS}|{_IS_IT}|{_IN_CHINESE}){_LINE_FOLLOWS}{LABEL_END}",
    re.IGNORECASE,
)
_TOLD = lazy(rf"\W{{0,8}}(?:{_TOLD_IN_ENGLISH}|{_TOLD_IN_CHINESE}){LABEL_END}", re.IGNORECASE)
# So may one of two begin that are to be compared.
_MAYBE_TOLD = lazy(
    rf"\W{{0,8}}(?:(?:here(?: is|['’]s)|below is|this is) (?:(?:an?|one|the) (?:\w{{1,12}} ){{0,2}}?"
    r"(?:rewrite|rewording|rephrasing|reformulation)"
    rf"|(?:an?|one) version (?:with|that)\b(?:(?!\b(?:my|our|we|us|I)\b)[^.!?:：\n]){{0,80}}?\b{DEMANDS}"
    r"[^.!?:：\n]{0,40}?)"
    r"|(?:(?:根据|按照?|依)(?:您|你)的?(?:要求|需求)[，,]\s?)?(?:(?:以下|下面|这)就?是我?(?:为(?:您|你))?(?:的?(?:改写|重写)"
    r"|(?:一个)?(?:稍微?|略微?|稍稍|更)(?:更|为|加)?(?:难|复杂|简单|容易|具体|有难度)(?:一?[些点])?的(?:版本|提示词?|指令))"
    rf"|(?:改写|重写|修改)之?后)){_LINE_FOLLOWS}{LABEL_END}",
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
        told = None if OF_THE_SAME.search(plain, promised.end()) else promised
    if told is None and eager and not eager["mild"]:
        told = _EAGERLY_TOLD.match(plain, start)
    return body[told.end() :].lstrip() if told else body
