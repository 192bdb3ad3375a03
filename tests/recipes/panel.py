"""A recipe with a generator of one's own that asks side by side and step by step, and names none of its calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from instructgen import Context, Engine, Example, Pipeline, Request, Sampling
from instructgen.errors import ParseError
from tests.recipes.answers import INSTRUCTIONS


@dataclass(frozen=True, slots=True)
class Panel:
    """Three voices each say something and then think it over; a voice that says little cannot be read."""

    engine: Engine

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example]:
        """One example with what the voices arrived at, joined."""
        thoughts = await asyncio.gather(*(self._voice(example, ctx, name) for name in ("first", "second", "third")))
        yield example.child("panel", output=" ".join(thoughts))

    async def _voice(self, example: Example, ctx: Context, name: str) -> str:
        sampling = Sampling(temperature=1.0, max_tokens=64)
        said = await ctx.ask(self.engine, Request.chat(f"As the {name}: {example.instruction}", sampling=sampling))
        if len(said.text) < 12:
            raise ParseError(f"the {name} voice said too little", text=said.text)
        thought = await ctx.ask(self.engine, Request.chat(f"Think again: {said.text} {name}", sampling=sampling))
        return thought.text


def recipe(teacher: Engine, *, rows: int = 40) -> Pipeline:
    """A panel on each of the first ``rows`` instructions."""
    return Pipeline([Example.root("list", instruction=text) for text in INSTRUCTIONS[:rows]], [Panel(teacher)])
