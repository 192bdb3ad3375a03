"""Runs of a thousand accepted examples on a teacher that plants flaws and keeps a log: what was planted is rejected.

Every task that the teacher writes carries a mark that leads back to the log, so that each row of the run, kept or
rejected, is compared with what was planted there.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest

from instructgen.contracts import Completion, Reject, Request
from instructgen.engines.scripted import Scripted
from instructgen.example import Example
from instructgen.generators import (
    Belle,
    BootstrapInstructions,
    GenerateInstances,
    IdentifyClassification,
    SelfInstruct,
)
from instructgen.runtime.pipeline import Pipeline
from instructgen.runtime.run import Run
from tests.support.pipelines import new_calls, prompt_of, run

ACCEPTED = 1000
SEEDS = tuple(
    Example.root(
        "seed",
        index=number,
        instruction=f"Seed {'bcdfg'[number // 10] * 3} {'hjklmnpqrs'[number % 10] * 4}",
        output="Done.",
    )
    for number in range(50)
)
KEPT = "kept"


@dataclass(frozen=True)
class Planted:
    """One task of a completion: its mark, the verdict it must get, and the mark of what it comes too close to."""

    mark: str
    verdict: str = KEPT
    neighbour: str = ""


@dataclass
class Log:
    """What was planted, by the name of the completion, in the order in which they were asked for."""

    planted: dict[str, list[Planted]] = field(default_factory=dict)

    def committed(self, result: Run) -> list[Planted]:
        """What a run has decided of it: all up to the last example it kept, since the limit cuts there."""
        last = mark_of(list(result)[-1])
        rows = [one for completion in self.planted.values() for one in completion]
        return rows[: 1 + [one.mark for one in rows].index(last)]


def digest(*parts: object) -> str:
    """A name of ten letters, no two of them the same by chance, and no word that a rule looks for (gpt) in it."""
    found = hashlib.blake2b(json.dumps(parts).encode("ascii"), digest_size=5).hexdigest()
    return found.translate(str.maketrans("0123456789abcdef", "bcdfhjklmnqrstvw"))


def mark_of(example: Example) -> str:
    """The mark in a row, wherever the text that carries it went."""
    found = re.search(r"[b-w]{10}x\d+", f"{example.instruction} {example.input} {example.output}".lower())
    assert found, example
    return found[0]


def assert_what_was_planted(result: Run, log: Log) -> None:
    """Each row has the verdict that was planted, in order, and nothing is missing."""
    committed = log.committed(result)
    rejected = list(result.rejected())
    assert [mark_of(example) for example in result] == [one.mark for one in committed if one.verdict == KEPT]
    assert [(mark_of(row.example), row.reject.code) for row in rejected] == [
        (one.mark, one.verdict) for one in committed if one.verdict != KEPT
    ]
    assert result.reasons == Counter(one.verdict for one in committed if one.verdict != KEPT)
    ids = {mark_of(example): example.id for example in result}
    near = {one.mark: ids[one.neighbour] for one in committed if one.neighbour}
    told: dict[str, Reject] = {mark_of(row.example): row.reject for row in rejected if row.reject.code == "rouge"}
    assert {mark: reject.neighbour for mark, reject in told.items()} == near
    assert all(reject.value == pytest.approx(20 / 28) for reject in told.values())


# ---------------------------------------------------------------- tokens that nothing else has


class Draws(Random):
    """Random numbers, and Chinese characters of which none comes twice."""

    def characters(self, count: int) -> list[str]:
        """The next so many characters."""
        if not hasattr(self, "_deck"):
            self._deck = [chr(code) for code in self.sample(range(0x4E00, 0x9F00), 1500)]
        return [self._deck.pop() for _ in range(count)]


def latin(random: Draws, count: int) -> list[str]:
    """Words that hardly come twice, and are none that a rule looks for."""
    return ["".join(random.choice("bcdfghjklmnpr") + random.choice("aeiou") for _ in range(4)) for _ in range(count)]


def han(random: Draws, count: int) -> list[str]:
    """The same in Chinese, where a token is a character, so that one in common with a near text would matter."""
    return random.characters(count)


# Instructions by what is planted in them; ten tokens, where not the number of tokens is the flaw.
ENGLISH: dict[str, Callable[[Draws], str]] = {
    "too_short": lambda random: " ".join(["Explain", *latin(random, 2)]),
    "too_long": lambda random: " ".join(["Explain", *latin(random, 150)]),
    "keyword": lambda random: " ".join(
        [random.choice(["Draw", "Explain a map of", "Go to", "Plot"]), *latin(random, 7)]
    ),
    "write_program": lambda random: " ".join(["Write a program", *latin(random, 6)]),
    "punctuation": lambda random: '"' + " ".join(latin(random, 9)),
    "non_ascii": lambda random: " ".join(["Écrire", *latin(random, 9)]),
}
CHINESE: dict[str, dict[str, Callable[[Draws], str]]] = {
    "self_instruct": {
        "too_short": lambda random: "".join(han(random, 3)),
        "keyword": lambda random: "".join([random.choice(["看图片", "介绍GPT4的"]), *han(random, 7)]),
        "write_program": lambda random: "".join([random.choice(["写一个程序，", "请编写一段程序，"]), *han(random, 7)]),
        "punctuation": lambda random: "".join(["，", *han(random, 9)]),
        "latin": lambda random: "".join(["请用Python", *han(random, 8)]),
    },
    "belle": {
        "too_short": lambda random: "".join(han(random, 3)),
        "too_long": lambda random: "".join(han(random, 100)),
        "keyword": lambda random: "".join([random.choice(["看图片", "介绍GPT的", "打开http"]), *han(random, 7)]),
        "latin": lambda random: "".join(["请用Python", *han(random, 8)]),
    },
}


@dataclass
class Tasks:
    """A teacher of whole tasks in the layout of Alpaca: about one in ten is planted with each of the flaws.

    Beside the flaws of the instruction there are those of the layout; and near ones (F1 just above 0.7 with a good
    one of the same completion), which are rejected, and ties (0.7 exactly), which are kept.
    """

    language: str
    flawed: dict[str, Callable[[Draws], str]]
    log: Log = field(default_factory=Log)

    def __call__(self, request: Request) -> Completion:
        prompt = prompt_of(request)
        instruction, given, output = (
            ("Instruction", "Input", "Output") if self.language == "en" else ("指令", "输入", "输出")
        )
        shown = [int(number) for number in re.findall(rf"(?m)^(\d+)\. {instruction}", prompt)]
        last = int(re.findall(r"\d+", request.sampling.stop[0])[0]) - 1
        if Random(prompt).random() < 0.05:  # by the prompt alone, so that it is no better when asked again
            name = digest(prompt)
            self.log.planted[name] = [Planted(f"{name}x0", "unparsable")]
            return Completion(f"I would rather not, {name}x0.")
        name, random = digest(prompt, request.seed), Draws(f"{prompt}{request.seed}")
        planted, blocks, good = self.log.planted.setdefault(name, []), [], list[tuple[str, list[str]]]()
        number = max(shown)
        while number < last:
            mark = f"{name}x{len(planted)}"
            kind = random.choice([*self.flawed, *OTHERS]) if good else KEPT
            number += kind != "number"
            text, neighbour = self._instruction(kind, random, good)
            if kind == KEPT:
                good.append((mark, neighbour.split("|")))
            labels = [(given, f"({mark})"), (output, "" if kind == "empty_output" else "Done.")]
            parts = [(instruction, text), *(reversed(labels) if kind == "labels" else labels)]
            blocks.append("###\n" + "\n".join(f"{number}. {label}: {content}" for label, content in parts))
            verdict = {"near": "rouge", "tie": KEPT, "latin": KEPT}.get(kind, kind)
            planted.append(Planted(mark, verdict, neighbour if kind == "near" else ""))
        cut = random.random() < 0.3
        if cut:
            planted[-1] = Planted(planted[-1].mark, "truncated")
        return Completion("\n".join(blocks), "length" if cut else "stop")

    def _instruction(self, kind: str, random: Draws, good: Sequence[tuple[str, list[str]]]) -> tuple[str, str]:
        """The instruction, and its tokens if it is good, or the mark of the one that it is near to."""
        if kind in self.flawed:
            return self.flawed[kind](random), ""
        draw, space = (latin, " ") if self.language == "en" else (han, "")
        if kind == "latin":
            return "".join(["请用Python", *han(random, 8)]), ""
        if kind in ("near", "tie"):
            mark, tokens = random.choice(good)
            told = [*tokens, *draw(random, 8)] if kind == "near" else [*tokens[:7], *draw(random, 3)]
            return space.join(told).capitalize(), mark
        tokens = draw(random, 10)
        return space.join(tokens).capitalize(), "|".join(tokens)


OTHERS = (KEPT, KEPT, "near", "tie", "empty_output", "labels", "number")
LAYOUT = ("rouge", "empty_output", "labels", "number", "truncated", "unparsable")


@pytest.mark.parametrize("from_pool", [0, 2])
async def test_english_tasks(tmp_path: Path, from_pool: int) -> None:
    teacher = Tasks("en", ENGLISH)
    source = SelfInstruct(Scripted(teacher), SEEDS, requests=None, lookahead=1, from_pool=from_pool)
    result = await run(Pipeline(source), tmp_path / "run", limit=ACCEPTED)
    assert len(result) == ACCEPTED
    assert_what_was_planted(result, teacher.log)
    assert set(result.reasons) == {*ENGLISH, *LAYOUT}
    assert min(count for code, count in result.reasons.items() if code != "unparsable") > 50
    assert new_calls(await run(Pipeline(source), tmp_path / "run", limit=ACCEPTED)) == 0


@pytest.mark.parametrize("method", ["self_instruct", "belle"])
async def test_chinese_tasks(tmp_path: Path, method: str) -> None:
    teacher = Tasks("zh", CHINESE[method])
    options: dict[str, Any] = {"language": "zh", "requests": None, "lookahead": 1, "from_pool": 1}
    source = {"belle": Belle, "self_instruct": SelfInstruct}[method](Scripted(teacher), SEEDS, **options)
    result = await run(Pipeline(source), tmp_path / "run", limit=ACCEPTED)
    assert len(result) == ACCEPTED
    assert_what_was_planted(result, teacher.log)
    assert set(result.reasons) == {*CHINESE[method], *LAYOUT} - {"latin"}
    assert sum("Python" in example.instruction for example in result) > 100
    assert min(count for code, count in result.reasons.items() if code != "unparsable") > 30


# ---------------------------------------------------------------- the three steps


@dataclass
class Steps:
    """A teacher of all three steps of Self-Instruct, with flaws planted in each.

    Attributes:
        instructions: the log of the first step.
        undecided: the marks of instructions about which it says neither yes nor no.
        instances: the instances it wrote for an instruction, by its mark: input, output, verdict.
    """

    instructions: Log = field(default_factory=Log)
    undecided: set[str] = field(default_factory=set)
    instances: dict[str, list[tuple[str, str, str]]] = field(default_factory=dict)

    def __call__(self, request: Request) -> Completion:
        prompt = prompt_of(request)
        if prompt.endswith("\n9."):
            return self._list(prompt, request)
        (mark,) = re.findall(r"[b-w]{10}x\d+", prompt)
        if prompt.endswith("Is it classification?"):
            point = Random(f"class {mark}").random()
            if point < 0.1:
                self.undecided.add(mark)
            return Completion("It depends." if point < 0.1 else "Yes" if point < 0.5 else "No.")
        return self._written(mark, output_first="Class label:" in prompt)

    def _list(self, prompt: str, request: Request) -> Completion:
        name, random = digest(prompt, request.seed), Draws(f"{prompt}{request.seed}")
        planted, items, good = self.instructions.planted.setdefault(name, []), [], list[tuple[str, list[str]]]()
        for place in range(7):
            kind = random.choice([*ENGLISH, *["near", "tie", KEPT, KEPT]]) if good else KEPT
            mark, neighbour = f"{name}x{place}", ""
            if kind in ENGLISH:
                words = ENGLISH[kind](random).split()[: 2 if kind == "too_short" else None]
            elif kind == KEPT:
                words = latin(random, 9)
                good.append((mark, words))
            else:
                neighbour, base = random.choice(good)
                words = [*base, *latin(random, 5)] if kind == "near" else [*base[:7], *latin(random, 2)]
            words = [*words, mark]
            items.append(f"{9 + place}. {' '.join(words)}")
            verdict = {"near": "rouge", "tie": KEPT}.get(kind, kind)
            planted.append(Planted(mark, verdict, neighbour if kind == "near" else ""))
        cut = random.random() < 0.3
        if cut:
            planted[-1] = Planted(planted[-1].mark, "truncated")
        return Completion("\n".join(items).removeprefix("9."), "length" if cut else "stop")

    def _written(self, mark: str, *, output_first: bool) -> Completion:
        random = Random(f"instances {mark}")
        point = random.random()
        if point < 0.1:
            self.instances[mark] = [("", f"I would rather not do {mark}.", "unparsable")]
            return Completion(f"I would rather not do {mark}.")
        written = self._contradiction() if point < 0.2 else self._surplus() if point < 0.3 else self._mixed(random)
        cut = point > 0.85
        if cut:
            written[-1] = (*written[-1][:2], "truncated")
        self.instances[mark] = written
        texts = [
            f"Class label: {output}\n{given}" if output_first else f"Example {number}\nInput: {given}\nOutput: {output}"
            for number, (given, output, _) in enumerate(written, 1)
        ]
        return Completion("\n".join(texts), "length" if cut else "stop")

    def _contradiction(self) -> list[tuple[str, str, str]]:
        return [("Same", "One", "contradiction"), ("Other", "Two", "contradiction"), ("Same", "Three", "contradiction")]

    def _surplus(self) -> list[tuple[str, str, str]]:
        return [(f"Given {number}", f"Answer {number}", "surplus") for number in range(7)]

    def _mixed(self, random: Random) -> list[tuple[str, str, str]]:
        written = [("Given 0", "Answer 0", KEPT)]
        for number in range(1, random.randint(2, 5)):
            kind = random.choice([KEPT, "input_is_output", "empty_output", "ends_with_colon", "duplicate"])
            given, output = f"Given {number}", f"Answer {number}"
            match kind:
                case "input_is_output":
                    output = given
                case "empty_output":
                    output = ""
                case "ends_with_colon":
                    output = "As follows:"
                case "duplicate":
                    given, output = written[0][:2]
            written.append((given, output, kind))
        return written


async def test_the_three_steps(tmp_path: Path) -> None:
    teacher = Steps()
    engine = Scripted(teacher)
    source = BootstrapInstructions(engine, SEEDS, requests=None, lookahead=1)
    pipeline = Pipeline(source, [IdentifyClassification(engine), GenerateInstances(engine)])
    result = await run(pipeline, tmp_path / "run", limit=ACCEPTED)
    assert len(result) == ACCEPTED
    kept = [(mark_of(example), example.input, example.output) for example in result]
    rejected = [(mark_of(row.example), row) for row in result.rejected()]
    committed = teacher.instructions.committed(result)

    # The first step: what is planted there, the three words of a short one included, is rejected there.
    by_source = [(mark, row.reject.code) for mark, row in rejected if row.example.by == "bootstrap"]
    assert by_source == [(one.mark, one.verdict) for one in committed if one.verdict != KEPT]
    near = {one.mark: one.neighbour for one in committed if one.neighbour}
    assert near
    assert near.keys() == {mark for mark, row in rejected if row.reject.code == "rouge"}

    # The second and the third step, each instruction in its turn; the last may be cut by the limit.
    marks = [one.mark for one in committed if one.verdict == KEPT]
    undecided = [mark for mark, row in rejected if row.example.by == "identify_classification"]
    assert undecided == [mark for mark in marks if mark in teacher.undecided]
    for mark in set(marks[:-1]) - teacher.undecided:
        rows = [(given, output, KEPT) for name, given, output in kept if name == mark]
        bad = [row for name, row in rejected if name == mark]
        rows += [(row.example.input, row.example.output, row.reject.code) for row in bad]
        planted = teacher.instances[mark]
        if planted[-1][2] == "surplus":
            assert Counter(code for *_, code in rows) == {KEPT: 5, "surplus": 2}
            planted, rows = [(*one[:2], "") for one in planted], [(*one[:2], "") for one in rows]
        assert sorted(rows) == sorted(planted)
    assert min(result.reasons.values()) > 20
    assert set(result.reasons) >= {"contradiction", "surplus", "duplicate", "input_is_output", "ends_with_colon"}
    assert set(result.reasons) >= {*ENGLISH, "rouge", "truncated", "unparsable", "empty_output"}
    assert new_calls(await run(pipeline, tmp_path / "run", limit=ACCEPTED)) == 0
