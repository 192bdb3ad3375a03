"""Whole tasks (instruction, input, output) in Alpaca's layout: written into a prompt, and read from a completion.

The original reader splits at ``###`` and counts, so that a heading inside an output, or one skipped number, loses every
later task; here a task starts where an instruction label stands, and the number read is the number used.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from instructgen.errors import ParseError, RecipeError
from instructgen.parsing.code import without_labels_in_code
from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS, LINE, NUMBER_END, SPACE, without_emphasis
from instructgen.parsing.wrapping import answer_end, strip_thinking, without_closing

Reason = Literal["truncated", "number", "labels", "empty_instruction", "empty_output"]
"""Why a block is no task: cut off; its number does not increase; its labels are missing, repeated or in another
order than instruction, input, output; its instruction or output is empty."""

_LABELS = {
    "en": ("Instruction", "Input", "Output"),
    "zh": ("指令", "输入", "输出"),
}
# A heading above a task; its number is the task's where the label has none.
_HEADINGS = {"en": "Task", "zh": "第|任务|题目"}
_NONE = {"en": "<noinput>", "zh": "<无输入>"}
_NO_INPUT = frozenset(
    [
        "noinput",
        "none",
        "n/a",
        "not applicable",
        "not needed",
        "not required",
        "无",
        "空",
        "无输入",
        "无输入内容",
        "無",
        "無輸入",
        "無需輸入",
        "沒有輸入",
        "不需要輸入",
        "无额外输入",
        "无需",
        "无需输入",
        "无需额外输入",
        "没有输入",
        "不需要",
        "不需要输入",
    ]
)
_NO_INPUT_SENTENCE = lazy(
    r"(?:there is |this task (?:needs|requires) )?no (?:additional |specific |extra )?input(?: is)?"
    r"(?: (?:needed|required|necessary))?(?: for this (?:task|instruction|example))?"
)
_PUNCTUATION = string.punctuation + string.whitespace + "。，、：；！（）［］【】《》〈〉「」“”‘’"


_FENCES = lazy(r"```+|~~~+")
_LAST_FENCE = lazy(r"\n {0,3}(?:```|~~~)\Z")
# Between two tasks, each in a block of its own.
_SEAM = lazy(r"\n {0,3}(```|~~~)[ \t\r]{0,8}\n\s{0,8}\1[\w-]{0,20}\Z")


@dataclass(frozen=True, slots=True)
class Task:
    """One task as it was written, its input empty when it needs none."""

    number: int
    instruction: str
    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Broken:
    """A block that starts like a task and is none: its text, and why."""

    number: int
    text: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class _Marker:
    start: int
    end: int
    number: int | None
    label: str
    mark: str


def task_text(number: int, instruction: str, given: str, output: str, *, language: str = "en") -> str:
    """A task in the layout, as a demonstration; an instruction's last colon is left out, as Self-Instruct does.

    Raises:
        RecipeError: there are no labels in this language.
    """
    labels, (colon, gap) = _labels(language), (":", " ") if language == "en" else ("：", "")
    told = " ".join(instruction.split()).rstrip(":：")
    return (
        f"###\n{number}. {labels[0]}{colon}{gap}{told}\n{number}. {labels[1]}{colon}\n{given or _NONE[language]}\n"
        f"{number}. {labels[2]}{colon}\n{output}"
    )


def task_stop(number: int, *, language: str = "en") -> str:
    """What a completion must stop at so that it does not begin with this task."""
    return f"\n{number}. {_labels(language)[0]}" + (":" if language == "en" else "")


def task_blocks(text: str, first: int, *, truncated: bool = False, language: str = "en") -> list[Task | Broken]:
    """The tasks in a completion, in order, with every block that cannot be used in its place.

    A task starts at a line ``N. Instruction:``, after a separator or not, in any case and with any emphasis; the number
    may also stand above it (``Task N``). Where no task has a number, one starts wherever instruction, input and output
    follow one another. Labels in a code block are part of the text. What precedes the first task is dropped as chatter,
    unless it goes on with the task that the prompt itself began.

    Args:
        text: the completion.
        first: the number of the task that the prompt asks for first; tasks without numbers are counted from it.
        truncated: the completion was cut off (finish reason ``length``), which breaks its last task.
        language: ``en`` or ``zh``, the language of the labels.

    Raises:
        ParseError: there is not even a broken task.
        RecipeError: there are no labels in this language.
    """
    body = strip_thinking(text)
    blocks = _blocks(_markers(body, language), first)
    if not blocks:
        raise ParseError("there is no task in this text", text=text)
    stops = [block[0].start for block in blocks[1:]]
    last_start = blocks[-1][0].end
    end = max(answer_end(body, blocks[0][0].start), last_start)
    stops.append(last_start + len(without_closing(body[last_start:end])))
    found: list[Task | Broken] = []
    highest = -1
    for block, stop in zip(blocks, stops, strict=True):
        item = _read(body, block, stop, highest)
        highest = max(highest, item.number)
        found.append(item)
    if truncated:
        found[-1] = Broken(found[-1].number, body[blocks[-1][0].start :].strip(), "truncated")
    return found


def _markers(body: str, language: str) -> list[_Marker]:
    pattern, layout = _patterns(language)
    names = dict(zip(map(str.lower, _labels(language)), ("instruction", "input", "output"), strict=True))
    markers: list[_Marker] = []
    highest = -1
    for match in pattern.finditer(without_labels_in_code(body, pattern, layout)):
        marks = [mark for mark in match.group("before", "between", "name", "after") if mark]
        still_open = marks[-1] if len(marks) % 2 else ""
        label, number, start = names[match["label"].lower()], int(match["number"] or -1), match.start("line")
        if label == "instruction":
            above, start = int(match["heading"] or match["above"] or -1), match.start()
            # A lower number stands above what an output quotes.
            number = above if number < 0 and above > highest else number
            highest = max(highest, number)
        markers.append(_Marker(start, match.end(), number if number >= 0 else None, label, still_open))
    return markers


@cache
def _patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """A label, with a heading above it or not; and the layout's first lines of a task, where no code goes on."""
    labels, heading = _labels(language), _HEADINGS[language]
    gap, digits, blank = rf"{SPACE}{{0,2}}", r"\d{1,6}", rf"{SPACE}{{0,8}}\r?\n"
    named = rf"(?:{heading}){gap}\#?(?:(?P<heading>{digits})|[一二三四五六七八九十]{{1,3}}){gap}题?"
    title = rf"(?:{NUMBER_END}?{EMPHASIS}|{EMPHASIS}{gap}(?:{COLON}|[-–—])[^\n]{{0,80}})"
    above = rf"{LINE}{EMPHASIS}(?:{named}{title}|(?P<above>{digits}){gap}{NUMBER_END}{EMPHASIS}){blank}(?:{blank})?"
    number = rf"[（(]?(?P<number>{digits}){gap}{NUMBER_END}(?P<between>{EMPHASIS}){SPACE}{{0,8}}"
    name = rf"(?P<name>{EMPHASIS})(?P<label>{'|'.join(labels)}){gap}(?P<after>{EMPHASIS}){gap}{COLON}"
    label = rf"(?:{above})?(?P<line>{LINE})(?P<before>{EMPHASIS})(?:{number})?{name}"
    layout = rf"^(?:#{{2,8}}|-{{3,8}}){blank}{LINE}{EMPHASIS}{digits}{gap}{NUMBER_END}{EMPHASIS}{gap}{labels[0]}"
    flags = re.MULTILINE | re.IGNORECASE
    return re.compile(label, flags), re.compile(layout, flags)


