"""Users' turns, tags and answers for Magpie, as an aligned model and a judge write them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from random import Random
from typing import Any

from tests.support.teacher import THINGS, VERBS, WAYS

GRADES = ["excellent", "Good", "good", "GOOD.", "excellent", "good", "very poor", "quite good", "average"]
OPENINGS = ("<|start_header_id|>user<|end_header_id|>\n\n", "<|im_start|>user\n", "<start_of_turn>user\n")


def answer(body: Mapping[str, Any]) -> str | None:
    """The answer to a request of these forms; None to any other."""
    random = Random(hashlib.sha256(json.dumps(["magpie", body], sort_keys=True).encode()).digest())
    if body.get("prompt", "").endswith(OPENINGS):
        return _turn(random)
    prompt = body["messages"][-1]["content"] if "messages" in body else ""
    if '"input_quality": "' in prompt:
        return _tagged(random, {"explanation": "It is clear.", "input_quality": random.choice(GRADES)})
    if '"knowledge": "' in prompt:
        level = random.choice(["easy", "medium", "hard", "Very Hard", "trivial"])
        return _tagged(random, {"intent": "To learn.", "knowledge": "Some.", "difficulty": level})
    if '"primary_tag": "' in prompt:
        kind = random.choice(["Planning", "creative writing", "Coding and Debugging", "Poetry"])
        return _tagged(random, {"primary_tag": kind, "other_tags": ["Reasoning", "Fun"]})
    return None


def _turn(random: Random) -> str:
    things = ", ".join(random.sample(THINGS, random.randint(2, 5)))
    text = f"{random.choice(VERBS)} {things} {random.choice(WAYS)}, {random.choice(WAYS)}."
    point = random.random()
    if point < 0.06:
        return random.choice(["", "  \n", "..."])
    if point < 0.12:
        return f"{text}assistant\n\nHere it is."
    if point < 0.18:
        return "Can you sort these numbers:"
    if point < 0.24:
        return "What is the meaning of life?"
    return f" {text}\n" if point < 0.6 else f"{text}\n\nMake it {random.choice(['short', 'long', 'funny'])}."


def _tagged(random: Random, tags: Mapping[str, Any]) -> str:
    text = json.dumps(tags)
    point = random.random()
    if point < 0.05:
        return "I would rather answer the message."
    if point < 0.3:
        return f"```json\n{text}\n```"
    return f"<think>Let me see.</think>Here it is:\n{text}" if point < 0.5 else text
