"""The readers of instances and of yes-or-no answers: golden rows, what chat models write, round trips, hostile text."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from instructgen.errors import ParseError, RecipeError
from instructgen.parsing import Instance, input_first, output_first, yes_no

Pairs = list[tuple[str, str]]


def pairs(found: list[Instance]) -> Pairs:
    return [(one.input, one.output) for one in found]


# ---------------------------------------------------------------- card 1, in its corrected form; rejects come later


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Example 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d", [("a", "b"), ("c", "d")]),
        ("Output: just an answer", [("", "just an answer")]),
        ("Example 1\nInput: a\nOutput: b\nExample 2\nInput: a\nOutput: c", [("a", "b"), ("a", "c")]),
        ("Example 1\nInput: a\nOutput: b\nExample 2\nInput: a\nOutput: b", [("a", "b"), ("a", "b")]),
        ("Example 1\nOutput: b\nExample 2\nOutput: c", [("", "b"), ("", "c")]),
        ("Input: b\nOutput: b", [("b", "b")]),
        ("Input: b\nOutput: list:", [("b", "list:")]),
        ("Input: text:\nOutput: z", [("text:", "z")]),
        ("Input: a\nOutput:", [("a", "")]),
        ("Input 1: x\nOutput 1: y\nInput 2: z\nOutput 2: w", [("x", "y")]),
        # The original splits this in two.
        ("Input: For Example, a\nOutput: b", [("For Example, a", "b")]),
        ("Example 1\nInput: an Example 2 of it\nOutput: b", [("an Example 2 of it", "b")]),
        ("Example 1\na\nExample 2\nb", [("", "a"), ("", "b")]),
        ("Example 1\nInput: a\nOutput: b\nInput: c", [("a", "b")]),
    ],
)
def test_input_first(text: str, expected: Pairs) -> None:
    assert pairs(input_first(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Class label: Positive\nText: good day\nClass label: Negative\nText: bad",
            [("Text: good day", "Positive"), ("Text: bad", "Negative")],
        ),
        ("Class label: (a)\nClass label: (b)", [("", "(a)"), ("", "(b)")]),
        ("Class label: A\nText: x\nClass label: B\nText: x", [("Text: x", "A"), ("Text: x", "B")]),
        ("Class label: A\nFirst: x\nSecond: y\n", [("First: x\nSecond: y", "A")]),
        ("Class label: A\nThe class label: it is B.", [("The class label: it is B.", "A")]),
        ("Class label: A\nNone", [("", "A")]),
    ],
)
def test_output_first(text: str, expected: Pairs) -> None:
    assert pairs(output_first(text)) == expected


@pytest.mark.parametrize("reader", [input_first, output_first])
@pytest.mark.parametrize(
    "text", ["", "just an answer", "I cannot help with that.", "<think>Output: a\nClass label: b", "Input: a"]
)
def test_a_text_without_instances_raises_with_the_text(reader: Callable[[str], object], text: str) -> None:
    with pytest.raises(ParseError) as caught:
        reader(text)
    assert caught.value.text == text


@pytest.mark.parametrize("text", ["Example 1", "Example 1\n", "Example 1\nExample 2\n\n", "**Example 1:**\n\n"])
def test_marks_with_nothing_in_them_are_no_instances(text: str) -> None:
    with pytest.raises(ParseError):
        input_first(text)


@pytest.mark.parametrize("reader", [input_first, output_first])
def test_an_unknown_language_is_refused(reader: Callable[..., object]) -> None:
    with pytest.raises(RecipeError, match="'de'"):
        reader("Output: a", language="de")
    with pytest.raises(ParseError):
        reader("Output: a\nClass label: b", language="zh")


# ---------------------------------------------------------------- what chat models write

TWO = [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("**Example 1**\n**Input:** a\n**Output:** b\n\n**Example 2**\n**Input:** c\n**Output:** d", TWO),
        ("### Example 1\n\nInput: a\n\nOutput: b\n\n### Example 2\n\nInput: c\n\nOutput: d\n", TWO),
        ("## Example 1:\n- **Input**: a\n- **Output**: b\n\n## Example 2:\n- **Input**: c\n- **Output**: d", TWO),
        ("Example 1:\nInput:\na\nOutput:\nb\nExample 2:\nInput:\nc\nOutput:\nd", TWO),
        ("example 1\ninput: a\noutput: b\nEXAMPLE 2\nINPUT: c\nOUTPUT: d", TWO),
        ("Example 1.\nInput：a\nOutput：b\nExample 2.\nInput：c\nOutput：d", TWO),
        ("Example 1: Input: a\nOutput: b\nExample 2: Input: c\nOutput: d", TWO),
        ("Example\nInput: a\nOutput: b\nExample\nInput: c\nOutput: d", TWO),
        ("> Example 1\n> Input: a\n> Output: b", [("a", "b")]),
        ("Example 1\r\nInput: a\r\nOutput: b\r\nExample 2\r\nInput: c\r\nOutput: d\r\n", TWO),
        ("Sure! Here are some examples:\n\nExample 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d", TWO),
        ("Here is one:\n\nInput: a\nOutput: b", [("a", "b")]),
        ("<think>Example 1\nInput: q\nOutput: r</think>\n\nExample 1\nInput: a\nOutput: b", [("a", "b")]),
        ("Example 1 would be good.\n</think>\nExample 1\nInput: a\nOutput: b", [("a", "b")]),
        ("Example 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d\n\nTask: Next one.\nOutput: z", TWO),
        ("Output: b\n\n**Task:** Next one.\nExample 1\nOutput: z", [("", "b")]),
        ("Example 1\nInput: None\nOutput: b\nExample 2\nInput: <noinput>\nOutput: d", [("", "b"), ("", "d")]),
        ("Output: **bold** start", [("", "**bold** start")]),
        ("**Output: b**", [("", "b")]),
        ("Output:\n- x\n- y", [("", "- x\n- y")]),
        ("Output:\n    code()\n", [("", "    code()")]),
        ("Output: ```python\nx = 1\n```", [("", "```python\nx = 1\n```")]),
        ("Example 1\nInput:\n```\na\n```\nOutput:\n```\nb\n```", [("```\na\n```", "```\nb\n```")]),
        # A line between the examples, and a fence about all of them, belong to none.
        ("Example 1\nInput: a\nOutput: b\n\n---\n\nExample 2\nInput: c\nOutput: d\n\n---", TWO),
        ("```\nExample 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d\n```", TWO),
    ],
)
def test_decorated_instances(text: str, expected: Pairs) -> None:
    assert pairs(input_first(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "**Class label:** P\nText: a\n\n**Class label:** N\nText: b",
        "**Class label: P**\nText: a\n\n**Class label: N**\nText: b",
        "### Class label: P\n\nText: a\n\n### Class label: N\n\nText: b\n",
        "Class Label: P\nText: a\nCLASS LABEL: N\nText: b",
        "Class label 1: P\nText: a\nClass label 2: N\nText: b",
        "Class label： P\nText: a\nClass label：N\nText: b",
        "- Class label: P\nText: a\n- Class label: N\nText: b",
        "Here are the labels:\n\nClass label: P\nText: a\nClass label: N\nText: b",
        "<think>Class label: X</think>Class label: P\nText: a\nClass label: N\nText: b",
        "Class label: P\nText: a\nClass label: N\nText: b\n\nTask: Next one.\nClass label: Z",
        "Class label: P\nText: a\n\n---\n\nClass label: N\nText: b\n\n---",
        "```\nClass label: P\nText: a\nClass label: N\nText: b\n```",
        "Example 1\nClass label: P\nText: a\nExample 2\nClass label: N\nText: b",
    ],
)
def test_decorated_class_labels(text: str) -> None:
    assert pairs(output_first(text)) == [("Text: a", "P"), ("Text: b", "N")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("示例 1\n输入：a\n输出：b\n示例 2\n输入：c\n输出：d", TWO),
        ("示例1：\n输入: a\n输出: b\n示例2：\n输入: c\n输出: d", TWO),
        ("好的，以下是示例：\n\n### 示例 1\n- 输入：a\n- 输出：b\n\n### 示例 2\n- 输入：c\n- 输出：d", TWO),
        ("**示例 1**\n**输入：** a\n**输出：** b\n\n**示例 2**\n**输入**：c\n**输出**：d", TWO),
        ("例子 1\n输入：a\n输出：b\n例子 2\n输入：c\n输出：d", TWO),
        ("示例一\n输入：a\n输出：b\n示例二\n输入：c\n输出：d", TWO),
        ("输出：举个例子，示例 1 就是这样。", [("", "举个例子，示例 1 就是这样。")]),
        ("输入：无\n输出：b", [("", "b")]),
        ("示例 1\n输入：a\n输出：b\n\n任务：下一个\n输出：c", [("a", "b")]),
        ("<think>\n输出：不对\n</think>\n\n输出：b", [("", "b")]),
    ],
)
def test_chinese_instances(text: str, expected: Pairs) -> None:
    assert pairs(input_first(text, language="zh")) == expected


@pytest.mark.parametrize(
    "text",
    [
        "类别标签：好评\n味道不错\n类别标签：差评\n菜是冷的",
        "**类别标签：** 好评\n味道不错\n\n**类别标签：** 差评\n菜是冷的",
        "类别标签: 好评\n味道不错\n类别标签: 差评\n菜是冷的\n\n任务：下一个\n类别标签：好",
        "分类标签：好评\n味道不错\n分类标签：差评\n菜是冷的",
        "类别：好评\n味道不错\n类别：差评\n菜是冷的",
        "标签：好评\n味道不错\n标签：差评\n菜是冷的",
        "类别标签：好评\n味道不错\n\n---\n\n类别标签：差评\n菜是冷的",
    ],
)
def test_chinese_class_labels(text: str) -> None:
    assert pairs(output_first(text, language="zh")) == [("味道不错", "好评"), ("菜是冷的", "差评")]


@pytest.mark.parametrize(
    ("reader", "language", "text"),
    [
        (input_first, "en", "1. Input: a\n   Output: b\n2. Input: c\n   Output: d"),
        (input_first, "en", "* Input: a\n* Output: b\n* Input: c\n* Output: d"),
        (input_first, "en", "• Input: a\n• Output: b"),
        (input_first, "en", "Example 1\n1. Input: a\n2. Output: b"),
        (input_first, "en", "Example 1 – short\nInput: a\nOutput: b\nExample 2 – long\nInput: c\nOutput: d"),
        (input_first, "zh", "【输入】a\n【输出】b"),
        (input_first, "zh", "1. 输入：a\n   输出：b\n2. 输入：c\n   输出：d"),
        (output_first, "en", "1. Class label: P\n   Text: a\n2. Class label: N\n   Text: b"),
        (output_first, "en", "* Class label: P\n  Text: a\n* Class label: N\n  Text: b"),
        (output_first, "zh", "1. 类别标签：好评\n味道不错\n2. 类别标签：差评\n菜是冷的"),
    ],
)
def test_what_is_not_understood_leaves_no_label_in_an_instance(
    reader: Callable[..., list[Instance]], language: str, text: str
) -> None:
    # An instance that holds the label of the next one would teach a model to write labels.
    try:
        found = reader(text, language=language)
    except ParseError:
        return
    for one in found:
        assert not re.search("(?i)input|output|example|class label|输入|输出|类别", f"{one.input}\n{one.output}"), one


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Output: Like this:\n```\nInput: 3\nOutput: 9\nExample 2\n```\nDone.",
            [("", "Like this:\n```\nInput: 3\nOutput: 9\nExample 2\n```\nDone.")],
        ),
        (
            "Example 1\nInput:\n```\nOutput: 3\n```\nOutput: b\nExample 2\nInput: c\nOutput: d",
            [("```\nOutput: 3\n```", "b"), ("c", "d")],
        ),
        # An example, and only that, may stand in a block.
        ("**Example 1**\n```\nInput: a\nOutput: b\n```\n**Example 2**\n```\nInput: c\nOutput: d\n```", TWO),
        ("* **Input:** a\n* **Output:** b", [("a", "b")]),
        (
            "**Example 1:**\n\n*   **Input:** a\n*   **Output:** b\n\n"
            "**Example 2:**\n\n*   **Input:** c\n*   **Output:** d",
            TWO,
        ),
        ("Example (1)\nInput: a\nOutput: b\nExample (2)\nInput: c\nOutput: d", TWO),
        ("Input: a\nOutput: b\nExample 2\nInput: c\nOutput: d", TWO),
        (
            "Output: Two ways.\n\nExample 1: walk\nExample 2: run",
            [("", "Two ways.\n\nExample 1: walk\nExample 2: run")],
        ),
        ("Sure! Here is the poem:\n\nOutput: b", [("", "b")]),
        ("No input is needed for this task.\n\nOutput: b", [("", "b")]),
        ("Example 1\nInput: a\nOutput: b\n\nThese examples cover all cases.", [("a", "b")]),
    ],
)
def test_code_and_chatter_around_instances(text: str, expected: Pairs) -> None:
    assert pairs(input_first(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "示例（1）\n输入：a\n输出：b\n示例（2）\n输入：c\n输出：d",
        "【示例 1】\n输入：a\n输出：b\n【示例2】\n输入：c\n输出：d",
    ],
)
def test_brackets_around_the_number_of_an_example(text: str) -> None:
    assert pairs(input_first(text, language="zh")) == TWO


@pytest.mark.parametrize("label", ["**Positive**", "*Positive*", "***Positive***"])
def test_emphasis_around_a_whole_label_goes(label: str) -> None:
    text = f"Class label: {label}\nText: a\n**Class label:** {label}\nText: b"
    assert pairs(output_first(text)) == [("Text: a", "Positive"), ("Text: b", "Positive")]


@pytest.mark.parametrize("label", ["**A** or **B**", "2 * 3", "__init__", "*args", "**"])
def test_emphasis_within_a_label_stays(label: str) -> None:
    assert pairs(output_first(f"Class label: {label}\nText: a")) == [("Text: a", label)]


def test_class_labels_in_code_are_code() -> None:
    text = (
        "Class label: bug\n```\nClass label: x\nOutput: y\n```\n"
        "Class label: none\nInput: see\n```\nOutput: z\nExample 1\n```"
    )
    assert pairs(output_first(text)) == [
        ("```\nClass label: x\nOutput: y\n```", "bug"),
        ("see\n```\nOutput: z\nExample 1\n```", "none"),
    ]


# ---------------------------------------------------------------- yes or no


@pytest.mark.parametrize(
    "text",
    [
        *["Yes", "yes", "YES", " Yes\n", "Yes.", "**Yes**", "**Yes.**", "*yes*", "__Yes__", "`Yes`", '"Yes"', "“Yes.”"],
        *["Yes, it is.", "Yes - two labels.", "Yes — the labels are known.", "Yes: it has labels", "Yes\n\nNo input."],
        *["Answer: Yes", "**Answer:** Yes", "**Answer: Yes**", "Classification: Yes", "Is it classification? Yes"],
        *["Is it classification? **Yes**", "### Yes", "> Yes", "- Yes", "(Yes)", "\n\nYes", "True", "Yes！"],
        *["<think>No, surely not.</think>Yes", "<think>\nno\n</think>\n\n**Yes**", "Hm, no.\n</think>\nYes"],
        *["是", "是。", "是的", "是的。", "**是**", "“是”", "答案：是", "**答案：** 是"],
        *["是分类任务吗？是", "回答: 是"],
        *["是，标签是固定的。", "是的，这是分类任务。", "对", "对。", "属于", "对的。"],
        *["The answer is Yes", "The answer is **Yes**.", "My final answer is: yes", "Y", "y.", "**Y**"],
        *["This is a classification task.", "It's classification", "This task is a binary classification task."],
        *["是分类任务", "这是分类任务。", "这是一个分类任务", "该任务属于分类任务。", "答案是“是”。"],
    ],
)
def test_yes(text: str) -> None:
    assert yes_no(text) is True


@pytest.mark.parametrize(
    "text",
    [
        *["No", "no", "NO", " No\n", "No.", "**No**", "**No.**", "*no*", "__No__", "`No`", '"No"', "“No.”"],
        *["No, it isn't.", "No - anything may be right.", "No, yes would be wrong.", "No: open-ended", "No\n\nYes."],
        *["Answer: No", "**Answer:** No", "**Answer: No**", "Is it classification? No", "### No", "> No", "(No)"],
        *["<think>Yes?</think>No", "Yes, or rather\n</think>\nNo", "False", "Not a classification task."],
        *["否", "否。", "**否**", "“否”", "不是", "不是。", "不是分类任务。", "答案：否", "**答案：** 不是"],
        *["是分类任务吗？否", "否，答案是开放的。", "不属于", "不对", "不", "不是的。"],
        *["Answer: **No**.", "The answer is no.", "The correct answer would be **No**", "N", "n.", "**N**"],
        *["This is not a classification task.", "It isn't classification.", "This task is not classification"],
        *[
            "不是分类任务",
            "这不是分类任务。",
            "这不是一个分类任务",
            "该任务不属于分类任务。",
            "这并不是分类任务",
            "答案是否",
        ],
    ],
)
def test_no(text: str) -> None:
    assert yes_no(text) is False


@pytest.mark.parametrize(
    "text",
    [
        *["", " \n", "maybe", "It depends.", "Yesterday", "None", "Nope-ish", "Note that it varies", "Nothing", "Noun"],
        *["I cannot help with that.", "I'm sorry, but no answer fits.", "Task: sort the list", "<think>Yes", "***"],
        *["?"],
        # Neither is a decision, though both begin like one.
        *["Yes or no", "Yes/No", "Yes and no", "Yes or No?", "Not sure.", "Not certain", "No idea"],
        *["Not enough context"],
        *["是否", "是或否", "是不是分类任务很难说", "对不起，我无法回答这个问题。", "对于这个任务，很难判断。"],
        *[
            "I do not know",
            "I don't know.",
            "Not sure",
            "N/A",
            "n't",
            "Y/N",
            "Y or N",
            "No doubt it varies",
            "No clear answer",
        ],
        *["The answer is not clear", "The answer is unknown", "This is a generation task.", "Yes or not, that depends"],
        *["It is unclear whether this is a classification task", "This is a classification task?", "It is not."],
        *["这是不是分类任务很难说", "这是分类任务吗？", "答案是否定还是肯定不清楚", "不是很确定", "这是写作任务"],
        *["不确定", "不确定。", "不知道", "不好说", "不一定", "不清楚", "也许", "未知", "否则会出错", "无法判断"],
    ],
)
def test_anything_else_is_neither(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        yes_no(text)
    assert caught.value.text == text


_FRAMES = [
    *["{}", "**{}**", "{}.", "\n{}\n", "Answer: {}"],
    *["**Answer:** {}", "“{}”", "<think>so</think>\n{}", "{}。", "({})"],
]


@given(
    word=st.sampled_from([("yes", True), ("no", False), ("是", True), ("否", False), ("不是", False)]),
    frame=st.sampled_from(_FRAMES),
    rest=st.text(),
)
def test_what_follows_a_decision_changes_nothing(word: tuple[str, bool], frame: str, rest: str) -> None:
    text = f"{frame.format(word[0])}\n{rest}"
    if "</" not in rest:
        assert yes_no(text) is word[1]


# ---------------------------------------------------------------- round trips

_SCAFFOLD = re.compile(
    r"(?i)example|input|output|task|label|输入|输出|任务|示例|例子|样例|标签|类别|```|~~~|<|none|n/a|applicable|无|不需要|没有"
)
_MARKDOWN = st.lists(
    st.sampled_from(["\n", " ", "# ", "##", "*", "**", "_", "- ", "1. ", "2) ", "---", ":", "：", "(", "word", "词"])
)
_LABELS = {"en": ("Example", "Input", "Output", "Class label"), "zh": ("示例", "输入", "输出", "类别标签")}


def _is_phrase(text: str) -> bool:
    last = text.split("\n")[-1].strip()
    return bool(text) and not _SCAFFOLD.search(text) and set(last) not in map(set, "#-*=")


_PHRASE = (st.text() | _MARKDOWN.map("".join)).map(str.strip).filter(_is_phrase)
_LINE = _PHRASE.filter(lambda text: "\n" not in text and "\r" not in text)
_LABEL = _LINE.filter(lambda text: not re.fullmatch(r"(\*{1,3})[^*]+\1", text))
_PAIR = st.tuples(_PHRASE | st.just(""), _PHRASE)
_PAIRS = st.lists(_PAIR, min_size=1, max_size=5)


@given(written=_PAIRS, language=st.sampled_from(sorted(_LABELS)))
def test_instances_are_read_back(written: Pairs, language: str) -> None:
    example, given, output, _ = _LABELS[language]
    texts = [(f"{given}: {left}\n" if left else "") + f"{output}: {right}\n" for left, right in written]
    numbered = "".join(f"{example} {number}\n{text}" for number, text in enumerate(texts, 1))
    assert pairs(input_first(numbered, language=language)) == written
    assert pairs(input_first(texts[0], language=language)) == written[:1]
    below = [f"{given}:\n{left}\n{output}:\n{right}\n" for left, right in written]
    numbered = "".join(f"{example} {number}:\n{text}" for number, text in enumerate(below, 1))
    assert pairs(input_first(numbered, language=language)) == written


@given(
    written=st.lists(st.tuples(_PHRASE | st.just(""), _LABEL), min_size=1, max_size=5),
    language=st.sampled_from(["en", "zh"]),
)
def test_class_labels_are_read_back(written: Pairs, language: str) -> None:
    label = _LABELS[language][3]
    text = "".join(f"{label}: {right}\n{left}\n" for left, right in written)
    assert pairs(output_first(text, language=language)) == written


# ---------------------------------------------------------------- hostile text

READERS: dict[str, Callable[[str], object]] = {
    "input_first": input_first,
    "input_first_chinese": lambda text: input_first(text, language="zh"),
    "output_first": output_first,
    "output_first_chinese": lambda text: output_first(text, language="zh"),
    "yes_no": yes_no,
}
_PIECES = [
    *list("#*_`>12１.、)(（:：-?？"),
    *["###", "---", "**", "9999", "Example", "Example 1", "Input", "Output", "Class label", "Task", "Output:"],
    *["Input 1:"],
    *[
        "示例",
        "输入",
        "输出：",
        "类别标签：",
        "任务：",
        "yes",
        "no",
        "not",
        "是",
        "不",
        "word",
        "None",
        "```",
        "<think>",
        "</think>",
    ],
    *["\n", "\r\n", " ", "\t", "\u3000"] * 4,
]


@pytest.mark.parametrize("reader", READERS.values(), ids=READERS.keys())
@settings(max_examples=150, deadline=None)
@given(text=st.text() | st.lists(st.sampled_from(_PIECES), max_size=40).map("".join))
def test_readers_raise_nothing_but_parse_errors(reader: Callable[[str], object], text: str) -> None:
    try:
        first = reader(text)
    except ParseError as error:
        assert error.text == text
        return
    assert reader(text) == first
    assert first is not None and first != []


LONG = {
    "examples": "Example 1\n" * 20_000,
    "empty_examples": "Example\n" * 25_000,
    "pairs": "Example 1\nInput: a\nOutput: b\n" * 7_000,
    "outputs": "Output:\n" * 25_000,
    "inputs": "Input:" * 33_000 + "\nOutput: a",
    "labels": "Class label:\n" * 15_000,
    "one_line": "Class label: " * 15_000,
    "tasks": "Task:\n" * 33_000,
    "words": "Example " * 25_000,
    "spaces": "Example" + " " * 200_000 + "\nOutput" + " " * 200_000 + ":",
    "digits": "Example " + "1" * 200_000 + "\nOutput 1" + "1" * 200_000 + ":",
    "newlines": "\n" * 200_000 + "yes",
    "carriage": "Example 1" + "\r" * 200_000,
    "stars": "*" * 200_000 + "Yes",
    "hashes": "#" * 200_000 + " Output: a",
    "questions": "yes?" * 50_000,
    "colons": "no:" * 66_000,
    "thoughts": "<think></think>" * 14_000,
    "closing_tags": "</think> " * 22_000,
    "fences": "```\n" * 50_000 + "Output: a",
    "fenced_outputs": "Output: a\n" + "```\nInput: b\n```\n" * 10_000,
    "answers": "the final " * 20_000 + "answer is" + " " * 200_000 + "yes",
    "sentences": "this is " * 25_000 + "classification",
    "letters": "y" + "?" * 200_000,
    "separators": "Output: a\n" + "---\n" * 50_000,
    "chinese": "示例 1\n输入：a\n输出：b\n类别标签：\n" * 6_000,
    "nots": "不" * 200_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
def test_long_texts_are_read_in_linear_time(text: str) -> None:
    # A quadratic reader would be at it for minutes, an exponential one for ever.
    for reader in READERS.values():
        try:
            assert reader(text) is not None
        except ParseError as error:
            assert error.text == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # A heading of the output is no mark of an instance.
        (
            "Output: A metaphor says it is.\n\nExample:\nTime is a thief.",
            [("", "A metaphor says it is.\n\nExample:\nTime is a thief.")],
        ),
        # An input without an output of the language leaves nothing to train on.
        ("Example 1\nInput: a\nAnswer: b", [("Input: a\nAnswer: b", "")]),
        # Only an input label ends an output.
        ("Output: Step 1\nOutput: z", [("", "Step 1\nOutput: z")]),
        ("Example 1\nInput: a\nOutput: b\n\nLet me know if you need more!", [("a", "b")]),
    ],
)
def test_what_is_no_label_stays_text(text: str, expected: Pairs) -> None:
    assert pairs(input_first(text)) == expected


def test_an_input_in_the_other_language_has_no_output() -> None:
    assert pairs(input_first("示例1\nInput: 甲\nOutput: 乙", language="zh")) == [("Input: 甲\nOutput: 乙", "")]


def test_labels_within_a_class_are_taken_off() -> None:
    text = "Class label: Positive\nInput: great\nOutput: Positive\nClass label: Negative\nInput: bad"
    assert pairs(output_first(text)) == [("great", "Positive"), ("bad", "Negative")]
