"""What judges write in Chinese: scores in figures and numerals, on a scale they name, and labels by their names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.errors import ParseError
from instructgen.generators.judge_tags import DIFFICULTIES, QUALITIES, TASKS
from instructgen.parsing import score, scores
from instructgen.parsing.closed_labels import closed_label

READ = {
    2: ["两分", "難度：兩分", "2分。"],
    5: ["评级：5", "难度：五", "打分：5分", "我打 5 分"],
    6: ["6分，因为需要多步推理。", "难度评分：６", "答：6", "满分为10分的话，这题能得6分", "六分。", "Score: 6"],
    7: [
        *(
            "约 7 分",
            "7/10分",
            "我给7分。",
            "難度：7",
            "得分為7",
            "7！",
            "难度：10分制中的7分",
            "难度：约 7",
            "满分10分，我给7分",
        ),
        *(
            "难度：7（满分 10 分）",
            "难度：7，属于较难的题",
            "7/10，因为难。",
            "**7分**",
            "7 out of 10",
            "先看第3题。\n难度：7",
        ),
        *("<think>难度：三</think>七分", "需要三步。\n7分", "大约7分"),
    ],
    8: [
        *(
            "难度：八分",
            "八分",
            "8分（满分10分）",
            "8（满分10）",
            "【8】",
            "【8分】",
            "“8”",
            "难度：【8】",
            "难度等级：8",
            "难度值：8",
        ),
        *(
            "答案：8",
            "8／10",
            "难度：八",
            "我给八分",
            "10分制：8分",
            "難度為八",
            "8分(滿分10分)",
            "難度係數：8",
            "『8』",
        ),
        *("难度分数：8", "8分！", "**难度**：8", "难度（1-10）：8", "难度级别：【八】"),
    ],
    10: ["十分", "难度：十分", "10分", "十"],
}
NONE = [
    "十分困难",
    "难度：十分高",
    "难度十分高",
    "难度：5分制中的4分",
    "8分（满分100分）",
    "总分100分，打80分",
    "大约5分钟",
    "3分钟，很快",
    "第八",
    "一共三分",
    "难度：7～8",
    "七到八分",
    "十二分",
    "答案：8\n解析：略",
    "难度很高",
    "八成",
    "三分之二",
    "这道题有5个步骤",
    "2024年",
    "难度：11",
    "难度：0",
    "这题要算三次，分两步",
    "无法评分",
    "満足",
    "The problem has 3 parts",
]


@pytest.mark.parametrize(("text", "value"), [(text, value) for value, group in READ.items() for text in group])
def test_scores_of_chinese_judges(text: str, value: float) -> None:
    assert score(text, 1, 10) == value


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_score_on_this_scale(text: str) -> None:
    with pytest.raises(ParseError) as caught:
        score(text, 1, 10)
    assert caught.value.text == text


def test_lists_of_scores_in_chinese() -> None:
    assert scores("8分，七分", 2, 0, 10) == [8, 7]
    assert scores("评分：８，７", 2, 0, 10) == [8, 7]
    assert scores("第一个：评分：8\n第二个：评分：六分", 2, 0, 10) == [8, 6]


FORMS = ["难度：{}", "{}分", "{}分（满分10分）", "10分制中的{}分", "【{}】", "我给{}分。", "難度為{}分！", "约{}分"]


@given(st.integers(1, 10), st.sampled_from(FORMS))
def test_every_score_in_every_form(value: int, form: str) -> None:
    for written in (str(value), "一二三四五六七八九十"[value - 1]):
        assert score(form.format(written), 1, 10) == value


@given(st.text("一二十两分制满难度：为给约8/10（），。 \n", max_size=30))
def test_any_other_text_raises_with_itself(text: str) -> None:
    try:
        assert 1 <= score(text, 1, 10) <= 10
    except ParseError as error:
        assert error.text == text


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("良好", QUALITIES, "good"),
        ("优秀（excellent）", QUALITIES, "excellent"),
        ("excellent（优秀）", QUALITIES, "excellent"),
        ("優秀", QUALITIES, "excellent"),
        ("一般。", QUALITIES, "average"),
        ("中等", QUALITIES, "average"),
        ("**差**", QUALITIES, "poor"),
        ("很差", QUALITIES, "very poor"),
        ("中等 (medium)", DIFFICULTIES, "medium"),
        ("中等", DIFFICULTIES, "medium"),
        ("很难", DIFFICULTIES, "very hard"),
        ("容易", DIFFICULTIES, "easy"),
        ("非常簡單", DIFFICULTIES, "very easy"),
        ("困難", DIFFICULTIES, "hard"),
        ("创意写作", TASKS, "Creative writing"),
        ("創意寫作", TASKS, "Creative writing"),
        ("编程与调试（Coding & Debugging）", TASKS, "Coding & Debugging"),
        ("数学", TASKS, "Math"),
        ("其他", TASKS, "Others"),
        ("角色扮演", TASKS, "Role playing"),
        ("头脑风暴", TASKS, "Brainstorming"),
        ("良好（excellent）", QUALITIES, None),
        ("good (excellent)", QUALITIES, None),
        ("很不好", QUALITIES, None),
        ("不太难", DIFFICULTIES, None),
        ("好的", QUALITIES, None),
        ("良好或优秀", QUALITIES, None),
        ("难", QUALITIES, None),
        ("写作", TASKS, None),
        ("编程", TASKS, None),
        ("良好", ("yes", "no"), None),
    ],
)
def test_labels_by_their_chinese_names(text: str, labels: tuple[str, ...], expected: str | None) -> None:
    assert closed_label(text, labels) == expected
