"""Reads the instances (input and output) that a model writes for one task, as Self-Instruct asks for them.

Source: Wang et al., Self-Instruct (arXiv 2212.10560), section 2.2 and its prompts. The original splits at ``Example``
wherever the word stands, also within a sentence; here a label stands at the start of a line, and not in a code block.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from instructgen.errors import ParseError, RecipeError
from instructgen.parsing.code import without_labels_in_code
from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS, LINE, NUMBER_END, SPACE, without_emphasis
from instructgen.parsing.tasks import given_input, without_separators
from instructgen.parsing.wrapping import answer_end, is_preface, strip_thinking, without_closing

_DIGITS = r"[\d一二三四五六七八九十]"
_LABELS = {
    "en": ("Example", "Input", "Output", r"Class[ ]label", "Task"),
    "zh": ("(?:示例|例子|样例)", "输入", "输出", "(?:类别标签|分类标签|类别|标签)", "任务"),
}

_FLAGS = re.MULTILINE | re.IGNORECASE
_WRAPPED = lazy(r"(?P<mark>\*{1,3})(?P<label>[^*]+)(?P=mark)")


@dataclass(frozen=True, slots=True)
class Instance:
    """One input with its output, either possibly empty: what is wrong with it is for the checks to say."""

    input: str
    output: str


def input_first(text: str, *, language: str = "en") -> list[Instance]:
    """The instances of a completion that gives each input, if the task needs one, before its output; at least one.

    With ``Example`` marks, one each: what stands before the first output label is the input, and a text without that
    label is all output. Without marks, the first pair.

    Raises:
        ParseError: there is neither an example with a text nor an output label.
        RecipeError: there are no labels in this language.
    """
    example, given, output, _, _ = _patterns(language)
    body, labels = _own_part(text, language, (given, output))
    marks = list(example.finditer(labels))
    parts = [(mark.start(), mark.end()) for mark in marks]
    first_answer = output.search(labels)
    if marks and first_answer and first_answer.start() < marks[0].start():
        # Behind an output label, the word is a heading within the output, unless it has a number and an output follows.
        parts = [(mark.start(), mark.end()) for mark in marks if re.search(_DIGITS, mark[0])]
        parts = [(0, 0), *parts] if parts and output.search(labels, parts[0][1]) else []
    if parts:
        stops = [start for start, _ in parts[1:]] + [len(body)]
        slices = [slice(start, stop) for (_, start), stop in zip(parts, stops, strict=True)]
        found = [_pair(body[part], labels[part], given, output) for part in slices if body[part].strip()]
    else:
        found = [_pair(body, labels, given, output)] if first_answer else []
    if found:
        return found
    raise ParseError("there is neither an example nor an output label in this text", text=text)


def output_first(text: str, *, language: str = "en") -> list[Instance]:
    """The instances of a completion that names each class label, and then an input that belongs into the class.

    The rest of the label's line is the output, and everything up to the next label the input.

    Raises:
        ParseError: there is no class label.
        RecipeError: there are no labels in this language.
    """
    example, given, output, label, _ = _patterns(language)
    body, labels = _own_part(text, language, (label,))
    marks = list(label.finditer(labels))
    if not marks:
        raise ParseError("there is no class label in this text", text=text)
    stops = [mark.start() for mark in marks[1:]] + [len(body)]
    found = []
    for mark, stop in zip(marks, stops, strict=True):
        first, _, rest = body[mark.end() : stop].partition("\n")
        inner = labels[stop - len(rest) : stop]
        if next_example := example.search(inner):
            inner = inner[: next_example.start()]
        start, end = 0, len(inner)
        indent = len(inner) - len(inner.lstrip())
        if own_label := given.match(inner[indent:]):
            start = indent + own_label.end()
            if again := output.search(inner, start):  # a model that labels the input may give the label once more
                end = again.start()
        rest = without_separators(rest[start:end])
        found.append(Instance(given_input(rest.strip()), _bare(without_emphasis(_open(mark), first))))
    return found


def _bare(label: str) -> str:
    """A class label without emphasis around the whole of it."""
    wrapped = _WRAPPED.fullmatch(label)
    return wrapped["label"] if wrapped else label


def _pair(part: str, labels: str, given: re.Pattern[str], output: re.Pattern[str]) -> Instance:
    answer = output.search(labels)
    if answer is None:
        labelled = any(_patterns(known)[1].match(part.lstrip()) for known in _LABELS)
        # An input whose output is missing, or stands under a label of another kind, is no answer.
        rest = without_separators(part).strip()
        return Instance(rest, "") if labelled else Instance("", rest)
    before = part[: answer.start()]
    if label := given.search(labels, 0, answer.start()):
        before = without_emphasis(_open(label), before[label.end() :])
    elif is_preface(before.strip()):
        before = ""
    again = given.search(labels, answer.end())
    after = part[answer.end() : again.start() if again else len(part)]
    return Instance(given_input(before.strip()), without_separators(without_emphasis(_open(answer), after)))


def _own_part(text: str, language: str, wanted: Sequence[re.Pattern[str]]) -> tuple[str, str]:
    """What belongs to the task that was asked about, as it is, and with its code blanked, for looking for labels.

    A model that goes on writes the next task, too.
    """
    body = strip_thinking(text)
    patterns = _patterns(language)
    starts = [match.start() for match in (pattern.search(body) for pattern in patterns[:4]) if match]
    body = body[: answer_end(body, min(starts))] if starts else body
    labels = without_labels_in_code(body, re.compile("|".join(f"(?:{one.pattern})" for one in wanted), _FLAGS))
    following = patterns[4].search(labels, 1)
    body = without_closing(body[: following.start()] if following else body)
    return body, labels[: len(body)]


def _open(label: re.Match[str]) -> str:
    """The emphasis that a label leaves open."""
    marks = [mark for mark in label.groups() if mark]
    return marks[-1] if len(marks) % 2 else ""


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], ...]:
    """Example, input, output, class label, task: each at the start of a line, in any emphasis, with a number or not."""
    if language not in _LABELS:
        raise RecipeError(f"there are no instance labels in {language!r}; there are some in: {', '.join(_LABELS)}.")
    example, *labels = _LABELS[language]
    number = rf"{SPACE}{{0,2}}{_DIGITS}{{0,4}}{SPACE}{{0,2}}"
    counted = rf"(?:\d{{1,3}}{SPACE}{{0,2}}{NUMBER_END}{SPACE}{{0,4}})?"
    mark = (
        rf"{LINE}({EMPHASIS})[【\[]?{example}{SPACE}{{0,2}}"
        rf"(?:[（(]?{_DIGITS}{{1,4}}[】\]]?{SPACE}{{0,2}}(?:{COLON}|{NUMBER_END})?({EMPHASIS})|({EMPHASIS}){COLON}?{SPACE}{{0,4}}\r?$)"
        rf"{COLON}?{SPACE}{{0,4}}\r?"
    )
    starts = [rf"{LINE}{counted}({EMPHASIS}){label}{number}({EMPHASIS}){SPACE}{{0,2}}{COLON}" for label in labels]
    return tuple(re.compile(pattern, _FLAGS) for pattern in (mark, *starts))
