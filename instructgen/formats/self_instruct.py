"""Self-Instruct's training encoding: thirteen layouts of a task, so that a model learns the task and not the layout.

Seven layouts have an input and six have none. Which one an example gets, and whether its input is simplified, is drawn
by its id, so that the same example is always encoded alike. Rows with equal prompt and completion are written once.
The layouts' wording is this library's own.

Source: Wang et al., Self-Instruct (arXiv 2212.10560), section 3.3, and its released code.
"""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Any

from instructgen.example import Example
from instructgen.formats import chat

COLUMNS = {"prompt": str, "completion": str}
WITH_INPUT = (
    ("", "\n\n", "\n\n"),
    ("", "\n\nGiven:\n", "\n\nAnswer:\n"),
    ("What to do: ", "\nWith this: ", "\nResult:\n"),
    ("Request: ", "\n\nMaterial: ", "\n\nReply:\n"),
    ("REQUEST\n", "\nMATERIAL\n", "\nREPLY\n"),
    ("Here is a request with its material.\n\n", "\n---\n", "\n\nWhat is the reply?\n\n"),
    ("Q: ", "\n", "\nA:\n"),
)
"""What stands before the instruction, between it and the input, and behind both."""
WITHOUT_INPUT = (
    ("", "\n\n"),
    ("", "\n\nAnswer:\n"),
    ("What to do: ", "\nResult:\n"),
    ("Request: ", "\n\nReply:\n"),
    ("REQUEST\n", "\nREPLY\n"),
    ("Q: ", "\nA:\n"),
)
"""What stands before and behind the instruction."""
_FIELD = re.compile(r"\w+:")


def row(example: Example) -> dict[str, Any]:
    """The example as the text to be continued, and the continuation.

    Raises:
        RecipeError: it has no output, or it has a system message or earlier turns.
    """
    chat.require_answer(example, "self-instruct")
    chat.require_single_turn(example, "self-instruct")
    # Each choice has its own eight bytes of the digest.
    drawn = blake2b((example.id or example.identified().id).encode("utf-8"), digest_size=16).digest()
    layout, coin = int.from_bytes(drawn[:8], "big"), drawn[8] & 1
    instruction, given = example.instruction.strip(), example.input.strip()
    if coin:
        given = simplified(given)
    if given:
        before, between, behind = WITH_INPUT[layout % len(WITH_INPUT)]
        prompt = f"{before}{instruction}{between}{given}{behind}"
    else:
        before, behind = WITHOUT_INPUT[layout % len(WITHOUT_INPUT)]
        prompt = f"{before}{instruction}{behind}"
    return {"prompt": prompt, "completion": example.output.strip()}


def simplified(given: str) -> str:
    """An input without the name of its only field, and without empty lines.

    >>> simplified("Text: one\\n\\ntwo"), simplified("Name: Li City: Wuhan")
    ('one\\ntwo', 'Name: Li City: Wuhan')
    """
    if len(set(_FIELD.findall(given))) == 1:
        given = given.partition(":")[2].strip()
    return given.replace("\n\n", "\n")
