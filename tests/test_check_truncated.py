"""Texts that visibly break off, and whole texts that end in strange ways."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters import Truncated
from instructgen.filters.truncated import Sign

BROKEN_OFF: list[tuple[str, Sign]] = [
    ("The three largest are Tokyo, Delhi,", "comma"),
    ("首先，", "comma"),
    ("这三个城市是东京、德里、", "comma"),
    ('{"a": 1,', "comma"),
    ("Apples,\npears and\nplums,", "comma"),
    ("Here is the list:", "colon"),
    ("Here is step 3:", "colon"),
    ("步骤如下：", "colon"),
    ("**Ingredients:**", "colon"),
    ("def f(x):", "colon"),
    ("Pros:\n- cheap\nCons:", "colon"),
    ("The answer was inter-", "hyphen"),
    ("He was born in Paris (in the", "bracket"),
    ("他出生于（法国", "bracket"),
    ("Novels: 《红楼梦", "bracket"),
    ("他说「我会", "bracket"),
    ("1) foo (bar\n2) baz (qux", "bracket"),
    ("foo(1, [2, 3", "bracket"),
    ("[1, 2, 3", "bracket"),
    ("if (x) {", "bracket"),
    ('She said, "I will', "quote"),
    ("She said, “I will", "quote"),
    ("他说：“我会", "quote"),
    ("Code:\n```python\nprint(1)", "fence"),
    ("~~~\nx", "fence"),
    ("````\n```\nx\n```", "fence"),
    ("```md\n```sh\nx\n```", "fence"),
    ("1. One\n2. Two\n3.", "item"),
    ("1. One\n2. Two\n**3.**", "item"),
    ("1. One\n\n2. Two\n\n3. ", "item"),
    ("1、苹果\n2、梨\n3、", "item"),
    ("（一）苹果\n（二）梨\n（三）", "item"),
    ("a) x\nb) y\nc)", "item"),
    ("- a\n- b\n-", "item"),
]

WHOLE = {
    "a single word": ["Yes", "你好", "42.", "3.", "A-", "Cl-", "C:", "un-", "positive"],
    "no letters": ["(", "{", "---", "-", ":", ",", "：", "“", "```", "* * *", "¯\\_(-)_/¯"],
    "emoticons": [
        "Hello :(", "Hello:(", "sad :-(", "so sad D:", "so sad (:", "tired -_-", "(:", "All good :smile:", "Oh no =(",
    ],
    "addresses": [
        "https://en.wikipedia.org/wiki/Foo_(bar)", "See https://example.org/c", "It begins with http://", "fe80::",
        "Ask https://example.org/a-b:",
    ],
    "JSON": ['{"a": [1, 2]}', '{\n  "a": "(",\n  "b": [\n    ":"\n  ]\n}', "[]x"],
    "tables": [
        "| a | b |\n|---|---|\n| 1 | 2 |", "a | b\n:-: | :-:", "a,b,c\n1,2,", "name,age,\nAnn,3,\nBob,4,",
    ],
    "lists": [
        "apples,\nbananas,\noranges,", "un-, re- and dis-",
        "a) one\nb) two", "1）苹果\n2）梨", "1. One\n2. Two\n3. Three",
        "- a\n- b\n---", "1. a\n2. b\n\n3. c (d)", "The answer is\n12.",
    ],
    "poems": [
        "Roses are red\nViolets are blue", "line one\nline two\n\n*", "“Yes.”\n\n“No.”", "床前明月光，\n疑是地上霜。",
    ],
    "letters": ["Dear Anna,\n\nthank you.\n\nBest wishes,", "See you there.\n\nKind regards,"],
    "quotations": [
        'He said "yes"', "“你好”", "„Hallo“ sagte er", "5'10\" tall", "It's the dogs' (big) house", "“Straight\"",
        '"a" and "b"',
        "He's (a friend, that's) fine and that's (x)", "《红楼梦》",
    ],
    "code": [
        "```\nf(\n```", "Use `f(` here", "Call `f:`", "print(\"(\")", "x = '('", "for (;;) {\n}",
        "int main() {\n\n  f();\n}",
        "<div>\n</div>", "if (a) {b} else {c}", "^[^(]*$", r"\(a+b\)", "services:\n  a:\n    image: x\nvolumes:\n  db:",
        "```markdown\n# A\n```python\nx\n```\nend\n```", "````\n```\n````", "~~~\n```\n~~~", "    ```\n    x\n    ```",
    ],
    "mathematics": ["[0, 1)", "]0, 1[", r"\left[0, 1\right)", "x^2 + (y - 1)^2 = 4", "f: (0, 1) -> R"],
    "no full stop": ["The capital of France is Paris", "巴黎是法国的首都", "And then she left...", "But I thought—"],
}  # fmt: skip


@pytest.mark.parametrize(("text", "sign"), BROKEN_OFF)
def test_what_breaks_off(text: str, sign: Sign) -> None:
    reject = Truncated()(Example("x", output=text))
    assert reject is not None
    assert (reject.code, reject.value) == ("truncated", sign)
    assert Truncated(signs=(sign,))(Example("x", output=text)) == reject


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in WHOLE.items() for text in texts])
def test_what_is_whole(kind: str, text: str) -> None:
    assert Truncated()(Example("x", output=text)) is None, kind


def test_it_says_where() -> None:
    reject = Truncated(field="instruction")(Example("Sort these\n  words:"))
    assert reject == Reject("truncated", "colon", detail="the instruction ends: Sort these words:")


def test_self_instructs_rule_alone() -> None:
    check = Truncated(signs=("colon",))
    assert check(Example("x", output="list:")) is not None
    assert check(Example("x", output="one, two,")) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: Truncated(signs=("dash",)),  # type: ignore[arg-type]
        lambda: Truncated(signs="comma"),  # type: ignore[arg-type]
        lambda: Truncated("x"),  # type: ignore[arg-type]
    ],
)
def test_mistakes_in_a_recipe_are_named(make: object) -> None:
    assert callable(make)
    with pytest.raises(RecipeError, match=r"Truncated\((signs|field)=.*it is"):
        make()


# ---------------------------------------------------------------- properties

strings = st.text("ab ([{}]):,-'", max_size=8)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | strings,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(strings, inner, max_size=3),
    max_leaves=8,
)
words = st.text(st.characters(categories=("Lu", "Ll", "Lo", "Nd")), min_size=1, max_size=8)


@given(values, st.sampled_from([None, 2]))
def test_json_in_a_fence_is_whole(value: object, indent: int | None) -> None:
    text = f"Here it is:\n\n```json\n{json.dumps(value, indent=indent)}\n```"
    assert Truncated()(Example("x", output=text)) is None


@given(values, st.sampled_from([None, 2]))
def test_json_without_a_fence_is_whole(value: object, indent: int | None) -> None:
    assert Truncated()(Example("x", output=json.dumps({"value": value}, indent=indent))) is None


@given(st.lists(st.lists(words, min_size=2, max_size=2), min_size=1, max_size=4))
def test_tables_are_whole(rows: list[list[str]]) -> None:
    text = "\n".join(["| a | b |", "|:--|--:|", *(f"| {left} | {right} |" for left, right in rows)])
    assert Truncated()(Example("x", output=text)) is None


@given(
    st.lists(words, min_size=1, max_size=5),
    st.sampled_from(["- {1}", "{0}. {1}", "{0}) {1}", "（{0}）{1}", "{0}、{1}"]),
)
def test_lists_are_whole(items: list[str], layout: str) -> None:
    text = "\n".join(layout.format(number, item) for number, item in enumerate(items, 1))
    assert Truncated()(Example("x", output=text)) is None


@given(st.lists(words, min_size=1, max_size=12).map(" ".join))
def test_words_are_whole_and_an_open_fence_never_is(text: str) -> None:
    assert Truncated()(Example("x", output=text)) is None
    assert Truncated()(Example("x", output=f"{text}\n```\n{text}")) is not None
    assert Truncated()(Example("x", output=f"{text} ({text}")) is not None
