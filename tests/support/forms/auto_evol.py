"""Answers to the prompts of Auto Evol-Instruct: rewritings, criticism, improved methods, and answers that ask back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

HEADINGS = [
    "#Finally Rewritten Instruction#:",
    "**#Finally Rewritten Instruction#:**",
    "### Finally Rewritten Instruction",
    "#Final Rewritten Instruction#:",
]
WAYS = ["in rhyme", "with two examples", "for a child", "in a table", "without numbers", "and give your reasons"]
LOST = "Use the attached table."
STEPS = "Step 1: List ways{}.\nStep 2: Plan.\nStep 3: Rewrite.\nStep 4: Review."
NOTHING = ["I would rather answer it.", "", "#Plan#:\nNothing to do.", "#Finally Rewritten Instruction#:\n"]


def answer(body: Mapping[str, Any]) -> str | None:
    """The answer to a request of these forms; None to any other."""
    prompt = body["messages"][-1]["content"] if "messages" in body else ""
    random = Random(hashlib.sha256(json.dumps(["auto_evol", body], sort_keys=True).encode()).digest())
    if found := re.search(r"\n#Finally Rewritten Instruction#:\n\n#Instruction#:\n(.*)\Z", prompt, re.DOTALL):
        return _rewritten(random, found[1], careful="carefully" in prompt)
    if prompt.startswith("Below are instructions and the versions"):
        return f"Instruction {random.randint(1, 3)}, stage 1: the table is missing ({random.randrange(1000)})."
    if prompt.endswith("\n#Improved Method#:"):
        method = STEPS.format(random.choice([" carefully", "", f" ({random.randrange(100)})"]))
        return random.choice(["It can stay as it is.", method, f"**#Improved Method#:**\n{method}", method])
    if LOST in prompt:
        return random.choice(["Sure! Which table?", "Could you please provide it?", "There is none, so: forty."])
    return None


def _rewritten(random: Random, text: str, *, careful: bool) -> str:
    if random.random() < 0.1:
        return random.choice(NOTHING)
    new = f"{text} Do it {random.choice(WAYS)}, {random.randrange(1000)} times."
    if random.random() < (0.05 if careful else 0.3):
        new = random.choice([text, f"{new} {LOST}", f"{new} {LOST}"])
    steps = "#Methods List#:\n- a\n\n#Plan#:\nb\n\n#Rewritten Instruction#:\nc"
    return f"{steps}\n\n{random.choice(HEADINGS)}\n{new}"
