"""Runs the fenced blocks of a Markdown page as a reader would, and compares what they print with what the page shows.

Blocks run from top to bottom in one folder. ``python`` shares one module a page; ``bash`` and ``sh`` are given to a
shell that stops at the first failing command; a block with ``title="FILE"`` is saved as that file, for a later block to
use. A ``text`` block right after a block that ran is what it must have printed, where a line that is just ``…`` stands
for any lines. Whatever else there is must be marked, on the line before its fence: ``<!-- not run: the reason -->``, or
``<!-- output of: the command -->``, which is then run.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SHELL_SECONDS = 120
_FENCE = re.compile(r"(?P<indent>\s*)(?P<fence>`{3,}|~{3,})\s*(?P<language>[\w-]*)(?P<rest>.*)")
_TITLE = re.compile(r'title="([^"]+)"')
_NOT_RUN = re.compile(r"<!-- not run: (\S.*) -->")
_OUTPUT_OF = re.compile(r"<!-- output of: (\S.*) -->")


@dataclass(frozen=True, slots=True)
class Block:
    """One fenced block.

    Attributes:
        page: where it stands.
        line: number of its fence, from 1.
        language: the word after the fence.
        title: the file it is to be saved as, or nothing.
        text: its content.
        reason: why it is not run, or nothing.
        command: what prints it, or nothing.
        follows: whether only blank lines part it from the block before.
    """

    page: Path
    line: int
    language: str
    title: str
    text: str
    reason: str
    command: str
    follows: bool

    @property
    def where(self) -> str:
        """For messages."""
        return f"{self.page.name}, line {self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page, in order.

    Raises:
        AssertionError: a block is indented or has no end.
    """
    lines = page.read_text("utf-8").split("\n")
    position, before, follows = 0, "", False
    while position < len(lines):
        line = lines[position]
        fence = _FENCE.fullmatch(line)
        if fence is None:
            if line.strip():
                before, follows = line, False
            position += 1
            continue
        assert not fence["indent"], f"{page.name}, line {position + 1}: an indented block is not tested"
        closing = re.compile(re.escape(fence["fence"]) + r"\s*")
        end = next((n for n in range(position + 1, len(lines)) if closing.fullmatch(lines[n])), None)
        assert end is not None, f"{page.name}, line {position + 1}: this block has no end"
        title, before = _TITLE.search(fence["rest"]), before.strip()
        reason, command = _NOT_RUN.fullmatch(before), _OUTPUT_OF.fullmatch(before)
        yield Block(
            page,
            position + 1,
            fence["language"],
            title[1] if title else "",
            "".join(f"{line}\n" for line in lines[position + 1 : end]),
            reason[1] if reason else "",
            command[1] if command else "",
            follows,
        )
        position, before, follows = end + 1, "", True


def run_page(page: Path, folder: Path) -> int:
    """Run a page in ``folder``, which must be the working directory; returns how many blocks ran or were compared.

    Raises:
        AssertionError: a block printed something else than the page shows, failed in the shell, or is neither run nor
            marked.
        Exception: whatever a Python block raised.
    """
    module = types.ModuleType(f"docs_{page.stem}")
    sys.modules[module.__name__] = module  # where dataclasses and type hints look for their names
    saved: dict[str, Block] = {}
    printed: str | None = None
    done = 0
    try:
        for block in blocks(page):
            saved = {name: maker for name, maker in saved.items() if name not in block.text}
            done += not block.reason
            if block.command:
                compare(_run_shell(block, block.command, folder), block)
                printed = None
            elif block.language == "text" and block.follows and printed is not None:
                compare(printed, block)
                printed = None
            elif block.reason:
                printed = None
            elif block.title:
                (folder / block.title).write_text(block.text, "utf-8")
                saved[block.title], printed = block, None
            elif block.language == "python":
                printed = _run_python(block, module)
            elif block.language in ("bash", "sh"):
                printed = _run_shell(block, block.text, folder)
            else:
                raise AssertionError(f"{block.where}: not run, not compared and not marked <!-- not run: … -->")
    finally:
        del sys.modules[module.__name__]
    assert not saved, f"{', '.join(block.where for block in saved.values())}: no later block uses this file"
    return done


def compare(printed: str, block: Block) -> None:
    """Fail unless ``printed`` is what the block shows."""
    shown = block.text.splitlines()
    pattern = "".join(r"(?:.*\n)*" if line == "…" else re.escape(line) + r"\n" for line in shown)
    ended = printed if not printed or printed.endswith("\n") else printed + "\n"
    if not re.fullmatch(pattern, ended):
        raise AssertionError(f"{block.where}: the page shows\n{block.text}\nbut this was printed:\n{ended}")


def python_of(page: Path) -> dict[str, str]:
    """The Python of a page, by file name, for a type checker: what it runs as one module, each saved file as its own.

    Lines keep their numbers.
    """
    sources: dict[str, list[str]] = {}
    for block in blocks(page):
        if block.language != "python" or block.reason:
            continue
        lines = sources.setdefault(block.title or f"docs_{page.stem}.py", [])
        lines += ["\n"] * (block.line - len(lines)) + block.text.splitlines(keepends=True)
    return {name: "".join(lines) for name, lines in sources.items()}


def _run_python(block: Block, module: types.ModuleType) -> str:
    # With its real line numbers, so that tracebacks, and functions whose source is looked up, point into the page.
    code = compile("\n" * block.line + block.text, str(block.page), "exec")
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(code, module.__dict__)  # noqa: S102 - our own pages
    return output.getvalue()


def _run_shell(block: Block, commands: str, folder: Path) -> str:
    """Run in a shell that finds this environment's programs first and cannot leave the machine through HTTP.

    tiktoken's cache is out of its reach, too, so that token counts are estimates wherever this runs.
    """
    nowhere = "http://127.0.0.1:9"
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "HTTP_PROXY": nowhere,
        "HTTPS_PROXY": nowhere,
        "NO_PROXY": "127.0.0.1,localhost",
        "TIKTOKEN_CACHE_DIR": str(folder / ".tiktoken"),
        "PYTHONIOENCODING": "utf-8",
    }
    ended = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", commands],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SHELL_SECONDS,
        check=False,
    )
    printed = ended.stdout.decode("utf-8")
    assert ended.returncode == 0, f"{block.where}: exit code {ended.returncode} after\n{printed}"
    return printed
