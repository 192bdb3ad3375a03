"""Rejects an answer that gives the code of its question back (in the released code of Magicoder, arXiv 2312.02120)."""

from __future__ import annotations

from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.parsing.lazy import lazy

_FENCE = lazy(r"[ \t]{0,12}(?P<fence>`{3,}|~{3,})(?P<info>.*)")


@dataclass(frozen=True, slots=True)
class CopiedCode:
    """Rejects an example whose output holds a code block that is one of its instruction's or input's.

    Blocks are those between code fences, compared with white space taken out. A block that the answer merely contains
    among more code is another one. In Magicoder's code this filter exists and is switched off in places.

    Rejects with ``copied_code``; the value is the block's first line.
    """

    def __call__(self, example: Example) -> Reject | None:
        asked = {"".join(block.split()) for text in (example.instruction, example.input) for block in _blocks(text)}
        for block in _blocks(example.output):
            if "".join(block.split()) in asked:
                return Reject("copied_code", value=block.strip().split("\n")[0][:80])
        return None


def _blocks(text: str) -> list[str]:
    """The code between fences, blank blocks and one that is never closed left out."""
    blocks: list[str] = []
    lines: list[str] = []
    opened = ""
    for line in text.split("\n"):
        fence = _FENCE.fullmatch(line)
        if not opened:
            opened, lines = (fence["fence"] if fence else ""), []
        elif fence and fence["fence"].startswith(opened) and not fence["info"].strip():
            if "".join(lines).strip():
                blocks.append("\n".join(lines))
            opened = ""
        else:
            lines.append(line)
    return blocks
