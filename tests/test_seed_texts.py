"""The shipped seed tasks are valid, varied and hand-written; and the statistics that say so do catch templates."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rouge_score.rouge_scorer import RougeScorer

from tests.support.textstats import (
    compression_ratio,
    distinct_opening_share,
    length_spread,
    repeated_ngram_share,
    shared_skeleton_share,
    template_findings,
    tokens,
)

SEEDS = Path(__file__).parent.parent / "seeds"
LANGUAGES = ["en", "zh"]
KEYS = ["id", "family", "classification", "instruction", "input", "output"]
FAMILIES = {
    "advice", "analysis", "brainstorming", "classification", "closed_qa", "code", "creative_writing", "extraction",
    "maths", "open_qa", "planning", "rewriting", "role_play", "summarisation", "translation",
}  # fmt: skip
NOT_FOR_TEXT_MODELS = {
    "en": re.compile(
        r"\b(images?|graphs?|pictures?|files?|maps?|draw|drawing|plot|plotting|go to|videos?|audio|music|"
        r"flowcharts?|diagrams?)\b",
        re.IGNORECASE,
    ),
    "zh": re.compile("图|画|照片|视频|音频|音乐|文件|链接|附件|上网|http|chatgpt|gpt", re.IGNORECASE),
}
WRITE_PROGRAM = {"en": ("write a program",), "zh": ("写一个程序", "编写一个程序")}
# An instruction's length, and an output's: words in English, characters in Chinese.
INSTRUCTION = {"en": (4, 60), "zh": (6, 120)}
OUTPUT = {"en": (1, 200), "zh": (1, 300)}

Row = dict[str, Any]


def read_rows(language: str) -> list[Row]:
    return [json.loads(line) for line in (SEEDS / f"{language}.jsonl").read_text(encoding="utf-8").split("\n") if line]


@pytest.fixture(scope="module", params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def rows(language: str) -> list[Row]:
    return read_rows(language)


@pytest.fixture(scope="module")
def instructions(rows: list[Row]) -> list[str]:
    return [row["instruction"] for row in rows]


def length(text: str, language: str) -> int:
    return len(text.split()) if language == "en" else len(text)


# ---------------------------------------------------------------- the seed tasks


def test_each_line_is_one_task_in_canonical_json(language: str) -> None:
    text = (SEEDS / f"{language}.jsonl").read_bytes().decode("utf-8")
    assert text.endswith("\n")
    for line in text[:-1].split("\n"):
        assert line == json.dumps(json.loads(line), ensure_ascii=False)


def test_schema(rows: list[Row], language: str) -> None:
    assert len(rows) >= 175
    assert [row["id"] for row in rows] == [f"{language}-{number:03d}" for number in range(1, len(rows) + 1)]
    for row in rows:
        assert list(row) == KEYS, row["id"]
        assert type(row["classification"]) is bool, row["id"]
        assert all(type(row[key]) is str for key in KEYS if key != "classification"), row["id"]
        assert row["instruction"] and row["output"], row["id"]
        assert row["input"] != row["output"], row["id"]


def test_texts_are_clean(rows: list[Row]) -> None:
    for row in rows:
        for key in ("instruction", "input", "output"):
            text = row[key]
            where = f"{row['id']} {key}"
            assert unicodedata.is_normalized("NFC", text), where
            assert text == text.strip(), where
            assert not re.search(r"[^\S\n]+$", text, re.MULTILINE), where
            assert {unicodedata.category(char) for char in text if char != "\n"}.isdisjoint({"Cc", "Cf", "Cs"}), where


def test_families_and_shares(rows: list[Row]) -> None:
    counts = Counter(row["family"] for row in rows)
    assert set(counts) == FAMILIES
    assert min(counts.values()) >= 10
    assert 0.13 <= sum(row["classification"] for row in rows) / len(rows) <= 0.17
    assert 0.45 <= sum(bool(row["input"]) for row in rows) / len(rows) <= 0.60
    assert all(row["classification"] for row in rows if row["family"] == "classification")


def test_a_classification_answers_with_a_label_that_its_instruction_offers(rows: list[Row]) -> None:
    for row in rows:
        if row["classification"]:
            assert row["output"].lower() in row["instruction"].lower(), row["id"]


def test_instructions_suit_the_rule_checks(instructions: list[str], language: str) -> None:
    shortest, longest = INSTRUCTION[language]
    for instruction in instructions:
        assert shortest <= length(instruction, language) <= longest, instruction
        assert instruction[0].isalnum(), instruction
        assert language == "zh" or instruction[0].isascii(), instruction
        assert not instruction.lower().startswith(WRITE_PROGRAM[language]), instruction
        assert not NOT_FOR_TEXT_MODELS[language].search(instruction), instruction


def test_lengths_of_outputs(rows: list[Row], language: str) -> None:
    lengths = [length(row["output"], language) for row in rows]
    shortest, longest = OUTPUT[language]
    assert min(lengths) == shortest
    assert longest / 2 <= max(lengths) <= longest


def test_few_instructions_begin_alike(instructions: list[str], language: str) -> None:
    openings = [text.split()[0].lower() if language == "en" else text[:2] for text in instructions]
    word, count = Counter(openings).most_common(1)[0]
    assert count <= 6, word


def test_no_two_instructions_are_close(instructions: list[str], language: str) -> None:
    """ROUGE-L F1 by rouge_score itself; its tokenizer knows no Chinese, so characters are put to it as words of it."""
    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    words = instructions if language == "en" else [" ".join(f"c{ord(char)}" for char in text) for text in instructions]
    close = [(a, b) for a, b in combinations(words, 2) if scorer.score(a, b)["rougeL"].fmeasure > 0.5]
    assert close == []


@pytest.mark.parametrize("key", ["instruction", "output"])
def test_seeds_do_not_look_template_made(rows: list[Row], key: str) -> None:
    assert template_findings([row[key] for row in rows]) == []


# ---------------------------------------------------------------- the statistics

TOPIC_WORDS = """
    tea bridges volcanoes chess glaciers bees sourdough inflation vaccines kites clocks violins submarines tides maize
    ceramics opera tunnels wolves copper salt mirrors satellites fonts lichens taxes haiku sailing owls zinc
