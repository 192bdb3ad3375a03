"""Operators: the ways in which an evolution makes a new prompt of an old one. They are data; one's own is a line.

Source: Xu et al., WizardLM: Empowering Large Language Models to Follow Complex Instructions
(arXiv 2304.12244), section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from instructgen.errors import RecipeError
from instructgen.parameters import Count, Text, Weight, check_parameters
from instructgen.parsing import DataKind
from instructgen.prompts import Prompt


@dataclass(frozen=True, slots=True)
class DataFormat:
    """A kind of data that an operator puts into a prompt.

    Attributes:
        kind: what must be found in the result, see ``holds_data``.
        title: what the prompt calls it (slot ``format``).
        demonstration: a prompt before and after, to show the model (slot ``demonstration``).
    """

    kind: DataKind
    title: str
    demonstration: Prompt

    def __post_init__(self) -> None:
        check_parameters(self)


@dataclass(frozen=True, slots=True)
class Operator:
    """One way to make a new prompt of an old one.

    Attributes:
        name: what ``by``, ``meta["operator"]`` and the counts call it.
        method: how the prompt is to be changed (slot ``method``).
        prompt: the text that is sent, with the slot ``prompt``; None for the evolution's own, which needs a method.
        formats: kinds of data of which one is drawn and must then be in the result.
        rounds: the rounds, from 1, in which it is drawn; empty for all.
        weight: how often it is drawn, in proportion to the others.
    """

    name: Text
    method: str = ""
    prompt: Prompt | None = None
    formats: tuple[DataFormat, ...] = ()
    rounds: tuple[Count, ...] = ()
    weight: Weight = 1.0

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.prompt is None and not self.method:
            raise RecipeError(f"Operator({self.name!r}) says neither how to change a prompt (method) nor what to send.")
        if self.prompt is not None:
            self._check_slots(self.prompt)

    def _check_slots(self, prompt: Prompt) -> None:
        needed = ["prompt", "method"] if self.method else ["prompt"]
        given = {*needed, *(["format", "demonstration"] if self.formats else [])}
        if not set(needed) <= set(prompt.slots) <= given:
            raise RecipeError(
                f"the prompt of Operator({self.name!r}) has the slots {', '.join(prompt.slots) or 'none'}; "
                f"it needs {' and '.join(needed)}, and may have {', '.join(sorted(given - set(needed))) or 'no other'}."
            )

    def render(self, prompt: str, format: DataFormat | None) -> str:
        """What to send for this prompt."""
        assert self.prompt is not None
        values = {"prompt": prompt, "method": self.method}
        if format is not None:
            values |= {"format": format.title, "demonstration": format.demonstration.render()}
        return self.prompt.render(**{name: values[name] for name in self.prompt.slots})


def drawable(operators: Sequence[Operator], number: int) -> list[Operator]:
    """The operators of which one is drawn in this round."""
    return [one for one in operators if not one.rounds or number in one.rounds]
