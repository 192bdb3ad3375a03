"""Conversational formats: what a trainer would leave out is refused when it is written; what people have is read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from instructgen.errors import RecipeError
from instructgen.example import Example, Message
from instructgen.formats import to_datasets, write_examples
from instructgen.formats.reading import read_examples

quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
CHAT = ("sharegpt", "openai", "trl")
SINGLE = ("trl-text", "self-instruct", "csv")
TEXT = st.text(max_size=12) | st.sampled_from(
    ["写一首诗。", "😀👩‍👩‍👧", "a\u2028b\u0085c\x1cd", '"\\', "\x00\x1b[0m", "</s>", "\r\n", "\n\n", "长" * 5000]
)
WORDS = TEXT.filter(lambda text: text.strip() != "")
HISTORY = st.lists(st.tuples(TEXT, TEXT), max_size=2).map(
    lambda pairs: tuple(turn for one, two in pairs for turn in (Message("user", one), Message("assistant", two)))
)
ENDINGS = st.sampled_from(["jsonl", "json.gz", "parquet"])
TURNS = (Message("user", "Hi"), Message("assistant", "Hello"))


def rows_of(tmp_path: Path, format: str, *examples: Example) -> list[dict[str, Any]]:
    write_examples(examples, format, tmp_path / "x.json")
    rows: list[dict[str, Any]] = json.loads((tmp_path / "x.json").read_bytes())
    return rows


def read_back(tmp_path: Path, *rows: object) -> list[Example]:
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return list(read_examples(tmp_path / "rows.jsonl"))


# ---------------------------------------------------------------- what is written


def test_the_rows_are_what_trainers_read(tmp_path: Path) -> None:
    one = Example("Add.", "1, 2", "3", system="Be brief.", history=TURNS)
    said = [("system", "Be brief."), ("user", "Hi"), ("assistant", "Hello"), ("user", "Add.\n\n1, 2")]
    messages = [{"role": role, "content": text} for role, text in said]
    answer = {"role": "assistant", "content": "3"}
    assert rows_of(tmp_path, "openai", one) == [{"messages": [*messages, answer]}]
    assert rows_of(tmp_path, "trl", one) == [{"prompt": messages, "completion": [answer]}]
    names = {"system": "system", "user": "human", "assistant": "gpt"}
    turns = [{"from": names[turn["role"]], "value": turn["content"]} for turn in [*messages, answer]]
    assert rows_of(tmp_path, "sharegpt", one) == [{"conversations": turns}]
    assert rows_of(tmp_path, "trl-text", Example("Add.", "1, 2", "3"), Example("Go.", "", "Ok")) == [
        {"prompt": "Add.\n\n1, 2\n\n", "completion": "3"},
        {"prompt": "Go.\n\n", "completion": "Ok"},
    ]


def test_no_system_message_is_no_turn(tmp_path: Path) -> None:
    assert rows_of(tmp_path, "sharegpt", Example("Q", output="A")) == [
        {"conversations": [{"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}]}
    ]


@pytest.mark.parametrize(
    ("format", "changes", "problem"),
    [
        *((name, {"output": " \n"}, "has no output") for name in (*CHAT, "trl-text", "self-instruct")),
        *((name, {"instruction": "\u3000"}, "has no instruction") for name in (*CHAT, *SINGLE)),
        *((name, {"history": TURNS[:1]}, "not user and assistant in turn") for name in CHAT),
        *((name, {"history": TURNS[::-1]}, "not user and assistant in turn") for name in CHAT),
        *((name, {"history": (Message("system", "S"), *TURNS)}, "not user and assistant in turn") for name in CHAT),
        *((name, {"system": "S"}, "has a system message") for name in SINGLE),
        *((name, {"history": TURNS}, "has earlier turns") for name in SINGLE),
        *((name, {"output": "\ud800"}, "half a character") for name in (*CHAT, *SINGLE)),
    ],
)
def test_what_a_trainer_would_leave_out_is_refused(
    tmp_path: Path, format: str, changes: dict[str, Any], problem: str
) -> None:
    good = Example.root("x", instruction="Good.", output="Fine.")
    bad = Example.root("x", **{"instruction": "Bad.", "output": "Fine.", **changes})
    for ending in ("csv",) if format == "csv" else ("jsonl", "parquet"):
        path = tmp_path / f"x.{ending}"
        path.write_text("what was there")
        with pytest.raises(RecipeError, match=problem) as caught:
            write_examples([good, bad], format, path)
        assert bad.id in str(caught.value)
        assert path.read_text() == "what was there"
        assert not list(tmp_path.glob("*.part"))
    with pytest.raises(RecipeError, match=problem):
        to_datasets([good, bad], format)


# ---------------------------------------------------------------- what is read


@settings(quick, max_examples=100)
@given(st.sampled_from(CHAT), ENDINGS, st.lists(st.tuples(WORDS, WORDS, TEXT, HISTORY), min_size=1, max_size=3))
@example("trl", "parquet", [("\n\n", "a\u2028\x00", "", ()), ("b", "c", "s", TURNS)][1:])
def test_chats_come_back_whole(tmp_path: Path, format: str, ending: str, drawn: list[Any]) -> None:
    examples = [Example(task, output=answer, system=system, history=turns) for task, answer, system, turns in drawn]
    write_examples(examples, format, tmp_path / f"x.{ending}")
    found = list(read_examples(tmp_path / f"x.{ending}"))
    assert [(one.instruction, one.output, one.system, one.history) for one in found] == [
        (one.instruction, one.output, one.system, one.history) for one in examples
    ]
    assert [one.meta for one in found] == [{}] * len(found)


@quick
@given(ENDINGS, st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=3))
@example("jsonl", [("a\n\n", "\n\nb\n\n")])
def test_plain_prompts_come_back_whole(tmp_path: Path, ending: str, drawn: list[tuple[str, str]]) -> None:
    examples = [Example(task, output=answer) for task, answer in drawn]
    write_examples(examples, "trl-text", tmp_path / f"x.{ending}")
    assert [(one.instruction, one.output) for one in read_examples(tmp_path / f"x.{ending}")] == drawn


def test_what_was_read_is_written_alike(tmp_path: Path) -> None:
    """Instruction and input are one turn from then on."""
    write_examples([Example("Add.", "1, 2", "3", "S", TURNS)], "openai", tmp_path / "a.jsonl")
    write_examples(read_examples(tmp_path / "a.jsonl"), "openai", tmp_path / "b.jsonl")
    assert (tmp_path / "a.jsonl").read_bytes() == (tmp_path / "b.jsonl").read_bytes()


HUMAN, GPT = {"from": "human", "value": "Q"}, {"from": "gpt", "value": "A"}


@pytest.mark.parametrize(
    "row",
    [
        {"conversations": [HUMAN, GPT]},
        {"id": "identity_0", "conversations": [HUMAN, GPT]},
        {"conversations": [{"from": "user", "value": "Q"}, {"from": "assistant", "value": "A"}], "system": None},
        {"conversations": [{"from": "user", "value": "Q"}, {"from": "chatgpt", "value": "A"}], "system": ""},
        {"conversations": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A"}]},
        {"conversations": [{**HUMAN, "role": None, "content": None}, {**GPT, "role": None, "content": None}]},
        {"conversations": [{"from": "system", "value": ""}, HUMAN, {**GPT, "markdown": None, "weight": 1}]},
        {"messages": [{"role": "user", "content": "Q"}, {"role": "assistant", "content": "A", "tool_calls": None}]},
        {"prompt": [{"role": "user", "content": "Q"}], "completion": [{"role": "assistant", "content": "A"}]},
        {"prompt": "Q", "completion": "A"},
    ],
)
def test_the_ways_people_write_it(tmp_path: Path, row: dict[str, Any]) -> None:
    (found,) = read_back(tmp_path, row)
    assert (found.instruction, found.output, found.system, found.history) == ("Q", "A", "", ())
    assert found.meta == ({"source_id": "identity_0"} if "id" in row else {})


def test_the_system_message_is_a_turn_or_a_column(tmp_path: Path) -> None:
    turn = {"from": "system", "value": "S"}
    rows = [
        {"conversations": [turn, HUMAN, GPT]},
        {"conversations": [HUMAN, GPT], "system": "S"},
        {"conversations": [turn, HUMAN, GPT], "system": "S"},
        {"messages": [{"role": "developer", "content": "S"}, {"role": "user", "content": "Q"}]},
    ]
    assert [one.system for one in read_back(tmp_path, *rows)] == ["S"] * 4


def test_a_conversation_may_end_with_the_question(tmp_path: Path) -> None:
    first, second = read_back(
        tmp_path, {"conversations": [HUMAN]}, {"conversations": [HUMAN, GPT, {"from": "human", "value": "And?"}]}
    )
    assert (first.instruction, first.output, first.history) == ("Q", "", ())
    assert (second.instruction, second.output) == ("And?", "")
    assert second.history == (Message("user", "Q"), Message("assistant", "A"))


def test_an_instruction_is_stronger_than_a_conversation(tmp_path: Path) -> None:
    (found,) = read_back(tmp_path, {"instruction": "I", "messages": [], "prompt": "P", "completion": "C"})
    assert (found.instruction, found.meta) == ("I", {"messages": [], "prompt": "P", "completion": "C"})


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ({"conversations": None}, "conversations is null, and must be a list of turns"),
        ({"conversations": "x"}, "conversations is text, and must be a list of turns"),
        ({"conversations": []}, "there are no turns of a user"),
        ({"conversations": [{"from": "system", "value": "S"}]}, "there are no turns of a user"),
        ({"conversations": ["Q"]}, "conversations[0] is text, and must be an object with from and value"),
        ({"conversations": [{"value": "Q"}]}, "conversations[0].role is null, and must be one of system, developer"),
        ({"conversations": [HUMAN, {"from": "tool", "value": ""}]}, "conversations[1].from is 'tool', and must be"),
        ({"conversations": [HUMAN, {"from": 1, "value": ""}]}, "conversations[1].from is a number, and must be"),
        ({"conversations": [HUMAN, {"from": "gpt"}]}, "the text of conversations[1] is null, and must be text"),
        ({"conversations": [GPT, HUMAN]}, "turn 1 is the assistant's, where one of the user should be"),
        ({"conversations": [HUMAN, HUMAN]}, "turn 2 is the user's, where one of the assistant should be"),
        (
            {"conversations": [{"from": "system", "value": "S"}, HUMAN, HUMAN]},
            "turn 3 is the user's, where one of the assistant should be",
        ),
        ({"conversations": [{"from": "human", "value": " "}, GPT]}, "the last question is empty"),
        ({"conversations": [HUMAN, GPT], "system": 1}, "system is a number, and must be text"),
        (
            {"conversations": [{"from": "system", "value": "S"}, HUMAN, GPT], "system": "T"},
            "there are two system messages",
        ),
        ({"messages": [{"role": "assistant", "content": "", "tool_calls": [{}]}]}, "messages[0] calls a tool"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "the text of messages[0] is a list"),
        ({"prompt": "Q", "completion": None}, "prompt is text and completion is null, and both must be"),
        ({"prompt": "Q", "completion": []}, "prompt is text and completion is a list, and both must be"),
        ({"prompt": " \n", "completion": "A"}, "prompt is empty"),
    ],
)
def test_what_is_no_conversation_is_named(tmp_path: Path, row: dict[str, Any], problem: str) -> None:
    with pytest.raises(RecipeError) as caught:
        read_back(tmp_path, {"prompt": "Q", "completion": "A"}, row)
    assert str(caught.value).startswith(f"{tmp_path / 'rows.jsonl'}, line 2: {problem}")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["user", "gpt", "system"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["from", "value", "role", "content", "tool_calls", "x"]), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = st.sampled_from(["conversations", "messages", "prompt", "completion", "system", "id"])


@settings(quick, max_examples=200)
@given(st.dictionaries(KEYS, JSON, max_size=4))
def test_no_row_can_do_more_than_be_refused(tmp_path: Path, row: dict[str, Any]) -> None:
    try:
        (found,) = read_back(tmp_path, row)
    except RecipeError as error:
        assert "line 1: " in str(error)
    else:
        assert found.instruction.strip()
