"""What stands around an answer and is no part of it: thinking before it, a token at its end, a fence about all."""

from __future__ import annotations

import re

from instructgen.parsing.lazy import lazy
from instructgen.parsing.simplified import simplified

_TAGS = r"(?:think|thinking|thought|reasoning)"
# In square brackets only as it is written as a token: "[Reasoning]" may head an answer.
_OPEN = lazy(rf"\s*(?:[<◁](?P<tag>{_TAGS})[>▷]|(?-i:\[THINK\]))", re.IGNORECASE)
# Only at the end of a line: in the middle of one, the tag is more likely being talked about.
_ORPHAN = lazy(rf"(?:</{_TAGS}>|◁/{_TAGS}▷|(?-i:\[/THINK\]))(?=[ \t]{{0,8}}(?:\r?\n|\Z))", re.IGNORECASE)
_ANY_OPEN = lazy(rf"[<◁]{_TAGS}[>▷]|(?-i:\[THINK\])", re.IGNORECASE)
# The channels of gpt-oss: all but the last "final" one are thinking. Without its tokens, their names stay in the text.
_CHANNEL = lazy(r"\s*(?:<\|start\|>assistant)?<\|channel\|>|\s*analysis(?=\S)")
_FINAL = lazy(r"<\|channel\|>final[^<\n]{0,8}(?:<\|constrain\|>[^<\n]{0,20})?<\|message\|>")
_FINAL_IN_WORDS = lazy(r"assistantfinal")
# What ends a turn, right behind its last word or on a line of its own, and is written by a model and no server.
_ANY_TOKEN = lazy(r"<[|｜][A-Za-z_▁]{2,30}[|｜]>|</?s>|<(?:eos|bos|(?:start|end)_of_turn)>|\[/?INST\]")
_END_TOKENS = lazy(
    r"(?:(?:<[|｜](?:im_end|eot_id|eom_id|eot|end|return|end_?of_?(?:text|turn|sentence)|end_of_turn_token"
    r"|end▁of▁sentence)[|｜]>|</s>|<eos>|<end_of_turn>)\s{0,8}){1,4}",
    re.IGNORECASE,
)

_INTRODUCTION = lazy(r"[:：][*_\s]{0,8}\Z")

_BYTE_ORDER_MARK = lazy(r"\s{0,8}(?:\ufeff\s{0,8}){1,4}")

