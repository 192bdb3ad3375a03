"""Reads a task that is told by instruction, input and constraints (Unnatural Instructions, arXiv 2212.09689)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from instructgen.errors import ParseError, RecipeError
from instructgen.parsing.code import without_labels_in_code
from instructgen.parsing.marks import COLON, EMPHASIS, INDENT, LINE, NUMBER_END, SPACE, without_emphasis
from instructgen.parsing.tasks import given_input, without_separators
from instructgen.parsing.wrapping import answer_end, strip_thinking, without_closing

Field = Literal["instruction", "input", "constraints"]

_LABELS = {
    "en": (r"Instructions?", r"Inputs?", r"(?:Output[ ])?Constraints?", r"(?:Expected[ ])?Outputs?", r"Example"),
    "zh": (
        "(?:指令|[说說]明)",
        "[输輸]入",
        "(?:[输輸]出)?(?:[约約]束|限制)(?:[条條]件)?",
        "(?:[预預]期)?[输輸]出(?:[结結]果)?",
        "(?:示例|例子)",
    ),
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

    The labels stand at the start of a line, in this order and any emphasis, with a colon, or else all in brackets, as
    headings or in bold alone. Constraints are what follows the last label
    of that name, because an input (the statement of a problem, say) may have one of its own; an output that the model
    adds, there or before the constraints, is left out. An input that says there is none is missing.

    Args:
        text: the completion.
        number: the number of the example; what stands under the next one is not read.
        language: ``en`` or ``zh``, the language of the labels.

    Raises:
        ParseError: there is no instruction label; or an output stands before the constraints where the input may have
            labels of its own, so that nobody can tell whose it is.
        RecipeError: there are no labels in this language.
    """
    body = strip_thinking(text)
    # Labels without colons, in brackets or as headings, are found only where all have none: an input may have some.
    patterns = _patterns(language)
    if not patterns[0].search(body):
        patterns = _patterns(language, bare=True)
    instruction, given, limits, output, example = patterns
    head = instruction.search(body)
    if head is None:
        raise ParseError("there is no instruction label in this text", text=text)
    body = body[: answer_end(body, head.start())]
    following = [mark for mark in example.finditer(body, head.end()) if int(mark["number"]) > number]
    body = without_closing(body[: following[0].start()] if following else body)
    middle = given.search(body, head.end())
    marks = list(limits.finditer(body, (middle or head).end()))
    tail = marks[-1] if marks else None
    # In a code block, a label is part of the text.
    readable = without_labels_in_code(body[: tail.start() if tail else len(body)], instruction)
    stray = output.search(readable, head.end())
    if stray is not None and tail and (len(marks) > 1 or len(list(given.finditer(body, head.end(), tail.start()))) > 1):
        raise ParseError("an output stands before the constraints, or is part of the input", text=text)
    end = added.start() if tail and (added := output.search(body, tail.end())) else len(body)
    return ConstrainedTask(
        _field(body, head, [middle, stray, tail], end),
        given_input(_field(body, middle, [stray, tail], end)),
        _field(body, tail, [], end),
        bool(following),
    )


def _field(body: str, label: re.Match[str] | None, following: Sequence[re.Match[str] | None], end: int) -> str:
    """What stands between a label and the first one that follows it; nothing where the label is missing."""
    if label is None:
        return ""
    marks = [mark for mark in label.group("before", "after") if mark]
    stops = [mark.start() for mark in following if mark and mark.start() >= label.end()]
    content = body[label.end() : min(stops, default=end)]
    return without_separators(without_emphasis(marks[-1] if len(marks) % 2 else "", content)).strip()


@cache
def _patterns(language: str, bare: bool = False) -> tuple[re.Pattern[str], ...]:
    if language not in _LABELS:
        raise RecipeError(f"there are no labels in {language!r}; there are some in: {', '.join(_LABELS)}.")
    *labels, example = _LABELS[language]
    number = rf"(?:\d{{1,2}}{NUMBER_END}{SPACE}{{0,3}})?"
    before = rf"{LINE}{number}(?P<before>{EMPHASIS}){number}[\[【]?"
    after = rf"[\]】]?(?P<after>{EMPHASIS}){SPACE}{{0,2}}{COLON}"
    if bare:
        rest = rf"{SPACE}{{0,8}}\r?$"
        before = rf"^{INDENT}(?P<heading>\#{{1,6}}{SPACE}{{1,4}})?(?P<before>{EMPHASIS})(?:[\[【](?P<bracketed>))?"
        after = rf"(?(bracketed)[\]】])(?P<after>{EMPHASIS})(?:(?(bracketed)|(?!))|(?(heading){rest}|(?<=[*_]){rest}))"
    heading = rf"{LINE}{EMPHASIS}{example}{SPACE}{{0,2}}(?P<number>\d{{1,3}})"
    flags = re.MULTILINE | re.IGNORECASE
    return tuple(re.compile(one, flags) for one in (*(f"{before}{label}{after}" for label in labels), heading))
