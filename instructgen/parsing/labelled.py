"""Reads a reply that has to begin with a given label, such as ``User prompt: …`` (Persona Hub, arXiv 2406.20094)."""

from __future__ import annotations

import re
from collections.abc import Sequence

from instructgen.errors import ParseError
from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, INDENT, LISTED, NUMBER_END, SPACE, without_emphasis
from instructgen.parsing.remarks import without_announcement, without_remark
from instructgen.parsing.simplified import simplified
from instructgen.parsing.wrapping import is_preface, strip_thinking, unwrapped


def labelled(text: str, labels: Sequence[str]) -> str:
    """What follows the label that a reply begins with.

    The label is taken off once: if it stands there twice, the second one stays. It counts in any case, in simplified
    or traditional characters, with a half- or full-width colon, in bold, in brackets, as a heading, as an item of a
    list, or in bold alone on its line; before it may stand thinking and an announcement (``Sure! Here is …:``). One
    pair of quotation marks or one plain code fence about all of the reply, or about all that follows the label, and a
    last paragraph that offers more help are taken off, too.

    Args:
        text: the completion.
        labels: labels of which the reply must begin with one.

    Raises:
        ParseError: it does not, or nothing follows but a place to fill in (``[insert prompt]``).
    """
    body = unwrapped(without_remark(strip_thinking(text).strip()))
    first, _, rest = body.partition("\n")
    if rest.strip() and is_preface(first):
        body = unwrapped(rest.strip())
    body = _quoted(labels).sub(r"\1", without_announcement(body))
    label = _pattern(labels).match(simplified(body))
    if label is None:
        raise ParseError(f"this text does not begin with {' or '.join(map(repr, labels[:2]))} and a colon", text=text)
    content = unwrapped(without_remark(unwrapped(_behind(label, body))))
    if not re.search(r"\w", content) or _PLACEHOLDER.fullmatch(content):
        raise ParseError(f"nothing follows {label[0].strip()!r}", text=text)
    return content


# A place that the model left to be filled in: [insert prompt], <your question here>, 【此处填写提示】.
_PLACEHOLDER = lazy(
    r"[*_]{0,2}[\[<{【〈]{1,2}\s?(?:(?:insert|your)\b[^\[\]<>{}\n]{0,60}"
    r"|(?:enter|add|write|put|place)\b[^\[\]<>{}\n]{0,40}\b(?:here|(?:the|your|user) (?:prompt|question|problem))"
    r"|(?:the )?(?:user )?(?:prompt|question|problem|persona|title|name|text)(?: here)?"
    r"|(?:请?在?此处?|请?在?这里|请|您的|你的|用户)?(?:填写|填入|插入|输入)[^\[\]<>{}【】\n]{0,30}"
    r"|(?:您的|你的|用户)?(?:提示词?|提问|问题|数学题|题目|人物|标题|姓名)(?:内容)?)\s?[\]>}】〉]{1,2}[*_]{0,2}[.。]?",
    re.IGNORECASE,
)


def _quoted(labels: Sequence[str]) -> re.Pattern[str]:
    """A label in quotation marks, as the prompt itself has it."""
    return re.compile(rf"\A[“\"「]((?:{'|'.join(map(re.escape, labels))})[:：])[”\"」]", re.IGNORECASE)


def unlabelled(text: str, labels: Sequence[str]) -> str:
    """The text without the label that it may begin with; a list whose first item begins with it stays as it is."""
    label = None if _ITEM.match(text) else _pattern(labels).match(simplified(text))
    return text if label is None else _behind(label, text)


def _behind(label: re.Match[str], body: str) -> str:
    # A mark that closes within the label has done its work; one that is still open belongs to what follows.
    closed = any(sign in "*_" for sign in body[label.end("before") : label.end()])
    return without_emphasis("" if closed else label["before"] or "", body[label.end() :])


def begins_line(text: str, labels: Sequence[str], *, counted: bool = False) -> str:
    """The first of these labels that begins a line of the text, in any form ``labelled`` knows; empty if none does.

    Args:
        text: the text.
        labels: the labels.
        counted: whether a label that is counted is one, too: ``User prompt 2:``, ``Another user prompt:``.
    """
    pattern = f"^(?:{_pattern(labels, counted=counted).pattern})"
    found = re.search(pattern, simplified(text), re.MULTILINE | re.IGNORECASE)
    return text[slice(*found.span("name"))] if found else ""


