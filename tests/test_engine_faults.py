"""Whatever a server does, the engine answers with a completion or a typed error, and shows no key."""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Mapping
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Completion, Finish, Limits, Usage
from instructgen.engines import OpenAI
from instructgen.engines._answers import read_completion, read_object
from instructgen.engines._errors import LONGEST, Problem, redact, retry_after
from instructgen.errors import (
    Authentication,
    BadRequest,
    ContentFiltered,
    EngineError,
    Malformed,
    QuotaExhausted,
    RateLimited,
    Unavailable,
)
from tests.support.asking import CANARY, HELLO, ask, everything, failure
from tests.support.fault_replies import FAULTS, Reply, completion
from tests.support.fault_server import FaultServer


def playing(fault: str) -> FaultServer:
    return FaultServer(faults=lambda number, body: fault)


# ---------------------------------------------------------------- each fault, one typed error or completion

FATAL, RETRYABLE, ROW = "stops the run", "is retried", "fails its example"

ERRORS: Mapping[str, tuple[type[EngineError], str, str]] = {
    "401": (Authentication, FATAL, "key is right"),
    "403": (Authentication, FATAL, "country"),
    "403_flagged": (ContentFiltered, ROW, "flagged"),
    "402": (QuotaExhausted, FATAL, "out of credit"),
    "400_credit": (QuotaExhausted, FATAL, "credit balance"),
    "429_quota": (QuotaExhausted, FATAL, "top it up"),
    "429_billing": (QuotaExhausted, FATAL, "Billing hard limit"),
    "429": (RateLimited, RETRYABLE, "Rate limit reached"),
    "429_bare": (RateLimited, RETRYABLE, "429"),
    "429_ms": (RateLimited, RETRYABLE, "429"),
    "429_float": (RateLimited, RETRYABLE, "429"),
    "429_date": (RateLimited, RETRYABLE, "429"),
    "429_past": (RateLimited, RETRYABLE, "429"),
    "429_negative": (RateLimited, RETRYABLE, "429"),
    "429_garbage": (RateLimited, RETRYABLE, "429"),
    "429_nan": (RateLimited, RETRYABLE, "429"),
    "429_day": (RateLimited, RETRYABLE, "429"),
    "error_200_429": (RateLimited, RETRYABLE, "free-models-per-min"),
    "408": (Unavailable, RETRYABLE, "408"),
    "409": (Unavailable, RETRYABLE, "409"),
    "500": (Unavailable, RETRYABLE, "had an error"),
    "500_control": (Unavailable, RETRYABLE, "red and back again"),
    "500_bomb": (Unavailable, RETRYABLE, "larger than 32 MiB"),
    "502": (Unavailable, RETRYABLE, "a web page"),
    "503": (Unavailable, RETRYABLE, "overloaded"),
    "529": (Unavailable, RETRYABLE, "Overloaded"),
    "drop": (Unavailable, RETRYABLE, "closed the connection without an answer"),
    "reset": (Unavailable, RETRYABLE, "ConnectionResetError"),
    "hang": (Unavailable, RETRYABLE, "within 0.4 s"),
    "not_http": (Unavailable, RETRYABLE, "the connection broke"),
    "half_headers": (Unavailable, RETRYABLE, "closed the connection without an answer"),
    "truncated": (Unavailable, RETRYABLE, "the connection broke"),
    "half_body_hang": (Unavailable, RETRYABLE, "within 0.4 s"),
    "drip": (Unavailable, RETRYABLE, "within 0.4 s"),
    "moved": (BadRequest, FATAL, "a redirect to other.invalid"),
    "moved_around": (BadRequest, FATAL, "a redirect to another path"),
    "bad_gzip": (Unavailable, RETRYABLE, "decompressing"),
    "gzip_bomb": (Unavailable, RETRYABLE, "larger than 32 MiB"),
    "big": (Unavailable, RETRYABLE, "larger than 32 MiB"),
    "brotli": (Malformed, RETRYABLE, "UTF-8"),
    "garbage": (Malformed, RETRYABLE, "not valid JSON"),
    "html": (Malformed, RETRYABLE, "a web page"),
    "empty": (Malformed, RETRYABLE, "empty"),
    "204": (Malformed, RETRYABLE, "empty"),
    "array": (Malformed, RETRYABLE, "JSON list"),
    "string": (Malformed, RETRYABLE, "JSON str"),
    "deep": (Malformed, RETRYABLE, "not valid JSON"),
    "digits": (Malformed, RETRYABLE, "not valid JSON"),
    "invalid_utf8": (Malformed, RETRYABLE, "UTF-8"),
    "error_200": (Unavailable, RETRYABLE, "Provider returned error"),
    "choices_empty": (Malformed, RETRYABLE, "no choices"),
    "choices_null": (Malformed, RETRYABLE, "no choices"),
    "choices_missing": (Malformed, RETRYABLE, "no choices"),
    "choices_type": (Malformed, RETRYABLE, "no choices"),
    "choice_type": (Malformed, RETRYABLE, "no choices"),
    "message_null": (Malformed, RETRYABLE, "no message"),
    "content_null": (Malformed, RETRYABLE, "no content"),
    "content_int": (Malformed, RETRYABLE, "type int"),
    "content_list": (Malformed, RETRYABLE, "type list"),
    "abort": (Malformed, RETRYABLE, "finish_reason abort"),
    "finish_null": (Malformed, RETRYABLE, "broke off"),
    "finish_int": (Malformed, RETRYABLE, "broke off"),
    "tool_call": (BadRequest, ROW, "called a tool"),
    "404_model": (BadRequest, FATAL, "Check the name of the model"),
    "404_html": (BadRequest, FATAL, "Check base_url"),
    "400": (BadRequest, ROW, "Bad request"),
    "400_text": (BadRequest, ROW, "bad request"),
    "400_context": (BadRequest, ROW, "maximum context length"),
    "400_filter": (ContentFiltered, ROW, "filtered"),
    "400_policy": (ContentFiltered, ROW, "safety system"),
    "400_max_tokens_large": (BadRequest, ROW, "too large"),
    # Complaints about a parameter that was not sent: there is nothing to leave out.
    "400_max_tokens": (BadRequest, ROW, "Unsupported parameter"),
    "400_temperature": (BadRequest, ROW, "Unsupported value"),
    "400_seed_message": (BadRequest, ROW, "Unrecognized"),
    "400_stop": (BadRequest, ROW, "not supported"),
    "422_seed": (BadRequest, ROW, "Extra inputs"),
    "413": (BadRequest, ROW, "too large"),
    "422": (BadRequest, ROW, "Unprocessable"),
}

