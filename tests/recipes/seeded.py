"""A recipe that reads its seeds from a file of the user's."""

from __future__ import annotations

from pathlib import Path

from instructgen import Engine, Pipeline, Respond, Sampling, read_seeds


def recipe(teacher: Engine, *, seeds: Path) -> Pipeline:
    """One answer to each of one's own seeds."""
    return Pipeline(read_seeds(seeds), [Respond(teacher, sampling=Sampling(temperature=0.7, max_tokens=64))])
