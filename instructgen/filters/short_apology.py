"""Rejects short answers that apologise: mostly refusals (Evol-Instruct, arXiv 2304.12244, elimination rule 2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.filters.words import word_count
from instructgen.parameters import Positive, TextField, check_parameters
from instructgen.parsing.lazy import lazy

# 不好意思 is also to be shy: it apologises where a sentence begins.
_SORRY = lazy(
    r"(?<![a-z])sorry(?![a-z])|抱歉|对不起|對不起|(?:\A|[。！？!?\n])\W{0,4}(?:真的?|很|实在|實在)?不好意思(?=[，,。！!、…\s]|我|这|這|\Z)",
    re.IGNORECASE,
)
_QUOTED = lazy(r"[“\"「『‘'《](?:抱歉|对不起|對不起|不好意思)[”\"」』’'》]")


@dataclass(frozen=True, slots=True)
class ShortApology:
    """Rejects an answer with the word "sorry", or its Chinese like, in fewer than so many words.

    The rule is blunt, as the paper has it: a short letter of apology is rejected too. ``Refusal`` reads what is said.
    Only a Chinese word in quotation marks of its own does not count (“抱歉”是什么意思), as it is spoken about.
    A Chinese or Japanese character counts half a word. Rejects with ``sorry``; the value is the number of words.

    Attributes:
        words: an answer of at least so many words is kept.
        field: the text to look at: the response, not the evolved prompt.
    """

    words: Positive = 80
    field: TextField = "output"

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        text = text_of(example, self.field)
        if not _SORRY.search(_QUOTED.sub(" ", text)):
            return None
        words = word_count(text)
        return Reject("sorry", words, self.words) if words < self.words else None
