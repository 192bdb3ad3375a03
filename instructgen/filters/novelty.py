"""Novelty by ROUGE-L, as Self-Instruct defines it: too similar to a seed or to anything kept before is rejected."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import TextField, check_parameters

if TYPE_CHECKING:
    from instructgen.similarity.rouge import Match, RougeIndex


@dataclass(slots=True)
class RougeNovelty:
    """Rejects an example whose ROUGE-L F1 with one that was kept before is above the threshold (code ``rouge``).

    Exactly at the threshold is kept, in rouge_score's own arithmetic (Self-Instruct, section 2.2; the released code
    says ``> 0.7``). Chinese, Japanese and Korean are compared character by character.

    Attributes:
        threshold: between 0 and 1.
        field: the text that is compared.
    """

    threshold: float = 0.7
    field: TextField = "instruction"
    _index: RougeIndex = dataclasses.field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_parameters(self)
        if not 0 < self.threshold < 1:
            raise RecipeError(f"RougeNovelty({self.threshold}): the threshold is between 0 and 1; 0.7 is usual.")
        from instructgen.similarity.rouge import RougeIndex  # brings numpy, which `import instructgen` does without

        self._index = RougeIndex(self.threshold)

    def __call__(self, example: Example) -> Reject | None:
        """None if it is new."""
        match = self._index.nearest_above(text_of(example, self.field))
        if match is None:
            return None
        return Reject("rouge", value=match.score, limit=self.threshold, neighbour=match.id)

    def fresh(self) -> RougeNovelty:
        """The same check with an empty memory."""
        return replace(self)

    def observe(self, example: Example) -> None:
        """Remember an example."""
        self._index.add(text_of(example, self.field), example.id)

    def most_similar(self, example: Example, k: int = 10) -> list[Match]:
        """The ``k`` most similar of those remembered, most similar first."""
        return self._index.most_similar(text_of(example, self.field), k)

    def mean_similarity(self, example: Example) -> float:
        """The mean ROUGE-L F1 with all of those remembered; 0 when there are none."""
        return self._index.mean_similarity(text_of(example, self.field))
