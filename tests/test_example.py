"""Examples: what their ids depend on, and how a child remembers what it was made from."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.example import Ancestor, Candidate, Example, Message

TURNS = (Message("user", "hello"), Message("assistant", "hi"))
WHOLE = Example.root(
    "test",
    index=3,
    parents=["p1", "p2"],
    calls=["c1"],
    instruction="say it",
    input="in",
    output="out",
    system="be kind",
    history=TURNS,
    candidates=(Candidate("a", "m1", 0.5), Candidate("b", "m2")),
    scores={"quality": 4.0},
    meta={"row": 7},
)


def test_ids_are_stable() -> None:
    # Literal: ids are in files that people keep, so a change of how they are made must not happen unseen.
    assert Example.root("file", index=1, instruction="Name a colour.").id == "a87361c1f602524e"
    assert WHOLE.id == "54b14dc2544389ec"
    assert WHOLE.child("evol/deepen", calls=["k"], instruction="say it twice").id == "9387c24a6a8ab235"


@pytest.mark.parametrize(
    "change",
    [
        {"by": "other"},
        {"parents": ("p2", "p1")},
        {"instruction": "say it "},
        {"input": ""},
        {"output": "Out"},
        {"system": ""},
        {"history": TURNS[:1]},
        {"history": (Message("assistant", "hello"), TURNS[1])},
        {"candidates": WHOLE.candidates[::-1]},
        {"candidates": (Candidate("a", "m1"), Candidate("b", "m3"))},
    ],
)
def test_lineage_and_content_make_the_id(change: dict[str, Any]) -> None:
    assert replace(WHOLE, **change).identified(3).id != WHOLE.id


@pytest.mark.parametrize(
    "change",
    [
        {"scores": {"quality": 1.0}},
        {"meta": {}},
        {"calls": ("other",)},
        {"id": "anything"},
        {"candidates": (Candidate("a", "m1", 0.9), Candidate("b", "m2", 0.1))},
        {"ancestors": (Ancestor("x", "y"),)},
    ],
)
def test_nothing_else_makes_the_id(change: dict[str, Any]) -> None:
    assert replace(WHOLE, **change).identified(3).id == WHOLE.id


def test_an_index_tells_apart_equal_content() -> None:
    parent = Example.root("test", instruction="same")
    ids = {parent.child("copy", index=index).id for index in range(100)}
    assert len(ids) == 100


def test_fields_do_not_run_into_each_other() -> None:
    texts = ["ab", "a", "", 'a", "b', "a\\", "\\"]
    ids = {Example.root("t", instruction=a, input=b, output=c).id for a in texts for b in texts for c in texts}
    assert len(ids) == len(texts) ** 3


@given(st.text(st.characters(), max_size=20), st.text(st.characters(), max_size=20))
def test_any_text_has_an_id(instruction: str, output: str) -> None:
    example = Example.root("t", instruction=instruction, output=output)
    assert len(example.id) == 16
    assert int(example.id, 16) >= 0


def test_lone_surrogates_have_an_id() -> None:
    assert Example.root("t", instruction="\ud800").id != Example.root("t", instruction="\ud801").id


def test_a_child_keeps_what_it_does_not_change() -> None:
    child = WHOLE.child("respond", calls=iter(["k1", "k2"]), output="new")
    assert replace(child, id="", by="", parents=(), calls=(), ancestors=(), output="") == replace(
        WHOLE, id="", by="", parents=(), calls=(), output=""
    )
    assert (child.output, child.by, child.parents, child.calls) == ("new", "respond", (WHOLE.id,), ("k1", "k2"))


def test_a_child_knows_all_its_ancestors() -> None:
    first = Example.root("file", calls=["c0"], instruction="a")
    second = first.child("evol/deepen", calls=["c1"], instruction="b")
    third = second.child("respond", calls=["c2"], output="c")
    assert third.ancestors == (
        Ancestor(first.id, "file", (), ("c0",)),
        Ancestor(second.id, "evol/deepen", (first.id,), ("c1",)),
    )
    assert third.parents == (second.id,)


def test_the_parent_is_unchanged() -> None:
    before = repr(WHOLE)
    WHOLE.child("judge", scores={"quality": 1.0}, meta={"a": 1})
    assert repr(WHOLE) == before


def test_ids_are_the_same_in_every_process() -> None:
    program = (
        "import json\n"
        "from instructgen.example import Example\n"
        "one = Example.root('test', instruction='写一首诗', meta={'b': 1, 'a': 2}, scores={'y': 1.0, 'x': 2.0})\n"
        "print(json.dumps([one.id, one.child('next', index=2, output='é').id]))\n"
    )
    seen = set()
    for hash_seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, check=True)
        seen.add(tuple(json.loads(done.stdout)))
    one = Example.root("test", instruction="写一首诗")
    assert seen == {(one.id, one.child("next", index=2, output="é").id)}
