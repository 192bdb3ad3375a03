"""Rejects instructions by their first words: "Write a program" is too vague to be answered (Self-Instruct; Alpaca)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import (
    Language,
    TextField,
    require_language,
    require_text_field,
    require_texts,
    text_of,
)

WRITE_PROGRAM: Mapping[Language, tuple[str, ...]] = {
    "en": ("Write a program",),
    "zh": tuple(
        f"{please}{verb}{program}"
        for please in ("", "请", "请你", "请帮我")
        for verb in ("写", "编写")
        for program in ("一个程序", "一段程序", "程序")
    ),
}
"""The openings that ask for a program and do not say what kind, by language; the English one is Alpaca's."""

# 程序员 is a programmer, 程序设计 programming: other words than 程序, a program.
_OTHER_WORDS = ("员", "猿", "媛", "设计", "化", "性")


@dataclass(frozen=True, slots=True)
class OpeningPhrase:
    """Rejects a text that begins with one of ``phrases``, in exactly this case, as Alpaca's code does.

    So "Write a programme …" is rejected, too, and "write a program …" is not. In Chinese, a phrase that ends in 程序
    does not count where another word goes on, such as 程序员.

    Rejects with ``write_program`` by a language's own phrases, with ``opening_phrase`` by others; the value is the
    phrase.

    Attributes:
        phrases: by default those that WRITE_PROGRAM holds for the language.
        language: ``en`` or ``zh``.
        field: the text to look at.
    """

    phrases: tuple[str, ...] = ()
    language: Language = "en"
    field: TextField = "instruction"

    def __post_init__(self) -> None:
        require_language(self.language)
        require_text_field(self.field)
        require_texts("phrases", self.phrases)
        object.__setattr__(self, "phrases", tuple(self.phrases) or WRITE_PROGRAM[self.language])

    def __call__(self, example: Example) -> Reject | None:
        text = text_of(example, self.field)
        for phrase in self.phrases:
            if text.startswith(phrase) and not (phrase.endswith("程序") and text.startswith(_OTHER_WORDS, len(phrase))):
                return Reject("write_program" if self.phrases in WRITE_PROGRAM.values() else "opening_phrase", phrase)
        return None
