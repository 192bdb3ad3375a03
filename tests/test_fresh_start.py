"""Fresh starts: the card's golden rows, and chains of mutations on teachers that keep a log."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from instructgen.contracts import Limits, Reject, Request
from instructgen.engines.scripted import Scripted
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters import AssistantTalk, CopiedScaffold, ManyLines
from instructgen.generators import FreshStart, Nouns
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Model, contents, dawdling, prompt_of, run

MUTATIONS = {
    "add_constraints",
    "deepen",
    "concretise",
    "add_reasoning",
    "fresh_start",
    "complicate",
    "switch_topic",
}


def example(instruction: str = "Say it.", output: str = "Said.", **meta: Any) -> Example:
    return Example.root("test", instruction=instruction, output=output, meta=meta)


# ---------------------------------------------------------------- the golden rows of the card


@pytest.mark.parametrize(
    ("text", "reject"),
    [
        ("\n\n\nword", Reject("many_lines", 3, 0)),
        ("two words\n\n\nhere", Reject("many_lines", 3, 2)),
        ("two words\n\nhere", None),
        ("请写\n三\n行\n诗", None),
        ("写\n\n\n诗", None),
        ("写\n\n\n\n\n诗", Reject("many_lines", 5, 4)),
    ],
)
def test_too_many_lines(text: str, reject: Reject | None) -> None:
    assert ManyLines()(example(text)) == reject


@pytest.mark.parametrize("text", ["#New Prompt#: go", "Improve the NEW PROMPT.", "按照新提示词回答"])
def test_leaks(text: str) -> None:
    (leak,) = [check for check in FreshStart(Scripted(str)).prompt_checks or () if isinstance(check, CopiedScaffold)]
    reject = leak(example(text))
    assert reject is not None
    assert reject.code == "scaffold"


@pytest.mark.parametrize(
    ("instruction", "output", "found"),
    [
        ("Say it.", "As an AI, I would say it.", "As an AI"),
        ("Say it.", "I am an AI assistant.", "AI assistant"),
        ("Say it.", "Hello! How can I assist you?", "How can I assist"),
        ("说吧", "作为一个人工智能模型，我会说。", "作为一个人工智能模型"),
        ("Design an AI assistant for law", "An AI assistant for law reads contracts.", ""),
        ("Design an AI assistant for law", "As an AI, I would read contracts.", "As an AI"),
        ("Say it.", "As an aim, it is fine.", ""),
    ],
)
def test_talk_of_an_assistant_in_the_answer(instruction: str, output: str, found: str) -> None:
    assert AssistantTalk()(example(instruction, output)) == (Reject("assistant_talk", found) if found else None)


async def test_the_same_text_is_no_mutation(tmp_path: Path) -> None:
    model = Scripted(lambda request: prompt_of(request).partition("meanings: ")[2].partition(".")[0].upper())
    result = await run(Pipeline(Nouns(3), [FreshStart(model, rounds=2)]), tmp_path / "run")
    assert result.reasons == {"no_gain": 6}


@pytest.mark.parametrize(
    ("new", "old", "rejected"),
    [
        ("I'm sorry, which file?", "Sort the file.", True),
        ("对不起，请再说一遍。", "排序。", True),
        ("對不起，我不明白。", "排序。", True),
        ("很抱歉，我无法改写。", "排序。", True),
        ("不好意思，这个不行。", "排序。", True),
        ("给顾客回信，先说一声抱歉，再给出换货和退款两种办法。", "给顾客回信。", False),
        ("写一段向同事表示抱歉的话。", "写一段话。", False),
        ("“对不起”和“抱歉”有什么区别？", "近义词。", False),
        ("对不起，请再说一遍。", "说抱歉。", False),
        ("Write 'I'm sorry' in Welsh.", "Say sorry in Welsh.", False),
        ("I'm sorry " + "word " * 78, "Go.", False),
        ("I'm sorry " + "word " * 77, "Go.", True),
    ],
)
def test_an_apology_in_place_of_a_prompt(new: str, old: str, rejected: bool) -> None:
    (check,) = [one for one in FreshStart(Scripted(str)).prompt_checks or () if type(one).__name__ == "_Apology"]
    assert (check(example(new, evolved_from=old)) is not None) is rejected


# ---------------------------------------------------------------- chains


def lengthening(request: Request, log: list[str] | None = None) -> str:
    """Each mutation adds 100 characters; a fresh start has 100 and tells its words."""
    prompt = prompt_of(request)
    if log is not None:
        log.append(prompt)
    if found := re.search(r"at least one of these words, in any of their meanings: (.*)\.\n", prompt):
        return f"Tell of {found[1]}: ".ljust(99, "x") + "."
    if found := re.search(r"#The Given Prompt#:\n(.*)\n\n#[^#]+#:\Z", prompt, re.DOTALL):
        return f"{found[1]} ".ljust(len(found[1]) + 99, "y") + "."
    return "An answer."


async def test_a_prompt_is_mutated_until_it_is_long_enough(tmp_path: Path) -> None:
    method = FreshStart(Scripted(lengthening), minimum=256, rounds=5)
    result = await run(Pipeline(Nouns(200), [method]), tmp_path / "run")
    assert result.counts["kept"] + result.counts["rejected"] == 200
    assert result.counts["kept"] > 180
    for row in result:
        assert 256 <= len(row.instruction) <= 1024
        assert row.output == "An answer."
        steps = [step.by for step in row.ancestors] + [row.by]
        assert steps[:2] == ["nouns", "fresh_start/fresh_start"]
        # The last fresh start is the one that counts: two mutations after it make 300 characters.
        last = max(n for n, by in enumerate(steps) if by == "fresh_start/fresh_start")
        assert len(steps) - last == 3
    assert {row.reject.code for row in result.rejected()} == {"too_short"}
    assert {row.meta["operator"] for row in result} == MUTATIONS - {"fresh_start"}


async def test_mutations_are_drawn_alike_and_fresh_starts_bring_other_words(tmp_path: Path) -> None:
    log: list[str] = []
    method = FreshStart(Scripted(lambda request: lengthening(request, log)), minimum=10**4, maximum=10**4, rounds=8)
    result = await run(Pipeline(Nouns(100), [method]), tmp_path / "run")
    assert result.reasons == {"too_short": 100}
    drawn: Counter[str] = Counter()
    for row in result.rejected():
        drawn.update(step.by.removeprefix("fresh_start/") for step in (*row.example.ancestors[2:],))
        drawn[row.example.by.removeprefix("fresh_start/")] += 1
    assert set(drawn) == MUTATIONS
    assert all(70 < count < 130 for count in drawn.values()), drawn  # 100 each
    told = [found[1] for prompt in log if (found := re.search(r"any of their meanings: (.*)\.\n", prompt))]
    assert len(set(told)) > 0.95 * len(told)
    lengths = Counter(len(words.split(", ")) for words in told)
    assert set(lengths) == {1, 2, 3, 4}


async def test_what_is_rejected_is_tried_again_from_the_same_text(tmp_path: Path) -> None:
    random, planted = Random(7), Counter[str]()

    def model(request: Request) -> str:
        text = lengthening(request)
        if text == "An answer.":
            return text
        kind = random.choice(["unparsable", "sorry", "scaffold", "good", "good", "good"])
        planted[kind] += 1
        return {"unparsable": "", "sorry": "I'm sorry.", "scaffold": "Use the new prompt."}.get(kind, text)

    result = await run(Pipeline(Nouns(30), [FreshStart(Scripted(model))]), tmp_path / "run")
    del planted["good"]
    reasons = dict(result.reasons)
    assert result.counts["kept"] + reasons.pop("too_short", 0) <= 30
    assert reasons == planted
    assert min(planted.values()) > 10
    for rejected in result.rejected():
        if rejected.reject.code in planted:
            assert rejected.example.meta["evolved_from"]


async def test_a_prompt_without_an_answer_is_tried_again_from_the_same_text(tmp_path: Path) -> None:
    answers: list[str] = []

    def model(request: Request) -> str:
        text = lengthening(request)
        if text == "An answer.":
            answers.append(prompt_of(request))
            return "As an AI, I have no tides." if len(answers) < 4 else text
        return f"{text} {len(answers)}."

    result = await run(Pipeline(Nouns(1), [FreshStart(Scripted(model), minimum=150, rounds=20)]), tmp_path / "run")
    assert result.reasons == {"assistant_talk": 3}
    (kept,) = result
    rejected = [row.example for row in result.rejected()]
    assert [example.instruction for example in (*rejected, kept)] == answers
    assert all(example.meta["evolved_from"] for example in rejected)
    # None of the failures is an ancestor of what came after it.
    assert not {example.id for example in rejected} & {step.id for step in kept.ancestors}
    rounds = [example.meta["round"] for example in (*rejected, kept)]
    assert rounds == sorted(set(rounds))


async def test_what_was_evolved_before_is_mutated_at_once_and_with_its_input(tmp_path: Path) -> None:
    log: list[str] = []
    start = Example.root("x", instruction="Sort these.", input="b, a", meta={"round": 2})
    method = FreshStart(Scripted(lambda request: lengthening(request, log)), minimum=100)
    own = method.operators or ()
    deepen = FreshStart(method.engine, minimum=100, operators=tuple(one for one in own if one.name == "deepen"))
    (row,) = await run(Pipeline([start], [deepen]), tmp_path / "run")
    assert row.meta["evolved_from"] == "Sort these.\n\nb, a"
    assert row.input == ""
    assert "Sort these.\n\nb, a" in log[0]


async def test_operators_of_ones_own_keep_to_their_rounds(tmp_path: Path) -> None:
    packaged = {one.name: one for one in FreshStart(Scripted(str)).operators or ()}
    early = replace(packaged["deepen"], rounds=(2, 3))
    operators = (packaged["fresh_start"], early, replace(packaged["complicate"], rounds=(4, 5, 6)))
    method = FreshStart(Scripted(lengthening), operators=operators, minimum=2000, maximum=2000, rounds=6)
    result = await run(Pipeline(Nouns(40), [method]), tmp_path / "run")
    drawn: dict[str, set[int]] = {}
    for row in result.rejected():
        steps = [*(step.by for step in row.example.ancestors[1:]), row.example.by]
        for number, by in enumerate(steps, 1):
            drawn.setdefault(by.removeprefix("fresh_start/"), set()).add(number)
    assert drawn == {"fresh_start": {1, 2, 3, 4, 5, 6}, "deepen": {2, 3}, "complicate": {4, 5, 6}}


def test_lengths_are_those_of_the_language() -> None:
    made = [FreshStart(Scripted(str)), FreshStart(Scripted(str), language="zh"), FreshStart(Scripted(str), minimum=9)]
    assert [(one.minimum, one.maximum) for one in made] == [(256, 1024), (100, 400), (9, 1024)]


async def test_words_of_ones_own_in_chinese(tmp_path: Path) -> None:
    asked: list[str] = []

    def model(request: Request) -> str:
        asked.append(prompt_of(request))
        return "请说明灯塔和茶壶有什么相同的地方，并举出三个例子。" if "#新提示词#" in asked[-1] else "都能指路。"

    method = FreshStart(Scripted(model), language="zh", minimum=10)
    result = await run(Pipeline(Nouns(5, "zh", ("灯塔", "茶壶")), [method]), tmp_path / "run")
    assert [row.output for row in result] == ["都能指路。"] * 5
    assert all("灯塔" in prompt or "茶壶" in prompt for prompt in asked)
    assert any(re.search("：(灯塔、茶壶|茶壶、灯塔)。\n", prompt) for prompt in asked)
    assert not any(re.search("[A-Za-z,]", prompt) for prompt in asked)


async def test_nothing_depends_on_what_comes_first(tmp_path: Path) -> None:
    made = []
    for number, (concurrency, slow) in enumerate([(1, None), (16, dawdling(1)), (64, dawdling(2))]):
        model = Model(lengthening, before=slow, limits=Limits(concurrency=concurrency))
        await run(Pipeline(Nouns(), [FreshStart(model)]), tmp_path / str(number) / "run", limit=25)
        made.append(contents(tmp_path / str(number) / "run"))
    assert made[0] == made[1] == made[2]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_packaged_words(language: str) -> None:
    words = Prompt.load("fresh_start/nouns", language=language).text.split()
    assert len(words) == len(set(words)) >= 250


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Nouns(0), "of at least 1, or None"),
        (lambda: Nouns(words=("", "x")), "words=.*of which each is a text that is not blank"),
        (lambda: Nouns(words="boat"), "words=.*of which each is a text that is not blank"),  # type: ignore[arg-type]
        (lambda: FreshStart(Scripted(str), words=None), "words=.*of which each is a text that is not blank"),  # type: ignore[arg-type]
        (lambda: FreshStart(Scripted(str), minimum="9"), "minimum"),  # type: ignore[arg-type]
        (lambda: FreshStart(Scripted(str), minimum=9, maximum=8), "maximum"),
        (lambda: FreshStart(Scripted(str), rounds=0), "rounds"),
        (lambda: FreshStart(Scripted(str), originals=True), "originals"),
        (lambda: ManyLines(0), "above 0"),
        (lambda: AssistantTalk(("",)), "phrases"),
    ],
)
def test_wrong_parameters_are_refused(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        make()
