"""Rejects prompts that were to show code and show none (WizardCoder, arXiv 2306.08568: erroneous code misdirects)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.parameters import Text, check_parameters
from instructgen.parsing import DataKind, holds_data
from instructgen.parsing.lazy import lazy

_KINDS: tuple[DataKind, ...] = ("html", "python", "shell", "sql", "xml")
_FENCE = lazy(r"^[ \t]{0,12}(?:`{3}|~{3})", re.MULTILINE)
# A name between backticks (`merge_sort`, `len()`) is only mentioned.
_SPAN = lazy(r"`[^`\n]{0,200}[-+*/=<>;{}\[\]][^`\n]{0,200}`")
_LINE = lazy(r"[;{}][ \t]{0,8}(?://[^\n]{0,200})?$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class ShownCode:
    """Rejects a prompt without code, where one of these operators made it.

    Rejects with ``no_data``, as a prompt that lacks other data is.

    Attributes:
        operators: names in ``meta["operator"]``; empty for every example.
    """

    operators: tuple[Text, ...] = ("erroneous_code",)

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        if self.operators and example.meta.get("operator") not in self.operators:
            return None
        text = f"{example.instruction}\n{example.input}"
        return None if holds_code(text) else Reject("no_data", "code", detail="it is not in the new prompt")


def holds_code(text: str) -> bool:
    """Whether there is code in a text: in a fence, between backticks, or in lines as only code has them."""
    if _FENCE.search(text) or _SPAN.search(text) or len(_LINE.findall(text)) > 1:
        return True
    return any(holds_data(text, kind) for kind in _KINDS)
