"""A user's own files of code: which ones a path, folder or pattern names, and the text of each, or why it has none."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from instructgen.contracts import Reject
from instructgen.errors import RecipeError

LANGUAGES: Mapping[str, str] = {
    ".py": "Python",
    ".pyi": "Python",
    ".js": "JavaScript",
    ".mjs": "JavaScript",
    ".jsx": "JavaScript",
    ".ts": "TypeScript",
    ".tsx": "TypeScript",
    ".java": "Java",
    ".kt": "Kotlin",
    ".scala": "Scala",
    ".c": "C",
    ".h": "C",
    ".cc": "C++",
    ".cpp": "C++",
    ".cxx": "C++",
    ".hpp": "C++",
    ".cs": "C#",
    ".go": "Go",
    ".rs": "Rust",
    ".rb": "Ruby",
    ".php": "PHP",
    ".swift": "Swift",
    ".m": "Objective-C",
    ".sh": "shell",
    ".bash": "shell",
    ".pl": "Perl",
    ".lua": "Lua",
    ".r": "R",
    ".R": "R",
    ".jl": "Julia",
    ".hs": "Haskell",
    ".ml": "OCaml",
    ".ex": "Elixir",
    ".erl": "Erlang",
    ".clj": "Clojure",
    ".dart": "Dart",
    ".sql": "SQL",
}
"""The language of a file by its suffix. In a folder, files with these suffixes are code."""

_SNIFFED = 8192  # bytes in which a NUL tells a binary file


def code_files(paths: Path | str | Sequence[Path | str]) -> tuple[Path, ...]:
    """The files that paths name, each once, sorted by name.

    Args:
        paths: files, folders (all their files of code, hidden ones and hidden folders left out) and patterns
            (``src/**/*.py``), one or several.

    Raises:
        RecipeError: one of them names no file.
    """
    found: set[Path] = set()
    for path in [paths] if isinstance(paths, Path | str) else paths:
        if not isinstance(path, Path | str) or not str(path):
            raise RecipeError(f"{path!r} is no path; name a file, a folder or a pattern such as 'src/**/*.py'.")
        files = [Path(os.path.normpath(file.absolute())) for file in _named(Path(path))]
        if not files:
            raise RecipeError(
                f"{path} names no file of code.\n"
                "Name a file, a folder with files of code, or a pattern such as 'src/**/*.txt' for any other."
            )
        found.update(files)
    return tuple(sorted(found, key=lambda file: file.as_posix()))


def names_of(files: Sequence[Path]) -> list[str]:
    """The files' names below the folder they have in common: the same on every machine."""
    if not files:
        return []
    common = os.path.commonpath([file.parent for file in files])
    names = [file.relative_to(common).as_posix() for file in files]
    return [name.encode("utf-8", "replace").decode("utf-8") for name in names]


def code_in(file: Path, largest: int) -> str | Reject:
    """The text of a file.

    Args:
        file: its path.
        largest: most bytes it may have.

    Returns:
        The text without a byte order mark and with newlines as line ends; or a reject: ``too_large``, ``binary``,
        ``not_utf8`` (the value is the place of the first bad byte) or ``empty_document``.

    Raises:
        RecipeError: the file cannot be read.
    """
    try:
        if (size := file.stat().st_size) > largest:
            return Reject("too_large", value=size, limit=largest)
        data = file.read_bytes()
    except OSError as error:
        raise RecipeError(f"the file {file} cannot be read: {error.strerror}.") from error
    if b"\0" in data[:_SNIFFED]:
        return Reject("binary")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Reject("not_utf8", value=error.start, detail="the first byte that is no UTF-8")
    return text_or_reject(text, largest)


def text_or_reject(text: str, largest: int) -> str | Reject:
    """A text that is at hand already, like ``code_in``."""
    if len(text) > largest:
        return Reject("too_large", value=len(text), limit=largest)
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        return Reject("not_utf8", value=error.start, detail="the first character that no UTF-8 can hold")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.strip() else Reject("empty_document")


def _named(path: Path) -> list[Path]:
    try:
        return _found(path)
    except (OSError, ValueError) as error:  # a name that is too long, a pattern such as **x
        raise RecipeError(f"{str(path)[:100]} names no files: {error}.") from error


def _found(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        return [file for file in path.rglob("*") if _is_code(file, path)]
    if path.exists():
        return []  # a pipe or device, which might never end
    pattern = path.relative_to(path.anchor).as_posix()
    return [file for file in Path(path.anchor).glob(pattern) if file.is_file()]


def _is_code(file: Path, folder: Path) -> bool:
    hidden = any(part.startswith(".") for part in file.relative_to(folder).parts)
    return not hidden and file.suffix in LANGUAGES and file.is_file()
