"""Rejects examples of too many tokens, such as a trainer would cut (evol-teacher's checks for WizardCoder's data)."""

from __future__ import annotations

from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.filters.words import text_tokens
from instructgen.parameters import Count, TextFields, check_parameters


@dataclass(frozen=True, slots=True)
class TokenLength:
    """Keeps an example whose texts have at most so many tokens together.

    No tokenizer is asked: four characters count as a token, and so does each Chinese, Japanese or Korean one. The
    tokens that a server counts are no better here: they include what a model thought before it wrote.

    Rejects with ``too_long``; the value is the estimate.

    Attributes:
        maximum: the most tokens that are kept.
        fields: the texts that are counted together.
    """

    maximum: Count
    fields: TextFields = ("instruction", "input", "output")

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        tokens = sum(text_tokens(text_of(example, field)) for field in self.fields)
        if tokens <= self.maximum:
            return None
        return Reject("too_long", tokens, self.maximum, detail=f"tokens in the {' and the '.join(self.fields)}")
