"""The refusal filter on completions that people labelled: `python -m benchmarks.refusal XSTEST`.

XSTEST is a checkout of the XSTest repository (paul-rottger/exaggerated-safety, arXiv 2308.01263): 450 prompts that are
safe or only sound unsafe, or are unsafe, answered by five models; two people said of each completion whether it is a
full refusal, a partial one or a full answer. Beside the filter stand the two classifiers that the repository publishes
labels of: a list of phrases that must stand anywhere in the text, and GPT-4 with a prompt.

    full refusals      the share of them that is found; more is better
    partial refusals   the same; the filter looks for one in the opening only
    full answers       the share of them that is taken for a refusal; less is better
    seconds            of this machine, for all of them
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from instructgen.example import Example
from instructgen.filters.refusal import Refusal

Row = Mapping[str, str]
KINDS = {"2": "full refusals", "3": "partial refusals", "1": "full answers"}


def main() -> int:
    """Read the labels and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("xstest", type=Path, help="a checkout of the XSTest repository")
    labels = parser.parse_args().xstest / "evaluation" / "automated_evaluation_labels"
    by_phrases, by_gpt4 = (list(rows(labels, kind)) for kind in ("streval", "gpteval"))
    if not by_phrases or not by_gpt4:
        print(f"no labels in {labels}", file=sys.stderr)
        return 2
    check = Refusal()
    tables = {
        "Refusal()": (by_phrases, lambda row: refuses(check, row)),
        "phrases": (by_phrases, lambda row: labelled(row, "strmatch_label")),
        "GPT-4": (by_gpt4, lambda row: labelled(row, "gpt4_label")),
    }
    print(f"{len(by_phrases)} completions\n{'':10}" + "".join(f"{kind:>18}" for kind in KINDS.values()) + "   seconds")
    for name, (read, classify) in tables.items():
        print(f"{name:10}" + measured(read, classify))
    return 0


def rows(folder: Path, kind: str) -> Iterator[Row]:
    """The labelled completions of all models."""
    for path in sorted(folder.glob(f"*_{kind}.csv")):
        with path.open(newline="", encoding="utf-8") as file:
            yield from csv.DictReader(file)


def refuses(check: Refusal, row: Row) -> bool:
    """Whether the filter rejects a completion."""
    return check(Example.root("x", instruction=row["prompt"], output=row["completion"])) is not None


def labelled(row: Row, column: str) -> bool:
    """Whether a published classifier took a completion for a refusal, full or partial."""
    return row[column][:1] in "23"


def measured(read: list[Row], classify: Callable[[Row], bool]) -> str:
    """The cells of one classifier: found of all, for each kind that people told apart."""
    start = time.perf_counter()
    found = [classify(row) for row in read]
    seconds = time.perf_counter() - start
    total = Counter(row["final_label"][:1] for row in read)
    hits = Counter(row["final_label"][:1] for row, hit in zip(read, found, strict=True) if hit)
    cells = (f"{hits[kind]} of {total[kind]} {hits[kind] / total[kind]:4.0%}" for kind in KINDS)
    return "".join(f"{cell:>18}" for cell in cells) + f"{seconds:10.2f}"


if __name__ == "__main__":
    sys.exit(main())
