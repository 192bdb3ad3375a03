"""Parameters: what a stage was given, checked against the types of its fields, so that a recipe fails before its run.

A field says all of it in its type: ``attempts: Count`` is a whole number of at least 1, ``unit: Literal["words",
"characters"]`` one of two texts. What depends on more than one field, a stage checks itself.
"""

from __future__ import annotations

import reprlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from inspect import get_annotations, getattr_static
from math import inf, isnan
from types import NoneType, SimpleNamespace, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from instructgen.errors import RecipeError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(frozen=True, slots=True)
class Bound:
    """What a value must be besides being of its type; stands in ``Annotated``. The words go on a sentence."""

    holds: Callable[[Any], bool]
    words: str


def at_least(least: float) -> Bound:
    """A number that is not below ``least``."""
    return Bound(lambda value: value >= least, f" of at least {least}")


def between(least: float, most: float) -> Bound:
    """A number from ``least`` to ``most``, both included."""
    return Bound(lambda value: least <= value <= most, f" from {least} to {most}")


ABOVE_ZERO = Bound(lambda value: value > 0, " above 0")
FRACTION = Bound(lambda value: 0 < value <= 1, " above 0 and at most 1")
NOT_BLANK = Bound(lambda value: bool(value.strip()), " that is not blank")
NOT_EMPTY = Bound(bool, ", and it is not empty")

Count = Annotated[int, at_least(1)]
"""How many, where none makes no sense."""

Natural = Annotated[int, at_least(0)]
"""How many, which may be none."""

Positive = Annotated[float, ABOVE_ZERO]
"""A number above 0."""

Weight = Annotated[float, Bound(lambda value: 0 < value < inf, " above 0, and finite")]
"""How often something is drawn, in proportion to others."""

Text = Annotated[str, NOT_BLANK]
"""A text that holds more than white space."""

Language = Literal["en", "zh"]
"""The languages that have prompts and rules of their own."""

TextField = Literal["instruction", "input", "output", "system"]
"""The fields of an example that hold one text."""

TextFields = Annotated[tuple[TextField, ...], NOT_EMPTY]
"""At least one of them."""

_CURES: Mapping[str, str] = {
    "Engine": "Write engine(SPEC), such as engine('openai/NAME').",
    "Prompt": "Make it a Prompt: Prompt(text), or Prompt.from_file(path).",
    "Example": "Read them with read_seeds(path), or seeds().",
}
_PLAIN: Mapping[Any, str] = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "a text",
    NoneType: "None",
    Any: "anything",
}


def check_parameters(stage: DataclassInstance) -> None:
    """Refuse values that do not fit the types of a dataclass's fields; for use in its ``__post_init__``.

    A list, or anything else that can be gone through once, becomes a tuple where a tuple or a sequence is wanted.

    Raises:
        RecipeError: naming the field, the value and what it takes.
    """
    for field in _fields(type(stage)):
        given = getattr(stage, field.name)
        value = field.settled(given)
        if not field.fits(value):
            raise RecipeError(unfit(type(stage).__name__, field.name, value, field.hint))
        if value is not given:
            object.__setattr__(stage, field.name, value)


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type: unlike ``isinstance``, with parts, bounds, and True is no number."""
    return _test(hint)(value)


def offers(value: Any, protocol: type) -> bool:
    """Whether an object has everything that a protocol names. Looked up statically: a property may read a file."""
    names = [name for name in vars(protocol) if name == "__call__" or not name.startswith("_")]
    return not isinstance(value, type) and all(getattr_static(value, name, None) is not None for name in names)


# Each type is turned into a function once: a Sampling is made for every request.
_Test = Callable[[Any], bool]


@cache
def _test(hint: Any) -> _Test:
    """The function that tells whether a value is of a type."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _bounded(_test(parts[0]), [part.holds for part in parts[1:] if isinstance(part, Bound)])
    if origin in (Union, UnionType):
        tests = [_test(part) for part in parts]
        return lambda value: any(test(value) for test in tests)
    if origin is Literal:
        return lambda value: any(type(value) is type(part) and value == part for part in parts)
    if origin is tuple and parts[-1] is not Ellipsis:
        tests = [_test(part) for part in parts]
        return lambda value: (
            isinstance(value, tuple)
            and len(value) == len(tests)
            and all(test(part) for test, part in zip(tests, value, strict=True))
        )
    if origin in (tuple, Sequence):
        each = _test(parts[0])
        return lambda value: isinstance(value, origin) and not isinstance(value, str | bytes) and all(map(each, value))
    if origin is Mapping:
        keys, values = map(_test, parts)
        return lambda value: isinstance(value, Mapping) and all(map(keys, value)) and all(map(values, value.values()))
    return _test_of_class(hint if origin is None else origin)


