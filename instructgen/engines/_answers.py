"""Reads a server's answer into a Completion, or says what is wrong with it; nothing is taken on trust."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from instructgen.contracts import Completion, Finish, Usage
from instructgen.errors import BadRequest, Malformed
from instructgen.strict_json import writable

_FINISHES: Mapping[str, Finish] = {
    "stop": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "length",
    "content_filter": "filtered",
    "safety": "filtered",
    "refusal": "filtered",
}
_MOST_TOKENS = 1 << 53


def read_object(body: bytes) -> dict[str, Any]:
    """The JSON object in a body.

    Raises:
        Malformed: the body is empty, not UTF-8, not JSON, or JSON of another kind.
    """
    if not body.strip():
        raise Malformed("the answer is empty")
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        problem = "is not valid UTF-8"
    except (ValueError, RecursionError):
        problem = "is a web page, not JSON" if body.lstrip()[:1] == b"<" else "is not valid JSON"
    else:
        if isinstance(data, dict):
            return data
        problem = f"is a JSON {type(data).__name__}, not an object"
    raise Malformed(f"the answer {problem}")


def read_completion(data: Mapping[str, Any]) -> Completion:
    """The first choice of a chat or text completion.

    Text is kept exactly, except that lone surrogates (which no file could hold) become U+FFFD.

    Raises:
        Malformed: a part is missing, of the wrong type, or the generation did not end properly.
        BadRequest: the model called a tool in place of answering.
    """
    choices = data.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        raise Malformed("the answer has no choices")
    message = choice.get("message", choice)
    if not isinstance(message, dict):
        raise Malformed("the answer has no message")
    reasoning = message.get("reasoning_content") or message.get("reasoning") or ""
    reasoning = writable(reasoning) if isinstance(reasoning, str) else ""
    text, finish = _content(choice, message, reasoning)
    model = data.get("model")
    return Completion(
        text=text,
        finish=finish,
        usage=read_usage(data.get("usage")),
        model=writable(model) if isinstance(model, str) else "",
        reasoning=reasoning,
    )


def _content(choice: Mapping[str, Any], message: Mapping[str, Any], reasoning: str) -> tuple[str, Finish]:
    """The text and how it ended."""
    content = message.get("content", choice.get("text"))
    refusal = message.get("refusal")
    if content is None and isinstance(refusal, str) and refusal:
        return writable(refusal), "filtered"
    if message.get("tool_calls") or message.get("function_call"):
        raise BadRequest("the model called a tool in place of answering; the server must not offer it any")
    finish = _finish(choice.get("finish_reason"))
    if isinstance(content, str):
        return writable(content), finish
    if content is not None:
        raise Malformed(f"the content of the answer is of type {type(content).__name__}, not a text")
    if finish == "stop" and not reasoning:
        raise Malformed("the answer has no content")
    return "", finish


def _finish(reason: Any) -> Finish:
    if isinstance(reason, str):
        name = reason.lower()
        if name in _FINISHES:
            return _FINISHES[name]
        if name.startswith("eos"):
            return "stop"
        if re.fullmatch("[a-z_]{1,32}", name):
            raise Malformed(f"the generation broke off (finish_reason {name})")
    raise Malformed("the generation broke off (no known finish_reason)")


def read_usage(usage: Any) -> Usage:
    """Token counts; None for each that is missing or is no count."""
    if not isinstance(usage, dict):
        return Usage()
    return Usage(
        prompt=_count(usage, "prompt_tokens"),
        completion=_count(usage, "completion_tokens"),
        cached=_count(usage.get("prompt_tokens_details"), "cached_tokens"),
        reasoning=_count(usage.get("completion_tokens_details"), "reasoning_tokens"),
    )


def _count(counts: Any, name: str) -> int | None:
    value = counts.get(name) if isinstance(counts, dict) else None
    return value if type(value) is int and 0 <= value < _MOST_TOKENS else None


def cut(completion: Completion, stops: tuple[str, ...]) -> Completion:
    """The completion up to the first of these strings: what a server that knows ``stop`` would have sent."""
    found = [place for place in map(completion.text.find, stops) if place >= 0]
    return replace(completion, text=completion.text[: min(found)], finish="stop") if found else completion
