"""BELLE: Chinese tasks in one call, card 8e row by row."""

from __future__ import annotations

import re
from pathlib import Path
from random import Random
from typing import Any

import pytest

from instructgen.contracts import Completion, Finish, Limits, Request
from instructgen.engines.scripted import Scripted
from instructgen.example import Example
from instructgen.generators import Belle
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Model, contents, dawdling, new_calls, play, prompt_of, run, verdicts

SEEDS = tuple(
    Example.root("seed", index=number, instruction=instruction, input=material, output=output)
    for number, (instruction, material, output) in enumerate(
        [
            ("给出三条保持清醒的建议。", "", "散步、喝水、开窗。"),
            ("找出不同类的词：", "苹果、梨、砖头", "砖头"),
            ("为什么\n秋天会落叶？", "", "为了节省水分。"),
            ("把句子译成法语。", "我迟到了。", "Je suis en retard."),
        ]
    )
)


def block(number: int, instruction: str, material: str = "<无输入>", output: str = "好的。", colon: str = "：") -> str:
    """One task as the prompt asks for it."""
    return (
        f"###\n{number}. 指令{colon}{instruction}\n{number}. 输入{colon}\n{material}\n{number}. 输出{colon}\n{output}\n"
    )


def source(model: Any, **options: Any) -> Belle:
    return Belle(model, SEEDS, **{"requests": 6, **options})


async def read(folder: Path, text: str, finish: Finish = "stop") -> list[tuple[str, str, str, str]]:
    """What becomes of one completion: instruction, input and output of each task, and the verdict."""
    engine = Scripted(lambda _: Completion(text, finish))
    return [
        (one.instruction, one.input, one.output, verdict)
        for one, verdict in await verdicts(source(engine, requests=1, attempts=1), folder)
    ]


async def test_the_prompt_shows_seeds_in_the_layout_it_asks_for(tmp_path: Path) -> None:
    requests: list[Request] = []

    def model(request: Request) -> str:
        requests.append(request)
        return block(4, f"解释第{len(requests)}个词的意思")

    await play(source(Scripted(model), requests=12, patience=12), [], tmp_path)
    assert len(requests) == 12
    shown = set()
    for request in requests:
        parts = re.findall(
            r"(?ms)^###\n(\d)\. 指令：(.*?)\n\1\. 输入：\n(.*?)\n\1\. 输出：\n(.*?)(?=\n###|\n\n)", prompt_of(request)
        )
        assert [number for number, *_ in parts] == ["1", "2", "3"]
        shown |= {part[1:] for part in parts}
        assert "从第 4 项写到第 10 项" in prompt_of(request)
        sampling = request.sampling
        assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (1.0, 1.0, 1024)
        assert sampling.stop == ("\n11. 指令",)
    assert shown == {
        ("给出三条保持清醒的建议。", "<无输入>", "散步、喝水、开窗。"),
        ("找出不同类的词", "苹果、梨、砖头", "砖头"),
        ("为什么 秋天会落叶？", "<无输入>", "为了节省水分。"),
        ("把句子译成法语。", "我迟到了。", "Je suis en retard."),
    }


# ---------------------------------------------------------------- card 8e, in its corrected form


@pytest.mark.parametrize(
    ("instruction", "verdict"),
    [
        ("写一首关于春天的诗", "kept"),
        ("写首诗", "too_short"),
        ("写一首诗", "kept"),
        ("介绍GPT的原理", "keyword"),
        ("介绍ChatGPT的原理", "keyword"),
        ("比较gpt-3.5和别的模型", "keyword"),
        ("介绍GPT4的原理", "keyword"),
        ("介绍OpenAI这家公司", "keyword"),
        ("描述这张图片的内容", "keyword"),
        ("打开http://example.org并总结", "keyword"),
        ("打开https://example.org并总结", "keyword"),
        ("根据折线图说明趋势", "keyword"),
        ("春" * 300, "kept"),
        ("给出三条保持清醒的好建议。", "rouge"),  # too much like a seed
    ],
)
async def test_instructions(tmp_path: Path, instruction: str, verdict: str) -> None:
    assert await read(tmp_path, block(4, instruction)) == [(instruction, "", "好的。", verdict)]


@pytest.mark.parametrize(
    ("instruction", "verdict"),
    [
        ("春" * 99, "kept"),
        ("春" * 100, "too_long"),
        ("例子" + "春" * 147, "kept"),
        ("例子" + "春" * 148, "too_long"),
        ("示例" + "春" * 147, "kept"),
    ],
)
async def test_long_instructions_with_an_input(tmp_path: Path, instruction: str, verdict: str) -> None:
    assert await read(tmp_path, block(4, instruction, "材料")) == [(instruction, "材料", "好的。", verdict)]


