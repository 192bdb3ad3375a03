"""A recorded completion: its content address, and the JSON it is kept as in stores and recordings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, get_args

from instructgen.contracts import Completion, Finish, Request, Sampling, Usage
from instructgen.errors import RecipeError
from instructgen.example import Message
from instructgen.strict_json import writable

# A temperature of 1 is one of 1.0, and must have its key.
_DECIMALS = ("temperature", "top_p", "presence_penalty", "frequency_penalty")


@dataclass(frozen=True, slots=True)
class Record:
    """One completion with everything that its key is made of.

    Attributes:
        engine: identity of the engine that answered.
        request: what it was asked.
        draw: which sample of the request this is.
        seed: the run's seed, or None for a greedy request.
        completion: what it answered; ``completion.key`` is the key.
        request_text: the request as ``canonical`` writes it, where that is at hand; it costs as much as the key.
    """

    engine: str
    request: Request
    draw: int
    seed: int | None
    completion: Completion
    request_text: str = field(default="", repr=False, compare=False)

    @property
    def key(self) -> str:
        """The content address."""
        return self.completion.key


def key_seed(request: Request, run_seed: int) -> int | None:
    """The seed that belongs in the key: none when the request is greedy, so that its answer is never bought again."""
    return None if request.sampling.temperature == 0 else run_seed


def key(engine: str, request: Request, draw: int, seed: int | None) -> str:
    """The content address of a completion: 32 hexadecimal digits over all that can change the answer.

    Raises:
        RecipeError: the request holds something that JSON cannot express.
    """
    return key_of_text(engine, canonical(request), draw, seed)


def key_of_text(engine: str, request_text: str, draw: int, seed: int | None) -> str:
    """The content address of the completion of a request that ``canonical`` wrote."""
    text = f"[1,{json.dumps(engine)},{request_text},{draw},{json.dumps(seed)}]"
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()


def canonical(request: Request) -> str:
    """The one JSON text of a request, whatever the order of the names in its mappings.

    Raises:
        RecipeError: the request holds something that JSON cannot express.
    """
    try:
        return json.dumps(request_json(request), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RecipeError(
            f"a request cannot be recorded: {error}.\nSampling.extra and schema may hold JSON values only."
        ) from error


def request_json(request: Request) -> dict[str, Any]:
    """The request as JSON, without what is left to the server (so that new options do not move old keys)."""
    data: dict[str, Any] = {}
    if request.messages:
        data["messages"] = [{"role": turn.role, "content": turn.content} for turn in request.messages]
    if request.text is not None:
        data["text"] = request.text
    if request.schema is not None:
        data["schema"] = request.schema
    sampling = sampling_json(request.sampling)
    if sampling:
        data["sampling"] = sampling
    return data


def sampling_json(sampling: Sampling) -> dict[str, Any]:
    """The options that were set, by name."""
    options = {name: getattr(sampling, name) for name in Sampling.__dataclass_fields__}
    for name in _DECIMALS:
        if isinstance(options[name], int):
            options[name] = float(options[name])
    return {name: value for name, value in options.items() if value is not None and value != () and value != {}}


def completion_json(completion: Completion) -> dict[str, Any]:
    """The completion as JSON, without its key and without what the server did not say."""
    data: dict[str, Any] = {"text": completion.text, "finish": completion.finish}
    counts = {name: getattr(completion.usage, name) for name in Usage.__dataclass_fields__}
    usage = {name: count for name, count in counts.items() if count is not None}
    if usage:
        data["usage"] = usage
    if completion.model:
        data["model"] = completion.model
    if completion.reasoning:
        data["reasoning"] = completion.reasoning
    return data


def recorded_json(row: Record) -> dict[str, Any]:
    """One line of a recording."""
    return {
        "key": row.key,
        "engine": row.engine,
        "draw": row.draw,
        "seed": row.seed,
        "request": request_json(row.request),
        "completion": completion_json(row.completion),
    }


def request_from_json(data: Mapping[str, Any]) -> Request:
    """The request that ``request_json`` wrote."""
    sampling = dict(data.get("sampling", {}))
    if "stop" in sampling:
        sampling["stop"] = tuple(sampling["stop"])
    return Request(
        messages=tuple(Message(turn["role"], turn["content"]) for turn in data.get("messages", ())),
        text=data.get("text"),
        schema=data.get("schema"),
        sampling=Sampling(**sampling),
    )


def completion_from_json(data: Mapping[str, Any], key: str) -> Completion:
    """The completion that ``completion_json`` wrote, under its key; without lone surrogates, which no file can hold.

    Raises:
        KeyError, TypeError, ValueError: a field is missing or of the wrong kind.
    """
    texts = [data["text"], data.get("model", ""), data.get("reasoning", "")]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("text, model and reasoning of a completion are texts")
    if data["finish"] not in get_args(Finish):
        raise ValueError(f"finish is {data['finish']!r}; it is one of {', '.join(get_args(Finish))}")
    text, model, reasoning = map(writable, texts)
    usage = Usage(**data.get("usage", {}))
    return Completion(text=text, finish=data["finish"], usage=usage, model=model, reasoning=reasoning, key=key)


def recorded_from_json(data: Mapping[str, Any]) -> Record:
    """One line of a recording, its key computed afresh from what it answers.

    Raises:
        KeyError, TypeError: a field is missing or of the wrong kind.
    """
    request = request_from_json(data["request"])
    text = canonical(request)
    address = key_of_text(data["engine"], text, data["draw"], data["seed"])
    completion = completion_from_json(data["completion"], address)
    return Record(data["engine"], request, data["draw"], data["seed"], completion, text)
