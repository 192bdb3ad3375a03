"""Reads a task that is told by instruction, input and constraints (Unnatural Instructions, arXiv 2212.09689)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal

from instructgen.errors import ParseError, RecipeError
from instructgen.parsing.marks import COLON, EMPHASIS, LINE, SPACE, without_emphasis
from instructgen.parsing.tasks import given_input, without_separators
from instructgen.parsing.wrapping import answer_end, strip_thinking, without_closing

Field = Literal["instruction", "input", "constraints"]

_LABELS = {
    "en": (r"Instructions?", r"Inputs?", r"(?:Output[ ])?Constraints?", r"Outputs?", r"Example"),
    "zh": ("(?:指令|说明)", "输入", "(?:输出)?(?:约束|限制)(?:条件)?", "输出(?:结果)?", "(?:示例|例子)"),
}


@dataclass(frozen=True, slots=True)
class ConstrainedTask:
    """What was read; a field that is missing is empty.

    Attributes:
        instruction: the task.
        input: what it is carried out on.
        constraints: what the output must meet, as written; ``None`` and the like are words, too.
        whole: whether another example follows, so that this one cannot have been cut off.
    """

    instruction: str
    input: str
    constraints: str
    whole: bool = False

    @property
    def missing(self) -> Field | None:
        """The first field that is missing."""
        fields: tuple[Field, ...] = ("instruction", "input", "constraints")
        return next((name for name in fields if not getattr(self, name)), None)


def constrained_task(text: str, number: int, *, language: str = "en") -> ConstrainedTask:
    """The task in a completion, its first one.

    The labels stand at the start of a line, in this order and any emphasis. Constraints are what follows the last label
    of that name, because an input (the statement of a problem, say) may have one of its own; an output that the model
    adds is left out. An input that says there is none is missing.

    Args:
        text: the completion.
        number: the number of the example; what stands under the next one is not read.
        language: ``en`` or ``zh``, the language of the labels.

    Raises:
        ParseError: there is no instruction label.
        RecipeError: there are no labels in this language.
    """
    instruction, given, limits, output, example = _patterns(language)
    body = strip_thinking(text)
    head = instruction.search(body)
    if head is None:
        raise ParseError("there is no instruction label in this text", text=text)
    body = body[: answer_end(body, head.start())]
    following = [mark for mark in example.finditer(body, head.end()) if int(mark["number"]) > number]
    body = without_closing(body[: following[0].start()] if following else body)
    middle = given.search(body, head.end())
    marks = list(limits.finditer(body, (middle or head).end()))
    tail = marks[-1] if marks else None
    end = added.start() if tail and (added := output.search(body, tail.end())) else len(body)
    return ConstrainedTask(
        _field(body, head, middle or tail, end),
        given_input(_field(body, middle, tail, end)),
        _field(body, tail, None, end),
        bool(following),
    )


def _field(body: str, label: re.Match[str] | None, following: re.Match[str] | None, end: int) -> str:
    """What stands between two labels; nothing where the first one is missing."""
    if label is None:
        return ""
    marks = [mark for mark in label.group("before", "after") if mark]
    content = body[label.end() : following.start() if following else end]
    return without_separators(without_emphasis(marks[-1] if len(marks) % 2 else "", content)).strip()


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], ...]:
    if language not in _LABELS:
        raise RecipeError(f"there are no labels in {language!r}; there are some in: {', '.join(_LABELS)}.")
    *labels, example = _LABELS[language]
    before, after = rf"{LINE}(?P<before>{EMPHASIS})[\[【]?", rf"[\]】]?(?P<after>{EMPHASIS}){SPACE}{{0,2}}{COLON}"
    heading = rf"{LINE}{EMPHASIS}{example}{SPACE}{{0,2}}(?P<number>\d{{1,3}})"
    flags = re.MULTILINE | re.IGNORECASE
    return tuple(re.compile(one, flags) for one in (*(f"{before}{label}{after}" for label in labels), heading))
