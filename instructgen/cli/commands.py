"""The commands, one function each: takes the parsed options, prints, returns the exit code."""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections.abc import Iterable
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from instructgen.cli import recipes
from instructgen.cli.lineage import content, find, lineage_lines, run_records
from instructgen.cli.text import clean, plural, shorten
from instructgen.contracts import Completion
from instructgen.errors import RecipeError, StoreError
from instructgen.example import Example
from instructgen.formats.reading import read_examples
from instructgen.recording import Record, recorded_json
from instructgen.report import groups
from instructgen.runtime.budget import Budget
from instructgen.runtime.dry_run import dry_run
from instructgen.runtime.pipeline import Pipeline, default_store
from instructgen.runtime.run import Run
from instructgen.runtime.store import stored_rows
from instructgen.runtime.tokens import estimated_example_tokens

_TRAINER_LIMITS = (1024, 2048, 4096)  # tokens; the defaults of common trainers


def run(options: argparse.Namespace) -> int:
    """``instructgen run``: exit code 3 when some examples failed."""
    pipeline = _extending(recipes.build(options.function, options), options)
    out = options.out or Path("runs") / options.recipe.stem
    if options.dry_run:
        print(clean(str(dry_run(pipeline, limit=options.limit, seed=options.seed, store=options.store))))
        return 0
    shard, shards = _shard(options.shard)
    result = pipeline.run(
        out,
        limit=options.limit,
        seed=options.seed,
        patience=options.patience,
        budget=Budget(options.budget_requests, options.budget_tokens, options.budget_usd),
        store=options.store,
        fresh=options.fresh,
        shard=shard,
        shards=shards,
        progress=options.progress,
    )
    calls = result.telemetry["calls"]
    print(clean(str(result)))
    retries = f", {plural(calls['retries'], 'further attempt')}" if calls["retries"] else ""
    print(f"  calls: {calls['new']} new, {calls['replayed']} replayed{retries}")
    if options.limit is not None and len(result) < options.limit:
        print(f"  the source ended before {options.limit} examples were kept")
    if result.complete:
        return 0
    print(
        f"{plural(result.counts['failed'], 'example')} failed (instructgen show {shlex.quote(str(out))} --failed); "
        "the same command asks for those again.",
        file=sys.stderr,
    )
    return 3


def pending(options: argparse.Namespace) -> int:
    """``instructgen pending``: write what is asked, or record what was answered elsewhere."""
    pipeline = _extending(recipes.build(options.function, options), options)
    waiting = pipeline.pending(seed=options.seed, store=options.store)
    if options.take is not None:
        answers = _answers(options.take, {row.key: row for row in waiting}, options.store or default_store())
        waiting = pipeline.pending(seed=options.seed, store=options.store, take=answers)
        print(f"took {plural(len(answers), 'answer')}; {plural(len(waiting), 'request')} pending.")
        return 0
    lines = "".join(
        json.dumps(
            {name: part for name, part in recorded_json(row).items() if name != "completion"}, ensure_ascii=False
        )
        + "\n"
        for row in waiting
    )
    if options.write is None:
        sys.stdout.write(lines)
    else:
        _write(options.write, lines)
        print(f"{plural(len(waiting), 'request')} pending, written to {options.write}.")
    return 0


def show(options: argparse.Namespace) -> int:
    """``instructgen show``: the counts, the stages, and a few examples."""
    result = Run(options.run)
    print(clean(str(result)))
    for stage in result.manifest.get("stages", ()):
        print(f"  {stage['stage']:20} in {stage['in']:6}  out {stage['out']:6}  failed {stage['failed']}")
    if options.by:
        print("\n".join(clean(line) for line in _grouped(result, options.by)))
    rows = result.rows("failed.jsonl" if options.failed else "rejected.jsonl" if options.rejected else "data.jsonl")
    for row in islice(rows, options.n):
        print(clean(f"\n{row['id']}  by {row['by']}"))
        if options.rejected:
            print(f"  rejected: {_reason(row['reject'])}")
        if options.failed:
            print(shorten(clean(f"  failed: {row['error']['type']}: {row['error']['message']}"), 500))
        for name, text in content(row):
            if text:
                print(f"  {name}: {shorten(clean(text), 500)}")
    return 0


def _grouped(result: Run, field: str) -> list[str]:
    """A table of the run's examples by a field of their meta."""
    found = groups(result, field)
    if all(group.value is None for group in found):
        examples = chain(result, (rejected.example for rejected in result.rejected()))
        known = sorted({name for example in examples for name in example.meta})
        raise RecipeError(f"no example has {field!r} in its meta; there are: {', '.join(known) or 'no fields'}.")
    scores = sorted({name for group in found for name in group.means})
    lines = [f"\n{field:>20}    kept  rejected" + "".join(f"  mean {name}" for name in scores)]
    for group in found:
        means = [(f"{group.means[name]:.2f}" if name in group.means else "–").rjust(len(name) + 7) for name in scores]
        lines.append(f"{shorten(group.name, 20):>20}  {group.kept:6}  {group.rejected:8}" + "".join(means))
    return lines


