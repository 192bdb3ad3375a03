"""CSV and Parquet, and the real consumer: Hugging Face ``datasets`` reads each file row for row as it was written."""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from instructgen.errors import RecipeError
from instructgen.example import Candidate, Example, Message
from instructgen.formats import FORMATS, _arrow, to_datasets, write_examples
from instructgen.formats.csv_table import guarded, unguarded
from instructgen.formats.reading import read_examples

quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
RISKY = ["=1+1", "+1", "-a\n-b", "@x", "\tx", "\rx", "\nx", "＝1", "－", "'\u2060", "'\u2060=", "'=1", "'", ""]
TEXT = st.text(max_size=12) | st.sampled_from(
    ["写", "😀", "a\u2028b\u0085\x1c", '"\\', "\x00\x1b", "NA", "a,b", *RISKY]
)
WORDS = TEXT.filter(lambda text: text.strip() != "")
Load = Callable[..., Any]


def examples() -> list[Example]:
    """Rows whose types are easily guessed wrong: dates first, numbers, empty lists first and full ones after."""
    turns = (Message("user", "Hi"), Message("assistant", "Hello"))
    rich: dict[str, Any] = {
        "candidates": (Candidate("c", "m", 0.5), Candidate("d")),
        "scores": {"s": 1},
        "meta": {"k": [1, None]},
    }
    found = [
        Example.root("x", index=index, instruction=f"2024-01-0{index + 1}", input="2024-02-01", output=f"{index}")
        for index in range(3)
    ]
    odd = Example.root("x", instruction="写\u2028😀\x00", input="NA\r\n", output="null", **rich)
    return [*found, odd, odd.child("y", calls=["k"], history=turns, system="S")]


def fitting(format: str) -> list[Example]:
    return examples() if format in ("jsonl", "alpaca-chat", "sharegpt", "openai", "trl") else examples()[:-1]


# ---------------------------------------------------------------- CSV


@settings(quick, max_examples=150)
@given(st.lists(st.tuples(WORDS, TEXT, TEXT), min_size=1, max_size=4), st.sampled_from(["csv", "csv.gz"]))
@example([(text, text, text) for text in RISKY if text.strip()], "csv")
def test_csv_comes_back_whole(tmp_path: Path, rows: list[tuple[str, str, str]], ending: str) -> None:
    path = tmp_path / f"x.{ending}"
    assert write_examples([Example(*row) for row in rows], "csv", path) == len(rows)
    assert [(one.instruction, one.input, one.output) for one in read_examples(path)] == rows


@settings(quick, max_examples=200)
@given(TEXT)
def test_no_cell_begins_like_a_formula(text: str) -> None:
    cell = guarded(text)
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))
    assert unguarded(cell) == text


