"""Rejects answers in which the model speaks of itself as an assistant instead of answering."""

from __future__ import annotations

from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import require_texts
from instructgen.filters.words import first_phrase

ASSISTANT_TALK = (
    "as an ai",
    "ai assistant",
    "how can i assist",
    "how may i assist",
    "作为一个人工智能",
    "作为人工智能",
    "作为一个AI",
    "人工智能助手",
)
"""What models say of themselves (h2o-wizardlm's phrases, and their Chinese likes)."""


@dataclass(frozen=True, slots=True)
class AssistantTalk:
    """Rejects an output with one of these phrases, in any case, unless the prompt has the phrase, too.

    Rejects with ``assistant_talk``; the value is the phrase.

    Attributes:
        phrases: what gives the model away.
    """

    phrases: tuple[str, ...] = ASSISTANT_TALK

    def __post_init__(self) -> None:
        require_texts("phrases", self.phrases)
        object.__setattr__(self, "phrases", tuple(self.phrases))

    def __call__(self, example: Example) -> Reject | None:
        asked = f"{example.instruction}\n{example.input}"
        phrases = [one for one in self.phrases if not first_phrase(asked, [one])]
        found = first_phrase(example.output, phrases) if phrases else ""
        return Reject("assistant_talk", found) if found else None
