"""What is written is read back the same, is valid for any JSON reader, and appears only when it is whole."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instructgen.errors import RecipeError, StoreError
from instructgen.example import Ancestor, Candidate, Example, Message
from instructgen.formats import _FORMATS, FORMATS, to_datasets, write_examples
from instructgen.formats.reading import read_examples
from instructgen.formats.rows import example_row

quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

TEXT = st.text(max_size=12) | st.sampled_from(
    ["写一首诗。", "😀👩‍👩‍👧", "a\u2028b\u0085c\x1cd", '"\\', "\x00\x1b[0m", "</s>", "\r\n"]
)
WORDS = TEXT.filter(lambda text: text.strip() != "")
NUMBER = st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=5,
)
KEYS = st.lists(TEXT, max_size=2).map(tuple)
EXAMPLES = st.builds(
    Example,
    instruction=TEXT,
    input=TEXT,
    output=TEXT,
    system=TEXT,
    history=st.lists(st.builds(Message, st.sampled_from(["system", "user", "assistant"]), TEXT), max_size=3).map(tuple),
    candidates=st.lists(st.builds(Candidate, TEXT, TEXT, st.none() | NUMBER), max_size=2).map(tuple),
    scores=st.dictionaries(TEXT, NUMBER, max_size=3),
    meta=st.dictionaries(TEXT, JSON, max_size=3),
    id=st.text("0123456789abcdef", min_size=1, max_size=16),
    by=TEXT,
    parents=KEYS,
    calls=KEYS,
    ancestors=st.lists(st.builds(Ancestor, TEXT, TEXT, KEYS, KEYS), max_size=2).map(tuple),
)
TASKS = st.lists(st.tuples(WORDS, TEXT, TEXT), min_size=1, max_size=5)
ENDINGS = st.sampled_from(["jsonl", "json", "jsonl.gz", "json.gz", "parquet"])


def roots(*instructions: str) -> list[Example]:
    return [Example.root("test", index=index, instruction=text) for index, text in enumerate(instructions)]


@settings(quick, max_examples=100)
@given(st.lists(EXAMPLES, min_size=1, max_size=2), ENDINGS)
def test_native_rows_come_back_whole(tmp_path: Path, examples: list[Example], ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    assert write_examples(examples, "jsonl", path) == len(examples)
    found = list(read_examples(path))
    assert found == examples
    assert [example_row(one) for one in found] == [example_row(one) for one in examples]


@quick
@given(TASKS, ENDINGS)
def test_alpaca_rows_come_back_whole(tmp_path: Path, tasks: list[tuple[str, str, str]], ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    examples = [Example.root("x", instruction=task, input=given, output=answer) for task, given, answer in tasks]
    assert write_examples(examples, "alpaca", path) == len(tasks)
    assert [(one.instruction, one.input, one.output) for one in read_examples(path)] == tasks


@quick
@given(WORDS, TEXT, st.lists(st.tuples(TEXT, TEXT), max_size=3))
def test_chat_rows_come_back_whole(tmp_path: Path, task: str, system: str, pairs: list[tuple[str, str]]) -> None:
    history = tuple(turn for pair in pairs for turn in (Message("user", pair[0]), Message("assistant", pair[1])))
    write_examples([Example(task, system=system, history=history)], "alpaca-chat", tmp_path / "x.jsonl")
    (found,) = read_examples(tmp_path / "x.jsonl")
    assert (found.instruction, found.system, found.history) == (task, system, history)


def test_alpaca_files_are_what_other_tools_expect(tmp_path: Path) -> None:
    examples = [Example("写诗。", "", "床前"), Example("Add.", "1\u20282", "3", scores={"x": 1}, meta={"y": 2})]
    write_examples(examples, "alpaca", tmp_path / "a.json")
    rows = [
        {"instruction": "写诗。", "input": "", "output": "床前"},
        {"instruction": "Add.", "input": "1\u20282", "output": "3"},
    ]
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == rows
    write_examples(examples, "alpaca", tmp_path / "a.jsonl")
    lines = (tmp_path / "a.jsonl").read_bytes().split(b"\n")
    assert [json.loads(line) for line in lines[:-1]] == rows
    assert lines[-1] == b""
    assert "写诗".encode() in lines[0]


def test_chat_rows_have_the_same_columns_with_and_without_turns(tmp_path: Path) -> None:
    turns = (Message("user", "Hi"), Message("assistant", "Hello"))
    write_examples([Example("A"), Example("B", system="S", history=turns)], "alpaca-chat", tmp_path / "a.json")
    assert json.loads((tmp_path / "a.json").read_bytes()) == [
        {"instruction": "A", "input": "", "output": "", "system": "", "history": []},
        {"instruction": "B", "input": "", "output": "", "system": "S", "history": [["Hi", "Hello"]]},
    ]


@pytest.mark.parametrize(
    ("format", "changes", "problem"),
    [
        ("alpaca", {"system": "S"}, "has a system message, and the format alpaca has no place for that"),
        ("alpaca", {"history": (Message("user", "Hi"),)}, "has earlier turns"),
        ("alpaca-chat", {"history": (Message("user", "Hi"),)}, "are not user and assistant in turn"),
        ("alpaca-chat", {"history": (Message("assistant", "a"), Message("user", "b"))}, "are not user and assistant"),
        ("jsonl", {"meta": {"x": float("nan")}}, "JSON values only"),
        ("jsonl", {"meta": {"x": {1, 2}}}, "JSON values only"),
        ("jsonl", {"output": "\ud800"}, "cannot be written"),
        ("alpaca", {"output": "\ud800"}, "cannot be written"),
    ],
)
def test_an_example_that_does_not_fit_leaves_no_file(
    tmp_path: Path, format: str, changes: dict[str, Any], problem: str
) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("what was there")
    bad = Example.root("x", instruction="Bad.", **changes)
    with pytest.raises(RecipeError, match=problem) as caught:
        write_examples([*roots("Good."), bad], format, path)
    if "meta" not in changes:
        assert bad.id in str(caught.value)
    assert path.read_text() == "what was there"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("ending", ["jsonl", "json", "jsonl.gz", "parquet"])
def test_the_file_appears_only_when_it_is_whole(tmp_path: Path, ending: str) -> None:
    path = tmp_path / "new" / f"x.{ending}"

    def watching() -> Iterator[Example]:
        for one in roots("A", "B", "C"):
            assert not path.exists()
            yield one

    assert write_examples(watching(), "alpaca", path) == 3
    assert list(path.parent.iterdir()) == [path]


def test_interrupted_writing_leaves_nothing(tmp_path: Path) -> None:
    def interrupted() -> Iterator[Example]:
        yield from roots("A")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_examples(interrupted(), "alpaca", tmp_path / "x.json")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.json").mkdir()
    for path in (tmp_path / "file" / "x.json", tmp_path / "folder.json"):
        with pytest.raises(StoreError, match="cannot be written"):
            write_examples(roots("A"), "alpaca", path)


def test_every_row_of_a_format_has_its_columns_in_their_order() -> None:
    plain = Example("A", output="B", id="1")
    full = Example("A", "I", "B", candidates=(Candidate("B", "m", 1),), scores={"s": 1}, meta={"prompt": 1}, id="2")
    for name in FORMATS:
        table = to_datasets([plain, full], name)
        written = [shape(one) for shape in [_FORMATS[name].row] for one in (plain, full)]
        assert [list(row) for row in written] == [table.column_names] * 2
        assert len(table) == 2


@pytest.mark.parametrize(("ending", "content"), [("json", b"[\n]\n"), ("jsonl", b"")])
def test_an_empty_set_is_a_valid_file(tmp_path: Path, ending: str, content: bytes) -> None:
    assert write_examples([], "alpaca", tmp_path / f"x.{ending}") == 0
    assert (tmp_path / f"x.{ending}").read_bytes() == content


def test_equal_examples_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.jsonl.gz", "b.jsonl.gz", "a.parquet", "b.parquet"):
        write_examples(roots("A", "B"), "jsonl", tmp_path / name)
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.jsonl.gz").read_bytes()).count(b"\n") == 2


def test_unknown_formats_and_endings_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"no format 'Alpacca'; did you mean alpaca\?"):
        write_examples([], "Alpacca", tmp_path / "x.json")
    with pytest.raises(RecipeError, match="The formats are " + ", ".join(FORMATS)):
        write_examples([], "xyz", tmp_path / "x.json")
    for name in ("x", "x.csv", "x.gz", "x.jsonl.bz2", "x.parquet.bz2"):
        with pytest.raises(RecipeError, match=r"ends in \.jsonl(, \.json or \.parquet| or \.json), not"):
            write_examples([], "alpaca", tmp_path / name)
    with pytest.raises(RecipeError, match="A CSV file is written by the format csv"):
        write_examples([], "alpaca", tmp_path / "x.csv")
    with pytest.raises(RecipeError, match=r"ends in \.jsonl or \.json, not"):  # Parquet is compressed within
        write_examples([], "alpaca", tmp_path / "x.parquet.gz")
    with pytest.raises(RecipeError, match=r"csv is written to a file that ends in \.csv, not"):
        write_examples([], "csv", tmp_path / "x.json")
    assert list(tmp_path.iterdir()) == []
