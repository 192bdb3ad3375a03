"""What models put around a formulation, a persona's prompt, a question and a solution, and genuine texts like it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Generator
from instructgen.engines.scripted import Scripted
from instructgen.errors import ParseError
from instructgen.example import Example
from instructgen.generators import Magpie, PersonaPrompt, Reformulate, WizardMath
from instructgen.generators.answering import whole_prompt
from instructgen.generators.chat_template import CHAT_TEMPLATES
from instructgen.parsing.labelled import labelled
from instructgen.parsing.persona_notes import without_note
from instructgen.parsing.problem_solution import problem_and_solution
from instructgen.parsing.solutions import answer_label, solution_label
from instructgen.runtime.pipeline import Pipeline
from instructgen.seeds import seeds
from tests.support.pipelines import run
from tests.test_chinese_habits import GENUINE, lines
from tests.test_model_habits import made

SEEDS = [text for language in ("en", "zh") for seed in seeds(language) for text in (whole_prompt(seed).strip(),)]

# ---------------------------------------------------------------- formulations

SORT = Example.root("row", instruction="Weigh them.", input="sacks", output="12")


async def formulation(tmp_path: Path, text: str) -> str:
    def stage(engine: Any) -> Generator:
        return Reformulate(engine, formulations=1, attempts=1, originals=False)

    kept, reasons = await made(tmp_path, stage, text, SORT)
    return next((str(one.meta["formulation"]) for one in kept), " ".join(reasons))


@pytest.mark.parametrize(
    "text",
    lines(r"""
Sure! Here's a free formulation:\n\n<F>
Sure, here's a formulation: <F>
Sure! Formulation: <F>
Sure! **Formulation:** <F>
Here's another way to ask the same thing: <F>
Here's another way to ask the same thing:\n\n<F>
Certainly! Here is another way to ask:\n\n<F>
Here is a short, casual way to put it:\n<F>
**Here's a more casual phrasing:**\n<F>
Of course! Here's one way of asking for this: "<F>"
<think>Hm.</think>Sure! Here's a reformulation of the instruction: <F>
随意的说法：<F>
问法：<F>
**另一种问法：**<F>
好的！这是另一种问法：\n\n<F>
当然可以！可以这样说：\n\n<F>
好的，下面是一种更随意的说法：<F>
可以换个说法：\n<F>
好的！说法：<F>
當然可以！可以這樣說：\n<F>
"""),
)
@pytest.mark.parametrize("wanted", ["Tell me what they weigh: {INPUT}", "这些有多重？{INPUT}"])
async def test_what_is_said_before_a_formulation(text: str, wanted: str, tmp_path: Path) -> None:
    assert await formulation(tmp_path, text.replace("<F>", wanted)) == wanted


@pytest.mark.parametrize(
    "text",
    lines(r"""
Here are two statements:\n{INPUT}\nWhich one is true?
Here's another way to say it: {INPUT}. Is it more polite?
Here's a paraphrase:\n{INPUT}\nIs it faithful?
Here's a way of life that I like: {INPUT}. What is it called?
Sure, but what do they weigh? {INPUT}
好的作品有什么特点：{INPUT}
可以这样说吗：{INPUT}
可以这样说：{INPUT}？还是太生硬了？
下面是两种说法：\n{INPUT}\n哪个对？
这是网上的一种说法：{INPUT}，可信吗？
问法不同，答案会变吗？{INPUT}
{INPUT}\nOutput:
{INPUT}\n\nAnswer: yes or no?
True or not? {INPUT}\nOutput: true / false
给出分类：{INPUT}\n输出：一个词
Question: {INPUT}\nAnswer: ____
Is this reply rude?\n{INPUT}\nReply: No idea.
Which number comes next?\n{INPUT}\nOutput: only the number
"""),
)
async def test_a_formulation_that_looks_like_it_stays(text: str, tmp_path: Path) -> None:
    assert await formulation(tmp_path, text) == text


@pytest.mark.parametrize(
    "text",
    lines(r"""
Tell me: {INPUT}\n\nOutput: sacks
Tell me: {INPUT}\n**Answer:** Twelve sacks.
有多重：{INPUT}\n输出：两袋
有多重：{INPUT}\n\n【回答】两袋
"""),
)
async def test_a_formulation_with_its_answer_is_none(text: str, tmp_path: Path) -> None:
    assert await formulation(tmp_path, text) == "unparsable"


# ---------------------------------------------------------------- a persona's prompt

ROW = Example.root("row", instruction="A nurse.")
WALK = "Plan a walk of two hours in Leeds."
WEG = "请为我设计一条两小时的散步路线。"


async def asked(tmp_path: Path, text: str, kind: Any = "instruction") -> str:
    kept, reasons = await made(tmp_path, lambda engine: PersonaPrompt(engine, kind=kind, attempts=1), text, ROW)
    return next((str(one.instruction) for one in kept), " ".join(reasons))


@pytest.mark.parametrize("prompt", [WALK, WEG])
@pytest.mark.parametrize(
    "told",
    lines(r"""
