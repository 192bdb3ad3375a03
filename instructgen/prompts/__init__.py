"""The prompts every method sends: the texts (``<language>/<method>/<name>.txt``) and the strict way they are filled."""

from instructgen.prompts.prompt import Prompt

__all__ = ["Prompt"]
