"""Personas on teachers that plant failures and keep a log: each row is what was planted for it."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Completion, Engines, Request, Sampling
from instructgen.engines.scripted import Scripted
from instructgen.errors import ParseError, RecipeError
from instructgen.example import Example, Message
from instructgen.filters import Filter, RougeNovelty
from instructgen.filters.distinct import Distinct
from instructgen.generators.persona_prompt import PersonaKind, PersonaPrompt
from instructgen.generators.persona_to_persona import PersonaToPersona
from instructgen.generators.personas import read_persona
from instructgen.generators.respond import Respond
from instructgen.generators.text_to_persona import TextToPersona
from instructgen.parsing.labelled import begins_line, labelled
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline, Step
from tests.support.pipelines import Model, contents, dawdling, prompt_of, run
from tests.test_prompts import HOSTILE

LABELS = ("User prompt", "用户提问", "用户提示")
KINDS: list[PersonaKind] = list(get_args(PersonaKind))
FIRST = {"instruction": "User prompt", "math": "Math problem", "knowledge": "Title", "npc": "Name"}
FIRST_ZH = {"instruction": "用户提问", "math": "数学题", "knowledge": "标题", "npc": "姓名"}


# ---------------------------------------------------------------- the label


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("User prompt: Plan it.", "Plan it."),
        ("user PROMPT:Plan it.", "Plan it."),
        ("User  prompt : Plan it.", "Plan it."),
        ("User prompt：Plan it.", "Plan it."),
        ("用户提示：帮我写一封信。", "帮我写一封信。"),
        ("**用户提示：**帮我写一封信。", "帮我写一封信。"),
        ("**User prompt:** Plan it.", "Plan it."),
        ("**User prompt**: Plan it.", "Plan it."),
        ("**User prompt: Plan it.**", "Plan it."),
        ("__User prompt:__ Plan it.", "Plan it."),
        ("User prompt: **Plan** it.", "**Plan** it."),
        ("User prompt:**Plan** it.", "**Plan** it."),
        ("### User prompt:\nPlan it.", "Plan it."),
        ("## User prompt\n\nPlan it.", "Plan it."),
        ("**User prompt**\n\nPlan it.", "Plan it."),
        ("[User prompt]: Plan it.", "Plan it."),
        ("【用户提示】：写信。", "写信。"),
        ("> User prompt: Plan it.", "Plan it."),
        ("Sure! Here is a prompt:\n\nUser prompt: Plan it.", "Plan it."),
        ("<think>User prompt: no</think>\n\nUser prompt: Plan it.", "Plan it."),
        ("Hmm, who?\n</think>\nUser prompt: Plan it.", "Plan it."),
        ('"User prompt: Plan it."', "Plan it."),
        ('User prompt: "Plan it."', "Plan it."),
        ('User prompt: "Plan" and "go".', '"Plan" and "go".'),
        ("```\nUser prompt: Plan it.\n```", "Plan it."),
        ("User prompt:\n```text\nPlan it.\n```", "Plan it."),
        ("User prompt: Fix this:\n```python\nx = 1\n```", "Fix this:\n```python\nx = 1\n```"),
        ("User prompt: Plan it.\n\nLet me know if you want another one!", "Plan it."),
        ("User prompt: Rank these.\n\nLet me know which one is best.", "Rank these.\n\nLet me know which one is best."),
        ("User prompt:\nHere is my draft:\nDear all", "Here is my draft:\nDear all"),
        ("User prompt: Plan it.\n\n  - by day", "Plan it.\n\n  - by day"),
    ],
)
def test_the_label_is_taken_off(text: str, content: str) -> None:
    assert labelled(text, LABELS) == content


def test_the_label_is_taken_off_exactly_once() -> None:
    assert labelled("User prompt: User prompt: Plan it.", LABELS) == "User prompt: Plan it."
    assert labelled("**User prompt:**\n\nUser prompt: Plan it.", LABELS) == "User prompt: Plan it."
    assert labelled("Title: Title", ("Title",)) == "Title"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Plan it.",
        "User prompt",
        "User prompt:",
        "User prompt: **",
        "User prompt\nPlan it.",
        "User prompt - Plan it.",
        "User prompts: Plan it.",
        "A user prompt: Plan it.",
        "Math problem: 1 + 1",
        "Plan it.\nUser prompt: Plan it.",
        "As a nurse I would ask this.\n\nUser prompt: Plan it.",
        "I'm sorry, but I can't help with that.",
        "<think>User prompt: Plan it.",
        "<think>User prompt: Plan it.</think>",
    ],
)
def test_a_reply_without_the_label_is_refused(text: str) -> None:
    with pytest.raises(ParseError):
        labelled(text, LABELS)


@given(
    label=st.sampled_from(["User prompt: ", "**User prompt:** ", "USER PROMPT:\n", "用户提示：", "## User prompt\n"]),
    text=st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"]), min_size=1),
)
def test_what_follows_the_label_comes_back(label: str, text: str) -> None:
    content = "Plan " + text + " it."
    assert labelled(label + content, LABELS) == content


@given(st.text(alphabet='Userpmt:*_#[]"`~\n >：用户提示<think>/ab'))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        content = labelled(text, LABELS)
    except ParseError:
        return
    assert content in text
    assert re.search(r"\w", content)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Find x.\n\nSolution: x = 2", "Solution"),
        ("Find x.\n**Solution:** x = 2", "Solution"),
        ("Find x.\n### solution\nx = 2", "solution"),
        ("求 x。\n解：x = 2", "解"),
        ("The solution: stir it, then find its concentration.", ""),
        ("Salt solutions:\n- 3 %", ""),
    ],
)
def test_a_label_that_begins_a_line_is_found(text: str, found: str) -> None:
    assert begins_line(text, ("Solution", "解")) == found


@pytest.mark.parametrize(
    ("text", "persona"),
    [
        ("Persona: A nurse who\nworks at night.", "A nurse who works at night."),
        ("**Persona:** A nurse.", "A nurse."),
        ("人物：一位夜班护士。", "一位夜班护士。"),
        ("Persona: A nurse.\n\nShe would like this text because it is short.", None),
        ("Persona: A nurse.\n \nPersona: A cook.", None),
        ("A nurse.", None),
    ],
)
def test_a_persona_is_one_paragraph(text: str, persona: str | None) -> None:
    if persona is None:
        with pytest.raises(ParseError):
            read_persona(text)
    else:
        assert read_persona(text) == persona


# ---------------------------------------------------------------- planted failures


def asked_of(prompt: str) -> tuple[str, str]:
    """What kind of request this is, and the text, persona or prompt it is about."""
    for kind, pattern in (
        ("text", r"(?:Text|文字)[:：]\n(.*?)\n\n"),
        ("related", r"(?:Here is a persona:|下面是一个人物：)\n(.*?)\n\n(?:Now think|请设想)"),
        ("math", r"(?:Here is a persona:|下面是一个人物：)\n(.*?)\n\n(?:Write a maths|请出一道)"),
        ("instruction", r"(?:Here is a persona:|下面是一个人物：)\n(.*?)\n\n(?:What might|这个人可能)"),
        ("knowledge", r"(?:You are this person:|你就是这个人：)\n(.*?)\n\n"),
        ("npc", r"(?:A persona:|人物：)\n(.*?)\n\n(?:Which|这个人物)"),
    ):
        if found := re.search(pattern, prompt, re.DOTALL):
            return kind, found[1]
    return "answer", prompt


# What is planted, and the code it must get (none for a success).
CODES = {
    "good": "",
    "bold": "",
    "announced": "",
    "thinking": "",
    "full_width": "",
    "no_label": "unparsable",
    "no_text": "unparsable",
    "chatter": "unparsable",
    "cut": "truncated",
    "blocked": "filtered",
}
PERSONA_CODES = {**CODES, "two_paragraphs": "unparsable", "refusal": "refusal", "again": "duplicate"}
MATH_CODES = {**CODES, "solved": "solution"}


@dataclass
class Planter:
    """A teacher that describes, asks and answers, and fails as its log says.

    Attributes:
        flawed: the share of requests for which a kind of failure is drawn.
        log: for each form of request, in the order of asking: the prompt, and what was planted.
        prompts: all that was asked.
    """

    flawed: float = 0.5
    log: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    prompts: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> str | Completion:
        prompt = prompt_of(request)
        self.prompts.append(prompt)
        form, about = asked_of(prompt)
        if form == "answer":
            return f"Answer to: {about}"
        random = Random(hashlib.sha256(json.dumps([prompt, request.seed]).encode()).digest())
        return self._reply(form, about, prompt, random)

    def _reply(self, form: str, about: str, prompt: str, random: Random) -> str | Completion:
        chinese = bool(re.search("[一-鿿]", prompt.splitlines()[0]))
        codes = PERSONA_CODES if form in ("text", "related") else MATH_CODES if form == "math" else CODES
        kind = random.choice(list(codes)) if random.random() < self.flawed else "good"
        if kind == "again" and form == "text":
            kind = "good"
        self.log.setdefault(form, []).append((prompt, kind))
        return self._wrapped(kind, form, about, random, chinese)

    def _wrapped(self, kind: str, form: str, about: str, random: Random, chinese: bool) -> str | Completion:
        label = {**(FIRST_ZH if chinese else FIRST), "text": "Persona", "related": "人物" if chinese else "Persona"}[
            form
        ]
        content = f"Somebody {random.getrandbits(40):x} who keeps bees."
        if form in ("knowledge", "npc"):
            content = f"Bees {random.getrandbits(40):x}\n\nThey fly at ten degrees."
        texts: dict[str, str | Completion] = {
            "bold": f"**{label}:** {content}",
            "announced": f"Sure! Here it is:\n\n{label}: {content}",
            "thinking": f"<think>Who?</think>\n{label}: {content}",
            "full_width": f"{label}：{content}",
            "no_label": content,
            "no_text": f"**{label}:**",
            "chatter": f"I thought about it.\n{label}: {content}",
            "cut": Completion(f"{label}: {content[:12]}", "length"),
            "blocked": Completion("", "filtered"),
            "two_paragraphs": f"{label}: {content}\n\nThis person would do so, being a keeper of bees.",
            "refusal": f"{label}: I'm sorry, but I can't help with that request.",
            "again": f"{label}: {about}",
            "solved": f"{label}: {content}\n\n**Solution:** 42",
        }
        return texts.get(kind, f"{label}: {content}")


def once(log: list[tuple[str, str]], codes: dict[str, str], attempts: int = 2) -> Counter[str]:
    """How often each code must come out of a stage whose requests were logged: attempts are folded together."""
    outcome: Counter[str] = Counter()
    waiting: dict[str, int] = {}
    for prompt, kind in log:
        code = codes.get(kind, "")
        if code == "unparsable" and waiting.get(prompt, 0) + 1 < attempts:
            waiting[prompt] = waiting.get(prompt, 0) + 1
            continue
        waiting.pop(prompt, None)
        outcome[code] += 1
    assert not waiting, "each was asked about again"
    return outcome


def texts(number: int) -> list[Example]:
    return [Example.root("row", index=n, instruction=f"Bees of meadow {n} fly out late.") for n in range(number)]


async def test_four_hundred_texts_become_answered_prompts(tmp_path: Path) -> None:
    planter = Planter()
    teacher = Scripted(planter)
    steps: list[Step] = [TextToPersona(teacher), PersonaPrompt(teacher, kind="math"), Respond(teacher)]
    result = await run(Pipeline(texts(400), steps), tmp_path / "run")
    kept, rejected = list(result), list(result.rejected())
    personas, problems = once(planter.log["text"], PERSONA_CODES), once(planter.log["math"], MATH_CODES)
    assert personas.total() == 400
    assert problems.total() == personas[""]
    assert len(kept) == problems[""] > 100
    assert result.reasons == {code: n for code, n in (personas + problems).items() if code}
    assert {*personas, *problems} == {"", "unparsable", "truncated", "filtered", "refusal", "solution"}
    for row in kept:
        assert re.fullmatch(r"Somebody [0-9a-f]+ who keeps bees\.", row.instruction)
        assert re.fullmatch(r"Somebody [0-9a-f]+ who keeps bees\.", row.meta["persona"])
        assert row.meta["persona"] != row.instruction
        assert row.output == f"Answer to: {row.instruction}"
        assert row.meta["kind"] == "math"
        assert [step.by for step in row.ancestors] == ["row", "text_to_persona", "persona_prompt/math"]
    for entry in rejected:
        # What could not be read is on record, and never in the data.
        assert entry.example.output or entry.reject.code in ("filtered", "refusal", "solution")
    drawn = Counter(row.meta["relation"] for row in kept)
    assert set(drawn) == {"read", "write", "like"}
    assert all(count > len(kept) / 5 for count in drawn.values()), drawn


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_in_each_language(tmp_path: Path, kind: PersonaKind, language: Any) -> None:
    planter = Planter()
    starts = [Example.root("row", index=n, instruction=f"A keeper of {n} bees.", output="x") for n in range(150)]
    method = PersonaPrompt(Scripted(planter), kind=kind, language=language)
    result = await run(Pipeline(starts, [method]), tmp_path / "run")
    codes = MATH_CODES if kind == "math" else CODES
    outcome = once(planter.log[kind], codes)
    assert result.reasons == {code: n for code, n in outcome.items() if code}
    rows = list(result)
    assert len(rows) == outcome[""] > 50
    label = (FIRST_ZH if language == "zh" else FIRST)[kind]
    assert all(f"“{label}：”" in prompt or f'"{label}:"' in prompt for prompt in planter.prompts)
    for row in rows:
        assert label not in row.instruction + row.output
        assert re.fullmatch(r"A keeper of \d+ bees\.", row.meta["persona"])
        if kind in ("knowledge", "npc"):
            assert re.fullmatch("Bees [0-9a-f]+", row.instruction)
            assert row.output == "They fly at ten degrees."
        else:
            assert row.output == ""


async def test_six_rounds_of_relations(tmp_path: Path) -> None:
    planter = Planter()
    starts = [Example.root("row", index=n, instruction=f"A keeper of {n} bees.") for n in range(120)]
    result = await run(Pipeline(starts, [PersonaToPersona(Scripted(planter))]), tmp_path / "run")
    kept, rejected = list(result), list(result.rejected())
    outcome = once(planter.log["related"], PERSONA_CODES)
    assert outcome.total() == 120 * 6
    assert result.reasons == {code: n for code, n in outcome.items() if code}
    assert set(result.reasons) == {"unparsable", "truncated", "filtered", "refusal", "duplicate"}
    # One of each round for each persona, kept or rejected; the originals first.
    rounds = Counter(row.meta["round"] for row in [*kept, *(one.example for one in rejected)])
    assert rounds == dict.fromkeys(range(7), 120)
    by_id = {row.id: row for row in kept} | {start.id: start for start in starts}
    for row in kept:
        assert row.parents[0] in by_id
        if row.meta["round"]:
            assert row.meta["related_to"] == by_id[row.parents[0]].instruction
            assert row.instruction != row.meta["related_to"]
    # What came of nothing stays, and the next round goes on from the last persona that there is.
    for start in starts:
        last = start.instruction
        family = [row for row in [*kept, *(one.example for one in rejected)] if belongs(row, start.id)]
        ids = {row.id for row in kept}
        for row in sorted((row for row in family if row.meta["round"]), key=lambda row: row.meta["round"]):
            assert row.meta["related_to"] == last
            last = row.instruction if row.id in ids else last
    assert len({row.meta["relation"] for row in kept if row.meta["round"]}) == 8


def belongs(row: Example, start: str) -> bool:
    return start in row.parents or any(start in step.parents or step.id == start for step in row.ancestors)


async def test_draws_make_a_tree(tmp_path: Path) -> None:
    planter = Planter(flawed=0)
    starts = [Example.root("row", instruction="A keeper of bees.", meta={"from": "me"})]
    method = PersonaToPersona(Scripted(planter), rounds=3, draws=2, originals=False)
    rows = list(await run(Pipeline(starts, [method]), tmp_path / "run"))
    assert Counter(row.meta["round"] for row in rows) == {1: 2, 2: 4, 3: 8}
    assert all(row.meta["from"] == "me" for row in rows)
    pairs = Counter((row.parents[0], row.meta["relation"]) for row in rows)
    assert set(pairs.values()) == {1}  # each of a persona's draws is another relation
    assert len({row.instruction for row in rows}) == 14


async def test_the_same_question_gets_a_fresh_sample_in_a_later_round(tmp_path: Path) -> None:
    asked: list[int | None] = []

    def model(request: Request) -> str:
        asked.append(request.seed)
        return "Persona: A keeper of bees."

    starts = [Example.root("row", instruction="A keeper of bees.")]
    method = PersonaToPersona(Scripted(model), rounds=3, relations=("a friend",))
    result = await run(Pipeline(starts, [method]), tmp_path / "run")
    assert len(set(asked)) == 3
    assert result.reasons == {"duplicate": 3}
    assert {one.reject.neighbour for one in result.rejected()} == {starts[0].id}


async def test_several_personas_of_one_text(tmp_path: Path) -> None:
    planter = Planter(flawed=0)
    starts = [
        Example.root("row", instruction="Bees.", input="They fly.", output="Yes.", system="Be brief."),
        Example.root("row", instruction="", input="Wasps.", history=(Message("user", "Hello"),)),
        Example.root("row", instruction=" ", output="Only an output."),
    ]
    result = await run(Pipeline(starts, [TextToPersona(Scripted(planter), draws=3)]), tmp_path / "run")
    rows = list(result)
    assert [row.parents[0] for row in rows] == [starts[0].id] * 3 + [starts[1].id] * 3
    assert sorted(row.meta["relation"] for row in rows[:3]) == ["like", "read", "write"]
    assert all((row.input, row.output, row.system, row.history) == ("", "", "", ()) for row in rows)
    assert sum("\nBees.\n\nThey fly.\n" in prompt for prompt in planter.prompts) == 3
    assert result.reasons == {"empty_text": 1}
    other = TextToPersona(Scripted(planter), fields=("output",))
    assert [row.parents[0] for row in await run(Pipeline(starts, [other]), tmp_path / "outputs")] == [
        starts[0].id,
        starts[2].id,
    ]


async def test_a_prompt_without_a_relation_is_sampled_anew(tmp_path: Path) -> None:
    seeds: list[int | None] = []

    def model(request: Request) -> str:
        seeds.append(request.seed)
        return f"Persona: Number {request.seed}." if "this" in prompt_of(request) else "Nobody."

    method = TextToPersona(Scripted(model), draws=3, prompt=Prompt("Who likes this? {text}"))
    rows = list(await run(Pipeline(texts(1), [method]), tmp_path / "run"))
    assert len({row.instruction for row in rows}) == len({row.meta["relation"] for row in rows}) == 3
    nobody = TextToPersona(Scripted(model), draws=3, prompt=Prompt("Who hates it? {text}"))
    await run(Pipeline(texts(1), [nobody]), tmp_path / "nobody")
    assert len(seeds) == len(set(seeds)) == 9  # a second attempt takes a draw of its own, too


async def test_an_example_without_a_persona_is_rejected(tmp_path: Path) -> None:
    starts = [Example.root("row", instruction=" \n", input="x")]
    for method in (PersonaToPersona(Scripted(Planter())), PersonaPrompt(Scripted(Planter()))):
        result = await run(Pipeline(starts, [method]), tmp_path / type(method).__name__)
        assert result.reasons == {"empty_instruction": 1}


async def test_personas_too_close_to_each_other_are_left_out(tmp_path: Path) -> None:
    said = ["A keeper of bees in the hills.", "a keeper of bees  in the hills!", "A pilot who is afraid of heights."]
    model = Scripted(lambda request: f"Persona: {said[int(re.findall(r'meadow (.)', prompt_of(request))[0])]}")
    steps: list[Step] = [TextToPersona(model), Filter(Distinct(), RougeNovelty(0.9))]
    result = await run(Pipeline(texts(3), steps), tmp_path / "run")
    assert [row.instruction for row in result] == [
        "A keeper of bees in the hills.",
        "A pilot who is afraid of heights.",
    ]
    assert result.reasons == {"rouge": 1}


async def test_attempts_and_engines(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()

    def model(name: str) -> Scripted:
        def say(request: Request) -> str:
            seen[name] += 1
            return "No persona here."

        return Scripted(say, name=name)

    both = Engines(model("large"), model("small"), weights=(1, 3))
    result = await run(Pipeline(texts(60), [TextToPersona(both, attempts=3)]), tmp_path / "run")
    assert result.reasons == {"unparsable": 60}
    assert seen.total() == 180
    assert 2 * seen["large"] < seen["small"]
    assert all(len(one.example.calls) == 3 and one.example.output for one in result.rejected())
    greedy = TextToPersona(model("greedy"), sampling=Sampling(temperature=0.0))
    await run(Pipeline(texts(5), [greedy]), tmp_path / "greedy")
    assert seen["greedy"] == 5  # it would only say the same once more


async def test_timing_changes_nothing(tmp_path: Path) -> None:
    made = []
    for number in range(3):
        teacher = Model(answer=Planter(), before=dawdling(number))
        steps: list[Step] = [
            TextToPersona(teacher, draws=2),
            PersonaToPersona(teacher, rounds=2, draws=2),
            Filter(Distinct()),
            PersonaPrompt(teacher),
        ]
        folder = tmp_path / str(number)
        await run(Pipeline(texts(12), steps), folder / "run")
        made.append(contents(folder / "run"))
    assert made[0] == made[1] == made[2]
    assert made[0]["data.jsonl"].count(b"\n") > 20


# ---------------------------------------------------------------- prompts and parameters


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_prompts_say_what_the_method_needs(language: str) -> None:
    def text(name: str, **values: str) -> str:
        return Prompt.load(f"personas/{name}", language=language).render(**values)

    def says(prompt: str, *either: str) -> None:
        assert re.search("|".join(either), prompt), (prompt, either)

    first = text("text_to_persona", relation="read", text="TEXT")
    related = text("persona_to_persona", relation="a friend", persona="PERSONA")
    assert "read" in first and "TEXT" in first
    assert "a friend" in related and "PERSONA" in related
    for prompt in (first, related):
        says(prompt, '"Persona:"', "“人物：”")
        says(prompt, "one or two sentences", "一两句话")
    for kind in KINDS:
        values = {"persona": "PERSONA"} | ({"world": "WORLD"} if kind == "npc" else {})
        prompt = text(kind, **values)
        assert prompt.count("PERSONA") == 1
        label = (FIRST_ZH if language == "zh" else FIRST)[kind]
        says(prompt.rsplit("\n", 1)[1], f'Begin your reply with "{label}:"', f"请以“{label}：”开头")
    says(text("instruction", persona=""), "informative and specific", "充实具体")
    math = text("math", persona="")
    says(math, "challenging", "难度")
    says(math, "at most two sub-problems", "最多包含两个小问")
    says(math, "Do not give a solution", "不要给出解答")
    says(text("knowledge", persona=""), "specific, informative and rich in knowledge", "要具体、充实、有知识含量")
    npc = text("npc", persona="", world="WORLD")
    assert "WORLD" in npc
    says(npc, "specific and fits the game", "具体，并且符合")
    says(npc, "deals with the players", "与玩家互动")


@pytest.mark.parametrize("value", HOSTILE)
def test_texts_and_personas_are_inert(value: str) -> None:
    for name, slots in (
        ("text_to_persona", {"text": value, "relation": "read"}),
        ("persona_to_persona", {"persona": value, "relation": "x"}),
        ("npc", {"persona": value, "world": "{persona}"}),
        *((kind, {"persona": value}) for kind in ("instruction", "math", "knowledge")),
    ):
        prompt = Prompt.load(f"personas/{name}")
        assert prompt.render(**slots).count(value) >= 1


async def test_ones_own_prompt_and_world(tmp_path: Path) -> None:
    seen: list[str] = []

    def model(request: Request) -> str:
        seen.append(prompt_of(request))
        return "Name: **Orla**\n\n- sells rope"

    start = [Example.root("row", instruction="A rope maker.")]
    own = PersonaPrompt(Scripted(model), kind="npc", prompt=Prompt("{persona} in {world}: name?"), world="the Moon")
    rows = list(await run(Pipeline(start, [own]), tmp_path / "own"))
    assert [(row.instruction, row.output) for row in rows] == [("Orla", "- sells rope")]
    await run(
        Pipeline(start, [PersonaPrompt(Scripted(model), kind="npc", world="a game of {persona}")]), tmp_path / "w"
    )
    assert seen[0] == "A rope maker. in the Moon: name?"
    assert "a game of {persona}" in seen[1]


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: TextToPersona("gpt"), "Write engine"),  # type: ignore[arg-type]
        (lambda: TextToPersona(Scripted(str), draws=4), "3 relations"),
        (lambda: TextToPersona(Scripted(str), relations=()), "0 relations"),
        (lambda: TextToPersona(Scripted(str), relations="read"), "not blank"),  # type: ignore[arg-type]
        (lambda: TextToPersona(Scripted(str), relations=("read", " ")), "not blank"),
        (lambda: TextToPersona(Scripted(str), attempts=0), "attempts=0"),
        (lambda: TextToPersona(Scripted(str), fields=()), "fields"),
        (lambda: TextToPersona(Scripted(str), language="fr"), "fr"),  # type: ignore[arg-type]
        (lambda: TextToPersona(Scripted(str), prompt=Prompt("Who?")), "text"),
        (lambda: TextToPersona(Scripted(str), prompt=Prompt("{text} {other}")), "other"),
        (lambda: PersonaToPersona(Scripted(str), rounds=0), "from 1 to 6"),
        (lambda: PersonaToPersona(Scripted(str), rounds=7), "from 1 to 6"),
        (lambda: PersonaToPersona(Scripted(str), draws=9), "8 relations"),
        (lambda: PersonaToPersona(Scripted(str), attempts=True), "attempts=True"),
        (lambda: PersonaToPersona(Scripted(str), prompt=Prompt("{text}")), "persona"),
        (lambda: PersonaPrompt(Scripted(str), kind="poem"), '"instruction" or "math" or "knowledge" or "npc"'),  # type: ignore[arg-type]
        (lambda: PersonaPrompt(Scripted(str), kind="math", world="x"), "npc"),
        (lambda: PersonaPrompt(Scripted(str), attempts=0), "attempts=0"),
        (lambda: PersonaPrompt(Scripted(str), prompt=Prompt("Ask.")), "persona"),
        (lambda: PersonaPrompt(Scripted(str), prompt=Prompt("{persona} {world}")), "world"),
    ],
)
def test_wrong_parameters_are_refused(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        make()


def test_the_manifest_tells_relations_prompts_and_worlds() -> None:
    teacher = Scripted(str)
    steps: list[Step] = [
        TextToPersona(teacher, language="zh"),
        PersonaToPersona(teacher),
        PersonaPrompt(teacher, kind="npc"),
    ]
    (_, first, second, third) = Pipeline(texts(1), steps).describe()["stages"]
    assert first["relations"] == ["阅读", "写出", "喜欢"]
    assert len(second["relations"]) == 8
    assert third["prompt"]["hash"]
    assert "Salt Isles" in third["world"]


@pytest.mark.parametrize(
    "text",
    [
        "Persona: A nurse.\nPersona: A cook.",
        "Persona: A nurse.\nReason: because she reads.",
        "人物画像：一位护士。\n理由：她常读书。",
    ],
)
def test_a_second_persona_or_a_reason_is_no_part_of_a_persona(text: str) -> None:
    with pytest.raises(ParseError):
        read_persona(text)


@pytest.mark.parametrize("text", ["Persona: A nurse.\n---", "Persona: A nurse.\n\nI hope this helps!"])
def test_what_stands_behind_a_persona_goes(text: str) -> None:
    assert read_persona(text) == "A nurse."


def test_a_chinese_offer_behind_a_persona_goes() -> None:
    assert read_persona("人物画像：一位护士。\n\n希望这对您有帮助！") == "一位护士。"
