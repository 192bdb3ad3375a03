"""WizardCoder on a teacher that plants failures and keeps a log: each row is what was planted; then its checks."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Completion, Limits, Reject, Request
from instructgen.engines.scripted import Scripted
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters import OnlyStopWords, ShortApology
from instructgen.filters.non_ascii_start import NonAsciiStart
from instructgen.filters.outside_code import OutsideCode
from instructgen.filters.shown_code import ShownCode, holds_code
from instructgen.filters.token_length import TokenLength
from instructgen.filters.words import text_tokens
from instructgen.generators import JudgeDifficulty
from instructgen.generators.evolution import first_reject
from instructgen.generators.wizard_coder import WizardCoder, code_operators
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline
from instructgen.seeds import seeds
from instructgen.selects import Shuffle
from tests.support.pipelines import Model, contents, dawdling, new_calls, prompt_of, run
from tests.support.planting import assert_as_planted
from tests.test_evol_instruct import Planter, asked_of, mean, roots

OPERATORS = ["add_constraints", "rare_requirement", "add_reasoning", "erroneous_code", "complexity"]
BUG = "\n```python\nfor tide in tides: tides.remove(tide)\n```\n"
MARK = {"en": "a mistake in it", "zh": "有错误的代码"}

# What is planted, and the code it must get (none for a success).
CODES = {
    "good": "",
    "begins_with_code": "",
    "second_verdict": "",
    "sorry_in_code": "",
    "total_1999": "",
    "equal": "no_gain",
    "same": "no_gain",
    "undecided": "undecided",
    "scaffold": "scaffold",
    "refusal": "refusal",
    "three_words": "too_short",
    "long_task": "too_long",
    "accent": "non_ascii",
    "no_code": "no_data",
    "cut_prompt": "truncated",
    "blocked": "filtered",
    "nothing": "unparsable",
    "sorry": "sorry",
    "stop_words": "stop_words",
    "empty": "empty",
    "cut_answer": "truncated",
    "three_word_answer": "too_short",
    "accent_answer": "non_ascii",
    "total_2000": "too_long",
}


@dataclass
class CodePlanter(Planter):
    """A teacher of programming tasks that fails as its log says.

    Attributes:
        asked: the texts before, with the whole prompt for each.
    """

    asked: list[tuple[str, str]] = field(default_factory=list)

    def __call__(self, request: Request) -> str | Completion:
        prompt = prompt_of(request)
        kind, text = asked_of(prompt)
        if kind != "answer":
            return super().__call__(request)
        self.prompts.append(prompt)
        return self._solved((re.findall(r"\[(\w+) \w+\]", text) or ["good"])[-1], text)

    def _evolved(self, text: str, prompt: str, request: Request) -> str | Completion:
        self.asked.append((text, prompt))
        random = Random(hashlib.sha256(json.dumps([text, request.seed]).encode()).digest())
        bug = BUG if any(mark in prompt for mark in MARK.values()) else ""
        bare = "harbour" in text and BUG not in text
        kinds = [kind for kind in CODES if kind != "no_code"] + ["no_code"] * (6 if bug and bare else 0)
        kind = random.choice(kinds) if random.random() < self.flawed else "good"
        self.log.append((text, kind))
        mark = f"[{kind} {random.getrandbits(40):x}]"
        new = f"{text}{'' if kind == 'no_code' else bug} {mark} And say why."
        if kind == "blocked":
            return Completion("", "filtered")
        made = {
            "same": f"#Rewritten Prompt#:\n{text}",
            "scaffold": f"{new} Keep to the Given Prompt.",
            "refusal": "I'm sorry, but I cannot help with that request.",
            "nothing": "<think>Harder, but how?</think>\n#Rewritten Prompt#:\n",
            "three_words": f"Sort {mark}",
            "long_task": new + "x" * (4 * 999 + 1 - len(new)),
            "accent": f"Écris le programme. {new}",
            "begins_with_code": f"`sort` is given.{bug} {text} {mark}",
        }.get(kind, new)
        wrapped = random.choice(["{}", "**#Rewritten Prompt#:** {}", "Sure! Here it is:\n\n{}", "<think>x</think>\n{}"])
        answer = made if kind in ("same", "nothing") else wrapped.replace("{}", made)
        return Completion(answer[:-4], "length") if kind == "cut_prompt" else answer

    def _solved(self, planted: str, text: str) -> str | Completion:
        room = {"total_1999": 1999, "total_2000": 2000}.get(planted)
        if room is not None:
            return "a b c d " + "word" * (room - text_tokens(text) - 2)
        answers: dict[str, str | Completion] = {
            "sorry": "Sorry, this cannot be programmed.",
            "sorry_in_code": "This asks again.\n\n```python\nprint('Sorry, once more?')\n```",
            "three_word_answer": "print(sorted(x)) will do",
            "accent_answer": "É assim que se faz: print(sorted(tides))",
            "stop_words": "It is, and it was so.",
            "empty": "<think>hm</think>",
            "cut_answer": Completion("```python\nprint(", "length"),
        }
        return answers.get(planted, "```python\nprint(sorted(tides))  # the lowest first\n```")


# ---------------------------------------------------------------- planted failures


async def test_three_hundred_tasks_for_three_rounds(tmp_path: Path) -> None:
    planter = CodePlanter(flawed=0.5)
    teacher = Scripted(planter)
    pipeline = Pipeline(roots(300), [WizardCoder(teacher), JudgeDifficulty(teacher), Shuffle()])
    result = await run(pipeline, tmp_path / "run")
    assert len(planter.log) == 300 * 3  # every round of every task was asked for once
    kept = assert_as_planted(result, planter.log, CODES)
    rejected = list(result.rejected())
    rounds = Counter(row.meta["round"] for row in kept) + Counter(row.example.meta["round"] for row in rejected)
    assert rounds == {0: 300, 1: 300, 2: 300, 3: 300}

    # Harder from round to round.
    means = [mean([row.scores["difficulty"] for row in kept if row.meta["round"] == n]) for n in range(4)]
    assert means == sorted(means)
    assert means[0] == 3.0
    assert means[1] == 4.0


async def test_the_sizes_of_the_papers_rounds(tmp_path: Path) -> None:
    """20,000 tasks and rounds of 18,800, 19,700 and 19,300: 38K, 58K and 78K in all; here a hundredth of it."""
    fails = {1: range(12), 2: range(100, 103), 3: range(60, 67)}
    asked: Counter[str] = Counter()

    def model(request: Request) -> str:
        kind, text = asked_of(prompt_of(request))
        if kind != "evolve":
            return "Not Equal" if kind == "equal" else "Sort them by the hour first."
        number = re.findall(r"Task (\d+)", text)[0]
        asked[number] += 1
        return text if int(number) in fails[asked[number]] else f"{text} Round {asked[number]}: {BUG}"

    result = list(await run(Pipeline(roots(200), [WizardCoder(Scripted(model))]), tmp_path / "run"))
    sizes = [sum(1 for row in result if row.meta["round"] <= number) for number in range(4)]
    assert sizes == [200, 388, 585, 778]
    assert set(asked.values()) == {3}


async def test_a_round_less_is_the_same_data_without_it_and_costs_nothing(tmp_path: Path) -> None:
    """So the round to stop at is chosen after the run, by a development set."""
    planter = CodePlanter()
    whole = await run(Pipeline(roots(40), [WizardCoder(Scripted(planter), rounds=3)]), tmp_path / "three")
    fewer = await run(Pipeline(roots(40), [WizardCoder(Scripted(planter), rounds=2)]), tmp_path / "two")
    assert new_calls(fewer) == 0
    assert list(fewer) == [row for row in whole if row.meta["round"] <= 2]


async def test_operators_are_drawn_alike_into_one_prompt(tmp_path: Path) -> None:
    planter = CodePlanter(flawed=0)
    result = await run(Pipeline(roots(300), [WizardCoder(Scripted(planter), originals=False)]), tmp_path / "run")
    drawn = Counter(row.by.removeprefix("wizard_coder/") for row in result)
    assert set(drawn) == set(OPERATORS)
    assert all(130 < count < 230 for count in drawn.values()), drawn  # 180 each; 130 is four deviations away
    method = {row.meta["evolved_from"]: row.meta["operator"] for row in result}
    texts = {one.name: one.method for one in code_operators()}
    template = Prompt.load("wizard_coder/evolve")
    assert all(template.render(method=texts[method[text]], prompt=text) == prompt for text, prompt in planter.asked)
    assert {row.meta["operator"] for row in result if BUG.strip() in row.instruction} >= {"erroneous_code"}


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_the_packaged_tasks_in_both_languages(tmp_path: Path, language: Any) -> None:
    tasks = [seed for seed in seeds(language) if seed.meta["family"] == "code"]
    assert len(tasks) == 12
    planter = CodePlanter()
    method = WizardCoder(Scripted(planter), language=language)
    result = await run(Pipeline(tasks, [method]), tmp_path / "run")
    planted = Counter(CODES[kind] for _, kind in planter.log if CODES[kind])
    if language == "zh":  # there any character may begin
        planted -= Counter({"non_ascii": planted["non_ascii"]})
    assert result.reasons == planted
    assert len(planter.log) == 36
    prompts = [prompt for _, prompt in planter.asked]
    assert all(("编程任务" in prompt) is (language == "zh") for prompt in prompts)
    for check in method.own_prompt_checks():
        assert [check(task) for task in tasks] == [None] * 12


async def test_nothing_depends_on_what_comes_first(tmp_path: Path) -> None:
    made = []
    for number, (concurrency, slow) in enumerate([(1, None), (8, dawdling(1)), (64, dawdling(2))]):
        model = Model(CodePlanter(), before=slow, limits=Limits(concurrency=concurrency))
        folder = tmp_path / str(number)
        result = await run(Pipeline(roots(30), [WizardCoder(model), JudgeDifficulty(model)]), folder / "run")
        assert result.counts["rejected"] > 10
        made.append(contents(folder / "run"))
    assert made[0] == made[1] == made[2]


def test_the_manifest_tells_operators_prompts_and_checks() -> None:
    (_, told) = Pipeline(roots(1), [WizardCoder(Scripted(str))]).describe()["stages"]
    assert [one["name"] for one in told["operators"]] == OPERATORS
    assert {one["prompt"]["prompt"] for one in told["operators"]} == {"wizard_coder/evolve"}
    names = ["Refusal", "Length", "NonAsciiStart", "TokenLength", "ShownCode"]
    assert [one["type"] for one in told["prompt_checks"]] == names
    names = ["OutsideCode", "OnlyStopWords", "Length", "NonAsciiStart", "TokenLength"]
    assert [one["type"] for one in told["response_checks"]] == names
    assert (told["rounds"], told["compare"], told["sampling"]["temperature"]) == (3, True, 1.0)


# ---------------------------------------------------------------- what the prompts ask for


@pytest.mark.parametrize(
    ("name", "english", "chinese"),
    [
        ("evolve", ["somewhat more difficult", "not the only one", "{method}"], ["稍微难一点", "别的办法", "{method}"]),
        ("add_constraints", ["constraint or requirement", "about 10 words"], ["限制或要求", "大约 20 个字"]),
        ("rare_requirement", ["commonly have", "more specific", "seldom"], ["常见", "更具体", "很少"]),
        ("add_reasoning", ["a few logical steps", "more of them"], ["几步推理", "更多的步骤"]),
        (
            "erroneous_code",
            ["code with a mistake", "misleads", "must stand in"],
            ["有错误的代码", "必须写在"],
        ),
        ("complexity", ["running time or on memory", "seldom"], ["运行时间或内存", "少用"]),
    ],
)
def test_every_item_of_the_checklist_is_asked_for(name: str, english: list[str], chinese: list[str]) -> None:
    for language, items in (("en", english), ("zh", chinese)):
        text = Prompt.load(f"wizard_coder/{name}", language=language).text
        assert [item for item in items if item not in text] == []


# ---------------------------------------------------------------- the checks


def task(text: str, output: str = "Done.", **meta: Any) -> Example:
    return Example.root("test", instruction=text, output=output, meta=meta)


def rejects(method: WizardCoder, example: Example) -> tuple[str | None, str | None]:
    """The codes that the method's checks give to a prompt and to its answer."""
    prompt, answer = first_reject(example, method.prompt_checks), first_reject(example, method.response_checks)
    return prompt.code if prompt else None, answer.code if answer else None


