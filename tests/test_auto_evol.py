"""Auto Evol-Instruct: the card's failure rule, how models write, searches on a model of known failure rates."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Completion, Limits, Reject, Request
from instructgen.engines.scripted import Scripted
from instructgen.errors import BadRequest, ParseError, RecipeError
from instructgen.example import Example, Message
from instructgen.filters import AskingBack
from instructgen.generators import AutoEvol, Respond
from instructgen.parsing.auto_evol import final_instruction, improved_method
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Model, contents, dawdling, new_calls, prompt_of, run

LAST = "#Finally Rewritten Instruction#:"
FORM = "#Methods List#:\n- a\n\n#Plan#:\nb\n\n#Rewritten Instruction#:\nc\n\n"
STEPS = "Step 1: List.\nStep 2: Plan.\nStep 3: Rewrite.\nStep 4: Review."
STEPS_ZH = "第一步：列出。\n第二步：计划。\n第三步：请仔细改写。\n第四步：检查。"
PROMPTS = [Example.root("row", index=n, instruction=f"Row {n:03} of the table.", output="") for n in range(200)]


@pytest.mark.parametrize(
    ("text", "failed"),
    [
        ("Understood. What next?", True),
        ("Thank you!", False),
        ("Sure! Which file?", True),
        ("Sure, here it is.", False),
        ("Could you please provide the table", True),
        ("**Sure!** Which one?", True),
        ("Please\nprovide it.", True),
        ("Surely it is. Is it?", False),
        ("It is four. Sure?", False),
        ("好的，请问是哪个文件？", True),
        ("好的，这就是。", False),
        ("请提供表格。", True),
        ("谢谢！", False),
    ],
)
def test_an_answer_that_asks_back(text: str, failed: bool) -> None:
    check = AskingBack()
    assert (check(Example.root("test", instruction="Go.", output=text)) is not None) is failed


def test_the_polite_words_may_count_anywhere() -> None:
    example = Example.root("test", instruction="Go.", output="It is four. Sure?")
    assert AskingBack(anywhere=True)(example) == Reject("asks_back", "Sure")


# ---------------------------------------------------------------- what models write


@pytest.mark.parametrize(
    "heading",
    [
        "#Finally Rewritten Instruction#:",
        "**#Finally Rewritten Instruction#:**",
        "**#Finally Rewritten Instruction#**:",
        "### #Finally Rewritten Instruction#",
        "### Finally rewritten instruction",
        "#Finally Rewritten Instruction:",
        "##Finally Rewritten Instruction##:",
        "# Finally Rewritten Instruction #",
        "＃Finally Rewritten Instruction＃：",
        "Finally Rewritten Instruction:",
        "**Finally Rewritten Instruction**",
        "- **#Finally Rewritten Instruction#:**",
        "> #Finally Rewritten Instruction#:",
        "4. #Finally Rewritten Instruction#:",
        "Step 4: #Finally Rewritten Instruction#:",
        "**Step 4 — #Finally Rewritten Instruction#:**",
        "`#Finally Rewritten Instruction#`:",
        "\\#Finally Rewritten Instruction\\#:",
        "#Final Rewritten Instruction#:",
        "#最终改写的指令#：",
        "**#最终改写的指令#：**",
        "【最终改写的指令】",
        "第四步：#最终改写的指令#：",
        "#最终改写后的指令#:",
    ],
)
def test_headings_of_the_final_instruction(heading: str) -> None:
    assert final_instruction(f"{FORM}{heading}\nDo it, **twice**.") == "Do it, **twice**."


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{LAST} **Do** it.", "**Do** it."),
        (f"**{LAST} Do it.**", "Do it."),
        (f'{LAST}\n"Do it."\n\n---', "Do it."),
        (f"{LAST}\n```\nDo it.\n```\n\n---\n\nLet me know if it should be longer!", "Do it."),
        (f"{LAST}\n\n{FORM}{LAST}\nDo it.", "Do it."),
        (f"<think>\n{LAST}\nNo.\n</think>\n{LAST}\nDo it.", "Do it."),
        (f"{LAST}\nDo it.\n\n#Instruction#:\nThe old one.", "Do it."),
        (f"{LAST}\nDo it.\n\n**#Words added#:** 12", "Do it."),
        (f"{LAST}\n- Do\n- it\n\n# Data\n| a |\n|---|", "- Do\n- it\n\n# Data\n| a |\n|---|"),
    ],
)
def test_nothing_but_the_final_instruction(text: str, found: str) -> None:
    assert final_instruction(text) == found


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I cannot rewrite this.",
        LAST,
        f"{LAST}\n\n---\n",
        f"{LAST}\n#Instruction#:\nThe old one.",
        "The #Finally Rewritten Instruction#: is hard.",
        "Finally rewritten instructions are #hard#: so they are.",
        "Finally rewritten instruction\nDo it.",
        f"<think>\n{LAST}\nDo it.",
    ],
)
def test_no_final_instruction(text: str) -> None:
    with pytest.raises(ParseError):
        final_instruction(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (STEPS, STEPS),
        (f"#Improved Method#:\n{STEPS}", STEPS),
        (f"Sure! It now says how.\n\n### Improved Method\n\n{STEPS}\n\n---\n\nLet me know if I should go on.", STEPS),
        (f"<think>Step 1</think>```\n{STEPS}\n```", STEPS),
        ("**Improved Method:**\n\n1. a\n2. b\n3. c\n4. d", "1. a\n2. b\n3. c\n4. d"),
        (f"**#改进后的方法#：**\n{STEPS_ZH}", STEPS_ZH),
        ("步骤1：甲\n步骤 2：乙\n步骤3：丙\n步骤4：丁", "步骤1：甲\n步骤 2：乙\n步骤3：丙\n步骤4：丁"),
        (f"{STEPS}\n#Plan#: as before.", f"{STEPS}\n#Plan#: as before."),
    ],
)
def test_an_improved_method(text: str, found: str) -> None:
    assert improved_method(text) == found


@pytest.mark.parametrize(
    "text", ["", "#Improved Method#:", "Nothing failed; keep it.", "I'm sorry, but I can't.", "Step 1: a\nStep 2: b"]
)
def test_no_method(text: str) -> None:
    with pytest.raises(ParseError):
        improved_method(text)


@given(st.text(st.sampled_from("#＃*:：\n -`1234stepSTEP第一步 ") | st.characters(), max_size=80), st.booleans())
def test_any_text_is_read_or_refused(text: str, headed: bool) -> None:
    for read in (final_instruction, improved_method):
        try:
            found = read(f"{FORM}{LAST}\n{text}" if headed else text)
        except ParseError:
            continue
        assert re.search(r"\w", found)
        assert found == found.strip()


# ---------------------------------------------------------------- a search


@dataclass
class Rewriter:
    """A model that evolves with a method, and fails for as many of a hundred prompts as the method's text says.

    Attributes:
        rates: the failure rates of the methods it proposes, in the order of asking.
        asked: how many requests of each kind came.
    """

    rates: list[int]
    first: int = 40
    asked: Counter[str] = field(default_factory=Counter)
    feedback: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> str | Completion:
        prompt = prompt_of(request)
        if "Improved Method" in prompt:
            self.asked["improve"] += 1
            return f"#Improved Method#:\n{STEPS}\nNow fail {self.rates[self.asked['improve'] - 1]} of 100."
        if LAST in prompt:
            self.asked["evolve"] += 1
            share = int((re.findall(r"fail (\d+) of 100", prompt) or [self.first])[0])
            text = prompt.partition("#Instruction#:\n")[2]
            number = int(re.findall(r"Row (\d+)", text)[0])
            new = f"{text} Twice{' or so' if self.bad(number, share) else ''}."
            return f"#Methods List#:\n- x\n#Plan#:\ny\n#Rewritten Instruction#:\nz\n{LAST}\n{new}"
        if prompt.startswith("Below are instructions"):
            self.asked["feedback"] += 1
            self.feedback.append(prompt)
            return f"Something went wrong ({self.asked['feedback']})."
        self.asked["answer"] += 1
        return "Sure! Which table do you mean?" if "or so" in prompt else "Done twice."

    @staticmethod
    def bad(number: int, share: int) -> bool:
        return number * 37 % 100 < share


async def test_the_method_with_the_lowest_failure_rate_evolves_everything(tmp_path: Path) -> None:
    # Two steps lower the rate; the third does not, so its best candidate is not taken.
    model = Rewriter([30, 20, 50, 35, 60, 10, 15, 20, 25, 30, 10, 12, 60, 30, 50])
    source = AutoEvol(Scripted(model), PROMPTS, development=100, sample=150)
    result = await run(Pipeline(source, [Respond(Scripted(model))]), tmp_path / "run")
    methods = [row for row in result.rejected() if row.reject.code == "method"]
    assert len(methods) == 1 + 3 * 5
    assert [row.reject.detail for row in methods].count("chosen") == 1
    (chosen,) = [row for row in methods if row.reject.detail]
    assert "fail 10 of 100" in chosen.example.instruction
    assert methods.index(chosen) == 6
    rates = {int((re.findall(r"fail (\d+)", row.example.instruction) or [40])[0]): row.reject.value for row in methods}
    assert rates == pytest.approx({share: share / 100 for share in rates}, abs=0.12)
    assert all(row.example.scores == {"failure_rate": row.reject.value} for row in methods)

    assert result.counts["kept"] == 200
    for row, start in zip(result, PROMPTS, strict=True):
        assert row.instruction.startswith(start.instruction)
        assert row.ancestors[0].parents == (start.id, chosen.example.id)
        assert row.meta["evolved_from"] == start.instruction
    asked_back = [row for row in result if AskingBack()(row)]
    assert len(asked_back) == 200 * 10 // 100
    assert model.asked["feedback"] == model.asked["improve"] == 15
    # Ten prompts, each with the three stages after it.
    for text in model.feedback:
        stages = re.findall(r"Instruction (\d+), stage (\d):\nRow \d{3} of the table\.((?: Twice[a-z ]*\.)*)\n", text)
        assert [(int(number), int(stage)) for number, stage, _ in stages] == [
            (n, m) for n in range(1, 11) for m in range(4)
        ]
        assert all(evolved.count("Twice") == int(stage) for _, stage, evolved in stages)


async def test_every_call_of_the_search_is_traceable(tmp_path: Path) -> None:
    model = Model(Rewriter([30] * 4 + [50] * 4))
    source = AutoEvol(model, PROMPTS[:20], candidates=4, development=10, batch=3)
    pipeline = Pipeline(source, [])
    result = await run(pipeline, tmp_path / "run")
    named = {call for row in result.rejected() for call in row.example.calls} | {
        call for row in result for call in row.calls
    }
    assert len(named) == len(model.asked) == result.telemetry["calls"]["new"]
    assert new_calls(await run(pipeline, tmp_path / "run")) == 0


async def test_without_steps_the_first_method_is_used(tmp_path: Path) -> None:
    model = Rewriter([])
    source = AutoEvol(Scripted(model), PROMPTS[:10], steps=0, development=5)
    result = await run(Pipeline(source, []), tmp_path / "run")
    assert result.counts["kept"] == 10
    assert (model.asked["feedback"], model.asked["improve"]) == (0, 0)
    assert model.asked["evolve"] >= 10


async def test_candidates_that_are_no_methods_are_rejected(tmp_path: Path) -> None:
    inner = Rewriter([30])
    unusable: list[str | Completion] = [
        Completion("Step 1: cut o", "length"),
        "",
        "It is fine as it is.",
        Completion("", "filtered"),
    ]
    told = iter([*unusable, inner(Request.chat("#Improved Method#")), *[f"#Improved Method#:\n{STEPS}"] * 5])

    def answer(request: Request) -> str | Completion:
        return next(told) if "Improved Method" in prompt_of(request) else inner(request)

    model = Model(answer, limits=Limits(concurrency=1))
    result = await run(Pipeline(AutoEvol(model, PROMPTS, development=100), []), tmp_path / "run")
    assert result.reasons == {"method": 7, "truncated": 1, "unparsable": 2, "filtered": 1}
    outputs = [row.example.output for row in result.rejected() if row.reject.code == "unparsable"]
    assert outputs == ["", "It is fine as it is."]
    assert len({row.example.id for row in result.rejected()}) == 11
    (chosen,) = [row.example for row in result.rejected() if row.reject.detail == "chosen"]
    assert "Now fail 30 of 100" in chosen.instruction
    named = {call for row in result.rejected() for call in row.example.calls} | {c for row in result for c in row.calls}
    assert len(named) == len(model.asked)


async def test_no_step_is_taken_where_nothing_fails(tmp_path: Path) -> None:
    model = Rewriter([], first=0)
    result = await run(Pipeline(AutoEvol(Scripted(model), PROMPTS[:9]), []), tmp_path / "run")
    assert model.asked["feedback"] == 0
    assert [(row.reject.code, row.reject.value) for row in result.rejected()] == [("method", 0.0)]
    assert result.counts["kept"] == 9


async def test_what_would_be_rejected_counts_as_a_failure(tmp_path: Path) -> None:
    def model(request: Request) -> str | Completion:
        prompt = prompt_of(request)
        if LAST not in prompt:
            blank = Completion("", "filtered" if "004" in prompt else "stop")
            return blank if prompt[4:7] in ("003", "004") else "Done."
        number = int(prompt[-17:-14])
        if number < 3:
            text = [f"{LAST}\nROW 000 of\nthe table.", f"{LAST}\nRow", "No."][number]
            return Completion(text, "length" if number == 1 else "stop")
        return f"{LAST}\nRow {number:03}, twice."

    source = AutoEvol(Scripted(model), PROMPTS[:10], steps=0)
    result = await run(Pipeline(source, [Respond(Scripted(model))]), tmp_path / "run")
    first, *others = result.rejected()
    assert first.reject == Reject("method", 0.5, detail="chosen")
    assert [row.reject.code for row in others] == ["no_gain", "truncated", "unparsable", "empty", "filtered"]


async def test_each_candidate_has_a_draw_of_its_own(tmp_path: Path) -> None:
    model = Model(lambda request: "Nothing failed." if "stage 0" in prompt_of(request) else Rewriter([5] * 9)(request))
    await run(Pipeline(AutoEvol(model, PROMPTS[:9], candidates=3, steps=1), []), tmp_path / "run")
    improving = [prompt for prompt in model.asked if "Improved Method" in prompt]
    assert len(improving) == 3
    assert len(set(improving)) == 1


async def test_a_conversation_goes_on_with_the_new_prompt(tmp_path: Path) -> None:
    asked: list[tuple[str, ...]] = []

    def model(request: Request) -> str:
        asked.append(tuple(f"{turn.role}: {turn.content}" for turn in request.messages))
        return f"{LAST}\nAnd twice, in rhyme?" if LAST in asked[-1][-1] else "Two."

    turns = (Message("user", "One?"), Message("assistant", "One."))
    start = Example.root("chat", instruction="And twice?", input="Once.", system="Count.", history=turns)
    source = AutoEvol(Scripted(model), [start, start], steps=0)
    rows = list(await run(Pipeline(source, [Respond(Scripted(model))]), tmp_path / "run"))
    assert {(row.system, row.history, row.instruction, row.input) for row in rows} == {
        ("Count.", turns, "And twice, in rhyme?", "")
    }
    assert len({row.id for row in rows}) == 2
    answered = [told for told in asked if LAST not in told[-1]]
    assert set(answered) == {("system: Count.", "user: One?", "assistant: One.", "user: And twice, in rhyme?")}
    assert any(told[-1].endswith("\nAnd twice?\n\nOnce.") for told in asked)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I cannot.", "unparsable"),
        ("#Finally Rewritten Instruction#:\n", "unparsable"),
        ("#Finally Rewritten Instruction#:\nRow 000 of the table.", "no_gain"),
        (Completion("#Finally Rewritten Instruction#:\nRow", "length"), "truncated"),
        (Completion("", "filtered"), "filtered"),
        ("**#Finally Rewritten Instruction#:**\nRow 000, twice.\n\nLet me know if it helps!", ""),
        ('<think>x</think>\n### Finally Rewritten Instruction\n"Row 000, twice."', ""),
    ],
)
async def test_what_becomes_of_one_completion(tmp_path: Path, text: Any, code: str) -> None:
    source = AutoEvol(Scripted(lambda _: text), PROMPTS[:1], steps=0)
    result = await run(Pipeline(source, []), tmp_path / "run")
    assert [row.reject.code for row in result.rejected()][1:] == ([code] if code else [])
    assert [row.instruction for row in result] == ([] if code else ["Row 000, twice."])


async def test_a_chinese_search(tmp_path: Path) -> None:
    asked: list[str] = []

    def model(request: Request) -> str:
        asked.append(prompt_of(request))
        if "#改进后的方法#：" in asked[-1]:
            return f"#改进后的方法#：\n{STEPS_ZH}"
        if "#最终改写的指令#：" in asked[-1]:
            return f"#办法列表#：\n无\n#最终改写的指令#：\n{asked[-1].rpartition('#指令#：')[2].strip()}请举例。"
        return "好的，请问是哪一行？" if "请仔细" not in asked[-1] else "没有失败。"

    rows = [Example.root("row", index=n, instruction=f"第{n}行说了什么？") for n in range(4)]
    source = AutoEvol(Scripted(model), rows, language="zh", candidates=2, steps=1)
    result = await run(Pipeline(source, []), tmp_path / "run")
    assert [row.instruction for row in result] == [f"第{n}行说了什么？请举例。" for n in range(4)]
    assert any("第 4 条指令，第 3 阶段：\n第" in prompt for prompt in asked)
    assert not any(re.search("[A-Za-z]", prompt) for prompt in asked)


async def test_nothing_depends_on_what_comes_first(tmp_path: Path) -> None:
    made = []
    for number, (concurrency, slow) in enumerate([(1, None), (16, dawdling(1)), (64, dawdling(2))]):
        model = Model(by_content, before=slow, limits=Limits(concurrency=concurrency))
        source = AutoEvol(model, PROMPTS[:30], development=10, batch=4, candidates=3)
        await run(Pipeline(source, [Respond(model)]), tmp_path / str(number) / "run")
        made.append(contents(tmp_path / str(number) / "run"))
    assert made[0] == made[1] == made[2]


def by_content(request: Request) -> str | Completion:
    """A Rewriter without a memory: what it proposes depends on the request alone."""
    prompt = prompt_of(request)
    return Rewriter([sum(map(ord, prompt)) % 40])(request) if "Improved Method" in prompt else Rewriter([])(request)


async def test_a_request_that_can_never_be_answered_fails_and_counts_as_a_failure(tmp_path: Path) -> None:
    inner = Rewriter([])

    def model(request: Request) -> str | Completion:
        if "Row 003" in prompt_of(request):
            raise BadRequest("no")
        return inner(request)

    source = AutoEvol(Scripted(model), PROMPTS[:8], steps=0, development=8)
    result = await run(Pipeline(source, []), tmp_path / "run")
    assert not result.complete
    assert result.counts["failed"] == 2  # once in the development set, once in the end
    assert result.counts["kept"] == 7


async def test_a_search_goes_on_without_a_request_that_can_never_be_answered(tmp_path: Path) -> None:
    inner, criticised = Rewriter([30, 20]), 0

    def model(request: Request) -> str | Completion:
        nonlocal criticised
        criticised += "stage 0" in prompt_of(request)
        if criticised == 2 and "stage 0" in prompt_of(request):
            raise BadRequest("no")
        return inner(request)

    engine = Model(model, limits=Limits(concurrency=1))
    result = await run(Pipeline(AutoEvol(engine, PROMPTS, candidates=3, steps=1), []), tmp_path / "run")
    assert (result.complete, result.counts["failed"]) == (False, 1)
    assert result.reasons == {"method": 3}
    assert result.counts["kept"] == 200


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: AutoEvol(Scripted(str), []), "prompts=.*each is an Example, and it is not empty"),
        (lambda: AutoEvol(Scripted(str), PROMPTS[0]), "prompts=.*each is an Example, and it is not empty"),  # type: ignore[arg-type]
        (lambda: AutoEvol(Scripted(str), "a text"), "prompts=.*each is an Example, and it is not empty"),  # type: ignore[arg-type]
        (lambda: AutoEvol(Scripted(str), PROMPTS, steps=-1), "steps=-1"),
        (lambda: AutoEvol(Scripted(str), PROMPTS, batch=0), "batch=0"),
        (lambda: AutoEvol(Scripted(str), PROMPTS, method=Prompt("a {slot}")), "without slots"),
        (lambda: AutoEvol("x", PROMPTS), "Write engine"),  # type: ignore[arg-type]
    ],
)
def test_wrong_parameters_are_refused(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        make()


@pytest.mark.parametrize(("work", "sign"), [("critic", "stage 0"), ("optimiser", "Improved Method")])
async def test_what_was_paid_for_before_a_refusal_is_named(work: str, sign: str, tmp_path: Path) -> None:
    inner = Rewriter([30])

    def model(request: Request) -> str | Completion:
        if sign in prompt_of(request):
            raise BadRequest("no")
        return inner(request)

    source = AutoEvol(Scripted(model), PROMPTS[:10], steps=1, candidates=1, batch=2, rounds=2, development=10)
    result = await run(Pipeline(source, []), tmp_path / "run")
    ((failed, error),) = result.failed()
    (method,) = [one.example for one in result.rejected() if one.reject.code == "method"]
    assert (failed.by, error, failed.parents) == (f"auto_evol/{work}", "BadRequest: no", (method.id,))
    assert len(failed.calls) == 4 + (work == "optimiser")  # two prompts in two rounds, and the criticism
    named = {call for row in result for call in row.calls} | {*failed.calls, *method.calls}
    assert len(named) == result.telemetry["calls"]["new"]


async def test_prompts_without_ids_get_them(tmp_path: Path) -> None:
    plain = [Example("Row 1 names a river."), Example("Row 2 names a hill.")]
    result = await run(Pipeline(AutoEvol(Scripted(Rewriter([])), plain, steps=0), []), tmp_path / "run")
    first = [row.parents[0] for row in result]
    assert all(first) and len(set(first)) == 2


def test_a_search_is_not_divided_into_shards(tmp_path: Path) -> None:
    pipeline = Pipeline(AutoEvol(Scripted(str), PROMPTS))
    with pytest.raises(RecipeError, match="cannot be run in shards"):
        pipeline.run(tmp_path / "run", shard=0, shards=2)
