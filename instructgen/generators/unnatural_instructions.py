"""Unnatural Instructions: three tasks with their inputs and constraints are shown, and a model writes a fourth.

Source: Honovich et al., Unnatural Instructions: Tuning Language Models with (Almost) No Human Labor
(arXiv 2212.09689), section 2.1.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import ClassVar

from instructgen.contracts import Completion, Reject, Rejected, Request, Sampling
from instructgen.errors import ParseError, RecipeError
from instructgen.example import Example, identified
from instructgen.generators.answering import cut
from instructgen.generators.drawing import DrawSource
from instructgen.parameters import Count, Language
from instructgen.parsing.constrained_task import ConstrainedTask, constrained_task
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt

_LABELS = {
    "en": ("Example {}", "Instruction: ", "Input: ", "Constraints: ", "None"),
    "zh": ("示例 {}", "指令：", "输入：", "约束：", "无"),
}


@dataclass(frozen=True, slots=True)
class UnnaturalInstructions(DrawSource):
    """A source of instructions with inputs; ``meta["constraints"]`` says what the output must meet.

    ConstrainedRespond writes the outputs, and Reformulate says the instructions in other words. The demonstrations are
    divided into fixed sets, in their order; each request shows the next set, and after the last the first again.

    Rejects completions that are cut off (``truncated``, ``filtered``), without an instruction (``unparsable``) or
    without one of the three fields (``missing_field``), copies of a demonstration (``demonstration``), and an
    instruction with an input that came before (``duplicate``).

    Attributes:
        demonstrations: tasks to show, ``meta["constraints"]`` with them; None for the fifteen packaged ones.
        shown: how many are shown at once; the demonstrations are divided into sets of so many.
        chat: ask in a chat; without it, the prompt is a text for a base model to continue.
        language: of the prompt, its labels and the packaged demonstrations.
        prompt: one's own text, with the slots ``demonstrations`` and ``number``; None for the packaged one.
    """

    BY: ClassVar[str] = "unnatural_instructions"

    demonstrations: Sequence[Example] | None = field(default=None, kw_only=True)
    shown: Count = field(default=3, kw_only=True)
    chat: bool = field(default=True, kw_only=True)
    language: Language = field(default="en", kw_only=True)
    prompt: Prompt | None = field(default=None, kw_only=True)
    sampling: Sampling = field(default=Sampling(top_p=0.99, max_tokens=1024), kw_only=True)

    def __post_init__(self) -> None:
        DrawSource.__post_init__(self)
        shown = unnatural_demonstrations(self.language) if self.demonstrations is None else self.demonstrations
        object.__setattr__(self, "demonstrations", identified(shown))
        if not self.seeds or len(self.seeds) % self.shown:
            raise RecipeError(
                f"{len(self.seeds)} demonstrations cannot be divided into sets of {self.shown!r}.\n"
                "Give a multiple of as many as are shown at once."
            )
        for one in self.seeds:
            if not one.instruction.strip() or not one.input.strip():
                raise RecipeError("a demonstration of UnnaturalInstructions is an Example with instruction and input.")
        settle_prompt(self, "unnatural_instructions/task", needed=("demonstrations",), known=("number",))

    @property
    def seeds(self) -> Sequence[Example]:
        """The demonstrations: the novelty checks of the pipeline start from them."""
        return self.demonstrations or ()

    def request(self, number: int) -> Request:
        """See DrawSource."""
        shown, following = self._set(number), self.shown + 1
        told = "\n\n".join(self._told(place, one) for place, one in enumerate(shown, 1))
        assert self.prompt is not None
        values: dict[str, str | int] = {"demonstrations": told, "number": following}
        prompt = self.prompt.render(**{name: values[name] for name in self.prompt.slots})
        stop = (f"\n{_LABELS[self.language][0].format(following + 1)}", *self.sampling.stop)
        sampling = replace(self.sampling, stop=stop)
        return Request.chat(prompt, sampling=sampling) if self.chat else Request(text=prompt, sampling=sampling)

    def read(self, completion: Completion, number: int) -> Example | Rejected:
        """See DrawSource."""
        try:
            task = constrained_task(completion.text, self.shown + 1, language=self.language)
        except ParseError as error:
            task = ConstrainedTask("", "", "")
            reject: Reject | None = Reject(cut(completion) or "unparsable", detail=str(error))
        else:
            reject = self._reject(task, cut(completion))
        made = Example.root(
            self.BY,
            index=number,
            parents=[one.id for one in self._set(number)],
            calls=[completion.key],
            instruction=task.instruction,
            input=task.input,
            output="" if reject is None else completion.text,
            meta={"constraints": task.constraints},
        )
        return made if reject is None else Rejected(made, reject)

    def _reject(self, task: ConstrainedTask, fault: str) -> Reject | None:
        if fault and not (fault == "truncated" and task.whole):
            return Reject(fault)
        if task.missing is not None:
            return Reject("missing_field", task.missing)
        known = {(one.instruction.strip(), one.input.strip()): one.id for one in self.seeds}
        copied = known.get((task.instruction, task.input))
        return Reject("demonstration", neighbour=copied) if copied is not None else None

    def _set(self, number: int) -> Sequence[Example]:
        first = number * self.shown % len(self.seeds)
        return self.seeds[first : first + self.shown]

    def _told(self, place: int, example: Example) -> str:
        heading, *labels, free = _LABELS[self.language]
        fields = (example.instruction, example.input, str(example.meta.get("constraints") or free))
        lines = [f"{label}{text.strip()}" for label, text in zip(labels, fields, strict=True)]
        return "\n".join([heading.format(place), *lines])


def unnatural_demonstrations(language: str = "en") -> tuple[Example, ...]:
    """The fifteen packaged demonstrations, written for this library: five sets of three.

    Raises:
        RecipeError: there are none in this language.
    """
    folder = files("instructgen.prompts") / language / "unnatural_instructions" / "demonstrations.jsonl"
    if language not in _LABELS or not folder.is_file():
        raise RecipeError(f"there are no demonstrations in {language!r}, only in: {', '.join(_LABELS)}.")
    rows = [json.loads(line) for line in folder.read_text(encoding="utf-8").splitlines()]
    return tuple(
        Example.root(
            "unnatural_instructions/demonstration",
            index=index,
            instruction=row["instruction"],
            input=row["input"],
            meta={"constraints": row["constraints"]},
        )
        for index, row in enumerate(rows)
    )