COUNTED = Usage(prompt=11, completion=7)

ANSWERS: Mapping[str, Completion] = {
    "gzip": Completion("Fine.", usage=COUNTED, model="m"),
    "html_type": Completion("Fine.", usage=COUNTED, model="m"),
    "eos": Completion("Fine.", usage=COUNTED, model="m"),
    "end_turn": Completion("Fine.", usage=COUNTED, model="m"),
    "length": Completion("It was a dark and", "length", COUNTED, "m"),
    "content_filter": Completion("It was", "filtered", COUNTED, "m"),
    "content_filter_null": Completion("", "filtered", COUNTED, "m"),
    "refusal": Completion("I can't help with that.", "filtered", COUNTED, "m"),
    "reasoning": Completion("Four.", "stop", COUNTED, "m", "Two and two."),
    "reasoning_length": Completion("", "length", COUNTED, "m", "Let me see"),
    "reasoning_stop": Completion("", "stop", COUNTED, "m", "Nothing to add."),
    "usage_null": Completion("Fine.", model="m"),
    "usage_bad": Completion("Fine.", model="m"),
    "usage_list": Completion("Fine.", model="m"),
    "surrogate": Completion("half \ufffd of a face and a whole \U0001f600", usage=COUNTED, model="m"),
    "nul": Completion("nul \x00 and bell \x07", usage=COUNTED, model="m"),
    "model_bad": Completion("Fine.", usage=COUNTED),
}


