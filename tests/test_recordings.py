"""The shipped recording plays the quickstart offline, holds just what that needs, and does not read like a template."""

from __future__ import annotations

import json
import re
import runpy
from collections import Counter
from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from instructgen.cli import recipes
from instructgen.example import Example
from instructgen.recording import recorded_from_json, recorded_json
from instructgen.runtime.run import Run
from tests.support.textstats import template_findings

EXAMPLES = Path(__file__).parent.parent / "examples"
RECORDING = EXAMPLES / "recordings" / "quickstart.jsonl"
REASONS_MEANT_TO_BE_SHOWN = {
    "keyword", "rouge", "too_short", "too_long", "truncated", "labels", "empty_output", "write_program",
}  # fmt: skip

Row = dict[str, Any]
Replay = Callable[[str], Run]


@pytest.fixture(scope="module")
def lines() -> list[str]:
    text = RECORDING.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return text[:-1].split("\n")


@pytest.fixture(scope="module")
def rows(lines: list[str]) -> list[Row]:
    return [json.loads(line) for line in lines]


@pytest.fixture(scope="module")
def replay(tmp_path_factory: pytest.TempPathFactory) -> Replay:
    """Runs the real recipe with its default teacher, each time into a directory and a store that are new."""

    def run(name: str) -> Run:
        place = tmp_path_factory.mktemp(name)
        pipeline = recipes.load(EXAMPLES / "quickstart.py")()
        return pipeline.run(place / "run", store=place / "completions.db", progress="none")

    return run


@pytest.fixture(scope="module")
def run(replay: Replay) -> Run:
    return replay("first")


def calls_of(example: Example) -> set[str]:
    return set(example.calls).union(*(ancestor.calls for ancestor in example.ancestors))


def answers_to_tasks(rows: list[Row]) -> list[str]:
    """The answers of the teacher; the requests for new tasks are those with a stop string."""
    return [row["completion"]["text"] for row in rows if "stop" not in row["request"]["sampling"]]


# ---------------------------------------------------------------- the replay


def test_quickstart_runs_without_asking_anybody(run: Run, rows: list[Row]) -> None:
    assert run.complete
    assert run.telemetry["calls"]["new"] == 0
    assert run.telemetry["calls"]["replayed"] == len(rows)
    assert run.counts["failed"] == 0


def test_it_keeps_enough_and_shows_many_reasons(run: Run) -> None:
    assert len(run) >= 40
    assert run.reasons.keys() >= REASONS_MEANT_TO_BE_SHOWN
    assert run.counts["rejected"] < run.counts["kept"] / 2


def test_counts_balance_and_agree_with_the_rows(run: Run) -> None:
    counts = run.counts
    assert counts["source"] + counts["born"] - counts["expanded"] == counts["kept"] + counts["rejected"]
    assert len(list(run)) == counts["kept"]
    assert Counter(rejected.reject.code for rejected in run.rejected()) == run.reasons


def test_a_second_replay_gives_the_same_bytes(run: Run, replay: Replay) -> None:
    again = replay("second")
    for name in ("data.jsonl", "rejected.jsonl", "failed.jsonl", "manifest.json"):
        assert (again.path / name).read_bytes() == (run.path / name).read_bytes(), name


# ---------------------------------------------------------------- the rows


def test_it_holds_exactly_the_calls_of_the_run(run: Run, rows: list[Row]) -> None:
    examples = [*run, *(rejected.example for rejected in run.rejected())]
    keys = [row["key"] for row in rows]
    assert len(set(keys)) == len(keys)
    assert set(keys) == set().union(*map(calls_of, examples))


def test_every_row_stands_under_its_recomputed_key_as_it_would_be_written_anew(lines: list[str]) -> None:
    for line in lines:
        row = json.loads(line)
        record = recorded_from_json(row)  # computes the key afresh and does not look at the one in the row
        assert record.key == row["key"]
        assert json.dumps(recorded_json(record), ensure_ascii=False) == line, row["key"]


def test_every_row_names_its_label_in_place_of_a_model(rows: list[Row]) -> None:
    assert {row["engine"] for row in rows} == {"written/quickstart"}
    assert {row["completion"]["model"] for row in rows} == {"written"}
    assert not any("usage" in row["completion"] for row in rows)


def test_completions_are_not_empty_and_some_are_cut_off(rows: list[Row]) -> None:
    assert all(row["completion"]["text"].strip() for row in rows)
    assert {row["completion"]["finish"] for row in rows} == {"stop", "length"}


# ---------------------------------------------------------------- the other recipes


def keys_told() -> set[str]:
    """The keys of ``meta`` that the table in the concepts names."""
    page = (EXAMPLES.parent / "docs" / "concepts.md").read_text(encoding="utf-8")
    section = page.split("\n## Meta\n")[1].split("\n## ")[0]
    return {key for row in re.findall(r"^\| .* \| (.*) \|$", section, re.M) for key in re.findall(r"`(\w+)`", row)}


