"""Whether a text holds data of a certain kind: what an operator that adds JSON to a prompt has to find in the result.

These tell data from a mere mention of it ("the attached JSON file"); they do not validate.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Literal, get_args

from instructgen.errors import RecipeError
from instructgen.parsing.lazy import lazy
from instructgen.strict_json import load_next

DataKind = Literal["html", "json", "python", "shell", "sql", "xml"]
"""The kinds of data that can be told from prose."""

_MOST_STARTS = 200  # of JSON values in one text, so that a text full of brackets takes no quadratic time

_FENCE = lazy(r"^ {0,3}(?:```|~~~)[ \t]{0,4}([a-z]{1,12})\b", re.MULTILINE | re.IGNORECASE)
_OPENING = lazy(r"<([^\W\d][\w.:-]{0,40})(?:\s[^<>]{0,400})?>")
_CLOSING = lazy(r"</([^\W\d][\w.:-]{0,40})\s{0,4}>")
_HTML = lazy(
    "a|abbr|article|aside|b|body|button|code|dd|div|dl|dt|em|fieldset|figure|footer|form|h[1-6]|head|header|html|i|label"
    "|legend|li|main|nav|ol|option|p|pre|script|section|select|small|span|strong|style|sub|sup|table|tbody|td|textarea"
    "|tfoot|th|thead|title|tr|ul|video"
)
_PYTHON = lazy(
    r"^[ \t]{0,40}(?:(?P<sure>(?:async )?def \w+\(|class \w+[(:]|import \w+|from [\w.]+ import |for \w[^\n]{0,200} in "
    r"[^\n]{1,200}:|while [^\n]{1,200}:|print\()|return\b|if [^\n]{1,200}:|elif |else:|try:|except\b|with [^\n]{1,200}:"
    r"|@\w+|[A-Za-z_][\w.]*(?:\[[^\]\n]{0,80}\])?[ \t]{0,8}[-+*/]?=[ \t]{0,8}[^=\s])",
    re.MULTILINE,
)
_COMMANDS = (
    "df|du|ls|ps|top|free|cat|grep|tail|head|rm|cp|mv|cd|mkdir|find|mount|lsblk|chmod|chown|uname|uptime|ip|ss|netstat"
    "|ping|curl|systemctl|journalctl|docker|kubectl|apt|yum|dnf"
)
# A prompt, or root's sign before a command with an option or a path; "# find the bug" is a heading.
_SHELL = lazy(
    r"^(?:[ \t]{0,8}\$ [\w./~-]|#!/|[\w.-]{1,40}@[\w.-]{1,60}:[^\n]{0,80}[$#] "
    r"|\[[\w.-]{1,40}@[\w.-]{1,60} [^\]\n]{1,80}\][$#] "
    rf"|[ \t]{{0,8}}# (?:{_COMMANDS})(?:[ \t]{{1,4}}[-/.~][^\n]{{0,200}})?[ \t]*$)",
    re.MULTILINE,
)
# Unlike "select a book from the shelf" and "insert into the sentence".
_SQL = lazy(
    r"\b(?i:create\s+(?:temp(?:orary)?\s+)?table\s+[^\s(]{1,80}\s{0,8}\(|insert\s+into\s[^;]{1,400}?\bvalues\s{0,8}\()"
    r"|\bSELECT\s[^;]{1,400}?\sFROM\s|\bselect\s[^;]{1,400}?\sfrom\s[^;]{1,400}?(?:;|\s(?:where|group by|order by)\s)"
)
_TABLE = lazy(
    r"(?:^[ \t]{0,8}\|[^\n]{0,400}\|[ \t]{0,8}(?:\n|\Z)|^[ \t]{0,8}\+[-+]{4,400}[ \t]{0,8}(?:\n|\Z)){3}", re.MULTILINE
)


def holds_data(text: str, kind: DataKind) -> bool:
    """Whether there is data of this kind in the text.

    JSON is an object with a member, or an array that holds more than numbers; XML and HTML are an element that is
    closed again; SQL is a statement or a drawn table; Python and shell are lines as only code has them, or a code fence
    that names the language.

    Raises:
        RecipeError: there is no such kind.
    """
    if kind not in get_args(DataKind):
        raise RecipeError(f"the kind of data {kind!r} is not known; known are: {', '.join(get_args(DataKind))}.")
    return _HOLDS[kind](text)


def _json(text: str) -> bool:
    position = -1
    for _ in range(_MOST_STARTS):
        starts = [found for found in (text.find("{", position + 1), text.find("[", position + 1)) if found >= 0]
        if not starts:
            return False
        position = min(starts)
        try:
            value, _ = load_next(text, position)
        except ValueError:
            continue
        if _is_data(value):
            return True
    return False


def _is_data(value: Any) -> bool:
    if isinstance(value, dict):
        return bool(value)
    return len(value) > 1 and any(isinstance(part, str | dict | list) for part in value)


def _elements(text: str, names: re.Pattern[str] | None = None) -> bool:
    opened: dict[str, int] = {}
    for match in _OPENING.finditer(text):
        opened.setdefault(match[1].lower(), match.start())
    closed = {match[1].lower(): match.start() for match in _CLOSING.finditer(text)}
    return any(
        opened.get(name, len(text)) < end for name, end in closed.items() if names is None or names.fullmatch(name)
    )


def _fenced(text: str, *languages: str) -> bool:
    return any(match[1].lower() in languages for match in _FENCE.finditer(text))


def _python(text: str) -> bool:
    lines = list(_PYTHON.finditer(text))
    return _fenced(text, "python", "py") or (len(lines) > 1 and any(line["sure"] for line in lines))


_HOLDS: dict[str, Callable[[str], bool]] = {
    "html": lambda text: _elements(text, _HTML),
    "json": _json,
    "python": _python,
    "shell": lambda text: _fenced(text, "bash", "console", "sh", "shell", "zsh") or bool(_SHELL.search(text)),
    "sql": lambda text: _fenced(text, "sql") or bool(_SQL.search(text) or _TABLE.search(text)),
    "xml": _elements,
}
