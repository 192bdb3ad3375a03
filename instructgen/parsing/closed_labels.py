"""Reads a label out of a closed set. A word that is not in the set is no label, however near it comes to one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from instructgen.errors import ParseError
from instructgen.parsing.json_text import json_object
from instructgen.parsing.lazy import lazy
from instructgen.parsing.wrapping import strip_thinking

_QUOTES = "\"'`*“”‘’"
_GLOSS = lazy(r"\s*\(([^()]*)\)\s*\Z")

# What judges who think in Chinese write for the labels they are asked for, in either script.
_CHINESE = """
very poor: 很差 非常差 极差 極差
poor: 差 较差 較差
average: 一般 中等 普通
good: 好 良好 较好 較好
excellent: 优秀 優秀 极好 極好 非常好
very easy: 很容易 非常容易 很简单 非常简单 很簡單 非常簡單
easy: 容易 简单 簡單 较容易 較容易
medium: 中等 适中 適中
hard: 难 难的 困难 较难 難 困難 較難
very hard: 很难 非常难 非常困难 很難 非常難 非常困難
information seeking: 信息查询 信息获取 信息检索 寻求信息 資訊查詢 資訊檢索 尋求資訊
reasoning: 推理 逻辑推理 邏輯推理
planning: 规划 计划 制定计划 規劃 計劃 制定計劃
editing: 编辑 文字编辑 编辑修改 編輯 文字編輯
coding and debugging: 编程与调试 编程和调试 编码与调试 代码与调试 編程與除錯 程式設計與除錯
math: 数学 数学问题 數學
role playing: 角色扮演
data analysis: 数据分析 數據分析 資料分析
creative writing: 创意写作 创作 創意寫作 創作
advice seeking: 寻求建议 咨询建议 建议咨询 尋求建議
brainstorming: 头脑风暴 腦力激盪 頭腦風暴
others: 其他 其它
"""
_NAMES = {
    (label, name)
    for label, _, names in (line.partition(": ") for line in _CHINESE.strip().split("\n"))
    for name in names.split()
}


def closed_label(value: object, labels: Iterable[str]) -> str | None:
    """The label that this value is, or None; case, white space, punctuation and a gloss in brackets aside.

    ``"Very_Good."`` is ``very good``, ``"Math (数学)"`` is ``Math``, ``"quite good"`` is not ``good``. The labels of
    the packaged judges are known by their Chinese names, too: ``"良好"`` is ``good``, ``"优秀（excellent）"`` is
    ``excellent``. A gloss that names another label leaves the value undecided.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or len(value) > 200:
        return None
    known = {_plain(label): label for label in labels}
    known |= {name: known[label] for label, name in _NAMES if label in known and name not in known}
    text = unicodedata.normalize("NFKC", value)
    gloss = _GLOSS.search(text)
    if gloss is None or _plain(text) in known:
        return known.get(_plain(text))
    found, glossed = known.get(_plain(text[: gloss.start()])), known.get(_plain(gloss[1]))
    return found if found == glossed or glossed is None else None


def label_under(answer: Mapping[str, object], name: str, labels: Iterable[str]) -> str:
    """The label under this key of a judge's JSON object.

    Raises:
        ParseError: the key is missing, or what it holds is no label of the set.
    """
    values = [value for key, value in answer.items() if _plain(key) == _plain(name)]
    label = closed_label(values[0], labels) if len(values) == 1 else None
    if label is None:
        raise ParseError(f"{name} is none of the labels: {str(values[0])[:60] if values else 'it is missing'}")
    return label


def object_of(text: str, names: Iterable[str]) -> Mapping[str, object]:
    """The JSON object of an answer; where none can be read, what stands behind these names and a colon.

    So ``{'task': 'Math',}``, ``{“task”：“Math”}`` and ``task: Math`` are read as ``{"task": "Math"}`` is. A name with
    several values has none of them.

    Raises:
        ParseError: there is no object, and none of the names.
    """
    try:
        return json_object(text)
    except ParseError:
        plain = unicodedata.normalize("NFKC", strip_thinking(text))
        found: dict[str, object] = {}
        for name in names:
            values = {match[1] for match in _behind(name).finditer(plain)}
            if len(values) == 1:
                found[name] = _value(values.pop())
        if not found:
            raise
        return found


def _behind(name: str) -> re.Pattern[str]:
    words = r"[\s_]".join(map(re.escape, name.split("_")))
    return re.compile(
        rf"(?<!\w){words}[{_QUOTES}]{{0,4}}\s{{0,4}}[:=]\s{{0,4}}(\[[^\[\]]{{0,400}}\]|[{_QUOTES}]{{0,4}}[^{_QUOTES},;.。{{}}\n]{{1,60}})",
        re.IGNORECASE,
    )


def _value(text: str) -> object:
    return text[1:-1].split(",") if text.startswith("[") else text


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ")
    return " ".join(re.findall(r"[^\W_]+", text))
