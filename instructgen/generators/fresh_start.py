"""Fresh starts: prompts that begin with a few words drawn at random and are mutated until they are long enough.

Source: h2o-wizardlm, an open variant of Evol-Instruct (arXiv 2304.12244) that needs no seeds.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from instructgen.contracts import Check, Context, Failed, Reject, Rejected, Sampling
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters import AssistantTalk, CopiedScaffold, ManyLines, OnlyStopWords, Refusal
from instructgen.generators.answering import whole_prompt
from instructgen.generators.evolution import Evolution, Round
from instructgen.generators.operators import Operator
from instructgen.parameters import Count, Language, Natural, Text, check_parameters
from instructgen.parsing.lazy import lazy
from instructgen.prompts import Prompt

_METHODS = ("add_constraints", "deepen", "concretise", "add_reasoning")
_WORDS = 4  # the most that a fresh start is about
_COMMA = {"en": ", ", "zh": "、"}
# Characters; the Chinese ones say about as much as the English ones.
_MINIMUM = {"en": 256, "zh": 100}
_MAXIMUM = {"en": 1024, "zh": 400}
# In Chinese it is the model that speaks where a sentence begins so: 先说一声抱歉 is part of a task.
_SORRY = lazy(
    r"i['’]m sorry|(?:\A|[。！？!?\n])\W{0,4}(?:我|真的?|很|非常|十分|万分|深感|感到|对此|實在|实在)*"
    r"(?:抱歉|对不起|對不起|不好意思)(?=[，,。！!、…\s]|我|您|你|但|\Z)",
    re.IGNORECASE,
)
_SORRY_BEFORE = lazy("sorry|抱歉|对不起|對不起|不好意思", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Nouns:
    """A source of starting points: each is one to four words, drawn at random, in the place of the instruction.

    Attributes:
        count: how many; None leaves the end to the run's limit.
        language: of the packaged words.
        words: one's own words; empty for the packaged ones.
    """

    count: Count | None = None
    language: Language = "en"
    words: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        check_parameters(self)
        object.__setattr__(self, "words", _words(self.words, self.language))

    @property
    def endless(self) -> bool:
        """Whether only the run's limit ends it."""
        return self.count is None

    async def examples(self, ctx: Context) -> AsyncIterator[Example]:
        """The starting points."""
        number = 0
        while self.count is None or number < self.count:
            yield Example.root("nouns", index=number, instruction=_drawn(self.words, self.language, ctx, number))
            number += 1