@pytest.mark.parametrize(
    ("text", "output", "codes"),
    [
        ("Sort the list", "Call sorted on it.", ("too_short", None)),
        ("Sort the list now", "sorted(x) does it", (None, "too_short")),
        ("Sort the list now", "Call sorted on it.", (None, None)),
        ("Écris une fonction maintenant", "Ça marche comme cela.", ("non_ascii", "non_ascii")),
        ("`sort` is given: cover it", "```python\nassert sort([]) == []\n```", (None, None)),
        ("a b c " + "x" * (4 * 999 - 6), "It is the x.", (None, None)),
        ("a b c " + "x" * (4 * 999 - 5), "It is the x.", ("too_long", None)),
        ("Sort it now, " + "x" * 3983, "y y y " + "y" * (4 * 1000 - 6), (None, None)),
        ("Sort it now, " + "x" * 3983, "y y y " + "y" * (4 * 1000 - 5), (None, "too_long")),
        ("I'm sorry, but I can't help with that.", "Sorry, I cannot.", ("refusal", "sorry")),
    ],
)
def test_the_checks_at_their_limits(text: str, output: str, codes: tuple[str | None, str | None]) -> None:
    assert rejects(WizardCoder(Scripted(str)), task(text, output)) == codes


def test_tokens_of_both_scripts_and_of_several_texts() -> None:
    assert text_tokens("") == 0
    assert text_tokens("abcd") == 1
    assert text_tokens("abcde") == 2
    assert text_tokens("排序ab") == 3
    assert TokenLength(999, ("instruction",))(task("排" * 999)) is None
    reject = TokenLength(5, ("instruction", "output"))(task("排序ab", "排序ab"))
    assert reject == Reject("too_long", 6, 5, detail="tokens in the instruction and the output")


