"""What tells a failed evolution from a good one: the four elimination rules, the reader of new prompts, and data."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Reject
from instructgen.errors import ParseError, RecipeError
from instructgen.example import Example
from instructgen.filters import CopiedScaffold, OnlyStopWords, ShortApology, Threshold
from instructgen.parsing import DataKind, holds_data, rewritten_prompt, scaffold_labels, verdict
from instructgen.prompts import Prompt
from instructgen.seeds import seeds

KINDS: tuple[DataKind, ...] = ("html", "json", "python", "shell", "sql", "xml")


def answer(text: str) -> Example:
    return Example.root("test", instruction="Say it.", output=text)


def prompt(text: str) -> Example:
    return Example.root("test", instruction=text, output="Done.")


# ---------------------------------------------------------------- the golden rows of the card


@pytest.mark.parametrize(
    ("words", "dropped"),
    [("Sorry, I cannot do that.", True), (("word " * 78) + "sorry", True), (("word " * 79) + "sorry", False)],
)
def test_sorry_in_a_short_answer(words: str, dropped: bool) -> None:
    assert (ShortApology()(answer(words)) is not None) is dropped


def test_sorry_tells_the_words_and_the_limit() -> None:
    assert ShortApology()(answer("I am SORRY about that")) == Reject("sorry", 5, 80)
    assert ShortApology(5)(answer("I am SORRY about that")) is None


@pytest.mark.parametrize(
    ("text", "dropped"),
    [
        ("抱歉，我做不到。", True),
        ("对不起，这个问题没有答案。", True),
        ("很" * 158 + "抱歉", False),
        ("很" * 157 + "抱歉", True),
        ("The word sorrysome is no word.", False),
        ("No apology here.", False),
    ],
)
def test_apologies_in_both_languages(text: str, dropped: bool) -> None:
    assert (ShortApology()(answer(text)) is not None) is dropped


@pytest.mark.parametrize(
    "text", ["the of .", "", " \n", "...", "***", "It is what it is.", "的了。", "我们的，以及它们", "because"]
)
def test_an_answer_that_says_nothing(text: str) -> None:
    reject = OnlyStopWords()(answer(text))
    assert reject is not None
    assert reject.code == "stop_words"


@pytest.mark.parametrize(
    "text", ["No.", "A", "(B)", "42", "😀", "∞", "我们走", "是的，可以", "the end", "Not", "Ω", "None", "C++", "if x"]
)
def test_a_short_answer_that_says_something(text: str) -> None:
    assert OnlyStopWords()(answer(text)) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("#Rewritten Prompt#: Say why.", "Rewritten Prompt"),
        ("Take the Given Prompt and go on.", "Given Prompt"),
        ("take the GIVEN  PROMPT and go on", "GIVEN PROMPT"),
        ("Improve the rewritten_prompt below.", "rewritten_prompt"),
        ("Answer the created\nprompt.", "created prompt"),
        ("请按照改写提示词回答", "改写提示词"),
    ],
)
def test_copied_scaffold(text: str, found: str) -> None:
    assert CopiedScaffold()(prompt(text)) == Reject("scaffold", found, detail="in the instruction")


@pytest.mark.parametrize("text", ["A forgiven prompter", "A prompt given at noon", "Write a prompt.", "提示我一下"])
def test_what_is_not_copied(text: str) -> None:
    assert CopiedScaffold()(prompt(text)) is None


def test_the_rules_look_at_the_right_text() -> None:
    example = Example.root("test", instruction="Sorry, the of.", output="A rewritten prompt is a prompt.")
    for check in (ShortApology(), OnlyStopWords(), CopiedScaffold()):
        assert check(example) is None


def test_no_rule_fires_on_the_seeds() -> None:
    for seed in (*seeds("en"), *seeds("zh")):
        assert OnlyStopWords()(seed) is None, seed.output
        assert CopiedScaffold()(seed) is None, seed.instruction


@pytest.mark.parametrize(
    ("text", "equal"),
    [
        ("相等", True),
        ("不相等。", False),
        ("**不相等**", False),
        ("两者不完全相同", False),
        ("它们并不等同。", False),
        ("答：相等", True),
        ("两者相等，因为要求相同。", True),
        ("<think>要求不同吗？</think>相等", True),
        ("Not equal。", False),
        ("Ｎｏｔ Ｅｑｕａｌ", False),
        ("无法判断两者是否相等", None),
        ("没有不同", True),
        ("好的", None),
    ],
)
def test_verdicts_in_chinese(text: str, equal: bool | None) -> None:
    if equal is None:
        with pytest.raises(ParseError):
            verdict(text)
    else:
        assert verdict(text) is equal


# ---------------------------------------------------------------- a new prompt in a completion


@pytest.mark.parametrize(
    "text",
    [
        "Name three rivers.",
        "  Name three rivers.\n",
        "#Rewritten Prompt#: Name three rivers.",
        "#Rewritten Prompt#:\nName three rivers.",
        "**#Rewritten Prompt#:**\n\nName three rivers.",
        "**Rewritten Prompt:** Name three rivers.",
        "### Rewritten Prompt:\nName three rivers.",
        "#rewritten prompt#\nName three rivers.",
        "Sure! Here is the new prompt:\n\nName three rivers.",
        "Sure, here it is:\n#Rewritten Prompt#:\nName three rivers.",
        "Here is the rewritten prompt:\nName three rivers.",
        "Certainly, here it is:\n\nName three rivers.",
        "好的，下面是改写后的提示词：\nName three rivers.",
        "<think>A harder one.</think>\nName three rivers.",
        '"Name three rivers."',
        "“Name three rivers.”",
        "```\nName three rivers.\n```",
        "Name three rivers.\n\nLet me know if you want it harder!",
    ],
)
def test_a_rewritten_prompt_is_read(text: str) -> None:
    assert rewritten_prompt(text, ["Rewritten Prompt"]) == "Name three rivers."


@pytest.mark.parametrize(
    "text",
    [
        '"Yes" and "no": explain when each is polite.',
        "Fix this:\n```python\nprint(1)\n```",
        "Here is a Python function:\n```python\nprint(1)\n```\nFind the bug in it.",
        "Below is a list of numbers:\n1 2 3\nSum them.",
        "以下是一封邮件：\n你好\n请翻译成英文。",
        "Make this formal:\n\nHi Bob, the report is late.\n\nLet me know if you have any questions.",
        "Sure footing matters in climbing; explain why.",
        "Explain what a rewritten prompt: is.",
        "Repeat after me: #Rewritten Prompt#: go.",
        "**Important:** answer in French. Name three rivers.",
    ],
)
def test_what_belongs_to_the_prompt_stays(text: str) -> None:
    assert rewritten_prompt(text, ["Rewritten Prompt"]) == text


@pytest.mark.parametrize("text", ["", " \n ", "#Rewritten Prompt#:", "...", "<think>It would be"])
def test_no_prompt_is_an_error(text: str) -> None:
    with pytest.raises(ParseError):
        rewritten_prompt(text, ["Rewritten Prompt"])


@given(st.text(max_size=300), st.lists(st.sampled_from(["Rewritten Prompt", "改写提示词", "x"]), max_size=2))
def test_reading_never_fails_otherwise_and_reads_its_own_result(text: str, labels: list[str]) -> None:
    try:
        found = rewritten_prompt(text, labels)
    except ParseError as error:
        assert error.text == text
        return
    assert found
    assert found.strip() == found
    assert found in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_labels_of_the_packaged_prompts(language: str) -> None:
    for name, expected in (("depth", 2), ("breadth", 2), ("complicate_input", 2), ("equality", 0)):
        labels = scaffold_labels(Prompt.load(f"evol_instruct/{name}", language=language).text)
        assert len(labels) == expected
        assert all(CopiedScaffold()(prompt(f"Say {label}!")) for label in labels)


# ---------------------------------------------------------------- data in a prompt


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_demonstration_shows_its_data(kind: DataKind, language: str) -> None:
    text = Prompt.load(f"evol_instruct/formats/{kind}", language=language).render()
    before, _, after = text.partition("\n\n")
    assert holds_data(after, kind)
    assert not holds_data(before, kind)


@pytest.mark.parametrize(
    "text",
    [
        "Select three books from the list, and insert them into the table.",
        "Use the attached JSON file {name} and the array [1, 2].",
        "If x < 3 and y > 4, which is larger? Cost: $5 a piece.",
        "Write Python code that reads a CSV file. Return the sum.",
        "Explain the <b> tag, and what $ means in a shell.",
        "The ratio a = b holds.\nImport is forbidden.",
        "See the table above | below.",
        "",
    ],
)
def test_a_mention_is_no_data(text: str) -> None:
    assert [kind for kind in KINDS if holds_data(text, kind)] == []


@given(st.dictionaries(st.text(min_size=1), st.integers() | st.text(), min_size=1), st.text(max_size=20))
def test_any_object_is_json_data(value: dict[str, Any], around: str) -> None:
    text = around.replace("{", "(").replace("[", "(")
    assert holds_data(f"{text}\n{json.dumps(value)}\n{text}", "json")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "piece", ["[{", "<a><", "select a ", "| a |\n", "x = 1\n", "$ ls\n", "```\n", "</a>", "{" * 300, "  "]
)
def test_hostile_texts_take_linear_time(kind: DataKind, piece: str) -> None:
    # A quadratic reader would be at it for minutes.
    assert holds_data(piece * 20_000, kind) in (True, False)


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(RecipeError, match="yaml"):
        holds_data("a: b", "yaml")  # type: ignore[arg-type]


# ---------------------------------------------------------------- a bar on a score


@pytest.mark.parametrize(
    ("value", "expected"),
    [(5.0, None), (9.0, None), (4.5, Reject("difficulty", 4.5, 5)), (9.5, Reject("difficulty", 9.5, 9))],
)
def test_threshold(value: float, expected: Reject | None) -> None:
    example = Example.root("test", instruction="Go.", scores={"difficulty": value})
    assert Threshold("difficulty", 5, 9)(example) == expected
    assert Threshold("gain", 1)(example) == Reject("no_score", detail="gain")


@pytest.mark.parametrize("arguments", [("x",), ("x", 3, 2), ("", 1)])
def test_a_threshold_without_a_bar_is_refused(arguments: tuple[Any, ...]) -> None:
    with pytest.raises(RecipeError):
        Threshold(*arguments)


@pytest.mark.parametrize(
    "make",
    [lambda: ShortApology(0), lambda: CopiedScaffold(("",)), lambda: OnlyStopWords("title")],  # type: ignore[arg-type]
)
def test_wrong_parameters_are_refused(make: Any) -> None:
    with pytest.raises(RecipeError):
        make()
