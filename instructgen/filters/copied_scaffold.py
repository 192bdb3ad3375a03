"""Rejects prompts that copy words of the prompt they were made with (Evol-Instruct, arXiv 2304.12244, rule 4)."""

from __future__ import annotations

from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import TextField, require_text_field, require_texts, text_of
from instructgen.filters.words import first_phrase

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