_ITEM = lazy(r"\s*(?:[-*+•]\s|\d{1,2}[.)、．）])")
_SOLUTION = (
    *("Solution", "Step-by-step solution", "Worked solution", "Detailed solution", "Final answer", "Answer"),
    *(
        "解答",
        "答案",
        "解",
        "答",
        "参考答案",
        "参考解答",
        "解析",
        "解法",
        "解题过程",
        "解题思路",
        "解题步骤",
        "最终答案",
    ),
    *("详细解答", "标准答案", "最終答案"),
)
_BLANK = lazy(r"\W{0,8}(?:_{2,}|\.{3,}|…|[(（]\s{0,8}[)）])")
_NAMES = "|".join(_SOLUTION)
# Lines that only a solution begins with, in other marks or words: #Answer#: 60, Let's solve it: 120 / 2 = 60.
_SOLVED = (
    rf"[#＃](?P<marked>{_NAMES})[#＃][*_]{{0,2}}{SPACE}{{0,3}}{COLON}?"
    r"|(?P<spoken>let(?:['’]s| us| me) (?:now )?solve(?: (?:it|this|that|the (?:problem|question|equation)))?"
    r"|(?:下面|现在)?(?:我们|让我们|我)来?(?:求解|解答|解)(?:这道题|此题|本题|这个问题)?)"
    rf"(?: step by step|(?:一步)?一步步)?{SPACE}{{0,2}}[:：]"
)
# At the very end, and in brackets or behind a sentence: (Answer: 60), How fast is it? Answer: 60
_AT_THE_END = lazy(
    rf"(?:(?P<opened>[(（\[【])|(?<=[.?!。？！)）])){SPACE}{{0,3}}[*_]{{0,2}}(?P<name>(?:final )?answer|solution"
    rf"|(?:参考|最[终終]|标准)?答案|(?:参考)?解答|解)[*_]{{0,2}}{COLON}[*_]{{0,2}}"
    r"(?P<told>(?:[^\n.?!。？！]|\.(?=\d)){1,80})[.。]?(?(opened)[)）\]】]|)[.。*_]{0,3}\s{0,8}\Z",
    re.IGNORECASE,
)
# What an answer is to look like, and not what it is.
_ASKED_FORM = lazy(
    r"\W{0,4}(?:in|to|as|with|round(?:ed)?|give|write|express|use|correct|leave|state)\b|decimal|nearest|significant"
    r"|\W{0,4}(?:用|以|写|请|只)|保留|精确|单位|小数|有效数字|形式|[<>\[\]{}【】]",
    re.IGNORECASE,
)
_BOXED = lazy(r"^(?P<before>[^\n]{0,400})\\boxed\s?\{[^\n]{0,80}\d[^\n]{0,80}\}[^\w\n]{0,6}\s{0,8}\Z", re.MULTILINE)
_BOX_ASKED = lazy(
    r"\b(?:in|as|like|form|format|inside|within|use|using|example|e\.g|put|write|give|box|enclose)\b"
    r"|形式|格式|如|用|写|放",
    re.IGNORECASE,
)


def solution_label(problem: str) -> str:
    """The label behind which a problem's solution stands, on a line below it or at its end; empty where there is none.

    A label with nothing behind it, or a blank to fill in (``Answer: ____``), asks for the solution, and what an answer
    must look like (``(Answer: in km/h)``) is none.
    """
    plain = simplified(problem)
    labels = re.compile(
        f"^(?:{_pattern(_SOLUTION).pattern}|{INDENT}[*_]{{0,2}}(?:{_SOLVED}))", re.MULTILINE | re.IGNORECASE
    )
    for found in labels.finditer(plain):
        line = plain[found.end() :].lstrip()[:200].partition("\n")[0]
        if re.search(r"[^\W_]", line) and not _BLANK.match(line) and re.search(r"\w", plain[: found.start()]):
            name = next(name for name in ("name", "marked", "spoken") if found[name])
            return problem[slice(*found.span(name))]
    end = _AT_THE_END.search(plain, max(0, len(plain) - 200))
    if end and re.search(r"\w", plain[: end.start()]) and re.search(r"[^\W_]", end["told"]):
        asked = _ASKED_FORM.search(end["told"]) or _BLANK.match(end["told"])
        return "" if asked else problem[slice(*end.span("name"))]
    boxed = _BOXED.search(plain, plain.rfind("\n", 0, len(plain.rstrip())) + 1)
    if boxed is None or not re.search(r"\w", plain[: boxed.end("before")]):
        return ""
    return "" if _BOX_ASKED.search(re.split("[.?!。？！]", boxed["before"])[-1]) else "\\boxed"


