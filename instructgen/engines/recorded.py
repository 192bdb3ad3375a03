"""A recording played as an engine: the same completions, offline, with no key and no GPU."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

from instructgen.contracts import Completion, Limits, Request
from instructgen.errors import EngineError, RecipeError
from instructgen.recording import Record, recorded_from_json


@dataclass(frozen=True)
class Recorded:
    """Plays the model whose completions a JSONL recording holds (``instructgen record`` writes one).

    The gateway looks a request up by its key; what is not recorded is not answered: the run ends before it and says
    what is missing.

    Attributes:
        path: the recording.
        model: the identity to play; needed when the recording holds several, or none yet.
    """

    path: Path
    model: str | None = None
    _rows: dict[str, Record] = field(init=False, repr=False, compare=False, default_factory=dict)

    @property
    def identity(self) -> str:
        """The identity of the engine that was recorded.

        Raises:
            RecipeError: the recording cannot be read, or holds several identities and ``model`` names none of them.
        """
        if self.model is not None:
            return self.model
        names = sorted({row.engine for row in self._loaded().values()})
        if len(names) == 1:
            return names[0]
        raise RecipeError(
            f"the recording {self.path} holds completions of {', '.join(names) or 'no engine'}.\n"
            "Name one of them: recorded/PATH#IDENTITY."
        )

    @property
    def limits(self) -> Limits:
        """Lookups have no limits worth the name."""
        return Limits()

    def recall(self, key: str) -> Completion | None:
        """The completion recorded under this key, or None."""
        row = self._loaded().get(key)
        return None if row is None else row.completion

    async def complete(self, request: Request) -> Completion:
        """Never answers: what is recorded is looked up by key.

        Raises:
            EngineError: always.
        """
        raise EngineError(f"this request is not in the recording {self.path}")

    def _loaded(self) -> dict[str, Record]:
        if not self._rows:
            self._rows.update((row.key, row) for row in read_recording(self.path))
        return self._rows


def read_recording(path: Path) -> list[Record]:
    """The rows of a recording.

    Raises:
        RecipeError: the file cannot be read, or a line of it is no recorded completion (with the line's number).
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise RecipeError(f"the recording {path} cannot be read: {error.strerror}.") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(recorded_from_json(json.loads(line)))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise RecipeError(
                    f"{path}, line {number} is no recorded completion: {error!r}.\n"
                    "Restore the file, or write it anew with `instructgen record`."
                ) from error
    return rows
