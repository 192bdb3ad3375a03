"""OSS-Instruct on a teacher that plants failures and keeps a log; its snippets and checks by themselves."""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from instructgen.contracts import Completion, Reject, Request, Sampling
from instructgen.engines.scripted import Scripted
from instructgen.errors import ParseError, RecipeError
from instructgen.example import Example
from instructgen.filters import Filter
from instructgen.filters.copied_code import CopiedCode
from instructgen.filters.decontaminate import Decontaminate
from instructgen.filters.distinct import Distinct
from instructgen.generators.code_files import code_files, code_in, names_of
from instructgen.generators.code_snippets import CodeSnippets
from instructgen.generators.oss_instruct import OssInstruct
from instructgen.parsing.problem_solution import ProblemAndSolution, problem_and_solution
from instructgen.prompts import Prompt
from instructgen.runtime.pipeline import Pipeline
from tests.support.pipelines import Model, contents, dawdling, new_calls, prompt_of, run, verdicts
from tests.test_prompts import HOSTILE

# ---------------------------------------------------------------- the two sections


@pytest.mark.parametrize(
    ("text", "problem", "solution"),
    [
        ("[Problem Description]\nSort it.\n\n[Solution]\nsorted(x)", "Sort it.", "sorted(x)"),
        # Golden rows of the method card: lower case and Markdown around the markers.
        ("[problem description]\nSort it.\n[solution]\nsorted(x)", "Sort it.", "sorted(x)"),
        ("**[Problem Description]**\nSort it.\n\n**[Solution]**\nsorted(x)", "Sort it.", "sorted(x)"),
        ("### [Problem Description]\nSort it.\n### [Solution]:\nsorted(x)", "Sort it.", "sorted(x)"),
        ("- [Problem Description]:\nSort it.\n- [Solution]:\nsorted(x)", "Sort it.", "sorted(x)"),
        ("1. [Problem Description]\nSort it.\n2. [Solution]\nsorted(x)", "Sort it.", "sorted(x)"),
        # Row 34 of the fixed column: text on the marker's line is kept.
        ("[Problem Description] Sort it.\nNow.\n[Solution] Use\nsorted(x)", "Sort it.\nNow.", "Use\nsorted(x)"),
        ("**[Problem Description]:** Sort it.\n**[Solution]:** sorted(x)", "Sort it.", "sorted(x)"),
        ("**[Problem Description] Sort it.**\n[Solution]\nsorted(x)", "Sort it.", "sorted(x)"),
        ("[Problem Description]\n**Sort** it.\n[Solution]\n**Use** it.", "**Sort** it.", "**Use** it."),
        # Headings and bold lines in place of brackets.
        ("## Problem Description\nSort it.\n\n## Solution\nsorted(x)", "Sort it.", "sorted(x)"),
        ("**Problem Description:**\nSort it.\n**Solution**\nsorted(x)", "Sort it.", "sorted(x)"),
        # … which say nothing where there are brackets.
        ("[Problem Description]\nSort.\n## Solution\nnone\n[Solution]\nx", "Sort.\n## Solution\nnone", "x"),
        ("Certainly!\n\n[Problem Description]\nSort it.\n[Solution]\nsorted(x)", "Sort it.", "sorted(x)"),
        ("<think>[Solution]</think>\n[Problem Description]\nSort it.\n[Solution]\nx", "Sort it.", "x"),
        ("```\n[Problem Description]\nSort it.\n[Solution]\nx\n```", "Sort it.", "x"),
        ("[Problem Description]\n```\n[Solution]\n```\nWhy?\n[Solution]\nx", "```\n[Solution]\n```\nWhy?", "x"),
        ("[Problem Description]\nSort it.\n[Solution]\n    x = 1\n    y = 2", "Sort it.", "    x = 1\n    y = 2"),
        ("[Problem Description]\nSort it.\n[Solution]\nx\n\nLet me know if you need more.", "Sort it.", "x"),
        ("[Problem Description]\nSee [Solution] below.\n[Solution]\nx", "See [Solution] below.", "x"),
        ("[Problem Description]\nSort it.\n[Solution]\nx\n[Solution]\ny", "Sort it.", "x\n[Solution]\ny"),
        ("【问题描述】\n排序。\n【解答】\nsorted(x)", "排序。", "sorted(x)"),
        ("［问题描述］：排序。\n［解答］：sorted(x)", "排序。", "sorted(x)"),
        ("[题目描述]\n排序。\n**[参考解答]**\nsorted(x)", "排序。", "sorted(x)"),
    ],
)
def test_two_sections_are_read(text: str, problem: str, solution: str) -> None:
    assert problem_and_solution(text) == ProblemAndSolution(problem, solution)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        # Golden rows of the method card: reversed order, no brackets, both markers on one line.
        ("[Solution]\nsorted(x)\n[Problem Description]\nSort it.", "before"),
        ("[Solution]\na\n[Problem Description]\nSort it.\n[Solution]\nb", "before"),
        ("Problem Description\nSort it.\nSolution\nsorted(x)", "missing"),
        ("Problem Description: Sort it.\nSolution: sorted(x)", "missing"),
        ("[Problem Description] Sort it. [Solution] sorted(x)", "the solution is missing"),
        ("[Problem Description] [Solution]\nsorted(x)", "the solution is missing"),
        ("", "missing"),
        ("[Problem Description]\nSort it.", "the solution is missing"),
        ("[Solution]\nsorted(x)", "the problem description is missing"),
        ("[Problem Description]\n\n[Solution]\nsorted(x)", "the problem description is empty"),
        ("[Problem Description]\nSort it.\n[Solution]\n**", "the solution is empty"),
        ("[Problem Description]\nSort it.\n## Solution\nsorted(x)", "the solution is missing"),
        ("[Problem Description]\na\n[Solution]\nb\n[Problem Description]\nc\n[Solution]\nd", "more than one"),
        ("<think>[Problem Description]\na\n[Solution]\nb", "missing"),
        ("I'm sorry, but I can't help with that.", "missing"),
    ],
)
def test_anything_else_is_refused(text: str, told: str) -> None:
    with pytest.raises(ParseError, match=told):
        problem_and_solution(text)