def test_a_program_that_prints_sorry_is_no_apology() -> None:
    check = OutsideCode(ShortApology(80))
    assert check(task("Ask.", "```python\nprint('Sorry')\n```")) is None
    assert check(task("Ask.", "Write `print('sorry')` there.")) is None
    assert check(task("Ask.", "Sorry, no.\n```python\nprint('Sorry')\n```")) == Reject("sorry", 5, 80)
    # Eighty words with the code are enough, as for the rule itself.
    assert check(task("Ask.", "Sorry, I was wrong.\n```\n" + "word " * 76 + "\n```")) is None


@given(st.text(alphabet="`~\n sory.Sthe抱歉"), st.sampled_from([ShortApology(80), OnlyStopWords()]))
def test_outside_code_is_never_stricter(text: str, check: Any) -> None:
    if OutsideCode(check)(task("Ask.", text)) is not None:
        assert check(task("Ask.", text)) is not None
    if "`" not in text and "~~~" not in text:
        assert OutsideCode(check)(task("Ask.", text)) == check(task("Ask.", text))


@pytest.mark.parametrize(
    "text",
    [
        "Start from this:\n```\nx\n```",
        "Why does `a[i] = b[i+1]` fail?",
        "A colleague wrote\nfor (int i = 0; i <= n; i++) {\n  sum += a[i];\n}",
        "def f(x):\n    return x + 1\nIs it right?",
        "SELECT name FROM guests WHERE room = NULL;",
        "$ rm -rf build/",
        "<ul><li>one</ul></li>",
        "参考代码：\n~~~python\nprint(1\n~~~",
    ],
)
def test_code_that_is_shown(text: str) -> None:
    assert holds_code(text)
    assert ShownCode()(task(text, operator="erroneous_code")) is None


