"""JudgeGain: a judge says whether an evolved prompt asks for more than the one it came from (Evol-Instruct, rule 1).

Source: Xu et al., WizardLM (arXiv 2304.12244), section 3, "elimination evolving".
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from math import inf
from typing import ClassVar

from instructgen.contracts import Context, Engine, Engines, Reject, Rejected, Request, Sampling
from instructgen.example import Example
from instructgen.generators.answering import whole_prompt
from instructgen.generators.judging import JUDGING, Undecided, ask_judge
from instructgen.parameters import Count, Language, Text, check_parameters
from instructgen.parsing import verdict
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt


@dataclass(frozen=True, slots=True)
class JudgeGain:
    """Writes ``scores["gain"]``: 1 where a prompt and the one it came from are not equal, 0 where they are.

    For data that something else evolved: ``EvolInstruct`` compares by itself. ``Filter(Threshold("gain", 1))`` then
    keeps what gained. The judge is not asked about a text that differs in nothing but case and white space, which is
    0, nor about an empty prompt, which is rejected (``empty_instruction``). An example that does not tell what it came
    from is passed on without the score.

    Attributes:
        engine: the judge, or several that share the examples.
        original: the field of ``meta`` that holds the text before.
        attempts: how often the judge is asked when its answer cannot be read.
        undecided: ``drop`` what it then says nothing about (``undecided``), or ``keep`` it without the score.
        language: of the packaged prompt.
        prompt: one's own text with the slots ``original`` and ``evolved``; None for the packaged one.
        sampling: how verdicts are drawn.
    """

    per_request: ClassVar[float] = inf
    per_example: ClassVar[int] = 1

    engine: Engine | Engines
    original: Text = "evolved_from"
    attempts: Count = 2
    undecided: Undecided = "drop"
    language: Language = "en"
    prompt: Prompt | None = None
    sampling: Sampling = JUDGING

    def __post_init__(self) -> None:
        check_parameters(self)
        settle_prompt(self, "evol_instruct/equality", needed=("original", "evolved"))

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The example with its score."""
        before, evolved = example.meta.get(self.original), whole_prompt(example)
        if not evolved.strip():
            yield Rejected(example.child("judge_gain"), Reject("empty_instruction"))
            return
        if not isinstance(before, str) or not before.strip():
            yield example
            return
        if before.casefold().split() == evolved.casefold().split():
            yield example.child("judge_gain", scores={**example.scores, "gain": 0.0})
            return
        assert self.prompt is not None
        prompt = self.prompt.render(original=before, evolved=evolved)
        request = Request.chat(prompt, sampling=self.sampling)
        equal, calls = await ask_judge(ctx, self.engine, request, verdict, attempts=self.attempts, labels=("judge",))
        if equal is not None:
            yield example.child("judge_gain", calls=calls, scores={**example.scores, "gain": 0.0 if equal else 1.0})
            return
        child = example.child("judge_gain", calls=calls)
        yield child if self.undecided == "keep" else Rejected(child, Reject("undecided"))
