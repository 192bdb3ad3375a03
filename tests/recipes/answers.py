"""A recipe without a growing pool: a fixed list of instructions, one answer each."""

from __future__ import annotations

from instructgen import Engine, Example, Pipeline, Respond, Sampling

INSTRUCTIONS = [f"Say something about the number {number}, please." for number in range(200)]


def recipe(teacher: Engine, *, rows: int = 20, temperature: float = 0.7) -> Pipeline:
    """One answer to each of the first ``rows`` instructions."""
    source = [Example.root("list", instruction=instruction) for instruction in INSTRUCTIONS[:rows]]
    return Pipeline(source, [Respond(teacher, sampling=Sampling(temperature=temperature, max_tokens=64))])
