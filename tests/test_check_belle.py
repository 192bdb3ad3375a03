"""BELLE's rules, row by row: lengths in characters, Chinese keywords, and the words that address the model."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters import BELLE_KEYWORDS, BelleLength, Filter, Keywords
from instructgen.parsing.addressing import PHRASES, without_addressing

BELLE = Filter(BelleLength(), Keywords(BELLE_KEYWORDS, ("instruction", "input", "output"), anywhere=True))


@pytest.mark.parametrize(
    ("instruction", "given_input", "expected"),
    [
        ("写首诗", "", "too_short"),
        ("写一首诗", "", None),
        (" 写首诗 ", "", "too_short"),
        ("字" * 99, "x", None),
        ("字" * 100, "x", "too_long"),
        ("字" * 300, "", None),
        ("字" * 300, " \n", None),
        ("例子" + "字" * 147, "x", None),
        ("例子" + "字" * 148, "x", "too_long"),
        ("字" * 147 + "示例", "x", None),
        ("字" * 148 + "示例", "x", "too_long"),
    ],
)
def test_lengths(instruction: str, given_input: str, expected: str | None) -> None:
    reject = BelleLength()(Example(instruction, input=given_input))
    assert (reject.code if reject else None) == expected


def test_a_length_says_what_it_was_compared_with() -> None:
    reject = BelleLength()(Example("例" * 100, input="x"))
    assert reject == Reject("too_long", 100, 99, detail="characters in an instruction with an input")


@pytest.mark.parametrize(
    ("example", "found"),
    [
        (Example("写一首关于春天的诗"), None),
        (Example("描述这个场景", output="请看图片"), "图片"),
        (Example("概括这篇文章", input="见 https://example.org/a"), "http"),
        (Example("介绍GPT的原理"), "gpt"),
        (Example("介绍ChatGPT4的原理"), "chatgpt"),
        (Example("介绍一下", output="由OpenAI开发"), "openai"),
        (Example("画一张柱形图"), "柱形图"),
        (Example("解释地图的比例尺"), None),
    ],
)
def test_keywords_count_in_all_three_texts(example: Example, found: str | None) -> None:
    reject = BELLE.decide(example)
    assert (reject.value if reject else None) == found
    assert reject is None or reject.code == "keyword"


def test_the_word_list_has_the_published_words_and_the_models_name() -> None:
    assert len(set(BELLE_KEYWORDS)) == len(BELLE_KEYWORDS) == 18 + 1
    assert "GPT" in BELLE_KEYWORDS


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("请GPT模型写一首诗", "写一首诗"),
        ("请GPT模型应该写一首诗", "写一首诗"),  # the original, shorter phrases first: 请该写一首诗
        ("让GPT，写一首诗", "写一首诗"),
        ("请让AI助手：写一首诗", "写一首诗"),
        ("请gpt模型写一首诗", "写一首诗"),
        ("阅读下文，让AI总结要点。", "阅读下文，总结要点。"),
        ("阅读下文。\n请AI模型来总结要点。", "阅读下文。\n总结要点。"),
        ("请GPT，请GPT写一首诗", "写一首诗"),
        ("请写一首诗", "请写一首诗"),
        ("邀请AI专家演讲", "邀请AI专家演讲"),
        ("让AI技术服务生活的三个例子", "让AI技术服务生活的三个例子"),
        ("请AI助手技术员回答", "请AI助手技术员回答"),
        ("请GPT-4写一首诗", "请GPT-4写一首诗"),  # for the keywords to reject
        ("介绍GPT的原理", "介绍GPT的原理"),
        ("Ask nicely", "Ask nicely"),
        ("请GPT", ""),
    ],
)
def test_words_that_address_the_model_are_deleted(text: str, left: str) -> None:
    assert without_addressing(text) == left


def test_the_longest_phrase_comes_first() -> None:
    assert list(PHRASES) == sorted(PHRASES, key=len, reverse=True)
    assert len(PHRASES) == len(set(PHRASES)) >= 36
    assert {without_addressing(f"{phrase}写诗") for phrase in PHRASES} == {"写诗"}


parts = st.sampled_from(["请", "让", "GPT", "AI", "模型", "应该", "，", "\n", "写", "诗"])


@given(st.lists(parts, max_size=12).map("".join))
def test_deleting_twice_deletes_no_more(text: str) -> None:
    once = without_addressing(text)
    assert without_addressing(once) == once
    assert len(once) <= len(text)


@pytest.mark.parametrize(
    "make",
    [lambda: BelleLength(minimum=100), lambda: BelleLength(with_example=98), lambda: BelleLength(examples=("",))],
)
def test_mistakes_in_a_recipe_are_named(make: object) -> None:
    assert callable(make)
    with pytest.raises(RecipeError, match=r"BelleLength|examples"):
        make()
