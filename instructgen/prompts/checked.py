"""Settles the prompt of a stage: its own or the packaged one, and refuses what the stage could not use."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from instructgen.errors import RecipeError
from instructgen.prompts.prompt import Prompt


def settle_prompt(
    stage: Any, packaged: str, *, needed: Collection[str], known: Collection[str] = (), field: str = "prompt"
) -> None:
    """Give a frozen stage the packaged prompt of its language where it has none of its own, and check it.

    It is set, so that the manifest records the text and not that there was no choice.

    Args:
        stage: a dataclass with ``language`` and the prompt's field, which is None or a Prompt.
        packaged: the name of the packaged prompt.
        needed: the slots without which each request would be the same.
        known: the other slots that the stage fills.
        field: where the prompt is.

    Raises:
        RecipeError: a slot that is needed is missing, or there is one that the stage does not fill.
    """
    if getattr(stage, field) is None:
        object.__setattr__(stage, field, Prompt.load(packaged, language=stage.language))
    name = type(stage).__name__
    check_prompt(getattr(stage, field), name if field == "prompt" else f"{name}({field}=…)", needed=needed, known=known)


def check_prompt(prompt: Prompt, stage: str, *, needed: Collection[str], known: Collection[str] = ()) -> None:
    """Refuse a prompt that a stage could not use: one without a slot asks the same thing for ever.

    Raises:
        RecipeError: a slot that is needed is missing, or there is one that the stage does not fill.
    """
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
