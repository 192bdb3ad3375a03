"""Answers to the prompt of OSS-Instruct."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from random import Random
from typing import Any

_VERBS = "Count|Merge|Sort|Parse|Pack|Rotate|Compress|Schedule|Validate|Render|Cache|Split|Rank|Index"
_THINGS = "tide tables|seat maps|log files|ledgers|queues|matrices|intervals|byte streams|graphs|dates|tokens"
_RULES = "in one pass|without recursion|within a time limit|for any alphabet|in the old order|with ties broken"
VERBS, THINGS, RULES = (words.split("|") for words in (_VERBS, _THINGS, _RULES))
NOTHING = [
    "The snippet is too short to inspire anything.",
    "Problem Description: count them.\nSolution: len(x)",
    "[Solution]\nlen(x)\n[Problem Description]\nCount them.",
    "[Problem Description] Count them. [Solution] len(x)",
    "[Problem Description]\nCount them.",
    "[Problem Description]\nCount.\n[Solution]\n1\n[Problem Description]\nSum.\n[Solution]\n2",
    "",
]
FORMS = [
    "[Problem Description]\n{0}\n\n[Solution]\n{1}",
    "**[Problem Description]**\n{0}\n\n**[Solution]**\n{1}",
    "[problem description] {0}\n[solution]\n{1}\n\nLet me know if you need an explanation.",
    "## Problem Description\n{0}\n\n## Solution\n{1}",
    "<think>A list?</think>\n[Problem Description]:\n{0}\n[Solution]:\n{1}",
]


def answer(body: Mapping[str, Any]) -> str | None:
    """The answer to a request of this form; None to any other."""
    prompt = body["messages"][-1]["content"] if "messages" in body else ""
    if "</snippet>" not in prompt:
        return None
    random = Random(hashlib.sha256(json.dumps(["oss_instruct", body], sort_keys=True).encode()).digest())
    if random.random() < 0.15:
        return random.choice(NOTHING)
    things = ", ".join(random.sample(THINGS, 3))
    number = random.randrange(10_000)
    problem = f"{random.choice(VERBS)} {things} {random.choice(RULES)}; there are {number} of them."
    code = f"```python\ndef solve(x):\n    return x[{number}:]\n```"
    point = random.random()
    if point < 0.06:
        problem, number = "Count the lines that are not blank.", random.randrange(10_000)
    if point > 0.94:
        code = "```python\ndef solve(x):\n    return len(x)\n```"
    if 0.06 <= point < 0.12:
        problem += f"\n\n{code}"
    return random.choice(FORMS).format(problem, f"Go through them once.\n\n{code}")
