"""CSV for people with a spreadsheet: instruction, input, output, and no cell that a spreadsheet would calculate.

A cell that begins like a formula (``=``, ``+``, ``-``, ``@``, also in full width, or a tab or line break) is written
behind a mark: an apostrophe and the invisible U+2060. Reading a CSV or TSV file takes the mark away again.
"""

from __future__ import annotations

from typing import Any

from instructgen.example import Example
from instructgen.formats import chat

COLUMNS = {"instruction": str, "input": str, "output": str}
# An apostrophe alone would do for spreadsheets, but texts that people have begin with '@' or '-' in quotes.
_MARK = "'\u2060"
_RISKY = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n", _MARK)


def row(example: Example) -> dict[str, Any]:
    """The example as a row of three texts.

    Raises:
        RecipeError: it has no instruction, or it has a system message or earlier turns.
    """
    if not example.instruction.strip():
        raise chat.unfit(example, "csv", "has no instruction")
    chat.require_single_turn(example, "csv")
    return {name: guarded(getattr(example, name)) for name in COLUMNS}


def guarded(cell: str) -> str:
    """The cell, behind a mark if it could be taken for a formula."""
    return _MARK + cell if cell.startswith(_RISKY) else cell


def unguarded(cell: str) -> str:
    """The cell without the mark."""
    return cell.removeprefix(_MARK)


def csv_line(cells: list[str]) -> bytes:
    """One row of the file, every cell in quotes.

    Raises:
        UnicodeEncodeError: a cell holds a lone surrogate.
    """
    return (",".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n").encode("utf-8")
