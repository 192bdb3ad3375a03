"""Tolerant readers of what models write. Each either returns what it read or raises ParseError; nothing is guessed."""

from instructgen.parsing.addressing import without_addressing
from instructgen.parsing.data_formats import DataKind, holds_data
from instructgen.parsing.instances import Instance, input_first, output_first
from instructgen.parsing.json_text import json_object
from instructgen.parsing.numbered import Item, numbered_items
from instructgen.parsing.rewritten import rewritten_prompt, scaffold_labels
from instructgen.parsing.scores import score, scores
from instructgen.parsing.sections import sections
from instructgen.parsing.tasks import Broken, Task, task_blocks, task_stop, task_text
from instructgen.parsing.verdicts import verdict
from instructgen.parsing.wrapping import is_preface, strip_thinking, without_closing
from instructgen.parsing.yes_no import truth, yes_no

__all__ = [
    "Broken",
    "DataKind",
    "Instance",
    "Item",
    "Task",
    "holds_data",
    "input_first",
    "is_preface",
    "json_object",
    "numbered_items",
    "output_first",
    "rewritten_prompt",
    "scaffold_labels",
    "score",
    "scores",
    "sections",
    "strip_thinking",
    "task_blocks",
    "task_stop",
    "task_text",
    "truth",
    "verdict",
    "without_addressing",
    "without_closing",
    "yes_no",
]
