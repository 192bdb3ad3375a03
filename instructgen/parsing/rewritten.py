"""Reads a prompt that a model rewrote or made up: the prompt alone, without what chat models put around it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from instructgen.errors import ParseError
from instructgen.parsing.announcement import without_announcement
from instructgen.parsing.comments import without_comments
from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS, INDENT, LISTED, SPACE, without_emphasis
from instructgen.parsing.no_prompt import no_prompt
from instructgen.parsing.remarks import without_explanation, without_remark
from instructgen.parsing.simplified import simplified
from instructgen.parsing.wrapping import strip_thinking, unwrapped
from instructgen.strict_json import load

_LABEL = lazy(r"[#＃]([^#＃\n{}]{2,40})[#＃]")

# Keys under which models put the one text that they were asked for; case, spaces and underscores aside.
_KEYS = lazy(
    r"(?:(?:re-?written|revised|new|created|evolved|final|harder|easier|modified|updated)?"
    r"(?:prompt|instruction|question|problem)|(?:改写|新建|新|改写后的?)?(?:提示词?|指令|问题|题目))"
)
_BESIDE = lazy(
    r"(?:explanations?|reasons?|reasoning|rationale|notes?|comments?|changes?(?:made)?|modifications?"
    r"|(?:original|given|old)(?:prompt|instruction|question|problem)"
    r"|(?:改写|修改|改动)?(?:说明|解释|理由|思路)|原因|备注|注释?|改动|变化|修改|(?:原|给定)(?:始|来)?的?(?:提示词?|指令|问题|题目))"
)
_JSON_FENCE = lazy(r"(`{3,}|~{3,})json[ \t]*\r?\n(.*)\n\1", re.DOTALL | re.IGNORECASE)


def scaffold_labels(template: str) -> tuple[str, ...]:
    """The labels of a prompt's template, each once: ``Rewritten Prompt`` for ``#Rewritten Prompt#``."""
    return tuple(dict.fromkeys(match[1].strip() for match in _LABEL.finditer(template)))


def rewritten_prompt(text: str, labels: Iterable[str] = ()) -> str:
    """The prompt in a completion.

    Taken off are thinking, an announcement (``Sure! Here is …:``), the label that the prompt ended with and the model
    wrote once more, remarks after it (``Let me know if …``), a labelled last paragraph about the rewriting itself
    (``Explanation: I added …``), more of both kinds where an announcement stood before, and one pair of quotation marks
    or one plain code fence about all of it. A JSON object with one text under a name such as ``rewritten_prompt``, and
    nothing but an explanation or the old prompt beside it, gives that text. A label anywhere else stays: it was copied,
    and ``CopiedScaffold`` is for that.

    Args:
        text: the completion.
        labels: labels of which one may stand before the prompt, as ``scaffold_labels`` finds them.

    Raises:
        ParseError: nothing is left.
    """
    whole = unwrapped(without_remark(strip_thinking(text).strip()))
    prompt = without_announcement(whole)
    body = _without_label(prompt if prompt == whole else without_comments(prompt), tuple(labels))
    body = without_explanation(without_remark(body))
    body = _only_text(unwrapped(body))
    if not re.search(r"\w", body) or no_prompt(body):
        raise ParseError("there is no prompt in this text", text=text)
    return body


def _only_text(body: str) -> str:
    """The text under a name for a prompt in a JSON object that holds nothing else, or what is said of it."""
    fenced = _JSON_FENCE.fullmatch(body)
    inner = fenced[2].strip() if fenced else body
    if not inner.startswith("{") or not inner.endswith("}"):
        return body
    try:
        found = load(inner, controls=True)
    except ValueError:
        return body
    if not isinstance(found, dict):
        return body
    names = {simplified(re.sub(r"[\s_#*-]", "", name).casefold()): value for name, value in found.items()}
    prompts = [value for name, value in names.items() if _KEYS.fullmatch(name)]
    beside = sum(bool(_BESIDE.fullmatch(name)) for name in names)
    if len(prompts) != 1 or beside + 1 != len(found) or not isinstance(prompts[0], str):
        return body
    return prompts[0].strip()


