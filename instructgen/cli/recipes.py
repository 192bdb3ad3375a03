"""Recipe files: a Python file with a function ``recipe`` whose parameters become options of the command line."""

from __future__ import annotations

import argparse
import difflib
import importlib.util
import inspect
import re
import sys
import traceback
import types
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from instructgen.contracts import Engine, Engines, Limits, Price
from instructgen.errors import InstructGenError, RecipeError
from instructgen.parameters import fits, in_words
from instructgen.runtime.pipeline import Pipeline

_PLAIN = (int, float, str, Path)


def load(path: Path) -> Callable[..., Pipeline]:
    """The function ``recipe`` of a file.

    Raises:
        RecipeError: there is no such file or function, or the file cannot be imported.
    """
    if not path.is_file():
        raise RecipeError(
            f"there is no recipe {path}. A recipe is a Python file with a function recipe(…) -> Pipeline."
        )
    spec = importlib.util.spec_from_file_location(f"recipe_{path.stem}", path)
    if spec is None or spec.loader is None:
        raise RecipeError(f"{path} is no Python file.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where dataclasses and type hints of the recipe look for their names
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise RecipeError(f"{error.filename or path}, line {error.lineno}: {error.msg}.") from error
    except InstructGenError:
        raise
    except Exception as error:
        raise _fault(path, error) from error
    recipe = getattr(module, "recipe", None)
    if not callable(recipe):
        raise RecipeError(f"{path} has no function recipe(…) -> Pipeline.")
    found: Callable[..., Pipeline] = recipe
    return found


def _fault(path: Path, error: Exception) -> RecipeError:
    """What went wrong in a recipe's own code, and in which line of it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path]
    place = f"{path}, line {lines[-1]}" if lines else str(path)
    return RecipeError(f"{place}: {type(error).__name__}: {error}")


def add_options(group: argparse._ArgumentGroup, recipe: Callable[..., Any]) -> None:
    """One option for each parameter of the recipe, with the help that its docstring gives.

    What a parameter's type says of its values (``Count``, ``Annotated[int, between(1, 6)]``) holds for the option, too.

    Raises:
        RecipeError: a parameter cannot become an option.
    """
    try:
        _add_options(group, recipe)
    except argparse.ArgumentError as error:
        raise RecipeError(
            f"a parameter of the recipe has the name of an option that every run has: {error.argument_name}.\n"
            "Give the parameter another name."
        ) from error


def _add_options(group: argparse._ArgumentGroup, recipe: Callable[..., Any]) -> None:
    helps = _helps(recipe)
    hints = get_type_hints(recipe, include_extras=True)
    for name, parameter in inspect.signature(recipe).parameters.items():
        wanted = _wanted(hints.get(name, str))
        kind = _kind(wanted)
        required = parameter.default is inspect.Parameter.empty
        default = None if required else parameter.default
        text = helps.get(name, "")
        if not required and isinstance(default, (*_PLAIN, bool)):
            text = f"{text} (default: {default})".strip()
        flag = "--" + name.replace("_", "-")
        extra: dict[str, Any] = {"dest": f"recipe_{name}", "help": text.replace("%", "%%"), "required": required}
        if kind is bool:
            group.add_argument(flag, action=argparse.BooleanOptionalAction, default=default, **extra)
        elif get_origin(kind) is Literal:
            group.add_argument(flag, choices=get_args(kind), default=default, **extra)
        elif kind is Engine:
            group.add_argument(flag, metavar="ENGINE", default=default, **extra)
        elif kind in _PLAIN:
            read = _reader(kind, wanted)
            group.add_argument(flag, type=read, metavar=kind.__name__.upper(), default=default, **extra)
        elif required:
            raise RecipeError(f"parameter {name} of the recipe has a type that no option can give: {kind}.")


def _reader(kind: Callable[[str], Any], wanted: Any) -> Callable[[str], Any]:
    """What makes a value of a word of the command line, and refuses one that does not fit the parameter's type."""

    def read(text: str) -> Any:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if not fits(value, wanted):
            raise argparse.ArgumentTypeError(f"{text} is not {in_words(wanted)}")
        return value

    return read


def build(recipe: Callable[..., Pipeline], options: argparse.Namespace) -> Pipeline:
    """Call the recipe with what the command line says; engine specs become engines.

    Raises:
        RecipeError: it returns no pipeline.
    """
    from instructgen.engines import engine

    hints = get_type_hints(recipe)
    _check_prices(options.price or [], [name for name, hint in hints.items() if _kind(hint) is Engine])
    values: dict[str, Any] = {}
    for name in inspect.signature(recipe).parameters:
        if not hasattr(options, f"recipe_{name}"):
            continue
        value = getattr(options, f"recipe_{name}")
        if _kind(hints.get(name, str)) is Engine:
            limits = _limits(options, name)
            value = engine(value, limits=Limits(**limits)) if isinstance(value, str) else _limited(value, limits)
        values[name] = value
    try:
        pipeline = recipe(**values)
    except InstructGenError:
        raise
    except Exception as error:
        raise _fault(options.recipe, error) from error
    if not isinstance(pipeline, Pipeline):
        raise RecipeError(f"recipe(…) returned {type(pipeline).__name__}; it must return a Pipeline.")
    return pipeline


def _limits(options: argparse.Namespace, parameter: str) -> dict[str, Any]:
    """What the command line says of how an engine may be used."""
    chosen = {
        "concurrency": options.concurrency,
        "timeout": options.timeout,
        "deadline": options.deadline,
        "requests_per_minute": options.rpm,
        "tokens_per_minute": options.tpm,
        "price": _price(options.price or [], parameter),
    }
    return {name: value for name, value in chosen.items() if value is not None}


def _limited(default: Any, limits: dict[str, Any]) -> Any:
    """The recipe's own engine, used as the command line says.

    Raises:
        RecipeError: its limits cannot be changed.
    """
    if not limits or default is None or hasattr(default, "recall"):  # a recording knows no limits
        return default
    if isinstance(default, Engines):
        return Engines(*(_limited(one, limits) for one in default.engines), weights=default.weights)
    try:
        return replace(default, limits=replace(default.limits, **limits))
    except (TypeError, ValueError, AttributeError) as error:
        raise RecipeError(
            f"the limits of the recipe's own engine ({type(default).__name__}) cannot be changed from here.\n"
            "Name an engine on the command line, or set its limits in the recipe."
        ) from error


def _check_prices(texts: list[str], engines: list[str]) -> None:
    for text in texts:
        name = text.rpartition("=")[0]
        if name and name not in engines:
            close = difflib.get_close_matches(name, engines, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"Its engines: {', '.join(engines) or 'none'}."
            raise RecipeError(f"--price {text}: the recipe has no engine parameter {name}. {hint}")


def _price(texts: list[str], parameter: str) -> Price | None:
    """The price for one engine parameter: ``PROMPT,COMPLETION`` is for all, ``NAME=PROMPT,COMPLETION`` for one."""
    found = None
    for text in texts:
        name, _, figures = text.rpartition("=")
        match = re.fullmatch(r"(\d*\.?\d+),(\d*\.?\d+)", figures)
        if match is None:
            raise RecipeError(
                f"--price {text}: write PROMPT,COMPLETION in US dollars per million tokens, as 0.15,0.60."
            )
        if name in ("", parameter):
            found = Price(float(match[1]), float(match[2]))
    return found


def _kind(hint: Any) -> Any:
    """The class of what an option must give, without its bounds."""
    wanted = _wanted(hint)
    return get_args(wanted)[0] if get_origin(wanted) is Annotated else wanted


def _wanted(hint: Any) -> Any:
    """The type of what an option must give: ``X`` for ``X | None``."""
    if get_origin(hint) in (Union, types.UnionType):
        some = [part for part in get_args(hint) if part not in (type(None), Engines)]
        return some[0] if len(some) == 1 else str
    return hint


def _helps(recipe: Callable[..., Any]) -> dict[str, str]:
    """What the ``Args:`` of the docstring say of each parameter."""
    section = re.search(r"^Args:\n((?:[ \t]+.*\n?)+)", inspect.getdoc(recipe) or "", re.MULTILINE)
    if section is None:
        return {}
    entries = re.findall(r"^ {4}(\w+): (.*(?:\n {5,}.*)*)", section[1], re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}
