"""Rejects prompts that copy words of the prompt they were made with (Evol-Instruct, arXiv 2304.12244, rule 4)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import TextField, require_text_field, require_texts, text_of

EVOLUTION_SCAFFOLD = (
    "given prompt",
    "rewritten prompt",
    "created prompt",
    "给定提示词",
    "改写提示词",
    "新建提示词",
)
"""What the packaged prompts of Evol-Instruct call the prompts in them."""


@dataclass(frozen=True, slots=True)
class CopiedScaffold:
    """Rejects a text that holds one of these phrases, in any case and with any white space between its words.

    Rejects with ``scaffold``; the value is the phrase as it stands in the text.

    Attributes:
        phrases: what must not be copied.
        field: the text to look at: the evolved prompt, not the response.
    """

    phrases: tuple[str, ...] = EVOLUTION_SCAFFOLD
    field: TextField = "instruction"

    def __post_init__(self) -> None:
        require_text_field(self.field)
        require_texts("phrases", self.phrases)
        object.__setattr__(self, "phrases", tuple(self.phrases))

    def __call__(self, example: Example) -> Reject | None:
        found = first_phrase(text_of(example, self.field), self.phrases)
        return Reject("scaffold", found, detail=f"in the {self.field}") if found else None


def first_phrase(text: str, phrases: Iterable[str]) -> str:
    """The first of these phrases in the text, as it stands there; empty if there is none."""
    found = _pattern(tuple(phrases)).search(text)
    return " ".join(found[0].split()) if found else ""


@lru_cache(maxsize=32)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    # "Rewritten prompts" counts, "forgiven prompt" and "as an aim" (for "as an ai") do not.
    names = (r"[\s_-]+".join(map(re.escape, phrase.split())) for phrase in phrases)
    return re.compile("|".join(rf"(?<![A-Za-z]){name}s?(?![A-Za-z])" for name in names) or r"(?!)", re.IGNORECASE)
