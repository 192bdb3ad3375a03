"""Takes the code out of a text, for checks that read prose: a label or a bracket inside code says nothing."""

from __future__ import annotations

import re

CODE = "\ufffc"
"""What stands where code stood: the object replacement character."""

_FENCE = re.compile(r"[ \t]{0,12}(?P<fence>`{3,}|~{3,})(?P<info>.*)")
_SPAN = re.compile(r"(?<!`)(?P<ticks>`{1,3})(?!`)[^`\n]+(?P=ticks)(?!`)")


def without_code(text: str) -> tuple[str, bool]:
    """The text with one sign in place of each fenced block and each code span, and whether the last fence is open.

    A fence with a language inside another one opens a block inside that block, as where a model writes a whole
    Markdown page in a fence. An open block goes to the end of the text.
    """
    if "`" not in text and "~~~" not in text:
        return text, False
    open_fences: list[str] = []
    prose: list[str] = []
    for line in text.split("\n"):
        fence = _FENCE.fullmatch(line)
        if fence is None or (fence["fence"][0] == "`" and "`" in fence["info"]):
            if not open_fences:
                prose.append(line)
            continue
        mark, bare = fence["fence"], not fence["info"].strip()
        if not open_fences:
            prose.append(CODE)
            open_fences.append(mark)
        elif bare and mark.startswith(open_fences[-1]):
            open_fences.pop()
        elif not bare and mark[0] == open_fences[-1][0]:
            open_fences.append(mark)
    return _SPAN.sub(CODE, "\n".join(prose)), bool(open_fences)
