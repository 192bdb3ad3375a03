"""The model behind the tests of the shipped recipes: it answers every form of prompt that the methods send.

What is asked for is told by the stop strings and by how the prompt ends: whole tasks in either language, more of a
numbered list, yes or no, instances with or without class labels; to anything else it gives an answer. Like ``teacher``,
which it asks where that knows the form, it depends on the request body alone and is untidy: some of what it writes is
flawed, and some is nothing of what was asked for.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from tests.support.fault_replies import Reply, completion
from tests.support.forms import (
    auto_evol,
    evol_instruct,
    fresh_start,
    magpie,
    oss_instruct,
    personas,
    unnatural_instructions,
)
from tests.support.teacher import THINGS, VERBS, WAYS, teacher

Body = Mapping[str, Any]

# The methods whose prompts have a form of their own.
FORMS: tuple[Callable[[Body], str | None], ...] = tuple(
    method.answer
    for method in (auto_evol, fresh_start, evol_instruct, magpie, oss_instruct, personas, unnatural_instructions)
)

_ZH = """描述|比较|改写|解释|列出|总结|翻译|纠正|续写|缩短|赞美|介绍
港口|小提琴|冰川|果园|望远镜|面包店|灯塔|甲虫|集市|运河|笔记本|钟楼|电车|花园|水壶|石桥|罗盘|图书馆
写给一位水手|用最简单的话|像给朋友写信|举三个例子|不用数字|适合课堂朗读|用报告的口吻|要有短结尾|逐行说明"""
_VERBS_ZH, _THINGS_ZH, _WAYS_ZH = (line.split("|") for line in _ZH.split("\n"))
_NOTHING = ["Here is nothing of what you asked for.", "I would rather not.", ""]


def answer(body: Body) -> str:
    """The answer to a request body."""
    for form in FORMS:
        if (said := form(body)) is not None:
            return said
    prompt, stops = _prompt(body), list(body.get("stop", ()))
    random = _random("forms", body)
    chinese = "任务" in prompt or "指令" in prompt or "编号" in prompt
    if prompt.endswith(("Is it classification?", "是分类任务吗？")):
        return random.choice(
            ["是", "是。", "否", "不是", "也许"] if chinese else ["Yes", "No", "**No.**", "No", "Perhaps."]
        )
    if any(stop in ("\nTask:", "\n任务：") for stop in stops):
        return _instances(random, chinese, classes="Class label:" in prompt or "类别标签：" in prompt)
    for stop in stops:
        if re.fullmatch(r"\n\d+\. 指令[:：]?", stop):
            return _tasks(prompt, int(re.findall(r"\d+", stop)[0]), random)
        if re.fullmatch(r"\n\d+\.", stop):
            return _list(prompt, int(re.findall(r"\d+", stop)[0]), random, chinese)
    return teacher(body)


def untidy(number: int, body: Body) -> Reply | None:
    """A script for the fault server: some completions are cut off or filtered, always the same ones."""
    point = _random("finish", body).random()
    if point < 0.05:
        return Reply(completion(body, answer(body)[:-4], finish="length"))
    return Reply(completion(body, "", finish="content_filter")) if point < 0.06 else None


def refuses(share: float) -> Any:
    """A script: this share of the requests gets a 400, always the same ones."""
    return lambda number, body: "400" if _random("refusal", body).random() < share else None


def _tasks(prompt: str, end: int, random: Random) -> str:
    first = 1 + max((int(number) for number in re.findall(r"^(\d+)\. 指令", prompt, re.M)), default=0)
    if random.random() < 0.08:
        return random.choice(_NOTHING)
    return "\n".join(_task(number, random) for number in range(first, end))


def _task(number: int, random: Random) -> str:
    point = random.random()
    instruction = _instruction(random, chinese=True)
    if point < 0.15:
        instruction = random.choice(
            ["写首诗", "描述这张图片的内容", "请GPT模型应该写一首关于港口的诗", "，还有呢，请继续说"]
        )
    given = "<无输入>" if point < 0.6 else f"{random.choice(_THINGS_ZH)}旁边的{random.choice(_THINGS_ZH)}。"
    output = "" if point > 0.96 else f"关于{random.choice(_THINGS_ZH)}，{random.choice(_WAYS_ZH)}。"
    return f"###\n{number}. 指令：{instruction}\n{number}. 输入：\n{given}\n{number}. 输出：\n{output}"


def _list(prompt: str, end: int, random: Random, chinese: bool) -> str:
    begun = re.search(r"(?m)^(\d+)\.$", prompt)
    shown = [int(number) for number in re.findall(r"(?m)^(\d+)\. ", prompt)]
    first = int(begun[1]) if begun else 1 + max(shown, default=0)
    if random.random() < 0.05:
        return ""
    lines = []
    for number in range(first, end):
        instruction = _instruction(random, chinese=chinese)
        if random.random() < 0.15:
            instruction = random.choice(["Draw a map of it.", "Go on.", "Write a program that counts.", "- and so on"])
        lines.append(f"{number}. {instruction}")
    return "\n".join(lines).removeprefix(f"{first}." if begun else "")


def _instances(random: Random, chinese: bool, *, classes: bool) -> str:
    if random.random() < 0.08:
        return random.choice(_NOTHING)
    parts = []
    for number in range(1, random.randint(2, 8)):
        given, output = _material(random, chinese), _material(random, chinese)
        point = random.random()
        if point < 0.2:
            given, output = random.choice([(given, given), (given, ""), (given, f"{output}:"), ("same", output)])
        if classes:
            label = random.choice("甲乙丙" if chinese else ["Good", "Bad", "Neither"])
            parts.append(f"{'类别标签：' if chinese else 'Class label: '}{label if point > 0.1 else ''}\n{given}")
        elif chinese:
            parts.append(f"示例 {number}\n输入：{given}\n输出：{output}")
        else:
            parts.append(f"Example {number}\nInput: {given}\nOutput: {output}")
    return "\n".join(parts)


def _material(random: Random, chinese: bool) -> str:
    if chinese:
        return f"{random.choice(_THINGS_ZH)}和{random.choice(_THINGS_ZH)}，{random.choice(_WAYS_ZH)}"
    return f"The {random.choice(THINGS)} and the {random.choice(THINGS)}, {random.choice(WAYS)}"


def _instruction(random: Random, *, chinese: bool) -> str:
    if chinese:
        things = "、".join(random.sample(_THINGS_ZH, random.randint(2, 4)))
        return f"{random.choice(_VERBS_ZH)}{things}，{random.choice(_WAYS_ZH)}"
    things = ", ".join(random.sample(THINGS, random.randint(2, 5)))
    return f"{random.choice(VERBS)} {things} {random.choice(WAYS)}."


def _prompt(body: Body) -> str:
    prompt: str = body["prompt"] if "prompt" in body else body["messages"][-1]["content"]
    return prompt


def _random(purpose: str, body: Body) -> Random:
    return Random(hashlib.blake2b((purpose + json.dumps(body, sort_keys=True)).encode("ascii")).digest())