_REPLY = (
    *("Answer", "Response", "Assistant", "AI", "AI assistant", "Reply", "Output", "Expected output"),
    *("回答", "答案", "答", "答复", "回复", "助手", "输出", "预期输出"),
)
# A prompt with such words may well show a conversation, or what its answer is to look like.
_SHOWN = lazy(
    r"answer|respon|assistant|reply|repli|question|dialog|conversation|chat|script|format|template|example|output|\bQ\b"
    r"|问|答|回复|助手|对话|格式|模板|例|输出|剧本",
    re.IGNORECASE,
)
_LOOKS_LIKE = lazy(
    r"\b(?:or|only|just|words?|sentences?|lines?|paragraphs?|letters?|digits?|list|json|yes|no|true|false|format|short|in|as|number)\b"
    r"|或|/|[<\[{（(_]|一[个句行段]|格式|只|用|请|列表|数字|字|[?？]\s*\Z",
    re.IGNORECASE,
)


def answer_label(prompt: str) -> str:
    """The label behind which a prompt is answered below it (``Output: two sacks``); empty where there is none.

    Where the prompt speaks of answers or of a conversation itself, or the label says what an answer is to look like
    (``Output: yes or no``), it is part of the prompt.
    """
    plain = simplified(prompt)
    found = re.search(f"(?<=\n)(?:{_pattern(_REPLY).pattern})", plain, re.IGNORECASE)
    if found is None:
        return ""
    before, told = plain[: found.start()].rstrip(), plain[found.end() :].strip()
    theirs = not before or before.endswith((":", "：")) or _SHOWN.search(before)
    asked = not re.search(r"[^\W_]", told) or _BLANK.match(told) or _LOOKS_LIKE.search(told.partition("\n")[0])
    return "" if theirs or asked else prompt[slice(*found.span("name"))]


_HINT = lazy(
    r"^[ \t]{0,4}[*_]{0,2}[（(【\[]?(?P<name>hints?|提示)[】\]]?[*_]{0,2}[:：](?P<told>[^\n]{1,400})", re.M | re.I
)
_GIVEN = lazy(r"取|保留|精确|单位|约等于|≈|=|\buse\b|\bround\b|\btake\b|\bassume\b", re.IGNORECASE)


def hint_label(problem: str) -> str:
    """The label of a hint below a problem (（提示：…）); what gives a number or a unit (提示：π 取 3.14) is none."""
    for found in _HINT.finditer(problem):
        if problem[: found.start()].strip() and not _GIVEN.search(found["told"]):
            return found["name"]
    return ""


def _pattern(labels: Sequence[str], *, counted: bool = False) -> re.Pattern[str]:
    names = "|".join(rf"{SPACE}{{1,3}}".join(map(re.escape, simplified(label).split())) for label in labels)
    if counted:
        first = rf"(?:another|alternative|second|third|(?:另|第[一二三])[一]?[个条])?{SPACE}{{0,3}}"
        names = rf"{first}(?:{names}){SPACE}{{0,3}}(?:[#(（]?(?:\d{{1,2}}|[一二三四五])[)）]?)?"
    number = rf"\d{{1,2}}{NUMBER_END}{SPACE}{{0,3}}"
    return re.compile(
        rf"{INDENT}(?:>{SPACE}{{0,3}})?{LISTED}(?P<heading>\#{{1,6}}{SPACE}{{1,4}})?"
        rf"(?P<before>[*_]{{1,3}})?(?:{number})?"
        rf"(?:[\[【](?P<bracketed>))?(?P<name>{names})(?(bracketed)[\]】])(?P<inside>(?(before)[*_]{{0,3}}|)){SPACE}{{0,3}}"
        rf"(?:{COLON}(?(before)[*_]{{0,3}}|)|(?(bracketed)|(?!))"
        rf"|(?(heading){SPACE}{{0,8}}\r?(?=\n)|(?!))|(?<=[*_]){SPACE}{{0,8}}\r?(?=\n))",
        re.IGNORECASE,
    )
