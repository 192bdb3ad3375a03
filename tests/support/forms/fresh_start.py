"""Answers to the prompts of fresh starts; their mutations have the form of Evol-Instruct's prompts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

BEGIN = "My neighbour asked me"
WANTS = [
    "where to keep it over a long and wet winter",
    "what it costs to have it repaired by somebody who can",
    "how old it may be, going by the marks on its back",
    "who would want to have it, now that her sister has moved away",
    "which of the two in her cellar is worth more",
]
NOTHING = ["I'm sorry, which words?", "", "#New Prompt#:", "Here is a new prompt of your words."]


def answer(body: Mapping[str, Any]) -> str | None:
    """The answer to a request of these forms; None to any other."""
    prompt = body["messages"][-1]["content"] if "messages" in body else ""
    random = Random(hashlib.sha256(json.dumps(["fresh", body], sort_keys=True).encode()).digest())
    if found := re.search(r"in any of their meanings: (.*)\.\n", prompt):
        if random.random() < 0.1:
            return random.choice(NOTHING)
        wants = ", and ".join(random.sample(WANTS, random.randint(3, 5)))
        text = f"{BEGIN} about {found[1]}: {wants}. Answer in {random.randint(20, 400)} words, please."
        return random.choice([text, f'"{text}"', f"Sure! Here is one:\n\n{text}", f"#New Prompt#:\n{text}"])
    if prompt.startswith(BEGIN) and random.random() < 0.2:
        return random.choice(["As an AI, I have no neighbours.", "The.", "Hello! How can I assist you?"])
    return None
