"""What a run would ask next and what that would cost, without asking anything."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Any, cast

from instructgen.contracts import Engine
from instructgen.recording import Record
from instructgen.runtime.budget import dollars
from instructgen.runtime.describe import engines_in
from instructgen.runtime.pipeline import Pipeline, default_store
from instructgen.runtime.plan import is_generator
from instructgen.runtime.tokens import TokenCounter

_BYTES_PER_TOKEN = 4
_ROW_OVERHEAD = 600  # bytes of keys, ids and lineage in a row of the store or of data.jsonl


@dataclass(frozen=True, slots=True)
class DryRun:
    """The next requests of a recipe and their size.

    Attributes:
        prompts: the first rendered prompts, at most three.
        requests: requests that can be sent before any other is answered.
        at_least: requests the whole run needs if nothing is rejected; None when that cannot be told.
        prompt_tokens: of ``requests``, counted as ``counted_by`` says.
        completion_tokens: the most ``requests`` can answer; None when some have no max_tokens.
        usd: the most ``requests`` can cost; None when a price or a bound is unknown.
        disk: bytes that ``requests`` and their answers take at most; None like the tokens.
        counted_by: the tokenizer, or the estimate that stood in for it.
    """

    prompts: list[str]
    requests: int
    at_least: int | None
    prompt_tokens: int
    completion_tokens: int | None
    usd: float | None
    disk: int | None
    counted_by: str

    def __str__(self) -> str:
        lines = []
        for number, prompt in enumerate(self.prompts, 1):
            lines += [f"── prompt {number} of {self.requests}", prompt]
        completion = "unknown" if self.completion_tokens is None else f"at most {self.completion_tokens:,}"
        disk = "unknown" if self.disk is None else f"at most {self.disk / 1e6:.1f} MB"
        lines += [
            "── what comes next",
            f"requests that wait for nothing else: {self.requests:,} (a small limit sends only the first of them)",
            f"requests in all: {'unknown' if self.at_least is None else f'at least {self.at_least:,}'}",
            f"prompt tokens of these: about {self.prompt_tokens:,} (by {self.counted_by})",
            f"completion tokens of these: {completion}",
            f"cost of these: {'unknown' if self.usd is None else f'at most ${self.usd:.4f}'}",
            f"disk for these: {disk}",
        ]
        return "\n".join(lines)


def dry_run(pipeline: Pipeline, *, limit: int | None = None, seed: int = 0, store: str | Path | None = None) -> DryRun:
    """Replay what is recorded and describe what would be asked next. Nothing is sent, nothing is recorded.

    Args:
        pipeline: the recipe.
        limit: as in ``run``.
        seed: as in ``run``.
        store: as in ``run``.
    """
    waiting = pipeline.pending(limit=limit, seed=seed, store=store or default_store())
    engines = {engine.identity: engine for engine in engines_in([pipeline.source, *pipeline.steps])}
    counter = TokenCounter(waiting[0].engine.partition("/")[2] if waiting else "")
    prompt_tokens = sum(counter.count(row.request) for row in waiting)
    bounds = [row.request.sampling.max_tokens for row in waiting]
    known = [bound for bound in bounds if bound is not None]
    completion_tokens = sum(known) if len(known) == len(bounds) else None
    return DryRun(
        prompts=[_prompt(row) for row in waiting[:3]],
        requests=len(waiting),
        at_least=_at_least(pipeline, limit),
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        usd=_cost(waiting, engines, counter),
        disk=None
        if completion_tokens is None
        else (prompt_tokens + 2 * completion_tokens) * _BYTES_PER_TOKEN + 2 * _ROW_OVERHEAD * len(waiting),
        counted_by=counter.name,
    )


def _prompt(row: Record) -> str:
    if row.request.text is not None:
        return row.request.text
    return "\n".join(f"{turn.role}: {turn.content}" for turn in row.request.messages)


def _cost(waiting: list[Record], engines: dict[str, Engine], counter: TokenCounter) -> float | None:
    total = 0.0
    for row in waiting:
        most = row.request.sampling.max_tokens
        cost = None if most is None else dollars(engines[row.engine], counter.count(row.request), most)
        if cost is None:
            return None
        total += cost
    return total


def _at_least(pipeline: Pipeline, limit: int | None) -> int | None:
    """A floor for the whole run, from its end to its beginning.

    Stages may say how many examples one request can give (``per_request``), and one example become (``per_example``).
    """
    if limit is None:
        return None
    total, needed = 0, cast("int | None", limit)
    stages: list[Any] = [pipeline.source, *pipeline.steps]
    for stage in reversed(stages):
        if any(True for _ in engines_in([stage])):
            per_request = getattr(stage, "per_request", None)
            if per_request is None or needed is None:
                return None
            total += ceil(needed / per_request)
        if is_generator(stage) and needed is not None:
            per_example = getattr(stage, "per_example", None)
            needed = None if per_example is None else ceil(needed / per_example)
    return total
