"""How numbers and labels look at the start of a line, with the decoration that chat models put around them.

Every repetition in these patterns is bounded, so that a reader's time grows with the length of the text and no faster.
"""

from __future__ import annotations

import re

SPACE = "[ \t\u00a0\u3000]"
"""A space within a line, the non-breaking and the full-width one included."""

INDENT = rf"{SPACE}{{0,8}}"

LINE = rf"^{INDENT}(?:[#>]{{1,6}}{SPACE}{{0,4}}|[-*+•]{{1,3}}{SPACE}{{1,4}})?"
"""The start of a line: indentation, then a heading's signs, a quotation sign or a bullet. Needs re.MULTILINE."""

EMPHASIS = r"[*_]{0,3}"

NUMBER_END = "[.)、．）]"
"""What follows the number of an item."""

LISTED = rf"(?:[-*+•]{SPACE}{{1,4}}|\d{{1,2}}{NUMBER_END}{SPACE}{{0,3}})?"
"""The bullet or the number before a label that is an item of a list, if it is one."""

COLON = "[:：]"

# The traditional characters of the words that readers look for in what a model says about its answer.
_TRADITIONAL = """
寫写 詞词 後后 當当 為为 題题 這这 個个 請请 問问 優优 調调 編编 簡简 難难 據据 說说 釋释 註注 備备 變变 動动 內内
點点 對对 幫帮 還还 隨随 時时 訴诉 進进 願愿 樣样 條条 學学 沒没 種种 續续 嗎吗 給给 於于 異异 區区 別别 結结 論论
斷断 實实 間间 應应 視视 構构 達达 夠够 稱称 談谈 義义 麼么 無无 與与 兩两 並并 複复 雜杂 過过 該该 標标 確确 會会
檢检 參参 識识 繼继 務务 從从 適适 體体 節节 際际 現现 輸输 約约 讓让 歡欢 貼贴 將将 範范 圍围 廣广 僅仅 經经 滿满
處处 補补 細细 數数
"""
_SIMPLIFIED = str.maketrans({pair[0]: pair[1] for pair in _TRADITIONAL.split()})


def simplified(text: str) -> str:
    """The text for matching, as long as before: the characters that readers look for in their simplified form."""
    return text.translate(_SIMPLIFIED)


def without_emphasis(mark: str, content: str) -> str:
    """The content after a number or label, where ``mark`` (such as ``**``) was opened before it and is still open.

    The mark closes right behind the label, or at the end of the content, or belongs to the content's first words.
    """
    content = _unwrapped(content)
    if not mark:
        return content
    if content.startswith(mark):
        return _unwrapped(content[len(mark) :])
    if content.endswith(mark) and content.count(mark) == 1:
        return content[: -len(mark)].rstrip()
    return mark + content


def _unwrapped(content: str) -> str:
    """The content without white space around it; a first line of its own keeps its indentation (tables, code)."""
    blank = re.match(r"\s*\n", content)
    return content[blank.end() :].rstrip() if blank else content.strip()
