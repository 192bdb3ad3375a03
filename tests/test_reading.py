"""Files that people have are read as they are; what is wrong with one is said with its line."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from instructgen.errors import RecipeError
from instructgen.example import Example, Message
from instructgen.formats import _files
from instructgen.formats.reading import read_examples
from instructgen.formats.rows import example_row, json_line

Write = Callable[[str, bytes | str], Path]

quick = settings(
    max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
PROPERTY = "it is not JSON: Expecting property name enclosed in double quotes"
GOOD = '{"instruction": "Fine."}\n'
WORDS = st.text(min_size=1, max_size=30).filter(lambda text: text.strip() != "")


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(name: str, content: bytes | str) -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path

    return put


def read(path: Path, columns: dict[str, str] | None = None) -> list[Example]:
    return list(read_examples(path, columns or {}))


def message(path: Path, columns: dict[str, str] | None = None) -> str:
    with pytest.raises(RecipeError) as caught:
        read(path, columns)
    return str(caught.value)


def texts(examples: list[Example]) -> list[tuple[str, str, str]]:
    return [(found.instruction, found.input, found.output) for found in examples]


# ---------------------------------------------------------------- what is read


ROWS = [("Add.", "1, 2", "3"), ("写一首诗。", "", "床前\n明月"), ('Say "hi", ok?', "\u2028\u0085\x1c\x00", "😀\t")]
DICTS = [{"instruction": task, "input": given, "output": answer} for task, given, answer in ROWS]


def as_csv(delimiter: str = ",", newline: str = "\r\n") -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=newline)
    writer.writerows([("instruction", "input", "output"), *ROWS])
    return file.getvalue()


LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in DICTS)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", LINES),
        ("a.ndjson", LINES),
        ("a.json", LINES),
        ("A.JSONL", LINES),
        ("v1.2.jsonl", LINES),
        ("ascii.jsonl", "".join(json.dumps(row) + "\n" for row in DICTS)),
        ("bom.jsonl", "\ufeff" + LINES),
        ("crlf.jsonl", LINES.replace("\n", "\r\n")),
        ("blank.jsonl", "\n  \n" + LINES.replace("\n", "\n\r\n\t\n")),
        ("unended.jsonl", LINES.rstrip("\n")),
        ("array.json", json.dumps(DICTS)),
        ("array.jsonl", json.dumps(DICTS)),
        ("pretty.json", "\ufeff\n " + json.dumps(DICTS, indent=4, ensure_ascii=False) + "\r\n\n"),
        ("a.csv", as_csv()),
        ("bom.csv", "\ufeff" + as_csv(newline="\n")),
        ("blank.csv", "\n,,\n" + as_csv(newline="\n") + "\n , ,\n"),
        ("a.tsv", as_csv("\t")),
    ],
)
def test_every_layout_gives_the_same_examples(write: Write, name: str, content: str) -> None:
    path = write(name, content)
    assert texts(read(path)) == ROWS
    packed = write(name + ".gz", gzip.compress(content.encode("utf-8")))
    assert read(packed) == read(path)


def test_a_new_example_has_an_origin_and_an_id_of_its_own(write: Write) -> None:
    row = b'{"instruction": "Same."}\n'
    found = read(write("a.jsonl", row + b"\n" + row))
    assert [(one.by, one.parents, one.calls) for one in found] == [("file", (), ())] * 2
    assert found[0] == Example.root("file", index=1, instruction="Same.")
    assert found[1] == Example.root("file", index=2, instruction="Same.")
    assert found[0].id != found[1].id


def test_other_columns_go_into_meta(write: Write) -> None:
    row = {"id": 7, "instruction": "Do.", "family": "x", "tags": ["a", None], "input": None, "output": "Done."}
    (found,) = read(write("a.jsonl", json.dumps(row)))
    assert found.meta == {"source_id": 7, "family": "x", "tags": ["a", None]}
    assert texts([found]) == [("Do.", "", "Done.")]
    (both,) = read(write("b.jsonl", '{"instruction": "Do.", "id": 1, "source_id": 2}'))
    assert both.meta == {"id": 1, "source_id": 2}


def test_system_and_history_are_read_in_both_shapes(write: Write) -> None:
    pairs = {"instruction": "Go on.", "system": "Be kind.", "history": [["Hi", "Hello"], ["How?", "So."]]}
    roles = {"instruction": "Go on.", "history": [{"role": "user", "content": "Hi"}]}
    first, second, third = read(
        write("a.jsonl", "\n".join(map(json.dumps, [pairs, roles, {"instruction": "A", "history": []}])))
    )
    assert first.system == "Be kind."
    assert [(turn.role, turn.content) for turn in first.history] == [
        ("user", "Hi"), ("assistant", "Hello"), ("user", "How?"), ("assistant", "So."),
    ]  # fmt: skip
    assert second.history == (Message("user", "Hi"),)
    assert third.history == ()


def test_columns_name_the_fields(write: Write) -> None:
    path = write("a.csv", ",question,answer,output\n0,Why?,Because.,x\n")
    (found,) = read(path, {"instruction": "question", "output": "answer"})
    assert texts([found]) == [("Why?", "", "Because.")]
    assert found.meta == {"output": "x"}
    (back,) = read(path, {"instruction": "output"})
    assert texts([back]) == [("x", "", "")]
    assert back.meta == {"question": "Why?", "answer": "Because."}


def test_columns_are_stronger_than_native_rows(write: Write) -> None:
    native = Example.root("a", instruction="Q", output="A")
    (found,) = read(write("a.jsonl", json_line(example_row(native))), {"instruction": "output"})
    assert (found.instruction, found.output, found.by) == ("A", "", "file")
    assert found.meta["instruction"] == "Q"


def test_native_rows_keep_their_lineage(write: Write) -> None:
    native = Example.root("a", instruction="Q").child("b", calls=["k"], output="A", scores={"x": 1}, meta={"y": [1]})
    rejected = {**example_row(native), "reject": {"code": "short"}}
    assert read(write("rejected.jsonl", json.dumps(rejected))) == [native]


def test_a_native_row_without_an_id_gets_one(write: Write) -> None:
    (found,) = read(write("a.jsonl", json_line(example_row(Example("Q")))))
    assert found == Example("Q").identified(1)


def test_a_line_of_25_megabytes_is_read(write: Write) -> None:
    text = "长" * (25 * 1024 * 1024 // 3)
    row = json.dumps({"instruction": "Sum up.", "input": text}, ensure_ascii=False)
    for path in (
        write("a.jsonl", f"{GOOD}{row}\n{GOOD}"),
        write("a.json", f"[{GOOD},{row},{GOOD}]"),
        write("a.csv", f"instruction,input\nFine.,\nSum up.,{text}\nFine.,\n"),
    ):
        assert [len(found.input) for found in read(path)] == [0, len(text), 0]


def test_reading_goes_row_by_row(write: Write) -> None:
    for name, content in (
        ("a.jsonl", '{"instruction": "First."}\nbroken\n'),
        ("a.json", '[{"instruction": "First."},\n{"instruction": }]'),
        ("a.csv", "instruction,output\nFirst.,x\ny\n"),
    ):
        found = read_examples(write(name, content))
        assert next(found).instruction == "First."
        with pytest.raises(RecipeError, match=r"line [23]"):
            next(found)


# ---------------------------------------------------------------- surrogates


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("a.jsonl", rb'{"instruction": "a\ud83d b\udc00", "id": {"\ud800": "\ud83d\ude00"}}'),
        ("b.json", b'[{"instruction": "a\xed\xa0\x80 b\xed\xb0\x80", "id": {"\xed\xa0\x80": "\xf0\x9f\x98\x80"}}]'),
    ],
)
def test_lone_surrogates_are_replaced_and_counted(write: Write, name: str, line: bytes) -> None:
    (found,) = read(write(name, line))
    assert found.instruction == "a\ufffd b\ufffd"
    assert found.meta == {"source_id": {"\ufffd": "😀"}, "replaced_surrogates": 3}
    json_line(example_row(found))


def test_lone_surrogates_in_a_table_and_in_native_rows(write: Write) -> None:
    (found,) = read(write("a.csv", b"instruction\na\xed\xa0\x80\n"))
    assert (found.instruction, found.meta) == ("a\ufffd", {"replaced_surrogates": 1})
    native = Example.root("a", instruction="Q", output="é")
    row = {**example_row(native), "system": "\ud800", "meta": json.dumps({"a": "\ud800", "b": "é"})}
    (found,) = read(write("a.jsonl", json.dumps(row)))
    assert found.meta == {"a": "\ufffd", "b": "é", "replaced_surrogates": 2}
    assert (found.id, found.system, found.output) == (native.id, "\ufffd", "é")


def test_escaped_text_that_is_whole_is_not_flagged(write: Write) -> None:
    (found,) = read(write("a.jsonl", json.dumps({"instruction": "写 😀 \\ud800"})))
    assert (found.instruction, found.meta) == ("写 😀 \\ud800", {})


# ---------------------------------------------------------------- what is wrong, and where


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("oops", "it is not JSON: Expecting value, at character 1"),
        ('{"instruction": "a",}', "it is not JSON"),
        ('{"instruction": "a"} {}', "it is not JSON: Extra data, at character 22"),
        ('{"instruction": "a\tb"}', "it is not JSON: Invalid control character"),
        ("{'instruction': 'a'}", f"{PROPERTY}, at character 2"),
        ("{", f"{PROPERTY}, at character 3. Write each row on one line, or all in one array"),
        ("7", "a row must be an object, and this is a number"),
        ('"a"', "a row must be an object, and this is text"),
        ("null", "a row must be an object, and this is null"),
        ("[1]", "a row must be an object, and this is a list"),
        ('{"instruction": 5}', "instruction is a number, and must be text"),
        ('{"instruction": null}', "instruction is null, and must be text"),
        ('{"instruction": ["a"]}', "instruction is a list, and must be text"),
        ('{"instruction": ""}', "instruction is empty"),
        ('{"instruction": " \\n\\u3000"}', "instruction is empty"),
        ('{"instruction": "a", "input": true}', "input is true or false, and must be text"),
        ('{"instruction": "a", "output": 42}', "output is a number, and must be text"),
        ('{"instruction": "a", "system": {}}', "system is an object, and must be text"),
        ('{"instruction": "a", "history": "x"}', "history must be a list of"),
        ('{"instruction": "a", "history": {"role": "user", "content": "x"}}', "history must be a list of"),
        ('{"instruction": "a", "history": [["q"]]}', "history must be a list of"),
        ('{"instruction": "a", "history": [["q", 1]]}', "history must be a list of"),
        ('{"instruction": "a", "history": [["q", "a"], 3]}', "history must be a list of"),
        ('{"instruction": "a", "history": [{"role": "tool", "content": "x"}]}', "history must be a list of"),
        ('{"instruction": "a", "history": [{"role": "user"}]}', "history must be a list of"),
        ('{"instruction": "a", "history": [{"role": [], "content": ""}]}', "history must be a list of"),
        ('{"instruction": "a", "instruction": "b"}', 'the key "instruction" appears twice'),
        ('{"instruction": "a", "x": [{"k": 1, "k": 1}]}', 'the key "k" appears twice'),
        ('{"instruction": "a", "x": NaN}', "NaN is not a JSON number"),
        ('{"instruction": "a", "x": -Infinity}', "-Infinity is not a JSON number"),
        ('{"instruction": "a", "x": 1e999}', "the number 1e999 is too large"),
        ('{"instruction": "a", "x": ' + "[" * 100 + "]" * 100 + "}", "it is nested deeper than 100 levels"),
        ('{"instruction": "a", "x": ' + "[" * 99999 + "]" * 99999 + "}", "it is nested deeper than 100 levels"),
        ("[" * 99999, "it is nested deeper than 100 levels"),
        ('{"prompt": "a"}', "there is no column 'instruction'; found: prompt."),
        ("{}", "there is no column 'instruction'; found: none."),
    ],
)
def test_a_malformed_line_is_named(write: Write, line: str, problem: str) -> None:
    path = write("data.jsonl", f"{GOOD}\n{line}\n{GOOD}")
    cause, *rest = message(path).split("\n")
    assert cause.startswith(f"{path}, line 3: {problem}")
    assert rest[-1].startswith("It begins: ")
    assert len(rest[-1]) <= len("It begins: ") + 80 + 20


def test_the_deepest_row_that_is_read_can_be_written(write: Write) -> None:
    (found,) = read(write("a.jsonl", '{"instruction": "a", "x": ' + "[" * 99 + "]" * 99 + "}"))
    assert json_line(example_row(found))


def test_the_beginning_of_a_line_is_shown_harmless(write: Write) -> None:
    line = '\x1b]0;title\x07\u202e\x00 "' + "é" * 100
    shown = message(write("a.jsonl", line)).split("\n")[-1]
    assert shown == "It begins: " + r"\x1b]0;title\x07\u202e\x00" + ' "' + "é" * 66


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": 3}, "id is a number, and must be text"),
        ({"instruction": None}, "instruction is null, and must be text"),
        ({"calls": "k"}, "calls is text, and must be a list"),
        ({"parents": [1]}, "parents[0] is a number, and must be text"),
        ({"history": [{"role": "tool", "content": ""}]}, "history[0].role must be 'system', 'user' or 'assistant'"),
        ({"history": [{"role": "user"}]}, "history[0].content is missing"),
        ({"history": [["q", "a"]]}, "history[0] is a list, and must be an object"),
        ({"candidates": [{"output": "", "model": "", "score": True}]}, "candidates[0].score is true or false, and"),
        ({"ancestors": [{"id": 1, "by": "", "parents": [], "calls": []}]}, "ancestors[0].id is a number, and must"),
        ({"scores": {"a": 1}}, "scores is an object, and must be text"),
        ({"scores": '{"a": "b"}'}, "the score 'a' is text, and must be a number"),
        ({"scores": "[]"}, "scores holds the JSON text of a list, and must hold that of an object"),
        ({"meta": "{"}, "meta holds no JSON text that can be read: Expecting property name"),
        ({"meta": '{"a": NaN}'}, "meta holds no JSON text that can be read: NaN is not a JSON number"),
        ({"meta": '{"a": 1, "a": 2}'}, "meta holds no JSON text that can be read: the key"),
    ],
)
def test_a_damaged_native_row_is_named(write: Write, change: dict[str, Any], problem: str) -> None:
    row = example_row(Example.root("a", instruction="Q"))
    path = write("data.jsonl", json_line(row) + json.dumps({**row, **change}).encode())
    assert message(path).startswith(f"{path}, line 2: {problem}")


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ('[{"instruction": "a"},\n {"instruction": 5}\n]', 2, "instruction is a number"),
        ('[{"instruction": "a"},\n\n {"instruction":\n "b",,}]', 4, "it is not JSON: Expecting property name"),
        ('[{"instruction": "a"},\n 7]', 2, "a row, an object, should begin here"),
        ('[{"instruction": "a"},\n]', 2, "a row, an object, should begin here"),
        ('[\n{"instruction": "a"}\n{"instruction": "b"}]', 3, "after a row comes a comma, or ] at the end"),
        ('[{"instruction": "a"}]\n[]', 2, "there is more after the end of the array"),
        ('[\n{"instruction": "a"}', 2, "after a row comes a comma, or ] at the end. Is the file cut short?"),
        ('[\n{"instruction": "a"},', 2, "it is not JSON: Expecting value. Is the file cut short?"),
        ("[", 1, "it is not JSON: Expecting value. Is the file cut short?"),
        ('[\n{"instruction": "a", "in', 2, "it is not JSON: Unterminated string starting at. Is the file cut short?"),
        ('[\n\n{"instruction": "a", "x": NaN}]', 3, "NaN is not a JSON number"),
        ('[{"a": 1, "a": 2}]', 1, 'the key "a" appears twice'),
        ('["instruction"]', 1, "a row, an object, should begin here"),
        ('\n \n[\n{"instruction": ""}]', 4, "instruction is empty"),
    ],
)
@pytest.mark.parametrize("block", [1, 1 << 16])
def test_a_malformed_array_is_named(write: Write, content: str, line: int, problem: str, block: int) -> None:
    path = write("data.json", content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_files, "_BLOCK", block)
        assert message(path).startswith(f"{path}, line {line}: {problem}")


@pytest.mark.parametrize(
    ("content", "line", "problem"),
    [
        ("instruction,output\na,b\nc\n", 3, "the row has 1 cells, and the header 2"),
        ('instruction,output\n"a\nb",c\n\nd,e,f\n', 5, "the row has 3 cells, and the header 2"),
        ("instruction,output\n,b\n", 2, "instruction is empty"),
        ("instruction,output,output\na,b,c\n", 1, "the column 'output' appears twice"),
        ("instruction;output\na;b\n", 1, "the cells seem to be separated by ';'"),
        ("instruction\toutput\na\tb\n", 1, "the cells seem to be separated by 'tab'"),
        ("question,answer\na,b\n", 2, "there is no column 'instruction'; found: question, answer"),
        ('instruction,output\na,b\n"c,d\ne,f\n', 3, "it is not CSV: unexpected end of data"),
        ('instruction,output\n"a"b,c\n', 2, "it is not CSV: "),
        ("instruction,output\ra,b\r", 1, "it is not CSV: new-line character seen in unquoted field"),
    ],
)
def test_a_malformed_table_is_named(write: Write, content: str, line: int, problem: str) -> None:
    path = write("data.csv", content)
    assert message(path).startswith(f"{path}, line {line}: {problem}")


def test_a_torn_last_line_is_named(write: Write) -> None:
    path = write("data.jsonl", GOOD + '{"instruction": "cut of')
    assert "line 2: it is not JSON: Unterminated string starting at, at character 17. Is the file cut" in message(path)
    path = write("data.jsonl", (GOOD + '{"instruction": "写').encode()[:-1])
    assert "line 2: it ends within a character. Is the file cut short?" in message(path)


def test_a_missing_column_comes_with_a_proposal(write: Write) -> None:
    path = write("a.jsonl", '{"id": 1, "Question": "a", "context": "b", "answer": "c"}')
    assert message(path).split("\n")[1] == (
        "Rename it in the file, or say in Python which is which, such as "
        'columns={"instruction": "Question", "input": "context", "output": "answer"}.'
    )
    path = write("b.jsonl", '{"instuction": "a", "output": "c"}')
    assert 'columns={"instruction": "instuction"}' in message(path)
    path = write("c.jsonl", '{"foo": "a", "bar": "c"}')
    assert 'columns={"instruction": "COLUMN", "output": "COLUMN"}' in message(path)
    path = write("d.jsonl", '{"question": "a", "answers": "c"}')
    assert "no column 'answer'; found: question, answers. Did you mean 'answers'?" in message(
        path, {"instruction": "question", "output": "answer"}
    )


def test_a_named_column_must_be_in_every_row(write: Write) -> None:
    path = write("a.jsonl", '{"question": "a", "answer": "b"}\n{"question": "a"}\n')
    assert "line 2: there is no column 'answer'" in message(path, {"instruction": "question", "output": "answer"})


def test_an_unknown_field_is_refused(write: Write) -> None:
    path = write("a.jsonl", GOOD)
    assert message(path, {"instructions": "x"}) == (
        "columns names the field 'instructions', and there is none. Did you mean instruction?"
    )
    assert "The fields are instruction, input" in message(path, {"x": "y"})


@pytest.mark.parametrize("name", ["a.jsonl", "a.json", "a.csv"])
@pytest.mark.parametrize("content", [b"", b"\n \r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_a_file_without_rows_is_refused(write: Write, name: str, content: bytes) -> None:
    for path in (write(name, content), write(name + ".gz", gzip.compress(content))):
        assert message(path) == f"{path} holds no examples."


@pytest.mark.parametrize(("name", "content"), [("a.json", "[]"), ("b.json", " [ ]\n"), ("a.csv", "instruction\n\n")])
def test_an_empty_set_is_refused(write: Write, name: str, content: str) -> None:
    assert message(write(name, content)).endswith(" holds no examples.")


def test_other_encodings_are_named(write: Write) -> None:
    line = '{"instruction": "请把下面的句子翻译成英文。"}\n'
    path = write("a.jsonl", GOOD.encode() + line.encode("gbk"))
    assert message(path) == (
        f"{path}, line 2: byte {len(GOOD) + 17} is not UTF-8. It may be GBK. Convert the file:\n"
        "iconv -f GB18030 -t UTF-8 a.jsonl > utf8-a.jsonl"
    )
    for name, encoding in (
        ("b.jsonl", "utf-16"),
        ("c.jsonl", "utf-16-le"),
        ("d.csv", "utf-16-be"),
        ("e.json", "utf-16"),
    ):
        assert "line 1: byte 0 is not UTF-8. It is UTF-16. Convert" in message(write(name, line.encode(encoding)))
    path = write("f.csv", "instruction\nDécris le café !\n".encode("latin-1"))
    assert "line 2: byte 13 is not UTF-8. Convert the file:\niconv -f ENCODING" in message(path)


def test_a_path_that_is_no_such_file_is_named(write: Write, tmp_path: Path) -> None:
    write("seeds.jsonl", GOOD)
    assert message(tmp_path / "seed.jsonl") == (
        f"there is no file {tmp_path / 'seed.jsonl'}. Did you mean {tmp_path / 'seeds.jsonl'}?"
    )
    assert message(tmp_path / "no" / "x.jsonl") == f"there is no file {tmp_path / 'no' / 'x.jsonl'}."
    assert "is a folder. Name a file in it" in message(tmp_path)
    assert ".jsonl, .ndjson, .json, .csv, .tsv, .parquet, nor" in message(write("a.xlsx", b"PK"))
    assert ".jsonl, .ndjson" in message(write("a.gz", b""))


def test_a_path_that_cannot_be_asked_for_is_named(tmp_path: Path) -> None:
    path = tmp_path / ("x" * 300 + ".jsonl")
    assert message(path).startswith(f"{path} cannot be read: ")


def test_a_line_without_end_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_files, "_LONGEST_LINE", 1 << 20)
    assert "line 2, is longer than 1 MiB. Write one row a line." in message(write("a.jsonl", GOOD + "[" * (2 << 20)))


def test_a_damaged_archive_is_named(write: Write) -> None:
    whole = gzip.compress(os.urandom(10) + GOOD.encode() * 1000)
    for content in (GOOD.encode(), whole[:-10], whole[:20] + b"\xff" * 20 + whole[40:]):
        path = write("a.jsonl.gz", content)
        assert str(path) in message(path)


# ---------------------------------------------------------------- properties


@quick
@given(st.lists(st.tuples(WORDS, st.text(max_size=30), st.text(max_size=30)), min_size=1, max_size=5), st.booleans())
@example([("a\r", "\r\n\r", '"')], True)
@example([(",", "\x00", "\u2028\x1c")], False)
def test_any_table_is_read_back(write: Write, rows: list[tuple[str, str, str]], tabs: bool) -> None:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter="\t" if tabs else ",", quoting=csv.QUOTE_ALL)
    writer.writerows([("instruction", "input", "output"), *rows])
    assert texts(read(write("any.tsv" if tabs else "any.csv", file.getvalue()))) == rows


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@quick
@given(
    st.lists(st.tuples(WORDS, JSON), min_size=1, max_size=5),
    st.sampled_from([None, 0, 1, 4]),
    st.booleans(),
    st.sampled_from([1, 7, 1 << 16]),
)
def test_an_array_in_any_layout_reads_like_lines(
    write: Write, rows: list[tuple[str, Any]], indent: int | None, escaped: bool, block: int
) -> None:
    dicts = [{"instruction": task, "extra": extra} for task, extra in rows]
    lines = write("any.jsonl", "".join(json.dumps(row) + "\n" for row in dicts))
    array = write("any.json", json.dumps(dicts, indent=indent, ensure_ascii=escaped))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_files, "_BLOCK", block)
        found = read(array)
    assert found == read(lines)
    assert [(one.instruction, one.meta["extra"]) for one in found] == rows


FRAGMENTS = st.sampled_from([
    b'{"instruction": "a"}', b"\n", b"[", b"]", b",", b'"', b"{", b"}", b"\\ud800", b"\xed\xa0\x80", b"\xff", b"\0",
    b"instruction,output", b"\xef\xbb\xbf", b"1e999", b"NaN", b'"instruction":', b"\r", "写".encode(), b"\\",
])  # fmt: skip


@settings(quick, max_examples=200)
@given(st.lists(FRAGMENTS | st.binary(max_size=6), max_size=12), st.sampled_from(["x.jsonl", "x.json", "x.csv"]))
def test_no_file_can_do_more_than_be_refused(write: Write, parts: list[bytes], name: str) -> None:
    path = write(name, b"".join(parts))
    try:
        found = read(path)
    except RecipeError as error:
        assert str(path) in str(error)
    else:
        assert all(one.instruction.strip() and json_line(example_row(one)) for one in found)


@quick
@given(st.data())
def test_a_cut_file_is_never_read_as_a_whole_one(write: Write, data: st.DataObject) -> None:
    """Wherever a file is cut, its rows are read as they were or the cut is reported; no row is changed."""
    name, content = data.draw(st.sampled_from([("x.jsonl", LINES), ("x.json", json.dumps(DICTS, indent=1))]))
    raw = content.encode("utf-8")
    path = write(name, raw[: data.draw(st.integers(1, len(raw) - 2))])
    found: list[Example] = []
    try:
        for one in read_examples(path):
            found.append(one)
    except RecipeError as error:
        assert "cut short" in str(error)
    else:
        assert name == "x.jsonl"
    assert texts(found) == ROWS[: len(found)]
