"""The model behind the process-level tests: what it writes depends on the request body alone, and is as untidy as life.

Asked for tasks (a stop text names the number after the last one), it writes task blocks: most of them new, some close
to another, some with a fault that a rule check or the parser finds, now and then no task at all. Asked anything else,
it answers in a sentence, sometimes in one that it has used before.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from random import Random
from typing import Any

from tests.support.fault_replies import Reply, completion

_VERBS = "Describe|Compare|Rewrite|Explain|List|Summarise|Translate|Correct|Rank|Continue|Shorten|Defend"
_THINGS = """harbour|violin|glacier|orchard|telescope|bakery|lighthouse|beetle|market|canal|notebook|chapel|tram|garden
kettle|bridge|compass|museum|quarry|ferry|library|meadow|clock|island|furnace"""
_WAYS = """for a sailor|in plain words|as a letter to a friend|using three examples|without any numbers|from memory
for a class of ten|in the style of a report|with a short ending|as advice to a neighbour|line by line|in one paragraph
for readers in a hurry|before the winter|after a long journey|against the usual opinion"""
VERBS, THINGS, WAYS = (re.split(r"[|\n]", words) for words in (_VERBS, _THINGS, _WAYS))
STOCK = ["I am sorry, but I cannot help with that request.", "It depends on what you would like to know."]
HOSTILE = (
    "\x1b[31mred\x1b[0m and \x1b]0;title\x07 a \u202eturned\u202c word,\u2028a line, [/INST] {braces} 汉字 \r done"
)


def teacher(body: Mapping[str, Any]) -> str:
    """The answer to a request body."""
    random = _random("answer", body)
    last = _last_task(body)
    if last is None:
        return _answer(random)
    first = 1 + max((int(number) for number in re.findall(r"^(\d+)\. Instruction:", _prompt(body), re.M)), default=0)
    if random.random() < 0.08:
        return "Here is nothing of what you asked for."
    return "\n".join(_block(number, random) for number in range(first, last + 1))


def untidy(number: int, body: Mapping[str, Any]) -> Reply | None:
    """A script for the fault server: some completions are cut off or filtered, always the same ones."""
    point = _random("finish", body).random()
    if point < 0.04:
        return Reply(completion(body, teacher(body)[:-4], finish="length"))
    if point < 0.06:
        return Reply(completion(body, "", finish="content_filter"))
    return None


def refuses(share: float, *, tasks: bool = False) -> Any:
    """A script: this share of the requests for answers (or, with ``tasks``, for tasks) gets a 400, always the same."""

    def script(number: int, body: Mapping[str, Any]) -> str | None:
        if (_last_task(body) is not None) != tasks:
            return None
        return "400" if _random("refusal", body).random() < share else None

    return script


def _prompt(body: Mapping[str, Any]) -> str:
    prompt: str = body["messages"][-1]["content"]
    return prompt


def _last_task(body: Mapping[str, Any]) -> int | None:
    for stop in body.get("stop", ()):
        match = re.fullmatch(r"\n(\d+)\. Instruction:", stop)
        if match:
            return int(match[1]) - 1
    return None


def _random(purpose: str, body: Mapping[str, Any]) -> Random:
    return Random(hashlib.blake2b((purpose + json.dumps(body, sort_keys=True)).encode("ascii")).digest())


def _block(number: int, random: Random) -> str:
    point = random.random()
    instruction = _instruction(random, few=point < 0.30)
    given = "<noinput>" if random.random() < 0.6 else f"The {random.choice(THINGS)} near the {random.choice(THINGS)}."
    if point > 0.97:
        return f"###\n{number}. Instruction: {instruction}\n{number}. Input:\n{given}"
    if point > 0.94:
        instruction = random.choice(
            ["Draw a picture of it now.", "Write a program that counts.", "Go on.", "- and so on"]
        )
    return (
        f"###\n{number}. Instruction: {instruction}\n{number}. Input:\n{given}\n{number}. Output:\n{_sentence(random)}"
    )


def _instruction(random: Random, *, few: bool) -> str:
    """A task; one of only a few, which soon come too close to each other, or one of many."""
    if few:
        return f"{random.choice(VERBS[:3])} the old {random.choice(THINGS[:3])} by the sea for a sailor, please."
    things = ", ".join(random.sample(THINGS, random.randint(2, 5)))
    return f"{random.choice(VERBS)} {things} {random.choice(WAYS)}."


def _answer(random: Random) -> str:
    point = random.random()
    if point < 0.05:
        return random.choice(STOCK)
    if point < 0.08:
        return HOSTILE + " " + _sentence(random)
    return "Well." if point < 0.10 else _sentence(random)


def _sentence(random: Random) -> str:
    words = [random.choice(THINGS) for _ in range(random.randint(5, 14))]
    return f"{' '.join(words)}, {random.choice(WAYS)}.".capitalize()
