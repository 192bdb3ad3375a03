"""Takes the code out of a text, for what reads prose or labels: a label or a bracket inside code says nothing."""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Sequence

from instructgen.parsing.lazy import lazy

CODE = "\ufffc"
"""What stands where code stood: the object replacement character."""

_FENCE = lazy(r"[ \t]{0,12}(?P<fence>`{3,}|~{3,})(?P<info>.*)")
# For readers, which are less strict than Markdown: a block may also begin behind a label ("Output: ```python").
_LINE_END = lazy(r"(?<![`~])(?P<fence>`{3,}+|~{3,}+)(?P<info>[^`\n]{0,100}+)$", re.MULTILINE)
_INSIDE = lazy(r"[^\n]")
_ALONE = lazy(r"[ \t>]{0,12}")
_BEFORE_CODE = lazy(r"[^`]{0,200}[:：][*_]{0,3}[ \t]{0,4}|[ \t>]{0,12}(?:[-*+•]|\d{1,3}[.)])[ \t]{1,4}")
_SPAN = lazy(r"(?<!`)(?P<ticks>`{1,3})(?!`)[^`\n]+(?P=ticks)(?!`)")


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


def without_labels_in_code(text: str, label: re.Pattern[str], restart: re.Pattern[str] | None = None) -> str:
    """The text with the insides of its closed code blocks blanked: as long as before, for looking for labels.

    Where no label stands outside of a block, the answer itself was put into blocks; then only the blocks within them
    are blanked.

    Args:
        text: an answer.
        label: what is going to be looked for.
        restart: where this stands, no code goes on: a block that is still open there was never closed.
    """
    if "```" not in text and "~~~" not in text:
        return text
    restarts = [match.start() for match in restart.finditer(text)] if restart else []
    blocks = _closed_blocks(text, 0, len(text), restarts)
    blanked = _blanked(text, blocks)
    if label.search(blanked):
        return blanked
    return _blanked(text, [inner for block in blocks for inner in _closed_blocks(text, *block, restarts)])


def _closed_blocks(text: str, start: int, end: int, restarts: Sequence[int]) -> list[tuple[int, int]]:
    """Where the outermost closed blocks in a part of a text stand, without their fences."""
    open_fences: list[tuple[str, int]] = []
    blocks: list[tuple[int, int]] = []
    restart = bisect(restarts, start)
    for line in _LINE_END.finditer(text, start, end):
        if (passed := bisect(restarts, line.start())) > restart:
            restart = passed
            open_fences.clear()
        mark, bare = line["fence"], not line["info"].strip()
        begin_of_line = text.rfind("\n", 0, line.start()) + 1
        lead = text[begin_of_line : line.start()]
        alone = bool(_ALONE.fullmatch(lead))
        if open_fences and alone and bare and mark.startswith(open_fences[-1][0]):
            _, begin = open_fences.pop()
            while blocks and blocks[-1][0] > begin:
                blocks.pop()
            blocks.append((begin, begin_of_line))
            continue
        nested = alone and not bare and open_fences and mark[0] == open_fences[-1][0][0]
        if nested or (not open_fences and (alone or _BEFORE_CODE.fullmatch(lead))):
            open_fences.append((mark, line.end()))
    return blocks


def _blanked(text: str, blocks: Sequence[tuple[int, int]]) -> str:
    parts: list[str] = []
    position = 0
    for start, end in blocks:
        parts += [text[position:start], _INSIDE.sub(CODE, text[start:end])]
        position = end
    return "".join([*parts, text[position:]])
