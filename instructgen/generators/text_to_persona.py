"""TextToPersona: a model describes who would read, write or like a text, and so texts become personas (Persona Hub).

Source: Ge et al., Scaling Synthetic Data Creation with 1,000,000,000 Personas (arXiv 2406.20094), "text-to-persona".
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

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
from instructgen.filters.filter import text_of
from instructgen.generators.personas import check_draws, persona_example, read_persona
from instructgen.generators.reading import read_answer
from instructgen.parameters import Count, Language, Text, TextFields, check_parameters
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt

_RELATIONS: Mapping[Language, tuple[str, ...]] = {"en": ("read", "write", "like"), "zh": ("阅读", "写出", "喜欢")}


@dataclass(frozen=True, slots=True)
class TextToPersona:
    """Makes personas of texts: each becomes an example whose instruction is the persona.

    ``meta["relation"]`` tells what the person would do with the text. The text itself is in the prompt, which ``trace``
    shows, and no longer in the example.

    Rejected are an example without a text (``empty_text``), an answer that was cut off or blocked (``truncated``,
    ``filtered``), one in which there is no persona after all attempts (``unparsable``), and a refusal (``refusal``).

    Attributes:
        engine: the model, or several that share the texts.
        relations: what a person might do with a text, as a verb for the prompt's slot ``relation``; None for the
            language's read, write and like.
        draws: personas for each text, each by another of the relations, which are drawn.
        fields: where the text is; what they hold is joined.
        attempts: how often to ask when an answer cannot be read.
        language: of the packaged prompt.
        prompt: one's own text with the slots ``text`` and, if wanted, ``relation``; None for the packaged one.
        sampling: how personas are drawn.
    """

    engine: Engine | Engines
    relations: tuple[Text, ...] | None = None
    draws: Count = 1
    fields: TextFields = ("instruction", "input")
    attempts: Count = 2
    language: Language = "en"
    prompt: Prompt | None = None
    sampling: Sampling = Sampling(temperature=0.7, max_tokens=2048)

    def __post_init__(self) -> None:
        check_parameters(self)
        # Set here, so that the manifest records the words and not that there was no choice.
        object.__setattr__(self, "relations", _RELATIONS[self.language] if self.relations is None else self.relations)
        check_draws(self.relations, self.draws)
        settle_prompt(self, "personas/text_to_persona", needed=("text",), known=("relation",))

    @property
    def per_request(self) -> float:
        """Examples that one request can give, at the most."""
        return 1

    @property
    def per_example(self) -> int:
        """Examples that one example can become."""
        return self.draws

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """One persona for each relation that is drawn."""
        text = "\n\n".join(part for field in self.fields if (part := text_of(example, field).strip()))
        if not text:
            child = example.child("text_to_persona")
            yield Rejected(child, Reject("empty_text", detail=f"in {', '.join(self.fields)}"))
            return
        relations = ctx.random("relations").sample(self.relations or (), self.draws)
        begun = []
        for index, relation in enumerate(relations):
            engine, request = engine_for(self.engine, ctx, index), self._request(text, relation)
            # With a prompt that has no relation in it, the requests are alike: the draw tells them apart.
            draw = index * self.attempts
            begun.append((engine, request, draw, ctx.start(engine, request, draw=draw)))
        for index, (engine, request, draw, first) in enumerate(begun):
            answer = await read_answer(
                ctx, engine, request, read_persona, attempts=self.attempts, draw=draw, first=first
            )
            yield persona_example(example, "text_to_persona", answer, index=index, relation=relations[index])

    def _request(self, text: str, relation: str) -> Request:
        assert self.prompt is not None
        values = {"text": text, "relation": relation}
        prompt = self.prompt.render(**{name: values[name] for name in self.prompt.slots})
        return Request.chat(prompt, sampling=self.sampling)
