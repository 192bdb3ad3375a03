"""Respond: what the teacher is asked, and which of its answers are trained on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from instructgen.contracts import Completion, Finish, Reject, Request
from instructgen.errors import BadRequest
from instructgen.example import Example, Message
from instructgen.generators import Respond
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Model, Stream, contents, dawdling, play, run, tasks

TASK = Example.root("test", instruction="Sum it up.", input="A long text.")


async def asked(example: Example, tmp_path: Path, system: str = "") -> tuple[tuple[str, str], ...]:
    """The messages that the teacher gets for this example."""
    seen: list[Request] = []

    def teacher(request: Request) -> str:
        seen.append(request)
        return "fine"

    await play(Stream([example]), [Respond(Model(teacher), system=system)], tmp_path)
    return tuple((turn.role, turn.content) for turn in seen[0].messages)


async def test_the_prompt_is_the_example_itself(tmp_path: Path) -> None:
    assert await asked(tasks(1)[0], tmp_path) == (("user", "task 0"),)
    assert await asked(TASK, tmp_path) == (("user", "Sum it up.\n\nA long text."),)
    history = (Message("user", "Hello"), Message("assistant", "Hi"))
    assert await asked(replace(TASK, system="Be kind.", history=history), tmp_path, "Be brief.") == (
        ("system", "Be kind."),
        ("user", "Hello"),
        ("assistant", "Hi"),
        ("user", "Sum it up.\n\nA long text."),
    )
    assert await asked(TASK, tmp_path, "Be brief.") == (
        ("system", "Be brief."),
        ("user", "Sum it up.\n\nA long text."),
    )


async def test_the_answer_becomes_the_output(tmp_path: Path) -> None:
    played = await play(Stream([TASK]), [Respond(Model(lambda _: "  It is long.\n"), system="Be brief.")], tmp_path)
    example = played.items[0].example
    assert (example.instruction, example.input, example.output) == (TASK.instruction, TASK.input, "It is long.")
    assert (example.by, example.parents, example.system) == ("respond", (TASK.id,), "")
    assert len(example.calls) == 1


@pytest.mark.parametrize(
    ("text", "finish", "code", "output"),
    [
        ("cut of", "length", "truncated", "cut of"),
        ("I cannot", "filtered", "filtered", "I cannot"),
        ("  \n", "stop", "empty", ""),
        ("<think>well</think>", "stop", "empty", ""),
        ("<think>well</think>\nSo.", "stop", None, "So."),
    ],
)
async def test_only_whole_answers_are_kept(
    tmp_path: Path, text: str, finish: Finish, code: str | None, output: str
) -> None:
    model = Model(lambda _: Completion(text, finish))
    played = await play(Stream([TASK]), [Respond(model)], tmp_path)
    verdict = played.items[0].verdict
    assert (verdict.code if isinstance(verdict, Reject) else None) == code
    assert played.items[0].example.output == output
    assert len(model.asked) == 1  # an answer that came back is not asked for again


async def test_each_draw_is_an_example(tmp_path: Path) -> None:
    model = Model(before=dawdling(5))
    played = await play(Stream(tasks(3)), [Respond(model, draws=4)], tmp_path)
    assert len(played.kept) == len(set(played.kept)) == 12
    assert [item.example.instruction for item in played.items] == [f"task {n}" for n in range(3) for _ in range(4)]
    assert len({item.example.id for item in played.items}) == 12


async def test_equal_answers_are_examples_of_their_own(tmp_path: Path) -> None:
    played = await play(Stream([TASK]), [Respond(Model(lambda _: "42"), draws=3)], tmp_path)
    assert len({item.example.id for item in played.items}) == 3


async def test_more_draws_begin_with_the_same(tmp_path: Path) -> None:
    model = Model()
    few = await play(Stream([TASK]), [Respond(model, draws=2)], tmp_path)
    many = await play(Stream([TASK]), [Respond(model, draws=5)], tmp_path)
    assert many.kept[:2] == few.kept
    assert len(model.asked) == 5


async def test_a_draw_that_fails_keeps_those_before(tmp_path: Path) -> None:
    def teacher(request: Request) -> str:
        if request.seed == bad:
            raise BadRequest("no")
        return f"answer {request.seed}"

    bad: int | None = None
    pipeline = Pipeline([TASK], [Respond(Model(teacher), draws=3)])
    whole = await run(pipeline, tmp_path / "whole", store=tmp_path / "whole.db")
    outputs = [example.output for example in whole]
    bad = int(outputs[1].split()[1])
    part = await run(pipeline, tmp_path / "part")
    assert [example.output for example in part] == outputs[:1]
    assert part.counts["failed"] == 1
    bad = None
    assert contents((await run(pipeline, tmp_path / "part")).path) == contents(whole.path)
