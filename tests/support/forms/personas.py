"""Answers to the prompts of the persona methods."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

_WHO = "ferryman|baker|clockmaker|nurse|beekeeper|surveyor|organist|glazier|midwife|stonemason|pilot|typist"
_WHERE = "on an island|in a mining town|at the border|near the quarry|in the old port|by the canal|in the hills"
_NEEDS = "saves for a boat|fears the winter|collects maps|teaches at night|has lost a ledger|sings in a choir"
_WORK = "compare two offers|plan a week|draft a letter|check a bill|explain a rule|sort the stock|name the parts"
WHO, WHERE, NEEDS, WORK = (words.split("|") for words in (_WHO, _WHERE, _NEEDS, _WORK))
LABEL = r'(?:Begin your reply with "|请以“)(Persona|人物|用户提问|[\w ]{2,12})[:：]["”]'


def answer(body: Mapping[str, Any]) -> str | None:
    """The answer to a request of these forms; None to any other."""
    prompt = body["messages"][-1]["content"] if "messages" in body else ""
    found = re.search(LABEL, prompt)
    if found is None:
        return None
    random = Random(hashlib.sha256(json.dumps(["personas", body], sort_keys=True).encode()).digest())
    label = found[1]
    point = random.random()
    if label in ("Persona", "人物"):
        text = f"A {random.choice(WHO)} {random.choice(WHERE)} who {random.choice(NEEDS)} and {random.choice(NEEDS)}."
        if point < 0.05:
            return f"{label}: I'm sorry, but I can't help with that request."
        if point < 0.10:
            return f"{label}: {text}\n\nSuch a person has every reason to."
        if point < 0.15 and (before := re.search(r"Here is a persona:\n(.*)\n", prompt)):
            text = before[1]
    else:
        days = ", ".join(f"{random.choice(WHO)} {random.randrange(1000)}" for _ in range(random.randint(2, 8)))
        text = f"{random.choice(WORK)} with {days}, {random.choice(WHERE)}.".capitalize()
        if label not in ("User prompt", "用户提问"):
            text += f"\n\nIt happened {random.choice(WHERE)}."
        if point < 0.04:
            text += "\n\nSolution: 42"
    if random.random() < 0.2:
        return random.choice([text, f"{label}:", f"I would say this.\n{label}: {text}", ""])
    form = random.choice(["{0}: {1}", "**{0}:** {1}", "## {0}\n{1}", "Sure! Here it is:\n\n{0}：{1}", "{0}: “{1}”"])
    return form.format(label, text)
