"""The rows of a file, one at a time: JSONL, a JSON array, CSV or TSV, any of them gzipped; or Parquet.

Nothing but the row being read is held in memory. Lines end at ``\\n`` only: ``str.splitlines`` would cut JSON strings
that hold U+2028 in two.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import gzip
import json
import re
import zlib
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from instructgen.errors import RecipeError
from instructgen.formats._arrow import parquet_rows
from instructgen.formats.csv_table import unguarded
from instructgen.strict_json import kind, load, load_next

_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_SUFFIXES = (".jsonl", ".ndjson", ".json", *_DELIMITERS, ".parquet")
_LONGEST_LINE = 1 << 28
_BLOCK = 1 << 16
_CUT = "Is the file cut short?"
_QUOTING = "A cell that holds a quote, the delimiter or a line break stands in quotes, and quotes within are doubled."
_BLANK = re.compile(r"[ \t\r\n]*")


class Row(NamedTuple):
    """One row: the line where it begins, or its number in Parquet, counted from 1; its cells; and its text."""

    line: int
    cells: dict[str, Any]
    text: str


class Line(NamedTuple):
    """One line of text with its ending, and its number, counted from 1."""

    number: int
    text: str


def read_rows(path: Path) -> Iterator[Row]:
    """The rows of a file, in order.

    Raises:
        RecipeError: the file cannot be read, or a row is malformed; the message names the line.
    """
    name = path.name.lower().removesuffix(".gz")
    suffix = Path(name).suffix
    try:
        if not path.exists():
            raise RecipeError(f"there is no file {path}.{_alike(path)}")
        if path.is_dir():
            raise RecipeError(f"{path} is a folder. Name a file in it, such as the data.jsonl of a run.")
        if suffix not in _SUFFIXES:
            known = ", ".join(_SUFFIXES)
            raise RecipeError(f"{path} is none of {known}, nor one of these and .gz. Convert or rename it.")
        if suffix == ".parquet":
            yield from _parquet(path)
            return
        with gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb") as file:
            lines = _lines(path, file)
            if suffix in _DELIMITERS:
                yield from _table(path, lines, _DELIMITERS[suffix])
            else:
                yield from _json(path, lines)
    except (OSError, EOFError, zlib.error) as error:
        raise RecipeError(f"{path} cannot be read: {error}.") from error


def fault(path: Path, line: int, problem: str, text: str) -> RecipeError:
    """The error that says what is wrong at which line of a file, and shows how the text there begins."""
    message = f"{path}, {'row' if path.suffix.lower() == '.parquet' else 'line'} {line}: {problem}."
    begins = text[:1000].strip()[:80]
    if begins:
        shown = (char if char.isprintable() else char.encode("unicode_escape").decode() for char in begins)
        message += f"\nIt begins: {''.join(shown)}"
    return RecipeError(message)


def _parquet(path: Path) -> Iterator[Row]:
    if path.suffix.lower() == ".gz":
        raise RecipeError(f"{path} is a compressed Parquet file. Unpack it: gunzip {path.name}")
    for number, cells in parquet_rows(path):
        yield Row(number, cells, json.dumps(cells, ensure_ascii=False))


def _lines(path: Path, file: BinaryIO | gzip.GzipFile) -> Iterator[Line]:
    offset = 0
    for number, line in enumerate(iter(partial(file.readline, _LONGEST_LINE), b""), start=1):
        if number == 1:
            _refuse_utf16(path, line)
        if len(line) == _LONGEST_LINE:
            raise RecipeError(f"{path}, line {number}, is longer than {_LONGEST_LINE >> 20} MiB. Write one row a line.")
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            text = _with_surrogates(path, number, offset, line)
        yield Line(number, text.removeprefix("\ufeff") if number == 1 else text)
        offset += len(line)


def _refuse_utf16(path: Path, line: bytes) -> None:
    if line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in line[:2]:
        raise _not_utf8(path, 1, 0, "UTF-16")


def _with_surrogates(path: Path, number: int, offset: int, line: bytes) -> str:
    """The text of a line that is UTF-8 but for lone surrogates, which are replaced later."""
    try:
        return line.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data" and error.end == len(line):
            text = line.decode("utf-8", "replace")
            raise fault(path, number, f"it ends within a character. {_CUT}", text) from None
        try:
            line.decode("gb18030")
        except UnicodeDecodeError:
            raise _not_utf8(path, number, offset + error.start, "") from None
        raise _not_utf8(path, number, offset + error.start, "GB18030") from None


def _not_utf8(path: Path, number: int, offset: int, encoding: str) -> RecipeError:
    guess = {"": "", "GB18030": "It may be GBK. "}.get(encoding, f"It is {encoding}. ")
    command = f"iconv -f {encoding or 'ENCODING'} -t UTF-8 {path.name} > utf8-{path.name}"
    return RecipeError(f"{path}, line {number}: byte {offset} is not UTF-8. {guess}Convert the file:\n{command}")


def _json(path: Path, lines: Iterator[Line]) -> Iterator[Row]:
    """The rows of JSON, an array or one a line, whichever it begins with."""
    first = next((line for line in lines if line.text.strip()), None)
    if first is None:
        return iter(())
    rows = _json_array if first.text.lstrip().startswith("[") else _json_lines
    return rows(path, chain([first], lines))


def _json_lines(path: Path, lines: Iterator[Line]) -> Iterator[Row]:
    for number, text in lines:
        if not text.strip():
            continue
        try:
            row = load(text)
        except json.JSONDecodeError as error:
            raise fault(path, number, _not_json(error, text), text) from None
        except ValueError as error:
            raise fault(path, number, str(error), text) from None
        if not isinstance(row, dict):
            raise fault(path, number, f"a row must be an object, and this is {kind(row)}", text)
        yield Row(number, row, text)


def _not_json(error: json.JSONDecodeError, text: str) -> str:
    problem = f"it is not JSON: {error.msg}, at character {error.pos + 1}"
    if not text.endswith("\n"):
        return problem + _cut_hint(error)
    return problem + (". Write each row on one line, or all in one array" if text.strip() == "{" else "")


def _may_go_on(error: json.JSONDecodeError) -> bool:
    """Whether more text might heal it: the fault is at the very end (the longest token is -Infinity)."""
    return error.msg.startswith("Unterminated string") or error.pos > len(error.doc.rstrip()) - 12


def _cut_hint(error: json.JSONDecodeError) -> str:
    return f". {_CUT}" if _may_go_on(error) and not error.doc.rstrip().endswith(("}", "]")) else ""


def _json_array(path: Path, lines: Iterator[Line]) -> Iterator[Row]:
    first = next(lines)
    window = _Window(first.number, chain([first], lines))
    window.take()
    sign = window.take() if window.peek() == "]" else ","
    while sign == ",":
        if window.peek() not in ("{", ""):
            raise fault(path, window.line, "a row, an object, should begin here", window.rest())
        line = window.line
        try:
            row, text = window.value()
        except json.JSONDecodeError as error:
            problem = f"it is not JSON: {error.msg}{_cut_hint(error)}"
            raise fault(path, window.line_of(error.pos), problem, window.rest()) from None
        except ValueError as error:
            raise fault(path, line, str(error), window.rest()) from None
        yield Row(line, row, text)
        if window.peek() not in (",", "]"):
            hint = "" if window.peek() else f". {_CUT}"
            raise fault(path, window.line, f"after a row comes a comma, or ] at the end{hint}", window.rest())
        sign = window.take()
    if window.peek():
        raise fault(path, window.line, "there is more after the end of the array", window.rest())


class _Window:
    """The part of a long text that is being read: it grows until a value fits, and forgets what was read."""

    def __init__(self, line: int, lines: Iterator[Line]) -> None:
        self.line = line
        self.at = 0
        self._lines = lines
        self._text = ""

    def rest(self) -> str:
        """The beginning of what was not read yet."""
        return self._text[self.at : self.at + 1000]

    def line_of(self, position: int) -> int:
        """The number of the line on which a position of the window is."""
        return self.line + self._text.count("\n", self.at, position)

    def peek(self) -> str:
        """The next character that is not blank; nothing at the end."""
        while True:
            blank = _BLANK.match(self._text, self.at)
            self._move(blank.end() if blank else self.at)
            if self.at < len(self._text) or not self._grow(_BLOCK):
                return self._text[self.at : self.at + 1]

    def take(self) -> str:
        """The next character that is not blank; what follows is next."""
        character = self.peek()
        self._move(self.at + len(character))
        return character

    def value(self) -> tuple[Any, str]:
        """Take the JSON value that begins here; returns it and its text."""
        size = _BLOCK
        while True:
            try:
                value, end = load_next(self._text, self.at)
                break
            except json.JSONDecodeError as error:
                if not _may_go_on(error) or not self._grow(size):
                    raise
                size *= 2
        text = self._text[self.at : end]
        self._move(end)
        return value, text

    def _move(self, position: int) -> None:
        self.line = self.line_of(position)
        self.at = position

    def _grow(self, size: int) -> bool:
        """Add lines of at least ``size`` characters altogether; False at the end of the file."""
        added: list[str] = []
        for line in self._lines:
            added.append(line.text)
            size -= len(line.text)
            if size <= 0:
                break
        self._text = self._text[self.at :] + "".join(added)
        self.at = 0
        return bool(added)


def _table(path: Path, lines: Iterator[Line], delimiter: str) -> Iterator[Row]:
    # The module keeps one limit for the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_LINE))
    reader = csv.reader((line.text for line in lines), delimiter=delimiter, strict=True)
    header: list[str] = []
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise RecipeError(f"{path}, line {line}: it is not CSV: {error}.\n{_QUOTING}") from None
        if not any(cell.strip() for cell in cells):
            continue
        text = delimiter.join(cells)
        if not header:
            header = _header(path, line, cells)
        elif len(cells) != len(header):
            raise fault(path, line, f"the row has {len(cells)} cells, and the header {len(header)}", text)
        else:
            # Columns without a name are the row numbers that pandas writes, and commas at the end of each line.
            yield Row(line, {name: unguarded(cell) for name, cell in zip(header, cells, strict=True) if name}, text)


def _header(path: Path, line: int, cells: Sequence[str]) -> list[str]:
    header = [cell.strip() for cell in cells]
    for name in header:
        if name and header.count(name) > 1:
            raise fault(path, line, f"the column {name!r} appears twice", ", ".join(header))
    if len(header) == 1 and (other := re.search("[;\t|]", header[0])):
        sign = "tab" if other[0] == "\t" else other[0]
        raise fault(path, line, f"the cells seem to be separated by {sign!r}; save them with commas", header[0])
    return header


def _alike(path: Path) -> str:
    names = [entry.name for entry in path.parent.iterdir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, names, n=1)
    return f" Did you mean {path.with_name(close[0])}?" if close else ""
