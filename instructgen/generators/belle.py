"""BELLE: Alpaca's one call in Chinese, with lengths, labels and word lists that fit the language.

Source: Ji et al., BELLE (arXiv 2303.14742), and its released code, whose bugs the method's page lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from instructgen.contracts import Completion, Request, Sampling
from instructgen.example import Example
from instructgen.filters import BELLE_KEYWORDS, BelleLength, Filter, Keywords, RougeNovelty
from instructgen.generators.pool import PoolSource, with_outputs
from instructgen.generators.written import Written, written_tasks
from instructgen.parameters import Count, Language
from instructgen.parsing import without_addressing
from instructgen.prompts import Prompt


def belle_checks() -> Filter:
    """BELLE's rules, then novelty by characters against the seeds and everything accepted before."""
    words = Keywords(BELLE_KEYWORDS, fields=("instruction", "input", "output"), anywhere=True)
    return Filter(BelleLength(), words, RougeNovelty(0.7))


@dataclass(frozen=True, slots=True)
class Belle(PoolSource):
    """A source that grows its own pool of whole Chinese tasks: one call writes instruction, input and output of many.

    Phrases that address the model (请GPT模型…) are cut from the instructions before they are checked. The parameters
    are those of PoolSource; BELLE's are the defaults.
    """

    BY: ClassVar[str] = "belle"

    tasks: Count = 10
    language: Language = "zh"
    sampling: Sampling = Sampling(temperature=1.0, top_p=1.0, max_tokens=1024)

    def __post_init__(self) -> None:
        PoolSource.__post_init__(self)
        with_outputs(self.seeds, "Belle")

    def own_checks(self) -> Filter:
        """BELLE's."""
        return belle_checks()

    def own_prompt(self) -> Prompt:
        """``belle/tasks``, which there is in Chinese only."""
        return Prompt.load("belle/tasks", language=self.language)

    def request(self, shown: Sequence[Example]) -> Request:
        """See PoolSource."""
        return self.ask_for_tasks(shown)

    def read(self, completion: Completion, first: int) -> list[Written]:
        """See PoolSource."""
        return [_spoken_plainly(task) for task in written_tasks(completion, first, self.language)]


def _spoken_plainly(task: Written) -> Written:
    if "instruction" not in task.content:
        return task
    return replace(task, content={**task.content, "instruction": without_addressing(task.content["instruction"])})
