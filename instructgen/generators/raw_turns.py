"""What Magpie's stages have in common: how a user's turn is asked for in a raw text, and read from the completion."""

from __future__ import annotations

from dataclasses import dataclass

from instructgen.contracts import Completion, Reject, Sampling
from instructgen.errors import RecipeError
from instructgen.generators.answering import cut
from instructgen.generators.chat_template import ChatTemplate
from instructgen.parsing.user_turn import one_question, role_marker, user_turn
from instructgen.prompts import Prompt

RAW_TURN = Sampling(temperature=1.0, top_p=1.0, max_tokens=2048, extra={"skip_special_tokens": False})
"""The paper's. The extra field has vLLM write special tokens out: else no stop string could match one."""


@dataclass(frozen=True, slots=True)
class TurnReader:
    """How a user's turn ends, and what is none.

    Attributes:
        template: the model's family.
        early_stop: whether it ends at its first line break.
        sanitise: whether it is cut down to its first question or line.
    """

    template: ChatTemplate
    early_stop: bool = False
    sanitise: bool = False

    def stops(self, sampling: Sampling) -> tuple[str, ...]:
        """The stop strings of a request: the family's special tokens, a line break if that ends a turn, one's own."""
        return tuple(dict.fromkeys((*self.template.stops, *(["\n"] if self.early_stop else []), *sampling.stop)))

    def read(self, completion: Completion) -> tuple[str, Reject | None]:
        """The turn, and why it is none."""
        turn, ended = user_turn(completion.text, self.template.stops)
        code = cut(completion)
        if code == "filtered":
            return turn, Reject(code, detail="the user's turn")
        # A turn that ran on was as a rule cut off, too; what it ran into is the better reason.
        if marker := role_marker(turn):
            return turn, Reject("role_marker", marker, detail="it goes on into the next turn")
        if code and not ended:
            return turn, Reject(code, detail="the user's turn")
        if self.early_stop:
            turn = turn.partition("\n")[0].strip()
        if self.sanitise:
            turn = one_question(turn)
        return turn, None if any(map(str.isalnum, turn)) else Reject("empty", detail="the user's turn")


def checked_system(system: object, template: ChatTemplate, stage: str) -> Prompt:
    """The system message, if this family takes it.

    Raises:
        RecipeError: it is no prompt, has slots, holds a special token, or the family takes no system message.
    """
    if not isinstance(system, Prompt):
        raise RecipeError(f"a system message of {stage} is a {type(system).__name__}.\nMake it a Prompt: Prompt(text).")
    if system.slots:
        raise RecipeError(f"a system message of {stage} has a slot {{{system.slots[0]}}}, which is never filled.")
    if token := template.special_in([system.render()]):
        raise RecipeError(f"a system message of {stage} holds {token}, which ends a turn of {template.name} models.")
    template.opening(system=system.render())
    return system
