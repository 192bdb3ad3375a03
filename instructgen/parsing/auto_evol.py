"""Reads what models write in Auto Evol-Instruct: the final instruction of a rewriting, and an improved method.

Source: Zeng et al., Automatic Instruction Evolving for Large Language Models (arXiv 2406.00770), section 3 and
appendix.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from instructgen.errors import ParseError
from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS, INDENT, SPACE, without_emphasis
from instructgen.parsing.rewritten import rewritten_prompt
from instructgen.parsing.wrapping import strip_thinking, without_closing

# What the packaged prompts ask for, and what models make of the paper's "Finally".
_FINAL = (
    "Finally Rewritten Instruction",
    "Final Rewritten Instruction",
    "最终改写的指令",
    "最终改写后的指令",
    "最终改写指令",
)
_METHOD = ("Improved Method", "改进后的方法")
_NEXT = lazy(
    rf"^{INDENT}(?:#{{1,6}}{SPACE}{{1,4}})?{EMPHASIS}[#＃][^#＃\n]{{2,40}}"
    rf"(?:{COLON}[#＃]|[#＃]{EMPHASIS}{SPACE}{{0,3}}{COLON})",
    re.MULTILINE,
)
_RULE = lazy(r"\n\s{0,8}(?:-{3,20}|\*{3,20}|_{3,20})\s*\Z")
# What stands about a heading: signs and bullets, the number of its step, a closing sign, a colon.
_SIGNS = rf"(?:[>#＃*_`\\\\【\[\-+•]|{SPACE}){{0,16}}"
_NUMBER = rf"(?:(?:step{SPACE}{{0,3}}\d|第[四4]步|步骤{SPACE}{{0,3}}[四4]|\d){SPACE}{{0,3}}[:：.)、—–-]{{0,2}})?"
_LEAD = rf"{_SIGNS}{_NUMBER}{_SIGNS}"
_TAIL = rf"[#＃*_`\\\\】\]]{{0,8}}(?:{SPACE}[#＃]{{1,3}})?{EMPHASIS}{SPACE}{{0,3}}(?:{COLON}(?:[#＃]{EMPHASIS})?)?"
# Under the heading, a name for it once more; of one with further fields the instruction is the whole.
_AGAIN = lazy(rf"{INDENT}(?P<mark>{EMPHASIS})(?:Instruction|指令){EMPHASIS}{COLON}{EMPHASIS}", re.IGNORECASE)
_FIELD = lazy(
    r"^\W{0,8}(?:input|output|context|response|answer|inputs|data|输入|输出|背景|数据|回答)\W{0,3}[:：]",
    re.MULTILINE | re.IGNORECASE,
)
_STEP = lazy(
    rf"(?:\bstep|第|步骤){SPACE}{{0,3}}([1-4一二三四])|^\W{{0,8}}([1-4])[.)、．]", re.MULTILINE | re.IGNORECASE
)


def final_instruction(text: str) -> str:
    """The instruction under ``#Finally Rewritten Instruction#:`` (``#最终改写的指令#：``), without anything about it.

    The heading stands at the start of a line, in any case, with signs, emphasis, a bullet or the number of the step
    about it. Where it comes more than once, the last counts; a later heading of the same form ends the instruction.

    Raises:
        ParseError: the heading is missing, or there is nothing under it.
    """
    body = _under(strip_thinking(text), _FINAL)
    if body is None:
        raise ParseError("the final instruction has no heading", text=text)
    if later := _NEXT.search(body):
        body = body[: later.start()]
    return rewritten_prompt(_named_again(_RULE.sub("", body.strip())))


def _named_again(body: str) -> str:
    label = _AGAIN.match(body)
    if label is None or _FIELD.search(body, label.end()):
        return body
    closed = "*" in body[label.end("mark") : label.end()]
    return without_emphasis("" if closed else label["mark"], body[label.end() :])


def improved_method(text: str) -> str:
    """The method under ``#Improved Method#:`` (``#改进后的方法#：``), or the whole text where it has no such heading.

    Raises:
        ParseError: it does not have the steps 1 to 4: it is a remark, or a refusal.
    """
    answer = strip_thinking(text)
    body = _under(answer, _METHOD)
    method = rewritten_prompt(_RULE.sub("", without_closing((answer if body is None else body).strip())))
    steps = {(one[1] or one[2]).translate(str.maketrans("一二三四", "1234")) for one in _STEP.finditer(method)}
    if len(steps) < 4:
        raise ParseError("this is no method of four steps", text=text)
    return method


def _under(text: str, labels: Sequence[str]) -> str | None:
    """The text under the last of these labels that stands as a heading; None if there is none."""
    names = "|".join(map(re.escape, labels))
    heading = re.compile(rf"^(?P<lead>{_LEAD})(?:{names})(?P<tail>{_TAIL})(?P<rest>.*)", re.MULTILINE | re.IGNORECASE)
    found = [match for match in heading.finditer(text) if _is_heading(match)]
    if not found:
        return None
    marks = found[-1]["lead"] + found[-1]["tail"]
    return without_emphasis("**" if marks.count("**") % 2 else "", text[found[-1].start("rest") :])


def _is_heading(match: re.Match[str]) -> bool:
    """Whether signs, a colon or emphasis show that it is a heading, and no sentence that begins with its words."""
    lead, tail = match["lead"], match["tail"]
    if re.search("[#＃】\\]:：]", tail) or ("**" in lead and "**" in tail):
        return True
    return not match["rest"].strip() and bool(re.search("[#＃*_]", lead + tail))
