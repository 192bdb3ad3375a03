"""Evol-Instruct: five ways to make a prompt harder (in depth) and one to make another of its kind (in breadth).

Source: Xu et al., WizardLM: Empowering Large Language Models to Follow Complex Instructions
(arXiv 2304.12244), section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, get_args

from instructgen.contracts import Check
from instructgen.filters import OnlyStopWords, Refusal, ShortApology
from instructgen.generators.evolution import Evolution
from instructgen.generators.operators import DataFormat, Operator
from instructgen.parameters import Language
from instructgen.parsing import DataKind
from instructgen.prompts import Prompt

_DEPTH = ("add_constraints", "deepen", "concretise", "add_reasoning")
_TITLES: dict[str, dict[DataKind, str]] = {
    "en": {
        "html": "a piece of HTML",
        "json": "JSON data",
        "python": "Python code",
        "shell": "shell commands and what they print",
        "sql": "SQL tables",
        "xml": "XML data",
    },
    "zh": {
        "html": "一段 HTML",
        "json": "JSON 数据",
        "python": "Python 代码",
        "shell": "命令行中执行的命令及其输出",
        "sql": "SQL 数据表",
        "xml": "XML 数据",
    },
}


@dataclass(frozen=True, slots=True)
class EvolInstruct(Evolution):
    """Evolves each prompt in depth and in breadth, round after round, and drops the evolutions that failed.

    See ``Evolution`` for the rounds, the failures and the parameters. By default each of the six operators of
    ``evol_operators`` is as likely in every round, and the four elimination rules of the paper apply: no information
    gain (``no_gain``), "sorry" in a short answer (``sorry``), an answer of nothing but punctuation and stop words
    (``stop_words``), copied words of the scaffold (``scaffold``). A refusal in place of a new prompt is a failure, too
    (``refusal``).
    """

    BY: ClassVar[str] = "evol_instruct"

    def own_operators(self) -> Sequence[Operator]:
        """The paper's six."""
        return evol_operators(self.language)

    def own_prompt(self) -> Prompt:
        """The text of the in-depth operators."""
        return Prompt.load("evol_instruct/depth", language=self.language)

    def own_prompt_checks(self) -> Sequence[Check]:
        """What a model says when it will not rewrite is no prompt."""
        return (Refusal("instruction"),)

    def own_response_checks(self) -> Sequence[Check]:
        """The paper's rules 2 and 3."""
        return (ShortApology(80), OnlyStopWords())


def evol_operators(language: Language = "en") -> tuple[Operator, ...]:
    """The operators of Evol-Instruct: ``add_constraints``, ``deepen``, ``concretise``, ``add_reasoning``,
    ``complicate_input`` (in depth) and ``breadth``.

    Take them with one's own as ``EvolInstruct(…, operators=(*evol_operators(), Operator("…", "…")))``.
    """

    def load(name: str) -> Prompt:
        return Prompt.load(f"evol_instruct/{name}", language=language)

    depth = load("depth")
    formats = tuple(DataFormat(kind, _TITLES[language][kind], load(f"formats/{kind}")) for kind in get_args(DataKind))
    return (
        *(Operator(name, load(name).text, depth) for name in _DEPTH),
        Operator("complicate_input", prompt=load("complicate_input"), formats=formats),
        Operator("breadth", prompt=load("breadth")),
    )
