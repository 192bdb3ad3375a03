"""The methods, one a file."""

from instructgen.generators.belle import Belle
from instructgen.generators.bootstrap_instructions import BootstrapInstructions
from instructgen.generators.generate_instances import GenerateInstances
from instructgen.generators.identify_classification import IdentifyClassification
from instructgen.generators.instruct_wild import InstructWild
from instructgen.generators.respond import Respond
from instructgen.generators.self_instruct import SelfInstruct

__all__ = [
    "Belle",
    "BootstrapInstructions",
    "GenerateInstances",
    "IdentifyClassification",
    "InstructWild",
    "Respond",
    "SelfInstruct",
]
