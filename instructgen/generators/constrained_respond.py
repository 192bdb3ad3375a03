"""ConstrainedRespond: a teacher answers, told what the output must meet; the row that is trained on does not say it.

Source: Honovich et al., Unnatural Instructions (arXiv 2212.09689), section 2.1, "output generation".
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar

from instructgen.contracts import (
    Context,
    Engine,
    Engines,
    Reject,
    Rejected,
    Request,
    Sampling,
    engine_for,
)
from instructgen.example import Example
from instructgen.generators.answering import answer_in
from instructgen.parameters import Language, check_parameters
from instructgen.parsing.labelled import unlabelled
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt

_LABELS = ("Output", "Outputs", "输出")
_FREE = {"en": "None", "zh": "无"}


@dataclass(frozen=True, slots=True)
class ConstrainedRespond:
    """Makes the output of each example, greedily, from instruction, input and ``meta["constraints"]``.

    The constraints stay in ``meta`` and are no part of instruction or input: a model learns to give the right form
    unasked, as the paper has it. Rejects ``truncated``, ``filtered`` and ``empty`` answers.

    Attributes:
        engine: the teacher, or several that share the answers.
        language: of the packaged prompt.
        prompt: one's own text with the slots ``instruction``, ``input`` and ``constraints``; None for the packaged one.
        chat: ask in a chat; without it, the prompt is a text for a base model to continue.
        sampling: how the answers are drawn.
    """

    per_request: ClassVar[float] = 1
    per_example: ClassVar[int] = 1

    engine: Engine | Engines
    language: Language = "en"
    prompt: Prompt | None = None
    chat: bool = True
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=2048)

    def __post_init__(self) -> None:
        check_parameters(self)
        settle_prompt(self, "unnatural_instructions/output", needed=("instruction", "input", "constraints"))

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The example with its output."""
        assert self.prompt is not None
        constraints = str(example.meta.get("constraints") or _FREE[self.language])
        prompt = self.prompt.render(instruction=example.instruction, input=example.input, constraints=constraints)
        request = Request.chat(prompt, sampling=self.sampling)
        if not self.chat:
            request = Request(text=prompt, sampling=self.sampling)
        completion = await ctx.ask(engine_for(self.engine, ctx), request)
        output, fault = answer_in(completion)
        output = unlabelled(output, _LABELS)
        fault = fault or ("" if output else "empty")
        child = example.child("constrained_respond", calls=[completion.key], output=output)
        yield Rejected(child, Reject(fault)) if fault else child
