"""Self-Instruct in its one-call form: a model writes new tasks, instruction, input and output, from a few examples.

Source: Taori et al., Stanford Alpaca (2023), after Wang et al., Self-Instruct (arXiv 2212.10560), section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from instructgen.contracts import Completion, Request, Sampling
from instructgen.example import Example
from instructgen.filters import ALPACA_KEYWORDS, Filter
from instructgen.generators.pool import PoolSource, rule_checks, with_outputs
from instructgen.generators.written import Written, written_tasks
from instructgen.prompts import Prompt


@dataclass(frozen=True, slots=True)
class SelfInstruct(PoolSource):
    """A source that grows its own pool of whole tasks: one call writes instruction, input and output of many.

    The parameters are those of PoolSource; Alpaca's are the defaults.
    """

    BY: ClassVar[str] = "self_instruct"

    sampling: Sampling = Sampling(temperature=1.0, top_p=1.0, max_tokens=3072)

    def __post_init__(self) -> None:
        PoolSource.__post_init__(self)
        with_outputs(self.seeds, "SelfInstruct")

    def own_checks(self) -> Filter:
        """Alpaca's."""
        return rule_checks(ALPACA_KEYWORDS, self.language)

    def own_prompt(self) -> Prompt:
        """``self_instruct/alpaca``."""
        return Prompt.load("self_instruct/alpaca", language=self.language)

    def request(self, shown: Sequence[Example]) -> Request:
        """See PoolSource."""
        return self.ask_for_tasks(shown)

    def read(self, completion: Completion, first: int) -> list[Written]:
        """See PoolSource."""
        return written_tasks(completion, first, self.language)
