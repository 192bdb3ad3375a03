"""InstructWild: short prompts of real users are shown, and a model writes more of their kind, instructions only.

Source: Ni et al., InstructionWild (2023); its answers come from a second call, which here is Respond.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from instructgen.contracts import Completion, Request, Sampling
from instructgen.example import Example
from instructgen.filters import ALPACA_KEYWORDS, Filter
from instructgen.generators.pool import PoolSource, rule_checks
from instructgen.generators.written import Written, listed_instructions
from instructgen.parameters import Count
from instructgen.prompts import Prompt


@dataclass(frozen=True, slots=True)
class InstructWild(PoolSource):
    """A source of instructions in the manner of your own users: give their prompts as seeds, outputs are not needed.

    The parameters are those of PoolSource: five seeds are shown in each prompt, none of the pool.
    """

    BY: ClassVar[str] = "instruct_wild"

    demonstrations: Count = 5
    sampling: Sampling = Sampling(temperature=1.0, top_p=1.0, max_tokens=3072)

    def own_checks(self) -> Filter:
        """Alpaca's."""
        return rule_checks(ALPACA_KEYWORDS, self.language)

    def own_prompt(self) -> Prompt:
        """``instruct_wild/instructions``."""
        return Prompt.load("instruct_wild/instructions", language=self.language)

    def request(self, shown: Sequence[Example]) -> Request:
        """See PoolSource."""
        lines = [f"{number}. {example.instruction.strip()}" for number, example in enumerate(shown, 1)]
        sampling = replace(self.sampling, stop=(f"\n{self.tasks + 1}.",))
        return Request.chat(self.render(shown, "\n".join(lines)), sampling=sampling)

    def read(self, completion: Completion, first: int) -> list[Written]:
        """See PoolSource."""
        return listed_instructions(completion, first, continued=False)