WORDS = st.text(alphabet="ab \n`#*[]:.", min_size=0, max_size=40).map(lambda text: f"a {text} b")


@given(problem=WORDS, solution=WORDS)
def test_what_was_written_under_the_markers_comes_back(problem: str, solution: str) -> None:
    # A fence in the problem that is open hides the marker behind it; then nothing is read, and never something else.
    text = f"[Problem Description]\n{problem}\n[Solution]\n{solution}"
    try:
        found = problem_and_solution(text)
    except ParseError:
        assert "```" in text
        return
    assert found == ProblemAndSolution(problem.strip(), solution.strip()) or "```" in text


@given(st.text(alphabet="[]ProblemDescriptionSolution\n *#`~问题描述解答【】<think>/:", max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = problem_and_solution(text)
    except ParseError:
        return
    assert found.problem.strip() in text
    assert found.solution.strip() in text


# ---------------------------------------------------------------- snippets


def write(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def numbered(count: int, name: str = "line") -> str:
    return "".join(f"{name} {number}\n" for number in range(1, count + 1))


async def snippets(source: CodeSnippets, folder: Path) -> list[tuple[Example, str]]:
    return await verdicts(source, folder)


async def test_snippets_are_consecutive_lines_from_anywhere(tmp_path: Path) -> None:
    text = numbered(200)
    made = [one for one, _ in await snippets(CodeSnippets(texts=[text], per_document=2000), tmp_path)]
    lengths = Counter(row.meta["lines"] for row in made if row.meta["line"] <= 186)
    starts = Counter(row.meta["line"] for row in made)
    assert set(lengths) == set(range(1, 16))
    assert all(80 < count < 170 for count in lengths.values()), lengths  # 124 each; 80 is four deviations away
    assert len(starts) == 200
    assert max(starts.values()) < 25
    for row in made:
        first, count = row.meta["line"], row.meta["lines"]
        assert row.instruction == "\n".join(f"line {number}" for number in range(first, first + count))
    assert {row.meta["lines"] for row in made if row.meta["line"] == 200} == {1}


@given(
    text=st.text(alphabet="ab \t\n\r", min_size=1, max_size=120).filter(lambda text: bool(text.strip())),
    lines=st.tuples(st.integers(1, 4), st.integers(0, 4)).map(lambda pair: (pair[0], sum(pair))),
    seed=st.integers(0, 99),
)
def test_every_snippet_stands_in_its_document(text: str, lines: tuple[int, int], seed: int) -> None:
    source = CodeSnippets(texts=[text], lines=lines)
    made = source._snippet(Example(text.replace("\r\n", "\n").replace("\r", "\n")), 0, Random(seed))
    assert isinstance(made, Example)
    plain = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    first, count = made.meta["line"] - 1, made.meta["lines"]
    assert made.instruction == "\n".join(plain[first : first + count]).rstrip()
    assert made.instruction.split("\n")[0].strip()
    assert 1 <= count <= lines[1]


async def test_files_of_every_kind(tmp_path: Path) -> None:
    code = write(
        tmp_path / "code",
        {
            "a.py": "x = 1\n",
            "b/c.js": "let y;\r\nlet z;\r\n",
            "b/bom.sh": "\ufeffls\n",
            "b/empty.py": b"",
            "b/blank.py": "\n \n\t\n",
            "latin.py": "# caf\xe9\n".encode("latin-1"),
            "utf16.py": "x = 1".encode("utf-16"),
            "image.js": b"\x89PNG\0\0",
            "long.js": "x" * 5000,
            "huge.py": "y = 2\n" * 40_000,
            "notes.md": "no code",
            ".hidden/d.py": "z = 3\n",
            ".e.py": "z = 4\n",
        },
    )
    (code / "b" / "folder.py").mkdir()
    source = CodeSnippets(code, largest=200_000, shuffled=False)
    made = await snippets(source, tmp_path)
    assert [(one.meta["file"], verdict) for one, verdict in made] == [
        ("a.py", "kept"),
        ("b/blank.py", "empty_document"),
        ("b/bom.sh", "kept"),
        ("b/c.js", "kept"),
        ("b/empty.py", "empty_document"),
        ("huge.py", "too_large"),
        ("image.js", "binary"),
        ("latin.py", "not_utf8"),
        ("long.js", "too_long"),
        ("utf16.py", "binary"),
    ]
    by_name = {one.meta["file"]: one for one, _ in made}
    assert by_name["b/bom.sh"].instruction == "ls"
    assert by_name["b/c.js"].instruction in ("let y;", "let y;\nlet z;", "let z;")
    assert by_name["b/c.js"].meta["language"] == "JavaScript"
    assert code_in(code / "latin.py", 99) == Reject("not_utf8", 5, detail="the first byte that is no UTF-8")
    assert code_in(code / "long.js", 99) == Reject("too_large", 5000, 99)


async def test_texts_and_examples_are_documents_too(tmp_path: Path) -> None:
    rows = [
        Example.root("row", instruction="SELECT 1;", input="not this", output="nor this", meta={"repository": "mine"}),
        Example.root("row", instruction=" "),
    ]
    made = await snippets(CodeSnippets(texts=rows, shuffled=False), tmp_path)
    assert [(one.instruction, one.input, one.output, verdict) for one, verdict in made] == [
        ("SELECT 1;", "", "", "kept"),
        ("", "", "", "empty_document"),
    ]
    assert made[0][0].meta == {"repository": "mine", "line": 1, "lines": 1}
    bad = await snippets(CodeSnippets(texts=["ok", "\ud800", "x" * 11], largest=10, shuffled=False), tmp_path)
    assert [verdict for _, verdict in bad] == ["kept", "not_utf8", "too_large"]


async def test_another_file_beside_it_changes_no_snippet(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"{name}.py": numbered(80, name) for name in "bdfhj"}
    one = write(tmp_path / "one", files)
    two = write(tmp_path / "two", files | {f"{name}/x.py": numbered(80, name) for name in "acegi"})
    before = {row.instruction: row.id for row, _ in await snippets(CodeSnippets(one, per_document=3), tmp_path)}
    after = {row.instruction: row.id for row, _ in await snippets(CodeSnippets(two, per_document=3), tmp_path)}
    assert len(before) == 15
    assert before.items() <= after.items()
    assert len(after) == 30


async def test_equal_documents_give_rows_with_ids_of_their_own(tmp_path: Path) -> None:
    made = [row for row, _ in await snippets(CodeSnippets(texts=[numbered(90)] * 6, per_document=2), tmp_path)]
    assert len({row.id for row in made}) == 12
    assert len({row.meta["line"] for row in made}) > 6


async def test_the_order_is_drawn_from_the_seed(tmp_path: Path) -> None:
    texts = [f"x = {number}" for number in range(40)]
    orders = []
    for number, seed in enumerate((1, 1, 2)):
        folder = tmp_path / str(number)
        orders.append([row.instruction for row in await run(Pipeline(CodeSnippets(texts=texts)), folder, seed=seed)])
    assert orders[0] == orders[1] != orders[2]
    assert sorted(orders[0]) == sorted(orders[2]) == sorted(texts)
    assert orders[0] != texts


def test_paths_are_files_folders_and_patterns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = write(tmp_path, {"a/x.py": "1", "a/y.txt": "2", "b/z.js": "3", "b/c/w.py": "4"})
    monkeypatch.chdir(tmp_path)

    def named(*paths: Path | str) -> list[str]:
        return [file.relative_to(tmp_path).as_posix() for file in code_files(paths)]

    assert named(code) == named("a", "b") == ["a/x.py", "b/c/w.py", "b/z.js"]
    assert named("a/y.txt", code / "a" / "y.txt", "b/../a/y.txt") == ["a/y.txt"]
    assert named("**/*.py") == named(str(code / "**" / "*.py")) == ["a/x.py", "b/c/w.py"]
    assert names_of(code_files([code / "b"])) == ["c/w.py", "z.js"]
    assert names_of(code_files(code / "a" / "x.py")) == ["x.py"]
    assert names_of([]) == []
    os.mkfifo(code / "pipe.py")
    assert "pipe.py" not in named(code)
    for missing in ("absent.py", "c/*.py", "pipe.py", ""):
        with pytest.raises(RecipeError, match=r"names no file|no path"):
            code_files(missing)
    (code / "a" / "x.py").unlink()
    with pytest.raises(RecipeError, match="cannot be read"):
        code_in(code / "a" / "x.py", 99)


def test_the_manifest_tells_what_was_read_and_not_where(tmp_path: Path) -> None:
    def told(folder: str, text: str) -> Any:
        code = write(tmp_path / folder, {"a.py": text})
        return Pipeline(CodeSnippets(code, texts=["y = 2"])).describe()["stages"][0]

    assert told("one", "x = 1") == told("two", "x = 1")
    assert told("one", "x = 1") != told("one", "x = 3")
    assert str(tmp_path) not in str(told("one", "x = 1"))
    assert "y = 2" not in str(told("one", "x = 1"))


# ---------------------------------------------------------------- planted failures

CODES = {
    "good": "",
    "markdown": "",
    "lower": "",
    "headings": "",
    "same_line": "",
    "thinking": "",
    "reversed": "unparsable",
    "no_brackets": "unparsable",
    "one_line": "unparsable",
    "no_solution": "unparsable",
    "empty_problem": "unparsable",
    "two_problems": "unparsable",
    "chatter": "unparsable",
    "cut": "truncated",
    "blocked": "filtered",
    "same_problem": "duplicate",
    "same_solution": "duplicate",
    "benchmark": "contaminated",
    "copied": "copied_code",
}
BENCHMARK = "Return the number of   lighthouses\nthat are lit at night."


@dataclass
class Planter:
    """A teacher that makes problems of snippets, and fails as its log says.

    Attributes:
        flawed: the share of snippets for which a kind of failure is drawn.
        log: for each snippet what was planted, in the order of asking.
        prompts: all that was asked.
    """

    flawed: float = 0.6
    log: list[tuple[str, str]] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    def __call__(self, request: Request) -> str | Completion:
        prompt = prompt_of(request)
        self.prompts.append(prompt)
        snippet = re.search(r"<snippet>\n(.*)\n</snippet>", prompt, re.DOTALL)
        assert snippet is not None
        random = Random(hashlib.sha256(f"{snippet[1]}{request.seed}".encode()).digest())
        kind = random.choice(list(CODES)) if random.random() < self.flawed else "good"
        self.log.append((snippet[1], kind))
        return _written(kind, f"{random.getrandbits(40):x}")


def _written(kind: str, mark: str) -> str | Completion:
    problem, solution = f"Count the boats of port {mark}.", f"```python\nprint({mark!r})\n```"
    if kind == "same_problem":
        problem = "Count  the boats."
    if kind == "same_solution":
        solution = "```python\nprint( 0 )\n```"
    if kind == "benchmark":
        problem += "\nreturn the number of lighthouses that are\tlit at night. Print it."
    if kind == "copied":
        problem += f"\n```\nprint({mark!r})\n```"
    usual = f"[Problem Description]\n{problem}\n\n[Solution]\n{solution}"
    texts: dict[str, str | Completion] = {
        "markdown": f"Sure!\n\n**[Problem Description]**\n{problem}\n\n## [Solution]:\n{solution}",
        "lower": usual.replace("[Problem Description]", "[problem description]").replace("[Solution]", "[SOLUTION]"),
        "headings": f"## Problem Description\n{problem}\n\n## Solution\n{solution}",
        "same_line": f"[Problem Description] {problem}\n[Solution]\n{solution}",
        "thinking": f"<think>[Solution] first?</think>\n{usual}",
        "reversed": f"[Solution]\n{solution}\n\n[Problem Description]\n{problem}",
        "no_brackets": f"Problem Description:\n{problem}\n\nSolution:\n{solution}",
        "one_line": f"[Problem Description] {problem} [Solution] {mark}",
        "no_solution": f"[Problem Description]\n{problem}\n\n[Solution]\n",
        "empty_problem": f"[Problem Description]\n\n[Solution]\n{solution}",
        "two_problems": f"{usual}\n\n{usual}",
        "chatter": "The snippet is too short to inspire anything.",
        "cut": Completion(usual[:-8], "length"),
        "blocked": Completion(usual, "filtered"),
    }
    return texts.get(kind, usual)


async def test_four_hundred_snippets_come_out_as_planted(tmp_path: Path) -> None:
    planter = Planter()
    files: dict[str, str | bytes] = {f"{number}.py": numbered(60, f"boat{number}") for number in range(200)}
    source = CodeSnippets(write(tmp_path / "code", files), per_document=2)
    checks = Filter(Distinct(("instruction", "output"), meta=("snippet",)), CopiedCode(), Decontaminate([BENCHMARK]))
    pipeline = Pipeline(source, [OssInstruct(Scripted(planter)), checks])
    result = await run(pipeline, tmp_path / "run")
    kept, rejected = list(result), list(result.rejected())

    assert len(kept) + len(rejected) == 400
    planted = dict(planter.log)
    # The same lines drawn twice from one file: the first row is kept, the second known.
    repeated = [one for one in rejected if one.reject.value == "snippet"]
    assert {one.example.meta["snippet"] for one in repeated} <= {row.meta["snippet"] for row in kept}
    rejected = [one for one in rejected if one not in repeated]
    firsts: dict[str, str] = {}
    expected: Counter[str] = Counter({"duplicate": len(repeated)})
    for row in [*kept, *(one.example for one in rejected)]:
        kind = planted[row.meta["snippet"]]
        known = firsts.setdefault(kind, row.id) if kind in ("same_problem", "same_solution") else ""
        expected[CODES[kind] if known != row.id else ""] += 1
    assert result.reasons == {code: count for code, count in expected.items() if code}
    assert set(expected) == set(CODES.values())
    assert expected[""] == len(kept) > 150
    for one in rejected:
        assert CODES[planted[one.example.meta["snippet"]]] == one.reject.code
        if one.reject.code == "duplicate":
            assert (
                one.reject.value
                == {"same_problem": "instruction", "same_solution": "output"}[planted[one.example.meta["snippet"]]]
            )
    for row in kept:
        assert row.instruction.startswith("Count")
        assert row.output.startswith("```python\nprint(")
        assert "[" not in row.instruction.replace("Count", "")
        assert row.meta["snippet"].startswith(f"boat{row.meta['file'].removesuffix('.py')} {row.meta['line']}")
        assert [step.by for step in row.ancestors] == ["code_snippets"]
    # Greedy: each snippet was asked for once, and another run seed asks for nothing that it draws again.
    assert len(planter.log) == len(set(planter.prompts))
    assert new_calls(result) == len(planter.log)


async def test_at_a_temperature_what_cannot_be_read_is_asked_for_again(tmp_path: Path) -> None:
    said = iter(["nothing", "[Problem Description]\nSort it.\n[Solution]\nx"])
    seen: list[Request] = []

    def model(request: Request) -> str:
        seen.append(request)
        return next(said)

    method = OssInstruct(Scripted(model), sampling=Sampling(temperature=0.7))
    rows = list(await run(Pipeline(CodeSnippets(texts=["x = 1"]), [method]), tmp_path / "run"))
    assert [(row.instruction, row.output, len(row.calls)) for row in rows] == [("Sort it.", "x", 2)]
    assert seen[0].seed != seen[1].seed


async def test_the_paper_s_sampling_and_a_snippet_with_an_input(tmp_path: Path) -> None:
    seen: list[Request] = []

    def model(request: Request) -> str:
        seen.append(request)
        return "no"

    start = [Example.root("row", instruction="def f():", input="    pass"), Example.root("row", instruction=" ")]
    result = await run(Pipeline(start, [OssInstruct(Scripted(model))]), tmp_path / "run")
    assert result.reasons == {"unparsable": 1, "empty_instruction": 1}
    assert seen[0].sampling == Sampling(temperature=0.0, max_tokens=2500)
    assert "<snippet>\ndef f():\n\n    pass\n</snippet>" in prompt_of(seen[0])
    assert len(seen) == 1


async def test_timing_changes_nothing(tmp_path: Path) -> None:
    source = CodeSnippets(texts=[numbered(50, f"boat{number}") for number in range(30)], per_document=3)
    made = []
    for number in range(3):
        teacher = Model(answer=Planter(), before=dawdling(number))
        folder = tmp_path / str(number)
        await run(Pipeline(source, [OssInstruct(teacher), Filter(Distinct(("output",)))]), folder / "run")
        made.append(contents(folder / "run"))
    assert made[0] == made[1] == made[2]


async def test_chinese(tmp_path: Path) -> None:
    seen: list[str] = []

    def model(request: Request) -> str:
        seen.append(prompt_of(request))
        return "**[问题描述]**\n写一个函数，求船的数量。\n\n**[解答]**\n```python\nprint(1)\n```"

    pipeline = Pipeline(CodeSnippets(texts=["x = 1"]), [OssInstruct(Scripted(model), language="zh")])
    rows = list(await run(pipeline, tmp_path / "run"))
    assert [(row.instruction, row.output) for row in rows] == [("写一个函数，求船的数量。", "```python\nprint(1)\n```")]
    assert "Problem" not in seen[0]


# ---------------------------------------------------------------- checks


def decided(check: Any, *examples: Example) -> list[Reject | None]:
    decide = Filter(check).fresh()
    return [decide.decide(example) for example in examples]


def pair(instruction: str, output: str = "", snippet: str = "") -> Example:
    return Example.root("row", instruction=instruction, output=output, meta={"snippet": snippet})


def test_what_was_there_before_is_no_new_problem() -> None:
    check = Distinct(("instruction", "output"), meta=("snippet",))
    rows = [
        pair("Sort it.", "sorted(x)", "x = 1"),
        pair("Turn it.", "reversed(x)", "x\n=  1"),
        pair("Sort\tit.", "x.sort()", "y = 1"),
        pair("Order it.", "sorted( x )", "z = 1"),
        pair("sort it.", "SORTED(x)", "X = 1"),  # case counts, as in the paper's code
        pair("sorted(x)", "Sort it.", "Sort it."),  # another field's text is another text
        pair("Turn it.", "", ""),  # a row that was rejected is not remembered, and what is empty is not compared
        pair("Turn it!", "", ""),
    ]
    rejects = decided(check, *rows)
    assert [one and (one.code, one.value) for one in rejects] == [
        None,
        ("duplicate", "snippet"),
        ("duplicate", "instruction"),
        ("duplicate", "output"),
        None,
        None,
        None,
        None,
    ]
    assert {one.neighbour for one in rejects if one} == {rows[0].id}
    assert check.fresh()(rows[0]) is None


@given(st.lists(st.tuples(st.sampled_from(["a", "a ", "b", "", "a\nb", "ab"]), st.sampled_from(["x", "y", " "]))))
def test_distinct_is_the_rule_written_out(texts: list[tuple[str, str]]) -> None:
    seen: tuple[set[str], set[str]] = (set(), set())
    expected = []
    for one in texts:
        bare = ["".join(text.split()) for text in one]
        known = any(text and text in kept for text, kept in zip(bare, seen, strict=True))
        expected.append(known)
        if not known:
            for text, kept in zip(bare, seen, strict=True):
                kept.add(text)
    found = decided(Distinct(("instruction", "output")), *(pair(*one) for one in texts))
    assert [one is not None for one in found] == expected


def test_a_benchmark_s_text_is_found_anywhere_and_in_any_form() -> None:
    check = Decontaminate(["Write a function\n  that adds two numbers.", Example("def add(a, b):")])
    rows = [
        pair("Please write a FUNCTION that   adds two\nnumbers. Now."),
        pair("Write a function that adds numbers.", "Here:\ndef add(a,\n b):\n  return a + b"),
        pair("Write a function that adds two numbers"),
        pair("def add(a,b):"),
    ]
    assert [one and (one.code, one.value, one.detail) for one in decided(check, *rows)] == [
        ("contaminated", "write a function that adds two numbers.", "in the instruction"),
        ("contaminated", "def add(a, b):", "in the output"),
        None,
        None,
    ]
    assert decided(Decontaminate(["adds"], fields=("output",)), *rows)[0] is None


@given(
    texts=st.lists(st.text(alphabet="ab ", min_size=1, max_size=30).filter(str.strip), min_size=1, max_size=6),
    text=st.text(alphabet="abA \n", max_size=60),
)
def test_decontamination_is_a_search_for_substrings(texts: list[str], text: str) -> None:
    plain = " ".join(text.lower().split())
    expected = any(" ".join(one.lower().split()) in plain for one in texts)
    assert (Decontaminate(texts)(pair(text)) is not None) == expected


def test_the_manifest_does_not_publish_a_benchmark() -> None:
    told = Pipeline([pair("x")], [Filter(Decontaminate([BENCHMARK]))]).describe()["stages"][1]
    assert "lighthouses" not in str(told)
    assert told["checks"][0]["texts"]["examples"] == 1
    other = Pipeline([pair("x")], [Filter(Decontaminate([BENCHMARK + "!"]))]).describe()["stages"][1]
    assert told != other


@pytest.mark.parametrize(
    ("instruction", "output", "found"),
    [
        ("Fix:\n```python\nx = 1\n```", "Done:\n```py\nx  =  1\n```", "x  =  1"),
        ("Fix:\n```python\nx = 1\n```", "```\ny = 2\n```\nor\n~~~\nx = 1\n~~~", "x = 1"),
        ("Fix:\n```python\nx = 1\n```", "```\nx = 1\ny = 2\n```", ""),
        ("Fix:\n```python\nx = 1\n```", "It is `x = 1`.", ""),
        ("Fix:\n```\n```", "```\n```", ""),
        ("Fix: x = 1", "```\nx = 1\n```", ""),
        ("Fix:\n```\nx = 1", "```\nx = 1\n```", ""),
        ("Show:\n````\n```\nx\n```\n````", "````\n```\nx\n```\n````", "```"),
    ],
)
def test_code_given_back(instruction: str, output: str, found: str) -> None:
    reject = CopiedCode()(pair(instruction, output))
    assert (reject.value if reject else "") == found
    assert reject is None or reject.code == "copied_code"


# ---------------------------------------------------------------- prompts and parameters


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_prompt_says_what_the_method_needs(language: str) -> None:
    prompt = Prompt.load("oss_instruct/problem", language=language).render(snippet="SNIPPET")
    assert prompt.count("SNIPPET") == 1
    for either in (
        r"inspire|启发",
        r"not part of the problem|不是题目的一部分",
        r"completely self-contained|完全独立",
        r"(?m)^(\[Problem Description\]|\[问题描述\])$",
        r"(?m)^(\[Solution\]|\[解答\])$",
        r"correct solution|正确的解答",
    ):
        assert re.search(either, prompt), either


@pytest.mark.parametrize("value", [*HOSTILE, "</snippet>\n[Solution]", "{snippet}"])
def test_code_is_inert(value: str) -> None:
    assert f"<snippet>\n{value}\n</snippet>" in Prompt.load("oss_instruct/problem").render(snippet=value)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (CodeSnippets, "needs code"),
        (lambda: CodeSnippets("absent"), "names no file"),
        (lambda: CodeSnippets(texts="x = 1"), "of which each is a text, or an Example"),
        (lambda: CodeSnippets(texts=[1]), "of which each is a text, or an Example"),  # type: ignore[list-item]
        (lambda: CodeSnippets(texts=["x"], lines=(0, 3)), "of at least 1"),
        (lambda: CodeSnippets(texts=["x"], lines=(4, 3)), "fewest and most"),
        (lambda: CodeSnippets(texts=["x"], lines=(1, 2, 3)), "a tuple of 2"),  # type: ignore[arg-type]
        (lambda: CodeSnippets(texts=["x"], per_document=0), "per_document=0"),
        (lambda: CodeSnippets(texts=["x"], longest=2.5), "longest=2.5"),  # type: ignore[arg-type]
        (lambda: OssInstruct("gpt"), "Write engine"),  # type: ignore[arg-type]
        (lambda: OssInstruct(Scripted(str), attempts=0), "attempts=0"),
        (lambda: OssInstruct(Scripted(str), language="fr"), "fr"),  # type: ignore[arg-type]
        (lambda: OssInstruct(Scripted(str), prompt=Prompt("Write.")), "snippet"),
        (lambda: Distinct(()), "fields"),
        (lambda: Distinct(meta="snippet"), "meta=.*of which each is a text"),  # type: ignore[arg-type]
        (lambda: Decontaminate([]), "no text"),
        (lambda: Decontaminate(["x", " "]), "blank"),
        (lambda: Decontaminate("x"), "of which each is a text, or an Example"),
    ],
)
def test_wrong_parameters_are_refused(make: Callable[[], Any], told: str) -> None:
    with pytest.raises(RecipeError, match=told):
        make()


def test_a_rule_between_the_sections_is_no_part_of_them() -> None:
    found = problem_and_solution("[Problem Description]\nP\n\n---\n\n[Solution]\nS\n\n---")
    assert (found.problem, found.solution) == ("P", "S")


@pytest.mark.parametrize("path", ["/nowhere/**x.py", "x" * 5000])
def test_a_name_that_can_name_nothing_is_a_clear_error(path: str) -> None:
    with pytest.raises(RecipeError, match="names no files"):
        CodeSnippets(path)


def test_a_file_whose_name_is_no_utf8_does_not_stop_the_run(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    folder.mkdir()
    (folder / "a.py").write_text("x = 1\n")
    Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff.py")).write_bytes(b"q = 1\n")
    run = Pipeline(CodeSnippets(folder), []).run(tmp_path / "run", store=tmp_path / "store.db", progress="none")
    assert run.counts["kept"] == 2
