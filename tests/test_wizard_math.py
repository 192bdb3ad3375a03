"""WizardMath on a teacher that plants failures and keeps a log: downwards questions get easier, upwards harder."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Completion, Limits, Reject, Request
from instructgen.engines.scripted import Scripted
from instructgen.errors import BadRequest, RecipeError
from instructgen.example import Example
from instructgen.filters import Filter
from instructgen.filters.repeated_prompt import RepeatedPrompt
from instructgen.generators import JudgeDifficulty, Operator
from instructgen.generators.wizard_math import WizardMath, math_operators
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline
from instructgen.seeds import seeds
from instructgen.selects import Shuffle
from tests.support.pipelines import Model, contents, dawdling, new_calls, prompt_of, run
from tests.support.planting import assert_as_planted
from tests.test_evol_instruct import Planter, asked_of, mean

DOWN = ["easier", "easier_topic"]
UP = ["add_constraints", "concretise", "add_reasoning"]

# What is planted, and the code it must get (none for a success).
CODES = {
    "good": "",
    "eighty_words": "",
    "same": "no_gain",
    "scaffold": "scaffold",
    "refusal": "refusal",
    "cut_prompt": "truncated",
    "blocked": "filtered",
    "nothing": "unparsable",
    "sorry": "sorry",
    "stop_words": "stop_words",
    "empty": "empty",
    "cut_answer": "truncated",
}


def questions(number: int, *, output: str = "It is 12.") -> list[Example]:
    return [Example.root("row", index=n, instruction=f"Question {n}, level 5.", output=output) for n in range(number)]


def level(text: str) -> int:
    return int(re.findall(r"level (\d+)", text)[-1])


@dataclass
class MathPlanter(Planter):
    """A teacher of mathematics whose questions tell their level, and that fails as its log says."""

    def __call__(self, request: Request) -> str | Completion:
        kind, text = asked_of(prompt_of(request))
        if kind != "difficulty":
            return super().__call__(request)
        return f"**{level(text)}**"

    def _evolved(self, text: str, prompt: str, request: Request) -> str | Completion:
        random = Random(hashlib.sha256(json.dumps([prompt, request.seed]).encode()).digest())
        kind = random.choice(list(CODES)) if random.random() < self.flawed else "good"
        self.log.append((text, kind))
        if kind == "blocked":
            return Completion("", "filtered")
        step = -1 if re.search("is easier than|question below easier|改得更容易|要比下面这道容易", prompt) else 1
        name = "An invented one" if prompt.endswith(("#Created Prompt#:", "#新提示词#：")) else text.split(",")[0]
        new = f"{name}, [{kind} {random.getrandbits(40):x}] level {level(text) + step}."
        made = {
            "same": f"#Rewritten Prompt#:\n{text}",
            "scaffold": f"{new} Keep to the Given Prompt.",
            "refusal": "I'm sorry, but I cannot help with that request.",
            "nothing": "<think>Easier, but how?</think>\n",
        }.get(kind)
        wrapped = random.choice(
            ["{}", "**{}**", "Certainly! Here is the question:\n\n{}", '"{}"', "<think>x</think>{}"]
        )
        answer = made or wrapped.replace("{}", new)
        return Completion(answer[:-4], "length") if kind == "cut_prompt" else answer


# ---------------------------------------------------------------- planted failures


async def test_three_hundred_questions_for_five_rounds(tmp_path: Path) -> None:
    planter = MathPlanter()
    teacher = Scripted(planter)
    pipeline = Pipeline(questions(300), [WizardMath(teacher), JudgeDifficulty(teacher), Shuffle()])
    result = await run(pipeline, tmp_path / "run")
    assert len(planter.log) == 300 * 5  # every round of every question was asked for once
    kept = assert_as_planted(result, planter.log, CODES)
    assert not [prompt for prompt in planter.prompts if asked_of(prompt)[0] == "equal"]

    # One level down for each success of the first two rounds, one up for each of the others; failures are retried.
    for row in kept:
        if row.meta["round"]:
            down = row.meta["round"] <= 2
            assert level(row.instruction) == level(row.meta["evolved_from"]) + (-1 if down else 1)
            assert row.meta["operator"] in (DOWN if down else UP)
    means = [mean([row.scores["difficulty"] for row in kept if row.meta["round"] == n]) for n in range(6)]
    assert means[0] == 5.0
    assert means[0] > means[1] > means[2] < means[3] < means[4] < means[5]


async def test_the_sizes_of_the_papers_data(tmp_path: Path) -> None:
    """15K questions, six evolutions of each in five rounds, 17K duplicates out: 448K; here a thousandth of it."""
    twins = Counter(dict.fromkeys(range(8), 3)) + Counter({8: 2})

    def model(request: Request) -> str:
        kind, text = asked_of(prompt_of(request))
        if kind != "evolve":
            return "Half of it is 6."
        name, steps = text.split(",")[0], text.count("+") + 1
        number = int(name.split()[-1])
        if steps == 5 and twins[number]:
            twins[number] -= 1
            return f"{name}, the same for all."
        return f"{text} + {Random(f'{text}{request.seed}').getrandbits(40)}"

    pipeline = Pipeline(questions(15), [WizardMath(Scripted(model), branches=6), Filter(RepeatedPrompt())])
    result = await run(pipeline, tmp_path / "run")
    kept, rejected = list(result), list(result.rejected())
    assert len(kept) + len(rejected) == 15 * (1 + 6 * 5) == 465
    assert (len(kept), result.reasons) == (448, {"duplicate": 17})
    by_id = {row.id: row for row in kept}
    for reject in rejected:
        assert reject.reject.neighbour is not None
        assert by_id[reject.reject.neighbour].instruction == reject.example.instruction
    branches = Counter(row.meta["branch"] for row in kept if 0 < row.meta["round"] < 5)
    assert branches == dict.fromkeys(range(1, 7), 60)


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_packaged_questions_in_both_languages(tmp_path: Path, language: Any) -> None:
    start = [seed for seed in seeds(language) if seed.meta["family"] == "maths"]
    start = [Example.root("mine", instruction=f"{seed.instruction}, level 5.", output=seed.output) for seed in start]
    assert len(start) == 12
    planter = MathPlanter()
    result = await run(Pipeline(start, [WizardMath(Scripted(planter), language=language)]), tmp_path / "run")
    assert len(planter.log) == 60
    assert result.reasons == Counter(CODES[kind] for _, kind in planter.log if CODES[kind])
    for row in result:
        if row.meta["round"]:
            step = -1 if row.meta["round"] <= 2 else 1
            assert level(row.instruction) == level(row.meta["evolved_from"]) + step
    evolving = [prompt for prompt in planter.prompts if asked_of(prompt)[0] == "evolve"]
    assert all(("数学题" in prompt) is (language == "zh") for prompt in evolving)


async def test_nothing_depends_on_what_comes_first(tmp_path: Path) -> None:
    made = []
    for number, (concurrency, slow) in enumerate([(1, None), (8, dawdling(1)), (64, dawdling(2))]):
        model = Model(MathPlanter(), before=slow, limits=Limits(concurrency=concurrency))
        folder = tmp_path / str(number)
        pipeline = Pipeline(questions(12), [WizardMath(model, branches=3), JudgeDifficulty(model)])
        result = await run(pipeline, folder / "run")
        assert result.counts["rejected"] > 10
        made.append(contents(folder / "run"))
    assert made[0] == made[1] == made[2]


# ---------------------------------------------------------------- rounds and operators


async def test_operators_are_drawn_alike_in_their_rounds(tmp_path: Path) -> None:
    method = WizardMath(Scripted(MathPlanter(flawed=0)), originals=False)
    result = await run(Pipeline(questions(200), [method]), tmp_path / "run")
    drawn = Counter(row.by.removeprefix("wizard_math/") for row in result)
    assert set(drawn) == {*DOWN, *UP}
    assert all(160 < count < 240 for count in drawn.values()), drawn  # 200 each; 160 is more than three deviations away


@pytest.mark.parametrize(
    ("options", "down", "up"),
    [
        ({}, [1, 2], [3, 4, 5]),
        ({"rounds": 8}, [1, 2], [3, 4, 5, 6, 7, 8]),
        ({"downward": 0, "rounds": 2}, [], [1, 2]),
        ({"downward": 3, "rounds": 3}, [1, 2, 3], []),
        ({"downward": 4, "rounds": 2}, [1, 2], []),
    ],
)
def test_the_first_rounds_go_down(options: dict[str, int], down: list[int], up: list[int]) -> None:
    method = WizardMath(Scripted(str), **options)  # type: ignore[arg-type]
    assert method.operators is not None
    rounds = {one.name: list(one.rounds) for one in method.operators}
    assert rounds == {**(dict.fromkeys(DOWN, down) if down else {}), **(dict.fromkeys(UP, up) if up else {})}


def test_the_operators_of_the_function_are_those_of_the_default() -> None:
    assert WizardMath(Scripted(str), operators=math_operators()).operators == WizardMath(Scripted(str)).operators
    both = (*math_operators("zh", [], range(1, 6)), Operator("prove", "ask for a proof."))
    method = WizardMath(Scripted(str), operators=both, language="zh")
    assert method.operators is not None
    assert [one.name for one in method.operators] == [*UP, "prove"]
    assert {one.prompt.name for one in method.operators if one.prompt} == {"wizard_math/upward"}


async def test_the_judge_is_asked_where_one_wants_it(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        kind, text = asked_of(prompt_of(request))
        return {"equal": "Equal", "evolve": f"{text} Again."}.get(kind, "It is 6.")

    method = WizardMath(Scripted(model), compare=True, originals=False, branches=2)
    result = await run(Pipeline(questions(2), [method]), tmp_path / "run")
    assert result.reasons == {"no_gain": 20}
    # Both branches write the same here; the greedy judge is asked about it once.
    assert new_calls(result) == 20 + 2


def test_the_manifest_tells_rounds_branches_and_sampling() -> None:
    (_, told) = Pipeline(questions(1), [WizardMath(Scripted(str))]).describe()["stages"]
    assert (told["rounds"], told["downward"], told["branches"], told["compare"]) == (5, 2, 1, False)
    assert (told["sampling"]["temperature"], told["sampling"]["top_p"]) == (0.7, None)
    assert [one["rounds"] for one in told["operators"]] == [[1, 2]] * 2 + [[3, 4, 5]] * 3
    assert [one["type"] for one in told["response_checks"]] == ["ShortApology", "OnlyStopWords"]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: WizardMath(Scripted(str), downward=-1), "downward=-1"),
        (lambda: WizardMath(Scripted(str), downward=True), "downward=True"),
        (lambda: WizardMath(Scripted(str), branches=0), "branches=0"),
        (lambda: WizardMath(Scripted(str), rounds=0), "rounds=0"),
        (lambda: WizardMath("gpt"), "Write engine"),  # type: ignore[arg-type]
        (lambda: WizardMath(Scripted(str), rounds=6, operators=math_operators()), "round 6"),
    ],
)
def test_wrong_parameters_are_refused(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        make()


# ---------------------------------------------------------------- branches


async def test_each_branch_goes_its_own_way_and_more_of_them_leave_the_first_alone(tmp_path: Path) -> None:
    planter = MathPlanter(flawed=0.2)
    two = await run(Pipeline(questions(30), [WizardMath(Scripted(planter), branches=2)]), tmp_path / "two")
    rows = [row for row in two if row.meta["round"]]
    asked = len(planter.log)
    assert asked == 30 * 2 * 5
    assert len({row.instruction for row in rows}) == len(rows)
    assert len({row.id for row in two}) == len(list(two))
    starts = {(row.ancestors[0].id, row.meta["branch"]): row.ancestors[1].id for row in rows}
    assert len(set(starts.values())) == len(starts) == 60
    drawn = {(row.ancestors[0].id, row.meta["branch"], row.meta["round"]): row.meta["operator"] for row in rows}
    both = [(drawn[one], drawn[one[0], 2, one[2]]) for one in drawn if one[1] == 1 and (one[0], 2, one[2]) in drawn]
    assert 0.2 < mean([float(first == second) for first, second in both]) < 0.6  # two or three are drawn from
    for row in rows:
        assert row.ancestors[1].by == "wizard_math/branch"
        assert [one.by.split("/")[0] for one in row.ancestors[1:]] == ["wizard_math"] * (len(row.ancestors) - 1)
    for number in (1, 2):
        branch = [row for row in rows if row.meta["branch"] == number]
        for before, after in pairwise(branch):
            if after.meta["round"] > before.meta["round"] and after.ancestors[0] == before.ancestors[0]:
                assert after.meta["evolved_from"] == before.instruction

    three = await run(Pipeline(questions(30), [WizardMath(Scripted(planter), branches=3)]), tmp_path / "three")
    assert len(planter.log) - asked == 30 * 5
    assert [row for row in three if row.meta.get("branch") != 3] == list(two)


async def test_an_error_in_one_branch_loses_nothing_of_the_others(tmp_path: Path) -> None:
    broken: set[str] = set()

    def model(request: Request) -> str | Completion:
        kind, text = asked_of(prompt_of(request))
        if text in broken:
            raise BadRequest("no such thing")
        if kind != "evolve":
            return "Half of it is 6."
        return f"{text} + {Random(f'{text}{request.seed}').getrandbits(40)}"

    def pipeline() -> Pipeline:
        return Pipeline(questions(3), [WizardMath(Scripted(model), branches=4)])

    def place(row: Example) -> tuple[int, int]:
        return int(re.findall(r"Question (\d+)", row.instruction)[0]), row.meta.get("branch", 0)

    peace = list(await run(pipeline(), tmp_path / "peace" / "run"))
    assert len(peace) == 3 * (1 + 4 * 5)
    (lost,) = [row for row in peace if place(row) == (1, 3) and row.meta["round"] == 2]
    broken.add(lost.instruction)
    result = await run(pipeline(), tmp_path / "broken" / "run")
    assert (result.counts["failed"], result.complete) == (1, False)

    def elsewhere(rows: Iterable[Example]) -> list[Example]:
        return [row for row in rows if not (place(row) == (1, 3) and row.meta["round"] >= 2)]

    assert elsewhere(result) == elsewhere(peace)
    ((failed, error),) = result.failed()
    assert (failed.instruction, failed.meta["round"], error) == (lost.instruction, 2, "BadRequest: no such thing")
    # The rounds that follow go on from the question before.
    later = [row for row in result if place(row) == (1, 3) and row.meta["round"] > 2]
    assert [row.meta["round"] for row in later] == [3, 4, 5]
    assert later[0].meta["evolved_from"] == lost.meta["evolved_from"]
    broken.clear()
    assert list(await run(pipeline(), tmp_path / "broken" / "run")) == peace


async def test_a_bug_in_a_branch_is_told_before_a_failure(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        raise BadRequest("no such thing")

    @dataclass(frozen=True, slots=True)
    class Buggy:
        def __call__(self, example: Example) -> Reject | None:
            raise ZeroDivisionError("a bug")

    def fine_once(request: Request) -> str:
        kind, text = asked_of(prompt_of(request))
        if kind == "evolve" and request.seed and request.seed % 2:
            raise BadRequest("no such thing")
        return f"{text} + 1"

    failed = await run(Pipeline(questions(1), [WizardMath(Scripted(model), branches=3)]), tmp_path / "a" / "run")
    assert failed.counts["failed"] == 3 * 5  # every round of every branch is told of
    method = WizardMath(Scripted(fine_once), branches=8, prompt_checks=(Buggy(),))
    with pytest.raises(ZeroDivisionError, match="a bug"):
        await run(Pipeline(questions(1), [method]), tmp_path / "b" / "run")


# ---------------------------------------------------------------- what the prompts ask for


@pytest.mark.parametrize(
    ("name", "english", "chinese"),
    [
        (
            "upward",
            ["harder: {method}", "definite answer", "10 to 20 words"],
            ["更难：{method}", "确定的答案", "最多增加 40 个字"],
        ),
        ("add_constraints", ["add one condition"], ["增加一个", "条件"]),
        ("concretise", ["general notions", "specific"], ["笼统", "具体"]),
        ("add_reasoning", ["simple steps", "several more"], ["简单几步", "更多步骤"]),
        ("easier", ["question below easier", "clearly easier", "topic stays"], ["更容易", "主题不变"]),
        ("easier_topic", ["brand-new", "another topic", "easier than the one"], ["全新", "另一个主题", "容易"]),
    ],
)
def test_every_item_of_the_checklist_is_asked_for(name: str, english: list[str], chinese: list[str]) -> None:
    for language, items in (("en", english), ("zh", chinese)):
        text = Prompt.load(f"wizard_math/{name}", language=language).text
        assert [item for item in items if item not in text] == []


# ---------------------------------------------------------------- the check for duplicates


def question(text: str, *, given: str = "", output: str = "12") -> Example:
    return Example.root("test", instruction=text, input=given, output=output)


def test_a_question_comes_once_whatever_its_answer() -> None:
    checks = Filter(RepeatedPrompt()).fresh()
    first = question("What is 3 + 4?")
    assert checks.decide(first) is None
    assert checks.decide(question(" What is\n3 + 4? ", output="7")) == Reject("duplicate", neighbour=first.id)
    assert checks.decide(question("What is 3 - 4?")) is None
    assert checks.decide(question("What is", given="3 + 4?")) == Reject("duplicate", neighbour=first.id)
    assert checks.fresh().decide(first) is None
    checks.observe(replace(first, id="another"))
    assert checks.decide(first) == Reject("duplicate", neighbour=first.id)


@given(st.lists(st.sampled_from(["a", "b c", " b  c", "B c", "a\ud800", ""]), max_size=30))
def test_what_is_kept_has_no_text_twice(texts: list[str]) -> None:
    checks = Filter(RepeatedPrompt())
    kept = [text for text in texts if checks.decide(question(text)) is None]
    assert [" ".join(text.split()) for text in kept] == list(dict.fromkeys(" ".join(text.split()) for text in texts))
