"""Rejects prompts that copy words of the prompt they were made with (Evol-Instruct, arXiv 2304.12244, rule 4)."""

from __future__ import annotations

from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.filters.words import first_phrase
from instructgen.parameters import Text, TextField, check_parameters
from instructgen.parsing.lazy import lazy

EVOLUTION_SCAFFOLD = (
    "given prompt",
    "rewritten prompt",
    "created prompt",
    "给定提示词",
    "改写提示词",
    "改写后的提示词",
    "新建提示词",
    "新提示词",
    "給定提示詞",
    "改寫提示詞",
    "改寫後的提示詞",
    "新建提示詞",
    "新提示詞",
)
"""What the packaged prompts of Evol-Instruct call the prompts in them, and their Chinese in either script."""

# "Given prompt payment, …": what begins a sentence without an article, and is prompt, is no prompt.
_PROMPT_SOMETHING = lazy(
    r"(?:\A|(?<=[.!?]\s)|(?<=\n))[Gg]iven prompt"
    r"(?= (?!(?:and|as|below|above|in|into|is|to|for|with|must|should)\b)[a-z])"
)


@dataclass(frozen=True, slots=True)
class CopiedScaffold:
    """Rejects a text that holds one of these phrases, in any case and with any white space between its words.

    A phrase that the text before the evolution held, too, was not copied. 改写提示词 counts only as a name
    (按照改写提示词, #改写提示词#), since it also says "to rewrite a prompt".

    Rejects with ``scaffold``; the value is the phrase as it stands in the text.

    Attributes:
        phrases: what must not be copied.
        field: the text to look at: the evolved prompt, not the response.
        original: the field of ``meta`` that holds the text before, if there is one.
    """

    phrases: tuple[Text, ...] = EVOLUTION_SCAFFOLD
    field: TextField = "instruction"
    original: Text = "evolved_from"

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        before = example.meta.get(self.original)
        phrases = self.phrases
        if isinstance(before, str):
            phrases = tuple(one for one in phrases if not first_phrase(before, [one]))
        found = first_phrase(_PROMPT_SOMETHING.sub("", text_of(example, self.field)), phrases)
        return Reject("scaffold", found, detail=f"in the {self.field}") if found else None