@pytest.mark.parametrize(
    "word", ["图片", "图像", "照片", "文件", "图表", "链接", "http", "https", "OpenAI", "chatgpt", "gpt-4"]
)
async def test_words_count_in_input_and_output_too(tmp_path: Path, word: str) -> None:
    task = "写一首关于春天的诗"
    assert await read(tmp_path, block(4, task, output=f"请看{word}")) == [(task, "", f"请看{word}", "keyword")]
    assert await read(tmp_path, block(4, task, f"见{word}。")) == [(task, f"见{word}。", "好的。", "keyword")]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("请GPT模型写一首诗", "写一首诗"),
        ("请GPT模型应该写一首诗", "写一首诗"),  # the original leaves 请该写一首诗
        ("让GPT写一首诗", "写一首诗"),
        ("请写一首诗", "请写一首诗"),
    ],
)
async def test_phrases_that_address_the_model_are_cut(tmp_path: Path, written: str, read_as: str) -> None:
    assert await read(tmp_path, block(4, written)) == [(read_as, "", "好的。", "kept")]


async def test_what_is_left_of_an_instruction_is_checked(tmp_path: Path) -> None:
    assert await read(tmp_path, block(4, "请GPT模型写首诗")) == [("写首诗", "", "好的。", "too_short")]


@pytest.mark.parametrize("colon", ["：", ":", " ：", ": "])
async def test_colons_of_both_widths(tmp_path: Path, colon: str) -> None:
    assert await read(tmp_path, block(4, "写一首关于春天的诗", "材料", colon=colon)) == [
        ("写一首关于春天的诗", "材料", "好的。", "kept")
    ]


async def test_numbers_and_separators_matter_little(tmp_path: Path) -> None:
    first, second = "写一首关于春天的诗", "解释什么是通货膨胀"
    assert await read(tmp_path, block(9, first)) == [(first, "", "好的。", "kept")]
    # The original reads the first only.
    without = (block(4, first) + block(5, second)).replace("###\n", "")
    assert await read(tmp_path, without) == [(first, "", "好的。", "kept"), (second, "", "好的。", "kept")]


@pytest.mark.parametrize("none", ["<无输入>", "无输入", "无", "（无）", "<noinput>", ""])
async def test_no_input_is_an_empty_input(tmp_path: Path, none: str) -> None:
    assert await read(tmp_path, block(4, "写一首关于春天的诗", none)) == [("写一首关于春天的诗", "", "好的。", "kept")]


async def test_a_task_that_was_cut_off_is_rejected(tmp_path: Path) -> None:
    text = block(4, "写一首关于春天的诗") + block(5, "解释什么是通货膨胀", output="通货膨胀是")
    (*_, first), (*_, output, second) = await read(tmp_path, text, "length")
    assert (first, second) == ("kept", "truncated")
    assert output.startswith("5. 指令：解释什么是通货膨胀")


async def test_broken_tasks_are_rejected_with_their_text(tmp_path: Path) -> None:
    text = block(4, "写一首关于春天的诗", output="") + block(5, "", output="好") + block(5, "解释什么是通货膨胀")
    rows = await read(tmp_path, text + "###\n6. 指令：列出三种动物\n6. 输出：\n猫\n")
    assert [verdict for *_, verdict in rows] == ["empty_output", "empty_instruction", "number", "labels"]
    assert await read(tmp_path, "抱歉，我无法完成。") == [("", "", "抱歉，我无法完成。", "unparsable")]


# ---------------------------------------------------------------- novelty, which the original lacks within a run


async def test_tasks_of_one_run_are_compared(tmp_path: Path) -> None:
    text = block(4, "写一首关于春天的小诗") + block(5, "写一首关于秋天的小诗") + block(6, "解释什么是通货膨胀")
    assert [verdict for *_, verdict in await read(tmp_path, text)] == ["kept", "rouge", "kept"]


async def test_one_latin_word_in_common_is_not_enough(tmp_path: Path) -> None:
    text = block(4, "用Python写一个排序函数") + block(5, "为什么Python的缩进很重要？") + block(6, "Python适合初学者吗")
    assert [verdict for *_, verdict in await read(tmp_path, text)] == ["kept"] * 3


async def test_timing_decides_nothing(tmp_path: Path) -> None:
    def writer(request: Request) -> str:
        random = Random(f"{prompt_of(request)}{request.seed}")
        words = [[chr(random.randrange(0x4E00, 0x9F00)) for _ in range(8)] for _ in range(5)]
        return "".join(block(number, "".join(word)) for number, word in enumerate(words, 4))

    seen = set()
    for number, concurrency in enumerate((1, 8, 64)):
        model = Model(writer, before=dawdling(number), limits=Limits(concurrency=concurrency))
        pipeline = Pipeline(source(model, requests=12, from_pool=1))
        result = await run(pipeline, tmp_path / str(number), store=tmp_path / f"{number}.db")
        seen.add(tuple(contents(result.path).values()))
        assert len(result) == 60
        assert new_calls(await run(pipeline, tmp_path / str(number), store=tmp_path / f"{number}.db")) == 0
    assert len(seen) == 1
