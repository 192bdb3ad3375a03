"""The content address of a completion and the JSON it is recorded as."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Completion, Request, Sampling, Usage
from instructgen.engines.recorded import read_recording
from instructgen.errors import RecipeError
from instructgen.example import Message
from instructgen.recording import (
    Record,
    completion_from_json,
    completion_json,
    key,
    key_seed,
    recorded_from_json,
    recorded_json,
    request_from_json,
    request_json,
)

TEXT = st.text(st.characters(), max_size=12)  # surrogates too
NUMBER = st.none() | st.floats(0, 2, allow_nan=False) | st.integers(0, 2)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-1, 1) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
SAMPLINGS = st.builds(
    Sampling,
    temperature=NUMBER,
    top_p=st.none() | st.just(1) | st.floats(0, 1, exclude_min=True),
    max_tokens=st.none() | st.integers(1, 9),
    stop=st.lists(TEXT, max_size=2).map(tuple),
    presence_penalty=NUMBER,
    frequency_penalty=NUMBER,
    extra=st.dictionaries(TEXT, JSON, max_size=2),
)
MESSAGES = st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXT), min_size=1, max_size=3)
REQUESTS = st.builds(
    Request,
    messages=MESSAGES.map(tuple),
    sampling=SAMPLINGS,
    schema=st.none() | st.dictionaries(TEXT, JSON, max_size=2),
) | st.builds(Request, text=TEXT, sampling=SAMPLINGS)
COUNT = st.none() | st.integers(0, 99)
WHOLE = st.text(max_size=12)  # half a character does not survive: no file could hold it
COMPLETIONS = st.builds(
    Completion,
    text=WHOLE,
    finish=st.sampled_from(["stop", "length", "filtered"]),
    usage=st.builds(Usage, COUNT, COUNT, COUNT, COUNT),
    model=WHOLE,
    reasoning=WHOLE,
)
HELLO = Request.chat("hello", sampling=Sampling(temperature=1.0))


@pytest.mark.parametrize(
    ("request_", "draw", "seed", "address"),
    [
        (Request.chat("hello"), 0, 0, "621c415b55216286d2e4bc815319afb9"),
        (
            Request.chat("hello", system="be kind", sampling=Sampling(temperature=0, max_tokens=8)),
            0,
            None,
            "049f74bb733c7e57cf75e1fdc1e78e05",
        ),
        (
            Request(text="once", sampling=Sampling(stop=("\n",), extra={"top_k": 5})),
            3,
            7,
            "f44d6d7016e5265712050a00d5a79800",
        ),
        (Request.chat("写诗", schema={"type": "object"}), 1, -1, "c4a6847c2585bd0e125179155b5c1dd2"),
    ],
)
def test_keys_are_stable(request_: Request, draw: int, seed: int | None, address: str) -> None:
    # Literal: a change of the key format makes every store and recording worthless, so it must not happen unseen.
    assert key("openai/gpt", request_, draw, seed) == address


def test_everything_that_can_change_the_answer_is_in_the_key() -> None:
    base = key("e", HELLO, 0, 0)
    sampling = HELLO.sampling
    others = [
        key("f", HELLO, 0, 0),
        key("e", HELLO, 1, 0),
        key("e", HELLO, 0, 1),
        key("e", HELLO, 0, None),
        key("e", Request.chat("Hello", sampling=sampling), 0, 0),
        key("e", Request.chat("hello", system="s", sampling=sampling), 0, 0),
        key("e", Request(text="hello", sampling=sampling), 0, 0),
        key("e", Request(messages=(Message("assistant", "hello"),), sampling=sampling), 0, 0),
        key("e", replace(HELLO, schema={}), 0, 0),
    ]
    set_to: dict[str, Any] = {
        "temperature": 0.5,
        "top_p": 0.5,
        "max_tokens": 5,
        "stop": ("a",),
        "presence_penalty": 0.5,
        "frequency_penalty": 0.5,
        "extra": {"top_k": 1},
    }
    assert set(set_to) == {part.name for part in fields(Sampling)}
    others += [key("e", replace(HELLO, sampling=replace(sampling, **{k: v})), 0, 0) for k, v in set_to.items()]
    assert len({base, *others}) == 1 + len(others)


def test_the_providers_seed_is_not_in_the_key() -> None:
    assert key("e", replace(HELLO, seed=5), 0, 0) == key("e", HELLO, 0, 0)


def test_the_same_number_is_the_same_key() -> None:
    whole = Sampling(temperature=1, top_p=1, presence_penalty=0, frequency_penalty=0)
    decimal = Sampling(temperature=1.0, top_p=1.0, presence_penalty=0.0, frequency_penalty=0.0)
    assert key("e", Request.chat("a", sampling=whole), 0, 0) == key("e", Request.chat("a", sampling=decimal), 0, 0)


@pytest.mark.parametrize(("temperature", "seed"), [(0, None), (0.0, None), (0.1, 7), (1.0, 7), (None, 7)])
def test_only_a_greedy_request_is_free_of_the_runs_seed(temperature: float | None, seed: int | None) -> None:
    assert key_seed(Request.chat("a", sampling=Sampling(temperature=temperature)), 7) == seed


def test_what_is_left_to_the_server_is_not_in_the_key() -> None:
    assert request_json(Request.chat("hi")) == {"messages": [{"role": "user", "content": "hi"}]}
    assert request_json(Request(text="")) == {"text": ""}
    assert completion_json(Completion("a", key="k")) == {"text": "a", "finish": "stop"}


def test_the_order_of_an_extra_does_not_matter() -> None:
    one, other = ({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1})
    keys = {key("e", Request.chat("a", sampling=Sampling(extra=extra), schema=extra), 0, 0) for extra in (one, other)}
    assert len(keys) == 1


@pytest.mark.parametrize(
    "odd", [{"a": object()}, {"a": {1, 2}}, {"a": b"x"}, {"a": float("nan")}, {"a": float("inf")}, {"a": {(1, 2): 3}}]
)
def test_what_json_cannot_say_is_refused(odd: dict[str, Any]) -> None:
    with pytest.raises(RecipeError, match="JSON values only"):
        key("e", Request.chat("a", sampling=Sampling(extra=odd)), 0, 0)
    with pytest.raises(RecipeError, match="JSON values only"):
        key("e", Request.chat("a", schema=odd), 0, 0)


@given(REQUESTS)
def test_a_request_survives_json(request_: Request) -> None:
    read = request_from_json(json.loads(json.dumps(request_json(request_))))
    assert read == request_
    assert key("e", read, 0, 0) == key("e", request_, 0, 0)


@given(COMPLETIONS)
def test_a_completion_survives_json(completion: Completion) -> None:
    read = completion_from_json(json.loads(json.dumps(completion_json(completion))), "k")
    assert read == replace(completion, key="k")


def test_half_a_character_becomes_a_whole_one() -> None:
    said = {"text": "half \ud83d of \U0001f600", "finish": "stop", "model": "m\ud800", "reasoning": "\udfff"}
    assert completion_from_json(said, "k") == Completion(
        "half \ufffd of \U0001f600", model="m\ufffd", reasoning="\ufffd", key="k"
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": 5}, "text, model and reasoning of a completion are texts"),
        ({"text": None}, "text, model and reasoning of a completion are texts"),
        ({"model": ["m"]}, "text, model and reasoning of a completion are texts"),
        ({"reasoning": {}}, "text, model and reasoning of a completion are texts"),
        ({"finish": "weird"}, "finish is 'weird'; it is one of stop, length, filtered"),
        ({"finish": None}, "finish is None"),
    ],
)
def test_a_completion_of_the_wrong_kind_is_refused_with_its_line(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    line = recorded_json(Record("e", HELLO, 0, 0, Completion("a", key="k")))
    path = tmp_path / "recording.jsonl"
    path.write_text("\n" + json.dumps({**line, "completion": {**line["completion"], **change}}) + "\n")
    with pytest.raises(RecipeError, match=f"recording.jsonl, line 2 is no recorded completion: .*{said}"):
        read_recording(path)


@given(REQUESTS, COMPLETIONS, st.integers(0, 9), st.none() | st.integers(-(2**63), 2**63 - 1))
def test_a_line_of_a_recording_survives_json(
    request_: Request, completion: Completion, draw: int, seed: int | None
) -> None:
    address = key("e", request_, draw, seed)
    row = Record("e", request_, draw, seed, replace(completion, key=address))
    assert recorded_from_json(json.loads(json.dumps(recorded_json(row)))) == row
    assert row.key == address


def test_the_key_of_a_recording_is_computed_afresh() -> None:
    row = Record("e", HELLO, 0, 0, Completion("a", key="forged"))
    assert recorded_from_json(recorded_json(row)).key == key("e", HELLO, 0, 0)


@given(REQUESTS, REQUESTS)
def test_different_requests_have_different_keys(one: Request, other: Request) -> None:
    same = request_json(one) == request_json(other)
    assert (key("e", one, 0, 0) == key("e", other, 0, 0)) == same
