"""Pieces of prompts that leaked into texts, and texts that speak of inputs and outputs themselves."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters import Scaffold
from instructgen.parsing.code import CODE, without_code

LEAKED = [
    ("Instruction: write a poem", "Instruction:"),
    ("A poem.\nInput: roses", "Input:"),
    ("4. Output:\nx", "4. Output:"),
    ("A poem.\n12. Instruction: Name three", "12. Instruction:"),
    ("A poem.\n12. Instruction", "12. Instruction"),
    ("**12. Instruction:** x", "**12. Instruction:"),
    ("**Output:** 4", "**Output:"),
    ("### Response:\nx", "### Response:"),
    ("Output 2: x", "Output 2:"),
    ("A poem.\n###\nAnother", "###"),
    ("<noinput>", "<noinput>"),
    ("The input is <NoInput>.", "<NoInput>"),
    ("Class label: Positive", "Class label:"),
    ("Done.\n\nTask: translate", "Task:"),
    ("Example 3", "Example 3"),
    ("A poem.\nExample 2:\n", "Example 2:"),
    ("#Given Prompt#", "#Given Prompt#"),
    ("#The Given Prompt#:\nx", "#The Given Prompt#"),
    ("Here is it: #Rewritten Prompt#", "#Rewritten Prompt#"),
    ("#created prompt#", "#created prompt#"),
    ("[Problem]\nx", "[Problem]"),
    ("Fine.\n[Solution] y", "[Solution]"),
    ("指令：写一首诗", "指令："),
    ("一首诗\n输入:玫瑰", "输入:"),
    ("4. 输出：\n诗", "4. 输出："),
    ("类别标签：正面", "类别标签："),
    ("<无输入>", "<无输入>"),
    ("诗\n示例3", "示例3"),
    ("#改写后的指令#", "#改写后的指令#"),
    ("Done.<|im_end|>", "<|im_end|>"),
    ("[INST] x", "[INST]"),
]

OWN_WORDS = [
    "",
    "the input: a list",
    "Take the Input: a list",
    "Write a function with this format:\n```\nInput: 3\nOutput: 4\n```",
    "The label `Input:` begins the line\n`Output:` too",
    "Inputs: several",
    "Tasks: a, b",
    "Task management: an overview",
    "Input validation: check first",
    "Instruction manual: read it",
    "A soup.\n\nIngredients: leeks\n\n### Instructions:\n1. Chop the leeks.",
    "Instructions: shake well",
    "Output is fine",
    "1. Input the data",
    "1. Input validation: check it",
    "Example 1:\nfoo\n\nExample 2:\nbar",
    "示例1\n甲\n示例2\n乙",
    "For Example, a",
    "# Heading\n## Output\nfine",
    "#### Heading",
    "Heading ###",
    "如果输入：3",
    "#hashtag# and #prompt#",
    "[problem] in lower case",
    "a <|b and <input>",
]


@pytest.mark.parametrize(("text", "piece"), LEAKED)
@pytest.mark.parametrize("field", ["instruction", "output"])
def test_what_leaked(text: str, piece: str, field: str) -> None:
    example = Example(text) if field == "instruction" else Example("x", output=text)
    assert Scaffold()(example) == Reject("scaffold", piece, detail=f"in the {field}")


@pytest.mark.parametrize("text", OWN_WORDS)
def test_what_a_text_may_say_itself(text: str) -> None:
    assert Scaffold()(Example(text, output=text)) is None


def test_only_the_fields_count() -> None:
    example = Example("Sum.\nInput: two numbers\nOutput: one", input="### Input:", output="a + b")
    assert Scaffold(fields=("output",))(example) is None
    assert Scaffold(fields=("output", "input"))(example) == Reject("scaffold", "### Input:", detail="in the input")


def test_words_of_ones_own_count_anywhere() -> None:
    check = Scaffold(("given prompt", "a.b"))
    assert check(Example("Like the Given\n Prompt")) == Reject("scaffold", "Given Prompt", detail="in the instruction")
    assert check(Example("Like A.B")) is not None
    assert check(Example("Like acb")) is None
    assert check(Example("Input: x")) is not None


@pytest.mark.parametrize(
    "make",
    [
        lambda: Scaffold("x"),  # type: ignore[arg-type]
        lambda: Scaffold(("",)),
        lambda: Scaffold(fields=("x",)),  # type: ignore[arg-type]
    ],
)
def test_mistakes_in_a_recipe_are_named(make: object) -> None:
    assert callable(make)
    with pytest.raises(RecipeError, match=r"it is a tuple of which each is"):
        make()


@given(st.sampled_from([text for text, _ in LEAKED if "```" not in text]), st.sampled_from(["```", "~~~", "````"]))
def test_nothing_leaks_from_code(text: str, fence: str) -> None:
    assert Scaffold()(Example("x", output=f"Like this:\n{fence}text\n{text}\n{fence}\nDone.")) is None
    assert Scaffold()(Example("x", output=f"```\ny\n```\n{text}")) is not None


# ---------------------------------------------------------------- where code is


@pytest.mark.parametrize(
    ("text", "prose", "fence_is_open"),
    [
        ("no code", "no code", False),
        ("a `b` c ``d ` e``", f"a {CODE} c ``d ` e``", False),
        ("a\n```py\nb\n```\nc", f"a\n{CODE}\nc", False),
        ("a\n```py\nb", f"a\n{CODE}", True),
        ("```\n~~~\n```\nc", f"{CODE}\nc", False),
        ("````\n```\n````\nc", f"{CODE}\nc", False),
        ("```md\n```py\nb\n```\n```\nc", f"{CODE}\nc", False),
        ("```inline``` and more", f"{CODE} and more", False),
        ("a ``` b", "a ``` b", False),
        ("1. a\n   ```\n   b\n   ```\n2. c", f"1. a\n{CODE}\n2. c", False),
    ],
)
def test_code_is_taken_out(text: str, prose: str, fence_is_open: bool) -> None:
    assert without_code(text) == (prose, fence_is_open)