@pytest.mark.parametrize(
    "text",
    [
        "Fix the function `merge_sort` in the attached file.",
        "Call `len()` on it; explain why.",
        "The erroneous code is shown below.",
        "用 Python 写一个函数，代码里有错误。",
        "",
    ],
)
def test_code_that_is_only_spoken_of(text: str) -> None:
    assert not holds_code(text)
    reject = Reject("no_data", "code", detail="it is not in the new prompt")
    assert ShownCode()(task(text, operator="erroneous_code")) == reject
    assert ShownCode()(task(text, operator="complexity")) is None
    assert ShownCode(operators=())(task(text)) == reject


@given(st.text(max_size=400), st.text(max_size=400))
def test_a_fence_is_code_wherever_it_stands(before: str, after: str) -> None:
    holds_code(before)
    assert holds_code(f"{before}\n```\nx = 1\n```\n{after}")


def test_wrong_parameters_are_refused() -> None:
    for make, told in (
        (lambda: TokenLength(0), "of at least 1"),
        (lambda: TokenLength(9, ()), "fields=.*not empty"),
        (lambda: OutsideCode(ShortApology), "write ShortApology"),  # type: ignore[arg-type]
        (lambda: OutsideCode(ShortApology(), "outputs"), "field='outputs'"),  # type: ignore[arg-type]
        (lambda: NonAsciiStart("outputs"), "field='outputs'"),  # type: ignore[arg-type]
        (lambda: ShownCode(("",)), "operators"),
        (lambda: WizardCoder(Scripted(str), rounds=0), "rounds=0"),
    ):
        with pytest.raises(RecipeError, match=told):
            make()