@pytest.mark.parametrize(
    ("name", "language", "kept", "reasons"),
    [
        (
            "self_instruct",
            "",
            32,
            {"contradiction", "duplicate", "ends_with_colon", "keyword", "rouge", "too_short", "truncated"},
        ),
        ("alpaca", "", 25, {"empty_output", "keyword", "labels", "rouge", "too_short", "truncated", "write_program"}),
        ("belle_zh", "", 10, {"empty_output", "keyword", "rouge", "too_short"}),
        ("evol_instruct", "en", 8, {"no_gain"}),
        ("evol_instruct", "zh", 7, {"no_gain", "sorry"}),
        ("fresh_start", "en", 3, {"assistant_talk", "scaffold"}),
        ("fresh_start", "zh", 3, {"assistant_talk", "scaffold"}),
        ("auto_evol", "en", 3, {"asks_back", "method"}),
        ("auto_evol", "zh", 3, {"asks_back", "method"}),
        ("wizard_coder", "en", 7, {"no_gain"}),
        ("wizard_coder", "zh", 7, {"no_gain"}),
        ("wizard_math", "en", 10, {"scaffold"}),
        ("wizard_math", "zh", 10, {"solution"}),
        ("magpie", "", 4, {"input_quality", "role_marker", "truncated"}),
        ("unnatural_instructions", "en", 15, {"demonstration", "missing_field", "no_slot"}),
        ("unnatural_instructions", "zh", 15, {"demonstration", "missing_field", "no_slot"}),
        ("personas", "en", 4, {"truncated", "unparsable"}),
        ("personas", "zh", 4, {"truncated", "unparsable"}),
        ("oss_instruct", "en", 9, {"copied_code", "truncated", "unparsable"}),
        ("oss_instruct", "zh", 10, {"truncated", "unparsable"}),
    ],
)
def test_every_recipe_plays_its_recording(
    name: str, language: str, kept: int, reasons: set[str], tmp_path: Path
) -> None:
    recipe = recipes.load(EXAMPLES / f"{name}.py")
    pipeline = recipe(language=language) if language else recipe()
    run = pipeline.run(tmp_path / "run", store=tmp_path / "completions.db", progress="none")
    assert (run.complete, len(run), run.telemetry["calls"]["new"]) == (True, kept, 0)
    assert run.reasons.keys() == reasons
    examples = [*run, *(rejected.example for rejected in run.rejected())]
    assert {key for example in examples for key in example.meta} <= keys_told()
    if language == "zh":
        assert all(re.search("[\u4e00-\u9fff]", example.instruction) for example in run)


@pytest.mark.parametrize("path", sorted((EXAMPLES / "recordings").glob("*.jsonl")), ids=lambda path: path.stem)
def test_a_recording_holds_what_its_recipe_asks_for_and_no_more(path: Path, tmp_path: Path) -> None:
    wanted = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {row["engine"] for row in wanted} == {f"written/{path.stem}"}
    if path.stem == "your_own_csv":
        return  # no recipe: the script is run with the pages that show it
    recipe = recipes.load(EXAMPLES / f"{path.stem}.py")
    languages = ["en", "zh"] if "language" in signature(recipe).parameters else [""]
    asked: set[str] = set()
    for language in languages:
        pipeline = recipe(language=language) if language else recipe()
        run = pipeline.run(tmp_path / f"run{language}", store=tmp_path / "completions.db", progress="none")
        for example in [*run, *(rejected.example for rejected in run.rejected())]:
            asked |= calls_of(example)
    assert asked == {row["key"] for row in wanted}
    assert len(wanted) == len({row["key"] for row in wanted})


def test_the_notebook_runs_from_its_first_cell_to_its_last(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(EXAMPLES.parent)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setenv("INSTRUCTGEN_STORE", str(tmp_path / "completions.db"))
    runpy.run_path(str(EXAMPLES / "notebook.py"), run_name="__main__")
    told = capsys.readouterr().out
    assert "first: 50 kept, 16 rejected, 0 failed" in told
    assert "50 → 26 kept; 0 new requests" in told
    assert told.endswith("50 rows in alpaca.json\n")


# ---------------------------------------------------------------- the texts


def test_answers_do_not_look_template_made(rows: list[Row]) -> None:
    long_enough = [text for text in answers_to_tasks(rows) if len(text.split()) >= 15]
    assert len(long_enough) >= 40
    assert template_findings(long_enough) == []


def test_instructions_do_not_look_template_made(run: Run) -> None:
    assert template_findings([example.instruction for example in run]) == []


def test_half_of_the_instructions_come_with_an_input(run: Run) -> None:
    assert 0.35 <= sum(bool(example.input) for example in run) / len(run) <= 0.65


@pytest.mark.parametrize("filler", ["sure", "certainly", "of course", "absolutely", "great question", "as an ai"])
def test_no_answer_opens_with_filler(rows: list[Row], filler: str) -> None:
    assert [text for text in answers_to_tasks(rows) if text.lower().startswith(filler)] == []


def test_no_answer_is_the_output_of_its_task_again(run: Run, rows: list[Row]) -> None:
    """The teacher answers afresh; only labels, which leave no choice of words, may come out alike."""
    tasks = "\n".join(row["completion"]["text"] for row in rows if "stop" in row["request"]["sampling"])
    copied = [example.output for example in run if f"Output:\n{example.output}" in tasks]
    assert all(len(output.split()) < 15 for output in copied)
    assert len(copied) <= 3
