"""The methods, one a file."""

from instructgen.generators.respond import Respond
from instructgen.generators.self_instruct import SelfInstruct

__all__ = ["Respond", "SelfInstruct"]
