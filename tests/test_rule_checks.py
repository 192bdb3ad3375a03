"""The rule checks of Self-Instruct and Alpaca, row by row, and the Filter that holds checks."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Check, Reject
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters import (
    ALPACA_KEYWORDS,
    SELF_INSTRUCT_KEYWORDS,
    WRITE_PROGRAM,
    Filter,
    FirstCharacter,
    Keywords,
    Length,
    OpeningPhrase,
)
from instructgen.filters.words import word_count

ALPACA = Filter(Length(), Keywords(ALPACA_KEYWORDS), OpeningPhrase(), FirstCharacter())
SELF_INSTRUCT = Filter(Length(), Keywords(SELF_INSTRUCT_KEYWORDS), OpeningPhrase(), FirstCharacter())

# The decisions are the original code's; the codes are ours. The Chinese sentence is the one whose reason differs: the
# original counts it as one word and finds it too short.
GOLDEN = [
    ("Tell a joke", "too_short"),
    ("Tell me a joke", None),
    ("word " * 150, None),
    ("word " * 151, "too_long"),
    ("Summarize the attached file now", "keyword"),
    ("Summarize the lawsuit that was filed", None),
    ("Draw conclusions from the passage", "keyword"),
    ("Explain how to go to college", "keyword"),
    ("Explain the goto statement please", None),
    ("Summarize the plot of Hamlet", "keyword"),
    ("Explain plotting of a novel", None),
    ("Recommend some music for studying", "keyword"),
    ("Recommend a musical for kids", None),
    ("Describe a video-game character idea", "keyword"),
    ("Describe a photograph of a beach", None),
    ("Write a program to add numbers", "write_program"),
    ("write a program to add numbers", None),
    ("Write a Python program to add", None),
    ("3 facts about the moon", None),
    ('"Explain" this word to me', "punctuation"),
    ("(Explain) this word to me", "punctuation"),
    ("Écrivez une courte histoire drôle", "non_ascii"),
    ("写一首关于春天的诗。", "non_ascii"),
    ("Translate the word café now", None),
    ("Explain what a mapping is", None),
    # Which reason comes first is part of the statistics.
    ("Write a program", "too_short"),
    ('"Draw', "too_short"),
    ("Write a program to plot data", "keyword"),
    ("Write a program about films", "write_program"),
    ("«Écrire» une histoire très courte", "non_ascii"),
]


def code(checks: Filter, instruction: str) -> str | None:
    reject = checks.decide(Example(instruction))
    return reject.code if reject else None


@pytest.mark.parametrize(("instruction", "expected"), GOLDEN)
def test_alpaca_decisions(instruction: str, expected: str | None) -> None:
    assert code(ALPACA, instruction) == expected


@pytest.mark.parametrize("word", ["video", "audio", "music", "flowchart", "diagram"])
def test_self_instruct_lacks_five_of_the_words(word: str) -> None:
    instruction = f"Recommend some {word} for studying"
    assert code(SELF_INSTRUCT, instruction) is None
    assert code(ALPACA, instruction) == "keyword"


def test_the_word_lists_have_the_published_sizes() -> None:
    assert len(set(SELF_INSTRUCT_KEYWORDS)) == 13
    assert len(set(ALPACA_KEYWORDS)) == 18


def test_length_reports_what_it_measured() -> None:
    assert Length()(Example("Tell a joke")) == Reject("too_short", 3, 4, detail="words in the instruction")
    reject = Length(maximum=2, minimum=0, field="output")(Example("x", output="one two three"))
    assert reject == Reject("too_long", 3, 2, detail="words in the output")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", 0),
        ("  a\tb\n c ", 3),
        ("café au lait", 3),
        ("写一首诗", 2),
        ("写一首诗。", 2),
        ("请用 Python 写一首“诗”！", 4),
        ("《红楼梦》的作者是谁？", 4),
        ("日本語のテスト", 3.5),
        ("한국어 문장을 써 주세요", 4),
        ("ＡＢＣ ｄｅ", 2),
        ("人々", 1),
        ("𠀀𠀁", 1),
    ],
)
def test_words_in_scripts_with_and_without_spaces(text: str, words: float) -> None:
    assert word_count(text) == words


@given(st.text(st.characters(max_codepoint=0x2FF)))
def test_latin_words_are_what_white_space_separates(text: str) -> None:
    assert word_count(text) == len(text.split())


def test_short_chinese_instructions_are_kept_or_not_by_half_words() -> None:
    chinese = Filter(Length(), Keywords(("图片", "map")), OpeningPhrase(language="zh"), FirstCharacter("zh"))
    assert code(chinese, "写一首关于春天的诗。") is None
    assert code(chinese, "写首诗") == "too_short"
    assert code(chinese, "描述这张图片里的内容") == "keyword"
    assert code(chinese, "请解释什么是map函数吗") == "keyword"
    assert code(chinese, "，请写一首关于春天的诗") == "punctuation"
    assert code(chinese, "请编写一个程序，计算圆的面积") == "write_program"
    assert code(chinese, "《红楼梦》的作者是谁？") is None


@pytest.mark.parametrize(
    ("words", "text", "found"),
    [
        (("go to",), "please GO\n to school", "go to"),
        (("c++",), "explain C++ templates", "c++"),
        (("c",), "explain C++ templates", "c"),
        (("plot",), "a subplot, an éplot, plot_2", None),
        (("a|b",), "a b", None),
        (("file", "gpt-4"), "打开这个ＦＩＬＥ吧", "file"),
        (("file", "gpt-4"), "介绍ＧＰＴ－４", "gpt-4"),
        (("file",), "the ＦＩＬＥＤ case, a pro\ufb01le", None),
        (("file",), "open the \ufb01le", "file"),
        (("ｆｉｌｅ",), "open the file", "file"),
        (("map",), "a map™ and more", "map"),
        ((), "anything", None),
    ],
)
def test_keywords_are_whole_words_taken_literally(words: tuple[str, ...], text: str, found: str | None) -> None:
    reject = Keywords(words)(Example(text))
    assert (reject.value if reject else None) == found


def test_keywords_look_at_the_input_only_when_asked() -> None:
    example = Example("Describe this to me", input="A picture of a cat")
    assert Keywords()(example) is None
    both = Keywords(fields=("instruction", "input"))
    assert both(example) == Reject("keyword", "picture", detail="in the input")
    assert both(Example("Draw", input="A picture")) == Reject("keyword", "draw", detail="in the instruction")
    assert Keywords(fields=("output",))(example) is None


def test_keywords_inside_longer_words_count_only_when_asked() -> None:
    example = Example("Look at HTTPS://example.org please")
    assert Keywords(("http",))(example) is None
    assert Keywords(("http",), anywhere=True)(example) == Reject("keyword", "http", detail="in the instruction")


def test_an_empty_instruction_is_for_length_to_reject() -> None:
    assert FirstCharacter()(Example("")) is None
    assert OpeningPhrase()(Example("")) is None
    assert code(ALPACA, "") == "too_short"


def test_a_first_character_is_named_in_any_field() -> None:
    assert FirstCharacter()(Example("é")) == Reject("non_ascii", "é")
    assert FirstCharacter("zh")(Example("é")) is None
    assert FirstCharacter("zh", field="input")(Example("。", input="，")) == Reject("punctuation", "，")


@pytest.mark.parametrize(
    ("instruction", "phrase"),
    [
        ("写一个程序", "写一个程序"),
        ("编写程序，求最大公约数", "编写程序"),
        ("请写一段程序来排序", "请写一段程序"),
        ("请帮我编写一个程序", "请帮我编写一个程序"),
        ("写一个Python程序", None),
        ("写一个程序员的故事", None),
        ("编写程序设计课的大纲", None),
        ("解释什么是程序", None),
        ("Write a program", None),
    ],
)
def test_chinese_openings_that_ask_for_a_program(instruction: str, phrase: str | None) -> None:
    expected = Reject("write_program", phrase) if phrase else None
    assert OpeningPhrase(language="zh")(Example(instruction)) == expected


def test_phrases_of_ones_own_have_a_code_of_their_own() -> None:
    mine = OpeningPhrase(("Imagine", "Pretend"), field="output")
    assert mine(Example("Imagine", output="Pretend that")) == Reject("opening_phrase", "Pretend")
    assert mine(Example("Imagine", output="pretend that")) is None
    assert OpeningPhrase().phrases == WRITE_PROGRAM["en"]
    assert OpeningPhrase(WRITE_PROGRAM["zh"]) == OpeningPhrase(WRITE_PROGRAM["zh"], language="en")


@pytest.mark.parametrize(("length", "expected"), [(3, "too_short"), (4, None), (10, None), (11, "too_long")])
def test_lengths_in_characters(length: int, expected: str | None) -> None:
    check = Length(4, 10, unit="characters", field="output")
    for sign in ("诗", "a", "𠀀"):
        reject = check(Example("x", output=f" {sign * length}\n"))
        assert (reject.code if reject else None) == expected
        assert reject is None or (reject.value, reject.detail) == (length, "characters in the output")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Length(field="outptu"), "field='outptu'"),  # type: ignore[arg-type]
        (lambda: Length(unit="tokens"), "unit='tokens'"),  # type: ignore[arg-type]
        (lambda: Length(5, 4), "keeps nothing"),
        (lambda: Keywords(fields=("meta",)), "'meta'"),  # type: ignore[arg-type]
        (lambda: Keywords(fields="input"), "fields='input'"),  # type: ignore[arg-type]
        (lambda: Keywords(fields=()), "it is not empty"),
        (lambda: Keywords("image"), "a tuple of which each"),  # type: ignore[arg-type]
        (lambda: Keywords(("a", " ")), "not blank"),
        (lambda: FirstCharacter("EN"), 'language=\'EN\'.* "en" or "zh"'),  # type: ignore[arg-type]
        (lambda: FirstCharacter(field="meta"), "field='meta'"),  # type: ignore[arg-type]
        (lambda: OpeningPhrase(language="EN"), 'language=\'EN\'.* "en" or "zh"'),  # type: ignore[arg-type]
        (lambda: OpeningPhrase("Imagine"), "phrases='Imagine'"),  # type: ignore[arg-type]
        (lambda: Filter(Length), "write Length"),  # type: ignore[arg-type]
        (lambda: Filter(0.7), "is no check"),  # type: ignore[arg-type]
    ],
)
def test_mistakes_in_a_recipe_are_named(make: object, message: str) -> None:
    assert callable(make)
    with pytest.raises(RecipeError, match=message):
        make()


@given(st.text())
def test_checks_are_total_and_decide_the_same_twice(text: str) -> None:
    assert ALPACA.decide(Example(text)) == ALPACA.decide(Example(text))


# ---------------------------------------------------------------- the filter


@dataclass
class Once:
    """A check that rejects an instruction it has seen."""

    seen: list[str] = field(default_factory=list)

    def __call__(self, example: Example) -> Reject | None:
        return Reject("again") if example.instruction in self.seen else None

    def fresh(self) -> Check:
        return Once()

    def observe(self, example: Example) -> None:
        self.seen.append(example.instruction)


def test_a_filter_without_checks_keeps_everything() -> None:
    assert Filter().decide(Example("")) is None


def test_only_what_passes_every_check_is_remembered() -> None:
    once = Once()
    checks = Filter(once, Length())
    assert checks.decide(Example("too short")) == Length()(Example("too short"))
    assert once.seen == []
    long_enough = Example("this is long enough")
    assert checks.decide(long_enough) is None
    assert once.seen == ["this is long enough"]
    assert checks.decide(long_enough) == Reject("again")
    assert once.seen == ["this is long enough"]


def test_seeds_are_remembered_unseen() -> None:
    checks = Filter(Length(), Once())
    checks.observe(Example("seed"))
    assert checks.decide(Example("seed")) == Length()(Example("seed"))
    assert Filter(*checks.checks[1:]).decide(Example("seed")) == Reject("again")


def test_a_fresh_filter_remembers_nothing_and_keeps_its_parameters() -> None:
    used = Filter(Length(minimum=1), Once(["a", "b"]))
    fresh = used.fresh()
    assert fresh.checks == (Length(minimum=1), Once())
    assert fresh.decide(Example("a")) is None
    assert used.decide(Example("a")) == Reject("again")
    assert fresh.decide(Example("a")) == Reject("again")


def test_filters_compare_by_their_checks() -> None:
    assert Filter(Length()) == Filter(Length())
    assert repr(Filter(FirstCharacter())) == "Filter(checks=(FirstCharacter(language='en', field='instruction'),))"


def test_a_check_that_answers_yes_or_no_is_refused() -> None:
    with pytest.raises(RecipeError, match="returned False"):
        Filter(lambda example: len(example.instruction) > 3).decide(Example(""))  # type: ignore[arg-type]
