"""PersonaToPersona: a model describes people who are related to a persona, round after round (Persona Hub).

Source: Ge et al., Scaling Synthetic Data Creation with 1,000,000,000 Personas (arXiv 2406.20094), "persona-to-persona".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from instructgen.contracts import (
    Completion,
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
from instructgen.generators.personas import check_draws, persona_example, read_persona
from instructgen.generators.reading import read_answer
from instructgen.parameters import Count, Language, Text, between, check_parameters
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt

_ROUNDS = 6  # six degrees of separation, as the paper has it
_RELATIONS: Mapping[Language, tuple[str, ...]] = {
    "en": (
        "a member of their family",
        "somebody they work with every day",
        "somebody they look after, or who looks after them",
        "somebody who learns from them or teaches them",
        "somebody who buys from them or sells to them",
        "somebody with whom they share a pastime",
        "a rival, or somebody who holds the opposite view",
        "a neighbour or old friend who leads quite another life",
    ),
    "zh": (
        "此人的家人",
        "经常与此人一起做事的人",
        "照顾此人的人，或者由此人照顾的人",
        "教此人的人，或者跟此人学习的人",
        "向此人买东西的人，或者卖东西给此人的人",
        "与此人有共同爱好的人",
        "此人的竞争对手，或者观点与此人相反的人",
        "此人的邻居或老朋友，过着截然不同的生活",
    ),
}


@dataclass(frozen=True, slots=True)
class PersonaToPersona:
    """Adds to each persona people who are related to it, to these their relations, and so on.

    A persona is an example's instruction, see ``TextToPersona``. ``meta`` tells ``round``, ``relation`` and
    ``related_to``, the persona before. One from which nothing came in a round is asked about again in the next.

    Rejected are an example without a persona (``empty_instruction``), answers as in ``TextToPersona``, and a persona
    that has been there among those of the same example (``duplicate``).

    Attributes:
        engine: the model, or several that share the personas.
        rounds: how often, from 1 to 6.
        relations: who is asked for, as the prompt's slot ``relation`` needs it; None for the language's own eight.
        draws: related personas for each one and round, each by another of the relations, which are drawn; the number
            of personas grows as its powers.
        originals: yield each persona itself, too, first and unchanged.
        attempts: how often to ask when an answer cannot be read.
        language: of the packaged prompt and relations.
        prompt: one's own text with the slots ``persona`` and, if wanted, ``relation``; None for the packaged one.
        sampling: how personas are drawn.
    """

    engine: Engine | Engines
    rounds: Annotated[int, between(1, _ROUNDS)] = _ROUNDS
    relations: tuple[Text, ...] | None = None
    draws: Count = 1
    originals: bool = True
    attempts: Count = 2
    language: Language = "en"
    prompt: Prompt | None = None
    sampling: Sampling = Sampling(temperature=0.7, max_tokens=2048)

    def __post_init__(self) -> None:
        check_parameters(self)
        # Set here, so that the manifest records the words and not that there was no choice.
        object.__setattr__(self, "relations", _RELATIONS[self.language] if self.relations is None else self.relations)
        check_draws(self.relations, self.draws)
        settle_prompt(self, "personas/persona_to_persona", needed=("persona",), known=("relation",))

    @property
    def per_request(self) -> float:
        """Examples that one request can give, at the most."""
        return self.per_example / (self.per_example - self.originals)

    @property
    def per_example(self) -> int:
        """Examples that one example can become."""
        return int(self.originals) + sum(int(self.draws**number) for number in range(1, self.rounds + 1))

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The persona itself, then those of each round."""
        if not example.instruction.strip():
            yield Rejected(example.child("persona_to_persona"), Reject("empty_instruction"))
            return
        if self.originals:
            yield example.child("persona_to_persona/original", meta={**example.meta, "round": 0})
        family = {_folded(example): example.id}
        asked: Counter[str] = Counter()
        known = [example]
        for number in range(1, self.rounds + 1):
            questions = [one for persona in known for one in self._questions(persona, number, asked, ctx)]
            made: dict[str, Example] = {}
            for question in questions:
                found = self._new(await self._answer(question, number, ctx), family)
                if isinstance(found, Example):
                    made[found.id] = found
                yield found
            # Where no new one came of a persona, it stays, and meets other relations in the next round.
            parents = {one.parents[0] for one in made.values()}
            known = [*(one for one in known if one.id not in parents), *made.values()]

    def _questions(self, persona: Example, number: int, asked: Counter[str], ctx: Context) -> Iterator[_Question]:
        """The requests about one persona, begun at once."""
        assert self.prompt is not None
        labels = ("relations", number, persona.id)
        for index, relation in enumerate(ctx.random(*labels).sample(self.relations or (), self.draws)):
            values = {"persona": persona.instruction.strip(), "relation": relation}
            prompt = self.prompt.render(**{name: values[name] for name in self.prompt.slots})
            request = Request.chat(prompt, sampling=self.sampling)
            # The same may be asked in a later round, and needs a fresh sample then.
            draw = asked[prompt]
            asked[prompt] += self.attempts
            engine = engine_for(self.engine, ctx, number, persona.id, index)
            yield _Question(persona, relation, index, engine, request, draw, ctx.start(engine, request, draw=draw))

    async def _answer(self, question: _Question, number: int, ctx: Context) -> Example | Rejected:
        answer = await read_answer(
            ctx,
            question.engine,
            question.request,
            read_persona,
            attempts=self.attempts,
            draw=question.draw,
            first=question.first,
        )
        return persona_example(
            question.persona,
            "persona_to_persona",
            answer,
            index=question.index,
            round=number,
            relation=question.relation,
            related_to=question.persona.instruction,
        )

    def _new(self, found: Example | Rejected, family: dict[str, str]) -> Example | Rejected:
        if isinstance(found, Rejected):
            return found
        first = family.setdefault(_folded(found), found.id)
        return found if first == found.id else Rejected(found, Reject("duplicate", neighbour=first))


@dataclass(frozen=True, slots=True)
class _Question:
    """One request under way."""

    persona: Example
    relation: str
    index: int
    engine: Engine
    request: Request
    draw: int
    first: Awaitable[Completion]


def _folded(persona: Example) -> str:
    return " ".join(persona.instruction.casefold().split())
