"""Rejects examples that contain a text of a benchmark, so that a model is not trained on what it is tested with.

Source: Wei et al., Magicoder (arXiv 2312.02120), section 2.3; the rule is that of StarCoder's data (arXiv 2305.06161).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import TextFields, check_parameters

_LONGEST_KEY = 24


@dataclass(frozen=True, slots=True)
class Decontaminate:
    """Rejects an example in one of whose texts one of these texts stands as a whole, in any case.

    Runs of white space count as one space. No benchmark is shipped: read one's own with
    ``list(read_examples(path, columns={"instruction": "prompt"}))``. A short text is found everywhere; the prompts and
    solutions of a benchmark are what to give, not their single lines.

    Rejects with ``contaminated``; the value is the beginning of the text that was found.

    Attributes:
        texts: texts, or examples whose instruction counts.
        fields: where to look.
    """

    texts: Sequence[str | Example]
    fields: TextFields = ("instruction", "input", "output")
    _index: Mapping[str, tuple[str, ...]] = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_parameters(self)
        # As examples, of which a manifest records the hash: it is published with the data, a benchmark should not be.
        examples = tuple(one if isinstance(one, Example) else Example(instruction=one) for one in self.texts)
        texts = [_plain(one.instruction) for one in examples]
        if not texts or not all(texts):
            raise RecipeError("Decontaminate has no text to look for, or one that is blank.\nLeave it out.")
        object.__setattr__(self, "texts", examples)
        object.__setattr__(self, "_index", _indexed(texts))

    def __call__(self, example: Example) -> Reject | None:
        for field in self.fields:
            if found := self._first(_plain(text_of(example, field))):
                return Reject("contaminated", value=found[:80], detail=f"in the {field}")
        return None

    def _first(self, text: str) -> str:
        # All keys are of one length, so that each place of the text is looked up once, whatever the number of texts.
        length = len(next(iter(self._index)))
        for place in range(len(text) - length + 1):
            for one in self._index.get(text[place : place + length], ()):
                if text.startswith(one, place):
                    return one
        return ""


def _indexed(texts: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """The texts by their first characters."""
    length = min([_LONGEST_KEY, *map(len, texts)])
    index: dict[str, tuple[str, ...]] = {}
    for text in dict.fromkeys(texts):
        index[text[:length]] = (*index.get(text[:length], ()), text)
    return index


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
