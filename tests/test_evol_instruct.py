"""Evol-Instruct on teachers that plant failures and keep a log: each row is what was planted in its round."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from instructgen.contracts import Completion, Engines, Limits, Reject, Request, Sampling
from instructgen.engines.scripted import Scripted
from instructgen.errors import ContentFiltered, EngineError, QuotaExhausted, RecipeError, Unavailable
from instructgen.example import Example, Message
from instructgen.filters import Filter, Length, RougeNovelty, Threshold
from instructgen.generators import EvolInstruct, JudgeDifficulty, JudgeGain, Operator, evol_operators
from instructgen.parsing import holds_data
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline
from instructgen.runtime.run import Run
from instructgen.seeds import seeds
from instructgen.selects import Shuffle
from tests.support.pipelines import Model, contents, dawdling, new_calls, prompt_of, run

ROUNDS = 4
OPERATORS = ["add_constraints", "deepen", "concretise", "add_reasoning", "complicate_input", "breadth"]
DATA = {
    "HTML": "<ul><li>one</li></ul>",
    "JSON": '{"tide": 4.1, "gate": "open"}',
    "Python": "```python\nprint(len(tides))\n```",
    "shell": "$ ls -l\ntotal 0",
    "SQL": "CREATE TABLE tides (hour INT);",
    "XML": "<tide><hour>4</hour></tide>",
}
ZH_DATA = {"HTML": "HTML", "JSON": "JSON", "Python": "Python", "命令行": "shell", "SQL": "SQL", "XML": "XML"}


def roots(number: int, *, output: str = "Answered before.") -> list[Example]:
    return [Example.root("row", index=n, instruction=f"Task {n} of the harbour.", output=output) for n in range(number)]


def asked_of(prompt: str) -> tuple[str, str]:
    """What kind of request this is, and the text it is about."""
    for kind, mark in (
        ("equal", r"The second prompt:\n(.*)\n\nAre they equal\?"),
        ("equal", r"第二个提示词：\n(.*)\n\n两者相等吗？"),
        ("difficulty", r"The task:\n(.*)\n\nAnswer with the number"),
        ("evolve", r".*#(?:The Given Prompt|给定提示词)#[:：]\n(.*)\n\n#[^#\n]+#[:：]"),
    ):
        if found := re.search(mark + r"[^\n]*\Z", prompt, re.DOTALL):
            return kind, found[1]
    return "answer", prompt


def data_for(prompt: str) -> str:
    """Data of the format that the prompt asks for; none if it asks for none."""
    if found := re.search(r"giving it input to work on: (?:a piece of |)(\w+)", prompt):
        return DATA[found[1]]
    if found := re.search(r"需要处理的输入——(?:一段 )?([A-Za-z]+|命令行)", prompt):
        return DATA[ZH_DATA[found[1]]]
    return ""


# ---------------------------------------------------------------- planted failures


# What is planted, and the code it must get (none for a success).
CODES = {
    "good": "",
    "eighty_words": "",
    "not_equal_chatty": "",
    "second_verdict": "",
    "equal": "no_gain",
    "same": "no_gain",
    "undecided": "undecided",
    "sorry": "sorry",
    "stop_words": "stop_words",
    "scaffold": "scaffold",
    "no_data": "no_data",
    "refusal": "refusal",
    "cut_prompt": "truncated",
    "cut_answer": "truncated",
    "blocked": "filtered",
    "nothing": "unparsable",
    "empty": "empty",
}


@dataclass
class Planter:
    """A teacher that evolves, judges, answers and rates, and fails as its log says.

    Attributes:
        flawed: the share of new prompts for which a kind is drawn.
        log: what was planted for each new prompt, in the order of asking: its text before, and the kind.
        prompts: all that was asked.
    """

    flawed: float = 0.4
    log: list[tuple[str, str]] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> str | Completion:
        prompt = prompt_of(request)
        self.prompts.append(prompt)
        kind, text = asked_of(prompt)
        if kind == "evolve":
            return self._evolved(text, prompt, request)
        planted = (re.findall(r"\[(\w+) \w+\]", text) or ["good"])[-1]
        if kind == "difficulty":
            return f"**{min(10, 3 + text.count('['))}**"
        if kind == "equal":
            return self._verdict(planted, request)
        return self._answer(planted)

    def _evolved(self, text: str, prompt: str, request: Request) -> str | Completion:
        data = data_for(prompt)
        random = Random(hashlib.sha256(json.dumps([text, request.seed]).encode()).digest())
        kinds = [kind for kind in CODES if kind != "no_data" or data]
        kind = random.choice(kinds) if random.random() < self.flawed else "good"
        self.log.append((text, kind))
        new = f"{text}\n{data} [{kind} {random.getrandbits(40):x}] And say why."
        texts = {
            "same": f"#Rewritten Prompt#:\n{text}",
            "scaffold": f"{new} Keep to the Given Prompt.",
            "no_data": f"{text} [no_data {random.getrandbits(40):x}] Use the attached data.",
            "refusal": "I'm sorry, but I cannot help with that request.",
            "nothing": "<think>Harder, but how?</think>\n#Rewritten Prompt#:\n",
        }
        if kind == "blocked":
            return Completion("", "filtered")
        wrapped = random.choice(
            ["{}", "**#Rewritten Prompt#:**\n{}", "Sure! Here it is:\n\n{}", "<think>x</think>\n{}"]
        )
        answer = texts.get(kind) or wrapped.replace("{}", new)
        return Completion(answer[:-4], "length") if kind == "cut_prompt" else answer

    def _verdict(self, planted: str, request: Request) -> str:
        if planted == "undecided" or (planted == "second_verdict" and request.sampling.temperature == 0):
            return "It depends."
        if planted == "equal":
            return "**Equal**."
        return "Not equal, because the second one asks for more." if planted == "not_equal_chatty" else "Not Equal"

    def _answer(self, planted: str) -> str | Completion:
        answers: dict[str, str | Completion] = {
            "sorry": "word " * 78 + "sorry",
            "eighty_words": "word " * 79 + "sorry",
            "stop_words": "It is, and it was.",
            "empty": "<think>hm</think>",
            "cut_answer": Completion("The tide turns at", "length"),
        }
        return answers.get(planted, "The tide turns at four, so the gate opens then.")


async def test_five_hundred_seeds_for_four_rounds(tmp_path: Path) -> None:
    planter = Planter()
    teacher = Scripted(planter)
    pipeline = Pipeline(roots(500), [EvolInstruct(teacher, rounds=ROUNDS), JudgeDifficulty(teacher), Shuffle()])
    result = await run(pipeline, tmp_path / "run")
    kept, rejected = list(result), list(result.rejected())

    # Every round of every seed was asked for once, and came out as it was planted.
    assert len(planter.log) == 500 * ROUNDS
    by_round: dict[int, Counter[str]] = defaultdict(Counter)
    planted = Counter((before, CODES[kind]) for before, kind in planter.log)
    made = Counter((row.meta["evolved_from"], "") for row in kept if row.meta["round"])
    made.update((row.example.meta["evolved_from"], row.reject.code) for row in rejected)
    print(
        [
            (row.example.instruction, row.reject)
            for row in rejected
            if (row.example.meta["evolved_from"], row.reject.code) not in planted
        ]
    )
    assert made == planted
    assert {code for _, code in planted} == set(CODES.values())
    for row in kept:
        by_round[row.meta["round"]]["kept"] += 1
    for reject in rejected:
        by_round[reject.example.meta["round"]][reject.reject.code] += 1
    assert by_round.pop(0) == {"kept": 500}
    assert {sum(counts.values()) for counts in by_round.values()} == {500}
    assert result.reasons == Counter(CODES[kind] for _, kind in planter.log if CODES[kind])

    # What failed was tried again: the next round began with the same text, else with the new one.
    steps: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for before, kind in planter.log:
        steps[before.split(".")[0]].append((before, kind))
    followed = [(kind, text == after) for one in steps.values() for (text, kind), (after, _) in pairwise(one)]
    assert len(followed) == 500 * (ROUNDS - 1)
    assert all(retried == bool(CODES[kind]) for kind, retried in followed)

    # Difficulty is that of the text, one more for each success.
    for row in kept:
        assert row.scores["difficulty"] == min(10, 3 + row.instruction.count("["))
    means = [mean([row.scores["difficulty"] for row in kept if row.meta["round"] == n]) for n in range(ROUNDS + 1)]
    assert means == sorted(means)
    assert means[0] == 3.0
    assert means[1] == 4.0


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


# ---------------------------------------------------------------- operators


async def test_operators_are_drawn_alike_and_afresh_in_each_round(tmp_path: Path) -> None:
    planter = Planter(flawed=0)
    result = await run(Pipeline(roots(300), [EvolInstruct(Scripted(planter), rounds=ROUNDS)]), tmp_path / "run")
    drawn = Counter(row.by.removeprefix("evol_instruct/") for row in result if row.meta["round"])
    assert set(drawn) == set(OPERATORS)
    assert all(150 < count < 250 for count in drawn.values()), drawn  # 200 each; 150 is four deviations away
    assert {row.meta["operator"] for row in result if row.meta["round"]} == set(OPERATORS)
    first = [row.by for row in result if row.meta["round"] == 1]
    assert first != [row.by for row in result if row.meta["round"] == 2]


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_every_format_is_asked_for_and_found(tmp_path: Path, language: str) -> None:
    only = [one for one in evol_operators(language) if one.formats]  # type: ignore[arg-type]
    planter = Planter(flawed=0)
    method = EvolInstruct(Scripted(planter), rounds=1, operators=tuple(only), language=language)  # type: ignore[arg-type]
    result = await run(Pipeline(roots(60), [method]), tmp_path / "run")
    assert result.reasons == {}
    evolved = [row for row in result if row.meta["round"]]
    kinds = [
        kind
        for (kind,) in (
            [one.kind for one in only[0].formats if holds_data(row.instruction, one.kind)][:1] for row in evolved
        )
    ]
    assert len(evolved) == 60
    assert len(set(kinds)) >= 5


async def test_a_user_adds_an_operator(tmp_path: Path) -> None:
    planter = Planter(flawed=0)
    formal = Operator("formalise", "have the answer proved, not only stated.")
    rhyme = Operator(
        "rhyme", prompt=Prompt("Put it in rhyme.\n\n#The Given Prompt#:\n{prompt}\n\n#Verse#:"), rounds=(2,)
    )
    method = EvolInstruct(Scripted(planter), rounds=2, operators=(formal, rhyme), compare=False)
    result = await run(Pipeline(roots(40), [method]), tmp_path / "run")
    by = {number: Counter(row.by for row in result if row.meta["round"] == number) for number in (1, 2)}
    assert by[1] == {"evol_instruct/formalise": 40}
    assert set(by[2]) == {"evol_instruct/formalise", "evol_instruct/rhyme"}
    assert all("have the answer proved" in prompt for prompt in planter.prompts if "How to make it harder" in prompt)


async def test_the_labels_of_ones_own_prompt_are_scaffold_too(tmp_path: Path) -> None:
    own = Operator("rhyme", prompt=Prompt("#Plain Text#:\n{prompt}\n\n#Verse Form#:"))
    model = Scripted(lambda request: "Improve the verse form of it." if "#" in prompt_of(request) else "Fine words.")
    method = EvolInstruct(model, rounds=1, operators=(own,), compare=False, originals=False)
    result = await run(Pipeline(roots(1), [method]), tmp_path / "run")
    assert [row.reject for row in result.rejected()] == [Reject("scaffold", "verse form", detail="in the instruction")]


async def test_what_the_old_prompt_said_itself_is_not_copied(tmp_path: Path) -> None:
    start = Example.root("row", instruction="Explain what a given prompt is.", output="It is a prompt.")
    model = Scripted(
        lambda request: "Explain what a given prompt is, and why." if "#" in prompt_of(request) else "Tides."
    )
    method = EvolInstruct(model, rounds=1, operators=(Operator("why", "ask why."),), compare=False)
    result = await run(Pipeline([start], [method]), tmp_path / "run")
    assert [row.instruction for row in result][1] == "Explain what a given prompt is, and why."


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Operator("", "x"), "text that is not blank"),
        (lambda: Operator("x"), "neither how"),
        (lambda: Operator("x", "y", weight=0), "weight"),
        (lambda: Operator("x", prompt=Prompt("no slot")), "it needs prompt"),
        (lambda: Operator("x", prompt=Prompt("{prompt} {method}")), "may have no other"),
        (lambda: EvolInstruct("gpt"), "Write engine"),  # type: ignore[arg-type]
        (lambda: Operator("x", "y", weight=float("inf")), "weight"),
        (lambda: Operator("x", "y", rounds=2), "a tuple of which each is a whole number"),  # type: ignore[arg-type]
        (lambda: Operator("x", "y", "{prompt}"), "Make it a Prompt"),  # type: ignore[arg-type]
        (lambda: EvolInstruct(Scripted(str), operators=("deepen",)), "of which each is an Operator"),  # type: ignore[arg-type]
        (lambda: EvolInstruct(Scripted(str), operators=[Operator("x", "y"), Operator("x", "z")]), "are called 'x'"),  # type: ignore[arg-type]
        (lambda: EvolInstruct(Scripted(str), prompt_checks=Length()), "of which each is a Check"),  # type: ignore[arg-type]
        (lambda: EvolInstruct(Scripted(str), prompt_checks=(Filter(Length()),)), "of which each is a Check"),  # type: ignore[arg-type]
        (lambda: EvolInstruct(Scripted(str), response_checks=(RougeNovelty(),)), "behind this stage"),
        (lambda: EvolInstruct(Scripted(str), sampling=None), "it is a Sampling"),  # type: ignore[arg-type]
        (lambda: EvolInstruct(Scripted(str), rounds=0), "rounds=0"),
        (lambda: EvolInstruct(Scripted(str), undecided="maybe"), "drop"),  # type: ignore[arg-type]
        (lambda: EvolInstruct(Scripted(str), rounds=3, operators=(Operator("x", "y", rounds=(1, 2)),)), "round 3"),
        (lambda: EvolInstruct(Scripted(str), judge="x"), "judge"),  # type: ignore[arg-type]
        (lambda: JudgeGain(Scripted(str), attempts=0), "attempts"),
        (lambda: JudgeGain(Scripted(str), prompt=Prompt("{evolved}")), "no slot {original}"),
        (lambda: JudgeDifficulty(Scripted(str), prompt=Prompt("Rate it.")), "no slot {prompt}"),
        (lambda: EvolInstruct(Scripted(str), equality=Prompt("{a}")), "no slot {original}"),
        (lambda: JudgeDifficulty(Scripted(str), undecided="?"), "undecided"),  # type: ignore[arg-type]
    ],
)
def test_wrong_parameters_are_refused(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        make()


# ---------------------------------------------------------------- what is asked


async def test_instruction_and_input_become_one_text_and_the_conversation_stays(tmp_path: Path) -> None:
    start = Example.root(
        "row",
        instruction="Sort these.",
        input="b\na",
        output="a b",
        system="Be brief.",
        history=(Message("user", "Hello"), Message("assistant", "Hi.")),
        scores={"difficulty": 9.0},
    )
    seen: list[Request] = []

    def model(request: Request) -> str:
        seen.append(request)
        return "Sort these downwards.\n\nb\na" if "#" in prompt_of(request) else "b a"

    method = EvolInstruct(Scripted(model), rounds=1, operators=(Operator("turn", "turn it."),), compare=False)
    result = list(await run(Pipeline([start], [method]), tmp_path / "run"))
    assert seen[0].messages[-1].content.endswith("#The Given Prompt#:\nSort these.\n\nb\na\n\n#Rewritten Prompt#:")
    assert [turn.content for turn in seen[1].messages] == ["Be brief.", "Hello", "Hi.", "Sort these downwards.\n\nb\na"]
    original, evolved = result
    assert (original.instruction, original.input, original.output) == ("Sort these.", "b\na", "a b")
    assert (evolved.instruction, evolved.input, evolved.output) == ("Sort these downwards.\n\nb\na", "", "b a")
    assert evolved.meta == {"round": 1, "operator": "turn", "evolved_from": "Sort these.\n\nb\na"}
    assert (original.scores, evolved.scores) == ({"difficulty": 9.0}, {})
    assert len(evolved.calls) == 2
    assert original.parents == evolved.parents == (start.id,)


async def test_originals_are_left_out_or_answered(tmp_path: Path) -> None:
    bare = roots(3, output="")
    planter = Planter(flawed=0)
    result = await run(Pipeline(bare, [EvolInstruct(Scripted(planter), rounds=1)]), tmp_path / "run")
    assert [row.output for row in result if not row.meta["round"]] == [
        "The tide turns at four, so the gate opens then."
    ] * 3
    method = EvolInstruct(Scripted(Planter(flawed=0)), rounds=1, originals=False)
    result = await run(Pipeline(bare, [method]), tmp_path / "without")
    assert [row.meta["round"] for row in result] == [1, 1, 1]


async def test_an_original_without_a_good_answer_is_rejected_but_evolved(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        kind, text = asked_of(prompt_of(request))
        return {"evolve": f"{text} And why?", "equal": "Not Equal"}.get(kind, "Because." if "why" in text else "Sorry.")

    method = EvolInstruct(Scripted(model), rounds=1, operators=(Operator("why", "ask why."),))
    result = await run(Pipeline(roots(1, output=""), [method, Filter(Length(1))]), tmp_path / "run")
    assert [row.reject.code for row in result.rejected()] == ["sorry", "stop_words"]


async def test_the_judge_is_another_model_and_is_asked_twice(tmp_path: Path) -> None:
    seen: list[tuple[str, float | None]] = []

    def judge(request: Request) -> str:
        seen.append((asked_of(prompt_of(request))[0], request.sampling.temperature))
        return "Hm." if len(seen) < 3 else "Equal"

    planter = Planter(flawed=0)
    method = EvolInstruct(
        Scripted(planter), rounds=2, judge=Scripted(judge, name="judge"), undecided="keep", originals=False
    )
    result = await run(Pipeline(roots(1), [method]), tmp_path / "run")
    assert seen == [("equal", 0.0), ("equal", 0.7), ("equal", 0.0)]
    (kept,) = result
    assert kept.meta["undecided"] is True
    assert len(kept.calls) == 4
    (rejected,) = result.rejected()
    assert rejected.reject.code == "no_gain"
    assert "undecided" not in rejected.example.meta
    assert rejected.example.parents == (kept.id,)


async def test_several_engines_share_the_work(tmp_path: Path) -> None:
    planters = [Planter(flawed=0), Planter(flawed=0)]
    engines = Engines(*(Scripted(planter, name=f"m{n}") for n, planter in enumerate(planters)), weights=(3, 1))
    result = await run(Pipeline(roots(100), [EvolInstruct(engines, rounds=2)]), tmp_path / "run")
    assert result.counts["kept"] == 300
    shares = [len(planter.prompts) for planter in planters]
    assert 380 < shares[0] < 520  # 450 of 600
    assert sum(shares) == 600


async def test_a_failed_prompt_meets_the_same_operator_with_another_draw(tmp_path: Path) -> None:
    seen: list[Request] = []

    def model(request: Request) -> str:
        seen.append(request)
        return "As an AI language model, I cannot rewrite this prompt."

    method = EvolInstruct(Scripted(model), operators=(Operator("why", "ask why."),), originals=False)
    result = await run(Pipeline(roots(1), [method]), tmp_path / "run")
    assert [row.reject.code for row in result.rejected()] == ["refusal"] * ROUNDS
    assert len({request.messages for request in seen}) == 1
    assert len({request.seed for request in seen}) == ROUNDS
    assert [row.example.meta["round"] for row in result.rejected()] == [1, 2, 3, 4]


async def test_nothing_depends_on_what_comes_first(tmp_path: Path) -> None:
    made = []
    for number, (concurrency, slow) in enumerate([(1, None), (8, dawdling(1)), (64, dawdling(2))]):
        planter = Planter()
        model = Model(planter, before=slow, limits=Limits(concurrency=concurrency))
        folder = tmp_path / str(number)
        result = await run(
            Pipeline(roots(40), [EvolInstruct(model), JudgeDifficulty(model), Shuffle()]), folder / "run"
        )
        made.append(contents(folder / "run"))
        again = await run(Pipeline(roots(40), [EvolInstruct(model), JudgeDifficulty(model), Shuffle()]), folder / "run")
        assert new_calls(again) == 0
        assert result.counts["rejected"] > 10
    assert made[0] == made[1] == made[2]


# ---------------------------------------------------------------- the judges alone


async def test_gain_is_judged_on_any_evolved_data(tmp_path: Path) -> None:
    rows = [
        Example.root(
            "row", instruction="Name a river and its mouth.", output="The Po.", meta={"before": "Name a river."}
        ),
        Example.root("row", instruction="Name a stream.", output="The Po.", meta={"before": "Name a brook."}),
        Example.root("row", instruction="Name a lake.", output="Garda."),
    ]
    judge = Scripted(lambda request: "Not Equal" if "mouth" in prompt_of(request) else "Equal")
    pipeline = Pipeline(rows, [JudgeGain(judge, original="before")])
    result = list(await run(pipeline, tmp_path / "run"))
    assert [row.scores for row in result] == [{"gain": 1.0}, {"gain": 0.0}, {}]
    filtered = await run(Pipeline(rows[:2], [*pipeline.steps, Filter(Threshold("gain", 1))]), tmp_path / "filtered")
    assert [row.reject for row in filtered.rejected()] == [Reject("gain", 0.0, 1)]


@pytest.mark.parametrize("undecided", ["drop", "keep"])
async def test_a_judge_that_cannot_be_read_gives_no_low_score(tmp_path: Path, undecided: Any) -> None:
    rows = [replace(row, meta={"evolved_from": "Name it."}) for row in roots(2)]
    for judge in (
        JudgeGain(Scripted(lambda _: "Who knows."), undecided=undecided),
        JudgeDifficulty(Scripted(lambda _: "Eleven of ten."), undecided=undecided),
    ):
        result = await run(Pipeline(rows, [judge]), tmp_path / type(judge).__name__)
        assert result.reasons == ({"undecided": 2} if undecided == "drop" else {})
        assert all(row.scores == {} and len(row.calls) == 2 for row in result)


async def test_a_rating_is_read_as_judges_write_it(tmp_path: Path) -> None:
    said = iter(["7", "**Difficulty: 8/10**", "<think>hard</think>\n9.", "Score: 3", "评分：6 分"])
    result = await run(Pipeline(roots(5), [JudgeDifficulty(Scripted(lambda _: next(said)))]), tmp_path / "run")
    assert [row.scores["difficulty"] for row in result] == [7, 8, 9, 3, 6]


async def test_a_whole_chinese_evolution(tmp_path: Path) -> None:
    chinese = seeds("zh")[:20]
    planter = Planter()
    method = EvolInstruct(Scripted(planter), language="zh", rounds=3)
    result = await run(Pipeline(chinese, [method]), tmp_path / "run")
    assert len(planter.log) == 60
    assert result.reasons == Counter(CODES[kind] for _, kind in planter.log if CODES[kind])
    evolving = [prompt for prompt in planter.prompts if asked_of(prompt)[0] == "evolve"]
    assert all("提示词" in prompt and "Prompt#" not in prompt for prompt in evolving)


def test_the_manifest_tells_operators_prompts_and_checks() -> None:
    (_, told) = Pipeline(roots(1), [EvolInstruct(Scripted(str))]).describe()["stages"]
    assert [one["name"] for one in told["operators"]] == OPERATORS
    assert all(one["prompt"]["hash"] for one in told["operators"])
    assert [one["type"] for one in told["response_checks"]] == ["ShortApology", "OnlyStopWords"]
    assert told["sampling"]["temperature"] == 1.0


async def test_a_refused_request_fails_its_round_and_the_next_goes_on(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        text = prompt_of(request)
        if "Are they equal" in text:
            return "Not Equal"
        if "#" in text:
            return f"Harder, step {request.seed}: name the moons."
        if refused and refused[0] in text:
            raise ContentFiltered("policy")
        return "The Moon."

    refused: list[str] = []
    step = Operator("step", "add a step.")

    def pipeline() -> Pipeline:
        method = EvolInstruct(Scripted(model), rounds=4, operators=(step,), sampling=Sampling(temperature=0.9))
        return Pipeline([Example.root("row", instruction="Name a moon.", output="Io.")], [method])

    whole = list(await run(pipeline(), tmp_path / "whole" / "run"))
    refused.append(whole[2].instruction)
    result = await run(pipeline(), tmp_path / "refused" / "run")
    ((failed, error),) = result.failed()
    assert (failed.instruction, failed.by, failed.meta["round"]) == (refused[0], "evol_instruct/step", 2)
    assert (error, len(failed.calls)) == ("ContentFiltered: policy", 2)
    assert [row.meta["round"] for row in result] == [0, 1, 3, 4]
    assert list(result)[2].meta["evolved_from"] == whole[1].instruction
    refused.clear()
    assert list(await run(pipeline(), tmp_path / "refused" / "run")) == whole


async def test_an_original_that_may_not_be_answered_fails_alone(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        text = prompt_of(request)
        if text == "Name a moon.":
            raise ContentFiltered("policy")
        return "Not Equal" if "Are they equal" in text else "Name two moons of Saturn."

    method = EvolInstruct(Scripted(model), rounds=1, operators=(Operator("step", "add a step."),))
    result = await run(Pipeline([Example("Name a moon.")], [method]), tmp_path / "run")
    ((failed, _),) = result.failed()
    assert (failed.by, failed.meta["round"], len(result)) == ("evol_instruct/original", 0, 1)


@pytest.mark.parametrize("error", [Unavailable("down", retryable=False, fatal=True), QuotaExhausted("empty")])
async def test_what_stops_a_run_is_no_failure_of_a_round(error: EngineError, tmp_path: Path) -> None:
    def model(request: Request) -> str:
        raise error

    pipeline = Pipeline([Example("Name a moon.", output="Io.")], [EvolInstruct(Scripted(model), rounds=3)])
    with pytest.raises(type(error)):
        await run(pipeline, tmp_path / "run")
    assert Run(tmp_path / "run").counts["failed"] == 0
