"""What a manifest says about a recipe: every parameter of every stage, as JSON that is the same on every machine."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from math import isfinite
from pathlib import Path
from types import ModuleType
from typing import Any

from instructgen.contracts import Engine
from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.parameters import offers
from instructgen.prompts import Prompt
from instructgen.strict_json import writable


def describe(value: Any) -> Any:
    """JSON for one parameter. Engines are their identity, prompts and examples their hash, files their content's hash.

    Raises:
        RecipeError: a value whose content cannot be told (an object that is no dataclass).
    """
    if isinstance(value, float) and not isfinite(value):
        return str(value)
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if is_engine(value):
        return {"engine": value.identity}
    if isinstance(value, Prompt):
        return {"prompt": value.name, "hash": value.hash}
    if isinstance(value, Path):
        return {"file": writable(value.name), "hash": _file_hash(value)}
    if isinstance(value, Enum):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        return _describe_dataclass(value)
    if isinstance(value, Mapping):
        return {str(name): describe(part) for name, part in value.items()}
    if isinstance(value, Sequence):
        if value and all(isinstance(part, Example) for part in value):
            return {"examples": len(value), "hash": _hash(_names(value))}
        return [describe(part) for part in value]
    if isinstance(value, set | frozenset):
        return sorted((describe(part) for part in value), key=lambda part: json.dumps(part, sort_keys=True))
    if isinstance(value, type) or inspect.isroutine(inspect.unwrap(value) if callable(value) else value):
        return _describe_function(value)
    raise RecipeError(
        f"a manifest cannot record {type(value).__module__}.{type(value).__qualname__}.\n"
        "Parameters of stages are plain values, dataclasses, engines, prompts, paths or functions."
    )


def is_engine(value: Any) -> bool:
    """Whether this is an engine (anything with an identity that completes)."""
    return offers(value, Engine)


def engines_in(value: Any) -> Iterator[Engine]:
    """Every engine among the parameters of a stage, however deep."""
    if is_engine(value):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from engines_in(part)
    elif isinstance(value, list | tuple) and not (value and isinstance(value[0], Example)):
        for part in value:
            yield from engines_in(part)
    elif is_dataclass(value) and not isinstance(value, type | Example):
        for part in fields(value):
            yield from engines_in(getattr(value, part.name))


def differences(old: Any, new: Any, path: str = "") -> list[str]:
    """The fields in which two descriptions differ, as ``path: old → new``."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        found = []
        for name in sorted({*old, *new}):
            found += differences(old.get(name), new.get(name), f"{path}.{name}" if path else str(name))
        return found
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        return [
            line
            for position, (before, after) in enumerate(zip(old, new, strict=True), 1)
            for line in differences(before, after, f"{path}[{position}]")
        ]
    return [] if old == new else [f"{path}: {_short(old)} → {_short(new)}"]


def _describe_dataclass(value: Any) -> dict[str, Any]:
    parameters = {part.name: describe(getattr(value, part.name)) for part in fields(value) if part.init}
    return {"type": type(value).__qualname__, **parameters}


def _describe_function(value: Callable[..., Any]) -> dict[str, Any]:
    name = getattr(value, "__qualname__", type(value).__qualname__)
    holder = getattr(value, "__self__", None)
    if getattr(value, "__closure__", None) or not (holder is None or isinstance(holder, ModuleType | type)):
        raise RecipeError(
            f"a manifest cannot record {name}: it is a function that holds other values.\n"
            "Write it as a frozen dataclass with __call__, whose fields are those values."
        )
    try:
        source = inspect.getsource(value)
    except (OSError, TypeError):
        source = name
    return {"function": name, "hash": _hash(source)}


def _names(examples: Sequence[Example]) -> str:
    """What tells these examples from others: their ids may be missing, or the user's own."""
    return "\n".join(f"{one.id} {one.identified(position).id}" for position, one in enumerate(examples))


def _file_hash(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=8)
    try:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise RecipeError(f"the file {path} cannot be read: {error.strerror}.") from error
    return digest.hexdigest()


def _hash(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
