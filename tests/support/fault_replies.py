"""What the fault server sends for each named fault, as data."""

from __future__ import annotations

import email.utils
import gzip
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Reply:
    """One HTTP reply.

    Attributes:
        body: the bytes after the headers.
        status: the HTTP status.
        headers: beside Content-Type (JSON) and Content-Length, which are added where missing.
        verbatim: sent in place of everything above.
        then: what happens to the connection afterwards; ``reset`` and ``hang`` send nothing at all.
        drip: seconds between single bytes.
    """

    body: bytes = b""
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    verbatim: bytes | None = None
    then: Literal["keep", "close", "reset", "hang"] = "keep"
    drip: float = 0.0


def wire(reply: Reply) -> bytes:
    """The bytes of a reply on the wire."""
    head = f"HTTP/1.1 {reply.status} {REASONS.get(reply.status, 'Unknown')}\r\n"
    names = {name.lower() for name, _ in reply.headers}
    lines = [f"{name}: {value}\r\n" for name, value in reply.headers]
    if "content-type" not in names:
        lines.append("Content-Type: application/json\r\n")
    if "content-length" not in names and reply.status != HTTPStatus.NO_CONTENT:
        lines.append(f"Content-Length: {len(reply.body)}\r\n")
    return (head + "".join(lines) + "\r\n").encode("latin-1") + reply.body


Fault = Callable[[Mapping[str, Any], Mapping[str, str]], Reply]

REASONS = {status.value: status.phrase for status in HTTPStatus}
HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Welcome to the hotel</body></html>"
GOOD_USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}


def completion(
    body: Mapping[str, Any],
    text: Any,
    *,
    finish: Any = "stop",
    usage: Any = None,
    message: Mapping[str, Any] | None = None,
    **top: Any,
) -> bytes:
    """A completion in the shape the request asked for: chat, or raw text where the body has a ``prompt``."""
    choice: dict[str, Any] = {"index": 0, "finish_reason": finish, "logprobs": None}
    if "prompt" in body:
        choice["text"] = text
    else:
        choice["message"] = {"role": "assistant", "content": text, **(message or {})}
    whole = {"id": "c-1", "object": "chat.completion", "created": 0, "model": body.get("model"), "choices": [choice]}
    whole["usage"] = GOOD_USAGE if usage is None else usage
    return json.dumps({**whole, **top}).encode("ascii")


def problem(status: int, message: str, *headers: tuple[str, str], **fields: Any) -> Fault:
    """An HTTP error with an OpenAI error body."""
    body = json.dumps({"error": {"message": message, "type": None, "param": None, "code": None, **fields}}).encode()
    return lambda request, sent: Reply(body, status, headers)


def limited(*headers: tuple[str, str]) -> Fault:
    return problem(429, "Rate limit reached for requests", *headers, type="requests", code="rate_limit_exceeded")


def fixed(body: bytes, status: int = 200, *headers: tuple[str, str], **how: Any) -> Fault:
    return lambda request, sent: Reply(body, status, headers, **how)


def bent(**changes: Any) -> Fault:
    """A completion with parts of the top level replaced; None as a value is JSON null."""

    def fault(request: Mapping[str, Any], sent: Mapping[str, str]) -> Reply:
        whole = json.loads(completion(request, "Fine."))
        whole.update(changes)
        return Reply(json.dumps(whole).encode())

    return fault


def without_choices(request: Mapping[str, Any], sent: Mapping[str, str]) -> Reply:
    whole = json.loads(completion(request, "Fine."))
    del whole["choices"]
    return Reply(json.dumps(whole).encode())


def says(text: Any, **how: Any) -> Fault:
    """A completion with this content, finish reason, usage or message fields."""
    return lambda request, sent: Reply(completion(request, text, **how))


def echoed_key(request: Mapping[str, Any], sent: Mapping[str, str]) -> Reply:
    token = sent.get("authorization", "")
    message = f"Incorrect API key provided: {token.removeprefix('Bearer ')} (header: {token})."
    return problem(401, message, code="invalid_api_key")(request, sent)