"""
TOPICS = TOPIC_WORDS.split()
ENGLISH = read_rows("en")
READERS = ["a child", "a farmer", "a pilot", "a nurse", "a banker", "a tourist", "a judge", "a poet", "a chef"]
CHINESE_TOPICS = list("茶桥梅竹雪雨马鱼龙虎钟纸盐铜船塔井灯琴棋书扇伞镜剑鼓米酒糖蜂")


def slots(rng: random.Random) -> str:
    return f"Write a short introduction to {rng.choice(TOPICS)} for {rng.choice(READERS)}."


def several_templates(rng: random.Random) -> str:
    template = rng.choice(
        [
            "Explain to {1} how {0} work.",
            "What should {1} who has never heard of them know about {0}?",
            "Give three facts about {0} that would surprise {1}.",
            "Describe the history of {0} for {1}, in plain words and without any technical terms at all.",
        ]
    )
    return template.format(rng.choice(TOPICS), rng.choice(READERS))


def synonyms(rng: random.Random) -> str:
    verb = rng.choice(["Describe", "Explain", "Outline", "Sketch", "Summarise", "Present", "Discuss", "Detail"])
    kind = rng.choice(["main", "chief", "key", "principal", "central", "foremost", "leading"])
    good = rng.choice(["advantages", "benefits", "merits", "strengths", "virtues", "assets", "gains"])
    plain = rng.choice(["plain words", "simple terms", "short sentences", "everyday language", "clear prose"])
    return f"{verb} the {kind} {good} of {rng.choice(TOPICS)} for {rng.choice(READERS)} in {plain}."


def chinese_slots(rng: random.Random) -> str:
    return f"请写一篇关于{rng.choice(CHINESE_TOPICS)}的短文，不少于{rng.choice('二三四五六七八')}百字。"


@pytest.mark.parametrize("template", [slots, several_templates, synonyms, chinese_slots])
@pytest.mark.parametrize("seed", range(3))
def test_slot_filling_is_found_by_three_measures_or_more(template: Callable[[random.Random], str], seed: int) -> None:
    rng = random.Random(seed)
    assert len(template_findings([template(rng) for _ in range(60)])) >= 3


def test_fifteen_templates_used_only_twice_each_are_found() -> None:
    rng = random.Random(0)
    texts = [
        template.format(*pair)
        for template in FIFTEEN_TEMPLATES
        for pair in zip(rng.sample(TOPICS, 2), rng.sample(READERS, 2), strict=True)
    ]
    assert len(template_findings(texts)) >= 3


def test_one_templated_text_in_five_is_enough_to_be_found() -> None:
    rng = random.Random(0)
    texts = [row["instruction"] for row in ENGLISH[:48]] + [synonyms(rng) for _ in range(12)]
    rng.shuffle(texts)
    assert any("skeleton" in finding for finding in template_findings(texts))


def test_a_shared_opening_is_found_in_otherwise_varied_texts() -> None:
    (finding,) = template_findings([f"Write a text: {row['instruction']}" for row in ENGLISH[:60]])
    assert "openings" in finding


def test_equal_lengths_are_found_in_otherwise_varied_texts() -> None:
    words = " ".join(row["output"] for row in ENGLISH).split()
    (finding,) = template_findings([" ".join(words[at : at + 25]) for at in range(0, 1500, 25)])
    assert "lengths" in finding


def test_a_few_long_texts_do_not_hide_that_most_are_equally_long() -> None:
    words = " ".join(row["instruction"] for row in ENGLISH).split()
    texts = [" ".join(words[at : at + 12]) for at in range(0, 660, 12)] + [" ".join(words[:n]) for n in (60, 80, 99)]
    assert length_spread(texts).variation > 0.5
    assert any("lengths" in finding for finding in template_findings(texts))


def test_a_skeleton_is_found_where_no_phrase_repeats() -> None:
    def words(start: int, count: int) -> str:
        return " ".join(f"n{start}x{i}" for i in range(count))

    texts = [f"{words(n, n % 7 + 1)} the {n} of {words(n, n % 5 + 1)} for a {words(n, 1)}" for n in range(60)]
    assert repeated_ngram_share(texts) == 0
    assert shared_skeleton_share(texts) == 1
    assert any("skeleton" in finding for finding in template_findings(texts))


def test_a_templated_stretch_is_found_in_a_long_set() -> None:
    rng = random.Random(0)
    findings = template_findings([slots(rng) for _ in range(60)] + [row["output"] for row in ENGLISH[:60]])
    assert findings
    assert all(finding.startswith("texts 1 to 60:") for finding in findings)


def test_hand_written_chinese_passes() -> None:
    assert template_findings(HAND_WRITTEN_CHINESE) == []


def test_too_few_texts_are_refused() -> None:
    with pytest.raises(ValueError, match="too few"):
        template_findings(["one text"] * 19)


def test_tokens_of_mixed_scripts() -> None:
    assert tokens("写一首 Python 诗, ＯＫ?") == ["写", "一", "首", "python", "诗", "ok"]
    assert tokens("かな 한글") == ["か", "な", "한", "글"]
    assert tokens("Ça va, naïve Øre_1!") == ["ça", "va", "naïve", "øre_1"]


def test_measures_on_a_worked_example() -> None:
    texts = ["a b c d e f", "a b c d e g h", "x y z"]
    assert distinct_opening_share(texts) == pytest.approx(2 / 3)
    assert repeated_ngram_share(texts) == pytest.approx(2 / 5)
    spread = length_spread(texts)
    assert (spread.mean, spread.p10, spread.p90) == pytest.approx((16 / 3, 3.6, 6.8))
    assert spread.variation == pytest.approx((26 / 9) ** 0.5 / (16 / 3))
    assert shared_skeleton_share(["the cat of my aunt is in a tree", "the dog of my old uncle is in a car"]) == 1


@given(st.lists(st.text(min_size=1, max_size=40), min_size=2, max_size=30))
def test_measures_are_shares_and_ignore_order(texts: list[str]) -> None:
    for measure in (distinct_opening_share, repeated_ngram_share, shared_skeleton_share):
        assert 0 <= measure(texts) <= 1
        assert measure(texts[::-1]) == measure(texts)
    assert compression_ratio(texts) > 0


@given(st.text(min_size=1, max_size=60), st.integers(2, 30))
def test_copies_of_one_text_share_everything(text: str, copies: int) -> None:
    texts = [text] * copies
    assert distinct_opening_share(texts) == pytest.approx(1 / copies)
    assert length_spread(texts).variation == 0
    assert repeated_ngram_share(texts) == (len(tokens(text)) >= 5)
    assert compression_ratio(texts) <= compression_ratio(texts[:2])


FIFTEEN_TEMPLATES = [
    "Why does {0} matter to {1}?",
    "Sort this note about {0} into one of three boxes: praise, complaint, or question.",
    "{1} buys {0} for 40 euros and sells a quarter of it at a profit of 12 %. What is left to earn?",
    "Pull every date and sum about {0} out of the letter from {1} as JSON.",
    "Tell a story of {1} and {0} in six sentences.",
    "This function should count {0}, yet it is always one short. Fix it and say why.",
    "Lay out a weekend for {1} who wants to learn about {0} without spending anything.",
    "Be {1} who hates {0}, and answer me in under 80 words.",
    "According to the text below, when did {1} first meet {0}?",
    "Put this message about {0} into Spanish as {1} would say it.",
    "Boil the report on {0} down to three lines for {1}.",
    "How do I tell {1} that I do not care for {0}?",
    "Give me eight names for a shop where {1} sells {0}.",
    "What stands out in these figures on {0}, and what should {1} check first?",
    "Rewrite this notice about {0} so that {1} would smile.",
]

HAND_WRITTEN_CHINESE = [
    "孩子把牛奶洒在笔记本电脑上了，现在第一步该做什么？",
    "把下面的会议记录压缩成三条待办，每条写明负责人和期限；没有说清楚期限的，标上“待定”，不要替他们猜。",
    "为什么高原上煮的面条总是夹生？",
    "给外婆写一条短信，告诉她今年春节我要值班，语气轻松些，别让她觉得我瘦了。",
    "这份租房合同的第七条公平吗？",
    "三个人合买一箱苹果，共花九十六元，按二比三比三分摊，各付多少？",
    "用粤语口语改写这句话，再标出和普通话不同的词。",
    "假如你是长城上的一块砖，谈谈今天早上的游客。",
    "夸奖还是讽刺？只答一个词。",
    "我跑完十公里膝盖外侧疼，下楼梯时更明显，休息两天又没事了。先观察还是先看医生？",
    "从这张快递单里找出寄件人、收件城市和重量，以 JSON 返回，缺的字段填 null。",
    "阳台朝北，预算五百元，能种些什么菜？",
    "修好这个 Python 函数。",
    "李白和杜甫哪一位更适合写旅游广告？说说你的看法，不超过八十字，可以不讲道理。",
    "帮我排一张周末搬家的时间表：货车只能租到下午四点，冰箱要提前断电，电梯星期六上午检修。",
    "续写这个开头，主角到结尾都不能开口说话。",
    "解释复利，听众是刚拿到压岁钱的小学生。",
    "下面的日志显示的是断网、磁盘写满，还是权限不足？",
    "请将这则法语告示译成中文，并提醒我容易误解的词。",
    "同事总在群里发六十秒的语音，而我开会时没法听。怎样婉转地请他打字，又不显得我在教训人？",
    "一副扑克牌去掉大小王，抽两张，都是红桃的概率有多大？写出过程。",
    "给社区修鞋摊取五个名字。",
    "每月流量大约六个 G，又常去外省出差，这两份手机套餐哪份更划算？",
    "端午节为什么吃粽子？",
]