def test_every_fault_of_the_server_has_its_expected_outcome_here() -> None:
    assert set(ERRORS) | set(ANSWERS) == set(FAULTS)
    assert not set(ERRORS) & set(ANSWERS)


@pytest.mark.parametrize("fault", ERRORS)
async def test_fault_becomes_a_typed_error(fault: str) -> None:
    kind, policy, words = ERRORS[fault]
    slow = fault in ("hang", "half_body_hang", "drip")
    with playing(fault) as server:
        error = await failure(server, limits=Limits(timeout=0.4 if slow else 30.0))
        assert server.requests == 1, "the engine makes one attempt; retries belong to the gateway"
    assert type(error) is kind
    assert (error.fatal, error.retryable) == (policy == FATAL, policy == RETRYABLE)
    assert words in str(error)
    assert len(str(error)) < 2 * LONGEST
    assert not any(ord(letter) < 32 and letter != "\n" for letter in str(error))


@pytest.mark.parametrize("fault", ANSWERS)
async def test_odd_answer_becomes_a_completion(fault: str) -> None:
    with playing(fault) as server:
        assert await ask(server) == ANSWERS[fault]


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        ("429", 1.0),
        ("429_bare", None),
        ("429_ms", 0.3),
        ("429_float", 0.25),
        ("429_date", 30.0),
        ("429_past", None),
        ("429_negative", None),
        ("429_garbage", None),
        ("429_nan", None),
        ("429_day", 86400.0),
        ("500", None),
        ("503", 2.0),
    ],
)
async def test_delay_a_server_asks_for(fault: str, seconds: float | None) -> None:
    with playing(fault) as server:
        error = await failure(server)
    assert isinstance(error, Unavailable if fault.startswith("5") else RateLimited)
    assert error.retry_after == (None if seconds is None else pytest.approx(seconds, abs=2.0 if seconds == 30 else 0))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b'{"error": "model overloaded"}', Unavailable),
        (b'[{"error": {"code": 503, "message": "busy"}}]', Unavailable),
        (b'{"object": "error", "message": "busy", "code": 503}', Unavailable),
        (b"", Unavailable),
    ],
)
async def test_error_bodies_of_other_shapes(body: bytes, kind: type[EngineError]) -> None:
    with FaultServer(faults=lambda number, sent: Reply(body, 503)) as server:
        assert type(await failure(server)) is kind


# ---------------------------------------------------------------- secrets


LARGE = {"big", "gzip_bomb", "500_bomb"}


