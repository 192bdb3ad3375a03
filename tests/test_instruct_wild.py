"""InstructWild: users' prompts in, more of their kind out, instructions only."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from instructgen.contracts import Completion, Finish, Limits, Request
from instructgen.engines.scripted import Scripted
from instructgen.example import Example
from instructgen.generators import InstructWild, Respond
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Model, contents, dawdling, echo, new_calls, play, prompt_of, run, verdicts

PROMPTS = [
    "my cat keeps me up, what can i do?",
    "Write a toast for\n  two old friends:",
    "whats the best way to learn spanish in a year",
    "Explain inflation like I'm nine.",
    "fix this: their going home",
    "Plan three dinners without an oven",
]
SEEDS = tuple(Example.root("seed", index=number, instruction=text) for number, text in enumerate(PROMPTS))
_WORDS = """amber|basil|cedar|delta|ember|fjord|grove|heron|inlet|jetty|knoll|larch|mango|north|olive|pearl"""
WORDS = _WORDS.split("|")


def writer(request: Request) -> str:
    """A list from the number asked for, differently for each prompt and draw; anything else is answered."""
    asked_for = re.findall(r"from (\d+) up to", prompt_of(request))
    if not asked_for:
        return echo(request)
    random = Random(f"{prompt_of(request)}{request.seed}")
    first = int(asked_for[0])
    return "\n".join(f"{first + n}. tell me about {' '.join(random.sample(WORDS, 5))}" for n in range(5))


def source(model: Any, **options: Any) -> InstructWild:
    return InstructWild(model, SEEDS, **{"requests": 6, **options})


async def read(folder: Path, text: str, finish: Finish = "stop", **options: Any) -> list[tuple[str, str]]:
    """What becomes of one completion: each instruction, or the text of what is none, with its verdict."""
    engine = Scripted(lambda _: Completion(text, finish))
    return [
        (one.instruction or one.output, verdict)
        for one, verdict in await verdicts(source(engine, requests=1, attempts=1, **options), folder)
    ]


async def test_five_seeds_are_shown_and_nothing_of_the_pool(tmp_path: Path) -> None:
    requests: list[Request] = []

    def model(request: Request) -> str:
        requests.append(request)
        return writer(request)

    played = await play(source(Scripted(model), requests=12), [], tmp_path)
    assert len(requests) == 12
    told = set(PROMPTS)  # as the users wrote them, line by line
    shown = set()
    for request in requests:
        prompt = prompt_of(request)
        lines = re.findall(r"(?ms)^(\d+)\. (.+?)(?=\n\d+\. |\n\n)", prompt)
        assert [number for number, _ in lines] == list("12345")
        shown |= {text for _, text in lines}
        assert re.search(r"(?s)from 6 up to 20", prompt)
        # Card 8d: input and output are no part of it.
        assert not re.search(r"(?m)^\W*\d*\W*(input|output|instruction)s?\b\s*:", prompt, re.I)
        sampling = request.sampling
        assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (1.0, 1.0, 3072)
        assert sampling.stop == ("\n21.",)
    assert shown == told
    assert {parent for item in played.items for parent in item.example.parents} == {seed.id for seed in SEEDS}
    assert {(item.example.by, item.example.input, item.example.output) for item in played.items} == {
        ("instruct_wild", "", "")
    }


async def test_a_list_is_read(tmp_path: Path) -> None:
    text = (
        "6. how do I whistle with two fingers\n7) **Draft** a note to my landlord:\n- the tap drips\n- rent\n"
        "8. Recommend some music for studying\n9. go on\n\n11. what does NASA stand for, anyway?"
    )
    assert await read(tmp_path, text) == [
        ("how do I whistle with two fingers", "kept"),
        ("**Draft** a note to my landlord:\n- the tap drips\n- rent", "punctuation"),
        ("Recommend some music for studying", "keyword"),
        ("go on", "too_short"),
        ("what does NASA stand for, anyway?", "kept"),
    ]
    assert await read(tmp_path, "6. how do I whistle with two fingers\n7. what does", "length") == [
        ("how do I whistle with two fingers", "kept"),
        ("what does", "truncated"),
    ]


@pytest.mark.parametrize(
    "said",
    ["Sure, here are fifteen more prompts in the same spirit:\n\n", "**More prompts of real users:**\n", "Okay!\n"],
)
async def test_what_the_model_says_first_is_no_instruction(tmp_path: Path, said: str) -> None:
    assert await read(tmp_path, f"{said}6. how do I whistle with two fingers") == [
        ("how do I whistle with two fingers", "kept")
    ]


@pytest.mark.parametrize("said", ["I'm sorry, but I can't help with that request.", "抱歉，我无法完成这个请求。"])
async def test_a_refusal_is_no_instruction(tmp_path: Path, said: str) -> None:
    assert await read(tmp_path, said) == [(said, "unparsable")]


async def test_a_list_in_pasted_code_is_part_of_the_prompt(tmp_path: Path) -> None:
    prompt = "why is this list wrong\n```\n7. eggs\n8. milk\n```"
    text = f"6. {prompt}\n\n7. how do I whistle with two fingers\n\n---"
    assert await read(tmp_path, text) == [(prompt, "kept"), ("how do I whistle with two fingers", "kept")]


async def test_chinese(tmp_path: Path) -> None:
    text = (
        "6. 帮我想一个猫的名字，要好听一点\n7、解释一下什么是通货膨胀\n8. 推荐几首适合学习的音乐\n"
        "9. ，说说你的看法吧好吗\n10. 讲讲"
    )
    assert await read(tmp_path, text, language="zh") == [
        ("帮我想一个猫的名字，要好听一点", "kept"),
        ("解释一下什么是通货膨胀", "kept"),
        ("推荐几首适合学习的音乐", "kept"),
        ("，说说你的看法吧好吗", "punctuation"),
        ("讲讲", "too_short"),
    ]
    assert await read(tmp_path, "6. 解释一下什么是通货膨胀\n7. 解释一下什么叫通货膨胀", language="zh") == [
        ("解释一下什么是通货膨胀", "kept"),
        ("解释一下什么叫通货膨胀", "rouge"),
    ]


async def test_answers_come_from_a_second_call_and_timing_decides_nothing(tmp_path: Path) -> None:
    seen = set()
    for number, concurrency in enumerate((1, 8, 64)):
        model = Model(writer, before=dawdling(number), limits=Limits(concurrency=concurrency))
        pipeline = Pipeline(source(model, requests=10), [Respond(model)])
        result = await run(pipeline, tmp_path / str(number), store=tmp_path / f"{number}.db")
        seen.add(tuple(contents(result.path).values()))
        assert len(result) > 20
        for example in result:
            assert example.output.startswith(example.instruction)
            assert example.ancestors[-1].by == "instruct_wild"
        assert new_calls(await run(pipeline, tmp_path / str(number), store=tmp_path / f"{number}.db")) == 0
    assert len(seen) == 1