def _labels(language: str) -> tuple[str, str, str]:
    if language not in _LABELS:
        raise RecipeError(f"there are no task labels in {language!r}; there are some in: {', '.join(_LABELS)}.")
    return _LABELS[language]


def _blocks(markers: Sequence[_Marker], first: int) -> list[list[_Marker]]:
    """The markers of each task, its instruction label first, with its number."""
    counted = any(marker.label == "instruction" and marker.number is not None for marker in markers)
    lead: list[_Marker] = []
    blocks: list[list[_Marker]] = []
    for place, marker in enumerate(markers):
        ordered = [following.label for following in markers[place : place + 3]] == ["instruction", "input", "output"]
        if marker.label == "instruction" and (marker.number is not None if counted else ordered):
            blocks.append([marker])
        else:
            (blocks[-1] if blocks else lead).append(marker)
    if any(marker.label != "instruction" for marker in lead):
        if lead[0].label != "instruction":
            lead.insert(0, _Marker(0, 0, None, "instruction", ""))
        lead[0] = replace(lead[0], number=first)
        blocks.insert(0, lead)
    if not counted:
        return [[replace(block[0], number=first + place), *block[1:]] for place, block in enumerate(blocks)]
    return blocks


def _read(body: str, block: Sequence[_Marker], stop: int, highest: int) -> Task | Broken:
    head = block[0]
    number = head.number or 0
    text = body[head.start : stop].strip()
    if number <= highest:
        return Broken(number, text, "number")
    pair = _input_and_output(number, block[1:])
    if pair is None:
        return Broken(number, text, "labels")
    given, answer = pair
    instruction = without_emphasis(head.mark, body[head.end : given.start]).strip()
    output = without_separators(without_emphasis(answer.mark, body[answer.end : max(stop, answer.end)]))
    if not instruction:
        return Broken(number, text, "empty_instruction")
    if not output:
        return Broken(number, text, "empty_output")
    return Task(number, instruction, given_input(without_emphasis(given.mark, body[given.end : answer.start])), output)


