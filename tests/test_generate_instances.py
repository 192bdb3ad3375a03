"""Self-Instruct's third step: instances from one completion, and the reason for each that is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest

from instructgen.contracts import Completion, Engines, Finish, Limits, Reject, Request, Sampling
from instructgen.engines.scripted import Scripted
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.generators import GenerateInstances
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Model, Stream, contents, dawdling, new_calls, play, prompt_of, run

TASK = Example.root("test", instruction="Add the\n  numbers.", meta={"family": "numbers"})
CLASSES = Example.root("test", instruction="Good or bad?", meta={"classification": True})
WARM = Sampling(temperature=0.5)

Row = tuple[str, str, str]


async def made(folder: Path, text: str, finish: Finish = "stop", *, task: Example = TASK, **options: Any) -> list[Row]:
    """What becomes of one completion: input, output and verdict of each instance, in order."""
    step = GenerateInstances(Scripted(lambda _: Completion(text, finish)), **{"attempts": 1, **options})
    played = await play(Stream([task]), [step], folder)
    (folder / "store.db").unlink()  # the next text is another answer to the same prompt
    return [
        (item.example.input, item.example.output, item.verdict.code if isinstance(item.verdict, Reject) else "kept")
        for item in played.items
    ]


def examples(*written: tuple[str, str]) -> str:
    """A completion with these instances."""
    return "".join(
        f"Example {number}\nInput: {given}\nOutput: {output}\n" for number, (given, output) in enumerate(written, 1)
    )


# ---------------------------------------------------------------- card 1, in its corrected form


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Example 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d", [("a", "b", "kept"), ("c", "d", "kept")]),
        ("Output: just an answer", [("", "just an answer", "kept")]),
        ("just an answer", [("", "just an answer", "unparsable")]),
        (
            "Example 1\nInput: a\nOutput: b\nExample 2\nInput: a\nOutput: c",
            [("a", "b", "contradiction"), ("a", "c", "contradiction")],
        ),
        (
            "Example 1\nInput: a\nOutput: b\nExample 2\nInput: a\nOutput: b",
            [("a", "b", "kept"), ("a", "b", "duplicate")],
        ),
        ("Example 1\nOutput: b\nExample 2\nOutput: c", [("", "b", "kept"), ("", "c", "kept")]),
        ("Example 1\nOutput: b\nExample 2\nOutput: b", [("", "b", "kept"), ("", "b", "duplicate")]),
        ("Input: b\nOutput: b", [("b", "b", "input_is_output")]),
        ("Input: b\nOutput: list:", [("b", "list:", "ends_with_colon")]),
        ("Input: text:\nOutput: z", [("text:", "z", "ends_with_colon")]),
        ("Input: a\nOutput:", [("a", "", "empty_output")]),
        ("Input 1: x\nOutput 1: y\nInput 2: z\nOutput 2: w", [("x", "y", "kept")]),
        ("Input: For Example, a\nOutput: b", [("For Example, a", "b", "kept")]),
    ],
)
async def test_instances(tmp_path: Path, text: str, expected: list[Row]) -> None:
    assert await made(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Class label: Positive\nText: good day\nClass label: Negative\nText: bad",
            [("Text: good day", "Positive", "kept"), ("Text: bad", "Negative", "kept")],
        ),
        ("Class label: (a)\nClass label: (b)", [("", "(a)", "kept"), ("", "(b)", "kept")]),
        ("Class label: A\nText: x\nClass label: B\nText: x", [("Text: x", c, "contradiction") for c in "AB"]),
        ("Example 1\nInput: a\nOutput: b", [("", "Example 1\nInput: a\nOutput: b", "unparsable")]),
    ],
)
async def test_classifications(tmp_path: Path, text: str, expected: list[Row]) -> None:
    assert await made(tmp_path, text, task=CLASSES) == expected


@pytest.mark.parametrize(
    ("written", "codes"),
    [
        # What is no instance contradicts nothing.
        ([("a", ""), ("a", "b")], ["empty_output", "kept"]),
        ([("a", "a"), ("a", "b")], ["input_is_output", "kept"]),
        ([("a", "list:"), ("a", "b")], ["ends_with_colon", "kept"]),
        # One contradiction spoils the task, those that were none of it too.
        ([("a", "b"), ("c", "d"), ("a", "e")], ["contradiction"] * 3),
        ([("a", "b"), ("c", ""), ("a", "e")], ["contradiction", "empty_output", "contradiction"]),
        ([("a", "b"), ("c", "d"), ("a", "b"), ("c", "d")], ["kept", "kept", "duplicate", "duplicate"]),
        ([("a", "b"), ("", "d"), ("", "e")], ["kept"] * 3),
    ],
)
async def test_the_order_of_the_reasons(tmp_path: Path, written: list[tuple[str, str]], codes: list[str]) -> None:
    assert [code for *_, code in await made(tmp_path, examples(*written))] == codes


@pytest.mark.parametrize("finish", ["length", "filtered"])
async def test_the_last_of_a_completion_that_was_cut_off(tmp_path: Path, finish: Finish) -> None:
    text = examples(("a", "b"), ("c", "d"))
    assert await made(tmp_path, text, finish) == [("a", "b", "kept"), ("c", "d", "truncated")]
    # It goes before the filters, so that it contradicts nothing and repeats nothing.
    assert await made(tmp_path, examples(("a", "b"), ("a", "c")), finish) == [
        ("a", "b", "kept"),
        ("a", "c", "truncated"),
    ]
    assert await made(tmp_path, examples(("a", "b"), ("a", "b")), finish) == [
        ("a", "b", "kept"),
        ("a", "b", "truncated"),
    ]
    assert await made(tmp_path, examples(("a", "")), finish) == [("a", "", "truncated")]
    text = "Class label: A\nx\nClass label: B\ny an"
    assert await made(tmp_path, text, finish, task=CLASSES) == [("x", "A", "kept"), ("y an", "B", "truncated")]


@pytest.mark.parametrize("finish", ["stop", "length"])
async def test_marks_with_nothing_in_them_are_unparsable(tmp_path: Path, finish: Finish) -> None:
    assert await made(tmp_path, "Example 1\n", finish) == [("", "Example 1\n", "unparsable")]


# ---------------------------------------------------------------- more than wanted


async def test_of_too_many_some_are_drawn(tmp_path: Path) -> None:
    written = [(f"given {number}", f"output {number}") for number in range(12)]
    chosen = set()
    for seed in range(4):
        step = GenerateInstances(Scripted(lambda _: examples(*written)))
        played = await play(Stream([TASK]), [step], tmp_path / str(seed), seed=seed)
        assert [(item.example.input, item.example.output) for item in played.items] == written
        rejects = [item.verdict for item in played.items if isinstance(item.verdict, Reject)]
        assert [(reject.code, reject.value, reject.limit) for reject in rejects] == [("surplus", 12, 5)] * 7
        chosen.add(tuple(played.kept))
    assert len(chosen) == 4
    assert [code for *_, code in await made(tmp_path, examples(*written), instances=12)] == ["kept"] * 12
    assert [code for *_, code in await made(tmp_path, examples(*written), instances=1)].count("kept") == 1


async def test_only_good_ones_are_drawn_from(tmp_path: Path) -> None:
    written = [("a", "a"), ("b", ""), ("c", "d"), ("c", "d"), ("e", "f"), ("g", "h"), ("i", "j")]
    rows = await made(tmp_path, examples(*written), "length", instances=3)
    assert [code for *_, code in rows] == [
        *("input_is_output", "empty_output", "kept", "duplicate", "kept", "kept", "truncated")
    ]


# ---------------------------------------------------------------- prompts


@pytest.mark.parametrize(
    ("language", "label", "stop"), [("en", "Class label:", "\nTask:"), ("zh", "类别标签：", "\n任务：")]
)
async def test_what_is_asked(tmp_path: Path, language: Literal["en", "zh"], label: str, stop: str) -> None:
    requests: list[Request] = []

    def model(request: Request) -> str:
        requests.append(request)
        return "Output: x\nClass label: x\n输出：x\n类别标签：x"

    step = GenerateInstances(Scripted(model), language=language)
    await play(Stream([TASK, CLASSES]), [step], tmp_path)
    plain, classes = sorted(map(prompt_of, requests), key=lambda prompt: "Good or bad?" in prompt)
    task = stop.removeprefix("\n")
    assert plain.endswith(f"\n\n{task}{' ' if language == 'en' else ''}Add the numbers.")
    assert classes.endswith(f"{task}{' ' if language == 'en' else ''}Good or bad?")
    assert label in classes
    assert label not in plain
    for request in requests:
        sampling = request.sampling
        assert (sampling.temperature, sampling.presence_penalty, sampling.max_tokens) == (0.0, 1.5, 350)
        assert sampling.stop == (stop,)


async def test_prompts_and_a_sampling_of_ones_own(tmp_path: Path) -> None:
    requests: list[Request] = []

    def model(request: Request) -> str:
        requests.append(request)
        return "Output: x\nClass label: x"

    step = GenerateInstances(
        Scripted(model),
        input_first=Prompt("I {instruction}"),
        output_first=Prompt("O {instruction}"),
        sampling=Sampling(temperature=0.5, stop=("END",)),
    )
    await play(Stream([TASK, CLASSES]), [step], tmp_path)
    assert sorted(map(prompt_of, requests)) == ["I Add the numbers.", "O Good or bad?"]
    assert {request.sampling.stop for request in requests} == {("END", "\nTask:")}


async def test_what_the_prompt_shows_can_be_read(tmp_path: Path) -> None:
    # The demonstrations are in the layout that is asked for, so each of them must come through whole.
    languages: tuple[Literal["en", "zh"], ...] = ("en", "zh")
    for language in languages:
        step = GenerateInstances(Model(), language=language)
        for prompt, task in ((step.input_first, TASK), (step.output_first, CLASSES)):
            assert prompt is not None
            shown = prompt.text.split("任务：" if language == "zh" else "Task: ")[1:-1]
            assert len(shown) >= 10
            for text in shown:
                rows = await made(tmp_path, text.partition("\n")[2], task=task, language=language)
                assert {code for *_, code in rows} == {"kept"}, rows


# ---------------------------------------------------------------- lineage


async def test_the_instances_are_children_of_the_task(tmp_path: Path) -> None:
    model = Model(lambda _: examples(("a", "b"), ("a", "b"), ("c", "c"), ("d", "e")))
    played = await play(Stream([TASK]), [GenerateInstances(model)], tmp_path)
    made = [item.example for item in played.items]
    assert len({example.id for example in made}) == 4
    for example in made:
        assert (example.instruction, example.meta) == (TASK.instruction, TASK.meta)
        assert (example.by, example.parents) == ("instances", (TASK.id,))
        assert example.ancestors[-1].id == TASK.id
        assert example.calls == made[0].calls
    assert len(made[0].calls) == 1


async def test_what_cannot_be_read_is_asked_again(tmp_path: Path) -> None:
    answers = {"number 0": ["Sorry.", "", "Output: b"], "number 1": ["No.", "Not now.", "Never."]}
    model = Model(lambda request: next(told for name, told in answers.items() if name in prompt_of(request)).pop(0))
    tasks = [Example.root("test", index=number, instruction=f"Task number {number}") for number in range(2)]
    played = await play(Stream(tasks), [GenerateInstances(model, attempts=3, sampling=WARM)], tmp_path)
    assert answers == {"number 0": [], "number 1": []}
    first, second = played.items
    assert (first.example.output, first.verdict) == ("b", None)
    assert isinstance(second.verdict, Reject)
    assert (second.example.output, second.verdict.code) == ("Never.", "unparsable")
    assert [len(set(item.example.calls)) for item in played.items] == [3, 3]
    assert [item.example.parents for item in played.items] == [(task.id,) for task in tasks]


async def test_at_temperature_0_the_same_answer_is_not_bought_twice(tmp_path: Path) -> None:
    model = Model(lambda _: "Sorry.")
    played = await play(Stream([TASK]), [GenerateInstances(model, attempts=3)], tmp_path)
    assert (len(model.asked), len(played.items[0].example.calls)) == (1, 1)


@pytest.mark.parametrize("name", ["input_first", "output_first"])
def test_a_prompt_that_cannot_be_used_is_refused(name: str) -> None:
    with pytest.raises(RecipeError, match=rf"{name}=.*has no slot \{{instruction\}}"):
        GenerateInstances(Model(), **{name: Prompt("Write some examples.")})  # type: ignore[arg-type]


@pytest.mark.parametrize("options", [{"attempts": 0}, {"instances": 0}, {"language": "de"}])
def test_options_that_make_no_sense_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(RecipeError):
        GenerateInstances(Model(), **options)


async def test_engines_are_drawn_alike_whatever_the_timing(tmp_path: Path) -> None:
    written = examples(*((f"given {number}", f"output {number}") for number in range(8)))
    tasks = [Example.root("test", index=number, instruction=f"Task number {number}") for number in range(25)]
    seen, shares = set(), set()
    for number, concurrency in enumerate((1, 64)):
        limits = Limits(concurrency=concurrency)
        models = [Model(lambda _: written, name=name, before=dawdling(number), limits=limits) for name in "ab"]
        pipeline = Pipeline(Stream(tasks), [GenerateInstances(Engines(*models))])
        result = await run(pipeline, tmp_path / str(number), store=tmp_path / f"{number}.db")
        seen.add(tuple(contents(result.path).values()))
        shares.add(tuple(tuple(sorted(model.asked)) for model in models))
        assert (len(result), result.reasons) == (125, {"surplus": 75})
        assert new_calls(await run(pipeline, tmp_path / str(number), store=tmp_path / f"{number}.db")) == 0
    assert len(seen) == len(shares) == 1
    assert all(len(share) > 5 for share in shares.pop())
