"""Reads the scores a judge gives. A score that is not plainly there raises; it is never a low score."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from instructgen.errors import ParseError
from instructgen.parsing.json_text import json_object
from instructgen.parsing.lazy import lazy
from instructgen.parsing.wrapping import strip_thinking

_NUMBER = r"[-+]?\d{1,6}+(?:\.\d{1,6}+)?+(?!\d|e[-+]?\d)"
_TOP = r"\s{0,3}[*_`]{0,3}(\d{1,6}+)(?!/)"
_SCALE = rf"[*_`]{{0,3}}\s{{0,3}}(?:/|out of|of){_TOP}"
# "1-5" and "1 to 5" name the scale, not a score on it.
_NO_RANGE = r"(?!\s{0,3}(?:[-–—~～]|to\b|至|到)\s{0,3}\d)"
_WORD = (
    r"(?<![A-Za-z])(?<![A-Za-z]_)(?:scores?|ratings?|difficulty"
    r"|(?:评分|评级|打分|得分|分数|難度|难度)(?:等级|等級|级别|級別|系数|係數|值|评分|評分|分数|分數|得分)?|評分|評級|分數)"
)
# What may follow a number that is no label's, and does not count things: not "3/10 of a number", "3 puzzles".
_NO_THING = (
    r"(?!\s{1,3}(?!(?:because|since|as|for|in|on|due|given|and|but|points?|overall|considering|with|which|that|if|is"
    r"|would|seems|at|to|out)\b)[A-Za-z])"
)
_FILL = r"(?:[\s*_\"'`|<>#\\(\[{【“‘]|[-–—](?=\s)|大?[约約]){0,12}+"

_LABELLED = lazy(
    rf"{_WORD}(?:\s{{1,3}}of(?:\s{{1,3}}[A-Za-z'’-]{{1,20}}){{1,4}}?(?=\s{{1,3}}(?:is|was)\b))?"
    rf"[\s*_\"'`\])]{{0,6}}+(?:\([^()\n]{{0,40}}\)[\s*_]{{0,4}}+)?(?:"
    rf"(?:[:=：]|[为為是]){_FILL}({_NUMBER}){_NO_RANGE}(?:{_SCALE})?"
    rf"|(?:is|of|was)\b{_FILL}({_NUMBER}){_NO_RANGE}(?:{_SCALE})?+{_NO_THING})",
    re.IGNORECASE,
)
_RATED = lazy(
    rf"\b(?:rate|score|grade|give)\s{{1,3}}(?:(?!(?:from|to|on|out|scale)\b)[A-Za-z'’-]{{1,20}}\s{{1,3}}){{1,6}}?{_FILL}"
    rf"({_NUMBER}){_NO_RANGE}(?:{_SCALE})?+{_NO_THING}"
    r"|我[会會想]?(?:[给給]|[为為]|对|對)[这這该該此它本][^,，。:：\d\n]{0,12}?(?:打出?|[评評][为為]?|[给給]出?)"
    rf"\s?(?:大?[约約])?\s?({_NUMBER})(?:{_SCALE})?\s?分",
    re.IGNORECASE,
)
_BOXED = lazy(rf"\\boxed\s?\{{\s?({_NUMBER})(?:{_SCALE})?\s?\}}")
# Not "3 of 5" here, which without a label is as likely to count something.
_OF_SCALE = lazy(rf"(?<![\w./-])({_NUMBER})[*_`]{{0,3}}\s{{0,3}}(?:/|out of){_TOP}{_NO_THING}", re.IGNORECASE)
_ALONE = lazy(
    rf"(?:{_WORD}\s{{1,3}}|我?[会會]?(?:[给給]|打)(?:出|它)?\s{{0,2}})?(?:大?[约約]\s{{0,2}})?"
    rf"({_NUMBER})(?:{_SCALE})?\s{{0,2}}(?:[分级級]|points?)?",
    re.IGNORECASE,
)
# Of the answer's first line; a whole answer may call it just that, where longer ones have an answer of their own.
_POINTS_FIRST = lazy(
    rf"\A[*_\s【“]{{0,4}}({_NUMBER})(?:{_SCALE})?(?:\s{{0,2}}[分级級][*_】”]{{0,3}}\s{{0,2}}[,;:。，；：]"
    r"|[*_】”]{0,3}\s{0,2}[,;:，；：]?\s{0,2}(?:因[为為]|由[于於]|理由|原因|需要|because\b|since\b))",
    re.IGNORECASE,
)
_ANSWER = lazy(r"\W{0,4}(?:答案|回答|答)\s{0,2}[:：]")

_FULL_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), 0xFF0F, 0xFF08, 0xFF09, 0xFF01)}
_DIGITS = {"两": "2", "兩": "2"} | {numeral: str(value) for value, numeral in enumerate("一二三四五六七八九十", 1)}
# 八分, 难度：八; not 十分困难, nor 第八.
_NUMERAL = lazy(
    r"(?:(?<!\w)|(?<=[为為是给給约約打中的]))([一二三四五六七八九十两兩])(?=\s?分(?!\w)|[】”)*_!。]{0,3}\s*$)",
    re.MULTILINE,
)
_OUT_OF = (
    lazy(rf"({_NUMBER})\s?分?\s?[(,，]\s?(?:[满滿總总]分)(?:[为為是:：])?\s?(\d{{1,6}}+)\s?分?\)?"),
    lazy(rf"(?P<of>\d{{1,6}}+)\s?分制[^\d\n]{{0,8}}({_NUMBER})\s?分?"),
    lazy(rf"[满滿总總]分(?:[为為是])?\s?(?P<of>\d{{1,6}}+)\s?分?[^\d\n]{{0,12}}({_NUMBER})\s?分"),
)
_OBJECT = lazy(r"\s*(?:```[a-z]{0,8}\s*)?\{", re.IGNORECASE)
_FENCE = lazy(r"\s{0,3}(?:`{3,20}|~{3,20})\w{0,12}\s{0,8}")
_GLOSS = lazy(r"[*_`]{0,3}\s?\([^()\d\n]{1,80}\)[\s*_.。]{0,4}\Z")
_SEPARATOR = lazy(r"[\s,;|，；、]+")
_DECORATION = " \t\r*_`#\"'()[]{}<>.。:：!【】“”‘’「」『』"


def score(text: str, low: float, high: float) -> float:
    """The one score in a judge's answer.

    In this order: a JSON object with ``score`` or ``rating``; a last line that is only a number; ``Score: 4``,
    ``\\boxed{4}``, "I'd rate it 4" and their like; a first line that is only a number; ``4/5`` or ``4 out of 5``; a
    first line that begins with a number (``6分，因为…``). Of several, the last counts. A scale that is named
    (``8分（满分10分）``) must end at ``high``. Chinese numerals up to ten are read.

    Raises:
        ParseError: there is none, or it is not within ``low`` and ``high``.
    """
    body = _plain(strip_thinking(text))
    for value in _from_json(body, ("score", "rating")):
        return _checked(value, None, low, high, text)
    lines = [line for line in body.split("\n") if line.strip() and not _FENCE.fullmatch(line)]
    first, last = "".join(lines[:1]), "".join(lines[-1:])
    if len(lines) == 1 and (named := _ANSWER.match(last)):
        last = last[named.end() :]
    found = (
        _alone(last)
        or _last(_LABELLED, body)
        or _last(_BOXED, body)
        or _last(_RATED, body)
        or _alone(first)
        or _last(_OF_SCALE, body)
        or _last(_POINTS_FIRST, first)
    )
    if found is None:
        raise ParseError("there is no score in this text", text=text)
    return _checked(*found, low, high, text)


def _alone(line: str) -> tuple[str, str | None] | None:
    """The number and the scale that a line consists of."""
    match = _ALONE.fullmatch(_GLOSS.sub("", line).strip(_DECORATION))
    return (match[1], match[2]) if match else None


def _last(pattern: re.Pattern[str], text: str) -> tuple[str, str | None] | None:
    """The number and the scale of the last match."""
    matches = list(pattern.finditer(text))
    return _number(matches[-1]) if matches else None


def _number(match: re.Match[str]) -> tuple[str, str | None]:
    """The number in a match and the scale behind it, whichever alternative they belong to."""
    groups = match.groups()
    return next((number, scale) for number, scale in zip(groups[::2], groups[1::2], strict=True) if number)


def scores(text: str, count: int, low: float, high: float) -> list[float]:
    """The scores of ``count`` answers judged together, in their order.

    In this order: a JSON object with ``scores`` or ``ratings``; the last line that is only ``count`` numbers
    (``8 7.5``, ``8/10 and 7/10``, ``[8, 7]``); exactly ``count`` times ``Score: 4`` and its like.

    Raises:
        ParseError: there are not exactly ``count`` scores, or one is not within ``low`` and ``high``.
    """
    body = _plain(strip_thinking(text))
    for values in _from_json(body, ("scores", "ratings")):
        if not isinstance(values, list) or len(values) != count:
            raise ParseError(f"the scores are not a list of {count}", text=text)
        return [_checked(value, None, low, high, text) for value in values]
    for line in reversed(body.split("\n")):
        numbers = _numbers(line, count)
        if numbers:
            return [_checked(number, scale, low, high, text) for number, scale in numbers]
    labelled = [_number(match) for match in _LABELLED.finditer(body)]
    if labelled and len(labelled) == count:
        return [_checked(number, scale, low, high, text) for number, scale in labelled]
    raise ParseError(f"there are not exactly {count} scores in this text", text=text)


def _plain(text: str) -> str:
    """Chinese ways to write a score in the common ones: ``8分（满分10分）`` and ``10分制中的八分`` as ``8/10``."""
    text = _NUMERAL.sub(lambda match: _DIGITS[match[1]], text.translate(_FULL_WIDTH))
    text = _OUT_OF[0].sub(r"\1/\2 ", text)
    for pattern in _OUT_OF[1:]:
        text = pattern.sub(r"\2/\g<of> ", text)
    return text


def _from_json(body: str, keys: Iterable[str]) -> list[Any]:
    """The values of these keys when the answer is a JSON object. An object *in* an answer may be a mere quotation."""
    if not _OBJECT.match(body):
        return []
    try:
        found = json_object(body)
    except ParseError:
        return []
    return [found[key] for key in keys if key in found]


def _numbers(line: str, count: int) -> list[tuple[str, str | None]] | None:
    if len(line) > 100 + 40 * count:
        return None
    plain = re.sub(r"\band\b|[和与]", " ", line.strip(_DECORATION), flags=re.IGNORECASE)
    plain = re.sub(rf"^{_WORD}\s{{0,3}}[:=：]", "", plain, flags=re.IGNORECASE)
    plain = re.sub(r"\s{0,3}(?:/|out of|of)\s{0,3}", "/", plain, flags=re.IGNORECASE)
    parts = [part.strip(_DECORATION) for part in _SEPARATOR.split(plain)]
    matches = [_ALONE.fullmatch(part) for part in parts if part]
    numbers = [(match[1], match[2]) for match in matches if match]
    return numbers if len(numbers) == len(matches) == count else None


def _checked(value: object, scale: str | None, low: float, high: float, text: str) -> float:
    number = None
    if isinstance(value, str) and re.fullmatch(_NUMBER, value.strip()):
        number = float(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        number = value if abs(value) <= 1e6 else None
    if number is None:
        raise ParseError("the score is no number", text=text)
    if scale is not None and float(scale) != high:
        raise ParseError(f"the score is on a scale up to {scale}, not {high:g}", text=text)
    if not low <= number <= high:
        raise ParseError(f"the score {number:g} is not between {low:g} and {high:g}", text=text)
    return float(number)
