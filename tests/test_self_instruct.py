"""Self-Instruct: what its prompts show, how the pool grows, and that timing never decides what is in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from instructgen.contracts import Completion, Finish, Limits, Reject, Rejected, Request, Sampling
from instructgen.engines.scripted import Scripted
from instructgen.errors import BadRequest, EngineError, RecipeError, Unavailable
from instructgen.example import Example
from instructgen.filters import Filter, RougeNovelty
from instructgen.generators import Belle, BootstrapInstructions, InstructWild, Respond, SelfInstruct
from instructgen.generators.pool import PoolSource
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline, Step
from instructgen.runtime.run import Run
from instructgen.selects import Shuffle
from tests.support.pipelines import Model, Played, contents, dawdling, echo, new_calls, play, prompt_of, run, verdicts

SEEDS = tuple(
    Example.root("seed", index=number, instruction=instruction, input=material, output=output)
    for number, (instruction, material, output) in enumerate(
        [
            ("Give three tips for staying awake.", "", "Walk, drink water, open a window."),
            ("Find the odd one out:", "apple, pear, brick", "brick"),
            ("Why do\n  leaves fall?", "", "Trees save water in winter."),
            ("Translate the sentence into French.", "I am late.", "Je suis en retard."),
            ("Name a river {in} Asia.", "", "The Mekong."),
        ]
    )
)
WORDS = [
    "amber",
    "basil",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "heron",
    "inlet",
    "jetty",
    "knoll",
    "larch",
    "mango",
    "north",
    "olive",
    "pearl",
]


def block(number: int, instruction: str, material: str = "<noinput>", output: str = "Done.") -> str:
    """One task as the prompt asks for it."""
    return f"###\n{number}. Instruction: {instruction}\n{number}. Input:\n{material}\n{number}. Output:\n{output}\n"


def writer(request: Request, *, count: int = 4) -> str:
    """Tasks that differ from prompt to prompt and from draw to draw, now and then one like another; else an answer."""
    asked_for = re.findall(r"from number (\d+)", prompt_of(request))
    if not asked_for:
        return echo(request)
    random = Random(f"{prompt_of(request)}{request.seed}")
    texts = []
    for number in range(int(asked_for[0]), int(asked_for[0]) + count):
        words = " ".join(random.sample(WORDS, 5)) if random.random() < 0.8 else "the same words once more"
        texts.append(block(number, f"Describe {words}.", output=f"Answer {random.random()}"))
    return "".join(texts)


def source(model: Any, **options: Any) -> SelfInstruct:
    return SelfInstruct(model, SEEDS, **{"tasks": 7, "requests": 8, **options})


async def read(folder: Path, text: str, finish: Finish = "stop") -> list[tuple[str, str, str, str]]:
    """What becomes of one completion: instruction, input and output of each task, and the verdict."""
    engine = Scripted(lambda _: Completion(text, finish))
    return [
        (one.instruction, one.input, one.output, verdict)
        for one, verdict in await verdicts(SelfInstruct(engine, SEEDS, requests=1, attempts=1), folder)
    ]


# ---------------------------------------------------------------- prompts


async def test_the_prompt_shows_seeds_in_the_layout_it_asks_for(tmp_path: Path) -> None:
    requests: list[Request] = []

    def model(request: Request) -> str:
        requests.append(request)
        return writer(request)

    await play(SelfInstruct(Scripted(model), SEEDS, requests=30, patience=30), [], tmp_path)
    assert len(requests) == 30
    shown = set()
    for request in requests:
        prompt = prompt_of(request)
        parts = re.findall(
            r"(?ms)^###\n(\d)\. Instruction: (.*?)\n\1\. Input:\n(.*?)\n\1\. Output:\n(.*?)(?=\n###|\n\n)", prompt
        )
        assert [number for number, *_ in parts] == ["1", "2", "3"]
        assert len({instruction for _, instruction, _, _ in parts}) == 3
        shown |= {tuple(part[1:]) for part in parts}
        assert "Tasks already written: 3. Tasks still to be written: 17." in prompt
        assert "from number 4 up to number 20" in prompt
        assert (request.sampling.temperature, request.sampling.top_p) == (1.0, 1.0)
        assert (request.sampling.max_tokens, request.sampling.stop) == (3072, ("\n21. Instruction:",))
    assert shown == {
        ("Give three tips for staying awake.", "<noinput>", "Walk, drink water, open a window."),
        ("Find the odd one out", "apple, pear, brick", "brick"),
        ("Why do leaves fall?", "<noinput>", "Trees save water in winter."),
        ("Translate the sentence into French.", "I am late.", "Je suis en retard."),
        ("Name a river {in} Asia.", "<noinput>", "The Mekong."),
    }


async def test_what_was_shown_is_the_lineage(tmp_path: Path) -> None:
    model = Model(writer)
    played = await play(source(model, from_pool=2, lookahead=1, checks=Filter()), [], tmp_path)
    instructions = {example.id: " ".join(example.instruction.split()).rstrip(":") for example in SEEDS}
    instructions |= {item.example.id: item.example.instruction for item in played.items}
    calls = list(dict.fromkeys(item.example.calls for item in played.items))
    assert len(calls) == len(model.asked) == 8
    for item in played.items:
        prompt = model.asked[calls.index(item.example.calls)]
        places = [prompt.index(f". Instruction: {instructions[parent]}\n") for parent in item.example.parents]
        assert places == sorted(places)
        assert len(places) == 3


# ---------------------------------------------------------------- card 2, in its corrected form


async def test_whole_tasks_are_kept(tmp_path: Path) -> None:
    text = block(4, "Name a colour.", output="Red.") + block(5, "Count the words.", "one two", "2")
    assert await read(tmp_path, text) == [
        ("Name a colour.", "", "Red.", "too_short"),
        ("Count the words.", "one two", "2", "too_short"),
    ]
    text = block(4, "Name a colour for a door.", output="Red.") + block(5, "Count the words in this.", "one two", "2")
    assert await read(tmp_path, text) == [
        ("Name a colour for a door.", "", "Red.", "kept"),
        ("Count the words in this.", "one two", "2", "kept"),
    ]


async def test_a_task_that_was_cut_off_is_rejected(tmp_path: Path) -> None:
    text = block(4, "Name a colour for a door.", output="Red.") + block(
        5, "Count the words in this.", "one two", "2 or"
    )
    (_, _, _, first), (instruction, _, output, second) = await read(tmp_path, text, "length")
    assert (first, second, instruction) == ("kept", "truncated", "")
    assert output.startswith("5. Instruction: Count the words in this.")


async def test_a_number_that_was_skipped_loses_nothing(tmp_path: Path) -> None:
    text = "".join(block(number, f"Write about the number {number} and {'xyz'[number % 3]}.") for number in (4, 6, 7))
    assert [verdict for *_, verdict in await read(tmp_path, text)] == ["kept", "rouge", "rouge"]
    told = ["Say why ice floats on water.", "List animals that hunt at night.", "Explain what a mortgage is."]
    text = "".join(block(number, instruction) for number, instruction in zip((4, 6, 7), told, strict=True))
    assert [(instruction, verdict) for instruction, _, _, verdict in await read(tmp_path, text)] == [
        (instruction, "kept") for instruction in told
    ]
    text = block(15, told[0])  # where 4 was expected
    assert [verdict for *_, verdict in await read(tmp_path, text)] == ["kept"]


async def test_a_heading_in_an_output_loses_nothing(tmp_path: Path) -> None:
    text = block(4, "Outline an essay about the sea.", output="### Waves\nText.\n### Salt\nMore.")
    text += block(5, "Explain what a mortgage is.")
    assert await read(tmp_path, text) == [
        ("Outline an essay about the sea.", "", "### Waves\nText.\n### Salt\nMore.", "kept"),
        ("Explain what a mortgage is.", "", "Done.", "kept"),
    ]


@pytest.mark.parametrize("none", ["<noinput>", "<NoInput>", "<noinput>.", "noinput", "None", "", "N/A"])
async def test_no_input_is_an_empty_input(tmp_path: Path, none: str) -> None:
    text = block(4, "Explain what a mortgage is.", none)
    assert await read(tmp_path, text) == [("Explain what a mortgage is.", "", "Done.", "kept")]


async def test_broken_tasks_are_rejected_with_their_text(tmp_path: Path) -> None:
    good = "Explain what a mortgage is."
    swapped = f"###\n5. Instruction: {good}\n5. Output:\nDone.\n5. Input:\n<noinput>\n"
    text = block(4, good, output="") + swapped + block(6, "", output="Done.") + block(6, good) + block(7, good)
    told = await read(tmp_path, text)
    assert [verdict for *_, verdict in told] == ["empty_output", "labels", "empty_instruction", "number", "kept"]
    assert all(output.startswith(tuple("456")) and instruction == "" for instruction, _, output, _ in told[:4])


@pytest.mark.parametrize(
    ("instruction", "verdict"),
    [
        ("Tell a joke", "too_short"),
        ("Tell me a joke", "kept"),
        (" ".join(["word"] * 150), "kept"),
        (" ".join(["word"] * 151), "too_long"),
        ("Summarize the attached file now", "keyword"),
        ("Summarize the lawsuit that was filed", "kept"),
        ("Draw conclusions from the passage", "keyword"),
        ("Explain how to go to college", "keyword"),
        ("Explain the goto statement please", "kept"),
        ("Recommend some music for studying", "keyword"),
        ("Describe a video-game character idea", "keyword"),
        ("Write a program to add numbers", "write_program"),
        ("write a program to add numbers", "kept"),
        ('"Explain" this word to me', "punctuation"),
        ("Écrivez une courte histoire drôle", "non_ascii"),
        ("Translate the word café now", "kept"),
        ("3 facts about the moon", "kept"),
        ("Give me three tips for staying awake.", "rouge"),  # too much like a seed
    ],
)
async def test_the_rules_of_the_original(tmp_path: Path, instruction: str, verdict: str) -> None:
    assert await read(tmp_path, block(4, instruction)) == [(instruction, "", "Done.", verdict)]


async def test_what_is_accepted_counts_at_once(tmp_path: Path) -> None:
    text = block(4, "Explain what a mortgage is.") + block(5, "Explain what a mortgage does.")
    engine = Scripted(lambda _: text)
    played = await play(SelfInstruct(engine, SEEDS, requests=1), [], tmp_path)
    first, second = played.items
    assert isinstance(second.verdict, Reject)
    assert (second.verdict.code, second.verdict.neighbour, second.verdict.limit) == ("rouge", first.example.id, 0.7)


async def test_equal_blocks_have_ids_of_their_own(tmp_path: Path) -> None:
    text = block(4, "Explain what a mortgage is.") * 4
    engine = Scripted(lambda _: text)
    played = await play(SelfInstruct(engine, SEEDS, requests=3, patience=9), [], tmp_path)
    assert len({item.example.id for item in played.items}) == len(played.items) == 12


# ---------------------------------------------------------------- the pool


def rounds(played: Played) -> list[list[Example]]:
    """The examples by the request they came from, in order."""
    found: dict[str, list[Example]] = {}
    for item in played.items:
        found.setdefault(item.example.calls[0], []).append(item.example)
    return list(found.values())


@pytest.mark.parametrize("lookahead", [1, 3, 6])
async def test_a_prompt_sees_the_pool_as_it_was_lookahead_answers_ago(tmp_path: Path, lookahead: int) -> None:
    model = Model(writer, before=dawdling(lookahead))
    played = await play(source(model, requests=20, from_pool=2, lookahead=lookahead), [], tmp_path)
    accepted = {item.example.id for item in played.items if item.verdict is None}
    made_in = {example.id: number for number, made in enumerate(rounds(played)) for example in made}
    assert len(rounds(played)) == 20
    latest = []
    for number, made in enumerate(rounds(played)):
        from_pool = [parent for parent in made[0].parents if parent in made_in]
        assert len(from_pool) == (0 if number < lookahead else 2)
        assert set(from_pool) <= accepted
        assert all(made_in[parent] <= number - lookahead for parent in from_pool)
        latest += [number - made_in[parent] for parent in from_pool]
    assert min(latest) == lookahead


async def test_without_from_pool_only_seeds_are_shown(tmp_path: Path) -> None:
    played = await play(source(Model(writer), requests=10), [], tmp_path)
    assert {parent for item in played.items for parent in item.example.parents} == {seed.id for seed in SEEDS}


@pytest.mark.parametrize("lookahead", [1, 4, 16])
async def test_timing_decides_nothing(tmp_path: Path, lookahead: int) -> None:
    seen = set()
    for number, concurrency in enumerate((1, 3, 64)):
        model = Model(writer, before=dawdling(number), limits=Limits(concurrency=concurrency))
        steps: list[Step] = [Respond(model), Filter(RougeNovelty(0.6, field="output")), Shuffle()]
        pipeline = Pipeline(source(model, requests=12, from_pool=1, lookahead=lookahead), steps)
        result = await run(pipeline, tmp_path / str(number), store=tmp_path / f"{number}.db")
        seen.add(tuple(contents(result.path).values()))
        assert len(result) > 5
    assert len(seen) == 1


async def test_lookahead_is_what_is_in_flight(tmp_path: Path) -> None:
    model = Model(writer, before=dawdling(1))
    await play(source(model, requests=12, lookahead=5), [], tmp_path)
    assert model.peak == 5


async def test_the_same_prompt_is_another_draw(tmp_path: Path) -> None:
    # Three seeds can be shown in six orders only, so that prompts come again.
    model = Model(writer)
    played = await play(SelfInstruct(model, SEEDS[:3], tasks=7, requests=20, checks=Filter()), [], tmp_path)
    assert len(set(model.asked)) == 6
    assert len(model.asked) == len({item.example.calls for item in played.items}) == 20


async def test_stops_when_nothing_is_accepted_any_more(tmp_path: Path) -> None:
    model = Model(lambda _: block(8, "Explain what a mortgage is."))
    pipeline = Pipeline(source(model, requests=None, patience=5, lookahead=3))
    result = await run(pipeline, tmp_path / "run", limit=50)
    assert (len(result), result.complete, result.counts["source"]) == (1, True, 6)
    assert 6 <= len(model.asked) <= 6 + 3
    assert new_calls(await run(pipeline, tmp_path / "run", limit=50)) == 0


async def test_an_endless_source_needs_a_limit(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match="give the run a limit"):
        await run(Pipeline(source(Model(writer), requests=None)), tmp_path / "run")
    result = await run(Pipeline(source(Model(writer), requests=None)), tmp_path / "run", limit=12)
    assert len(result) == 12


async def test_a_limit_asks_for_nothing_the_second_time(tmp_path: Path) -> None:
    model = Model(writer, before=dawdling(3))
    pipeline = Pipeline(source(model, requests=None, from_pool=1), [Respond(model), Filter(RougeNovelty(0.9))])
    first = await run(pipeline, tmp_path / "run", limit=11)
    before = contents(first.path)
    again = await run(pipeline, tmp_path / "run", limit=11)
    assert (new_calls(again), contents(again.path)) == (0, before)
    larger = await run(pipeline, tmp_path / "run", limit=20)
    assert (larger.path / "data.jsonl").read_bytes().startswith(before["data.jsonl"])


async def test_seeds_come_first_in_every_novelty_index(tmp_path: Path) -> None:
    copies = "".join(block(8 + n, " ".join(seed.instruction.split())) for n, seed in enumerate(SEEDS))
    played = await play(source(Model(lambda _: copies), requests=1), [], tmp_path)
    assert [item.verdict.neighbour for item in played.items if isinstance(item.verdict, Reject)] == [
        s.id for s in SEEDS
    ]
    pipeline = Pipeline(
        source(Model(lambda _: copies), requests=1, checks=Filter()), [Filter(RougeNovelty(0.7)), Shuffle()]
    )
    result = await run(pipeline, tmp_path / "run")
    assert (len(result), result.counts["source"]) == (0, 5)
    assert [row.reject.neighbour for row in result.rejected()] == [seed.id for seed in SEEDS]


async def test_a_shard_grows_a_pool_of_its_own(tmp_path: Path) -> None:
    pipeline = Pipeline(source(Model(writer), from_pool=1))
    results: list[Run] = [await run(pipeline, tmp_path / str(shard), shard=shard, shards=2) for shard in range(2)]
    one, other = ({example.instruction for example in result} for result in results)
    assert len(one) > 8 < len(other)
    assert len(one & other) <= 1  # the words that come once more


async def test_similarity_is_noted_where_wanted(tmp_path: Path) -> None:
    text = block(8, "Explain what a mortgage is.") + block(9, "Explain what a mortgage does.") + block(10, "Say hi")
    played = await play(source(Model(lambda _: text), requests=1, similarity=True), [], tmp_path)
    first, second, third = (item.example for item in played.items)
    assert len(first.meta["most_similar"]) == 5  # the seeds
    assert max(second.meta["most_similar"], key=lambda id: second.meta["most_similar"][id]) == first.id
    assert list(second.meta["most_similar"].values()) == sorted(second.meta["most_similar"].values(), reverse=True)
    assert second.meta["most_similar"][first.id] == pytest.approx(0.8)
    mean = sum(second.meta["most_similar"].values()) / 6
    assert second.meta["mean_similarity"] == pytest.approx(mean)
    assert "most_similar" in third.meta
    assert len(third.meta["most_similar"]) == 6  # the rejected are not in the pool
    plain = await play(source(Model(lambda _: text), requests=1), [], tmp_path)
    assert [item.example.meta for item in plain.items] == [{}, {}, {}]
    assert [item.example.id for item in plain.items] == [item.example.id for item in played.items]


# ---------------------------------------------------------------- faults


async def test_what_holds_no_task_is_asked_again(tmp_path: Path) -> None:
    refusals = ["Sorry, I cannot.", "I would rather not."]

    def model(request: Request) -> str:
        return refusals.pop(0) if refusals else writer(request)

    engine = Model(model)
    played = await play(source(engine, requests=3, lookahead=1, attempts=3), [], tmp_path)
    assert len(engine.asked) == 5
    assert engine.asked[0] == engine.asked[1] == engine.asked[2]
    assert [len(made[0].calls) for made in rounds(played)] == [3, 1, 1]


async def test_at_temperature_0_the_same_answer_is_not_bought_twice(tmp_path: Path) -> None:
    engine = Model(lambda _: "Sorry.")
    await play(source(engine, requests=1, attempts=3, sampling=Sampling(temperature=0)), [], tmp_path)
    assert len(engine.asked) == 1


async def test_what_still_holds_none_is_rejected(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        return "Sorry." if stubborn in prompt_of(request) else writer(request)

    stubborn = "Mekong"
    engine = Model(model, before=dawdling(2))
    played = await play(source(engine, requests=10, attempts=2), [], tmp_path)
    shown = sum(stubborn in prompt for prompt in engine.asked)
    rejected = [item for item in played.items if isinstance(item.verdict, Reject) and item.verdict.code == "unparsable"]
    assert 0 < len(rejected) == shown / 2
    assert {(item.example.output, len(set(item.example.calls))) for item in rejected} == {("Sorry.", 2)}
    assert len(rounds(played)) == 10


def at(number: int, error: EngineError) -> Callable[[str], Awaitable[None]]:
    """Fails the request of this number, and every request for its prompt."""
    seen: list[str] = []

    async def fault(prompt: str) -> None:
        seen.append(prompt)
        await asyncio.sleep(0)
        if seen[number : number + 1] == [prompt]:
            raise error

    return fault


@pytest.mark.parametrize("from_pool", [0, 2])
async def test_a_request_that_can_never_be_answered_fails_in_its_place(tmp_path: Path, from_pool: int) -> None:
    options: dict[str, Any] = {"from_pool": from_pool, "lookahead": 2, "requests": 8}
    never = await run(Pipeline(source(Model(writer), **options)), tmp_path / "never", store=tmp_path / "never.db")
    faulty = Model(writer, before=at(3, BadRequest("the context is too long")))
    first = await run(Pipeline(source(faulty, **options)), tmp_path / "run")
    assert (first.complete, first.counts["failed"], first.manifest["partial"]) == (False, 1, False)
    assert [message for _, message in first.failed()] == ["BadRequest: the context is too long"]
    assert next(first.failed())[0].parents
    again = await run(Pipeline(source(Model(writer), **options)), tmp_path / "run")
    assert again.complete
    assert contents(again.path) == contents(never.path)
    if not from_pool:
        assert new_calls(again) == 1


async def test_a_pool_never_commits_a_hole(tmp_path: Path) -> None:
    never = await run(Pipeline(source(Model(writer), from_pool=1)), tmp_path / "never", store=tmp_path / "never.db")
    faulty = Model(writer, before=at(4, Unavailable("down")), limits=Limits(deadline=0.1))
    with pytest.raises(Unavailable, match="down"):
        await run(Pipeline(source(faulty, from_pool=1)), tmp_path / "run")
    partial = Run(tmp_path / "run")
    rows = (partial.path / "data.jsonl").read_bytes()
    assert partial.manifest["partial"]
    assert partial.counts["failed"] == 0
    assert b"\n" in rows
    assert contents(never.path)["data.jsonl"].startswith(rows)
    again = await run(Pipeline(source(Model(writer), from_pool=1)), tmp_path / "run")
    assert contents(again.path) == contents(never.path)


@pytest.mark.parametrize(
    "options",
    [
        {"demonstrations": 0},
        {"demonstrations": 7},
        {"demonstrations": 6, "tasks": 8},
        {"from_pool": 4},
        {"from_pool": -1},
        {"lookahead": 0},
        {"attempts": 0},
        {"patience": 0},
    ],
)
def test_options_that_make_no_sense_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(RecipeError):
        source(Model(writer), **options)


@pytest.mark.parametrize("method", [SelfInstruct, Belle, BootstrapInstructions, InstructWild])
def test_a_prompt_that_shows_nothing_is_refused(method: type[PoolSource]) -> None:
    seeds = SEEDS * 2
    with pytest.raises(RecipeError, match=rf"'mine' of {method.__name__} has no slot \{{demonstrations\}}"):
        method(Model(writer), seeds, prompt=Prompt("Write tasks {first} to {last}.", "mine"))
    with pytest.raises(RecipeError, match=r"a slot \{topic\}, which is never filled"):
        method(Model(writer), seeds, prompt=Prompt("{demonstrations} {topic}"))
    assert method(Model(writer), seeds, prompt=Prompt("{demonstrations}"))


async def test_rejected_tasks_keep_their_place_in_the_stream(tmp_path: Path) -> None:
    model = Model(writer, before=dawdling(1))
    pipeline = Pipeline(source(model, requests=15), [Respond(model)])
    result = await run(pipeline, tmp_path / "run")
    rejected: list[Rejected] = list(result.rejected())
    assert result.counts["source"] == 60
    assert result.reasons == {"rouge": len(rejected)}
    stages = {row["stage"]: row for row in result.manifest["stages"]}
    assert stages["self_instruct"]["rejected"] == {"rouge": len(rejected)}
    assert stages["respond"]["in"] == stages["respond"]["out"] == len(result) == 60 - len(rejected)


@pytest.mark.parametrize("none", ["＜无输入＞", "无需额外输入", "【无】", "空"])
async def test_no_input_in_chinese(tmp_path: Path, none: str) -> None:
    text = f"###\n4. 指令：用三句话解释什么是重力。\n4. 输入：\n{none}\n4. 输出：\n好。\n"
    engine = Scripted(lambda _: text)
    played = await play(SelfInstruct(engine, SEEDS, requests=1, language="zh"), [], tmp_path)
    assert [(item.example.input, item.verdict) for item in played.items] == [("", None)]


async def test_what_the_model_says_at_the_end_is_no_part_of_the_last_task(tmp_path: Path) -> None:
    text = block(4, "Explain what a mortgage is.", output="A loan.\n\nThe house stands for it.") + (
        "\nI hope these tasks are useful! Let me know if you need more."
    )
    assert await read(tmp_path, text) == [
        ("Explain what a mortgage is.", "", "A loan.\n\nThe house stands for it.", "kept")
    ]


def test_whole_tasks_need_whole_seeds() -> None:
    bare = Example.root("seed", instruction="Why do leaves fall?")
    with pytest.raises(RecipeError, match="has no output: 'Why do leaves fall"):
        SelfInstruct(Scripted(writer), (*SEEDS, bare))
