"""The readers of completions: golden rows, round trips, and arbitrary text in bounded time."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from instructgen.errors import ParseError, RecipeError
from instructgen.parsing import (
    Broken,
    Item,
    Task,
    json_object,
    numbered_items,
    score,
    scores,
    sections,
    strip_thinking,
    task_blocks,
    verdict,
)
from instructgen.parsing.tasks import given_input

LABELS = {"en": ("Instruction", "Input", "Output"), "zh": ("指令", "输入", "输出")}


def render(tasks: list[Task], language: str = "en") -> str:
    instruction, given, output = LABELS[language]
    return "".join(
        f"###\n{task.number}. {instruction}: {task.instruction}\n{task.number}. {given}:\n{task.input or '<noinput>'}\n"
        f"{task.number}. {output}:\n{task.output}\n"
        for task in tasks
    )


def task(number: int, **changes: str) -> Task:
    content = {"instruction": f"Do {number}", "input": f"with {number}", "output": f"done {number}", **changes}
    return Task(number, **content)


# ---------------------------------------------------------------- tasks

_SCAFFOLD = re.compile(r"(?i)instruction|input|output|指令|输入|输出|###|```|~~~|</?t|none|n/a|applicable|无")
_MARKDOWN = st.lists(
    st.sampled_from(["\n", " ", "# ", "##", "*", "**", "_", "- ", "1. ", "4. ", "---", ":", "：", "(", "word", "词"])
)


def _is_phrase(text: str) -> bool:
    last = text.split("\n")[-1].strip()
    return bool(text) and not _SCAFFOLD.search(text) and set(last) not in map(set, "#-*=")


_PHRASE = (st.text() | _MARKDOWN.map("".join)).map(str.strip).filter(_is_phrase)
_INPUT = _PHRASE.filter(lambda text: given_input(text) == text)  # many words say that there is none


@st.composite
def _tasks(draw: st.DrawFn) -> list[Task]:
    numbers = draw(st.lists(st.integers(0, 999_999), min_size=1, max_size=6, unique=True).map(sorted))
    return [Task(n, draw(_PHRASE), draw(_INPUT | st.just("")), draw(_PHRASE)) for n in numbers]


@given(tasks=_tasks(), language=st.sampled_from(sorted(LABELS)))
def test_what_is_rendered_is_read_back(tasks: list[Task], language: str) -> None:
    text = render(tasks, language)
    assert task_blocks(text, tasks[0].number, language=language) == tasks
    # The prompt may already have begun the first task.
    begun = text.split(":", 1)[1]
    assert task_blocks(begun, tasks[0].number, language=language) == tasks


@pytest.mark.parametrize(
    "odd",
    [
        task(4, output="# Title\n\n## Part\n\n1. one\n2. two\n\n--- \n\nInputs: 3\n\nThe Output: 4"),
        task(4, instruction="**Bold** start", output="*a* and **b**"),
        task(4, output="First\n\n---\n\n### Instructions:\nMix."),
        task(4, input="{braces} %s ||| <|im_start|> {{ x }}", output="\\frac{1}{2}"),
        task(4, input="a\n\n\n   b", output="    c\n\td".strip()),
    ],
)
def test_markdown_and_code_are_read_back(odd: Task) -> None:
    assert task_blocks(render([odd, task(5)]), 4) == [odd, task(5)]


def test_a_cut_off_completion_breaks_its_last_task_only() -> None:
    text = render([task(4), task(5)])
    found = task_blocks(text, 4, truncated=True)
    assert found == [task(4), Broken(5, render([task(5)]).removeprefix("###\n").strip(), "truncated")]


def test_skipped_numbers_are_accepted() -> None:
    tasks = [task(4), task(6), task(7)]
    assert task_blocks(render(tasks), 4) == tasks


def test_a_heading_in_an_output_stays_in_it() -> None:
    tasks = [task(4, output="### Header\ntext\n\n### Second\nmore"), task(5)]
    assert task_blocks(render(tasks), 4) == tasks


@pytest.mark.parametrize(
    "written",
    [
        "<noinput>",
        "<NoInput>",
        "<noinput>.",
        "noinput",
        "None",
        "",
        "(none)",
        "N/A",
        "n/a.",
        "Not applicable.",
        "[No input]",
        "No input required.",
        "(no input needed)",
        "No input is needed for this task.",
        "Not needed",
    ],
)
def test_every_way_to_write_no_input(written: str) -> None:
    text = f"4. Instruction: Do\n4. Input:\n{written}\n4. Output:\ndone"
    assert task_blocks(text, 4) == [Task(4, "Do", "", "done")]


@pytest.mark.parametrize("written", ["None of these", "-", "no inputs", "0", "null", "N"])
def test_an_input_that_only_looks_like_none_is_kept(written: str) -> None:
    assert task_blocks(render([task(4, input=written)]), 4) == [task(4, input=written)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("4. Instruction: Do\n4. Input: x\n4. Output:", "empty_output"),
        ("4. Instruction: Do\n4. Input: x\n4. Output:\n###\n", "empty_output"),
        ("4. Instruction:\n4. Input: x\n4. Output: y", "empty_instruction"),
        ("4. Instruction: Do\n4. Output: y\n4. Input: x", "labels"),
        ("4. Instruction: Do\nOutput: y\nInput: x", "labels"),
        ("4. Instruction: Do\n4. Input: x", "labels"),
        ("4. Instruction: Do\n4. Output: y", "labels"),
        ("4. Instruction: Do", "labels"),
        ("4. Instruction: Do\n4. Input: x\n4. Output: y\n4. Output: z", "labels"),
        ("4. Instruction: Do\n4. Input: x\n4. Output: y\n5. Task: Do\n5. Input: x\n5. Output: y", "labels"),
        ("4. Instruction: Do\nInput: x\nOutput: y\n\nInstruction: Do\nInput: x\nOutput: y", "labels"),
        ("4. Instruction: Do\nInput: x\nOutput: y\n\nTask 3\nInstruction: Do\nInput: x\nOutput: y", "labels"),
        ("Instruction: Do\nInput: x", "labels"),
        ("Instruction: Do\nOutput: y\nInput: x", "labels"),
    ],
)
def test_a_broken_task_is_reported_with_its_reason(text: str, reason: str) -> None:
    clean = text.strip()
    assert task_blocks(text, 4) == [Broken(4, clean, reason)]  # type: ignore[arg-type]
    followed = task_blocks(f"{text}\n###\n{render([task(6)])}", 4)
    assert [type(item) for item in followed] == [Broken, Task]
    assert followed[1] == task(6)


def test_numbers_must_increase() -> None:
    found = task_blocks(render([task(4), task(9), task(5), task(9), task(10)]), 4)
    assert [getattr(item, "reason", "") for item in found] == ["", "", "number", "number", ""]
    assert [item.number for item in found] == [4, 9, 5, 9, 10]


def test_a_later_number_where_the_first_was_expected() -> None:
    assert task_blocks(render([task(15)]), 5) == [task(15)]


@pytest.mark.parametrize(
    "text",
    [
        "Sure! Here they are:\n\n4. Instruction: Do 4\n4. Input: with 4\n4. Output: done 4",
        "## 4. instruction: Do 4\n## 4. INPUT:\nwith 4\n## 4. Output:\ndone 4",
        "---\n4. Instruction: Do 4\n4. Input:\nwith 4\n4. Output:\ndone 4\n---\n",
        "**4. Instruction:** Do 4\n**4. Input:**\nwith 4\n\n**4. Output:**\n\ndone 4\n\n---",
        "**4. Instruction: Do 4**\n**4. Input**: with 4\n**4. Output**: done 4",
        "4. **Instruction:** Do 4\n   **Input:** with 4\n   **Output:** done 4",
        "**4.** **Instruction**: Do 4\n**4.** __Input__: with 4\n**4.** *Output:* done 4",
        "### 4. Instruction: Do 4\n### Input:\nwith 4\n### Output:\ndone 4\n###",
        "４． Instruction：Do 4\n4、 Input：with 4\n4) Output ： done 4",
        "<think>\n4. Instruction: no\n4. Input: no\n4. Output: no\n</think>\n\n"
        "4. Instruction: Do 4\n4. Input: with 4\n4. Output: done 4",
        "4. Instruction: draft\n</think>\n\n4. Instruction: Do 4\n4. Input: with 4\n4. Output: done 4",
        "```\n###\n4. Instruction: Do 4\n4. Input: with 4\n4. Output: done 4\n```",
        "Here:\n```text\n4. Instruction: Do 4\n4. Input: with 4\n4. Output: done 4\n```\nMore?",
        "###\r\n4. Instruction: Do 4\r\n4. Input:\r\nwith 4\r\n4. Output:\r\ndone 4\r\n###\r\n",
        " Do 4\n4. Input:\nwith 4\n4. Output:\ndone 4",
        "Instruction: Do 4\nInput: with 4\nOutput: done 4",
        "> 4. Instruction: Do 4\n> 4. Input: with 4\n> 4. Output: done 4",
    ],
)
def test_decoration_is_tolerated(text: str) -> None:
    assert task_blocks(text, 4) == [task(4)]


# ---------------------------------------------------------------- tasks without numbers, and with headings

BOTH = [task(4), task(5)]


@pytest.mark.parametrize(
    "text",
    [
        "Instruction: Do 4\nInput: with 4\nOutput: done 4\n\nInstruction: Do 5\nInput: with 5\nOutput: done 5",
        "###\nInstruction: Do 4\nInput:\nwith 4\nOutput:\ndone 4\n"
        "###\nInstruction: Do 5\nInput:\nwith 5\nOutput:\ndone 5\n###",
        "Here you go:\n\n**Instruction:** Do 4\n**Input:** with 4\n**Output:** done 4\n\n---\n\n"
        "**Instruction:** Do 5\n**Input:** with 5\n**Output:** done 5\n\nLet me know if you need more!",
        # The prompt may already have begun the first task.
        " Do 4\nInput: with 4\nOutput: done 4\n\nInstruction: Do 5\nInput: with 5\nOutput: done 5",
        "### Task 4\nInstruction: Do 4\nInput: with 4\nOutput: done 4\n\n"
        "### Task 5\nInstruction: Do 5\nInput: with 5\nOutput: done 5",
        "**Task 4: One thing**\n\n**Instruction:** Do 4\n**Input:** with 4\n**Output:** done 4\n\n"
        "**Task 5: Another**\n\n**Instruction:** Do 5\n**Input:** with 5\n**Output:** done 5",
        "### Task 4\n4. Instruction: Do 4\n4. Input: with 4\n4. Output: done 4\n\n"
        "### Task 5\n5. Instruction: Do 5\n5. Input: with 5\n5. Output: done 5",
        "4.\n*   **Instruction:** Do 4\n*   **Input:** with 4\n*   **Output:** done 4\n\n"
        "5.\n*   **Instruction:** Do 5\n*   **Input:** with 5\n*   **Output:** done 5",
        "4. Instruction: Do 4\nInput: with 4\nOutput: done 4\n\n"
        "Task 5\nInstruction: Do 5\nInput: with 5\nOutput: done 5",
        "(4) Instruction: Do 4\n(4) Input: with 4\n(4) Output: done 4\n"
        "(5) Instruction: Do 5\n(5) Input: with 5\n(5) Output: done 5",
        # Each in a code block of its own.
        "```\n4. Instruction: Do 4\n4. Input: with 4\n4. Output: done 4\n```\n\n"
        "```\n5. Instruction: Do 5\n5. Input: with 5\n5. Output: done 5\n```",
        "```text\nInstruction: Do 4\nInput: with 4\nOutput: done 4\n```\n\n"
        "```text\nInstruction: Do 5\nInput: with 5\nOutput: done 5\n```",
        # What a chat model says at the end.
        f"{render([task(4), task(5)])}\n\nThese tasks cover different kinds of work.",
        f"{render([task(4), task(5)])}\n\n(End of tasks)",
    ],
)
def test_other_ways_to_tell_two_tasks_apart(text: str) -> None:
    assert task_blocks(text, 4) == BOTH


@pytest.mark.parametrize(
    "text",
    [
        "指令：做四\n输入：<无输入>\n输出：好四\n\n指令：做五\n输入：无\n输出：好五",
        "**任务4**\n**指令：**做四\n**输入：**无\n**输出：**好四\n\n**任务5**\n**指令：**做五\n**输入：**无\n**输出：**好五",
        "第4题\n指令：做四\n输入：无\n输出：好四\n\n第5题\n指令：做五\n输入：无\n输出：好五",
        "任务四：\n指令：做四\n输入：无\n输出：好四\n\n任务五：\n指令：做五\n输入：无\n输出：好五",
        "（4）指令：做四\n（4）输入：无需\n（4）输出：好四\n（5）指令：做五\n（5）输入：不需要\n（5）输出：好五\n\n以上就是补写的任务。",
    ],
)
def test_other_ways_in_chinese(text: str) -> None:
    assert task_blocks(text, 4, language="zh") == [Task(4, "做四", "", "好四"), Task(5, "做五", "", "好五")]


def test_a_task_without_numbers_may_be_broken_alone() -> None:
    text = "Instruction: Do 4\nInput: with 4\nOutput: done 4\n###\nInstruction: Do\nInput: x\nOutput:\n###\n"
    found = task_blocks(f"{text}Instruction: Do 6\nInput: with 6\nOutput: done 6", 4)
    assert found == [task(4), Broken(5, "Instruction: Do\nInput: x\nOutput:\n###", "empty_output"), task(6)]


def test_a_quoted_instruction_is_no_task() -> None:
    # A task that was cut there would be kept with half of its output.
    for quoted in ("Instruction: be brief", "Task 1\nInstruction: be brief\nInput: x"):
        text = f"4. Instruction: Do\n4. Input: x\n4. Output: A prompt:\n{quoted}\nThe end."
        assert [type(item) for item in task_blocks(text, 4)] == [Broken]
    text = "Instruction: Do\nInput: x\nOutput: A prompt:\nInstruction: be brief\nThe end."
    assert [type(item) for item in task_blocks(text, 4)] == [Broken]


@given(
    tasks=_tasks(), language=st.sampled_from(sorted(LABELS)), separator=st.sampled_from(["\n", "\n###\n", "\n---\n\n"])
)
def test_tasks_without_numbers_are_read_back(tasks: list[Task], language: str, separator: str) -> None:
    # A number alone on the line above an instruction is its number.
    assume(not any(re.search(r"\d\W*\Z", one.output) for one in tasks))
    instruction, given, output = LABELS[language]
    text = separator.join(
        f"{instruction}: {task.instruction}\n{given}:\n{task.input or '<noinput>'}\n{output}:\n{task.output}"
        for task in tasks
    )
    numbered = [Task(7 + place, one.instruction, one.input, one.output) for place, one in enumerate(tasks)]
    assert task_blocks(text, 7, language=language) == numbered


# ---------------------------------------------------------------- code blocks


CODE_LINES = [
    "Input: 3",
    "Output: 3",
    "5. Instruction: sort",
    "4. Input: 1",
    "Instruction: x",
    "**Output:** y",
    "### Input:",
]
FENCES = [("```", "```"), ("```python", "```"), ("~~~", "~~~"), ("````", "````"), ("  ```js", "  ```")]


@pytest.mark.parametrize("fence", FENCES)
@given(code=st.lists(st.sampled_from([*CODE_LINES, "print(3)", "", "    x = 1"]), min_size=1, max_size=6).filter(any))
def test_labels_in_code_are_code(fence: tuple[str, str], code: list[str]) -> None:
    block = "\n".join([fence[0], *code, fence[1]])
    tasks = [
        task(4, output=f"Like this:\n{block}\nThat is all."),
        task(5, input=f"A program:\n{block}", output=f"Mine:\n{block}"),
        task(6, instruction=f"Explain this:\n{block}"),
        task(7),
    ]
    assert task_blocks(render(tasks), 4) == tasks
    assert task_blocks(f"Sure:\n{render(tasks)}", 4) == tasks


def test_code_on_the_line_of_its_label() -> None:
    tasks = [task(4, output="```python\nInput: 3\n```"), task(5, output="```\nOutput: 3\n```")]
    text = render(tasks).replace("Output:\n```", "Output: ```")
    assert task_blocks(text, 4) == tasks


def test_a_page_in_a_block_may_have_blocks() -> None:
    page = "```markdown\n# Title\n```python\nInput: 3\n```\nOutput: 4\n```"
    tasks = [task(4, output=page), task(5)]
    assert task_blocks(render(tasks), 4) == tasks
    tasks = [task(4, output="See:\n```python\nInput: 3\n```\nNo more."), task(5)]
    assert task_blocks(f"```\n{render(tasks)}```", 4) == tasks


def test_a_block_that_never_closes_swallows_no_task() -> None:
    tasks = [task(4, output="```\nnever closed"), task(5, output="```\nInput: 3\n```"), task(6)]
    assert task_blocks(render(tasks), 4) == tasks


def test_a_fence_in_the_last_output_stays_in_it() -> None:
    tasks = [task(4), task(5, output="Use this:\n```python\nprint(1)\n```")]
    assert task_blocks(render(tasks), 4) == tasks
    assert task_blocks(f"```\n{render(tasks)}```", 4) == tasks


def test_own_labels_come_before_labels_without_a_number() -> None:
    tasks = [
        task(4, instruction="Swap:\nOutput: a\nInput: b", input="Output: q", output="Input: r\nOutput: s\n1. Input: t")
    ]
    assert task_blocks(render(tasks), 4) == tasks


def test_chinese_labels() -> None:
    first = "好的，如下：\n###\n4. 指令：写一首诗\n4. 输入：\n<无输入>\n4. 输出：\n春眠不觉晓\n"
    text = first + "**5、指令：** 翻译\n5、输入： cat\n5、输出：猫"
    assert task_blocks(text, 4, language="zh") == [
        Task(4, "写一首诗", "", "春眠不觉晓"),
        Task(5, "翻译", "cat", "猫"),
    ]
    with pytest.raises(ParseError):
        task_blocks(text, 4)
    with pytest.raises(RecipeError, match="'de'"):
        task_blocks(text, 4, language="de")


@pytest.mark.parametrize(
    "text", ["", "I cannot help with that.", "Instruction", "<think>4. Instruction: a", "4. Input"]
)
def test_a_text_without_any_task_raises_with_the_text(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        task_blocks(text, 4)
    assert caught.value.text == text


# ---------------------------------------------------------------- numbered lists


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("1. a\n2. b", ["a", "b"]),
        ("1) a\n2） b\n(3) c\n４、d\n5.e", ["a", "b", "c", "d", "e"]),
        ("Sure:\n\n1. a\n\n2. b\n", ["a", "b"]),
        ("**1.** a\n**2. b**\n3. **c** d\n**4. e** f\n__5.__ g", ["a", "b", "**c** d", "**e** f", "g"]),
        ("1. a:\n   - x\n     y\n2. b", ["a:\n   - x\n     y", "b"]),
        ("1. a\n   1. x\n   2. y\n2. b", ["a\n   1. x\n   2. y", "b"]),
        (" 9. a\n10. b", ["a", "b"]),
        ("1. a\n3. b\n2. c\n4. d", ["a", "b\n2. c", "d"]),
        ("1. The price was\n3.5 dollars in\n2020. Then\n2. b", ["The price was\n3.5 dollars in\n2020. Then", "b"]),
        ("1.\n2. b", ["", "b"]),
        ("```\n1. a\n2. b\n```\nDone.", ["a", "b"]),
        ("<think>1. no</think>\n1. a", ["a"]),
        ("1. a\n2. Fix:\n```\n1. x\n2. y\n9. z\n```\n3. b", ["a", "Fix:\n```\n1. x\n2. y\n9. z\n```", "b"]),
        ("```\n1. a:\n```python\n2. x\n```\n2. b\n```", ["a:\n```python\n2. x\n```", "b"]),
        ("13.Explain gravity\n14 . Tell", ["Explain gravity", "Tell"]),
    ],
)
def test_numbered_lists(text: str, items: list[str]) -> None:
    assert [item.text for item in numbered_items(text)] == items


def test_a_list_that_the_prompt_began() -> None:
    text = (
        " Give three tips for health.\n10. Describe the Eiffel Tower in Paris.\n11 . Write a program\n"
        "12. Draw a cat\n13.Explain gravity to a child please\n14. Tell a joke"
    )
    assert numbered_items(text, first=9) == [
        Item(9, "Give three tips for health."),
        Item(10, "Describe the Eiffel Tower in Paris."),
        Item(11, "Write a program"),
        Item(12, "Draw a cat"),
        Item(13, "Explain gravity to a child please"),
        Item(14, "Tell a joke"),
    ]
    assert numbered_items("9. a\n10. b", first=9) == [Item(9, "a"), Item(10, "b")]
    assert numbered_items(" only one", first=9) == [Item(9, "only one")]


@pytest.mark.parametrize("text", ["", "no list", "1", "2020. A year", "3.5", "a. b", "<think>1. a"])
def test_a_text_without_a_list_raises(text: str) -> None:
    with pytest.raises(ParseError):
        numbered_items(text)


@given(
    st.lists(
        st.text(min_size=1).map(str.strip).filter(lambda t: t and not re.search(r"\d|```|~~~|</?[Tt]", t)),
        min_size=1,
        max_size=9,
    )
)
def test_numbered_lists_are_read_back(texts: list[str]) -> None:
    items = [Item(number, text) for number, text in enumerate(texts, 1)]
    assert numbered_items("\n".join(f"{item.number}. {item.text}" for item in items)) == items


# ---------------------------------------------------------------- scores


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5", 5),
        ("5/5", 5),
        ("Score: 5", 5),
        ("**Score: 5**", 5),
        ("Score: 5.", 5),
        ("Score:5 ", 5),
        ("score = 5", 5),
        ("I'd give it a 4 out of 5", 4),
        ("Score: 4\nScore: 5", 5),
        ('{"score": 4}', 4),
        ('```json\n{"reason": "a Score: 1 answer", "score": "4"}\n```', 4),
        ('{"rating": 3.5, "max_score": 5}', 3.5),
        ("**Score:** 4", 4),
        ("**Score**: **4**/5", 4),
        ("Score (1-5): 4", 4),
        ("Score:\n\n4", 4),
        ("Score - not sure.\nRating: 4.5 out of 5", 4.5),
        ("My rating is 3", 3),
        ("A score of 2 of 5", 2),
        ("Score: [[4]]", 4),
        ("On a scale with a score of 1 to 5.\nScore: 3", 3),
        ("<think>Score: 1</think>Score: 2", 2),
        ("The answer is good.\n\n4", 4),
        ("4\nBecause it is good.", 4),
        ("Score 4", 4),
        ("评分：４分", 4),
        ("得分为 3", 3),
        ("4分", 4),
        ('"max_score": 5, Score: 2', 2),
    ],
)
def test_scores_are_read(text: str, expected: float) -> None:
    assert score(text, 1, 5) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "five",
        "Score: 10",
        "Score: 0",
        "Score: -1",
        "-1",
        "Score: 4-5",
        "Score: 1 to 5",
        "Score: 8/10",
        "8 out of 10",
        "There are 3 reasons to like it.",
        "It meets 3 of 5 requirements.",
        "Released on 5/5/2024",
        '{"score": true}',
        '{"score": null, "x": {"score": 4}}',
        '{"score": [4]}',
        '{"score": 1e400}',
        "Score: 4\nScore: 9",
        "8 7.5",
        "underscore: 4",
        "Score: 1234567",
        "<think>Score: 4",
    ],
)
def test_what_is_no_score_raises(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        score(text, 1, 5)
    assert caught.value.text == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("8 7.5", [8, 7.5]),
        ("8, 7", [8, 7]),
        ("8/10 and 7/10", [8, 7]),
        ("[8, 7]", [8, 7]),
        ("8 7\nThe first of the 2 answers is better.", [8, 7]),
        ("Scores: **8**, **7**", [8, 7]),
        ("8；7", [8, 7]),
        ("Score: 8\nGood.\nScore: 7", [8, 7]),
        ("[1] Score: 8\n[2] Score: 7", [8, 7]),
        ('{"scores": [8, 7]}', [8, 7]),
        ("8 out of 10 and 7 out of 10", [8, 7]),
    ],
)
def test_lists_of_scores_are_read(text: str, expected: list[float]) -> None:
    assert scores(text, 2, 0, 10) == expected


@pytest.mark.parametrize(
    "text", ["", "8", "8 7 6", "8 11", "8/5 and 7/5", "eight seven", "Score: 8", '{"scores": [8]}', "8 x 7"]
)
def test_what_is_no_list_of_scores_raises(text: str) -> None:
    with pytest.raises(ParseError):
        scores(text, 2, 0, 10)


@given(st.integers(1, 10), st.text())
def test_a_labelled_score_on_the_last_line_is_the_score(value: int, before: str) -> None:
    text = f"{before}\nFinal score: {value}"
    if strip_thinking(text) == text and not before.lstrip().startswith(("{", "```")):
        assert score(text, 1, 10) == value


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Equal", True),
        ("Not Equal", False),
        ("not equal.", False),
        ("Not equal, because the second asks for more", False),
        ("Not equal because the second isn't equal in depth", False),
        ("They are equal", True),
        ("They are not equal", False),
        ("**Not Equal**", False),
        ("_Equal_", True),
        ("# Equal.", True),
        ("NotEqual", False),
        ("not-equal", False),
        ("Answer: Equal", True),
        ("The two are unequal.", False),
        ("They aren't equal", False),
        ("They aren't exactly equal in depth", False),
        ("Not Equal. Their constraints are equal.", False),
        ("Equal. They are not different.", True),
        ("I compared both.\n\nEqual", True),
        ("Equal or not equal?\nNot Equal", False),
        ("<think>Equal?</think>\nNot Equal", False),
    ],
)
def test_verdicts_are_read(text: str, expected: bool) -> None:
    assert verdict(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Yes",
        "Equality is hard",
        "equally good",
        "Equal or not equal?",
        "They aren't necessarily equal in depth",
        "Equal constraints, but not equal depth",
        "They do not have equal depth",
        "first\nEqual\nlast",
        "<think>Equal",
    ],
)
def test_an_undecided_verdict_raises(text: str) -> None:
    with pytest.raises(ParseError):
        verdict(text)


# ---------------------------------------------------------------- sections


@pytest.mark.parametrize(
    "text",
    [
        "Problem: p\nq\nSolution: s",
        "[Problem] p\nq\n[Solution]\ns",
        "[Problem]: p\nq\n[solution]: s",
        "#Problem#:\np\nq\n#Solution# s",
        "### Problem\np\nq\n\n### Solution\n\ns\n",
        "**Problem:** p\nq\n**Solution:** s",
        "**Problem**\np\nq\n**Solution**\ns",
        "Sure!\n\n**Problem**: p\nq\n\n**[Solution]**\ns",
        "PROBLEM： p\nq\nSOLUTION： s",
    ],
)
def test_sections_are_read(text: str) -> None:
    assert sections(text, ["Problem", "Solution"]) == {"Problem": "p\nq", "Solution": "s"}


def test_a_label_in_running_text_is_none() -> None:
    text = (
        "Problem: the problem is that\nSolution to it there is none\n### Solution to all\nSolution: s\nProblem: again"
    )
    assert sections(text, ["Problem", "Solution"]) == {
        "Problem": "the problem is that\nSolution to it there is none\n### Solution to all",
        "Solution": "s\nProblem: again",
    }


@pytest.mark.parametrize("text", ["", "Problem: p", "Solution: s\nProblem: p", "Problem\nSolution"])
def test_missing_sections_are_named(text: str) -> None:
    with pytest.raises(ParseError, match=r"the section .* is missing or out of order"):
        sections(text, ["Problem", "Solution"])


# ---------------------------------------------------------------- JSON


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, {"b": "}"}]}',
        'Here it is:\n```json\n{"a": [1, {"b": "}"}]}\n```\nHope {that} helps.',
        '<think>{"a": 0}</think>{"a": [1, {"b": "}"}]}',
        'A set {1, 2}, then {"a": 0} and at last {"a": [1, {"b": "}"}]}',
        'An open { somewhere. {"a": [1, {"b": "}"}]}',
    ],
)
def test_the_last_object_is_read(text: str) -> None:
    assert json_object(text) == {"a": [1, {"b": "}"}]}


def test_control_characters_in_strings_are_accepted() -> None:
    assert json_object('{"a": "line\nbreak\t\x01"}') == {"a": "line\nbreak\t\x01"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no JSON object"),
        ("[1, 2]", "no JSON object"),
        ('{"a": 1', "no JSON object"),
        ('{"a": 1, "a": 2}', "appears twice in one object"),
        ('{"b": {"a": 1, "a": 1}}', "appears twice in one object"),
        ('{"a": NaN}', "NaN"),
        ('{"a": -Infinity}', "Infinity"),
        ('{"a": 1e999}', "too large"),
        ("{'a': 1}", "cannot be read"),
        ('{"a": 1,}', "cannot be read"),
        ('{"a": ' + "9" * 5000 + "}", "cannot be read"),
        ('{"a": ' * 40 + "1" + "}" * 40, "deeper than 32"),
        ('{"a": ' + "[" * 5000 + "]" * 5000 + "}", "deeper than 32"),
        ('{"a": "' + "x" * 1_000_000 + '"}', "longer than"),
    ],
)
def test_what_is_not_strict_json_raises(text: str, message: str) -> None:
    with pytest.raises(ParseError, match=message):
        json_object(text)


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), _JSON, max_size=5), st.booleans())
def test_json_is_read_back(value: dict[str, object], fenced: bool) -> None:
    text = json.dumps(value)
    assert json_object(f"```json\n{text}\n```" if fenced else text) == value


# ---------------------------------------------------------------- thinking


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("answer", "answer"),
        ("  answer ", "  answer "),
        ("<think>a\nb</think>\n\nanswer", "answer"),
        ("\n<Thinking>a</thinking> answer", "answer"),
        ("<think></think><think>b</think>answer", "answer"),
        ("a\nb\n</think>\n\nanswer", "answer"),
        ("<think>never ends", ""),
        ("The <think> tag ends with </think>\nas you see", "The <think> tag ends with </think>\nas you see"),
        ("Write </think> after it", "Write </think> after it"),
        ("<think>a </think>", ""),
    ],
)
def test_thinking_is_taken_away(text: str, answer: str) -> None:
    assert strip_thinking(text) == answer


# ---------------------------------------------------------------- any text at all

READERS: dict[str, Callable[[str], object]] = {
    "numbered_items": numbered_items,
    "numbered_items_begun": lambda text: numbered_items(text, first=9),
    "task_blocks": lambda text: task_blocks(text, 4),
    "task_blocks_truncated": lambda text: task_blocks(text, 4, truncated=True),
    "task_blocks_chinese": lambda text: task_blocks(text, 4, language="zh"),
    "score": lambda text: score(text, 1, 5),
    "scores": lambda text: scores(text, 2, 0, 10),
    "verdict": verdict,
    "sections": lambda text: sections(text, ["Problem", "Solution"]),
    "json_object": json_object,
}

_WORDS = [
    *list("#*_`>45４.、)(（:：/-+=,{}[]'\\\""),
    *["###", "---", "**", "__", "12", "999999", "0.5", "1e9", '"score":', "null", "NaN", "<noinput>", "word"],
    *["Instruction", "Input", "Output", "指令", "输入", "输出", "Problem", "Solution", "Score", "rating", "评分"],
    *["out of", "of", "to", "is", "and", "equal", "Not"],
]
_WRAPPING = ["```", "~~~", "<think>", "</think>"]
_SPACES = ["\n", "\r\n", " ", "\t", "\u3000"]
_PIECES = st.sampled_from(_WORDS + _WRAPPING + _SPACES * 3)


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@settings(max_examples=250, deadline=None)
@given(text=st.text() | st.lists(_PIECES, max_size=40).map("".join))
def test_readers_raise_nothing_but_parse_errors(reader: Callable[[str], object], text: str) -> None:
    try:
        first = reader(text)
    except ParseError as error:
        assert error.text == text
        return
    assert reader(text) == first


@given(text=st.lists(st.sampled_from(_WORDS + _SPACES * 3), max_size=60).map("".join))
@example(text="a word\n4. Input: word\n4. Output: word\n### word\n5. Instruction: word\nword\nOutput: word")
def test_nothing_after_the_first_label_is_lost(text: str) -> None:
    found = task_blocks(f"4. Instruction: {text}", 4)
    kept = [
        item.text if isinstance(item, Broken) else f"{item.instruction} {item.input} {item.output}" for item in found
    ]
    assert sum(part.count("word") for part in kept) == text.count("word")


LONG = {
    "digits": "1" * 200_000,
    "spaces": "4." + " " * 200_000,
    "newlines": "\n" * 200_000,
    "hashes": "#" * 200_000,
    "stars": "*" * 200_000,
    "separators": "4. Instruction: a\n4. Input: b\n4. Output: c\n" + "---\n" * 50_000,
    "headers": "4. Instruction:\n" * 12_000,
    "labels": "4. Instruction: a\n" + "Input:\nOutput:\n" * 14_000,
    "numbers": "1. a\n" * 40_000,
    "fences": "```\n" * 50_000,
    "fenced_labels": "4. Instruction: a\n" + "```\nInput: b\n" * 14_000,
    "nested_fences": "4. Instruction: a\n4. Input: b\n4. Output: c\n" + "```x\n" * 20_000 + "```\n" * 20_000,
    "leads": "a: ```\n" * 28_000,
    "long_leads": ("a" * 190 + "\n") * 1_000 + "```",
    "layouts": "###\n4. Instruction: a\n```\n" * 7_000,
    "without_numbers": "Instruction: a\nInput: b\nOutput: c\n" * 6_000,
    "headings": "Task 5\n" * 28_000,
    "numbers_above": "5.\n\n" * 40_000,
    "seams": "4. Instruction: a\n4. Input: b\n4. Output: c\n" + "```\n\n" * 35_000,
    "opening_tags": "<think>" * 30_000,
    "thoughts": "<think></think>" * 14_000,
    "closing_tags": "</think> " * 22_000,
    "braces": "{" * 200_000,
    "brackets": "[" * 200_000,
    "quotes": '{"' + '\\"' * 100_000,
    "objects": "{}" * 100_000,
    "open_objects": '{"a' * 66_000,
    "scores": "Score: " * 28_000,
    "score_spaces": "Score" + " " * 200_000 + ":",
    "ranges": "Score: 1-5 " * 18_000,
    "slashes": "1/" * 100_000,
    "scales": "1 out of " * 22_000,
    "equals": "equal not " * 20_000,
    "nots": "not " * 50_000,
    "dashes": "- " * 100_000,
    "carriage": "4. Instruction:" + "\r" * 200_000,
    "wide": "４、" * 100_000,
    "problems": "[Problem] " * 20_000,
    "problem_lines": "Problem\n" * 25_000,
    "parens": "Score (" * 28_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_long_texts_are_read_in_linear_time(text: str) -> None:
    # A quadratic reader would be at it for minutes, an exponential one for ever.
    for reader in READERS.values():
        try:
            assert reader(text) is not None
        except ParseError as error:
            assert error.text == text


def test_the_first_line_of_an_input_keeps_its_indentation() -> None:
    text = "4. Instruction: Add the row sums.\n4. Input:\n   a | b\n  1 | 2\n4. Output:\n    total\n  3\n"
    assert task_blocks(text, 4) == [Task(4, "Add the row sums.", "   a | b\n  1 | 2", "    total\n  3")]
    bold = "**4. Instruction:** Go on.\n**4. Input:** <noinput>\n**4. Output:**\n\n    code()\n"
    assert task_blocks(bold, 4) == [Task(4, "Go on.", "", "    code()")]
