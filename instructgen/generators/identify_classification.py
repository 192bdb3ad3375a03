"""Self-Instruct, step 2: a model says whether a task is a classification, because those are made output first.

Source: Wang et al., Self-Instruct (arXiv 2212.10560), section 2.2, "classification task identification".
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import ClassVar, Literal

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
from instructgen.errors import ParseError
from instructgen.example import Example
from instructgen.parameters import Count, Language, check_parameters
from instructgen.parsing import yes_no
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt


@dataclass(frozen=True, slots=True)
class IdentifyClassification:
    """Puts ``meta["classification"]``, true or false, into each example.

    The original takes everything that is not "Yes" for a no, a failed call too; here an answer that says neither is
    asked for again, and then ``undecided`` decides.

    Attributes:
        engine: the model, or several that share the examples.
        attempts: how often an example is asked about; at temperature 0, where the answer would be the same, once.
        undecided: what becomes of an example without a decision: ``reject`` it (``unparsable``), or ``no``.
        language: of the packaged prompt.
        prompt: one's own text with the slot ``instruction``; None for the packaged one.
        sampling: how the answer is drawn.
    """

    per_request: ClassVar[float] = 1
    per_example: ClassVar[int] = 1

    engine: Engine | Engines
    attempts: Count = 2
    undecided: Literal["reject", "no"] = "reject"
    language: Language = "en"
    prompt: Prompt | None = None
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=8)

    def __post_init__(self) -> None:
        check_parameters(self)
        settle_prompt(self, "self_instruct/classify", needed=("instruction",))

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The example with its mark."""
        assert self.prompt is not None
        prompt = self.prompt.render(instruction=" ".join(example.instruction.split()))
        request = Request.chat(prompt, sampling=self.sampling)
        calls = []
        for attempt in range(1 if self.sampling.temperature == 0 else self.attempts):
            completion = await ctx.ask(engine_for(self.engine, ctx), request, draw=attempt)
            calls.append(completion.key)
            try:
                decided = yes_no(completion.text)
            except ParseError as error:
                problem = str(error)
                continue
            yield _marked(example, decided, calls)
            return
        if self.undecided == "no":
            yield _marked(example, False, calls)
        else:
            child = example.child("identify_classification", calls=calls, output=completion.text)
            yield Rejected(child, Reject("unparsable", detail=problem))


def _marked(example: Example, classification: bool, calls: list[str]) -> Example:
    meta = {**example.meta, "classification": classification}
    return example.child("identify_classification", calls=calls, meta=meta)
