"""Self-Instruct's first step: what its prompts show, how a list is read, and who is asked."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from instructgen.contracts import Completion, Engines, Finish, Limits, Reject, Request
from instructgen.engines.scripted import Scripted
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.filters import Filter
from instructgen.generators import BootstrapInstructions, Respond
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Model, contents, dawdling, echo, new_calls, play, prompt_of, run, verdicts

SEEDS = tuple(
    Example.root("seed", index=number, instruction=instruction, meta={"classification": number < 9})
    for number, instruction in enumerate(
        [
            "Say whether the review is friendly:",
            "Is the\n  animal  a bird or a fish?",
            "Choose the language of the sentence: French or Dutch.",
            "Sort the message into spam and no spam.",
            "Tell the season of the poem.",
            "Does the first claim support the second?",
            "Mark the line as prose or verse.",
            "Odd or even?",
            "Name the mood of the song, glad or sad.",
            "Name two rivers that flow to the north.",
            "Why do leaves fall?",
            "Translate the proverb into French.",
        ]
    )
)
_WORDS = """amber|basil|cedar|delta|ember|fjord|grove|heron|inlet|jetty|knoll|larch|mango|north|olive|pearl|quartz|raven
slate|thorn|umber|viola|willow|xenon|yarrow|zinnia"""
WORDS = re.split(r"[|\n]", _WORDS)


def writer(request: Request, count: int = 4) -> str:
    """The list goes on, differently for each prompt and draw; anything else is answered."""
    numbers = re.findall(r"(?m)^(\d+)\.", prompt_of(request))
    if not numbers:
        return echo(request)
    first, random = int(numbers[-1]), Random(f"{prompt_of(request)}{request.seed}")
    lines = [f"{first + n}. Describe {' '.join(random.sample(WORDS, 5))}." for n in range(count)]
    return "\n".join(lines).removeprefix(f"{first}.")


def source(model: Any, **options: Any) -> BootstrapInstructions:
    return BootstrapInstructions(model, SEEDS, **{"requests": 8, **options})


async def read(folder: Path, text: str, finish: Finish = "stop", **options: Any) -> list[tuple[str, str]]:
    """What becomes of one completion: each instruction, or the text of what is none, with its verdict."""
    engine = Scripted(lambda _: Completion(text, finish))
    return [
        (one.instruction or one.output, verdict)
        for one, verdict in await verdicts(source(engine, requests=1, attempts=1, **options), folder)
    ]


# ---------------------------------------------------------------- prompts


async def test_the_list_that_the_model_continues(tmp_path: Path) -> None:
    seeds = [Example.root("seed", instruction=text) for text in ("Do X:", "Do\nY  now")]
    model = Model(writer)
    prompt = Prompt("{demonstrations}\n{first}.")
    await play(
        BootstrapInstructions(
            model, seeds, tasks=9, demonstrations=2, from_pool=0, requests=6, patience=9, prompt=prompt
        ),
        [],
        tmp_path,
    )
    assert set(model.asked) == {"1. Do X\n2. Do Y now\n3.", "1. Do Y now\n2. Do X\n3."}


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("only_classification", [False, True])
@pytest.mark.parametrize("chat", [False, True])
async def test_the_packaged_prompts_end_on_the_next_number(
    tmp_path: Path, language: Any, only_classification: bool, chat: bool
) -> None:
    requests: list[Request] = []

    def model(request: Request) -> str:
        requests.append(request)
        return writer(request)

    method = source(Scripted(model), language=language, only_classification=only_classification, chat=chat, requests=3)
    await play(method, [], tmp_path)
    assert len(requests) == 3
    for request in requests:
        if chat:
            assert request.text is None
            assert [message.role for message in request.messages] == ["user"]
        else:
            assert request.messages == ()
        assert prompt_of(request).endswith("\n9.")
        told = re.findall(r"(?m)^(\d)\. (.+)$", prompt_of(request))
        assert [number for number, _ in told] == list("12345678")
        sampling = request.sampling
        assert (sampling.temperature, sampling.top_p, sampling.max_tokens) == (0.7, 0.5, 1024)
        assert (sampling.presence_penalty, sampling.frequency_penalty, sampling.stop) == (2.0, None, ("\n16.",))


async def test_only_classification_shows_only_classifications(tmp_path: Path) -> None:
    model = Model(writer)
    played = await play(source(model, only_classification=True, requests=12, from_pool=0), [], tmp_path)
    classifications = {seed.id for seed in SEEDS if seed.meta["classification"]}
    assert {parent for item in played.items for parent in item.example.parents} == classifications
    assert all("classification" in prompt for prompt in model.asked)
    assert not set(model.asked) & set(await asked_by_default(tmp_path))
    with pytest.raises(RecipeError, match="3 of the seeds"):
        BootstrapInstructions(model, SEEDS[6:], only_classification=True)


async def asked_by_default(folder: Path) -> list[str]:
    model = Model(writer)
    await play(source(model, requests=12, from_pool=0), [], folder)
    return model.asked


async def test_eight_seeds_at_first_then_six_and_two_of_its_own(tmp_path: Path) -> None:
    model = Model(writer)
    played = await play(source(model, requests=15, lookahead=1), [], tmp_path)
    seeds = {seed.id for seed in SEEDS}
    mixes: list[tuple[tuple[str, ...], tuple[int, int]]] = []
    for item in played.items:
        mix = Counter(parent in seeds for parent in item.example.parents)
        assert len(set(item.example.parents)) == 8
        if item.example.calls not in [calls for calls, _ in mixes]:
            mixes.append((item.example.calls, (mix[True], mix[False])))
    assert [mix for _, mix in mixes] == [(8, 0)] + [(6, 2)] * 14


async def test_never_more_of_its_own_than_were_accepted(tmp_path: Path) -> None:
    answers = iter([" Go.", " Describe amber basil cedar.", " Go.", " Describe delta ember fjord.", *[" Go."] * 4])
    model = Model(lambda _: next(answers))
    played = await play(source(model, lookahead=1, patience=9), [], tmp_path)
    seeds = {seed.id for seed in SEEDS}
    assert [sum(parent not in seeds for parent in item.example.parents) for item in played.items] == [
        *(0, 0, 1, 1),
        *(2, 2, 2, 2),
    ]
    accepted = {item.example.id for item in played.items if item.verdict is None}
    assert {parent for item in played.items for parent in item.example.parents} - seeds == accepted


# ---------------------------------------------------------------- reading the list


async def test_the_golden_list_in_its_corrected_form(tmp_path: Path) -> None:
    text = (
        " Give three tips for health.\n10. Describe the Eiffel Tower in Paris.\n"
        "11 . Write a program that sorts numbers\n12. Draw a cat on paper now\n"
        "13.Explain gravity to a child please\n14. Tell a joke"
    )
    assert await read(tmp_path, text) == [
        ("Give three tips for health.", "kept"),
        ("Describe the Eiffel Tower in Paris.", "kept"),
        ("Write a program that sorts numbers", "write_program"),
        ("Draw a cat on paper now", "keyword"),
        ("Explain gravity to a child please", "kept"),
        ("Tell a joke", "too_short"),
    ]


@pytest.mark.parametrize("finish", ["length", "filtered"])
async def test_a_list_that_was_cut_off_loses_its_last_item_only(tmp_path: Path, finish: Finish) -> None:
    text = " Explain what a mortgage is.\n10. Say why ice floats on water.\n11. List animals that hunt"
    assert await read(tmp_path, text, finish) == [
        ("Explain what a mortgage is.", "kept"),
        ("Say why ice floats on water.", "kept"),
        ("List animals that hunt", "truncated"),
    ]
    assert await read(tmp_path, " Explain what a", finish) == [("Explain what a", "truncated")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" explain what NASA is doing\n\t now", "Explain what NASA is doing now"),
        (" Write a PROGRAM that adds", "Write a PROGRAM that adds"),
        ("9. Explain what a mortgage is.", "Explain what a mortgage is."),
        ("9) Explain what a mortgage is.", "Explain what a mortgage is."),
        ("**9.** Explain what a mortgage is.", "Explain what a mortgage is."),
        (" **Explain** what a mortgage is.", "**Explain** what a mortgage is."),
        ("<think>9. no</think> Explain what a mortgage is.", "Explain what a mortgage is."),
        # What a chat model says first is no instruction.
        (
            "Sure! Here are seven more tasks for the list:\n\n9. Explain what a mortgage is.",
            "Explain what a mortgage is.",
        ),
    ],
)
async def test_how_an_item_is_read(tmp_path: Path, text: str, expected: str) -> None:
    assert await read(tmp_path, text, checks=Filter()) == [(expected, "kept")]


async def test_a_lower_case_program_is_the_same_program(tmp_path: Path) -> None:
    assert await read(tmp_path, " write a program that adds") == [("Write a program that adds", "write_program")]


async def test_an_empty_item_is_rejected_in_its_place(tmp_path: Path) -> None:
    text = " Explain what a mortgage is.\n10.\n11. Say why ice floats on water."
    assert await read(tmp_path, text) == [
        ("Explain what a mortgage is.", "kept"),
        ("", "empty_instruction"),
        ("Say why ice floats on water.", "kept"),
    ]


@pytest.mark.parametrize("word", ["video", "audio", "music", "flowchart", "diagram"])
async def test_thirteen_keywords_not_eighteen(tmp_path: Path, word: str) -> None:
    instruction = f"Recommend some {word} for studying"
    assert await read(tmp_path, f" {instruction}") == [(instruction, "kept")]


@pytest.mark.parametrize(
    ("instruction", "verdict"),
    [
        ("Tell a joke", "too_short"),
        ("Tell me a joke", "kept"),
        (" ".join(["Word"] * 151), "too_long"),
        ("Summarize the attached file now", "keyword"),
        ("Summarize the lawsuit that was filed", "kept"),
        ("Explain how to go to college", "keyword"),
        ('"Explain" this word to me', "punctuation"),
        ("Écrivez une courte histoire drôle", "non_ascii"),
        ("3 facts about the moon", "kept"),
        ("Why do leaves fall down?", "rouge"),  # too much like a seed
    ],
)
async def test_the_rules_of_the_original(tmp_path: Path, instruction: str, verdict: str) -> None:
    assert await read(tmp_path, f" {instruction}") == [(instruction, verdict)]


async def test_chinese_instructions_can_be_kept(tmp_path: Path) -> None:
    text = "写一首关于春天的短诗。\n10. 解释为什么冰会浮在水面上。\n11. 列出三种夜间捕食的动物。"
    assert [verdict for _, verdict in await read(tmp_path, text, language="zh")] == ["kept"] * 3


async def test_no_text_is_asked_for_again_and_then_rejected(tmp_path: Path) -> None:
    model = Model(lambda _: "")
    played = await play(source(model, requests=2, attempts=3), [], tmp_path)
    assert len(model.asked) == 6
    assert [item.verdict.code for item in played.items if isinstance(item.verdict, Reject)] == ["unparsable"] * 2
    assert [len(set(item.example.calls)) for item in played.items] == [3, 3]


async def test_equal_items_have_ids_of_their_own(tmp_path: Path) -> None:
    model = Model(lambda _: " Explain what a mortgage is.\n10. Explain what a mortgage is.\n11.\n12.\n13. Go.")
    played = await play(source(model, requests=4, patience=9), [], tmp_path)
    assert len({item.example.id for item in played.items}) == len(played.items) == 20
    assert {(item.example.by, item.example.input, item.example.output) for item in played.items} == {
        ("bootstrap", "", "")
    }


# ---------------------------------------------------------------- several models


def panel(number: int = 0, *, concurrency: int = 8, weights: tuple[float, ...] = ()) -> tuple[Engines, list[Model]]:
    models = [
        Model(writer, name=name, before=dawdling(number), limits=Limits(concurrency=concurrency)) for name in "abc"
    ]
    return Engines(*models, weights=weights), models


async def test_engines_are_drawn_alike_whatever_the_timing(tmp_path: Path) -> None:
    seen, shares = set(), set()
    for number, concurrency in enumerate((1, 8, 64)):
        engines, models = panel(number, concurrency=concurrency)
        pipeline = Pipeline(source(engines, requests=20), [Respond(engines)])
        result = await run(pipeline, tmp_path / str(number), store=tmp_path / f"{number}.db")
        seen.add(tuple(contents(result.path).values()))
        shares.add(tuple(tuple(sorted(model.asked)) for model in models))
        assert len(result) > 20
        assert all(len(model.asked) > 10 for model in models)
        assert new_calls(await run(pipeline, tmp_path / str(number), store=tmp_path / f"{number}.db")) == 0
    assert len(seen) == len(shares) == 1


async def test_weights_share_the_requests_and_the_seed_draws(tmp_path: Path) -> None:
    drawn = set()
    for seed in range(2):
        engines, models = panel(weights=(6, 3, 1))
        await play(source(engines, requests=60, from_pool=0, checks=Filter()), [], tmp_path / str(seed), seed=seed)
        many, some, few = (len(model.asked) for model in models)
        assert many + some + few == 60
        assert many > some > few > 0
        drawn.add((many, some, few, *models[0].asked))
    assert len(drawn) == 2


async def test_what_cannot_be_read_is_asked_of_the_same_model_again(tmp_path: Path) -> None:
    models = [Model(lambda _: "", name=name) for name in "ab"]
    await play(source(Engines(*models), requests=8, attempts=3, patience=9), [], tmp_path)
    for model in models:
        assert model.asked
        assert set(Counter(model.asked).values()) == {3}


# ---------------------------------------------------------------- what chat models say around a list


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Sure! Here are some more tasks for your list:\n\n10. Name four rivers in Asia please.", 10),
        ("Here are seven new tasks for your list:\n\n1. Name four rivers in Asia please.", 1),
        ("好的，下面是新的任务列表：\n\n1. Name four rivers in Asia please.", 1),
        ("9. Name four rivers in Asia please.\n\nLet me know if you would like more!", 9),
        ("Name four rivers in Asia please.\n\nI hope this helps.", 9),
        ("9. Name four rivers in Asia please.\n\n---\n\nThese tasks cover many kinds.", 9),
    ],
)
async def test_chatter_is_no_instruction(tmp_path: Path, text: str, kept: int) -> None:
    assert await read(tmp_path, text) == [("Name four rivers in Asia please.", "kept")]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("I'm sorry, but I can't assist with that request.", "unparsable"),
        ("抱歉，我无法帮助您完成这个请求。", "unparsable"),
        ("9. I cannot help with that request, sorry.", "refusal"),
        ("9. As an AI language model, I have no access to your list.", "refusal"),
    ],
)
async def test_a_refusal_never_enters_the_pool(tmp_path: Path, text: str, code: str) -> None:
    ((_, verdict),) = await read(tmp_path, text)
    assert verdict == code


async def test_a_task_that_begins_like_chatter_is_one(tmp_path: Path) -> None:
    text = (
        "Of course dogs bark; explain why some of them never do.\n10. Sort these words by length and say which is odd:"
    )
    assert [verdict for _, verdict in await read(tmp_path, text)] == ["kept", "kept"]


async def test_a_list_within_the_first_task_is_part_of_it(tmp_path: Path) -> None:
    text = " Say which of these is a fruit:\n1. potato\n2. pear\n10. Name four rivers in Asia please."
    assert await read(tmp_path, text) == [
        ("Say which of these is a fruit: 1. potato 2. pear", "kept"),
        ("Name four rivers in Asia please.", "kept"),
    ]


# ---------------------------------------------------------------- parameters


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"checks": Filter}, "write Filter"),
        ({"prompt": "a text"}, "Make it a Prompt"),
        ({"sampling": {"temperature": 1}}, "it is a Sampling"),
        ({"tasks": "20"}, "whole number"),
        ({"tasks": 20.5}, "whole number"),
        ({"demonstrations": True}, "whole number"),
        ({"requests": 0}, "of at least 1, or None"),
    ],
)
def test_wrong_parameters_are_refused_before_the_run(options: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        source(Scripted(echo), **options)


def test_seeds_are_examples() -> None:
    with pytest.raises(RecipeError, match="read_seeds"):
        BootstrapInstructions(Scripted(echo), ["Name a river."] * 9)  # type: ignore[list-item]


@pytest.mark.parametrize("mark", ["false", "False", "0", "no", "", "否", None, False, 0])
def test_what_a_table_says_of_classification_is_read(mark: object) -> None:
    seeds = [Example.root("t", index=n, instruction=f"Task {n}", meta={"classification": mark}) for n in range(9)]
    yes = [Example.root("t", index=n, instruction=f"Sort {n}", meta={"classification": "true"}) for n in range(9)]
    method = BootstrapInstructions(Scripted(echo), [*seeds, *yes], only_classification=True)
    assert [seed.instruction for seed in method.seeds] == [seed.instruction for seed in yes]


def test_engines_are_engines() -> None:
    one = Scripted(echo)
    for engines, weights in (((), ()), ((one,), (1, 2)), ((one, one), (float("inf"), 1)), ((one, one), (0, 1))):
        with pytest.raises(RecipeError, match="weight"):
            Engines(*engines, weights=weights)
    with pytest.raises(RecipeError, match="not other Engines"):
        Engines(Engines(one), one)  # type: ignore[arg-type]
    with pytest.raises(RecipeError, match=r"write Scripted\("):
        Respond(Scripted)  # type: ignore[arg-type]
