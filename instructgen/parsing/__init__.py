"""Tolerant readers of what models write. Each either returns what it read or raises ParseError; nothing is guessed."""

from instructgen.parsing.json_text import json_object
from instructgen.parsing.numbered import Item, numbered_items
from instructgen.parsing.scores import score, scores
from instructgen.parsing.sections import sections
from instructgen.parsing.tasks import Broken, Task, task_blocks
from instructgen.parsing.verdicts import verdict
from instructgen.parsing.wrapping import strip_thinking

__all__ = [
    "Broken",
    "Item",
    "Task",
    "json_object",
    "numbered_items",
    "score",
    "scores",
    "sections",
    "strip_thinking",
    "task_blocks",
    "verdict",
]