def trace(options: argparse.Namespace) -> int:
    """``instructgen trace``: the whole lineage of one example."""
    result = Run(options.run)
    if result.manifest["partial"]:
        print("note: this run is partial; the same `instructgen run` command finishes it.", file=sys.stderr)
    row, kind = find(result, options.id)
    print("\n".join(clean(line) for line in lineage_lines(result, row, options.store)))
    if kind == "kept":
        print("decision: kept")
    elif kind == "rejected":
        print(f"decision: rejected by {row['reject']['stage']}: {_reason(row['reject'])}")
    else:
        print(clean(f"decision: failed in {row['error']['stage']}: {row['error']['type']}: {row['error']['message']}"))
    return 0


def record(options: argparse.Namespace) -> int:
    """``instructgen record``: with this file a colleague gets the same bytes, offline."""
    rows = run_records(Run(options.run), options.store)
    lines = "".join(json.dumps(recorded_json(row), ensure_ascii=False) + "\n" for row in rows)
    _write(options.out, lines)
    print(f"{plural(len(rows), 'completion')} written to {options.out}.")
    return 0


def export(options: argparse.Namespace) -> int:
    """``instructgen export``."""
    result = Run(options.run)
    if result.manifest.get("partial"):
        print("note: this run is partial; the same `instructgen run` command finishes it.", file=sys.stderr)
    count = result.export(options.format, options.out)
    print(f"{plural(count, 'example')} written to {options.out}.")
    if longer := _too_long(result):
        print(f"note: {longer}; trainers cut off what is beyond their limit without a word.", file=sys.stderr)
    return 0


def _too_long(examples: Iterable[Example]) -> str:
    """How many examples exceed the lengths that trainers cut at by default, by an estimate; empty for none."""
    tokens = [estimated_example_tokens(example) for example in examples]
    over = [(limit, sum(count > limit for count in tokens)) for limit in _TRAINER_LIMITS]
    parts = [f"{count} above {limit:,} tokens" for limit, count in over if count]
    return f"about {', '.join(parts)}" if parts else ""


def _extending(pipeline: Pipeline, options: argparse.Namespace) -> Pipeline:
    """The pipeline, starting from what is in the files and runs that ``--extend`` names."""
    for path in options.extend or ():
        pipeline = _extended(pipeline, path, options)
    return pipeline


def _extended(pipeline: Pipeline, path: Path, options: argparse.Namespace) -> Pipeline:
    if not path.is_dir():
        return replace(pipeline, known=(*pipeline.known, *read_examples(path)))
    old = Run(path)
    if old.manifest["partial"]:
        print(f"note: {path} is partial; the same `instructgen run` command finishes it.", file=sys.stderr)
    recipe = old.manifest["recipe"]
    if recipe["seed"] == options.seed and recipe["stages"][0] == pipeline.describe()["stages"][0]:
        print(
            f"note: {path} has the same source and seed, whose examples it knows already. Take another --seed.",
            file=sys.stderr,
        )
    return replace(pipeline, known=(*pipeline.known, *old))


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {error.strerror or error}.") from error


def _shard(text: str) -> tuple[int, int]:
    share, _, number = text.partition("/")
    if not (share.isdecimal() and number.isdecimal()):
        raise RecipeError(f"--shard {text}: write I/N, as 0/4 for the first of four.")
    return int(share), int(number)


_ANSWER = {"key", "text", "finish", "model", "request", "engine", "draw", "seed"}
"""The fields of an answer, and those of the request that it may repeat."""


def _answers(path: Path, waiting: dict[str, Record], store: Path) -> list[Record]:
    """The answers in a file, each with the request it belongs to; what is recorded already is passed over."""
    answers: list[Record] = []
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise RecipeError(f"the answers {path} cannot be read: {error.strerror}.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data: dict[str, Any] = json.loads(line)
            if missing := [name for name in ("key", "text") if name not in data]:
                raise ValueError(f"{missing[0]!r} is missing")
            if unknown := sorted(data.keys() - _ANSWER):  # such as finish_reason: passed over, a cut would be lost
                raise ValueError(f"{unknown[0]!r} is none of its fields")
            if not re.fullmatch("[0-9a-f]{32}", str(data["key"])):
                raise KeyError(data["key"])
            if data["key"] not in waiting and any(stored_rows(store, [data["key"]])):
                continue
            row = waiting[data["key"]]
            completion = Completion(data["text"], data.get("finish", "stop"), model=data.get("model", ""), key=row.key)
        except KeyError as error:
            raise RecipeError(f"{path}, line {number}: {error} is the key of no pending request.") from error
        except (ValueError, TypeError, AttributeError) as error:
            raise RecipeError(
                f"{path}, line {number} is no answer: {error}.\nWrite key and text; finish and model if known."
            ) from error
        texts = (completion.text, completion.model)
        if not all(isinstance(text, str) for text in texts) or completion.finish not in ("stop", "length", "filtered"):
            raise RecipeError(f"{path}, line {number}: text and model are texts; finish is stop, length or filtered.")
        if any(other.key == row.key and other.completion != completion for other in answers):
            raise RecipeError(f"{path}, line {number}: another answer to {row.key}.\nKeep one of them.")
        answers.append(replace(row, completion=completion))
    return answers


def _reason(reject: dict[str, Any]) -> str:
    parts = [str(reject["code"])]
    if reject["value"] is not None:
        limit = "" if reject["limit"] is None else f" against {reject['limit']}"
        parts.append(f"{reject['value']}{limit}")
    if reject["neighbour"]:
        parts.append(f"neighbour {reject['neighbour']}")
    return clean(", ".join([*parts, reject["detail"]] if reject["detail"] else parts))