def zipped(text: str, *, spoil: bool = False) -> Fault:
    def fault(request: Mapping[str, Any], sent: Mapping[str, str]) -> Reply:
        body = gzip.compress(completion(request, text), 1)
        return Reply(body[:20] + b"spoilt" + body[26:] if spoil else body, 200, (("Content-Encoding", "gzip"),))

    return fault


def late(seconds: float) -> Fault:
    def fault(request: Mapping[str, Any], sent: Mapping[str, str]) -> Reply:
        when = email.utils.formatdate(time.time() + seconds, usegmt=True)
        return limited(("Retry-After", when))(request, sent)

    return fault


def moved(place: str) -> Fault:
    return fixed(b"", 307, ("Location", place))


def part(head: bytes, *, then: Literal["close", "hang"] = "close") -> Fault:
    return lambda request, sent: Reply(verbatim=head, then=then)


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
TOOL = [{"id": "t1", "type": "function", "function": {"name": "look_up", "arguments": "{}"}}]
BAD_USAGE = {"prompt_tokens": -3, "completion_tokens": "7", "total_tokens": float("nan"), "prompt_tokens_details": 4}

FAULTS: Mapping[str, Fault] = {
    # the account
    "401": echoed_key,
    "403": problem(403, "Your country is not supported", code="unsupported_country_region_territory"),
    "403_flagged": problem(403, "Your chosen model requires moderation and your input was flagged for violence"),
    "402": problem(402, "Insufficient Balance", type="unknown_error", code="invalid_request_error"),
    "400_credit": problem(400, "Your credit balance is too low to access the API.", type="invalid_request_error"),
    "429_quota": problem(429, "You exceeded your current quota", type="insufficient_quota", code="insufficient_quota"),
    "429_billing": problem(429, "Billing hard limit has been reached", code="billing_hard_limit_reached"),
    # the rate
    "429": limited(("Retry-After", "1")),
    "429_bare": limited(),
    "429_ms": limited(("retry-after-ms", "300"), ("Retry-After", "1")),
    "429_float": limited(("Retry-After", "0.25")),
    "429_date": late(30),
    "429_past": late(-30),
    "429_negative": limited(("Retry-After", "-5")),
    "429_garbage": limited(("Retry-After", "soon")),
    "429_nan": limited(("Retry-After", "nan")),
    "429_day": limited(("Retry-After", "86400")),
    # the server
    "408": problem(408, "Request timed out"),
    "409": problem(409, "Conflict"),
    "500": problem(500, "The server had an error", type="server_error"),
    "500_control": problem(500, "\x1b[31mred\x1b[0m \x00and\u202e back\r\nagain " + "x" * 2000),
    "502": fixed(HTML, 502, ("Content-Type", "text/html")),
    "503": problem(503, "The engine is overloaded", ("Retry-After", "2")),
    "529": problem(529, "Overloaded", type="overloaded_error"),
    # the connection
    "drop": lambda request, sent: Reply(verbatim=b"", then="close"),
    "reset": lambda request, sent: Reply(then="reset"),
    "hang": lambda request, sent: Reply(then="hang"),
    "not_http": part(b"220 mail.example.org ESMTP\r\n"),
    "half_headers": part(b"HTTP/1.1 200 OK\r\nContent-Ty"),
    "truncated": part(PLAIN + b'Content-Length: 400\r\n\r\n{"id": "c-1", "choices": [{"mess'),
    "half_body_hang": part(PLAIN + b'Content-Length: 400\r\n\r\n{"id": "c-1"', then="hang"),
    "drip": lambda request, sent: Reply(completion(request, "Slowly."), drip=0.05),
    "moved": moved("http://other.invalid/v1/chat/completions"),
    "moved_around": moved("/v1/chat/completions"),
    # the body
    "bad_gzip": zipped("Fine.", spoil=True),
    "gzip": zipped("Fine."),
    "gzip_bomb": zipped("0" * (50 << 20)),
    "500_bomb": lambda request, sent: Reply(gzip.compress(b"0" * (50 << 20), 1), 500, (("Content-Encoding", "gzip"),)),
    "big": says("0" * (40 << 20)),
    "brotli": fixed(b"\x8b\x02\x80hello\x03", 200, ("Content-Encoding", "br")),
    "garbage": fixed(b'{"choices": [{"message": {"content": "Fine."}}'),
    "html": fixed(HTML, 200, ("Content-Type", "text/html")),
    "html_type": lambda request, sent: Reply(completion(request, "Fine."), 200, (("Content-Type", "text/html"),)),
    "empty": fixed(b""),
    "204": fixed(b"", 204),
    "array": fixed(b'[{"choices": []}]'),
    "string": fixed(b'"Fine."'),
    "deep": fixed(b"[" * 200_000),
    "digits": fixed(b'{"choices": ' + b"9" * 6000 + b"}"),
    "invalid_utf8": fixed(b'{"choices": [{"message": {"content": "caf\xe9"}, "finish_reason": "stop"}]}'),
    "error_200": problem(200, "Provider returned error"),
    "error_200_429": problem(200, "Rate limit exceeded: free-models-per-min", code=429),
    "choices_empty": bent(choices=[]),
    "choices_null": bent(choices=None),
    "choices_missing": without_choices,
    "choices_type": bent(choices={"0": {}}),
    "choice_type": bent(choices=["Fine."]),
    "message_null": bent(choices=[{"index": 0, "finish_reason": "stop", "message": None, "text": None}]),
    "content_null": says(None),
    "content_int": says(7),
    "content_list": says([{"type": "text", "text": "Fine."}]),
    "refusal": says(None, message={"refusal": "I can't help with that."}),
    "tool_call": says(None, finish="tool_calls", message={"tool_calls": TOOL}),
    "reasoning_length": says(None, finish="length", message={"reasoning_content": "Let me see"}),
    "reasoning_stop": says(None, message={"reasoning": "Nothing to add."}),
    "reasoning": says("Four.", message={"reasoning_content": "Two and two."}),
    "length": says("It was a dark and", finish="length"),
    "content_filter": says("It was", finish="content_filter"),
    "content_filter_null": says(None, finish="content_filter"),
    "eos": says("Fine.", finish="eos_token"),
    "end_turn": says("Fine.", finish="end_turn"),
    "abort": says("It was a", finish="abort"),
    "finish_null": says("It was a", finish=None),
    "finish_int": says("It was a", finish=1),
    "usage_null": bent(usage=None),
    "usage_bad": says("Fine.", usage=BAD_USAGE),
    "usage_list": says("Fine.", usage=[1, 2]),
    "surrogate": says("half \ud83d of a face and a whole \U0001f600"),
    "nul": says("nul \x00 and bell \x07"),
    "model_bad": bent(model={"name": "m"}),
    # the request
    "404_model": problem(404, "The model `m` does not exist", code="model_not_found", type="invalid_request_error"),
    "404_html": fixed(b"<html><title>404 Not Found</title></html>", 404, ("Content-Type", "text/html")),
    "400": problem(400, "Bad request"),
    "400_text": fixed(b"bad request", 400, ("Content-Type", "text/plain")),
    "400_context": problem(
        400, "This model's maximum context length is 1024 tokens.", code="context_length_exceeded", param="messages"
    ),
    "400_filter": problem(400, "The response was filtered", code="content_filter", param="prompt"),
    "400_policy": problem(400, "Your request was rejected by our safety system", code="content_policy_violation"),
    "400_max_tokens": problem(
        400,
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        type="invalid_request_error",
        param="max_tokens",
        code="unsupported_parameter",
    ),
    "400_max_tokens_large": problem(
        400, "max_tokens is too large: 9000; at most 4096 are possible.", param="max_tokens", code="invalid_value"
    ),
    "400_temperature": problem(
        400,
        "Unsupported value: 'temperature' does not support 0.7 with this model. Only the default (1) is supported.",
        param="temperature",
        code="unsupported_value",
    ),
    "400_seed_message": problem(400, "Unrecognized request argument supplied: seed"),
    "400_stop": problem(400, "'stop' is not supported with this model.", param="stop", code="unsupported_parameter"),
    "413": problem(413, "Request too large"),
    "422_seed": lambda request, sent: Reply(
        b'{"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]}',
        422,
    ),
    "422": problem(422, "Unprocessable"),
}
