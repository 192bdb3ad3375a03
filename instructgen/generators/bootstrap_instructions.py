"""Self-Instruct, step 1: a model continues a list of instructions, most of them people's and a few its own.

Source: Wang et al., Self-Instruct (arXiv 2212.10560), section 2.2, "instruction generation".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from instructgen.contracts import Completion, Request, Sampling
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters import SELF_INSTRUCT_KEYWORDS, Filter
from instructgen.generators.pool import PoolSource, rule_checks
from instructgen.generators.written import Written, in_one_line, listed_instructions
from instructgen.parameters import Count, Natural, check_parameters
from instructgen.parsing import truth
from instructgen.prompts import Prompt


@dataclass(frozen=True, slots=True)
class BootstrapInstructions(PoolSource):
    """A source that grows its own pool of instructions, without inputs and outputs.

    IdentifyClassification and GenerateInstances make tasks of them, or Respond answers them. The parameters are those
    of PoolSource with the paper's numbers as defaults, and two more.

    Attributes:
        only_classification: show seeds that are classification tasks (``meta["classification"]``), and ask for such.
        chat: ask in a chat; without it, the prompt is a text for a base model to continue.
    """

    BY: ClassVar[str] = "bootstrap"

    tasks: Count = 15
    demonstrations: Count = 8
    from_pool: Natural = 2
    sampling: Sampling = Sampling(temperature=0.7, top_p=0.5, max_tokens=1024, presence_penalty=2.0)
    only_classification: bool = False
    chat: bool = True

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.only_classification:
            object.__setattr__(
                self, "seeds", tuple(seed for seed in self.seeds if truth(seed.meta.get("classification")))
            )
            if len(self.seeds) < self.demonstrations:
                raise RecipeError(
                    f"{len(self.seeds)} of the seeds are classification tasks (meta classification), too few to show "
                    f"{self.demonstrations}.\nGive more of them, or fewer demonstrations."
                )
        PoolSource.__post_init__(self)

    def own_checks(self) -> Filter:
        """Self-Instruct's."""
        return rule_checks(SELF_INSTRUCT_KEYWORDS, self.language)

    def own_prompt(self) -> Prompt:
        """``self_instruct/bootstrap``, or ``self_instruct/bootstrap_classification``."""
        name = "bootstrap_classification" if self.only_classification else "bootstrap"
        return Prompt.load(f"self_instruct/{name}", language=self.language)

    def request(self, shown: Sequence[Example]) -> Request:
        """See PoolSource."""
        lines = [f"{number}. {in_one_line(example.instruction)}" for number, example in enumerate(shown, 1)]
        prompt = self.render(shown, "\n".join(lines))
        sampling = replace(self.sampling, stop=(f"\n{self.tasks + 1}.",))
        return Request.chat(prompt, sampling=sampling) if self.chat else Request(text=prompt, sampling=sampling)

    def read(self, completion: Completion, first: int) -> list[Written]:
        """See PoolSource."""
        return listed_instructions(completion, first, continued=True)
