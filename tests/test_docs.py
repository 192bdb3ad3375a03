"""The documentation: every block of every page runs and prints what the page shows; docstring examples hold, too."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import instructgen
from tests.support.doc_blocks import blocks, python_of, run_page

ROOT = Path(__file__).parent.parent
PAGES = [ROOT / "README.md", ROOT / "examples" / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
MODULES = [
    module.name
    for module in pkgutil.walk_packages(instructgen.__path__, "instructgen.")
    if not module.name.endswith("__main__")
]


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory in which the pages' paths hold, with a store of its own."""
    for part in ("examples", "seeds"):
        (tmp_path / part).symlink_to(ROOT / part)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_block_of_a_page_prints_what_the_page_shows(page: Path, folder: Path) -> None:
    text = page.read_text("utf-8")
    fences = len(re.findall(r"^```", text, re.M))
    left_out = len(re.findall(r"^<!-- not run: ", text, re.M))
    assert run_page(page, folder) == fences // 2 - left_out


def test_the_pages_code_is_typed(tmp_path: Path) -> None:
    """As strictly as the library's own."""
    for page in PAGES:
        for name, source in python_of(page).items():
            (tmp_path / f"{re.sub(r'[^a-z_]', '_', name_of(page))}_{name}").write_text(source, "utf-8")
    command = [sys.executable, "-m", "mypy", "--config-file", "pyproject.toml"]
    files = [str(file) for file in sorted(tmp_path.glob("*.py"))]
    assert files
    checked = subprocess.run([*command, *files], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    """As GitHub shows them; the site's own are built strictly besides."""
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", page.read_text("utf-8"))
    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(("page", "folder"), [("docs/index.md", "methods"), ("README.md", "docs/methods")])
def test_every_method_is_named_where_one_looks_first(page: str, folder: str) -> None:
    linked = re.findall(rf"\]\({folder}/(\w+)\.md\)", (ROOT / page).read_text("utf-8"))
    assert sorted(set(linked)) == sorted(path.stem for path in (ROOT / "docs" / "methods").glob("*.md"))


@pytest.mark.parametrize("name", MODULES)
def test_docstring_examples(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


# ---------------------------------------------------------------- the harness itself


def page_with(folder: Path, text: str) -> Path:
    page = folder / "page.md"
    page.write_text(text, "utf-8")
    return page


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("```python\nprint(1)\n```\n\n```text\n2\n```\n", "line 5: the page shows\n2"),
        ("```python\nprint(1)\n```\n\n```text\n1\n1\n```\n", "but this was printed"),
        ("```bash\nfalse\n```\n", "exit code 1"),
        ("<!-- output of: seq 2 -->\n```text\n1\n```\n", "but this was printed"),
        ("```json\n{}\n```\n", "not marked"),
        ("```python\n1\n```\n\nsome words\n\n```text\n1\n```\n", "line 7: not run"),
        ("<!-- not run: -->\n```toml\na = 1\n```\n", "not marked"),
        ("- a list\n\n    ```python\n    1\n    ```\n", "indented"),
        ("```python\n1\n", "no end"),
        ('```python title="recipe.py"\n1\n```\n', "no later block uses this file"),
    ],
)
def test_a_page_that_shows_what_is_not_so_fails(folder: Path, text: str, message: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(message)):
        run_page(page_with(folder, text), folder)


def test_a_page_that_shows_what_is_so_passes(folder: Path) -> None:
    text = (
        '```csv title="a.csv"\nx\n1\n```\n```bash\ncat a.csv; seq 9\n```\n\n```text\nx\n1\n1\n…\n9\n```\n'
        "```python\nn = 1\n```\n```python\nprint(n)\n```\n```text\n1\n```\n"
        "<!-- not run: no server -->\n```sh\nfalse\n```\n<!-- output of: seq 2 -->\n```text\n1\n2\n```\n"
    )
    assert run_page(page_with(folder, text), folder) == 7


def test_python_keeps_its_line_numbers(folder: Path) -> None:
    page = page_with(folder, "words\n\n```python\nfirst = 1\n```\n\n```python\nsecond = 2\n```\n")
    assert [block.line for block in blocks(page)] == [3, 7]
    assert python_of(page) == {"docs_page.py": "\n\n\nfirst = 1\n\n\n\nsecond = 2\n"}
    with pytest.raises(ZeroDivisionError) as raised:
        run_page(page_with(folder, "words\n\n```python\n1 / 0\n```\n"), folder)
    assert raised.traceback[-1].lineno == 3  # counted from 0