@dataclass(frozen=True, slots=True)
class FreshStart(Evolution):
    """Makes one prompt of each starting point: a fresh start, then mutations, until it is as long as wanted.

    A starting point is words, as ``Nouns`` draws them; what an evolution made (``meta["evolved_from"]``) is mutated at
    once. In each round one of seven mutations is drawn: a fresh start from other words, a constraint more, deeper, more
    concrete, more reasoning, slightly more complicated, another topic. One that succeeds is mutated further until its
    length is right; then it is answered, and that is the end. What fails, and a prompt whose answer does, is yielded as
    rejected, and the same text is tried again. What is not long enough, or too long, after all rounds is rejected
    (``too_short``, ``too_long``).

    Parameters are those of ``Evolution``, without ``originals``: starting points are mere words. And:

    Attributes:
        minimum: characters that a prompt must have; None for 256, or 100 Chinese ones.
        maximum: characters that it may have; None for 1,024, or 400 Chinese ones.
        words: what fresh starts in later rounds are about; empty for the packaged words.
    """

    BY: ClassVar[str] = "fresh_start"

    rounds: Count = 10
    originals: bool = False
    compare: bool = False
    sampling: Sampling = field(default_factory=lambda: Sampling(temperature=1.0, max_tokens=2048))
    minimum: Natural | None = None
    maximum: Natural | None = None
    words: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        Evolution.__post_init__(self)
        if self.originals:
            raise RecipeError("FreshStart(originals=True): a starting point is no example that could be kept.")
        for name, own in (("minimum", _MINIMUM), ("maximum", _MAXIMUM)):
            if getattr(self, name) is None:
                object.__setattr__(self, name, own[self.language])
        least, most = self._range
        if least > most:
            raise RecipeError(f"FreshStart(minimum={least}, maximum={most}): the minimum is the greater one.")
        object.__setattr__(self, "words", _words(self.words, self.language))

    @property
    def per_request(self) -> float:
        """Examples that one request can give, at the most: each is at least written and answered."""
        return 1 / 2

    @property
    def per_example(self) -> int:
        """Examples that one starting point can become."""
        return 1

    def own_operators(self) -> Sequence[Operator]:
        """The seven mutations."""
        methods = [
            Operator(name, Prompt.load(f"evol_instruct/{name}", language=self.language).text) for name in _METHODS
        ]
        own = ("fresh_start", "complicate", "switch_topic")
        return (
            *methods,
            *(Operator(name, prompt=Prompt.load(f"fresh_start/{name}", language=self.language)) for name in own),
        )

    def own_prompt(self) -> Prompt:
        """The in-depth text of Evol-Instruct."""
        return Prompt.load("evol_instruct/depth", language=self.language)

    def own_prompt_checks(self) -> Sequence[Check]:
        """What the original approves of."""
        return (ManyLines(), CopiedScaffold(("new prompt", "新提示词", "新提示詞")), Refusal("instruction"), _Apology())

    def own_response_checks(self) -> Sequence[Check]:
        """The model does not speak of itself, and says something."""
        return (AssistantTalk(), OnlyStopWords())

    def choice(self, before: Example, number: int) -> Sequence[Operator]:
        """From mere words there is only a fresh start."""
        fresh = [one for one in self.operators or () if one.name == "fresh_start"]
        return Evolution.choice(self, before, number) if _is_prompt(before) or not fresh else fresh

    def shown(self, operator: Operator, before: Example, number: int, ctx: Context) -> str:
        """The prompt so far; or for a fresh start the words, other ones than before."""
        if operator.name == "fresh_start" and _is_prompt(before):
            return _drawn(self.words, self.language, ctx, number)
        return whole_prompt(before)

    async def evolve(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected | Failed]:
        """The failures, then the prompt with its answer."""
        current = example
        for number in range(1, self.rounds + 1):
            a_round = Round(self, current, number, ctx)
            made = await a_round.evolved()
            if isinstance(made, Example) and self._length(made):
                current = made
                continue
            if isinstance(made, Example):
                made = await a_round.answered(made)
            yield made
            if isinstance(made, Example):
                return
        if current is not example and (reject := self._length(current)):
            yield Rejected(current, reject)

    @property
    def _range(self) -> tuple[int, int]:
        assert self.minimum is not None
        assert self.maximum is not None
        return self.minimum, self.maximum

    def _length(self, example: Example) -> Reject | None:
        length, (least, most) = len(example.instruction), self._range
        if least <= length <= most:
            return None
        return Reject("too_short", length, least) if length < least else Reject("too_long", length, most)


def _is_prompt(example: Example) -> bool:
    """Whether an evolution made it, or passed it on; else it is mere words."""
    return "evolved_from" in example.meta or example.by.endswith("/original")


@dataclass(frozen=True, slots=True)
class _Apology:
    """Rejects a short new prompt that apologises where the old one did not: it is the model speaking."""

    characters: int = 400

    def __call__(self, example: Example) -> Reject | None:
        new, old = example.instruction, str(example.meta.get("evolved_from", ""))
        if len(new) >= self.characters or not _SORRY.search(new) or _SORRY_BEFORE.search(old):
            return None
        return Reject("sorry", len(new), self.characters)


def _words(own: tuple[str, ...], language: Language) -> tuple[str, ...]:
    return own or tuple(Prompt.load("fresh_start/nouns", language=language).text.split())


def _drawn(words: Sequence[str], language: Language, ctx: Context, number: int) -> str:
    random = ctx.random("words", number)
    return _COMMA[language].join(random.sample(words, min(len(words), random.randint(1, _WORDS))))
