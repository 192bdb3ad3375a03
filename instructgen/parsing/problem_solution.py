"""Reads a programming problem and its solution from under their two markers (OSS-Instruct, arXiv 2312.02120)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from instructgen.errors import ParseError
from instructgen.parsing.code import without_labels_in_code
from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS, LINE, SPACE, without_emphasis
from instructgen.parsing.tasks import without_separators
from instructgen.parsing.wrapping import answer_end, strip_thinking, without_closing

_PROBLEM = rf"Problem{SPACE}{{1,3}}Description|[问問][题題]描述|[题題]目描述"
_SOLUTION = "Solution|解答|解[决決]方案|[参參]考解答|答案|[参參]考答案"
_GAP = rf"{SPACE}{{0,3}}"
_NUMBER = rf"(?:[\d一二三四五]{{1,2}}[.)、．]{SPACE}{{0,3}})?"
_AFTER = rf"(?P<after>{EMPHASIS}){_GAP}(?:{COLON}{EMPHASIS})?"
# What some models close a section with, on a line of its own or behind its last words: [/Solution].
_CLOSING = (
    rf"{EMPHASIS}[\[【［「<]{_GAP}(?:(?:/|end(?: of)?(?: the)?{SPACE}){_GAP}(?:{_PROBLEM}|{_SOLUTION})"
    rf"|(?:{_PROBLEM}|{_SOLUTION})(?:结束|結束)){_GAP}[\]】］」>]{EMPHASIS}"
)
_CLOSED = lazy(
    rf"^{SPACE}{{0,8}}{_CLOSING}{SPACE}{{0,8}}\r?$|(?<=\S){SPACE}{{0,8}}{_CLOSING}\s{{0,8}}\Z",
    re.MULTILINE | re.IGNORECASE,
)
_ANYTHING = lazy("")


@dataclass(frozen=True, slots=True)
class ProblemAndSolution:
    """A programming problem and its solution; neither is empty."""

    problem: str
    solution: str


def problem_and_solution(text: str) -> ProblemAndSolution:
    """The texts under ``[Problem Description]`` and ``[Solution]``.

    A marker stands at the start of a line, in any case: in square or full-width brackets, with any Markdown around it
    and any text behind it, which belongs to its section. Where there is no bracket at all, Markdown headings and bold
    lines of the same words stand in for it. The bare words, with a colon or without, are no marker. What stands in a
    code block is none either. A solution marker that comes again is part of the solution. At a marker that closes
    it (``[/Solution]``) a section ends.

    Args:
        text: the completion.

    Raises:
        ParseError: a marker is missing or not at the start of a line, the solution comes first, there are several
            problems, or a section is empty.
    """
    body = strip_thinking(text)
    markers = [_bracketed(_PROBLEM), _bracketed(_SOLUTION)]
    if not any(marker.search(body) for marker in markers):
        markers = [_heading(_PROBLEM), _heading(_SOLUTION)]
    problems, solutions = (_found(marker, body) for marker in markers)
    if not problems or not solutions:
        missing = "problem description" if not problems else "solution"
        raise ParseError(f"the marker of the {missing} is missing", text=text)
    if len(problems) > 1:
        raise ParseError("there is more than one problem description", text=text)
    first, second = problems[0], solutions[0]
    if second.start() < first.start():
        raise ParseError("the solution stands before the problem description", text=text)
    end = max(answer_end(body, first.start()), second.end())
    problem = _content(first, without_separators(_unclosed(body[first.end() : second.start()])))
    solution = _content(second, without_closing(without_separators(_unclosed(body[second.end() : end]))))
    for name, section in (("problem description", problem), ("solution", solution)):
        if not re.search(r"\w", section):
            raise ParseError(f"the {name} is empty", text=text)
    return ProblemAndSolution(problem, solution)


def _found(marker: re.Pattern[str], body: str) -> list[re.Match[str]]:
    """The markers outside of code, as matches in the body itself."""
    readable = without_labels_in_code(body, marker)
    places = [match.start() for match in marker.finditer(readable)]
    return [match for place in places if (match := marker.match(body, place))]


def _unclosed(section: str) -> str:
    """The section up to the marker that closes it, which is none inside of code."""
    closed = _CLOSED.search(without_labels_in_code(section, _ANYTHING))
    return section[: closed.start()] if closed else section


def _content(marker: re.Match[str], section: str) -> str:
    opened = "" if marker["after"] or marker[0].endswith(("*", "_")) else marker["before"]
    return without_emphasis(opened, section)


def _bracketed(names: str) -> re.Pattern[str]:
    return re.compile(
        rf"{LINE}{_NUMBER}(?P<before>{EMPHASIS})[\[【［「]{_GAP}(?:{names}){_GAP}[\]】］」]{_AFTER}",
        re.MULTILINE | re.IGNORECASE,
    )


def _heading(names: str) -> re.Pattern[str]:
    rest = rf"{SPACE}{{0,8}}\r?$"
    heading = (
        rf"^{SPACE}{{0,3}}\#{{1,6}}{SPACE}{{1,4}}{_NUMBER}{EMPHASIS}(?:{names}){EMPHASIS}{_GAP}{COLON}?{EMPHASIS}{rest}"
    )
    bold = rf"^{SPACE}{{0,3}}(?:\*\*|__){_NUMBER}(?:{names}){_GAP}{COLON}?(?:\*\*|__){_GAP}{COLON}?{rest}"
    return re.compile(rf"(?P<before>)(?P<after>)(?:{heading}|{bold})", re.MULTILINE | re.IGNORECASE)