@pytest.mark.parametrize(
    ("key", "faults"), [(CANARY, sorted(set(ERRORS) - LARGE)), ("sk-proj-Canary0Canary0Canary0", ["401", "reset"])]
)
async def test_the_key_is_sent_and_shown_nowhere(key: str, faults: list[str], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    for fault in faults:
        with playing(fault) as server:
            slow = fault in ("hang", "half_body_hang", "drip")
            engine = OpenAI("m", base_url=server.url, api_key=key, limits=Limits(timeout=0.3 if slow else 30.0))
            with pytest.raises(EngineError) as caught:
                await engine.complete(HELLO)
            assert server.headers["authorization"] == f"Bearer {key}"
            shown += [everything(caught.value), repr(engine), engine.identity, engine.address]
            await engine.close()
    shown += [record.getMessage() for record in caplog.records]
    assert caplog.records
    assert not [text for text in shown if key in text]


async def test_a_key_the_server_echoes_in_part_is_hidden_too() -> None:
    message = "Incorrect API key provided: sk-abc12***************xyz9. Authorization: Bearer abcdefgh."
    body = json.dumps({"error": {"message": message}}).encode()
    with FaultServer(faults=lambda number, sent: Reply(body, 401)) as server:
        error = await failure(server, api_key="another-key")
    assert "abc12" not in str(error)
    assert "xyz9" not in str(error)
    assert "abcdefgh" not in str(error)


# ---------------------------------------------------------------- whatever a server may send

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = ["stop", "length", "content_filter", "abort", "eos", "tool_calls", None]
MESSAGE = st.fixed_dictionaries(
    {},
    optional={
        "content": JSON,
        "refusal": JSON,
        "tool_calls": JSON,
        "reasoning_content": JSON,
        "reasoning": JSON,
    },
)
CHOICE = st.fixed_dictionaries(
    {}, optional={"message": MESSAGE | JSON, "text": JSON, "finish_reason": st.sampled_from(NAMES) | JSON}
)
USAGE = st.dictionaries(
    st.sampled_from(["prompt_tokens", "completion_tokens", "prompt_tokens_details", "completion_tokens_details"]), JSON
)
ANSWER = st.fixed_dictionaries(
    {}, optional={"choices": st.lists(CHOICE, max_size=2) | JSON, "usage": USAGE | JSON, "model": JSON}
)


@given(ANSWER)
def test_any_answer_is_a_sound_completion_or_a_typed_error(answer: dict[str, Any]) -> None:
    try:
        read = read_completion(answer)
    except (Malformed, BadRequest):
        return
    assert read.finish in get_args(Finish)
    for text in (read.text, read.model, read.reasoning):
        assert text.encode("utf-8").decode("utf-8") == text
    counts = (read.usage.prompt, read.usage.completion, read.usage.cached, read.usage.reasoning)
    assert all(count is None or (type(count) is int and count >= 0) for count in counts)


@given(st.text(), st.sampled_from(["stop", "length", "content_filter"]))
def test_text_comes_back_exactly(text: str, finish: str) -> None:
    read = read_completion(read_object(completion({"model": "m"}, text, finish=finish)))
    assert read.text == text


@given(st.binary(max_size=64))
def test_any_bytes_are_an_object_or_malformed(body: bytes) -> None:
    try:
        assert isinstance(read_object(body), dict)
    except Malformed as error:
        assert str(error)


ERROR_BODY = st.binary(max_size=64) | st.builds(
    lambda data: json.dumps(data).encode(),
    JSON
    | st.fixed_dictionaries({"error": st.dictionaries(st.sampled_from(["message", "code", "type", "param"]), JSON)}),
)


@given(st.integers(300, 599), ERROR_BODY, st.dictionaries(st.sampled_from(["retry-after", "location"]), st.text()))
def test_any_http_error_becomes_a_typed_error(status: int, body: bytes, headers: dict[str, str]) -> None:
    problem = Problem.read(status, body, CANARY)
    error = problem.error(model="m", address="host", headers=headers)
    assert isinstance(error, EngineError)
    assert str(status) in str(error)
    assert not any(ord(letter) < 32 and letter != "\n" for letter in str(error))
    assert problem.unsupported(frozenset(["seed"])) in (None, "seed")


@given(st.text(), st.text(), st.from_regex(r"[!-~]{8,40}", fullmatch=True).filter(lambda key: key not in "[key]"))
def test_redacted_text_never_holds_the_key(before: str, after: str, key: str) -> None:
    shown = redact(before + key + after, key)
    assert key not in shown
    assert len(shown) <= LONGEST
    assert shown.isprintable() or not any(ord(letter) < 32 for letter in shown)


@given(st.text() | st.floats().map(str) | st.integers().map(str))
def test_any_delay_is_a_sensible_number_or_none(value: str) -> None:
    for name in ("retry-after", "retry-after-ms"):
        seconds = retry_after({name: value})
        assert seconds is None or (math.isfinite(seconds) and seconds >= 0)
