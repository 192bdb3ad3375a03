"""A finished run: what its directory holds, shown as a table, read as examples, exported."""

from __future__ import annotations

import hashlib
import html
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from instructgen.contracts import Reject, Rejected
from instructgen.errors import RecipeError, StoreError
from instructgen.example import Example
from instructgen.formats import write_examples
from instructgen.formats.rows import example_from_row
from instructgen.runtime.directory import DATA, FAILED, MANIFEST, REJECTED, TELEMETRY


class Run:
    """One run directory, read-only. Iterating gives the kept examples, in order.

    Attributes:
        path: the directory.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """What was made: the recipe, the counts, the hashes of the files.

        Raises:
            RecipeError: the directory holds no run, or one that never came to an end.
        """
        manifest = self._json(MANIFEST)
        if "counts" not in manifest:
            raise RecipeError(
                f"the run in {self.path} is still under way, or was killed; the same command that began it finishes it."
            )
        return manifest

    @cached_property
    def telemetry(self) -> Mapping[str, Any]:
        """What was done to make it: time, calls, tokens, dollars."""
        return self._json(TELEMETRY)

    @property
    def complete(self) -> bool:
        """Whether nothing failed and nothing was cut short."""
        return bool(self.manifest["complete"])

    @property
    def counts(self) -> Mapping[str, int]:
        """How many examples came from the source, were born, expanded, kept, rejected and failed."""
        counts: Mapping[str, int] = self.manifest["counts"]
        return counts

    @property
    def reasons(self) -> Mapping[str, int]:
        """Rejected examples by reason, most frequent first."""
        reasons: dict[str, int] = {}
        for stage in self.manifest["stages"]:
            for code, count in stage["rejected"].items():
                reasons[code] = reasons.get(code, 0) + count
        return dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])))

    def __len__(self) -> int:
        return self.counts["kept"]

    def __iter__(self) -> Iterator[Example]:
        for row in self.rows(DATA):
            yield example_from_row(row)

    def rejected(self) -> Iterator[Rejected]:
        """The rejected examples with their reasons, in order."""
        for row in self.rows(REJECTED):
            why = row["reject"]
            value, limit = _number(why["value"]), _number(why["limit"])
            reject = Reject(why["code"], value, limit, why["neighbour"], why["detail"])
            yield Rejected(example_from_row(row), reject)

    def failed(self) -> Iterator[tuple[Example, str]]:
        """The failed examples, each with its error's message, in order."""
        for row in self.rows(FAILED):
            yield example_from_row(row), f"{row['error']['type']}: {row['error']['message']}"

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The raw rows of one file of the directory.

        Raises:
            StoreError: the file is not the one that the manifest tells of.
        """
        told = self.manifest["files"][name]["sha256"]
        try:
            with (self.path / name).open("rb") as file:
                if hashlib.file_digest(file, "sha256").hexdigest() != told:
                    raise self._altered(name)
                file.seek(0)
                for line in file:
                    yield json.loads(line)
        except OSError as error:
            raise self._altered(name) from error

    def export(self, format: str, path: str | Path) -> int:
        """Write the kept examples in a format that trainers read; returns the number of rows.

        Raises:
            RecipeError: there is no such format.
        """
        return write_examples(self, format, Path(path))

    @property
    def failures(self) -> Mapping[str, int]:
        """Failed examples by the kind of error, most frequent first."""
        if not self.counts["failed"]:
            return {}
        return dict(Counter(row["error"]["type"] for row in self.rows(FAILED)).most_common())

    def _altered(self, name: str) -> StoreError:
        return StoreError(
            f"{self.path / name} is missing, or is not what {MANIFEST} tells of.\n"
            "Run the recipe into this directory again: what is recorded costs nothing, and the file is written anew."
        )

    def __str__(self) -> str:
        counts = self.counts
        lines = [
            f"{self.path}: {counts['kept']} kept, {counts['rejected']} rejected, {counts['failed']} failed"
            + ("" if self.complete else " (partial)" if self.manifest["partial"] else " (incomplete)")
        ]
        lines += [f"  {count:6}  {code}" for code, count in self.reasons.items()]
        lines += [f"  {count:6}  {name} (failed)" for name, count in self.failures.items()]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"Run({str(self.path)!r})"

    def _repr_html_(self) -> str:
        """At most 20 rows, every text escaped and cut: model output is not to be trusted with a page."""
        rows = []
        for position, example in enumerate(self):
            if position == 20:
                break
            cells = (example.instruction, example.input, example.output)
            rows.append("<tr>" + "".join(f"<td>{html.escape(text[:300])}</td>" for text in cells) + "</tr>")
        head = html.escape(str(self).splitlines()[0])
        return f"<p>{head}</p><table><tr><th>instruction</th><th>input</th><th>output</th></tr>{''.join(rows)}</table>"

    def _json(self, name: str) -> dict[str, Any]:
        try:
            data = json.loads((self.path / name).read_bytes())
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else error
            raise RecipeError(f"{self.path} holds no finished run: {name} cannot be read ({why}).") from error
        if not isinstance(data, dict):
            raise RecipeError(f"{self.path} holds no finished run: {name} is damaged (it is no JSON object).")
        return data


def _number(text: str | None) -> float | str | None:
    """What was measured, which the file holds as text, whatever it was."""
    try:
        return None if text is None else float(text)
    except ValueError:
        return text
