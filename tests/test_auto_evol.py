"""Auto Evol-Instruct: the failure rule of the card, and searches on a model whose methods have a known failure rate."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from instructgen.contracts import Completion, Limits, Reject, Request
from instructgen.engines.scripted import Scripted
from instructgen.errors import BadRequest, RecipeError
from instructgen.example import Example
from instructgen.filters import AskingBack
from instructgen.generators import AutoEvol, Respond
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Model, contents, dawdling, new_calls, prompt_of, run

LAST = "#Finally Rewritten Instruction#:"
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
            return f"#Improved Method#:\nStep 1: fail {self.rates[self.asked['improve'] - 1]} of 100.\nStep 4: end."
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
    assert all(text.count("Stage 0: Row") == 10 and text.count("Stage 3: Row") == 10 for text in model.feedback)


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


async def test_candidates_that_cannot_be_read_are_left_out(tmp_path: Path) -> None:
    inner = Rewriter([5, 5, 5, 5, 5])

    def model(request: Request) -> str | Completion:
        if "Improved Method" in prompt_of(request):
            return Completion("Step 1: cut o", "length") if inner.asked["improve"] else ""
        return inner(request)

    result = await run(Pipeline(AutoEvol(Scripted(model), PROMPTS[:9], development=5), []), tmp_path / "run")
    assert result.reasons == {"method": 1}
    assert result.counts["kept"] == 9


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
            return "#改进后的方法#：\n第一步：请仔细。"
        if "#最终改写的指令#：" in asked[-1]:
            return f"#办法列表#：\n无\n#最终改写的指令#：\n{asked[-1].rpartition('#指令#：')[2].strip()}请举例。"
        return "好的，请问是哪一行？" if "请仔细" not in asked[-1] else "没有失败。"

    rows = [Example.root("row", index=n, instruction=f"第{n}行说了什么？") for n in range(4)]
    source = AutoEvol(Scripted(model), rows, language="zh", candidates=2, steps=1)
    result = await run(Pipeline(source, []), tmp_path / "run")
    assert [row.instruction for row in result] == [f"第{n}行说了什么？请举例。" for n in range(4)]
    assert any("阶段 3" in prompt for prompt in asked)
    assert not any("Stage" in prompt for prompt in asked)


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


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: AutoEvol(Scripted(str), []), "no prompts"),
        (lambda: AutoEvol(Scripted(str), PROMPTS, steps=-1), "steps=-1"),
        (lambda: AutoEvol(Scripted(str), PROMPTS, batch=0), "batch=0"),
        (lambda: AutoEvol(Scripted(str), PROMPTS, method=Prompt("a {slot}")), "without slots"),
        (lambda: AutoEvol("x", PROMPTS), "Write engine"),  # type: ignore[arg-type]
    ],
)
def test_wrong_parameters_are_refused(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        make()
