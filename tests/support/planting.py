"""Planted flaws: whether every round of an evolution came out as the scripted teacher made it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from instructgen.example import Example
from instructgen.runtime.run import Run


def assert_as_planted(result: Run, log: Sequence[tuple[str, str]], codes: Mapping[str, str]) -> list[Example]:
    """Compare the rounds of a run with what was planted, prompt by prompt; returns the kept rows.

    Args:
        result: the run.
        log: for every rewriting that was asked for, the prompt before and the kind of what came.
        codes: the code that each kind must be rejected with; empty for none. Each kind must have come up.
    """
    kept, rejected = list(result), list(result.rejected())
    made = Counter((row.meta["evolved_from"], "") for row in kept if row.meta["round"])
    made.update((row.example.meta["evolved_from"], row.reject.code) for row in rejected)
    assert made == Counter((before, codes[kind]) for before, kind in log)
    assert {kind for _, kind in log} == set(codes)
    assert result.reasons == Counter(codes[kind] for _, kind in log if codes[kind])
    return kept
