"""MagpieTurns: a conversation goes on, the model writing the user's next turn and then the answer to it.

Source: Xu et al., Magpie (arXiv 2406.08464), section 2, and ``gen_mt.py`` of its code.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Annotated, ClassVar, Literal

from instructgen.contracts import (
    Context,
    Engine,
    Engines,
    Failed,
    Reject,
    Rejected,
    Request,
    Sampling,
    engine_for,
)
from instructgen.errors import EngineError
from instructgen.example import Example, Message
from instructgen.generators.answering import answer_in, conversation, whole_prompt
from instructgen.generators.chat_template import ChatTemplate, chat_template
from instructgen.generators.raw_turns import RAW_TURN, TurnReader, checked_system
from instructgen.parameters import Count, Language, at_least, check_parameters
from instructgen.prompts import Prompt


@dataclass(frozen=True, slots=True)
class MagpieTurns:
    """Makes a conversation of ``turns`` questions and answers out of each answered example.

    For each further turn the conversation so far is sent as a raw text up to where the user writes next, and what the
    model writes there is then answered in a chat. The turns so far become ``history``; the last question and answer are
    instruction and output; scores, which were given to another question, are left out.

    Rejects with the codes of Magpie for a user's turn, with those of Respond for an answer, with ``special_token`` what
    holds one of the family's tokens and so cannot be written down, with ``no_system`` a system message where the family
    takes none, and with ``no_output`` what is not answered.

    Attributes:
        engine: the model that writes both, or several of which one is drawn for each example.
        template: the model's family, see ``CHAT_TEMPLATES``, or what stands around its turns.
        turns: questions with their answers in the whole conversation, those of the example included.
        attempts: how often a user's turn is asked for while what comes is none.
        unfinished: what becomes of a conversation whose next turn cannot be had: ``drop`` it, or ``keep`` it as it is;
            also where the server will never answer, as with a context that is full.
        early_stop: end each user's turn at its first line break.
        begin: write the template's first token into the text, for servers that do not put it there.
        language: of the packaged system message.
        system: what tells the model that users ask further questions, where the example has no system message; None
            for the packaged text (for none, where the family takes none). It is not part of the example.
        sampling: how the user's turns are drawn.
        answering: how the answers are drawn.
    """

    per_request: ClassVar[float] = inf
    per_example: ClassVar[int] = 1

    engine: Engine | Engines
    template: str | ChatTemplate
    turns: Annotated[int, at_least(2)] = 2
    attempts: Count = 2
    unfinished: Literal["drop", "keep"] = "drop"
    early_stop: bool = False
    begin: bool = False
    language: Language = "en"
    system: Prompt | None = None
    sampling: Sampling = RAW_TURN
    answering: Sampling = Sampling(temperature=0.0, max_tokens=2048)

    def __post_init__(self) -> None:
        check_parameters(self)
        object.__setattr__(self, "template", chat_template(self.template))
        template = self._reader.template
        if self.system is None:
            packaged = Prompt.load("magpie/conversation", language=self.language)
            object.__setattr__(self, "system", packaged if template.system is not None else Prompt(""))
        checked_system(self.system, template, "MagpieTurns")

    @property
    def _reader(self) -> TurnReader:
        return TurnReader(chat_template(self.template), early_stop=self.early_stop)

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected | Failed]:
        """The conversation, or what it failed at."""
        calls: list[str] = []
        current = example
        number = first = 1 + sum(1 for turn in example.history if turn.role == "user")
        reject = None if example.output.strip() else Reject("no_output", detail="MagpieTurns goes on from an answer")
        error = None
        while reject is None and error is None and number < self.turns:
            try:
                current, reject = await self._next(current, number + 1, calls, ctx)
            except EngineError as raised:
                if not raised.final:
                    raise
                error = raised  # a context that is full, as a rule
            number += reject is None and error is None
        made = example.child(
            "magpie_turns",
            calls=calls,
            history=current.history,
            instruction=current.instruction,
            input=current.input,
            output=current.output,
            candidates=() if number > first else example.candidates,
            scores={} if number > first else example.scores,
            meta={**example.meta, "turns": number},
        )
        if (reject is None and error is None) or (self.unfinished == "keep" and example.output.strip()):
            yield made
        elif error is not None:
            yield Failed(made, error)
        elif reject is not None:
            yield Rejected(made, reject)

    async def _next(
        self, so_far: Example, number: int, calls: list[str], ctx: Context
    ) -> tuple[Example, Reject | None]:
        """The conversation with one turn more, or as it was and why there is none."""
        history = (*so_far.history, Message("user", whole_prompt(so_far)), Message("assistant", so_far.output))
        reject = self._unwritable(so_far.system, history)
        turn = ""
        if reject is None:
            turn, reject = await self._user_turn(so_far.system, history, calls, ctx)
        if reject is not None:
            return so_far, replace(reject, detail=f"turn {number} of the user")
        longer = replace(so_far, history=history, instruction=turn, input="", output="")
        request = Request(messages=conversation(longer), sampling=self.answering)
        completion = await ctx.ask(engine_for(self.engine, ctx), request)
        calls.append(completion.key)
        output, fault = answer_in(completion)
        if fault:
            return so_far, Reject(fault, detail=f"the answer of turn {number}")
        return replace(longer, output=output), None

    def _unwritable(self, system: str, history: Sequence[Message]) -> Reject | None:
        """Why the conversation cannot be written down in this family's way."""
        template = self._reader.template
        if token := template.special_in([system, *(turn.content for turn in history)]):
            return Reject("special_token", token)
        if (system and template.system is None) or any(turn.role == "system" for turn in history):
            return Reject("no_system", template.name)
        return None

    async def _user_turn(
        self, system: str, history: Sequence[Message], calls: list[str], ctx: Context
    ) -> tuple[str, Reject | None]:
        """What the user says next, or why there is nothing to be had."""
        assert self.system is not None
        reader = self._reader
        begin = reader.template.begin if self.begin else ""
        request = Request(
            text=begin + reader.template.opening(history, system or self.system.render()),
            sampling=replace(self.sampling, stop=reader.stops(self.sampling)),
        )
        turn, reject = "", None
        for attempt in range(1 if self.sampling.temperature == 0 else self.attempts):
            completion = await ctx.ask(engine_for(self.engine, ctx), request, draw=attempt)
            calls.append(completion.key)
            turn, reject = reader.read(completion)
            if reject is None:
                break
        return turn, reject
