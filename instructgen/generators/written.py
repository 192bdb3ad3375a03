"""The tasks and instructions that a completion of a growing source holds, each with what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from instructgen.contracts import Completion, Reject
from instructgen.errors import ParseError
from instructgen.example import Example
from instructgen.filters import Refusal
from instructgen.parsing import Broken, Item, is_preface, numbered_items, strip_thinking, task_blocks, without_closing
from instructgen.parsing.tasks import without_separators


@dataclass(frozen=True, slots=True)
class Written:
    """One task that a completion holds.

    Attributes:
        number: tells it apart from the others of this completion.
        content: its instruction, and input and output where the method asks for them.
        reject: why it is no task, where reading it already says so.
    """

    number: int
    content: Mapping[str, str]
    reject: Reject | None = None


def written_tasks(completion: Completion, first: int, language: str) -> list[Written]:
    """What is read from a completion that holds whole tasks.

    Raises:
        ParseError: there is none, not even a broken one.
    """
    blocks = task_blocks(completion.text, first, truncated=completion.finish != "stop", language=language)
    return [
        # The number of a broken block may be another block's too.
        Written(position, {"output": block.text}, Reject(block.reason))
        if isinstance(block, Broken)
        else Written(block.number, {"instruction": block.instruction, "input": block.input, "output": block.output})
        for position, block in enumerate(blocks, 1)
    ]


def listed_instructions(completion: Completion, first: int, *, continued: bool) -> list[Written]:
    """What is read from a completion that holds a numbered list, each item one instruction.

    Of a completion that was cut off the last item is lost, of the original's all. An item that refuses is none.

    Args:
        completion: what the model wrote.
        first: the number that follows the demonstrations.
        continued: the prompt itself ended with this number, so that the text before the next one is its item (unless
            it is what chat models say before a list); then an instruction is one line that begins with a capital, too.

    Raises:
        ParseError: there is no item.
    """
    found = []
    items = _continued(completion.text, first) if continued else numbered_items(completion.text)
    for place, item in enumerate(items, 1):
        text = without_separators(without_closing(item.text) if place == len(items) else item.text)
        if continued:
            text = " ".join(text.split())
            text = text[:1].upper() + text[1:]
        refusal = Refusal("instruction")(Example(text))
        if place == len(items) and completion.finish != "stop":
            found.append(Written(place, {"output": text}, Reject("truncated")))
        elif not text:
            found.append(Written(place, {}, Reject("empty_instruction")))
        else:
            found.append(Written(place, {"instruction": text}, refusal))
    return found


def _continued(text: str, first: int) -> list[Item]:
    """The items of a list that the prompt began: its first item may come without its number, or after chatter."""
    opening = strip_thinking(text).lstrip().partition("\n")[0]
    try:
        items = numbered_items(text)
    except ParseError:
        if is_preface(opening):
            raise
        return numbered_items(text, first=first)
    begun_anew = items[0].number == first or is_preface(opening) or opening.startswith(f"{items[0].number}")
    return items if begun_anew else numbered_items(text, first=first)


def in_one_line(instruction: str) -> str:
    """An instruction as a demonstration in a list: white space collapsed, without the colon at its end."""
    return " ".join(instruction.split()).rstrip(":：")
