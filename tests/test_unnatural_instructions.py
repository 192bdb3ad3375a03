"""Unnatural Instructions: fixed sets of demonstrations, three fields or nothing, greedy outputs, free formulations."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Completion, Limits, Reject, Request, Sampling
from instructgen.engines.scripted import Scripted
from instructgen.errors import ParseError, RecipeError
from instructgen.example import Example
from instructgen.generators.constrained_respond import ConstrainedRespond
from instructgen.generators.reformulate import Reformulate
from instructgen.generators.unnatural_instructions import UnnaturalInstructions, unnatural_demonstrations
from instructgen.parsing.constrained_task import ConstrainedTask, constrained_task
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline, Step
from tests.support.pipelines import Model, contents, dawdling, prompt_of, run, verdicts

LANGUAGES = ["en", "zh"]
LABELS = {
    "en": ("Instruction: ", "Input: ", "Constraints: "),
    "zh": ("指令：", "输入：", "约束："),
}


def task(instruction: str, given: str = "Text: The tide.", constraints: str = "None", language: str = "en") -> str:
    """A task as the prompt has it."""
    pairs = zip(LABELS[language], (instruction, given, constraints), strict=True)
    return "\n".join(f"{label}{text}" for label, text in pairs)


async def sent_by(tmp_path: Path, **options: Any) -> list[Request]:
    """The requests in the order of asking."""
    seen: list[Request] = []

    def model(request: Request) -> str:
        seen.append(request)
        return task(f"Task {len(seen)}.")

    await run(Pipeline(UnnaturalInstructions(Scripted(model), lookahead=1, **options)), tmp_path / "run")
    return seen


async def decided(tmp_path: Path, *answers: str | Completion, **options: Any) -> list[tuple[Example, str]]:
    """What becomes of these completions, one a request."""
    left = iter(answers)
    source = UnnaturalInstructions(Scripted(lambda _: next(left)), lookahead=1, requests=len(answers), **options)
    return await verdicts(source, tmp_path)


# ---------------------------------------------------------------- demonstrations and requests


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_packaged_demonstrations(language: str) -> None:
    shown = unnatural_demonstrations(language)
    assert len(shown) == 15
    assert len({(one.instruction, one.input) for one in shown}) == 15
    assert len({one.id for one in shown}) == 15
    free = [one for one in shown if one.meta["constraints"] in ("None", "无")]
    assert 3 <= len(free) <= 6
    for one in shown:
        assert all(text == text.strip() for text in (one.instruction, one.input, one.meta["constraints"]))
        assert one.instruction
        assert one.input
        assert one.meta["constraints"]
        assert one.output == ""
        # What is shown must be readable by the reader of what is written.
        read = constrained_task(
            task(one.instruction, one.input, one.meta["constraints"], language), 4, language=language
        )
        assert read == ConstrainedTask(one.instruction, one.input, one.meta["constraints"])


@pytest.mark.parametrize("language", LANGUAGES)
async def test_five_fixed_sets_of_three_in_turn(language: Any, tmp_path: Path) -> None:
    requests = await sent_by(tmp_path, requests=12, language=language)
    prompts = [prompt_of(request) for request in requests]
    assert len(set(prompts)) == 5
    assert prompts[:5] == prompts[5:10]
    assert prompts[:2] == prompts[10:]
    assert len({request.seed for request in requests}) == 12
    shown = unnatural_demonstrations(language)
    for number, prompt in enumerate(prompts[:5]):
        for place, one in enumerate(shown[3 * number : 3 * number + 3], 1):
            heading = f"Example {place}" if language == "en" else f"示例 {place}"
            told = task(one.instruction, one.input, one.meta["constraints"], language)
            assert prompt.count(f"\n\n{heading}\n{told}\n\n") == 1
        others = [one for one in shown if one not in shown[3 * number : 3 * number + 3]]
        assert not any(one.instruction in prompt for one in others)
        assert prompt.endswith("Example 4" if language == "en" else "示例 4")


async def test_sampling_is_nucleus_alone(tmp_path: Path) -> None:
    (request,) = await sent_by(tmp_path, requests=1)
    assert request.sampling == Sampling(top_p=0.99, max_tokens=1024, stop=("\nExample 5",))
    assert [turn.role for turn in request.messages] == ["user"]


async def test_a_base_model_continues_the_text(tmp_path: Path) -> None:
    (request,) = await sent_by(tmp_path, requests=1, chat=False, language="zh")
    assert request.messages == ()
    assert (request.text or "").endswith("\n\n示例 4")
    assert request.sampling.stop == ("\n示例 5",)


async def test_ones_own_demonstrations_and_prompt(tmp_path: Path) -> None:
    own = [
        Example.root("mine", instruction=f"Do {n}.", input=f"{{x}} {n}", meta={"constraints": "One word."} if n else {})
        for n in range(4)
    ]
    prompt = Prompt("More of these.\n{demonstrations}\n{number}:")
    requests = await sent_by(tmp_path, requests=2, demonstrations=own, shown=2, prompt=prompt)
    assert prompt_of(requests[0]) == (
        "More of these.\n"
        "Example 1\nInstruction: Do 0.\nInput: {x} 0\nConstraints: None\n\n"
        "Example 2\nInstruction: Do 1.\nInput: {x} 1\nConstraints: One word.\n3:"
    )
    assert requests[0].sampling.stop == ("\nExample 4",)
    assert "Do 2." in prompt_of(requests[1])
    made = await decided(tmp_path, task("Do 3.", "{x} 3"), task("Do 4."), demonstrations=own, shown=2)
    assert [code for _, code in made] == ["demonstration", "kept"]
    assert made[1][0].parents == (own[2].id, own[3].id)


# ---------------------------------------------------------------- the filters


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_three_filters(language: Any, tmp_path: Path) -> None:
    copied = unnatural_demonstrations(language)[7]
    labels = LABELS[language]
    answers = [
        task("Say what follows.", "A falls.", language=language),
        f"{labels[0]}Say what follows.\n{labels[1]}B falls.",
        f"{labels[0]}Say what follows.\n{labels[2]}-",
        f"{labels[0]}Say what follows.\n{labels[1]}B falls.\n{labels[2]}\n",
        f"{labels[0]}\n{labels[1]}B falls.\n{labels[2]}-",
        task("Say what follows.", "none" if language == "en" else "无", language=language),
        task(copied.instruction, copied.input, "None.", language),
        task(copied.instruction, "Another input.", language=language),
        task("Another instruction.", copied.input, language=language),
        task("Say what follows.", "A falls.", "Ten words.", language),
        task("Say what follows.", "B falls.", language=language),
        "I am sorry, but I cannot do this.",
        "",
    ]
    codes = [
        "kept", "missing_field", "missing_field", "missing_field", "missing_field", "missing_field", "demonstration",
        "kept", "kept", "duplicate", "kept", "unparsable", "unparsable",
    ]  # fmt: skip
    assert [code for _, code in await decided(tmp_path, *answers, language=language)] == codes


async def test_rejects_say_what_is_missing_and_what_was_met(tmp_path: Path) -> None:
    copied = unnatural_demonstrations()[0]
    answers = iter(
        [
            "Instruction: Sort.\nInput: b, a",
            "Instruction: Sort.\nConstraints: None",
            task(copied.instruction, copied.input),
            task("Sort."),
            task("Sort."),
        ]
    )
    source = UnnaturalInstructions(Scripted(lambda _: next(answers)), lookahead=1, requests=5)
    result = await run(Pipeline(source), tmp_path / "run")
    (kept,) = result
    assert [(row.reject.code, row.reject.value, row.reject.neighbour) for row in result.rejected()] == [
        ("missing_field", "constraints", None),
        ("missing_field", "input", None),
        ("demonstration", None, copied.id),
        ("duplicate", None, kept.id),
    ]
    first = next(iter(result.rejected())).example
    assert (first.instruction, first.input, first.output) == ("Sort.", "b, a", "Instruction: Sort.\nInput: b, a")


async def test_what_is_cut_off(tmp_path: Path) -> None:
    whole = f"{task('Sort.')}\n\nExample 5\nInstruction: And th"
    answers = [Completion(task("Sort.")[:-2], "length"), Completion("", "filtered"), Completion(whole, "length")]
    made = await decided(tmp_path, *answers)
    assert [code for _, code in made] == ["truncated", "filtered", "kept"]
    assert made[2][0].meta == {"constraints": "None"}


# ---------------------------------------------------------------- the reader


@pytest.mark.parametrize(
    "text",
    [
        "Instruction: Sort.\nInput: b\na\nConstraints: One line.",
        "\nExample 4\nInstruction: Sort.\nInput: b\na\nConstraints: One line.",
        "**Example 4**\n\n**Instruction:** Sort.\n**Input:**\nb\na\n\n**Constraints:** One line.",
        "### Example 4:\n- Instruction: Sort.\n- Input: b\na\n- Constraints: One line.",
        "<think>What could I take?</think>\nInstruction: Sort.\nInput: b\na\nOutput constraints: One line.",
        "Sure! Here is one more:\n\nInstruction： Sort.\nInput： b\na\nConstraints： One line.",
        "```\nInstruction: Sort.\nInput: b\na\nConstraints: One line.\n```\nLet me know if you need more!",
        "INSTRUCTION: Sort.\nINPUT: b\na\nCONSTRAINTS: One line.\nOutput: a\nb",
        "Instruction: Sort.\nInput: b\na\nConstraints: One line.\n\nLet me know if you would like another one!",
        "Instruction: Sort.\nInput: b\na\nConstraints: One line.\n---\n\nExample 5\nInstruction: More.\nConstraints: x",
    ],
)
def test_what_strong_models_write_is_read(text: str) -> None:
    read = constrained_task(text, 4)
    assert (read.instruction, read.input, read.constraints) == ("Sort.", "b\na", "One line.")


def test_chinese_labels() -> None:
    read = constrained_task(
        "**示例 4**\n**指令：**排序。\n**输入**：乙、甲\n**约束条件：**一行。\n输出：甲、乙", 4, language="zh"
    )
    assert read == ConstrainedTask("排序。", "乙、甲", "一行。")
    with pytest.raises(RecipeError, match="no labels in 'fr'"):
        constrained_task("x", 4, language="fr")


def test_an_input_may_speak_of_constraints_itself() -> None:
    text = "Instruction: Solve it.\nInput: Add two numbers.\nConstraints: 1 <= n <= 9\nn = 3\nConstraints: A number."
    read = constrained_task(text, 4)
    assert read.input == "Add two numbers.\nConstraints: 1 <= n <= 9\nn = 3"
    assert read.constraints == "A number."


def test_fields_out_of_order_are_missing() -> None:
    assert constrained_task("Instruction: Sort.\nConstraints: None\nInput: b, a", 4).missing == "constraints"


@given(
    st.lists(
        st.sampled_from(["Instruction:", "Input:", "Constraints:", "\n", "**", "Example 5", " a", "```"]), max_size=25
    )
)
def test_any_text_is_read_or_refused(parts: list[str]) -> None:
    text = "".join(parts)
    try:
        read = constrained_task(text, 4)
    except ParseError:
        assert not re.search(r"^\*{0,3}Instruction:", text, re.MULTILINE)
        return
    fields = (read.instruction, read.input, read.constraints)
    # A mark that opens before a label and does not close behind it belongs to what follows.
    plain = text.replace("*", "")
    assert all(part == part.strip() and part.replace("*", "") in plain for part in fields)
    assert read.missing is None or not getattr(read, read.missing)


PLAIN = st.text(alphabet="abc XYZ.,?\n", min_size=1, max_size=60).map(lambda text: f"w{text}w")


@given(PLAIN, PLAIN, PLAIN)
def test_what_is_written_comes_back(instruction: str, material: str, constraints: str) -> None:
    assert constrained_task(task(instruction, material, constraints), 4) == ConstrainedTask(
        instruction, material, constraints
    )


# ---------------------------------------------------------------- outputs


def core(number: int = 0, **changes: Any) -> Example:
    content = {"instruction": f"Sort list {number}.", "input": "b, a", "meta": {"constraints": "One line."}}
    return Example.root("unnatural_instructions", index=number, **{**content, **changes})


@pytest.mark.parametrize(
    ("language", "line"), [("en", "\nConstraints: One line.\nOutput:"), ("zh", "\n约束：One line.\n输出：")]
)
async def test_outputs_are_greedy_and_by_the_constraints(language: Any, line: str, tmp_path: Path) -> None:
    seen: list[Request] = []

    def model(request: Request) -> str:
        seen.append(request)
        return "**Output:** a, b\n" if language == "en" else "输出：a, b"

    pipeline = Pipeline([core()], [ConstrainedRespond(Scripted(model), language=language)])
    (row,) = await run(pipeline, tmp_path / "run")
    (request,) = seen
    assert request.sampling.temperature == 0.0
    assert request.seed is None or request.sampling == Sampling(temperature=0.0, max_tokens=2048)
    assert prompt_of(request).endswith(line)
    assert "Sort list 0." in prompt_of(request)
    assert "b, a" in prompt_of(request)
    assert (row.instruction, row.input, row.output) == ("Sort list 0.", "b, a", "a, b")
    assert row.meta == {"constraints": "One line."}
    assert "One line." not in row.instruction + row.input + row.output


async def test_without_constraints_the_output_is_free(tmp_path: Path) -> None:
    seen: list[Request] = []

    def model(request: Request) -> str:
        seen.append(request)
        return "a, b"

    await run(Pipeline([core(meta={})], [ConstrainedRespond(Scripted(model), chat=False)]), tmp_path / "run")
    assert (seen[0].text or "").endswith("\nConstraints: None\nOutput:")


@pytest.mark.parametrize(
    ("answer", "code"),
    [(Completion("a, ", "length"), "truncated"), (Completion("", "filtered"), "filtered"), ("Output:\n", "empty")],
)
async def test_outputs_that_are_none(answer: str | Completion, code: str, tmp_path: Path) -> None:
    result = await run(Pipeline([core()], [ConstrainedRespond(Scripted(lambda _: answer))]), tmp_path / "run")
    assert result.reasons == {code: 1}


# ---------------------------------------------------------------- formulations


async def reformulated(
    tmp_path: Path, *answers: str | Completion, **options: Any
) -> tuple[list[Example], list[Reject]]:
    left = iter(answers)
    example = options.pop("example", core(output="a, b"))
    # One at a time, so that the answers come in the order of the draws.
    engine = Scripted(lambda _: next(left), limits=Limits(concurrency=1))
    result = await run(Pipeline([example], [Reformulate(engine, **options)]), tmp_path / "run")
    return list(result), [row.reject for row in result.rejected()]


async def test_two_formulations_with_the_input_in_its_place(tmp_path: Path) -> None:
    rows, rejects = await reformulated(
        tmp_path, "Can you sort {INPUT} for me?", "Formulation: {INPUT}\n\nPut this right."
    )
    assert rejects == []
    assert [(row.instruction, row.input, row.output) for row in rows] == [
        ("Sort list 0.", "b, a", "a, b"),
        ("Can you sort b, a for me?", "", "a, b"),
        ("b, a\n\nPut this right.", "", "a, b"),
    ]
    assert rows[1].meta == {
        "constraints": "One line.",
        "formulation": "Can you sort {INPUT} for me?",
        "formulation_of": "Sort list 0.",
    }
    assert rows[1].parents == rows[2].parents == (rows[0].id,)


@pytest.mark.parametrize(
    "slot", ["{INPUT}", "{input}", "[INPUT]", "{{INPUT}}", "<INPUT>", "{ Input }", "｛输入｝", "【输入】"]
)
async def test_the_place_in_any_brackets(slot: str, tmp_path: Path) -> None:
    rows, _ = await reformulated(tmp_path, f'"Please sort {slot}."', formulations=1, originals=False)
    assert [row.instruction for row in rows] == ["Please sort b, a."]
    assert rows[0].meta["formulation"] == "Please sort {INPUT}."


async def test_what_is_filled_in_is_not_looked_at_again(tmp_path: Path) -> None:
    example = core(input="{INPUT} {x} \\1 %s", output="done")
    rows, _ = await reformulated(tmp_path, "Read {INPUT}, please.", formulations=1, example=example)
    assert rows[1].instruction == "Read {INPUT} {x} \\1 %s, please."


async def test_further_draws_take_the_place_of_those_that_are_none(tmp_path: Path) -> None:
    rows, rejects = await reformulated(
        tmp_path,
        "Sort this.",
        Completion("Sort {INP", "length"),
        "sort LIST 0 {INPUT}!",
        "{INPUT}: sort it",
        "Sort: {INPUT}",
    )
    assert [(reject.code, reject.value) for reject in rejects] == [
        ("no_slot", 0),
        ("truncated", None),
        ("duplicate", None),
    ]
    assert [row.meta.get("formulation") for row in rows] == [None, "{INPUT}: sort it", "Sort: {INPUT}"]


async def test_after_all_attempts_there_are_fewer(tmp_path: Path) -> None:
    rows, rejects = await reformulated(
        tmp_path, "{INPUT} or {INPUT}?", "{INPUT}", "Sort {INPUT}", "sort {INPUT}.", "<think>", attempts=5
    )
    assert [row.meta.get("formulation") for row in rows] == [None, "Sort {INPUT}"]
    assert [reject.code for reject in rejects] == ["no_slot", "unparsable", "duplicate", "unparsable"]


async def test_no_more_than_needed_is_asked(tmp_path: Path) -> None:
    model = Model(lambda request: f"Way {request.seed}: {{INPUT}}")
    await run(Pipeline([core(n, output="x") for n in range(5)], [Reformulate(model)]), tmp_path / "run")
    assert len(model.asked) == 10


async def test_an_example_without_input_is_passed_on_alone(tmp_path: Path) -> None:
    rows, rejects = await reformulated(tmp_path, example=core(input="", output="x"), originals=False)
    assert ([row.instruction for row in rows], rejects) == (["Sort list 0."], [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_prompt_shows_the_place_in_every_formulation(language: str) -> None:
    text = Prompt.load("unnatural_instructions/reformulate", language=language).render(instruction="X {INPUT} {{y}}")
    label = "Formulation:" if language == "en" else "说法："
    shown = re.findall(rf"\n{label}(.*?)\n\n(?:Instruction: |指令：)", text, re.DOTALL)
    assert len(shown) >= 3
    assert all(one.count("{INPUT}") == 1 for one in shown)
    assert text.count("X {INPUT} {{y}}") == 1
    assert text.endswith(label)


# ---------------------------------------------------------------- planted

# What is planted, and the code it must get (none for a good one).
CODES = {
    "good": "",
    "bold": "",
    "chatty": "",
    "no_constraints": "missing_field",
    "no_input": "missing_field",
    "copied": "demonstration",
    "again": "duplicate",
    "cut": "truncated",
    "blocked": "filtered",
    "refusal": "unparsable",
}


@dataclass
class Planter:
    """A model that writes tasks, outputs and formulations, flawed as its log says."""

    log: list[str] = field(default_factory=list)
    drawn: Counter[str] = field(default_factory=Counter)
    outputs: list[Request] = field(default_factory=list)

    def __call__(self, request: Request) -> str | Completion:
        prompt = prompt_of(request)
        random = Random(hashlib.sha256(f"{request.seed} {prompt}".encode()).digest())
        if prompt.endswith("Output:"):
            self.outputs.append(request)
            return f"Output: done with {prompt.splitlines()[-3]}"
        if prompt.endswith("Formulation:"):
            return self._formulation(prompt.splitlines()[-2], random)
        kind = random.choice(sorted(CODES)) if random.random() < 0.5 else "good"
        self.log.append(kind)
        copied = random.choice(unnatural_demonstrations())
        text = task(f"Do the thing {random.getrandbits(60):x}.", f"Material {random.getrandbits(30):x}", "A word.")
        written: dict[str, str | Completion] = {
            "bold": re.sub(r"^(\w+:)", r"**\1**", text, flags=re.MULTILINE),
            "chatty": f"<think>Hm.</think>Sure! Here is one:\n\n{text}\nOutput: yes\n\nLet me know if you need more.",
            "no_constraints": text.rpartition("\n")[0],
            "no_input": re.sub(r"\nInput: .*", "", text),
            "copied": task(copied.instruction, copied.input, "Another constraint."),
            "again": task("Say it twice.", "It."),
            "cut": Completion(text[:-3], "length"),
            "blocked": Completion(text, "filtered"),
            "refusal": "I am sorry, I cannot help with that.",
        }
        return written.get(kind, text)

    def _formulation(self, instruction: str, random: Random) -> str:
        if random.random() < 0.25:
            self.drawn["bad"] += 1
            return random.choice(["What now?", "{INPUT} and {INPUT}", ""])
        self.drawn["good"] += 1
        return f"Way {random.getrandbits(40):x}: {{INPUT}}"


async def test_five_hundred_tasks_come_out_as_they_were_planted(tmp_path: Path) -> None:
    planter = Planter()
    model = Scripted(planter)
    steps: list[Step] = [ConstrainedRespond(model), Reformulate(model)]
    result = await run(Pipeline(UnnaturalInstructions(model, requests=500), steps), tmp_path / "run")
    planted = Counter(planter.log)
    assert planted.total() == 500
    assert set(planted) == set(CODES)
    expected = Counter(dict.fromkeys(CODES.values(), 0))
    for kind, count in planted.items():
        expected[CODES[kind]] += count
    tasks = [row for row in result if "formulation" not in row.meta]
    made = [row for row in result if "formulation" in row.meta]
    bad = Counter(row.reject.code for row in result.rejected() if row.example.by == "reformulate")
    source = Counter(result.reasons) - bad
    assert len(tasks) == expected.pop("") + 1  # the first of those that come again is new
    expected["duplicate"] -= 1
    assert source == expected
    assert all(row.output == f"done with Input: {row.input}" for row in tasks)
    assert all(row.meta["constraints"] in ("A word.", "None") for row in result)
    assert {request.sampling.temperature for request in planter.outputs} == {0.0}
    assert all(
        "\nConstraints: A word.\n" in prompt_of(one) or "Say it twice" in prompt_of(one) for one in planter.outputs
    )

    # The share of tasks with two formulations is the paper's (above 97.5 %), and nothing drawn is lost.
    both = Counter(row.parents[0] for row in made)
    assert sum(1 for one in tasks if both[one.id] == 2) / len(tasks) > 0.975
    assert max(both.values()) == 2
    assert (len(made), bad.total()) == (planter.drawn["good"], planter.drawn["bad"])
    origin = {row.id: row for row in tasks}
    for row in made:
        assert row.output == origin[row.parents[0]].output
        assert row.instruction == row.meta["formulation"].replace("{INPUT}", origin[row.parents[0]].input)


async def test_nothing_depends_on_what_comes_first(tmp_path: Path) -> None:
    async def made(name: str, model: Model, ahead: int) -> bytes:
        source = UnnaturalInstructions(model, requests=60, lookahead=ahead)
        steps: list[Step] = [ConstrainedRespond(model), Reformulate(model)]
        await run(Pipeline(source, steps), tmp_path / name, store=tmp_path / f"{name}.db")
        rows = contents(tmp_path / name, ("data.jsonl", "rejected.jsonl"))
        return rows["data.jsonl"] + rows["rejected.jsonl"]

    peace = await made("peace", Model(Planter(), limits=Limits(concurrency=1)), 32)
    assert await made("late", Model(Planter(), before=dawdling(3)), 5) == peace


GARBAGE = ["", "{INPUT}", "Instruction:", "Input: x", "Constraints: y", "Example 5", "<think>", "{x} %s", "```", "\x00"]


async def test_garbage_ends_as_counted_rejects(tmp_path: Path) -> None:
    def model(request: Request) -> str | Completion:
        random = Random(f"{request.seed} {prompt_of(request)}")
        lines = random.choices(GARBAGE, k=random.randrange(8))
        if random.random() < 0.2:
            lines.insert(0, task(f"Do {request.seed}."))
        return Completion("\n".join(lines), random.choice(["stop", "stop", "stop", "length", "filtered"]))

    engine = Scripted(model)
    steps: list[Step] = [ConstrainedRespond(engine), Reformulate(engine)]
    result = await run(Pipeline(UnnaturalInstructions(engine, requests=300), steps), tmp_path / "run")
    counts = result.counts
    assert counts["source"] + counts["born"] - counts["expanded"] == counts["kept"] + counts["rejected"]
    assert counts["failed"] == 0
    assert counts["kept"] > 0
    assert {"unparsable", "missing_field", "truncated", "filtered"} <= set(result.reasons)
    assert all(row.instruction and row.output for row in result)


# ---------------------------------------------------------------- parameters


def own(number: int, **changes: Any) -> list[Example]:
    return [core(n, **changes) for n in range(number)]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: UnnaturalInstructions("gpt"), "Write engine"),  # type: ignore[arg-type]
        (lambda: UnnaturalInstructions(Scripted(str), shown=4), "15 demonstrations .* sets of 4"),
        (lambda: UnnaturalInstructions(Scripted(str), shown=0), "shown=0"),
        (lambda: UnnaturalInstructions(Scripted(str), demonstrations=[]), "0 demonstrations"),
        (lambda: UnnaturalInstructions(Scripted(str), demonstrations=own(3, input="")), "with instruction and input"),
        (lambda: UnnaturalInstructions(Scripted(str), language="fr"), "'fr'"),  # type: ignore[arg-type]
        (lambda: UnnaturalInstructions(Scripted(str), prompt=Prompt("{number}")), "no slot {demonstrations}"),
        (lambda: UnnaturalInstructions(Scripted(str), sampling=Sampling(temperature=0)), "at temperature 0"),
        (lambda: ConstrainedRespond(Scripted(str), prompt=Prompt("{instruction}")), "{input} and {constraints}"),
        (lambda: Reformulate(Scripted(str), formulations=0), "formulations=0"),
        (lambda: Reformulate(Scripted(str), formulations=6), "at least as many attempts"),
        (lambda: Reformulate(Scripted(str), sampling=Sampling(temperature=0)), "at temperature 0"),
        (lambda: Reformulate(Scripted(str), prompt=Prompt("x")), "no slot {instruction}"),
    ],
)
def test_wrong_parameters_are_refused(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        make()


def test_the_manifest_tells_the_demonstrations_and_the_prompt() -> None:
    sources = (
        UnnaturalInstructions(Scripted(str), requests=1),
        UnnaturalInstructions(Scripted(str), requests=1, demonstrations=own(15)),
    )
    first, second = (Pipeline(source).describe()["stages"][0] for source in sources)
    assert first["demonstrations"]["examples"] == second["demonstrations"]["examples"] == 15
    assert first["demonstrations"] != second["demonstrations"]
    assert first["prompt"]["prompt"] == "unnatural_instructions/task"
