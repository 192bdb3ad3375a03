"""Synthetic instruction data for fine-tuning language models: deterministic, replayable, nothing bought twice."""

from instructgen.contracts import (
    Check,
    Completion,
    Context,
    Engine,
    Engines,
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
from instructgen.filters import (
    BelleLength,
    Consistency,
    Filter,
    FirstCharacter,
    Keywords,
    Length,
    OpeningPhrase,
    Refusal,
    RougeNovelty,
    Scaffold,
    Truncated,
)
from instructgen.generators import (
    Belle,
    BootstrapInstructions,
    GenerateInstances,
    IdentifyClassification,
    InstructWild,
    Respond,
    SelfInstruct,
)
from instructgen.prompts import Prompt
from instructgen.runtime.breaker import Breaker
from instructgen.runtime.budget import Budget
from instructgen.runtime.pipeline import Pipeline, Step
from instructgen.runtime.run import Run
from instructgen.seeds import read_seeds, seeds
from instructgen.selects import Best, Shuffle
from instructgen.sources import Examples, File

__all__ = [
    "Belle",
    "BelleLength",
    "Best",
    "BootstrapInstructions",
    "Breaker",
    "Budget",
    "Candidate",
    "Check",
    "Completion",
    "Consistency",
    "Context",
    "Engine",
    "Engines",
    "Example",
    "Examples",
    "Failed",
    "File",
    "Filter",
    "FirstCharacter",
    "GenerateInstances",
    "Generator",
    "IdentifyClassification",
    "InstructWild",
    "Keywords",
    "Length",
    "Limits",
    "Message",
    "OpenAI",
    "OpeningPhrase",
    "Pipeline",
    "Price",
    "Prompt",
    "Recorded",
    "Refusal",
    "Reject",
    "Rejected",
    "Request",
    "Respond",
    "RougeNovelty",
    "Run",
    "Sampling",
    "Scaffold",
    "Scripted",
    "Select",
    "SelfInstruct",
    "Shuffle",
    "Source",
    "Step",
    "Truncated",
    "Usage",
    "engine",
    "read_seeds",
    "seeds",
]
