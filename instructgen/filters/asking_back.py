"""Rejects answers that ask back: the prompt lacked something (Auto Evol-Instruct, arXiv 2406.00770, section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import TextField, require_text_field, text_of

_POLITE = r"understood(?![a-z])|thank[ ]you|sure(?![a-z])|明白|好的|谢谢|没问题"
_OPENING = re.compile(rf"\W*(?:{_POLITE})", re.IGNORECASE | re.VERBOSE)
_ANYWHERE = re.compile(rf"(?<![a-z])(?:{_POLITE})", re.IGNORECASE | re.VERBOSE)
_REQUEST = re.compile(r"(?<![a-z])please\s+provide|请(?:您|你)?(?:先|再)?提供", re.IGNORECASE)
_QUESTION = re.compile(r"[?？][\s*_\"'”’)）]*\Z")


@dataclass(frozen=True, slots=True)
class AskingBack:
    """Rejects an answer that begins with "Understood", "Thank you" or "Sure" and ends with a question mark, or that
    says "please provide"; the same in Chinese.

    Rejects with ``asks_back``; the value is what it says.

    Attributes:
        anywhere: the polite words count wherever they stand, as the paper's section 3 says; its appendix says "begin".
        field: the text to look at.
    """

    anywhere: bool = False
    field: TextField = "output"

    def __post_init__(self) -> None:
        require_text_field(self.field)

    def __call__(self, example: Example) -> Reject | None:
        text = text_of(example, self.field)
        if request := _REQUEST.search(text):
            return Reject("asks_back", " ".join(request[0].split()))
        polite = _ANYWHERE.search(text) if self.anywhere else _OPENING.match(text)
        return Reject("asks_back", polite[0].strip()) if polite and _QUESTION.search(text) else None
