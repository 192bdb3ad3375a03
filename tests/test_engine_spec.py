"""Engines as strings."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Limits
from instructgen.engines import OpenAI, Recorded, engine
from instructgen.errors import RecipeError


@pytest.mark.parametrize(
    ("spec", "model", "url", "identity"),
    [
        ("openai/m", "m", None, "openai/m"),
        ("  openai/m ", "m", None, "openai/m"),
        ("openai/org/m", "org/m", None, "openai/org/m"),
        ("openai/m@http://127.0.0.1:8000/v1", "m", "http://127.0.0.1:8000/v1", "openai/m"),
        ("openai/org/m@https://host/v1", "org/m", "https://host/v1", "openai/org/m"),
        ("openai/a@b@http://host/v1", "a@b", "http://host/v1", "openai/a@b"),
        ("openai/a@b", "a@b", None, "openai/a@b"),
        ("openai/a@http://x@http://host/v1", "a@http://x", "http://host/v1", "openai/a@http://x"),
        ("openai/m#2026-01", "m", None, "openai/m#2026-01"),
        ("openai/m#2026-01@http://host/v1", "m", "http://host/v1", "openai/m#2026-01"),
    ],
)
def test_openai(spec: str, model: str, url: str | None, identity: str) -> None:
    made = engine(spec)
    assert isinstance(made, OpenAI)
    assert (made.model, made.base_url, made.identity) == (model, url, identity)


def test_options_reach_the_engine() -> None:
    made = engine("openai/m", limits=Limits(concurrency=3), api_key="word")
    assert isinstance(made, OpenAI)
    assert made.limits.concurrency == 3
    assert made.api_key == "word"


@pytest.mark.parametrize(
    ("spec", "path", "model"),
    [
        ("recorded/a.jsonl", "a.jsonl", None),
        ("recorded//data/a.jsonl", "/data/a.jsonl", None),
        ("recorded/a.jsonl#openai/m", "a.jsonl", "openai/m"),
        ("recorded/a.jsonl#openai/m#2026-01", "a.jsonl", "openai/m#2026-01"),
    ],
)
def test_recorded(spec: str, path: str, model: str | None) -> None:
    assert engine(spec) == Recorded(Path(path), model)
    assert engine(spec, limits=Limits(concurrency=3)) == Recorded(Path(path), model)


def test_vllm_says_what_works_in_its_place() -> None:
    with pytest.raises(RecipeError, match=r"vllm serve org/m(?s:.)*openai/org/m@http://127\.0\.0\.1:8000/v1"):
        engine("vllm/org/m")


@pytest.mark.parametrize(
    ("spec", "guess"),
    [
        ("opanai/m", "openai/m"),
        ("OpenAI/m", "openai/m"),
        ("openai:m", "openai/m"),
        ("record/a.jsonl", "recorded/a.jsonl"),
        ("a.jsonl", "recorded/a.jsonl"),
        ("some-model", "openai/some-model"),
        ("http://127.0.0.1:8000/v1", "openai/NAME@http://127.0.0.1:8000/v1"),
        ("", "openai/NAME"),
        ("openai", "openai/NAME"),
    ],
)
def test_did_you_mean(spec: str, guess: str) -> None:
    with pytest.raises(RecipeError) as caught:
        engine(spec)
    assert f"did you mean {guess}?" in str(caught.value)


@pytest.mark.parametrize("spec", ["openai/", "recorded/", "openai/m@http://", "openai/@http://host/v1"])
def test_incomplete(spec: str) -> None:
    with pytest.raises(RecipeError):
        engine(spec)


@pytest.mark.parametrize(("spec", "option"), [("openai/m", "temprature"), ("recorded/a.jsonl", "api_key")])
def test_unknown_option(spec: str, option: str) -> None:
    with pytest.raises(RecipeError, match=option):
        engine(spec, **{option: "x"})


@given(st.text())
def test_any_string_is_an_engine_or_a_recipe_error(spec: str) -> None:
    try:
        assert engine(spec).limits
    except RecipeError as error:
        assert str(error)


@pytest.mark.parametrize(
    ("spec", "meant"),
    [
        ("openai/m@127.0.0.1:8000/v1", "openai/m@http://127.0.0.1:8000/v1"),
        ("openai/m@localhost/v1", "openai/m@http://localhost/v1"),
        ("openai/m@gpu.example.org/v1", "openai/m@http://gpu.example.org/v1"),
        ("openai/m@ftp://host/v1", "openai/m@http://host/v1"),
    ],
)
def test_an_address_without_its_scheme_is_no_model_name(spec: str, meant: str) -> None:
    with pytest.raises(RecipeError, match=re.escape(f"Did you mean {meant}?")):
        engine(spec)


@pytest.mark.parametrize("name", ["claude@2024-10-22", "@cf/meta/llama-3", "a/b@c"])
def test_an_at_sign_may_be_part_of_a_name(name: str) -> None:
    assert engine(f"openai/{name}").identity == f"openai/{name}"