def _bounded(test: _Test, bounds: Sequence[_Test]) -> _Test:
    return lambda value: test(value) and all(holds(value) for holds in bounds)


def _test_of_class(kind: Any) -> _Test:
    if kind is float:
        return lambda value: type(value) in (int, float) and not isnan(value)
    if kind is int:
        return lambda value: type(value) is int
    if getattr(kind, "_is_protocol", False):
        return lambda value: offers(value, kind)
    if kind is Any or not isinstance(kind, type):
        return lambda value: True  # nothing is said about the value
    return lambda value: isinstance(value, kind)


@dataclass(frozen=True, slots=True)
class _Field:
    """A field that a caller sets."""

    name: str
    hint: Any
    fits: _Test
    containers: frozenset[Any]

    @classmethod
    def of(cls, name: str, hint: Any) -> _Field:
        return cls(name, hint, _test(hint), frozenset(map(get_origin, _alternatives(hint))) & {tuple, Sequence})

    def settled(self, value: Any) -> Any:
        """The value as a tuple, where it is gone through in order and the field wants that."""
        if not self.containers or isinstance(value, str | bytes | tuple | Mapping | type):
            return value
        if self.fits(value) if isinstance(value, Sequence) else not isinstance(value, Iterable):
            return value
        kinds = _alternatives(self.hint)
        return value if any(isinstance(value, kind) for kind in kinds if isinstance(kind, type)) else tuple(value)


def _alternatives(hint: Any) -> Sequence[Any]:
    while get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    if get_origin(hint) in (Union, UnionType):
        return [kind for part in get_args(hint) for kind in _alternatives(part)]
    return [hint]


@cache
def _fields(kind: type[DataclassInstance]) -> Sequence[_Field]:
    """The fields that a caller sets: a subclass cannot take more than its bases do, so theirs are among them."""
    wanted = {part.name for part in fields(kind) if part.init}
    found: list[_Field] = []
    for owner in reversed(kind.__mro__):
        names = vars(sys.modules[owner.__module__]) if owner.__module__ in sys.modules else {}
        own = get_annotations(owner).items()
        found += [_Field.of(name, _resolved(name, annotation, names)) for name, annotation in own if name in wanted]
    return found


def _resolved(name: str, annotation: Any, names: dict[str, Any]) -> Any:
    holder: Any = SimpleNamespace(__annotations__={name: annotation})
    try:
        return get_type_hints(holder, names, include_extras=True)[name]
    except NameError:
        return Any  # a name that only a type checker sees, in a stage of the user's own


def unfit(stage: str, name: str, value: Any, hint: Any) -> str:
    """What is wrong with a value, and the cure."""
    if isinstance(value, type):
        return f"{stage}({name}={value.__name__}) is a class; write {value.__name__}(…)."
    cures = [cure for kind in _mentioned(hint) if (cure := _CURES.get(getattr(kind, "__name__", "")))]
    return "\n".join((f"{stage}({name}={reprlib.repr(value)}): it is {in_words(hint)}.", *cures[:1]))


def _mentioned(hint: Any) -> Iterable[Any]:
    yield hint
    for part in get_args(hint):
        yield from _mentioned(part)


def in_words(hint: Any) -> str:
    """A type as a person would say it: "a whole number of at least 1, or None"."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return in_words(parts[0]) + "".join(bound.words for bound in parts[1:] if isinstance(bound, Bound))
    if origin in (Union, UnionType):
        return ", or ".join(in_words(part) for part in parts)
    if origin is Literal:
        return " or ".join(f'"{part}"' if isinstance(part, str) else repr(part) for part in parts)
    if origin is tuple and parts[-1] is not Ellipsis:
        return f"a tuple of {len(parts)}: {', '.join(in_words(part) for part in parts)}"
    if origin in (tuple, Sequence):
        return f"a {origin.__name__.lower()} of which each is {in_words(parts[0])}"
    if origin is Mapping:
        return f"a mapping of which each value is {in_words(parts[1])}"
    return _PLAIN[hint] if hint in _PLAIN else _with_article(hint)


def _with_article(kind: Any) -> str:
    name = getattr(kind, "__name__", str(kind))
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"
