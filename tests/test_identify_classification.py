"""Self-Instruct's second step: what is asked about each task, and that only a decision is taken for one."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any, Literal

import pytest

from instructgen.contracts import Completion, Engines, Limits, Reject, Request, Sampling
from instructgen.engines.scripted import Scripted
from instructgen.errors import BadRequest, RecipeError
from instructgen.example import Example
from instructgen.generators import IdentifyClassification
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Model, Stream, contents, dawdling, new_calls, play, prompt_of, run, tasks

TASK = Example.root("test", instruction="Is the\n  number odd\tor even?", input="7", meta={"family": "numbers"})


async def marked(folder: Path, answer: str, task: Example = TASK, **options: Any) -> tuple[Any, str]:
    """The mark, or None, and the verdict."""
    played = await play(Stream([task]), [IdentifyClassification(Scripted(lambda _: answer), **options)], folder)
    (item,) = played.items
    (folder / "store.db").unlink()  # the next answer is another one to the same prompt
    return item.example.meta.get("classification"), item.verdict.code if isinstance(item.verdict, Reject) else "kept"


# ---------------------------------------------------------------- prompts


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("en", "Task: Is the number odd or even?\nIs it classification?"),
        ("zh", "任务：Is the number odd or even?\n是分类任务吗？"),
    ],
)
async def test_what_is_asked(tmp_path: Path, language: Literal["en", "zh"], query: str) -> None:
    requests: list[Request] = []

    def model(request: Request) -> str:
        requests.append(request)
        return "Yes"

    await play(Stream([TASK]), [IdentifyClassification(Scripted(model), language=language)], tmp_path)
    (request,) = requests
    prompt = prompt_of(request)
    assert prompt.endswith("\n\n" + query)
    assert (request.sampling.temperature, request.sampling.max_tokens) == (0.0, 8)
    # Card 1: twelve of the demonstrations are classifications and nineteen are not.
    answers = re.findall(r"(?m)^(?:Is it classification\? |是分类任务吗？)(\w+)$", prompt)
    assert Counter(answers) == ({"Yes": 12, "No": 19} if language == "en" else {"是": 12, "否": 19})


async def test_a_prompt_and_a_sampling_of_ones_own(tmp_path: Path) -> None:
    model = Model(lambda _: "no")
    step = IdentifyClassification(model, prompt=Prompt("<{instruction}>"), sampling=Sampling(temperature=0.5))
    played = await play(Stream([TASK]), [step], tmp_path)
    assert model.asked == ["<Is the number odd or even?>"]
    assert played.items[0].example.meta["classification"] is False


# ---------------------------------------------------------------- answers


@pytest.mark.parametrize("answer", ["Yes", "yes", "YES", " Yes.", "**Yes**", "是", "Yes, the labels are odd and even."])
async def test_yes_is_a_classification(tmp_path: Path, answer: str) -> None:
    assert await marked(tmp_path, answer) == (True, "kept")


@pytest.mark.parametrize("answer", ["No", "no.", "**No**", "否", "不是", "No, yes would be wrong."])
async def test_no_is_none(tmp_path: Path, answer: str) -> None:
    assert await marked(tmp_path, answer) == (False, "kept")


@pytest.mark.parametrize(
    "answer", ["", "Maybe", "I cannot help with that.", "Nothing", "Not sure.", "不确定", "对不起"]
)
async def test_anything_else_is_no_decision(tmp_path: Path, answer: str) -> None:
    assert await marked(tmp_path, answer) == (None, "unparsable")
    assert await marked(tmp_path, answer, undecided="no") == (False, "kept")


async def test_the_example_is_otherwise_the_same(tmp_path: Path) -> None:
    played = await play(Stream([TASK]), [IdentifyClassification(Model(lambda _: "Yes"))], tmp_path)
    (item,) = played.items
    marked = item.example
    assert (marked.instruction, marked.input, marked.output) == (TASK.instruction, TASK.input, TASK.output)
    assert marked.meta == {"family": "numbers", "classification": True}
    assert (marked.by, marked.parents, len(marked.calls)) == ("identify_classification", (TASK.id,), 1)
    assert marked.ancestors[-1].id == TASK.id
    assert TASK.meta == {"family": "numbers"}


async def test_an_earlier_mark_is_replaced(tmp_path: Path) -> None:
    task = Example.root("test", instruction="Odd or even?", meta={"classification": False})
    assert await marked(tmp_path, "Yes", task) == (True, "kept")
    assert await marked(tmp_path, "No", Example.root("test", instruction="x", meta={"classification": True})) == (
        *(False, "kept"),
    )


async def test_no_decision_is_asked_for_again(tmp_path: Path) -> None:
    answers = {"task 0": ["Hm.", "", "Yes"], "task 1": ["Hm."] * 3}
    model = Model(lambda request: next(told for name, told in answers.items() if name in prompt_of(request)).pop(0))
    step = IdentifyClassification(model, attempts=3, sampling=Sampling(temperature=0.5))
    played = await play(Stream(tasks(2)), [step], tmp_path)
    assert answers == {"task 0": [], "task 1": []}
    assert [item.example.meta.get("classification") for item in played.items] == [True, None]
    assert [len(set(item.example.calls)) for item in played.items] == [3, 3]
    verdict = played.items[1].verdict
    assert isinstance(verdict, Reject)
    assert verdict.code == "unparsable"
    assert verdict.detail


async def test_at_temperature_0_the_same_answer_is_not_bought_twice(tmp_path: Path) -> None:
    model = Model(lambda _: "Hm.")
    played = await play(Stream([TASK]), [IdentifyClassification(model, attempts=3)], tmp_path)
    assert (len(model.asked), len(played.items[0].example.calls)) == (1, 1)


async def test_what_says_neither_is_shown(tmp_path: Path) -> None:
    played = await play(Stream([TASK]), [IdentifyClassification(Model(lambda _: "Hm, hard to say."))], tmp_path)
    (item,) = played.items
    assert (item.example.instruction, item.example.output) == (TASK.instruction, "Hm, hard to say.")


async def test_a_failed_request_is_not_a_no(tmp_path: Path) -> None:
    async def fault(prompt: str) -> None:
        if "task 1" in prompt:
            raise BadRequest("no")

    model = Model(lambda _: "Yes", before=fault)
    result = await run(Pipeline(Stream(tasks(3)), [IdentifyClassification(model, undecided="no")]), tmp_path / "run")
    assert [example.meta["classification"] for example in result] == [True, True]
    assert result.counts["failed"] == 1


async def test_a_decision_cut_short_is_a_decision(tmp_path: Path) -> None:
    engine = Scripted(lambda _: Completion("Yes, because the set of", "length"))
    played = await play(Stream([TASK]), [IdentifyClassification(engine)], tmp_path)
    assert played.items[0].example.meta["classification"] is True


@pytest.mark.parametrize("options", [{"attempts": 0}, {"undecided": "yes"}, {"language": "de"}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(RecipeError):
        IdentifyClassification(Model(), **options)


@pytest.mark.parametrize(
    ("prompt", "told"),
    [
        (Prompt("Is it classification?", "mine"), r"'mine' of IdentifyClassification has no slot \{instruction\}"),
        (Prompt("{instruction} {input}"), r"a slot \{input\}, which is never filled"),
        ("{instruction}", "Make it a Prompt"),
    ],
)
def test_a_prompt_that_cannot_be_used_is_refused(prompt: Any, told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        IdentifyClassification(Model(), prompt=prompt)


# ---------------------------------------------------------------- several models


async def test_engines_are_drawn_alike_whatever_the_timing(tmp_path: Path) -> None:
    seen, shares = set(), set()
    for number, concurrency in enumerate((1, 64)):
        limits = Limits(concurrency=concurrency)
        models = [Model(lambda _: "Yes", name=name, before=dawdling(number), limits=limits) for name in "ab"]
        pipeline = Pipeline(Stream(tasks(30)), [IdentifyClassification(Engines(*models, weights=(2, 1)))])
        result = await run(pipeline, tmp_path / str(number), store=tmp_path / f"{number}.db")
        seen.add(tuple(contents(result.path).values()))
        shares.add(tuple(tuple(sorted(model.asked)) for model in models))
        assert len(models[0].asked) > len(models[1].asked) > 2
        assert new_calls(await run(pipeline, tmp_path / str(number), store=tmp_path / f"{number}.db")) == 0
    assert len(seen) == len(shares) == 1
