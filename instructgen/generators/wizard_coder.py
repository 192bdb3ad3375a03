"""WizardCoder: Evol-Instruct for programming tasks, with one prompt and five ways to make a task harder.

Source: Luo et al., WizardCoder: Empowering Code Large Language Models with Evol-Instruct (arXiv 2306.08568),
section 3; the checks on length and first character are those of the reimplementation evol-teacher.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import ClassVar

from instructgen.contracts import Check
from instructgen.filters import Length, OnlyStopWords, Refusal, ShortApology
from instructgen.filters.non_ascii_start import NonAsciiStart
from instructgen.filters.outside_code import OutsideCode
from instructgen.filters.shown_code import ShownCode
from instructgen.filters.token_length import TokenLength
from instructgen.generators.evolution import Evolution
from instructgen.generators.operators import Operator
from instructgen.parameters import Language, TextField
from instructgen.prompts import Prompt

_METHODS = ("add_constraints", "rare_requirement", "add_reasoning", "erroneous_code", "complexity")


@dataclass(frozen=True, slots=True)
class WizardCoder(Evolution):
    """Makes programming tasks harder, round after round, and drops the evolutions that failed.

    See ``Evolution`` for the rounds, the failures and the parameters. By default each of the five operators of
    ``code_operators`` is as likely in every round, and there are three rounds, the number after which the paper's
    development set told it to stop. A failure is, besides Evol-Instruct's own: a prompt or answer of three words or
    fewer (``too_short``), of 1,000 tokens or more, together 2,000 (``too_long``), in English one that begins with a
    character beyond ASCII (``non_ascii``), and a prompt that was to show erroneous code and shows none (``no_data``).
    """

    BY: ClassVar[str] = "wizard_coder"

    rounds: int = 3

    def own_operators(self) -> Sequence[Operator]:
        """The paper's five."""
        return code_operators(self.language)

    def own_prompt(self) -> Prompt:
        """The one text of all operators."""
        return Prompt.load("wizard_coder/evolve", language=self.language)

    def own_prompt_checks(self) -> Sequence[Check]:
        """evol-teacher's, a refusal, and erroneous code that is not there."""
        return (Refusal("instruction"), *self._whole("instruction"), TokenLength(999, ("instruction",)), ShownCode())

    def own_response_checks(self) -> Sequence[Check]:
        """Evol-Instruct's rules 2 and 3, and evol-teacher's checks."""
        own = (OutsideCode(ShortApology(80)), OnlyStopWords())
        return (*own, *self._whole("output"), TokenLength(1999, ("instruction", "output")))

    def _whole(self, field: TextField) -> tuple[Check, ...]:
        more_than_three_words = Length(4, inf, field)
        return (more_than_three_words, NonAsciiStart(field)) if self.language == "en" else (more_than_three_words,)


def code_operators(language: Language = "en") -> tuple[Operator, ...]:
    """The operators of WizardCoder: ``add_constraints``, ``rare_requirement``, ``add_reasoning``, ``erroneous_code``
    and ``complexity``.

    They bring no prompt of their own; ``WizardCoder`` sends its one text with each.
    """
    return tuple(Operator(name, Prompt.load(f"wizard_coder/{name}", language=language).text) for name in _METHODS)
