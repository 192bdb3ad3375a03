"""JudgeDifficulty: a judge rates how difficult each prompt is, from 1 to 10.

Source: Xu et al., WizardLM (arXiv 2304.12244), section 4 and appendix: the judge that shows difficulty by round.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from instructgen.contracts import Context, Engine, Engines, Reject, Rejected, Request, Sampling
from instructgen.example import Example
from instructgen.generators.answering import whole_prompt
from instructgen.generators.judging import JUDGING, Undecided, ask_judge
from instructgen.parameters import Count, Language, check_parameters
from instructgen.parsing import score
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt


@dataclass(frozen=True, slots=True)
class JudgeDifficulty:
    """Writes ``scores["difficulty"]``, from 1 to 10, where 10 is hardest; the prompt is rated and not the answer.
    An empty prompt is rejected without asking (``empty_instruction``).

    ``instructgen show RUN --by round`` then shows the mean of each round, as the paper does.

    Attributes:
        engine: the judge, or several that share the examples.
        attempts: how often the judge is asked when its answer holds no rating.
        undecided: ``drop`` what it then gives no rating (``undecided``), or ``keep`` it without the score.
        language: of the packaged prompt.
        prompt: one's own text with the slot ``prompt``; None for the packaged one.
        sampling: how ratings are drawn.
    """

    per_request: ClassVar[float] = 1
    per_example: ClassVar[int] = 1

    engine: Engine | Engines
    attempts: Count = 2
    undecided: Undecided = "drop"
    language: Language = "en"
    prompt: Prompt | None = None
    sampling: Sampling = JUDGING

    def __post_init__(self) -> None:
        check_parameters(self)
        settle_prompt(self, "evol_instruct/difficulty", needed=("prompt",))

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The example with its score."""
        text = whole_prompt(example)
        if not text.strip():
            yield Rejected(example.child("judge_difficulty"), Reject("empty_instruction"))
            return
        assert self.prompt is not None
        request = Request.chat(self.prompt.render(prompt=text), sampling=self.sampling)
        read = partial(score, low=1, high=10)
        rating, calls = await ask_judge(ctx, self.engine, request, read, attempts=self.attempts, labels=("judge",))
        if rating is not None:
            yield example.child("judge_difficulty", calls=calls, scores={**example.scores, "difficulty": rating})
            return
        child = example.child("judge_difficulty", calls=calls)
        yield child if self.undecided == "keep" else Rejected(child, Reject("undecided"))