def _input_and_output(number: int, inner: Sequence[_Marker]) -> tuple[_Marker, _Marker] | None:
    """The labels of the input and the output; labels with the task's own number come before those without one."""
    own = [marker for marker in inner if marker.number == number]
    plain = [marker for marker in inner if marker.number is None]
    # Another task's labels are in here: its beginning was not recognised, and its text would end up in this one.
    mixed = any(marker.label == "instruction" or (marker.number or 0) > number for marker in inner)
    if mixed or len({marker.label for marker in own}) < len(own):
        return None
    given = _first(own, "input") or _first(plain, "input")
    if given is None:
        return None
    answer = _first(own, "output") or _first([marker for marker in plain if marker.start > given.start], "output")
    return (given, answer) if answer and given.start < answer.start else None


def _first(markers: Iterable[_Marker], label: str) -> _Marker | None:
    return next((marker for marker in markers if marker.label == label), None)


def given_input(text: str) -> str:
    """The input, empty where the model wrote in one of the usual ways that there is none."""
    plain = unicodedata.normalize("NFKC", text) if len(text) < 40 else text
    plain = plain.strip(_PUNCTUATION).lower()
    return "" if plain in _NO_INPUT or _NO_INPUT_SENTENCE.fullmatch(plain) else text


def without_separators(text: str) -> str:
    """The text without the separators of the list (``###``, ``---``) on its last lines."""
    lines = text.split("\n")
    while lines and (not (last := lines[-1].strip()) or _is_separator(last)):
        lines.pop()
    return _without_stray_fence("\n".join(lines).rstrip())


def _without_stray_fence(text: str) -> str:
    """The text without a last line that closes a code block which was opened before the text."""
    seam = _SEAM.search(text)
    if seam or (_LAST_FENCE.search(text) and len(_FENCES.findall(text)) % 2):
        return text[: seam.start() if seam else text.rindex("\n")].rstrip()
    return text


def _is_separator(line: str) -> bool:
    return len(line) > 1 and line[0] in "#-*=" and line == line[0] * len(line)
