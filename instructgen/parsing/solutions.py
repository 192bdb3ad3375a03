"""Finds what stands below a problem or a prompt and gives it away: its solution, its answer, a hint."""

from __future__ import annotations

import re

from instructgen.parsing.labelled import label_pattern
from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, INDENT, SPACE
from instructgen.parsing.simplified import simplified

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
    *("详细解答", "标准答案"),
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
        f"^(?:{label_pattern(_SOLUTION).pattern}|{INDENT}[*_]{{0,2}}(?:{_SOLVED}))", re.MULTILINE | re.IGNORECASE
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
    found = re.search(f"(?<=\n)(?:{label_pattern(_REPLY).pattern})", plain, re.IGNORECASE)
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
