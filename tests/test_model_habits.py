"""What strong models write around and inside of an answer, and what only looks like it: planted in both languages."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Completion, Generator, Limits, Request
from instructgen.engines.scripted import Scripted
from instructgen.errors import ParseError
from instructgen.example import Example
from instructgen.generators import (
    ConstrainedRespond,
    EvolInstruct,
    Magpie,
    PersonaPrompt,
    Reformulate,
    UnnaturalInstructions,
    WizardMath,
)
from instructgen.generators.answering import whole_prompt
from instructgen.generators.personas import read_persona
from instructgen.parsing import rewritten_prompt, sections, strip_thinking, verdict
from instructgen.parsing.closed_labels import closed_label
from instructgen.parsing.constrained_task import constrained_task
from instructgen.parsing.labelled import begins_line, labelled, unlabelled
from instructgen.parsing.solutions import solution_label
from instructgen.parsing.user_turn import role_marker, user_turn
from instructgen.runtime.pipeline import Pipeline
from instructgen.seeds import seeds
from tests.support.pipelines import run

BOM = "\ufeff"
LABELS = ("Rewritten Prompt", "改写提示词")
# Letters and ends of sentences, and none of the marks that readers look for.
PLAIN = st.text(alphabet="kqvx zw\n词句", min_size=1, max_size=60).map(lambda text: f"Q{text}z.")

# ---------------------------------------------------------------- announcements

ANNOUNCED = [
    "Sure! Here is it: ",
    "Sure! Here it is: ",
    "Sure, here's the rewritten prompt:\n\n",
    "Certainly! Here's a more challenging and detailed version:\n\n",
    "Certainly! Here is the question:\n\n",
    "Of course! Here you go:\n",
    "Okay, here is the revised prompt: ",
    "Here is the rewritten prompt: ",
    "Here's a more complex version of the prompt that asks for several steps: ",
    "**Here is the rewritten prompt:**\n\n",
    "Rewritten question: ",
    "I have rewritten the prompt as follows:\n",
    "Sure!\n\n",
    "Sure!\n\n#Rewritten Prompt#:\n",
    "当然！以下是改写后的提示：",
    "好的，下面是改写后的提示词：\n",
    "以下是修改后的版本：",
    "改写后的提示词如下：\n",
    "好的。\n\n改写提示词：",
    "1. **Rewritten Prompt:** ",
    "- Rewritten Prompt: ",
    f"{BOM}#Rewritten Prompt#: ",
    BOM,
    f"<think>Harder.</think>{BOM}\n",
]
EXPLAINED = [
    "**Explanation:** I added a constraint on the length to make the prompt harder.",
    "Note: I have added a constraint about the rhyme.",
    "(Note: The rewritten prompt now requires a second step.)",
    "*Note: I made it more specific to make the question harder.*",
    "### Explanation\n\nThis version adds a second step.",
    "Changes made: I added a time constraint.",
    "**Changes made:**\n\n- Added a requirement on the rhyme.\n- Replaced the poem.",
    "Changes made:\n1. Kept the poem\n2. Added a constraint on the rhyme",
    "---\n\n**Explanation**\nCompared with the original prompt, two steps more are needed.",
    "说明：我增加了押韵的要求。",
    "说明：增加了押韵的限制。",
    "**改写说明：** 在原提示的基础上加了一步。",
    "【说明】改写后的问题要求先推理，再作答。",
    "（注：我把题目改成了两步，难度更高。）",
]


@given(PLAIN, st.sampled_from(ANNOUNCED), st.sampled_from(["", *EXPLAINED]))
def test_what_is_said_around_a_prompt_goes(prompt: str, announced: str, explained: str) -> None:
    text = f"{announced}{prompt}\n\n{explained}" if explained else f"{announced}{prompt}"
    assert rewritten_prompt(text, LABELS) == prompt
    assert rewritten_prompt(prompt, LABELS) == prompt


@pytest.mark.parametrize("announced", ANNOUNCED)
@pytest.mark.parametrize("explained", EXPLAINED)
def test_every_announcement_and_every_explanation(announced: str, explained: str) -> None:
    assert rewritten_prompt(f"{announced}Write a poem.\n\n{explained}", LABELS) == "Write a poem."


@pytest.mark.parametrize(
    "text",
    [
        "Here is a list of instructions:\n1. Mix.\nTranslate them.",
        "Here is the latest version of my essay:\nTrees are tall.\nImprove it.",
        "Here is an improved version of the code:\n```\nx = 1\n```\nFind the bug.",
        "Here is my question: why is the sky blue?",
        "Okay, here is the problem: my code fails. Why?",
        "This is a new task: sort the list.",
        "Sure footing: explain it.",
        "下面是一条提示词：\n帮我写诗。\n请评价它。",
        "以下是合同修改后的版本：\n甲方付款。\n请审阅。",
        "好的，这是我的问题：天为什么是蓝的？",
        "改写下面的提示词：写诗。",
        "I'm sorry, I cannot rewrite this prompt.\n\nPlease ask for something else.",
        "Write code.\n\nNote: use Python 3.",
        "Write code.\n\nNote: the new version must run on Python 3.",
        "Fix it.\n\nNote: I have changed the names for privacy.",
        "Fix it.\n\nNote: I added salt already, and two steps are done.",
        "Write the release notes.\n\nChanges made:\n- Added a requirement that passwords have 12 characters",
        "Check my answer.\n\nExplanation: I added 3 and 4 to get 7.",
        "Fill in the form.\n\nAnswer: …\n\nExplanation:",
        "Note: I added a constraint to make the prompt harder.",
        "Solve it.\n\nNote: I added a constraint to make the prompt harder.\n\nThe data: 1, 2, 3.",
        "Find the error.\n\nNote: I added a constraint:\n```sql\nunique (a)\n```",
        "Refactor my code.\n\nNote: I added comments to make it more readable.",
        "Find out why the build of this project fails.\n\nNote: I have added requirements.txt.",
        "Summarise the release.\n\nNote: This version introduces a new menu and adds two fields.",
        "Rewrite the question.\n\nNote: The rewritten question requires no formula.",
        "Compare both questions.\n\nNote: The new question asks for the slope.",
        "请改写问题：天为什么蓝？\n\n说明：改写后的问题要求简短。",
        "Improve this table.\n\nNote: I have added a constraint on the key.",
        "Here is a new question for our quiz: what is 2 + 2? Is it too easy?",
        "下面是一个优化问题：求 x 的最大值。",
        "好的，以下是标题：海。请续写。",
        "审阅这段代码。\n\n说明：我增加了登录的限制。",
        "翻译下文。\n\n说明：本产品增加了防水要求。",
        "写一段代码。\n\n注意：请用 Python 3。",
        "根据下面的说明写更新日志。\n\n说明：增加了登录的限制。",
    ],
)
def test_what_only_looks_like_it_stays(text: str) -> None:
    assert rewritten_prompt(text, LABELS) == text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_packaged_seed_is_altered(language: Any) -> None:
    for seed in seeds(language):
        for text in (seed.instruction.strip(), whole_prompt(seed).strip()):
            assert rewritten_prompt(text, LABELS) == text
            assert user_turn(text, ()) == (text, False)
            assert role_marker(text) == ""


@pytest.mark.parametrize("text", ["Sure! Here is the new prompt:", "好的，下面是改写后的提示词：", "Here you go:\n\n"])
def test_an_announcement_of_nothing_is_no_prompt(text: str) -> None:
    with pytest.raises(ParseError):
        rewritten_prompt(text)


_SHREDS = st.sampled_from([*ANNOUNCED, *EXPLAINED, "\n", "\n\n", "Write.", "Note: ", "```", '"', "- ", "说明：", "---"])


@given(st.lists(_SHREDS, max_size=12).map("".join))
def test_any_mixture_is_read_or_refused(text: str) -> None:
    try:
        found = rewritten_prompt(text, LABELS)
    except ParseError as error:
        assert error.text == text
        return
    assert found in text
    assert found.strip() == found


# ---------------------------------------------------------------- one text in JSON


@pytest.mark.parametrize(
    "text",
    [
        '{"prompt": "Say \\"hi\\".\\nTwice."}',
        '```json\n{"rewritten_prompt": "Say \\"hi\\".\\nTwice."}\n```',
        'Sure! Here is the rewritten prompt:\n\n```json\n{\n  "Rewritten Prompt": "Say \\"hi\\".\\nTwice."\n}\n```',
        '{"#Rewritten Prompt#": "Say \\"hi\\".\\nTwice."}',
        '{"改写提示词": "Say \\"hi\\".\\nTwice."}',
    ],
)
def test_a_prompt_in_json_is_unwrapped(text: str) -> None:
    assert rewritten_prompt(text, LABELS) == 'Say "hi".\nTwice.'


@pytest.mark.parametrize(
    "text",
    [
        '{"prompt": "Go.", "level": 2}',
        '{"prompt": ["Go."]}',
        '{"name": "Go."}',
        '{"prompt": "Go."} Explain this object.',
        '{"prompt": "Go.", "prompt": "Stop."}',
        "{prompt: Go.}",
    ],
)
def test_other_json_is_the_prompt_itself(text: str) -> None:
    assert rewritten_prompt(text, LABELS) == text


# ---------------------------------------------------------------- verdicts


@pytest.mark.parametrize(
    "text",
    [
        "not exactly equal",
        "They aren't quite equal.",
        "They aren’t exactly equal in depth",
        "**Not entirely equal.**",
        "The prompts are not the same.",
        "Not the same in depth",
        "not equivalent",
        "Not **Equal**",
        "不完全相等",
        "**不完全相等。**",
        "并不相同",
        "两者并不是完全相等。",
        "并非完全相同",
        "不太一样",
        "不相等，虽然限制相同",
        "Equal? No, not equal.",
        "1. The constraints are equal.\n2. The depth differs.\nTherefore not equal.",
    ],
)
def test_not_equal_in_other_words(text: str) -> None:
    assert verdict(text) is False


@pytest.mark.parametrize(
    "text", ["相等。没有增加任何要求", "**相等**", "两者是不是相等？\n相等", "Are they equal?\nEqual"]
)
def test_equal_in_other_words(text: str) -> None:
    assert verdict(text) is True


@pytest.mark.parametrize(
    "text",
    [
        "not necessarily equal",
        "almost equal, but not exactly",
        "They are not the same length.",
        "Not equal?",
        "两者不一定相等",
        "差不多相等",
        "是不是相等？",
        "不相等吗",
        "不是不相等",
        "相等，但深度不同",
    ],
)
def test_what_decides_nothing(text: str) -> None:
    with pytest.raises(ParseError):
        verdict(text)


@given(
    st.sampled_from(["", "The two are ", "**", "Answer: "]),
    st.lists(st.sampled_from(["exactly", "quite", "entirely", "really"]), max_size=2),
)
def test_no_degree_turns_a_negation_around(before: str, degree: list[str]) -> None:
    assert verdict(f"{before}{' '.join(['not', *degree, 'equal'])}") is False


# ---------------------------------------------------------------- marks before a label


@pytest.mark.parametrize("mark", ["", BOM, "- ", "* ", "1. ", "1) ", "１．", "• ", f"{BOM}\n- ", "> ", "  - "])
@pytest.mark.parametrize("label", ["Persona: ", "**Persona**: ", "**Persona:** ", "[Persona] ", "人物：", "【人物】"])
def test_a_mark_before_a_label(mark: str, label: str) -> None:
    assert read_persona(f"{mark}{label}A nurse.") == "A nurse."


@pytest.mark.parametrize("text", ["1. A nurse.", "- A nurse.", "1. Persona: A nurse.\n2. Persona: A cook."])
def test_a_list_without_the_label_or_of_several_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        read_persona(text)


def test_sections_in_a_list() -> None:
    expected = {"Problem": "p", "Solution": "s"}
    assert sections("1. Problem: p\n2. Solution: s", ["Problem", "Solution"]) == expected
    assert sections(f"{BOM}- **Problem:** p\n- **Solution:** s", ["Problem", "Solution"]) == expected
    # One that stands by itself comes before an item.
    text = "Problem: p\n1. Solution: salt\nSolution: s"
    assert sections(text, ["Problem", "Solution"]) == {"Problem": "p\n1. Solution: salt", "Solution": "s"}


@pytest.mark.parametrize("value", [f"{BOM}Math", "- Math", "**Math**", "Math。"])
def test_a_closed_label_with_marks(value: str) -> None:
    assert closed_label(value, ["Math", "Coding"]) == "Math"


@given(st.text(max_size=60))
def test_a_byte_order_mark_is_no_part_of_an_answer(text: str) -> None:
    assert strip_thinking(f"{BOM}Yes{text}") == strip_thinking(f"Yes{text}")
    assert strip_thinking(f"{BOM}\n<think>No</think>\n{BOM}Yes{text}") == f"Yes{text}"


# ---------------------------------------------------------------- an output among the fields

FIELDS = {
    "en": ("Instruction: ", "Input: ", "Constraints: ", "Output: "),
    "zh": ("指令：", "输入：", "约束：", "输出："),
}
VALUES = ("Sort them.", "b, a", "One line.", "LEAK")


@pytest.mark.parametrize("language", FIELDS)
@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
@pytest.mark.parametrize("mark", ["{}", "**{}**", "- {}", "1. {}", "## {}"])
def test_an_output_never_gets_into_a_field(language: str, order: tuple[int, ...], mark: str) -> None:
    text = "\n".join(f"{mark.format(FIELDS[language][field].strip())} {VALUES[field]}" for field in order)
    read = constrained_task(text, 4, language=language)
    assert "LEAK" not in read.instruction + read.input + read.constraints
    if [field for field in order if field != 3] == [0, 1, 2]:
        assert (read.instruction, read.input, read.constraints) == VALUES[:3]


def test_an_output_in_code_belongs_to_the_input() -> None:
    text = "Instruction: Read it.\nInput: x\n```\nOutput: 3\n```\nConstraints: One line."
    assert constrained_task(text, 4).input == "x\n```\nOutput: 3\n```"


@pytest.mark.parametrize(
    "text",
    [
        "Instruction: Solve.\nInput: Square it.\nInput: 3\nOutput: 9\nConstraints: A number.",
        "Instruction: Solve.\nInput: Square it.\nOutput: 9\nConstraints: n < 9\nConstraints: A number.",
    ],
)
def test_an_output_that_may_be_the_inputs_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="part of the input"):
        constrained_task(text, 4)


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("**Output**\na, b", "a, b"),
        ("## Output\n\na, b", "a, b"),
        ("### Output:\n```json\n{}\n```", "```json\n{}\n```"),
        ("输出：a, b", "a, b"),
        ("**输出**\na, b", "a, b"),
        ("**Output: a, b**", "a, b"),
        ("Output: **a** b", "**a** b"),
        ("Output:\n    x\n  y", "    x\n  y"),
        ("Output is low.", "Output is low."),
        ("## Outputs of the model\na", "## Outputs of the model\na"),
        ("- Output: a\n- Reason: b", "- Output: a\n- Reason: b"),
        ("a\nOutput: b", "a\nOutput: b"),
    ],
)
def test_the_label_of_an_output(text: str, output: str) -> None:
    assert unlabelled(text, ("Output", "Outputs", "输出")) == output


@given(PLAIN)
def test_an_output_without_a_label_is_as_it_was(text: str) -> None:
    assert unlabelled(text, ("Output", "输出")) == text


# ---------------------------------------------------------------- a problem with its solution


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("Find x.\n\n【解答】x=2", "解答"),
        ("Find x.\n【解答】\nx=2", "解答"),
        ("求 x。\n解：x=2", "解"),
        ("求 x。\n**答案：** 2", "答案"),
        ("Find x.\nSolution:\nx=2", "Solution"),
        ("Find x.\n**Solution**\nx=2", "Solution"),
        ("Find x.\n## Solution\n\nx=2", "Solution"),
        ("Find x.\n- Answer: 2", "Answer"),
        ("Find x.\nAnswer: ____", ""),
        ("Find x.\nAnswer:", ""),
        ("Find x.\n答：（  ）", ""),
        ("Solution A holds 3 %.\nSolution B: 4 %.", ""),
        ("Find the solution: x + 1 = 2.", ""),
        ("解：x + 1 = 2", ""),
    ],
)
def test_a_solution_behind_a_problem(text: str, label: str) -> None:
    assert solution_label(text) == label


@given(PLAIN)
def test_there_is_no_solution_without_a_label(text: str) -> None:
    assert solution_label(text) == ""


# ---------------------------------------------------------------- turns of a user


@pytest.mark.parametrize(
    ("text", "turn"),
    [
        (f"{BOM}What is 2+2?", "What is 2+2?"),
        ("User: What is 2+2?", "What is 2+2?"),
        ("**User:** How do I sort?", "How do I sort?"),
        ("User:\nTell me about the sea.", "Tell me about the sea."),
        ("用户：什么是熵，请解释。", "什么是熵，请解释。"),
        (f"{BOM}\nUser: {BOM}Tell me about the sea.", "Tell me about the sea."),
        ("</think>\n\nWhat is 2+2?", "What is 2+2?"),
        ("</think>What is 2+2?", "What is 2+2?"),
        ("User: hello there friend\nAssistant: hi\nGo on.", "User: hello there friend\nAssistant: hi\nGo on."),
        ("User: root\nWhy?", "User: root\nWhy?"),
        ("User: John Smith Jones\nAge: 3\nMake a table.", "User: John Smith Jones\nAge: 3\nMake a table."),
        ("用户：张三", "用户：张三"),
        ("User stories: write three of them.", "User stories: write three of them."),
        ("What does </think> mean?", "What does </think> mean?"),
    ],
)
def test_what_precedes_a_turn(text: str, turn: str) -> None:
    assert user_turn(text, ()) == (turn, False)
    assert role_marker(turn) == ""


@pytest.mark.parametrize(
    "text", ["What is 2+2?\n</think>", "A user would ask.\n</think>\n\nWhat is 2+2?", "</think> What?"]
)
def test_a_thought_that_ends_in_a_turn_is_no_turn(text: str) -> None:
    assert role_marker(user_turn(text, ())[0]) == "</think>"


def test_a_tag_that_is_talked_about() -> None:
    assert role_marker("Is <think> closed by </think>\nor not?") == ""


_BITS = st.sampled_from([BOM, "User:", "</think>", "\n", " ", "a b c?", "用户：", "**", "Age: 3", "Assistant: hi"])


@given(st.lists(_BITS, max_size=12).map("".join))
def test_a_turn_is_read_once(text: str) -> None:
    turn, _ = user_turn(text, ())
    assert turn in text
    assert turn == user_turn(turn, ())[0] or turn.startswith(("User:", "用户："))


# ---------------------------------------------------------------- the stages


async def made(tmp_path: Path, stage: Callable[[Any], Generator], reply: Any, *rows: Example) -> tuple[list[Any], Any]:
    """What a stage makes of these rows, and of which codes its rejects are."""
    asked: list[Request] = []

    def model(request: Request) -> str | Completion:
        asked.append(request)
        answer: str | Completion = reply(len(asked)) if callable(reply) else reply
        return answer

    result = await run(Pipeline(list(rows), [stage(Scripted(model, limits=Limits(concurrency=1)))]), tmp_path / "run")
    assert asked or result.reasons.keys() == {"empty_instruction"}
    return list(result), result.reasons


ROW = Example.root("row", instruction="Find x if x + 1 = 2.", output="1")


async def test_a_question_with_its_solution_is_a_failure(tmp_path: Path) -> None:
    def stage(engine: Any) -> Generator:
        return WizardMath(engine, rounds=1, downward=0, originals=False)

    kept, reasons = await made(tmp_path, stage, "Find x if x + 2 = 5.\n\n【解答】x = 3", ROW)
    assert (kept, reasons) == ([], {"solution": 1})


async def test_a_question_that_had_a_solution_may_keep_it(tmp_path: Path) -> None:
    def stage(engine: Any) -> Generator:
        return WizardMath(engine, rounds=1, downward=0, originals=False)

    told = "Find the error.\nSolution: x = {}"
    row = Example.root("row", instruction=told.format(2), output="1")
    kept, reasons = await made(tmp_path, stage, told.format(3), row)
    assert ([one.instruction for one in kept], reasons) == ([told.format(3)], {})


@pytest.mark.parametrize("method", [EvolInstruct, WizardMath])
@pytest.mark.parametrize("originals", [True, False])
async def test_nothing_is_not_evolved(method: Any, originals: bool, tmp_path: Path) -> None:
    empty = [Example.root("row", index=n, instruction=" \n"[:n], input=" " * n, output="x") for n in range(3)]
    kept, reasons = await made(tmp_path, lambda engine: method(engine, originals=originals), "Go.", *empty)
    assert (kept, reasons) == ([], {"empty_instruction": 3})


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("instruction", "User prompt: Plan it.\n\nUser prompt: Cook it.", None),
        ("instruction", "User prompt: Plan it.\n\nUser prompt 2: Cook it.", None),
        ("instruction", "User prompt 1: Plan it.\n\nUser prompt 2: Cook it.", None),
        ("instruction", "1. User prompt: Plan it.\n2. User prompt: Cook it.", None),
        ("instruction", "用户提示：写信。\n\n另一个用户提示：写诗。", None),
        ("instruction", "User prompt: Plan it.\n\n---", ("Plan it.", "")),
        ("instruction", "User prompt: Sum up:\n---\nBees.\n---", ("Sum up:\n---\nBees.\n---", "")),
        ("knowledge", "Title: Bees\n\n---\n\nThey fly.\n\n---\n\nFar.\n\n---", ("Bees", "They fly.\n\n---\n\nFar.")),
        ("npc", f"{BOM}**Name:** Mara\n***\nA smith.\n***", ("Mara", "A smith.")),
        ("npc", "姓名：玛拉\n\n---\n铁匠。", ("玛拉", "铁匠。")),
    ],
)
async def test_one_prompt_for_a_persona(kind: Any, text: str, expected: tuple[str, str] | None, tmp_path: Path) -> None:
    row = Example.root("row", instruction="A nurse.")
    kept, reasons = await made(tmp_path, lambda engine: PersonaPrompt(engine, kind=kind), text, row)
    assert [(one.instruction, one.output) for one in kept] == ([] if expected is None else [expected])
    assert reasons == ({"unparsable": 1} if expected is None else {})


SORT = Example.root("row", instruction="Sort list.", input="b, a", output="a, b")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Formulation 1: Please sort {INPUT}", "Please sort {INPUT}"),
        ("**Formulation #2:** Please sort {INPUT}", "Please sort {INPUT}"),
        ("Alternative formulation: Please sort {INPUT}", "Please sort {INPUT}"),
        ("1. Formulation: Please sort {INPUT}", "Please sort {INPUT}"),
        ("改写：请给{INPUT}排序", "请给{INPUT}排序"),
        ("说法一：请给{INPUT}排序", "请给{INPUT}排序"),
        ("{INPUT}\n\n改写：", "{INPUT}\n\n改写："),
        ("Formulation 1: Please sort {INPUT}\nFormulation 2: Put it in order", "unparsable"),
        ("I'm sorry, but I can't help with {INPUT}.", "refusal"),
        ("抱歉，我无法回答这个问题：{INPUT}", "refusal"),
        ("改写：{INPUT}", "unparsable"),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh"])
async def test_labels_and_refusals_of_formulations(text: str, expected: str, language: Any, tmp_path: Path) -> None:
    def stage(engine: Any) -> Generator:
        return Reformulate(engine, formulations=1, attempts=1, originals=False, language=language)

    kept, reasons = await made(tmp_path, stage, text, SORT)
    found = [one.meta["formulation"] for one in kept] or list(reasons)
    assert found == [expected]


async def test_the_stages_read_as_their_readers_do(tmp_path: Path) -> None:
    kept, _ = await made(tmp_path / "a", ConstrainedRespond, "## Output\n\na, b", SORT)
    assert [one.output for one in kept] == ["a, b"]
    source = Magpie(Scripted(lambda _: f"{BOM}User: What is the sea?"), "gemma-2", requests=1)
    assert [one.instruction for one in await run(Pipeline(source), tmp_path / "b")] == ["What is the sea?"]
    text = "Instruction: Sort.\nInput: b\nOutput: LEAK\nConstraints: None"
    tasks = UnnaturalInstructions(Scripted(lambda _: text), requests=1)
    (task,) = await run(Pipeline(tasks), tmp_path / "c")
    assert (task.instruction, task.input, task.meta["constraints"]) == ("Sort.", "b", "None")


# ---------------------------------------------------------------- in linear time

HOSTILE = [
    *(
        "Sure! Here is ",
        "Here is a new ",
        "\nNote: ",
        "\n---\n\nExplanation: I added ",
        "\nNote: this version",
        "User: ",
    ),
    *("</think> ", "</think>\n", BOM, "\nOutput: ", "\nSolution: ", "not exactly ", "不是", "相等", "```json\n{"),
    *('{"prompt": "', "- 1. ", "【解答】", "\n* * ", "I added a ", "more and more, ", "\n说明：我增加了"),
]


@pytest.mark.parametrize("piece", HOSTILE)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    # A quadratic reader would be at it for minutes.
    text = piece * 10_000
    readers: list[Callable[[str], object]] = [
        lambda text: rewritten_prompt(text, LABELS),
        lambda text: labelled(text, ["User prompt"]),
        lambda text: constrained_task(text, 4),
        verdict,
        solution_label,
        lambda text: begins_line(text, ["User prompt"], counted=True),
        lambda text: role_marker(user_turn(text, ())[0]),
    ]
    for reader in readers:
        try:
            assert reader(f"Instruction: {text}") is not None
            assert reader(text) is not None
        except ParseError as error:
            assert error.text.endswith(text)
