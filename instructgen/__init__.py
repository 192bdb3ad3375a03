"""Synthetic instruction data for fine-tuning language models: deterministic, replayable, nothing bought twice."""

from instructgen.contracts import (
    Check,
    Completion,
    Context,
    Engine,
    Failed,
    Generator,
    Limits,
    Price,
    Reject,
    Rejected,
    Request,
    Sampling,
    Select,
    Source,
    Usage,
)
from instructgen.engines import OpenAI, Recorded, Scripted, engine
from instructgen.example import Candidate, Example, Message
from instructgen.filters import Filter, Keywords, Length, Opening, RougeNovelty
from instructgen.generators import Respond, SelfInstruct
from instructgen.prompts import Prompt
from instructgen.runtime.breaker import Breaker
from instructgen.runtime.budget import Budget
from instructgen.runtime.pipeline import Pipeline, Step
from instructgen.runtime.run import Run
from instructgen.seeds import read_seeds, seeds
from instructgen.selects import Best, Shuffle
from instructgen.sources import Examples, File

__all__ = [
    "Best",
    "Breaker",
    "Budget",
    "Candidate",
    "Check",
    "Completion",
    "Context",
    "Engine",
    "Example",
    "Examples",
    "Failed",
    "File",
    "Filter",
    "Generator",
    "Keywords",
    "Length",
    "Limits",
    "Message",
    "OpenAI",
    "Opening",
    "Pipeline",
    "Price",
    "Prompt",
    "Recorded",
    "Reject",
    "Rejected",
    "Request",
    "Respond",
    "RougeNovelty",
    "Run",
    "Sampling",
    "Scripted",
    "Select",
    "SelfInstruct",
    "Shuffle",
    "Source",
    "Step",
    "Usage",
    "engine",
    "read_seeds",
    "seeds",
]