def test_what_need_not_be_guarded_is_left_alone(tmp_path: Path) -> None:
    write_examples([Example("'@' or '-'?", '"a", b', "x\ry\n=1")], "csv", tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_bytes() == (
        b'"instruction","input","output"\n"\'@\' or \'-\'?","""a"", b","x\ry\n=1"\n'
    )
    with (tmp_path / "x.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["instruction", "input", "output"], ["'@' or '-'?", '"a", b', "x\ry\n=1"]]


def test_an_empty_table_has_its_header(tmp_path: Path) -> None:
    write_examples([], "csv", tmp_path / "x.csv")
    assert (tmp_path / "x.csv").read_text() == '"instruction","input","output"\n'


# ---------------------------------------------------------------- Parquet


def parquet(path: Path, columns: dict[str, Any]) -> Path:
    import pyarrow
    from pyarrow.parquet import write_table

    write_table(pyarrow.table(columns), path)
    return path


def test_the_columns_have_their_types_whatever_is_in_them(tmp_path: Path) -> None:
    from pyarrow.parquet import read_schema

    write_examples([], "jsonl", tmp_path / "empty.parquet")
    write_examples(examples()[:3], "jsonl", tmp_path / "dates.parquet")
    schema = read_schema(tmp_path / "dates.parquet")
    assert schema == read_schema(tmp_path / "empty.parquet")
    assert [str(schema.field(name).type) for name in ("instruction", "parents", "history")] == [
        "string",
        "list<element: string>",
        "list<element: struct<role: string, content: string>>",
    ]
    with pytest.raises(RecipeError, match="holds no examples"):
        list(read_examples(tmp_path / "empty.parquet"))


def test_many_rows_go_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pyarrow.parquet import ParquetFile

    monkeypatch.setattr(_arrow, "_ROWS", 10)
    many = [Example.root("x", index=index, instruction=f"Q{index}", output="A") for index in range(35)]
    assert write_examples(many, "jsonl", tmp_path / "x.parquet") == 35
    assert ParquetFile(tmp_path / "x.parquet").num_row_groups == 4
    assert list(read_examples(tmp_path / "x.parquet")) == many


def test_other_peoples_parquet_is_read(tmp_path: Path) -> None:
    day = datetime(2024, 1, 2, tzinfo=UTC)
    columns = {
        "instruction": ["A", "B"],
        "output": ["1", None],
        "id": [7, 8],
        "score": [0.5, float("nan")],
        "day": [date(2024, 1, 2), None],
        "at": [day, day],
        "tags": [["a"], []],
        "more": [{"k": True}, None],
    }
    first, second = read_examples(parquet(tmp_path / "x.parquet", columns))
    assert (first.instruction, first.output) == ("A", "1")
    shared = {"at": "2024-01-02T00:00:00+00:00"}
    assert first.meta == {
        "source_id": 7, "score": 0.5, "day": "2024-01-02", "tags": ["a"], "more": {"k": True}, **shared
    }  # fmt: skip
    assert second.meta == {"source_id": 8, "score": None, "day": None, "tags": [], "more": None, **shared}
    (named,) = read_examples(parquet(tmp_path / "y.parquet", {"q": ["A"]}), {"instruction": "q"})
    assert named.instruction == "A"


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ({"instruction": ["A", ""]}, "row 2: instruction is empty"),
        ({"instruction": ["A", None]}, "row 2: instruction is null"),
        ({"text": ["A"]}, "row 1: there is no column 'instruction'; found: text"),
        ({"instruction": ["A"], "image": [b"\x89PNG"]}, "row 1: image holds bytes, which is no JSON value"),
        ({"instruction": ["A"], "score": [float("inf")]}, "row 1: score holds float"),
    ],
)
def test_a_malformed_row_of_parquet_is_named(tmp_path: Path, columns: dict[str, Any], problem: str) -> None:
    with pytest.raises(RecipeError, match=f"x.parquet, {problem}"):
        list(read_examples(parquet(tmp_path / "x.parquet", columns)))


def test_what_is_no_parquet_is_named(tmp_path: Path) -> None:
    import pyarrow

    (tmp_path / "x.parquet").write_bytes(b"PAR1 and nothing else")
    with pytest.raises(RecipeError, match=r"x\.parquet cannot be read as Parquet: "):
        list(read_examples(tmp_path / "x.parquet"))
    (tmp_path / "x.parquet.gz").write_bytes(b"")
    with pytest.raises(RecipeError, match="Unpack it: gunzip"):
        list(read_examples(tmp_path / "x.parquet.gz"))
    from pyarrow.parquet import write_table

    write_table(pyarrow.Table.from_arrays([pyarrow.array(["a"])] * 2, names=["q", "q"]), tmp_path / "y.parquet")
    with pytest.raises(RecipeError, match="the column 'q' appears twice"):
        list(read_examples(tmp_path / "y.parquet"))
    not_utf8 = pyarrow.array([b"A", b"\xff"]).view(pyarrow.string())
    with pytest.raises(RecipeError, match="utf-8"):
        list(read_examples(parquet(tmp_path / "z.parquet", {"instruction": not_utf8})))


def test_no_parquet_can_do_more_than_be_refused(tmp_path: Path) -> None:
    path, random = tmp_path / "x.parquet", Random(0)
    write_examples(examples(), "jsonl", path)
    whole = path.read_bytes()
    for _ in range(200):
        damaged = bytearray(whole[: random.randrange(len(whole))] if random.random() < 0.3 else whole)
        for _ in range(random.choice([1, 1, 5])):
            if damaged:
                damaged[random.randrange(len(damaged))] = random.randrange(256)
        path.write_bytes(damaged)
        try:
            assert all(one.instruction.strip() for one in read_examples(path))
        except RecipeError as error:
            assert str(path) in str(error)


