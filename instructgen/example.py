"""What flows through a pipeline: the Example, frozen, with its lineage."""

from __future__ import annotations

import hashlib
import json
import reprlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from instructgen.errors import RecipeError

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """One of several outputs for the same instruction, with the model that wrote it and its score, if it was scored."""

    output: str
    model: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Ancestor:
    """The lineage of an example that was changed into this one: enough to find its prompts and completions again."""

    id: str
    by: str
    parents: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Example:
    """One instruction with its input and output, and where it came from.

    ``scores`` and ``meta`` hold JSON values and are never modified in place: a changed example is a child.

    Attributes:
        instruction: the task, as a person would ask it.
        input: the material the task works on; empty when it needs none.
        output: the answer a model is trained to give; empty until there is one.
        system: the system message, if any.
        history: earlier turns of the conversation, oldest first.
        candidates: several outputs, when more than one was asked for.
        scores: numbers given by judges and measures, by name.
        meta: whatever else is worth keeping.
        id: 16 hexadecimal digits, a hash of ``by``, the parents' ids, the child index and the content.
        by: the stage that made it, such as ``self_instruct``.
        parents: ids of the examples it was made from.
        calls: keys of the completions it was read from.
        ancestors: lineage of the examples it replaced, oldest first.
    """

    instruction: str
    input: str = ""
    output: str = ""
    system: str = ""
    history: tuple[Message, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    scores: Mapping[str, float] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""
    by: str = ""
    parents: tuple[str, ...] = ()
    calls: tuple[str, ...] = ()
    ancestors: tuple[Ancestor, ...] = ()

    def __post_init__(self) -> None:
        texts = (self.instruction, self.input, self.output, self.system)
        if not all(isinstance(text, str) for text in texts):
            wrong = next(name for name, text in zip(_TEXTS, texts, strict=True) if not isinstance(text, str))
            raise RecipeError(
                f"Example({wrong}={reprlib.repr(getattr(self, wrong))}) is no text.\n"
                f"Write str(…), or leave out what there is not: a field without a text is an empty one."
            )

    @classmethod
    def root(
        cls, by: str, *, index: int = 0, parents: Iterable[str] = (), calls: Iterable[str] = (), **content: Any
    ) -> Example:
        """An example that begins a lineage. ``index`` tells apart roots of equal content (a row number, say)."""
        parents = tuple(parents)
        hashed = {name: content.get(name, default) for name, default in _CONTENT.items()}
        return cls(id=_digest(by, parents, index, **hashed), by=by, parents=parents, calls=tuple(calls), **content)

    def child(self, by: str, *, calls: Iterable[str] = (), index: int = 0, **changes: Any) -> Example:
        """A new example made from this one by the stage ``by``, with the named fields changed.

        Args:
            by: the stage and operator, such as ``evol/deepen``.
            calls: keys of the completions the change was read from.
            index: tells apart children of equal content.
            **changes: fields of the content (``instruction=…``, ``output=…``, ``scores=…``) to replace.
        """
        step = Ancestor(self.id, self.by, self.parents, self.calls)
        content = {name: changes.get(name, getattr(self, name)) for name in _CONTENT}
        return replace(
            self,
            id=_digest(by, (self.id,), index, **content),
            by=by,
            parents=(self.id,),
            calls=tuple(calls),
            ancestors=(*self.ancestors, step),
            **changes,
        )

    def identified(self, index: int = 0) -> Example:
        """This example with its ``id`` computed for the child index ``index``."""
        content = {name: getattr(self, name) for name in _CONTENT}
        return replace(self, id=_digest(self.by, self.parents, index, **content))


def identified(examples: Iterable[Example]) -> tuple[Example, ...]:
    """The examples, each with an id: what is shown to a model or evolved must be found again."""
    return tuple(one if one.id else one.identified(position) for position, one in enumerate(examples))


_TEXTS = ("instruction", "input", "output", "system")
_CONTENT: dict[str, Any] = {
    "instruction": "",
    "input": "",
    "output": "",
    "system": "",
    "history": (),
    "candidates": (),
}


def _digest(
    by: str,
    parents: tuple[str, ...],
    index: int,
    *,
    instruction: str,
    input: str,
    output: str,
    system: str,
    history: tuple[Message, ...],
    candidates: tuple[Candidate, ...],
) -> str:
    """The id of an example: nothing in it depends on scores, meta or the completions it was read from."""
    content = [
        by,
        parents,
        index,
        [instruction, input, output, system],
        [[turn.role, turn.content] for turn in history],
        [[candidate.output, candidate.model] for candidate in candidates],
    ]
    return hashlib.blake2b(json.dumps(content).encode("ascii"), digest_size=8).hexdigest()
