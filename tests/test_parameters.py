"""Parameters: a value that does not fit its field is refused when the stage is made, naming field, value and cure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import instructgen
from instructgen import (
    AutoEvol,
    CodeSnippets,
    Decontaminate,
    Engines,
    EvolInstruct,
    Example,
    JudgeTags,
    Keywords,
    Limits,
    Magpie,
    MagpieTurns,
    PersonaPrompt,
    Prompt,
    Reformulate,
    Respond,
    Sampling,
    Scripted,
    TextToPersona,
    UnnaturalInstructions,
)
from instructgen.contracts import Check, Engine
from instructgen.errors import RecipeError
from instructgen.parameters import NOT_EMPTY, Count, Text, at_least, between, check_parameters, fits, in_words

TEACHER = Scripted(str)


@dataclass(frozen=True)
class Stage:
    """One field of every kind."""

    count: Count = 1
    share: Annotated[float, between(0, 1)] = 0.5
    flag: bool = False
    place: Literal["top", "end"] = "top"
    words: tuple[Text, ...] = ()
    pair: tuple[int, str] = (1, "a")
    rows: Sequence[Example | str] = ()
    prompts: Mapping[Literal["a", "b"], Prompt] | None = None
    paths: Path | str | Sequence[Path | str] = ()
    engine: Engine | Engines = TEACHER
    check: Check | None = None

    def __post_init__(self) -> None:
        check_parameters(self)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"count": 0}, r"Stage\(count=0\): it is a whole number of at least 1\.$"),
        ({"count": True}, "a whole number"),
        ({"count": 2.0}, "a whole number"),
        ({"count": None}, r"count=None"),
        ({"share": 1.5}, "a number from 0 to 1"),
        ({"share": math.nan}, "share=nan"),
        ({"share": False}, "share=False"),
        ({"flag": "false"}, r"Stage\(flag='false'\): it is True or False"),
        ({"flag": 1}, "flag=1"),
        ({"place": "middle"}, '"top" or "end"'),
        ({"place": ["top"]}, '"top" or "end"'),
        ({"words": "abc"}, "a tuple of which each is a text that is not blank"),
        ({"words": ("a", " ")}, "not blank"),
        ({"words": 3}, "words=3"),
        ({"pair": (1,)}, "a tuple of 2: a whole number, a text"),
        ({"pair": ("a", 1)}, "a tuple of 2"),
        ({"rows": "abc"}, "a sequence of which each is an Example, or a text"),
        ({"rows": [1]}, "Read them with read_seeds"),
        ({"prompts": {"c": Prompt("x")}}, "a mapping"),
        ({"prompts": {"a": "x"}}, "Make it a Prompt"),
        ({"prompts": []}, "a mapping"),
        ({"engine": "openai/m"}, "Write engine"),
        ({"engine": Scripted}, r"is a class; write Scripted\(…\)"),
        ({"check": "x"}, "a Check, or None"),
        ({"check": Keywords}, r"write Keywords\(…\)"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(options: dict[str, Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        Stage(**options)


@pytest.mark.parametrize(
    ("options", "held"),
    [
        ({"share": 1}, 1),
        ({"words": ["a", "b"]}, ("a", "b")),
        ({"words": iter(["a"])}, ("a",)),
        ({"pair": [2, "b"]}, (2, "b")),
        ({"rows": ["x", Example("y")]}, ["x", Example("y")]),
        ({"rows": (text for text in ["x"])}, ("x",)),
        ({"paths": "a.py"}, "a.py"),
        ({"paths": Path("a.py")}, Path("a.py")),
        ({"paths": ["a.py", Path("b.py")]}, ["a.py", Path("b.py")]),
        ({"prompts": {"a": Prompt("x")}}, {"a": Prompt("x")}),
        ({"engine": Engines(TEACHER)}, Engines(TEACHER)),
        ({"check": Keywords()}, Keywords()),
    ],
)
def test_what_fits_is_kept_and_lists_become_tuples(options: dict[str, Any], held: object) -> None:
    (name,) = options
    assert getattr(Stage(**options), name) == held


def test_a_subclass_takes_no_more_than_its_base() -> None:
    @dataclass(frozen=True)
    class Wider(Stage):
        count: int = 5

    assert Wider().count == 5
    with pytest.raises(RecipeError, match="at least 1"):
        Wider(count=0)


def test_a_name_that_only_a_type_checker_knows_is_not_checked() -> None:
    @dataclass(frozen=True)
    class Own:
        thing: Nowhere = 1  # type: ignore[name-defined]  # noqa: F821
        count: Count = 1

        def __post_init__(self) -> None:
            check_parameters(self)

    assert Own(thing="anything").thing == "anything"
    with pytest.raises(RecipeError, match="count=0"):
        Own(count=0)


def test_a_long_value_is_told_in_short() -> None:
    with pytest.raises(RecipeError) as caught:
        Stage(words="x" * 10_000)  # type: ignore[arg-type]
    assert len(str(caught.value)) < 200


@given(st.integers() | st.booleans() | st.floats() | st.text() | st.none() | st.lists(st.integers()))
def test_plain_types_agree_with_isinstance_but_for_truth_values(value: object) -> None:
    assert fits(value, int) == (isinstance(value, int) and not isinstance(value, bool))
    assert fits(value, str) == isinstance(value, str)
    assert fits(value, bool) == isinstance(value, bool)
    assert fits(value, int | None) == (fits(value, int) or value is None)
    assert fits(value, Annotated[int, at_least(3)]) == (fits(value, int) and value >= 3)  # type: ignore[operator]


def test_types_in_words() -> None:
    assert in_words(Annotated[tuple[Literal["a", "b"], ...], NOT_EMPTY] | None) == (
        'a tuple of which each is "a" or "b", and it is not empty, or None'
    )
    assert in_words(Mapping[str, int]) == "a mapping of which each value is a whole number"


# What reviewers handed to stages; each ended in a TypeError or AttributeError once.
ODD: list[Any] = [
    lambda: EvolInstruct(TEACHER, sampling=None),  # type: ignore[arg-type]
    lambda: Respond(TEACHER, sampling={"temperature": 1}),  # type: ignore[arg-type]
    lambda: Respond(TEACHER, system=None),  # type: ignore[arg-type]
    lambda: Reformulate(TEACHER, sampling=None),  # type: ignore[arg-type]
    lambda: TextToPersona(TEACHER, relations=5),  # type: ignore[arg-type]
    lambda: TextToPersona(TEACHER, prompt="{text}"),  # type: ignore[arg-type]
    lambda: PersonaPrompt(TEACHER, world=3),  # type: ignore[arg-type]
    lambda: CodeSnippets(texts=None),  # type: ignore[arg-type]
    lambda: CodeSnippets(texts=["x"], lines=None),  # type: ignore[arg-type]
    lambda: CodeSnippets(texts=["x"], shuffled="no"),  # type: ignore[arg-type]
    lambda: CodeSnippets(paths=3),  # type: ignore[arg-type]
    lambda: Decontaminate(None),  # type: ignore[arg-type]
    lambda: Magpie(TEACHER, ["llama-3"]),  # type: ignore[arg-type]
    lambda: Magpie(TEACHER, "llama-3", systems=None),  # type: ignore[arg-type]
    lambda: MagpieTurns(TEACHER, "llama-3", sampling=None),  # type: ignore[arg-type]
    lambda: MagpieTurns(TEACHER, "llama-3", answering=None),  # type: ignore[arg-type]
    lambda: JudgeTags(TEACHER, tags=3),  # type: ignore[arg-type]
    lambda: JudgeTags(TEACHER, prompts=None),  # type: ignore[arg-type]
    lambda: UnnaturalInstructions(TEACHER, demonstrations=5),  # type: ignore[arg-type]
    lambda: AutoEvol(TEACHER, [Example("x")], method="foo"),  # type: ignore[arg-type]
    lambda: Sampling(stop="\n"),  # type: ignore[arg-type]
    lambda: Sampling(temperature=-0.1),
    lambda: Sampling(top_p=0),
    lambda: Sampling(max_tokens=0),
    lambda: Limits(concurrency=2.5),  # type: ignore[arg-type]
    lambda: Limits(timeout="9"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("make", ODD)
def test_odd_values_are_recipe_errors(make: Any) -> None:
    with pytest.raises(RecipeError):
        make()


def stages() -> Iterator[type]:
    """Every public generator, source and check with parameters."""
    for name in sorted(instructgen.__all__):
        kind = getattr(instructgen, name)
        if not isinstance(kind, type) or not is_dataclass(kind) or kind is instructgen.Filter:  # it says "is no check"
            continue
        if kind.__module__.split(".")[1] in ("generators", "filters") and any(part.init for part in fields(kind)):
            yield kind


@pytest.mark.parametrize("kind", list(stages()), ids=lambda kind: kind.__name__)
def test_no_stage_takes_just_anything(kind: type) -> None:
    """Each field of each stage, given an object that is nothing."""
    needed: dict[str, Any] = {"engine": TEACHER, "template": "llama-3", "score": "s", "maximum": 9, "texts": ["x"]}
    needed |= {"prompts": [Example("x")], "seeds": instructgen.seeds(), "check": Keywords(), "name": "x"}
    needed |= {"method": "y", "kind": "code", "title": "x", "demonstration": Prompt("x")}
    needed |= {"user": ("a", "b"), "assistant": ("a", "b"), "stops": ("c",)}
    taken = {part.name for part in fields(kind) if part.init}
    for name in taken:
        with pytest.raises(RecipeError):
            kind(**{key: value for key, value in needed.items() if key in taken and key != name}, **{name: object()})
