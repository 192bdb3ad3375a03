"""Seed tasks: those the package ships, and a user's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from instructgen.errors import RecipeError
from instructgen.example import Example
from instructgen.formats.reading import read_examples

_HERE = Path(__file__).parent


def seeds(language: str = "en") -> tuple[Example, ...]:
    """The seed tasks that come with the package, written by hand for it.

    ``meta`` holds ``family`` (the kind of task), ``classification`` (whether the output is one of a few labels) and
    ``source_id`` (the number in the file).

    Args:
        language: of the tasks, such as ``"en"``.

    Raises:
        RecipeError: there are none in this language.
    """
    # In a wheel the files lie inside the package, in a checkout beside it.
    found = {
        path.stem: path for folder in (_HERE.parent / "seeds", _HERE / "_seeds") for path in folder.glob("*.jsonl")
    }
    if language not in found:
        raise RecipeError(
            f"there are no seed tasks in the language {language!r}, only in {', '.join(sorted(found)) or 'none'}.\n"
            "Read your own with read_seeds(path)."
        )
    return read_seeds(found[language])


def read_seeds(path: Path) -> tuple[Example, ...]:
    """The seed tasks of a user's own file, at least one.

    The file is anything that ``read_examples`` takes: rows of instruction, input and output, with whatever else
    belongs to them. Rows with a list of ``instances``, as in Self-Instruct's seed file, give their first instance.

    Raises:
        RecipeError: the file cannot be read, a row is malformed (the message names the line), or there is none.
    """
    examples = read_examples(Path(path), by="seeds")
    return tuple(_with_instance(example, index) for index, example in enumerate(examples, start=1))


def _with_instance(example: Example, index: int) -> Example:
    """Wang et al. (arXiv 2212.10560) keep input and output apart from the task, in a list of instances."""
    match example.meta.get("instances"):
        case [{"input": str(given), "output": str(output)}, *_]:
            meta: dict[str, Any] = {key: value for key, value in example.meta.items() if key != "instances"}
            if "is_classification" in meta:
                meta["classification"] = meta.pop("is_classification")
            return replace(example, input=given, output=output, meta=meta).identified(index)
    return example