_COUNTED = r"(?:[ #]{0,2}\d{1,2}|[一二三四五])?"
# What models call what they were asked for, whatever the prompt calls it.
_USUAL = (
    r"(?:(?:改写|重写|修改|改编|优化|进化)(?:之?后|过)的?|全?新的?|最终的?)(?:编程|数学)?(?:提示词?|提示语|指令|任务|题目|题)"
    r"|(?:改写|重写|改编)之?后的?(?:数学)?问题|(?:re-?written|re-?phrased|revised|evolved|new)"
    r" (?:(?:programming|coding|math) )?(?:prompt|task|question|problem|instruction)"
    r"|更(?:难|简单|容易|复杂)的(?:数学)?(?:题目|题|提示词|指令|版本)"
)
# These may also be the first words of a prompt.
_PROMPT_ONLY, _REWRITE = r"提示词|最终提示词|(?:final )?prompt", "改写|重写"
_PROBLEM = "(?:数学)?(?:题目|题)"
_CALCULATION = lazy(
    r"(?=[^\n]{0,800}[\d一二三四五六七八九十百千两半])[^\n]{0,800}(?:多少|几|求|计算|证明)[^\n]{0,200}\s*\Z"
)
_ASKS = lazy(r"\s{0,4}(?:请|如何|怎[样么]|为什么|什么|谁|哪)|[^\n]{1,200}[？?]\s*\Z")
_SLOT = r"(?!\s{0,4}[{｛\[【<])"


def _without_label(body: str, labels: tuple[str, ...]) -> str:
    plain = simplified(body)
    names = "|".join(re.escape(simplified(label)) for label in labels)
    mark = (_mark(names, plain) if names else None) or _mark(_USUAL, plain)
    if (
        mark is None
        and (found := _mark(_PROMPT_ONLY, plain))
        and not re.search("提示|prompt", plain[found.end() :], re.I)
    ):
        mark = found
    if mark is None and (found := _mark(_REWRITE, plain)) and _ASKS.match(plain[found.end() :]):
        mark = found
    if mark is None and (found := _mark(_PROBLEM, plain)) and _CALCULATION.match(plain[found.end() :].strip()):
        mark = found
    if mark is None:
        told = _announced(names).match(plain) if names else None
        return body[told.end() :].lstrip() if told else body
    closed = "*" in body[mark.end("before") : mark.end()]
    return without_emphasis("" if closed else mark["before"], body[mark.end() :])


def _mark(names: str, plain: str) -> re.Match[str] | None:
    """One of these labels at the beginning, in any decoration; without a colon only where it is alone on its line."""
    rest = rf"{SPACE}{{0,8}}\r?(?=\n)"
    name = rf"(?:{names}){_COUNTED}"
    return re.match(
        rf"{INDENT}{LISTED}(?P<heading>\#{{1,6}}{SPACE}{{1,4}})?(?P<before>{EMPHASIS})"
        rf"(?:[#＃](?:{names}){COLON}?[#＃]{EMPHASIS}{SPACE}{{0,3}}{COLON}?|[【\[]{name}[】\]]{EMPHASIS}(?:{COLON}|{rest})|【{name}】"
        rf"|{name}{EMPHASIS}{SPACE}{{0,3}}{COLON}|{name}{EMPHASIS}(?:(?<=[*_])|(?(heading)|(?!))){rest})"
        rf"(?P<after>{EMPHASIS})",
        plain,
        re.IGNORECASE,
    )


@lru_cache(maxsize=32)
def _announced(names: str) -> re.Pattern[str]:
    """A line that announces what these labels name (以下是一种随意的说法：), and no place for an input behind it."""
    return re.compile(
        rf"\W{{0,8}}(?:(?:以下|下面|这)是(?:一[个种条])?[^，。：:\n]{{0,10}}?(?!给定)(?:{names})(?:如下)?"
        rf"|here(?: is|['’]s) (?:an?|one|the|another) (?:[\w-]{{1,20}} ){{0,3}}?(?!given)(?:{names}))"
        rf"{EMPHASIS}{COLON}{EMPHASIS}[ \t\r]{{0,4}}\n{_SLOT}",
        re.IGNORECASE,
    )
