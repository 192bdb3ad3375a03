"""What the persona methods share: how a persona is asked for and read, and how one stands in an example.

A persona is a description of a person; an example that stands for one has it as its instruction. So personas of one's
own are rows like any others, and every check on instructions is a check on personas.

Source: Ge et al., Scaling Synthetic Data Creation with 1,000,000,000 Personas (Persona Hub, arXiv 2406.20094).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from instructgen.contracts import Rejected
from instructgen.errors import ParseError, RecipeError
from instructgen.example import Example
from instructgen.filters.refusal import Refusal
from instructgen.generators.reading import Answer
from instructgen.parsing.labelled import begins_line, labelled
from instructgen.parsing.tasks import without_separators

PERSONA_LABELS = ("Persona", "Persona description", "人物", "人物画像", "人物描述", "人物形象", "人物设定")
"""What a reply with a persona begins with; both languages are understood whatever the prompt."""

_REASONS = ("Reason", "Reasons", "Reasoning", "Explanation", "理由", "原因", "解释")

ANOTHER_TEXT: Mapping[str, Any] = {
    "input": "",
    "output": "",
    "system": "",
    "history": (),
    "candidates": (),
    "scores": {},
}
"""What is left of an example's other fields when its instruction becomes another text: nothing."""


def read_persona(text: str) -> str:
    """The persona in a reply: one paragraph behind its label, made one line.

    Raises:
        ParseError: the label is missing, nothing follows, or there is more than one paragraph: another persona, or
            reasons for this one.
    """
    content = without_separators(labelled(text, PERSONA_LABELS))
    if re.search(r"\n[ \t]*\r?\n", content):
        raise ParseError("there is more than one paragraph", text=text)
    if label := begins_line(content, (*PERSONA_LABELS, *_REASONS)):
        raise ParseError(f"the persona goes on with {label!r}", text=text)
    return " ".join(content.split())


def persona_example(
    origin: Example, by: str, answer: Answer[str], *, index: int = 0, **meta: Any
) -> Example | Rejected:
    """The child of ``origin`` that stands for the persona in an answer, rejected where it is none."""
    meta = {**origin.meta, **meta}
    if answer.value is None:
        child = origin.child(by, calls=answer.calls, index=index, **{**ANOTHER_TEXT, "output": answer.text}, meta=meta)
        assert answer.reject is not None
        return Rejected(child, answer.reject)
    child = origin.child(by, calls=answer.calls, index=index, instruction=answer.value, meta=meta, **ANOTHER_TEXT)
    refused = Refusal("instruction")(child)
    return child if refused is None else Rejected(child, refused)


def check_draws(relations: Sequence[str] | None, draws: int) -> None:
    """Refuse to draw more relations than there are.

    Raises:
        RecipeError: there are fewer.
    """
    if draws > len(relations or ()):
        raise RecipeError(f"draws={draws}, and there are {len(relations or ())} relations to draw from.")