_FENCE = lazy(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_CLOSING_FENCE = lazy(r"^ {0,3}(?:```|~~~)[ \t\r]{0,8}$", re.MULTILINE)


def strip_thinking(text: str) -> str:
    """The text after the thinking that a reasoning model puts first.

    Thinking that never ends leaves nothing: no answer was written. A closing tag alone counts too, because some chat
    templates put the opening tag into the prompt. A byte order mark goes with it, and a special token right behind the
    last word (``<|im_end|>``) where the text holds no other; any other text without thinking comes back unchanged.
    """
    return _without_end_token(_without_thinking(text))


def _without_thinking(text: str) -> str:
    position = 0
    if mark := _BYTE_ORDER_MARK.match(text):
        text = text[mark.end() :]
    if channel := _CHANNEL.match(text):
        in_words = not channel[0].endswith(">")
        finals = list((_FINAL_IN_WORDS if in_words else _FINAL).finditer(text))
        if finals:
            return text[finals[-1].end() :].lstrip()
        return text if in_words else ""
    while opening := _OPEN.match(text, position):
        closes = f"[<◁]/{opening['tag']}[>▷]" if opening["tag"] else r"(?-i:\[/THINK\])"
        closing = re.compile(closes, re.IGNORECASE).search(text, opening.end())
        if closing is None:
            return ""
        position = closing.end()
    if position == 0 and (orphan := _ORPHAN.search(text)) and not _ANY_OPEN.search(text, 0, orphan.start()):
        position = orphan.end()
    return text[position:].lstrip().lstrip("\ufeff").lstrip() if position else text


def _without_end_token(text: str) -> str:
    """The text without the token at its end; one that is talked or asked about, or is one of several, stays."""
    first = _ANY_TOKEN.search(text)
    if first is None or not _END_TOKENS.fullmatch(text, first.start()):
        return text
    kept = text[: first.start()]
    spoken_of = re.search(r"[^.!?。！？\s][ \t]\Z", kept) or introduces(kept) or not kept.strip()
    return text if spoken_of else kept.rstrip()


def introduces(text: str) -> bool:
    """Whether a text ends with a colon: what stands below it was announced and belongs to it (Translate: …)."""
    return bool(_INTRODUCTION.search(text[-12:]))


def answer_end(text: str, start: int) -> int:
    """Where an answer that starts at ``start`` ends: at the closing fence if it stands inside a code fence."""
    fences_before = sum(1 for _ in _FENCE.finditer(text, 0, start))
    end = len(text)
    if fences_before % 2:
        for closing in _CLOSING_FENCE.finditer(text, start):
            end = closing.start()
    return end


_WHOLE_FENCE = lazy(
    r"(`{3,}|~{3,})(?:text|plaintext|plain|txt|markdown|md|prompt)?[ \t]*\n(.*)\n\1", re.DOTALL | re.IGNORECASE
)
_RULES = lazy(r"(-{3,20}|\*{3,20}|_{3,20})[ \t]*\n(.*)\n[ \t]{0,3}\1", re.DOTALL)
_RULE = lazy(r"^[ \t]{0,3}(?:-{3,20}|\*{3,20}|_{3,20})[ \t]*$", re.MULTILINE)
_QUOTED = lazy(r"^[ \t]{0,3}>[ \t]?", re.MULTILINE)
_TAGGED = lazy(
    r"<((?:(?:re-?written|new|final|revised|evolved)[ _-]?)?(?:prompt|instruction|question|problem)"
    r"|(?:改写后?的?|新的?)?(?:提示词?|指令|问题|题目))>\s*(?=[^\s<])(.*)</\1>",
    re.DOTALL | re.IGNORECASE,
)
_QUOTES = {'"': '"', "“": "”", "「": "」", "『": "』", "«": "»"}

_PREFACE = lazy(
    r"\W{0,8}(?:sure|certainly|of course|absolutely|okay|ok|here (?:are|is|come)|here['’]s"
    r"|below (?:are|is)|i['’]?m sorry|sorry|好的|当然|没问题|以下|下面|这里|抱歉|对不起)(?![a-z])",
    re.IGNORECASE,
)

# What a model says of its answer at the end of it. An answer may end with a letter, a warning or a dialogue, which
# address somebody, too: an offer is certain only where it is to change what was made, or to make more of it.
_MADE = r"(?:tasks?|examples?|instructions?|prompts?|versions?|variations?)"
_EDIT = r"(?:changes|adjustments|modifications|revisions|edits)"
_ALTER = (
    r"(?:(?:adjust|change|modify|revise|rewrite|rephrase|refine|simplify|continue|go on)\b"
    r"|make (?:it|this|them|the (?:prompt|task|instruction))\b"
    r"|(?:write|generate|create|provide|add|make|give) (?:you )?(?:more|further|another|additional|other)\b)"
)
_WANTED = (
    rf"(?:me to {_ALTER}[^.!?\n]{{0,60}}|(?:any |some |a few )?(?:more|further|other|additional)"
    rf"(?: (?:{_MADE}|{_EDIT}))?"
    rf"|another(?: (?:one|{_MADE}))?"
    r"|(?:it|this|the prompt|them)(?: to be)? (?:\w+ )?(?:harder|easier|simpler|longer|shorter|changed|adjusted|revised"
    r"|rewritten|different|(?:more|less) \w+))"
)
_YOU = "(?:您|你|妳)"
_CHANGES = "(?:修改|调整|改写|优化|润色|完善|改动|更改|细化|版本|示例|例子|提示词|指令|任务)"
_FURTHER = "(?:进一步的?|其[他它]的?|更多的?|继续|再|别的|另外|更(?:难|简单|详细|复杂|具体)的?)"
_REMARKS = (
    r"(?:and |but |or |please |just |feel free to |do ){0,3}let me know if"
    rf" (?:you(?:['’]d| would)? (?:need|like|want|prefer) {_WANTED}|(?:it|this|that) helps"
    r"|it should be [^.!?\n]{1,40}|I should (?:go on|continue|change|make|write)[^.!?\n]{0,40})",
    r"(?:I )?hope (?:this|these|that|it)(?: (?:tasks?|examples?|instructions?|prompts?|answer|explanation))?"
    r" (?:helps?|(?:is|are) (?:helpful|useful))",
    rf"would you like {_WANTED}",
    rf"if you(?:['’]d| would)? (?:need|like|want|prefer) {_WANTED},? (?:please |just |feel free to |do ){{0,3}}"
    r"(?:let me know|ask|tell me|I(?:['’]d| would| can|['’]ll| will|['’]m| am)\b[^.!?\n]{0,60})",
    r"(?:these|the above) (?:tasks|examples|instructions|prompts) (?:cover|span|vary|range)[^.!?\n]{0,60}?"
    r"\b(?:kinds|types|range|variety|topics|domains|categories|styles|areas|subjects|levels|cases)\b[^.!?\n]{0,80}",
    r"end of (?:the )?(?:tasks|examples|instructions|prompts|list)",
    rf"(?:如果|若|如|要是|假如){_YOU}?[^，,。！!？?\n]{{0,16}}?{_FURTHER}[^，,。！!？?\n]{{0,10}}?{_CHANGES}"
    r"[^，,。！!？?\n]{0,4}[，,]\s?(?:(?:请|欢迎|可以|都可以?|也可以?|敬请)?(?:随时|尽管|直接)?(?:请)?"
    rf"(?:告诉|告知)我?|我(?:可以|会|能|很?乐意|愿意|随时|将)|(?:请|欢迎)?随时(?:提出|吩咐))[^。！!？?\n]{{0,24}}",
    rf"{_YOU}(?:还|是否|是不是)?(?:需要|要|希望|想让|想要)我[^，,。！!？?\n]{{0,12}}?{_FURTHER}"
    rf"[^，,。！!？?\n]{{0,8}}?{_CHANGES}[^，,。！!？?\n]{{0,4}}",
    r"还?需要我(?:继续|再)[^，,。！!？?\n]{0,8}(?:示例|例子|任务|指令|提示词|版本)吗",
    r"希望(?:这|以上|上述)?[个些]?(?:回答|答案|内容|改写|提示词|任务|指令|示例|例子|解释)?都?(?:能够?|可以)?"
    rf"(?:对{_YOU}(?:能?有所?帮助|有用)|帮到{_YOU}|满足{_YOU}的(?:要求|需求)|符合{_YOU}的要求)",
    rf"以上就?[是为]我?(?:[为按]{_YOU}?)?(?:补写|编写|新写|续写|生成|新增|补充|要求|符合要求|满足要求)[^，,。！!？?\n]{{0,10}}"
    r"(?:任务|示例|例子|指令|题目|请求)",
    r"以上(?:这些)?(?:任务|指令)(?:涵盖|覆盖)了?[^。\n]{0,40}(?:类型|领域|种类|题材|话题|场景)[^。\n]{0,10}",
)
# Quotation marks before it make it somebody's words.
_AROUND = r"[^\w\"“”'‘’「」『』«»]{0,8}"
_CLOSING = lazy(rf"{_AROUND}(?:(?:{'|'.join(_REMARKS)})[吗呢哦呀]?{_AROUND}){{1,4}}", re.IGNORECASE)
_LONGEST = 400  # characters of such a paragraph


def is_preface(text: str) -> bool:
    """Whether a text is what chat models say before they begin, or instead of it (Sure! Here are …; I'm sorry …).

    Only where it announces something (it ends with a colon) or apologises; the words alone may begin a task.
    """
    found = _PREFACE.match(text)
    if not found:
        return False
    return text.rstrip().endswith((":", "：")) or bool(re.search("sorry|抱歉|对不起", found[0], re.IGNORECASE))


def without_closing(text: str) -> str:
    """The text without last paragraphs of one line in which the model offers to change what it made, or more of it.

    Only what cannot well be a part of an answer goes: "Let me know if you have questions" may end a letter, and
    如果有发热，应及时就医 an advice. What a colon introduces stays whatever it says.
    """
    while True:
        head, gap, last = text.rstrip().rpartition("\n\n")
        if not gap or len(last) > _LONGEST or introduces(head) or not _CLOSING.fullmatch(simplified(last)):
            return text
        text = head.rstrip()


def unwrapped(text: str) -> str:
    """The text without one pair of marks about all of it: a code fence, quotes, bold, rules, ``>``, ``<prompt>``."""
    if (fenced := _WHOLE_FENCE.fullmatch(text)) and fenced[1] not in fenced[2]:
        return fenced[2].strip()
    if (ruled := _RULES.fullmatch(text)) and not _RULE.search(ruled[2]):
        return ruled[2].strip()
    if text.startswith(">") and len(_QUOTED.findall(text)) == text.count("\n") + 1:
        return _QUOTED.sub("", text).strip()
    if text.startswith("**") and text.endswith("**") and len(text) > 4 and "*" not in text[2:-2] and "\n" not in text:
        return text[2:-2].strip()
    if (tagged := _TAGGED.fullmatch(text)) and f"{tagged[1]}>" not in tagged[2]:
        return tagged[2].strip()
    closing = _QUOTES.get(text[:1])
    inner = text[1:-1]
    if closing and text.endswith(closing) and len(text) > 2 and not {text[0], closing} & set(inner):
        return inner.strip()
    return text
