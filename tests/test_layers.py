"""The order of the layers, read from the imports; and that no heavy library is loaded before it is used."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import instructgen

PACKAGE = Path(instructgen.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

BASE = {"errors", "strict_json", "example", "parameters", "contracts", "recording"}
TEXTS = {"similarity", "prompts", "parsing"}
STAGES = {"seeds", "sources", "selects", "generators"}
LOWER = BASE | TEXTS | {"engines", "formats", "filters"} | STAGES
# What each part of the package may import, itself aside. A new part finds its place here first.
MAY_IMPORT: dict[str, set[str]] = {
    "errors": set(),
    "strict_json": set(),
    "example": {"errors"},
    "parameters": {"errors"},
    "contracts": {"errors", "example", "parameters"},
    "recording": {"errors", "strict_json", "example", "parameters", "contracts"},
    "similarity": set(),
    "prompts": BASE,
    "parsing": BASE,
    "engines": BASE | TEXTS,
    "formats": BASE | TEXTS,
    "filters": BASE | TEXTS,
    "seeds": BASE | TEXTS | {"formats", "filters"},
    "sources": BASE | TEXTS | {"formats", "filters"},
    "selects": BASE | TEXTS | {"formats", "filters"},
    "generators": BASE | TEXTS | {"filters"},
    "runtime": LOWER,
    "report": LOWER | {"runtime"},
    "train": LOWER | {"runtime"},
    "evaluate": LOWER | {"runtime"},
    "cli": LOWER | {"runtime", "report", "train", "evaluate"},
    "__main__": {"cli"},
    "__init__": LOWER | {"runtime", "report", "train", "evaluate"},
}
# Modules that several methods stand on, and that hold none themselves.
SHARED = {
    "filters": {"filter", "words"},
    "generators": {
        "answering",
        "chat_template",
        "code_files",
        "drawing",
        "evolution",
        "judging",
        "operators",
        "personas",
        "pool",
        "raw_turns",
        "reading",
        "written",
    },
}
HEAVY = {
    "aiohttp",
    "datasets",
    "datasketch",
    "openai",
    "pandas",
    "pyarrow",
    "ray",
    "rich",
    "rouge_score",
    "tiktoken",
    "torch",
    "transformers",
    "vllm",
}


def part_of(path: Path) -> str:
    """The part of the package that a module belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """Every module that is imported anywhere in a file, and the line."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports here are absolute"
            yield node.module or "", node.lineno
            if node.module == "instructgen":
                yield from ((f"instructgen.{alias.name}", node.lineno) for alias in node.names)


def own_imports(path: Path) -> Iterator[tuple[list[str], int]]:
    """Those of the package's own modules, as names below it."""
    for name, line in imports(path):
        if name.split(".")[0] == "instructgen":
            yield name.split(".")[1:], line


def name_of(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_imports_only_from_below(path: Path) -> None:
    part = part_of(path)
    assert part in MAY_IMPORT, f"{part} has no place in the order of the layers yet"
    for names, line in own_imports(path):
        assert names, f"{name_of(path)}:{line} imports the package as a whole, which imports it"
        wrong = names[0] != part and names[0] not in MAY_IMPORT[part]
        assert not wrong, f"{name_of(path)}:{line}: {part} must not import {names[0]}"


def test_the_rule_is_checked_against_something() -> None:
    seen = {(part_of(path), names[0]) for path in MODULES for names, _ in own_imports(path)}
    assert {("generators", "filters"), ("filters", "similarity"), ("runtime", "contracts"), ("cli", "runtime")} <= seen


@pytest.mark.parametrize("part", ["generators", "filters", "selects"])
def test_methods_do_not_import_each_other(part: str) -> None:
    shared = SHARED.get(part, set())
    for path in (PACKAGE / part).glob("*.py"):
        siblings = {names[1] for names, _ in own_imports(path) if names[0] == part and len(names) > 1}
        allowed = shared | ({other.stem for other in path.parent.glob("*.py")} if path.stem == "__init__" else set())
        assert siblings <= allowed, f"{name_of(path)} imports {siblings - allowed}"


def at_import(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that run when a module is imported."""
    for node in body:
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for field in ("body", "orelse", "finalbody"):
                yield from at_import(getattr(node, field, []))
            for handler in getattr(node, "handlers", []):
                yield from at_import(handler.body)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_heavy_libraries_wait_until_they_are_needed(path: Path) -> None:
    for node in at_import(ast.parse(path.read_bytes()).body):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        heavy = {name.split(".")[0] for name in names} & HEAVY
        assert not heavy, f"{name_of(path)}:{node.lineno} imports {heavy} when it is imported"


@pytest.mark.parametrize("what", ["the package", "every module"])
def test_importing_loads_nothing_heavy_and_starts_nothing(what: str) -> None:
    program = f"""
import sys, threading, logging
import instructgen
if {what == "every module"!r}:
    import importlib, pkgutil
    for module in pkgutil.walk_packages(instructgen.__path__, "instructgen."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
print(sorted({{name.split(".")[0] for name in sys.modules}} & {HEAVY!r}))
print(threading.active_count(), len(logging.getLogger().handlers))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n1 0\n"