def test_a_number_that_no_table_can_hold_is_named(tmp_path: Path) -> None:
    good, bad = Example("A", id="1"), Example("B", candidates=(Candidate("x", "m", 10**400),), id="2")
    for write in (
        lambda: write_examples([good, bad], "jsonl", tmp_path / "x.parquet"),
        lambda: to_datasets([good, bad], "jsonl"),
    ):
        with pytest.raises(RecipeError, match="example 2 cannot be written"):
            write()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("module", "extra"), [("pyarrow", "parquet"), ("datasets", "datasets")])
def test_a_missing_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, extra: str) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / "there.parquet").write_bytes(b"PAR1")
    actions: list[Callable[[], object]] = [
        lambda: write_examples([Example("A")], "alpaca", tmp_path / "new" / "x.parquet"),
        lambda: list(read_examples(tmp_path / "there.parquet")),
    ]
    for action in actions if module == "pyarrow" else [lambda: to_datasets([Example("A")], "alpaca")]:
        with pytest.raises(RecipeError, match=rf"needs {module}, .*\nInstall it: pip install 'instructgen\[{extra}\]'"):
            action()
    assert [path.name for path in tmp_path.iterdir()] == ["there.parquet"]


# ---------------------------------------------------------------- the real consumer


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Load:
    """``load_dataset`` on files of this machine, with a cache of its own."""
    for name, value in {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "home"), "HF_DATASETS_OFFLINE": "1"}.items():
        monkeypatch.setenv(name, value)
    import datasets

    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()

    def call(kind: str, path: Path, **options: Any) -> Any:
        cache = str(tmp_path / "cache")
        return datasets.load_dataset(kind, data_files=str(path), split="train", cache_dir=cache, **options)

    return call


@pytest.mark.parametrize("format", [name for name in FORMATS if name != "csv"])
def test_datasets_reads_what_was_written(tmp_path: Path, load: Load, format: str) -> None:
    rows = fitting(format)
    expected = to_datasets(rows, format)
    assert len(expected) == len(rows)
    for kind, ending in (("json", "jsonl.gz"), ("json", "json"), ("parquet", "parquet")):
        path = tmp_path / f"x.{ending}"
        write_examples(rows, format, path)
        options = {} if kind == "parquet" else {"features": expected.features}
        found = load(kind, path, **options)
        assert found.to_list() == expected.to_list()
        assert found.features == expected.features


def test_datasets_reads_csv(tmp_path: Path, load: Load) -> None:
    rows = [*fitting("csv"), Example("=1+1", "", "- a\r\n- b")]
    write_examples(rows, "csv", tmp_path / "x.csv")
    expected = to_datasets(rows, "csv")
    found = load("csv", tmp_path / "x.csv", features=expected.features, keep_default_na=False)
    assert found.to_list() == expected.to_list()
    assert found[-1] == {"instruction": "'\u2060=1+1", "input": "", "output": "'\u2060- a\r\n- b"}


def test_a_column_of_dates_stays_text_in_parquet(tmp_path: Path, load: Load) -> None:
    """The documentation says that JSON cannot do it, whatever ``load_dataset`` is told."""
    dates = to_datasets(examples()[:3], "alpaca")
    for name in ("x.parquet", "x.jsonl"):
        write_examples(examples()[:3], "alpaca", tmp_path / name)
    assert load("parquet", tmp_path / "x.parquet").to_list() == dates.to_list()
    assert load("json", tmp_path / "x.jsonl", features=dates.features)["instruction"][0] == "2024-01-01 00:00:00"


def test_a_data_set_holds_the_rows_of_the_format() -> None:
    found = to_datasets([Example("A", "", "B"), Example("C", "D", "E")], "alpaca")
    assert found.to_list() == [
        {"instruction": "A", "input": "", "output": "B"},
        {"instruction": "C", "input": "D", "output": "E"},
    ]
    with pytest.raises(RecipeError, match="no format 'alpacca'"):
        to_datasets([], "alpacca")
