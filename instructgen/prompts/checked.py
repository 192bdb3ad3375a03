"""Refuses a prompt that a stage could not use, before the run: one without a slot asks the same thing for ever."""

from __future__ import annotations

from collections.abc import Collection

from instructgen.errors import RecipeError
from instructgen.prompts.prompt import Prompt


def checked_prompt(prompt: object, stage: str, *, needed: Collection[str], known: Collection[str] = ()) -> Prompt:
    """The prompt, if a stage can use it.

    Args:
        prompt: what the stage was given.
        stage: its name, for messages.
        needed: the slots without which each request would be the same.
        known: the other slots that the stage fills.

    Raises:
        RecipeError: it is no prompt, a slot that is needed is missing, or there is one that the stage does not fill.
    """
    if not isinstance(prompt, Prompt):
        raise RecipeError(
            f"the prompt of {stage} is a {type(prompt).__name__}.\n"
            "Make it a Prompt: Prompt(text), or Prompt.from_file(path)."
        )
    name = f"the prompt {prompt.name!r}" if prompt.name else "the prompt"
    if missing := [slot for slot in needed if slot not in prompt.slots]:
        slots = " and ".join(f"{{{slot}}}" for slot in missing)
        raise RecipeError(
            f"{name} of {stage} has no slot {slots}, so that every request would be the same.\nPut it in."
        )
    if unknown := [slot for slot in prompt.slots if slot not in (*needed, *known)]:
        filled = ", ".join((*needed, *known))
        raise RecipeError(
            f"{name} of {stage} has a slot {{{unknown[0]}}}, which is never filled; {stage} fills: {filled}.\n"
            "Take it out, or write {{ and }} for braces of the text."
        )
    return prompt
