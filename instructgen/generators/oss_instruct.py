"""OSS-Instruct: a snippet of real code inspires a model to a programming problem and its solution.

Source: Wei et al., Magicoder: Source Code Is All You Need (arXiv 2312.02120), section 2.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from instructgen.contracts import (
    Context,
    Engine,
    Engines,
    Reject,
    Rejected,
    Request,
    Sampling,
    checked_engine,
    engine_for,
)
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters.filter import Language, require_language
from instructgen.generators.answering import whole_prompt
from instructgen.generators.reading import read_answer
from instructgen.parsing.problem_solution import problem_and_solution
from instructgen.prompts import Prompt
from instructgen.prompts.checked import checked_prompt


@dataclass(frozen=True, slots=True)
class OssInstruct:
    """Makes a programming problem and its solution of each snippet, in one request.

    The snippet is the example's instruction and input, as ``CodeSnippets`` yields it; the problem becomes the
    instruction, the solution the output, and the snippet goes into ``meta["snippet"]``.

    Rejected are an example without a snippet (``empty_instruction``), an answer that was cut off or blocked
    (``truncated``, ``filtered``), and one without the two marked sections, in their order and not empty
    (``unparsable``).

    Attributes:
        engine: the model, or several that share the snippets.
        attempts: how often to ask when an answer cannot be read; at temperature 0, where the answer would be the same,
            once.
        language: of the packaged prompt; markers of both languages are understood.
        prompt: one's own text with the slot ``snippet``; None for the packaged one.
        sampling: how problems are drawn.
    """

    engine: Engine | Engines
    attempts: int = 2
    language: Language = "en"
    prompt: Prompt | None = None
    sampling: Sampling = Sampling(temperature=0.0, max_tokens=2500)

    def __post_init__(self) -> None:
        checked_engine(self.engine, "OssInstruct")
        require_language(self.language)
        if type(self.attempts) is not int or self.attempts < 1:
            raise RecipeError(f"OssInstruct(attempts={self.attempts!r}): it is a whole number of at least 1.")
        if self.prompt is None:
            # Set here, so that the manifest records the text and not that there was no choice.
            object.__setattr__(self, "prompt", Prompt.load("oss_instruct/problem", language=self.language))
        checked_prompt(self.prompt, "OssInstruct", needed=("snippet",))

    @property
    def per_request(self) -> int:
        """Examples that one request can give."""
        return 1

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
        yield example.child(
            "oss_instruct", calls=answer.calls, instruction=problem, input="", output=solution, meta=meta
        )
