"""Rejects texts into which the scaffold of a prompt leaked: its labels, separators and placeholders."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import Text, TextFields, check_parameters
from instructgen.parsing.code import without_code
from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS, NUMBER_END, SPACE

_ENGLISH = r"Instruction|Input|Output|Response|Class[ ]label|Task"
_CHINESE = "指令|输入|输出|类别标签|分类标签|輸入|輸出|類別標籤|分類標籤"
# In Chinese also the words of everyday messages (回复：收到): labels only as a heading.
_HEADING = "回复|任务|回覆|任務|响应"
# What the packaged prompts call the prompts in them.
_PROMPT_ZH = "(?:给定|原始|改写后?的?|重写后?的?|新建|新|給定|改寫後?的?)(?:提示词|提示詞)"
_NUMBER = rf"\d{{1,6}}{SPACE}{{0,2}}{NUMBER_END}{EMPHASIS}{SPACE}{{0,4}}"
_LABEL = rf"(?:{_ENGLISH}|{_CHINESE})"
# As a prompt writes them (the plural heads recipes), at the start of a line: a label before a colon, or with a number
# before it and no more on the line; the separator; a label in brackets.
_LINE = rf"""^{SPACE}{{0,3}}(?:
    (?:\#{{1,6}}{SPACE}{{0,4}})?{EMPHASIS}(?:{_NUMBER})?{EMPHASIS}{_LABEL}{SPACE}{{0,2}}\d{{0,4}}{EMPHASIS}{SPACE}{{0,2}}{COLON}
  | {EMPHASIS}{_NUMBER}{_LABEL}{EMPHASIS}{SPACE}{{0,4}}$
  | \#\#\#{SPACE}{{0,4}}$
  | \#{{1,6}}{SPACE}{{0,4}}{EMPHASIS}(?:{_HEADING}){EMPHASIS}{SPACE}{{0,2}}{COLON}
  | {EMPHASIS}\[(?:Problem(?:[ ]Description)?|Solution|Code[ ]Snippet|问题描述|解答|代码片段|問題描述|程式碼片段)\]
  | {EMPHASIS}【(?:问题描述|問題描述|{_PROMPT_ZH})】
  | {EMPHASIS}(?:改写后|改寫後|重写后)的(?:提示词|提示詞){EMPHASIS}{SPACE}{{0,2}}{COLON})"""
_ANYWHERE = r"""
    (?i:<[ ]?(?:no[ _-]?input|无需?输入|没有输入)[ ]?>)
  | (?i:\#[ ]?(?:the[ ])?(?:given|rewritten|created|new|original|evolved)[ ](?:prompt|instruction)[ ]?\#)
  | [\#＃](?:给定|原始|改写|重写|新建|创建|生成|給定|改寫|重寫|創建)?[后後]?的?新?(?:指令|提示[词詞]?|问题|問題)[\#＃]
  | <\|[a-z_]{2,30}\|> | \[/?INST\] | <</?SYS>>"""
_LEAKED = lazy(f"{_LINE} | {_ANYWHERE}", re.MULTILINE | re.VERBOSE)
_EXAMPLE = lazy(
    rf"^{SPACE}{{0,3}}{EMPHASIS}(?:Example{SPACE}{{1,2}}|(?:示例|例子|样例){SPACE}{{0,2}})(\d{{1,3}})"
    rf"{EMPHASIS}[.。]?{COLON}?{EMPHASIS}{SPACE}{{0,4}}$",
    re.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Scaffold:
    """Rejects a text that holds a piece of the prompt it was written for.

    Pieces are, in English and Chinese: a label at the start of a line (``Input:``, ``12. Instruction:``,
    ``### Response:``, ``Class label:``, ``输出：``), a line of nothing but ``###``, ``<noinput>``,
    ``#Rewritten Prompt#``, ``[Solution]``, ``[解答]`` or ``【问题描述】`` at the start of a line, the tokens of a chat
    template (``<|im_end|>``), and a line ``Example 3`` where no example 1 came before. Code does not count, nor do the
    same words within a sentence. 任务 and 回复 stand in everyday messages (任务：周五前交报告) and count only as a
    heading, ``### 回复：``.

    For tasks that describe their own input and output in such lines, as those of programming contests do, leave the
    instruction out of ``fields``.

    Rejects with ``scaffold``; the value is the piece.

    Attributes:
        words: more words or phrases that must not stand anywhere in the text, in any case.
        fields: the texts to look at, in this order.
    """

    words: tuple[Text, ...] = ()
    fields: TextFields = ("instruction", "output")

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        for field in self.fields:
            text = text_of(example, field)
            if piece := _leaked(text) or self._own_word(text):
                return Reject("scaffold", " ".join(piece.split()), detail=f"in the {field}")
        return None

    def _own_word(self, text: str) -> str:
        found = _pattern(self.words).search(text) if self.words else None
        return found[0] if found else ""


def _leaked(text: str) -> str:
    prose, _ = without_code(text)
    if found := _LEAKED.search(prose):
        return found[0]
    example = _EXAMPLE.search(prose)
    # Who explains something with examples begins with the first; a leak goes on with the numbers of the prompt.
    return example[0] if example and int(example[1]) > 1 else ""


@lru_cache(maxsize=32)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    phrases = (r"\s+".join(map(re.escape, word.split())) for word in words)
    return re.compile("|".join(phrases), re.IGNORECASE)