\n\n**Note:** This prompt draws on the persona.
\n\n---\n\nThis prompt is specific to the persona.
\n\n(This prompt reflects the persona's interests.)
\n\n*(Note: This prompt is specific and informative.)*
\n\nExplanation: It fits the persona.
\n\n### Rationale:\nThe question reflects this persona's work.
（该提示贴合人物特点）
\n\n（该提示贴合人物特点）
\n\n说明：该提示体现了人物特点。
\n说明：該提示體現了人物特點。
\n\n**注：** 这个问题符合人物的职业。
"""),
)
async def test_a_note_about_the_persona_goes(prompt: str, told: str, tmp_path: Path) -> None:
    assert await asked(tmp_path, f"User prompt: {prompt}{told}") == prompt


@pytest.mark.parametrize(
    "prompt",
    lines(r"""
Plan a café.\n\nNote: Include one customer persona.
Plan a café.\n\nNote: The plan must name the persona of a customer.
Write a persona.\n\nNote: This prompt reflects the persona's interests.
Write it down.\n\nNote: It should fit the persona.
Mend it.\n\nExplanation: It fits the lid.
Mend it.\n\n(The problem is the lid.)
写一篇小传。\n\n说明：该人物生于1900年。
写一段对白。\n\n说明：对白要符合人物性格。
写一段对白。\n\n说明：这个人物必须是医生。
写一篇人物小传。\n\n说明：该问题体现了人物特点。
求面积。\n\n说明：本题中 π 取 3.14。
Is this right?\n\nQuestion: 2 + 2?\n\nAnswer: 5
Translate this dialogue.\n\nUser: Hi.\n\nAssistant: Hello.
Fill in the form:\n\nAnswer: Sure.
Score it.\n\nOutput: one number
Turn [name] into a list.
[1, 2, 3] is a list. What is its type?
<b>Bold</b>
[The door creaks]
"""),
)
async def test_a_prompt_with_a_note_of_its_own_stays(prompt: str, tmp_path: Path) -> None:
    assert await asked(tmp_path, f"User prompt: {prompt}") == prompt


@pytest.mark.parametrize(
    "text",
    lines(r"""
User prompt: Plan a walk.\n\nAnswer: Sure.
User prompt: Plan a walk.\n\nAssistant: Here are three.
User prompt: Plan a walk.\n\n**Response:**\nGo to the river.
用户提示：设计散步路线。\n\n助手：好的。
User prompt: [insert prompt]
User prompt: [Your prompt here]
**User prompt:** <user prompt>
用户提示：【此处填写提示】
"""),
)
async def test_an_answered_or_empty_prompt_is_none(text: str, tmp_path: Path) -> None:
    assert await asked(tmp_path, text) == "unparsable"


@pytest.mark.parametrize("label", ["用戶提示：", "用戶提問：", "**用戶請求**："])
async def test_labels_in_traditional_characters(label: str, tmp_path: Path) -> None:
    assert await asked(tmp_path, f"{label}請寫一封信。") == "請寫一封信。"


@pytest.mark.parametrize("label", ["Maths problem: ", "**Mathematics problem:** ", "數學題：", "Math problem: "])
async def test_labels_of_a_problem(label: str, tmp_path: Path) -> None:
    assert await asked(tmp_path, f"{label}Find x.", "math") == "Find x."


@pytest.mark.parametrize("text", [*GENUINE, *SEEDS])
def test_genuine_prompts_are_no_answers(text: str) -> None:
    assert answer_label(text) == ""
    assert without_note(text) == text
    assert solution_label(text) == ""
    assert labelled(f"User prompt:\n{text}", ["User prompt"]) == text


# ---------------------------------------------------------------- questions with their solutions

FAST = "A train needs 2 hours for 120 km. How fast is it?"
SOLVED = lines(r"""
\n\n(Answer: 60 km/h)
（答案：60千米/时）
\n（答案：60千米/时）
 Answer: 60
 **Answer:** 60.5 km/h.
 答案：60
\n#Answer#: 60
\n\n**#答案#：** 60
\n\nLet's solve: 120/2=60
\n\nLet’s solve it: 120 / 2 = 60
\n\n我们来解答：120 ÷ 2 = 60
\n\n\boxed{60}
\n\n$$\boxed{60}$$
 The speed is \boxed{60}.
""")


@pytest.mark.parametrize("told", SOLVED)
async def test_a_question_with_its_solution(told: str, tmp_path: Path) -> None:
    def stage(engine: Any) -> Generator:
        return WizardMath(engine, rounds=1, downward=0, originals=False, compare=False)

    row = Example.root("row", instruction="Find x if x + 1 = 2.", output="1")
    _, reasons = await made(tmp_path / "evolved", stage, f"{FAST}{told}", row)
    assert reasons == {"solution": 1}
    assert await asked(tmp_path / "persona", f"Math problem: {FAST}{told}", "math") == "solution"


@pytest.mark.parametrize(
    "text",
    lines(r"""
How fast is it? Answer: ____
How fast is it? (Answer: in km/h)
How fast is it? (Answer: to two decimal places)
车速是多少？（答案：保留两位小数）
车速是多少？（答案：____千米/时）
车速是多少？答案：（  ）
How fast is it? Put your final answer in \boxed{}.
How fast is it? Write the speed as \boxed{v}.
How fast is it? Give it in the form \boxed{12.5}.
车速是多少？请把答案写在 \boxed{0} 里。
Ann was asked for 3 + 4. Answer: 8. What went wrong?
Bob wrote: "3 + 4 = 8." Answer: is he right?
Let's solve a puzzle: which number is its own square?
Answer: 60 km/h. What was the question?
Let's solve it: x + 1 = 2.
有人说：解：x = 2。错在哪里？
Solution A holds 3 %. Solution B: 4 %. How much salt is in both?
(Answers: one each) Which of 3, 5 and 9 are primes?
"""),
)
def test_a_question_without_its_solution(text: str) -> None:
    assert solution_label(text) == ""


# ---------------------------------------------------------------- marked sections and stops


@pytest.mark.parametrize(
    ("text", "problem", "solution"),
    [
        ("[Problem Description]\nSort.\n[/Problem Description]\n\n[Solution]\nx\n[/Solution]", "Sort.", "x"),
        ("[Problem Description] Sort. [/Problem Description]\n[Solution] x [/Solution]", "Sort.", "x"),
        (
            "**[Problem Description]**\nSort.\n**[/Problem Description]**\n---\n[Solution]\nx\n**[/Solution]**",
            "Sort.",
            "x",
        ),
        ("[问题描述]\n排序。\n[/问题描述]\n[解答]\nx\n【/解答】\n", "排序。", "x"),
        ("[问题描述]\n排序。\n[问题描述结束]\n[解答]\nx\n[解答结束]", "排序。", "x"),
        ("[Problem Description]\nSort.\n[Solution]\nx\n[End of Solution]\n\nI hope this helps!", "Sort.", "x"),
        (
            "[Problem Description]\nSort.\n[Solution]\n```python\nx\n```\n[/Solution]\n\nHave fun.",
            "Sort.",
            "```python\nx\n```",
        ),
        (
            "[Problem Description]\nStrip [/Solution] tags.\n[Solution]\n```\na\n[/Solution]\nb\n```\nNo [/Solution].",
            "Strip [/Solution] tags.",
            "```\na\n[/Solution]\nb\n```\nNo [/Solution].",
        ),
    ],
)
def test_a_marker_that_closes_a_section(text: str, problem: str, solution: str) -> None:
    found = problem_and_solution(text)
    assert (found.problem, found.solution) == (problem, solution)


@pytest.mark.parametrize("name", CHAT_TEMPLATES)
async def test_what_ends_an_answer_ends_a_turn(name: str, tmp_path: Path) -> None:
    end = CHAT_TEMPLATES[name].assistant[1].strip()
    source = Magpie(Scripted(lambda _: f"What is x?{end}"), name, requests=1)
    assert [one.instruction for one in await run(Pipeline(source), tmp_path / "run")] == ["What is x?"]


# ---------------------------------------------------------------- in linear time

PIECES = [
    *(
        "Sure! Here's another way to ",
        "好的！",
        "这是另一种",
        "Here is a short, casual ",
        "(Answer: 6",
        "Answer: 1.",
        "Let's solve ",
    ),
    *(
        "\\boxed{1",
        "\n\\boxed{1}",
        "\nNote: This prompt ",
        "（该提示",
        "\n---\n",
        "[/Solution",
        "[insert ",
        "\n[/Solution]x",
        "\nOutput: ",
    ),
    *("\n\n\n", "#Answer#", "  ", "[Your ", "\nAnswer: x. "),
]


@pytest.mark.parametrize("piece", PIECES)
def test_hostile_texts_take_linear_time(piece: str) -> None:
    # A quadratic reader would be at it for minutes.
    text = piece * 10_000
    assert Reformulate(Scripted(str))  # its pattern is compiled
    for prompt in (text, f"Find x.{text}"):
        assert isinstance(solution_label(prompt) + answer_label(prompt) + without_note(prompt), str)
        for reader in (
            lambda one: labelled(f"User prompt: {one}", ["User prompt"]),
            lambda one: problem_and_solution(f"[Problem Description]\nA\n[Solution]\n{one}"),
        ):
            try:
                assert reader(prompt)
            except ParseError as error:
                assert error.text.endswith(prompt)


@given(st.lists(st.sampled_from([*PIECES, *SOLVED, "Write.", "\n\n", "{INPUT}"]), max_size=10).map("".join))
def test_any_mixture_is_read(text: str) -> None:
    assert text.startswith(without_note(text))
    assert solution_label(text) in text
    assert answer_label(text) in text
