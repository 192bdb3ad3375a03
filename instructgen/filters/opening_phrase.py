"""Rejects instructions by their first words: "Write a program" is too vague to be answered (Self-Instruct; Alpaca)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import Language, Text, TextField, check_parameters
from instructgen.parsing.lazy import lazy

WRITE_PROGRAM: Mapping[Language, tuple[str, ...]] = {
    "en": ("Write a program",),
    "zh": tuple(
        f"{verb}{program}"
        for verbs, programs in (
            (("写", "编写", "设计"), ("一个程序", "一段程序", "个程序", "段程序", "程序")),
            (("寫", "編寫", "設計"), ("一個程式", "一段程式", "個程式", "段程式", "程式")),
        )
        for verb in verbs
        for program in programs
    ),
}
"""The openings that ask for a program and do not say what kind, by language; the English one is Alpaca's."""

# What may stand before a Chinese phrase: 请你帮我写…
_PLEASE = lazy("(?:请|請)?(?:你|您)?(?:能)?(?:(?:帮|幫|给|給|为|為|替)我们?)?(?:再)?")
# 程序员 is a programmer, 程序设计 programming, 程序法 the law of procedure: other words than 程序, a program.
_OTHER_WORDS = lazy("[员員猿媛化性法的时時之框语語流]|设计|設計|正义|正義|公正|规则|規則|设定|設定|碼|码")
# Without a number it is as likely the word for all programs: what it is to do has to follow, or nothing.
_BARE = lazy("(?<![个個段])程[序式]\\Z")
_GOES_ON = lazy(
    "\\W|\\Z|来|來|用|以|实现|實現|计算|計算|求|输出|輸出|打印|判断|判斷|统计|統計|完成|找|将|將|把|让|讓|使"
)


@dataclass(frozen=True, slots=True)
class OpeningPhrase:
    """Rejects a text that begins with one of ``phrases``, in exactly this case, as Alpaca's code does.

    So "Write a programme …" is rejected, too, and "write a program …" is not. In Chinese, polite words may stand before
    the phrase (请帮我), and one that ends in 程序 does not count where another word goes on (程序员, 程序法) or it
    means programs in general (编写程序时).

    Rejects with ``write_program`` by a language's own phrases, with ``opening_phrase`` by others; the value is the
    phrase.

    Attributes:
        phrases: by default those that WRITE_PROGRAM holds for the language.
        language: ``en`` or ``zh``.
        field: the text to look at.
    """

    phrases: tuple[Text, ...] = ()
    language: Language = "en"
    field: TextField = "instruction"

    def __post_init__(self) -> None:
        check_parameters(self)
        object.__setattr__(self, "phrases", tuple(self.phrases) or WRITE_PROGRAM[self.language])

    def __call__(self, example: Example) -> Reject | None:
        text = text_of(example, self.field)
        please = _PLEASE.match(text) if self.language == "zh" else None
        for start in (0, please.end()) if please else (0,):
            for phrase in self.phrases:
                end = start + len(phrase)
                if text.startswith(phrase, start) and _names_a_program(phrase, text, end):
                    code = "write_program" if self.phrases in WRITE_PROGRAM.values() else "opening_phrase"
                    return Reject(code, text[:end])
        return None


def _names_a_program(phrase: str, text: str, end: int) -> bool:
    """Whether the word for a program at the end of a Chinese phrase is one; true of every other phrase."""
    if not phrase.endswith(("程序", "程式")):
        return True
    return bool(_GOES_ON.match(text, end)) if _BARE.search(phrase) else not _OTHER_WORDS.match(text, end)
