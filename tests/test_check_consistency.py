"""Consistency over a data set: what repeats or contradicts an example that was kept before."""

from __future__ import annotations

import pytest

from instructgen.contracts import Reject
from instructgen.example import Example, Message
from instructgen.filters import Consistency, Filter, Length

FIRST = Example("Name the colour.", input="grass", output="green", id="first")


@pytest.mark.parametrize(
    ("example", "code"),
    [
        (Example("Name the colour.", input="grass", output="green"), "duplicate"),
        (Example("Name the colour. ", input="\ngrass", output=" green"), "duplicate"),
        (Example("Name the colour.", input="grass", output="blue"), "contradiction"),
        (Example("Name the colour.", input="sky", output="green"), None),
        (Example("Name the color.", input="grass", output="green"), None),
        (Example("Name the colour.", input="Grass", output="blue"), None),
        (Example("Name the colour.", input="grass", output="blue", system="Answer in German."), None),
        (Example("Name the colour.", input="grass", output="blue", history=(Message("user", "In autumn!"),)), None),
        (Example("Name the colour.grass", output="green"), None),
    ],
)
def test_against_one_that_was_kept(example: Example, code: str | None) -> None:
    check = Consistency()
    check.observe(FIRST)
    assert check(example) == (Reject(code, neighbour="first") if code else None)


def test_without_an_input_several_outputs_may_be_right() -> None:
    check = Filter(Consistency())
    poems = [Example("Write a poem.", output=output, id=output) for output in ("roses", "violets", "roses")]
    assert [check.decide(poem) for poem in poems] == [None, None, Reject("duplicate", neighbour="roses")]


def test_only_what_is_kept_is_remembered_and_a_fresh_check_remembers_nothing() -> None:
    checks = Filter(Consistency(), Length(minimum=1, field="output"))
    assert checks.decide(Example("a", input="b", output="")) is not None
    assert checks.decide(Example("a", input="b", output="c", id="kept")) is None
    assert checks.decide(Example("a", input="b", output="d")) == Reject("contradiction", neighbour="kept")
    assert checks.fresh().decide(Example("a", input="b", output="d")) is None


def test_the_neighbour_of_a_contradiction_is_the_first_with_the_question() -> None:
    check = Consistency()
    for output in ("one", "two"):
        check.observe(Example("a", input="b", output=output, id=output))
    assert check(Example("a", input="b", output="three")) == Reject("contradiction", neighbour="one")
    assert check(Example("a", input="b", output="two")) == Reject("duplicate", neighbour="two")
