"""Reads the answer to "are these two equal?" (Evol-Instruct's first elimination rule). Undecided is an error."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Literal

from instructgen.errors import ParseError
from instructgen.parsing.json_text import json_object
from instructgen.parsing.lazy import lazy
from instructgen.parsing.simplified import simplified
from instructgen.parsing.wrapping import strip_thinking

# English. What stands between the negation and the word: "not exactly equal", "aren't quite equal".
_DEGREE = (
    r"(?:exactly|quite|entirely|completely|fully|really|truly|strictly|perfectly|totally|wholly|precisely|actually"
    r"|at all|all that|be|considered|deemed"
    r"|(?:call|consider|deem|judge|find|rate)\s{1,3}(?:them|these|those|both|the\s{1,3}two)(?:\s{1,3}(?:prompts|as|to\s{1,3}be)){0,2}"
    r"|(?:say|think|believe|find)\s{1,3}(?:that\s{1,3})?(?:they|these|both|the\s{1,3}(?:two|prompts)|the\s{1,3}two\s{1,3}prompts)"
    r"(?:\s{1,3}are|['’]re))"
)
# Bounded by letters only, because emphasis (_Equal_) is made of word characters.
_WORDS = (
    rf"(?:(?:(?<![a-z])(?:(?:can)?not|far\s{{1,3}}from(?:\s{{1,3}}being)?|anything\s{{1,3}}but|nowhere\s{{1,3}}near)|n['’]t)(?:\s{{1,3}}{_DEGREE}){{0,2}}[\s_*-]{{0,3}}"
    r"(?:equal|equivalent|identical|the\s{1,3}same(?=\W{0,4}(?:\Z|[.,;:!\n。，]|\s(?:in|because|since|as|at)\b)))"
    r"|(?<![a-z])unequal|(?P<equal>(?<![a-z])equal))(?![a-z])"
)
_EITHER = lazy(_WORDS, re.IGNORECASE)
_FIRST = lazy(rf"[^a-z]{{0,16}}{_WORDS}(?!\s{{0,8}}\w)", re.IGNORECASE)
_NEGATION = lazy(
    r"(?<![a-z])(?:not|never|neither|nor|no|cannot|hardly|barely|without)(?![a-z])|n['’]t(?![a-z])", re.IGNORECASE
)
# Of one criterion alone: a reason, and no verdict.
_REASON = lazy(
    r"(?<![a-z])(?:not\s{1,3})?equal\s{1,3}(?:constraints?|requirements?|depth|breadth)(?![a-z])"
    r"|(?<![a-z])(?:constraints?|requirements?|depth|breadth)\b[^.,;:\n]{0,30}?\b(?:are|is)\s{1,3}(?:not\s{1,3})?equal(?![a-z])",
    re.IGNORECASE,
)

# Chinese. Each clause says that both are equal, that they are not, or neither.
_SAME = "(?:相等|等同|相同|等价|一样|一致)"
_DIFFERENT = "(?:不同|差异|差别|区别|两样)"
_NOT = r"(?:不(?!仅|但|只|过|断)|非(?!常)|未(?!必)|没有?(?!什么|任何)|无法|难以|称不上|谈不上|算不上|达不到|够不上)"
_NOT_SAME = lazy(rf"{_NOT}[^不非没]{{0,8}}?{_SAME}")
_EQUAL = lazy(rf"{_SAME}|(?:没有?|无|不存在|毫无|看不出)(?:什么|任何|明显|本质|实质)?的?{_DIFFERENT}")
_UNEQUAL = lazy(_DIFFERENT)
_UNCERTAIN = lazy(
    r"不一定|未必|不见得|不确定|(?:无法|难以|不好|不能|没法)(?:判断|确定|说|比较|认定)|是否|是不是|相不相等|等不等|差不多|几乎"
    r"|基本|大致|大体|接近|近似|(?<!不)可能|也许|大概|或许|似乎|好像|看起来|部分"
    rf"|(?:不|非|没有?|不会|不能说)[是说]?{_NOT}[^，。]{{0,4}}?{_SAME}|(?:并非|不是|不能说)(?:没有|存在|有)?{_DIFFERENT}"
)
_CONDITION = lazy("如果|假如|要是|除非|只要")
_CRITERION = lazy("限制|要求|约束|条件|深度|广度")
_ASPECT = lazy(
    "主题|难度|内容|领域|语言|数量|长度|表述|措辞|意思|格式|问法|目的|话题|类型|结构|对象|字数|侧重|角度|范围"
)
_CLAUSES = lazy(r"[，,；;。.!！、：:\n]|因此|所以|故而|因而|综上(?:所述)?|总之|但是?|然而|不过|虽然|尽管|而且|并且")

_ALONE = lazy(
    r"[\W_]*(?:(?:(?:the )?(?:final )?(?:answer|verdict|conclusion|result)(?: is)?|最终|结论|答案|判断|结果"
    r"|综上(?:所述)?|因此|所以)[\W_是为]*){0,2}(?:(?:两者|二者|它们|they are|the two(?: prompts)? are)[\W_]*)?"
    r"(?:(?P<not>not[\W_]{0,3}|un|并?不(?:完全)?)?(?:equal|相等|等同|等价|(?<=不)等))[\W_]*",
    re.IGNORECASE,
)
_SENTENCES = lazy(r"(?<=[。！!；;.?？])|(?<=吗)(?=[，,])")
_QUESTION = lazy(r"(?:[?？]|吗[\W_]{0,8})\Z")
_NO = lazy(r"[\W_]*(?:否|不是的?|不|no|false)[\W_]*", re.IGNORECASE)
_YES = lazy(r"[\W_]*(?:是的?|对的?|yes|true)[\W_]*", re.IGNORECASE)

# "Equal: No", "are_equal": false, 是否相等：否. What goes on ("Equal: no constraint was added") is a reason.
_MARKS = r"[\s\"'“”‘’*_`#>-]{0,8}"
_PAIR = lazy(
    rf"(?:^|[{{,，]){_MARKS}([^\W\d_][\w \t-]{{0,40}}?)[吗嗎]?[?？]?(?:{_MARKS}[:：=]|\s[-–—]\s){_MARKS}"
    rf"([^\W\d_][\w \t]{{0,20}}?){_MARKS}(?=[.。,，;；(（}}\n]|\Z)",
    re.MULTILINE,
)
_NAMES_EQUALITY = lazy(
    r"(?:(?:are|is|the|two|both|they|these|prompts?|instructions?|exactly|verdict|final|same) )*"
    r"(?P<not>not ?|un)?(?:equal(?:ity)?|equivalent|identical)"
    r"|(?:两者|二者|它们|两个|提示词|是否|完全|最终)*(?P<not_zh>并?不)?(?:相等|等同|等价)性?",
    re.IGNORECASE,
)
_NAMES_CRITERION = lazy(
    r"(?=.*(?:equal|same|equivalent|identical|相等|相同|一致))(?!.*(?:not|differ|不))"
    r"(?=.*(?:constraint|requirement|depth|breadth|限制|要求|深度|广度)).*",
    re.IGNORECASE,
)
_NAMES_VERDICT = lazy(
    r"(?:final |your |my |the )*(?:verdict|answer|result|conclusion|judge?ment|decision)"
    r"|最?终?(?:结论|答案|判断|结果|回答)",
    re.IGNORECASE,
)
_NAMES_REASON = lazy("reason|explan|rational|thought|comment|analysis|理由|原因|解释|说明|分析", re.IGNORECASE)
_OBJECT = lazy(r"\s*(?:```[a-z]{0,8}\s*)?\{", re.IGNORECASE)
_FENCE = lazy(r"\s{0,3}(?:`{3,20}|~{3,20})\w{0,12}\s{0,8}")
_FULL_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))}


def verdict(text: str) -> bool:
    """True for Equal (相等), False for Not Equal (不相等, "not quite equal", "not the same").

    A JSON object is read as one, and ``Equal: No`` in the same way. Else a line that is nothing but a verdict decides,
    the first or the last; or else what these two lines say. Where they
    contradict each other, "not equal" counts, which nobody says in passing. What is said of one criterion alone
    (限制相同, "equal constraints") is a reason and no verdict; the criteria decide where nothing else is said. Nor is a
    question a verdict; the answer to it may be one (相等吗？否。).

    Raises:
        ParseError: nothing is decided.
    """
    body = simplified(strip_thinking(text)).translate(_FULL_WIDTH)
    if (paired := _by_name(body, text)) is not None:
        return paired
    lines = [line for line in body.split("\n") if line.strip() and not _FENCE.fullmatch(line)]
    ends = (*lines[:1], *lines[-1:])
    matches = [_ALONE.fullmatch(line) for line in ends if len(line) < 100 and not _questions(line)]
    alone = {match["not"] is None for match in matches if match}
    said = alone or {one for line in ends if (one := _said(line)) is not None}
    if said:
        return said == {True}
    decided = _by_criteria("\n".join(lines))
    if decided is None:
        raise ParseError("the text says neither Equal nor Not Equal", text=text)
    return decided


def _by_name(body: str, text: str) -> bool | None:
    """What the fields of a JSON object say, or names with a yes or no behind them; None where there are none.

    Raises:
        ParseError: they contradict each other, or it is a JSON object that says nothing.
    """
    found = None
    if _OBJECT.match(body):
        with suppress(ParseError):
            found = json_object(body)
    pairs = _PAIR.findall(body) if found is None else [(name, str(value)) for name, value in found.items()]
    said: set[bool] = set()
    criteria: list[bool] = []
    for name, value in pairs:
        plain = " ".join(re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)))
        yes = True if _YES.fullmatch(value) else False if _NO.fullmatch(value) else None
        alone = _ALONE.fullmatch(value)
        if (named := _NAMES_EQUALITY.fullmatch(plain)) and yes is not None:
            said.add(yes is not bool(named["not"] or named["not_zh"]))
        elif alone and (named or (found is not None and not _NAMES_REASON.search(plain))):
            said.add(alone["not"] is None)
        elif found is not None and _NAMES_VERDICT.fullmatch(plain) and (spoken := _said(value)) is not None:
            said.add(spoken)
        elif yes is not None and _NAMES_CRITERION.fullmatch(plain):
            criteria.append(yes)
    if not said and (False in criteria or len(criteria) > 1):
        said = {all(criteria)}
    if len(said) > 1 or (not said and found is not None):
        raise ParseError("the object does not say whether they are equal", text=text)
    return said.pop() if said else None


def _said(line: str) -> bool | None:
    """What a line says, its questions aside."""
    questions, rest = _questions(line), _without_questions(line)
    if questions and len(rest) < 20 and (_NO.fullmatch(rest) or _YES.fullmatch(rest)):
        asked = _said_in_chinese(questions[-1]) or _EITHER.fullmatch(questions[-1].strip("?？ *_#"))
        return _YES.fullmatch(rest) is not None if asked else None
    if first := _FIRST.match(rest):
        return first["equal"] is not None
    rest = _REASON.sub("", rest)
    english = {match["equal"] is not None for match in _EITHER.finditer(rest)}
    if english == {False}:
        return False
    if english == {True} and not _NEGATION.search(rest):
        return True
    return None if english else _said_in_chinese(rest)


def _questions(text: str) -> list[str]:
    return [sentence for sentence in _SENTENCES.split(text) if _QUESTION.search(sentence)]


def _without_questions(text: str) -> str:
    return "".join(sentence for sentence in _SENTENCES.split(text) if not _QUESTION.search(sentence))


def _said_in_chinese(line: str) -> bool | None:
    on_both, on_criteria = _clauses(line)
    if "unequal" in on_both:
        return False
    doubt = (
        "unsure" in on_both
        or _CONDITION.search(line)
        or "unequal" in on_criteria
        or any(map(_NO.fullmatch, _CLAUSES.split(line)))
    )
    return True if "equal" in on_both and not doubt else None


def _by_criteria(text: str) -> bool | None:
    """Both criteria must be met for prompts to be equal; None where something else is said, too."""
    on_both, on_criteria = _clauses(_without_questions(text))
    if on_both or "unsure" in on_criteria:
        return None
    if "unequal" in on_criteria:
        return False
    same = on_criteria.get("equal", "")
    return True if re.search("限制|要求|约束|条件", same) and re.search("深度|广度", same) else None


def _clauses(text: str) -> tuple[set[str], dict[str, str]]:
    """What is said of both prompts; and what of the criteria, with the words it is said in."""
    on_both: set[str] = set()
    on_criteria: dict[str, str] = {}
    for clause in _CLAUSES.split(text):
        said = _clause(clause)
        if said and _CRITERION.search(clause):
            on_criteria[said] = on_criteria.get(said, "") + clause
        elif said and not _ASPECT.search(clause):
            on_both.add(said)
    return on_both, on_criteria


def _clause(clause: str) -> Literal["equal", "unequal", "unsure", ""]:
    different = _UNEQUAL.search(clause)
    if not different and not _EQUAL.search(clause):
        return ""
    if _UNCERTAIN.search(clause):
        return "unsure"
    if _NOT_SAME.search(clause):
        return "unequal"
    return "equal" if _EQUAL.search(clause) else "unequal"
