"""Engines: a model behind an endpoint, a function or a recording that plays one, and the strings that name them."""

from instructgen.engines.openai import OpenAI
from instructgen.engines.recorded import Recorded
from instructgen.engines.scripted import Scripted
from instructgen.engines.spec import engine

__all__ = ["OpenAI", "Recorded", "Scripted", "engine"]
