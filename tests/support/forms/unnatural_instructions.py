"""Tasks with constraints, their outputs and their formulations, for Unnatural Instructions."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

THINGS = ["glacier", "harbour", "violin", "orchard", "telescope", "bakery", "lighthouse", "beetle", "market", "canal"]
VERBS = ["Describe", "Rank", "Translate", "Shorten", "Classify", "Continue", "Correct", "Count"]
LIMITS = ["None", "None.", "One word.", "The output is yes or no.", "At most ten words."]
WAYS = ["Can you handle this? {INPUT}", "{INPUT}\n\nWhat do you make of it?", "I have {INPUT} here - your turn!"]
ODD = ["What should I do?", "{INPUT} or {INPUT}?", "", "Sure! Here is one:\n\nPlease look at [input]."]


def answer(body: Mapping[str, Any]) -> str | None:
    """The answer to a request of these forms; None to any other."""
    prompt = body["messages"][-1]["content"] if "messages" in body else body.get("prompt", "")
    random = Random(hashlib.sha256(json.dumps(["unnatural", body], sort_keys=True).encode()).digest())
    if re.search(r"Constraints: .*\n\nExample \d+\Z", prompt, re.DOTALL):
        return _task(random, prompt)
    if prompt.endswith("\nFormulation:"):
        text = random.choice(ODD) if random.random() < 0.25 else random.choice(WAYS)
        return random.choice(["{}", "Formulation: {}", '"{}"', "**Formulation:** {}"]).replace("{}", text)
    if re.search(r"\nConstraints: .*\nOutput:\Z", prompt, re.DOTALL):
        output = f"The {random.choice(THINGS)}, {random.randrange(100)} times."
        return random.choice([output, f"Output: {output}", f"**Output:** {output}", ""])
    return None


def _task(random: Random, prompt: str) -> str:
    point = random.random()
    if point < 0.06:
        return "I cannot think of any further kind of task."
    if point < 0.12:
        shown = re.findall(r"Instruction: (.*)\nInput: ([\s\S]*?)\nConstraints:", prompt)
        instruction, given = random.choice(shown)
        return f"Instruction: {instruction}\nInput: {given}\nConstraints: None"
    if point < 0.18:
        return "Instruction: Say what the colour means.\nInput: Colour: red\nConstraints: One word."
    instruction = f"{random.choice(VERBS)} the {random.choice(THINGS)} in the text, {random.randrange(1000)} words."
    given = f"Text: A {random.choice(THINGS)} beside the {random.choice(THINGS)}.\nNote: It is old."
    lines = [f"Instruction: {instruction}", f"Input: {given}", f"Constraints: {random.choice(LIMITS)}"]
    if point < 0.3:
        lines.pop(random.randrange(3))
    if point < 0.6:
        lines = [line.replace(":", ":**", 1) for line in lines]
        lines = [f"**{line}" for line in lines]
    return "\n".join(lines) + ("\nOutput: Yes." if point > 0.9 else "")
