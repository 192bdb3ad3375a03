"""Finds an example in a run and tells where it came from, from the run's rows and the recorded completions."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from instructgen.engines.recorded import read_recording
from instructgen.errors import RecipeError
from instructgen.recording import Record
from instructgen.runtime.run import Run
from instructgen.runtime.store import stored_rows

_KINDS = {"data.jsonl": "kept", "rejected.jsonl": "rejected", "failed.jsonl": "failed"}


def find(run: Run, wanted: str) -> tuple[dict[str, Any], str]:
    """The row whose id, or an ancestor's, begins so; and whether it was kept, rejected or failed.

    Raises:
        RecipeError: there is none, or several.
    """
    found: dict[str, tuple[dict[str, Any], str]] = {}
    inherited: dict[str, tuple[dict[str, Any], str]] = {}
    for name, kind in _KINDS.items():
        for row in run.rows(name):
            if row["id"].startswith(wanted):
                found.setdefault(row["id"], (row, kind))
            elif any(step["id"].startswith(wanted) for step in row["ancestors"]):
                inherited.setdefault(row["id"], (row, kind))
    matches = list((found or inherited).values())
    if not matches:
        raise RecipeError(f"{run.path} holds no example {wanted}. `instructgen show {run.path}` lists some.")
    if len(found) > 1:
        raise RecipeError(f"{wanted} is the beginning of {len(found)} ids; write more of it.")
    return matches[0]


def content(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What an example says, by name and in the order of the conversation: system, the turns so far, fields, meta."""
    if row["system"]:
        yield "system", row["system"]
    for turn in row["history"]:
        yield turn["role"], turn["content"]
    for name in ("instruction", "input", "output"):
        yield name, row[name]
    if row["meta"] != "{}":
        yield "meta", row["meta"]


def lineage_lines(run: Run, row: dict[str, Any], store: Path | None = None) -> Iterator[str]:
    """Every step from the first ancestor to the example itself, each with its prompts and raw completions."""
    steps = [*row["ancestors"], row]
    records = _records(run, [call for step in steps for call in step["calls"]], store)
    for step in steps:
        yield f"── {step['by'] or 'source'}  {step['id']}"
        if step["parents"]:
            # The parents of the first step are what its prompt showed; those of the others, the step before.
            yield f"   {'shown' if step is steps[0] else 'from'}: {', '.join(step['parents'])}"
        for call in step["calls"]:
            yield from _call_lines(call, records.get(call))
    yield "── result"
    for name, text in content(row):
        yield f"   {name}: {_indented(text)}"


def run_records(run: Run, store: Path | None = None) -> list[Record]:
    """The recorded completions that a run was made from: those its rows name, in that order, then those it names.

    Raises:
        RecipeError: some are neither in the store nor in a recording any more.
    """
    calls: dict[str, None] = {}
    for name in _KINDS:
        for row in run.rows(name):
            for step in (*row["ancestors"], row):
                calls.update(dict.fromkeys(step["calls"]))
    calls.update(dict.fromkeys(run.manifest.get("further_calls", ())))
    records = _records(run, list(calls), store)
    missing = [call for call in calls if call not in records]
    if missing:
        raise RecipeError(
            f"{len(missing)} of the {len(calls)} completions of {run.path} are not in its store any more "
            f"({run.telemetry['store']}).\nRun the recipe again, or name the store that has them: --store FILE."
        )
    return [records[call] for call in calls]


def _records(run: Run, calls: list[str], store: Path | None) -> dict[str, Record]:
    found = {row.key: row for row in stored_rows(store or Path(run.telemetry["store"]), calls)}
    for path in run.telemetry["recordings"]:
        for row in read_recording(Path(path)):
            found.setdefault(row.key, row)
    return found


def _call_lines(call: str, record: Record | None) -> Iterator[str]:
    if record is None:
        yield f"   call {call}: not in the store any more"
        return
    usage = record.completion.usage
    tokens = "" if usage.completion is None else f", {usage.prompt} + {usage.completion} tokens"
    yield f"   call {call}: {record.engine}, draw {record.draw}, finish {record.completion.finish}{tokens}"
    for turn in record.request.messages:
        yield f"   {turn.role}: {_indented(turn.content)}"
    if record.request.text is not None:
        yield f"   text: {_indented(record.request.text)}"
    yield f"   completion: {_indented(record.completion.text)}"


def _indented(text: str) -> str:
    return text.replace("\n", "\n     │ ")
