"""Answers to the prompts of Evol-Instruct and of its judges."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

WAYS = ["in two sentences", "with an example", "for a child", "without numbers", "and say why", "from memory"]
DATA = '{"tide": 4} $ ls\n$ ls <p>tide</p> SELECT tide FROM sea\n```python\nprint(4)\n```'
NOTHING = ["I'm sorry, but I cannot rewrite this.", "", "#Rewritten Prompt#:"]


def answer(body: Mapping[str, Any]) -> str | None:
    """The answer to a request of these forms; None to any other."""
    prompt = body["messages"][-1]["content"] if "messages" in body else ""
    random = Random(hashlib.sha256(json.dumps(["evolve", body], sort_keys=True).encode()).digest())
    if prompt.endswith('Answer with "Equal" or "Not Equal" and give no reason.'):
        return random.choice(["Not Equal", "Not Equal.", "**Not equal**", "Not Equal", "Equal", "Perhaps."])
    if prompt.endswith("Answer with the number alone and give no reason."):
        return random.choice(["3", "7", "**5**", "9/10", "eleven"])
    found = re.search(r".*#The Given Prompt#:\n(.*)\n\n#[^#\n]+#:\Z", prompt, re.DOTALL)
    if found is None:
        return None
    if random.random() < 0.1:
        return random.choice(NOTHING)
    text = f"{found[1]} Do it {random.choice(WAYS)}, {random.randrange(100)} times."
    if random.random() < 0.1:
        text = random.choice([found[1], f"{text} Keep to the given prompt."])
    return f"{text}\n{DATA}" if random.random() < 0.3 else text
