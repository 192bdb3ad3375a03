"""Engines as strings, for command lines and configuration: ``openai/NAME``, ``openai/NAME@URL``, ``recorded/PATH``."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from instructgen.contracts import Engine
from instructgen.errors import RecipeError

FORMS = """openai/NAME              a model of api.openai.com, or of OPENAI_BASE_URL where that is set
openai/NAME@URL          a model of another OpenAI-compatible server, such as openai/NAME@http://127.0.0.1:8000/v1
openai/NAME#REVISION     either of these, with a revision that becomes part of the identity
recorded/PATH            recorded completions, offline
recorded/PATH#IDENTITY   the same, where a recording holds several models"""


def engine(spec: str, **options: Any) -> Engine:
    """The engine that a string names.

    Args:
        spec: one of

            - ``openai/NAME``: the model NAME (slashes allowed) of api.openai.com, or of ``OPENAI_BASE_URL``;
            - ``openai/NAME@URL``: of the OpenAI-compatible server at URL, which is what follows the last ``@`` before
              ``http://`` or ``https://``;
            - ``openai/NAME#REVISION`` and ``openai/NAME#REVISION@URL``: with a revision;
            - ``recorded/PATH`` and ``recorded/PATH#IDENTITY``: a recording, split at the first ``#``.
        **options: further arguments of the engine, such as ``limits``.

    Raises:
        RecipeError: the string names no engine, or the engine does not take an option.
    """
    kind, slash, rest = spec.strip().partition("/")
    if not slash or kind not in MAKERS:
        raise RecipeError(_unknown(spec.strip()))
    if not rest:
        raise RecipeError(f"the engine {spec!r} names nothing after the slash. An engine is one of\n{FORMS}")
    return MAKERS[kind](rest, options)


def _openai(rest: str, options: dict[str, Any]) -> Engine:
    from instructgen.engines.openai import OpenAI

    at = [match.start() for match in re.finditer("@(?=https?://)", rest)]
    if at:
        options["base_url"] = rest[at[-1] + 1 :]
        rest = rest[: at[-1]]
    elif meant := re.search(r"@(?=[a-z]+://|localhost\b|[^/@\s]+:\d+|[^/@\s]+\.[a-z]+/)(.+)", rest, re.IGNORECASE):
        # As a model name it would send prompts and key to the default server.
        raise RecipeError(
            f"the address in openai/{rest} does not begin with http:// or https://.\n"
            f"Did you mean openai/{rest[: meant.start()]}@http://{meant[1].rpartition('://')[2]}?"
        )
    name, mark, revision = rest.partition("#")
    if mark:
        options["revision"] = revision
    return OpenAI(name, **_taken("openai", OpenAI, options))


def _recorded(rest: str, options: dict[str, Any]) -> Engine:
    from instructgen.engines.recorded import Recorded

    options.pop("limits", None)
    _taken("recorded", None, options)
    path, _, identity = rest.partition("#")
    return Recorded(Path(path), identity or None)


def _vllm(rest: str, options: dict[str, Any]) -> Engine:
    raise RecipeError(
        "this version cannot run vLLM in its own process.\n"
        f"Start a server (vllm serve {rest}) and name it: openai/{rest}@http://127.0.0.1:8000/v1"
    )


MAKERS: dict[str, Callable[[str, dict[str, Any]], Engine]] = {"openai": _openai, "recorded": _recorded, "vllm": _vllm}


def _taken(kind: str, maker: Callable[..., Engine] | None, options: dict[str, Any]) -> dict[str, Any]:
    """The options, once each of them is known to be one of the engine's."""
    known = set(inspect.signature(maker).parameters) if maker else set()
    unknown = sorted(set(options) - known)
    if unknown:
        raise RecipeError(f"the engine {kind}/ takes no option {', '.join(unknown)}.")
    return options


def _unknown(spec: str) -> str:
    kind, _, rest = spec.partition("/")
    colon, _, name = spec.partition(":")
    if spec.startswith(("http://", "https://")):
        guess = f"openai/NAME@{spec}"
    elif colon in MAKERS and name and not name.startswith("//"):
        guess = f"{colon}/{name}"
    elif close := difflib.get_close_matches(kind.lower(), MAKERS, n=1):
        guess = f"{close[0]}/{rest or 'NAME'}"
    else:
        guess = f"recorded/{spec}" if spec.endswith(".jsonl") else f"openai/{spec or 'NAME'}"
    return f"no engine is called {spec!r}; did you mean {guess}? An engine is one of\n{FORMS}"
