"""What holds for every check: it answers for any text, gives the same answer again, and keeps what it kept."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Check, Reject, Remembering
from instructgen.example import Example
from instructgen.filters import (
    BELLE_KEYWORDS,
    AskingBack,
    AssistantTalk,
    BelleLength,
    Consistency,
    CopiedScaffold,
    Filter,
    FirstCharacter,
    Keywords,
    Length,
    OnlyStopWords,
    OpeningPhrase,
    Refusal,
    RougeNovelty,
    Scaffold,
    ShortApology,
    Truncated,
)
from instructgen.runtime.describe import describe

CHECKS: list[Check] = [
    AskingBack(),
    AskingBack(anywhere=True),
    AssistantTalk(),
    BelleLength(),
    Consistency(),
    CopiedScaffold(),
    FirstCharacter(),
    FirstCharacter("zh", field="output"),
    Keywords(),
    Keywords(BELLE_KEYWORDS, ("instruction", "input", "output"), anywhere=True),
    Length(),
    Length(2, 10, unit="characters"),
    OnlyStopWords(),
    OpeningPhrase(),
    OpeningPhrase(language="zh"),
    Refusal(),
    RougeNovelty(),
    Scaffold(("given prompt",)),
    ShortApology(),
    Truncated(),
]
CODES = {
    *("too_short", "too_long", "keyword", "write_program", "punctuation", "non_ascii", "refusal", "truncated"),
    *("scaffold", "duplicate", "contradiction", "rouge", "asks_back", "assistant_talk", "stop_words", "sorry"),
}  # fmt: skip

# Pieces that the rules look for, in any order, and any other text.
pieces = st.sampled_from(
    ["Write a program", "写一个程序", "I'm sorry, but ", "I can't help", "抱歉，", "我无法", "作为AI，我不",
     "```", "`", "~~~", "\n", "1.", "2.", "-", "- ", ",", "：", ":", "(", "）", "“", '"', "Input:", "###", "#",
     "请提供", "原文", "好的", "？", "我是", "人工智能", "的", "是", "改写提示词", "①", "程式", "無法", "因为",
     "Example 2", "示例", "GPT", "map", "http", " ", "\u3000", "\u00a0", "\ufffc", "\ud800", "\x00", "\u2028",
     "é", "字", "½", "²", "٣"]
)  # fmt: skip
texts = st.lists(pieces | st.text(max_size=4), max_size=8).map("".join)
examples = st.builds(Example, texts, input=texts, output=texts)


@pytest.mark.parametrize("check", CHECKS, ids=repr)
@given(stream=st.lists(examples, max_size=6))
def test_filtering_twice_keeps_the_same(check: Check, stream: Sequence[Example]) -> None:
    def kept(stream: Sequence[Example]) -> list[Example]:
        fresh = Filter(check).fresh()
        return [example for example in stream if fresh.decide(example) is None]

    once = kept(stream)
    assert kept(once) == once


@pytest.mark.parametrize("check", CHECKS, ids=repr)
@given(example=examples)
def test_every_text_gets_an_answer_and_the_same_one_again(check: Check, example: Example) -> None:
    fresh = check.fresh() if isinstance(check, Remembering) else check
    reject = fresh(example)
    assert reject is None or (isinstance(reject, Reject) and reject.code in CODES)
    assert fresh(example) == reject


@pytest.mark.parametrize("check", CHECKS, ids=repr)
def test_a_manifest_records_every_parameter(check: Check) -> None:
    recorded = describe(check)
    assert recorded.pop("type") == type(check).__name__
    assert describe(type(check)(**recorded)) == describe(check)
