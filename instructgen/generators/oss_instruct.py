"""OSS-Instruct: a snippet of real code inspires a model to a programming problem and its solution.

Source: Wei et al., Magicoder: Source Code Is All You Need (arXiv 2312.02120), section 2.
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
from instructgen.filters.refusal import Refusal
from instructgen.generators.answering import whole_prompt
from instructgen.generators.reading import read_answer
from instructgen.parameters import Count, Language, check_parameters
from instructgen.parsing.problem_solution import problem_and_solution
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt


@dataclass(frozen=True, slots=True)
class OssInstruct:
    """Makes a programming problem and its solution of each snippet, in one request.

    The snippet is the example's instruction and input, as ``CodeSnippets`` yields it; the problem becomes the
    instruction, the solution the output, and the snippet goes into ``meta["snippet"]``.

    Rejected are an example without a snippet (``empty_instruction``), an answer that was cut off or blocked
    (``truncated``, ``filtered``), one without the two marked sections, in their order and not empty (``unparsable``),
    and one that refuses in a section (``refusal``).

    Attributes:
        engine: the model, or several that share the snippets.
        attempts: how often to ask when an answer cannot be read; at temperature 0, where the answer would be the same,
            once.
        language: of the packaged prompt; markers of both languages are understood.
        prompt: one's own text with the slot ``snippet``; None for the packaged one.
        sampling: how problems are drawn.
    """

    per_request: ClassVar[float] = 1
    per_example: ClassVar[int] = 1

    engine: Engine | Engines
    attempts: Count = 2
    language: Language = "en"
    prompt: Prompt | None = None
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=2500)

    def __post_init__(self) -> None:
        check_parameters(self)
        settle_prompt(self, "oss_instruct/problem", needed=("snippet",))

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The problem with its solution."""
        snippet = whole_prompt(example)
        if not snippet.strip():
            yield Rejected(example.child("oss_instruct"), Reject("empty_instruction"))
            return
        assert self.prompt is not None
        request = Request.chat(self.prompt.render(snippet=snippet), sampling=self.sampling)
        engine = engine_for(self.engine, ctx)
        answer = await read_answer(ctx, engine, request, problem_and_solution, attempts=self.attempts)
        meta = {**example.meta, "snippet": snippet}
        if answer.value is None:
            assert answer.reject is not None
            child = example.child("oss_instruct", calls=answer.calls, output=answer.text, meta=meta)
            yield Rejected(child, answer.reject)
            return
        problem, solution = answer.value.problem, answer.value.solution
        child = example.child(
            "oss_instruct", calls=answer.calls, instruction=problem, input="", output=solution, meta=meta
        )
        refused = Refusal("instruction")(child) or Refusal()(child)
        yield child if refused is None else Rejected(child, refused)
