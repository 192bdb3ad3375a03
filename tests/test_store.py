"""The store: durable before the answer is used, shared by processes, and never trusting a damaged row."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
import subprocess
import sys
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from instructgen.contracts import Completion, Request, Sampling, Usage
from instructgen.errors import StoreError
from instructgen.recording import Record, key
from instructgen.runtime.store import Store, default_path, stored_rows

WHOLE = Completion("an answer\n\u2028\0é", "length", Usage(1, 2, 3, 4), "model-1", "thinking")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / ".instructgen" / "completions.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    with closing(Store(path)) as opened:
        yield opened


def record(prompt: str, text: str = "answer", *, draw: int = 0, seed: int | None = 0) -> Record:
    request = Request.chat(prompt, sampling=Sampling(temperature=1.0, max_tokens=5))
    return Record("test/e", request, draw, seed, Completion(text, key=key("test/e", request, draw, seed)))


def raw(path: Path, sql: str, *values: object) -> list[tuple[object, ...]]:
    """What another program sees in the file."""
    with closing(sqlite3.connect(path, timeout=10)) as connection, connection:
        return connection.execute(sql, values).fetchall()


async def settled(store: Store) -> None:
    """Wait until the writer has done all that was handed to it before."""
    await store.note_address("test/none", "nowhere")


async def test_gives_back_what_was_put(store: Store) -> None:
    row = record("hello")
    row = replace(row, completion=replace(WHOLE, key=row.key))
    assert store.get(row.key) is None
    assert await store.put(row) == row.completion
    assert store.get(row.key) == row.completion


async def test_outlives_the_process(path: Path) -> None:
    row = record("hello")
    with closing(Store(path)) as store:
        await store.put(row)
    with closing(Store(path)) as store:
        assert store.get(row.key) == row.completion
        assert list(stored_rows(path, [row.key])) == [row]


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=30), reasoning=st.text(max_size=5))
async def test_any_text_survives(path: Path, text: str, reasoning: str) -> None:
    row = record(text, text)
    row = replace(row, completion=replace(row.completion, reasoning=reasoning))
    with closing(Store(path)) as store:
        first = await store.put(row)
        assert store.get(row.key) == first
        assert first.text == text
        assert next(stored_rows(path, [row.key])).request == row.request


async def test_is_durable_before_the_answer_is_used(store: Store, path: Path) -> None:
    for number in range(5):
        row = record(f"prompt {number}")
        await store.put(row)
        assert raw(path, "SELECT COUNT(*) FROM completions WHERE key = ?", bytes.fromhex(row.key)) == [(1,)]


async def test_the_first_writer_wins(store: Store, path: Path) -> None:
    first, second = record("hello", "first"), record("hello", "second")
    with closing(Store(path)) as other:
        assert (await store.put(first)).text == "first"
        assert await other.put(second) == first.completion
        assert store.get(first.key) == other.get(first.key) == first.completion


async def test_two_at_once_agree(store: Store, path: Path) -> None:
    with closing(Store(path)) as other:
        rows = [(record(f"prompt {n}", "one"), record(f"prompt {n}", "other")) for n in range(40)]
        got = await asyncio.gather(*(each for one, two in rows for each in (store.put(one), other.put(two))))
    for position, (one, _) in enumerate(rows):
        assert got[2 * position] == got[2 * position + 1] == store.get(one.key)


async def test_draws_and_seeds_are_rows_of_their_own(store: Store) -> None:
    rows = [
        record("hello", f"{draw} {seed}", draw=draw, seed=seed) for draw in range(3) for seed in (None, 0, -(2**63))
    ]
    await asyncio.gather(*map(store.put, rows))
    assert [store.get(row.key) for row in rows] == [row.completion for row in rows]


async def test_many_at_once_are_each_answered(store: Store, path: Path) -> None:
    rows = [record(f"prompt {number}", f"answer {number}") for number in range(1500)]
    assert await asyncio.gather(*map(store.put, rows)) == [row.completion for row in rows]
    assert raw(path, "SELECT COUNT(*) FROM completions") == [(1500,)]


async def test_closing_finishes_what_was_handed_in(path: Path) -> None:
    store = Store(path)
    rows = [record(f"prompt {number}") for number in range(600)]
    puts = [asyncio.ensure_future(store.put(row)) for row in rows]
    await asyncio.sleep(0)
    store.close()
    assert raw(path, "SELECT COUNT(*) FROM completions") == [(600,)]
    assert await asyncio.gather(*puts) == [row.completion for row in rows]


# ---------------------------------------------------------------- damage


def flipped(data: bytes) -> bytes:
    return data[:-3] + bytes([data[-3] ^ 1]) + data[-2:]


def crc(row: Record, request: bytes, completion: bytes) -> int:
    return zlib.crc32(completion, zlib.crc32(request, zlib.crc32(row.key.encode("ascii"))))


async def damage(path: Path, row: Record, how: str) -> None:
    """Change a stored row as a bad disk, or a stranger, would."""
    where = bytes.fromhex(row.key)
    sql = "UPDATE completions SET request = ?, completion = ?, crc = ? WHERE key = ?"
    request, completion, check = raw(path, "SELECT request, completion, crc FROM completions WHERE key = ?", where)[0]
    assert isinstance(request, bytes) and isinstance(completion, bytes) and isinstance(check, int)
    if how == "bit":
        raw(path, sql, request, flipped(completion), check, where)
    elif how == "bit of the request":
        raw(path, sql, flipped(request), completion, check, where)
    elif how == "checksum":
        raw(path, sql, request, completion, check ^ 1, where)
    elif how == "a text":
        raw(path, sql, request, completion.decode("ascii"), check, where)
    else:
        raw(path, sql, request, WRONG[how], crc(row, request, WRONG[how]), where)


WRONG = {
    "not JSON": b"{",
    "another version": b'{"answer": "a"}',
    "not an object": b"[1]",
    "unknown usage": b'{"text": "a", "finish": "stop", "usage": {"watts": 1}}',
    "not a string": "é".encode("latin-1"),
}
DAMAGES = ["bit", "bit of the request", "checksum", "a text", *WRONG]


@pytest.mark.parametrize("how", DAMAGES)
async def test_a_damaged_row_is_set_aside_and_asked_again(store: Store, path: Path, how: str) -> None:
    row, neighbour = record("hello"), record("other")
    await store.put(row)
    await store.put(neighbour)
    await damage(path, row, how)
    bad = raw(path, "SELECT completion FROM completions WHERE key = ?", bytes.fromhex(row.key))
    assert store.get(row.key) is None
    assert store.quarantined == 1
    again = replace(row, completion=replace(row.completion, text="asked again"))
    assert (await store.put(again)).text == "asked again"
    assert store.get(row.key) == again.completion
    assert store.get(neighbour.key) == neighbour.completion
    assert raw(path, "SELECT completion FROM quarantine") == bad
    assert store.quarantined == 1


@pytest.mark.parametrize("at", ["yesterday", b"\0"])
async def test_a_row_whose_time_is_damaged_is_set_aside(store: Store, path: Path, at: object) -> None:
    row, neighbour = record("hello"), record("other")
    await store.put(row)
    await store.put(neighbour)
    raw(path, "UPDATE completions SET at = ? WHERE key = ?", at, bytes.fromhex(row.key))
    assert store.get(neighbour.key) == neighbour.completion
    assert store.get(row.key) is None
    assert (store.quarantined, type(store.oldest)) == (1, float)
    again = replace(row, completion=replace(row.completion, text="asked again"))
    assert await store.put(again) == again.completion
    assert store.get(row.key) == again.completion
    assert raw(path, "SELECT at FROM quarantine") == [(at,)]


async def test_a_row_that_was_mended_meanwhile_stays(store: Store, path: Path) -> None:
    row = record("hello")
    await store.put(row)
    where = bytes.fromhex(row.key)
    good = raw(path, "SELECT completion FROM completions")[0][0]
    await damage(path, row, "bit")
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")  # the store finds the damage, and must wait to set the row aside
        assert store.get(row.key) is None
        other.execute("UPDATE completions SET completion = ? WHERE key = ?", (good, where))
        other.execute("COMMIT")
    await settled(store)
    assert store.get(row.key) == row.completion
    assert raw(path, "SELECT COUNT(*) FROM quarantine") == [(0,)]


async def test_a_damaged_row_never_beats_a_sound_one(store: Store, path: Path) -> None:
    row = record("hello")
    await store.put(row)
    for how in DAMAGES:
        await damage(path, row, how)
        again = replace(row, completion=replace(row.completion, text=f"sound again after: {how}"))
        assert await store.put(again) == again.completion
        assert store.get(row.key) == again.completion


async def test_damage_met_twice_is_counted_once(store: Store, path: Path) -> None:
    row = record("hello")
    await store.put(row)
    await damage(path, row, "bit")
    assert store.get(row.key) is None
    assert store.get(row.key) is None
    await settled(store)
    assert store.quarantined == 1
    assert raw(path, "SELECT COUNT(*) FROM quarantine") == [(1,)]


def test_what_is_no_database_is_refused(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"these are my notes, not a database; please leave them alone. " * 20)
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"completions\.db cannot be used(.|\n)*[Mm]ove it aside"):
        Store(path)
    assert path.read_bytes() == before


def test_a_folder_in_its_place_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match=r"(?s)completions\.db cannot be used.*INSTRUCTGEN_STORE"):
        Store(path)


def test_a_file_in_the_place_of_its_folder_is_refused(path: Path) -> None:
    path.parent.write_text("a file")
    with pytest.raises(StoreError, match=r"(?s)cannot be used.*not writable"):
        Store(path)


def test_reading_a_damaged_store_says_so(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database" * 100)
    with pytest.raises(StoreError, match="cannot be used"):
        list(stored_rows(path, ["00"]))


async def test_reading_a_damaged_row_says_so(store: Store, path: Path) -> None:
    row = record("hello")
    await store.put(row)
    for how in DAMAGES:
        again = replace(row, completion=replace(row.completion, text=how))
        await store.put(again)
        await damage(path, row, how)
        with pytest.raises(StoreError, match="cannot be used"):
            list(stored_rows(path, [row.key]))


async def test_what_sqlite_cannot_hold_is_an_error_and_not_the_end(store: Store) -> None:
    with pytest.raises(StoreError):
        await asyncio.wait_for(store.put(record("hello", seed=2**64)), 10)
    row = record("hello")
    assert await asyncio.wait_for(store.put(row), 10) == row.completion


def test_a_full_disk_is_an_error_and_loses_nothing(path: Path) -> None:
    program = """
import asyncio, os, resource, sys
from pathlib import Path
from instructgen.errors import StoreError
from instructgen.runtime.store import Store
from tests.test_store import record

async def main():
    store = Store(Path(sys.argv[1]))
    await store.put(record("before"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, -1))
    try:
        await store.put(record("large", os.urandom(400_000).hex()))
    except StoreError as error:
        print("disk" in str(error), error.exit_code)
    resource.setrlimit(resource.RLIMIT_FSIZE, (-1, -1))
    await store.put(record("after"))
    store.close()

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-B", "-c", program, str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "5"]
    keys = [record(prompt).key for prompt in ("before", "large", "after")]
    assert [row.request for row in stored_rows(path, keys)] == [record(p).request for p in ("before", "after")]


# ---------------------------------------------------------------- sharing


async def test_is_private_to_the_user(store: Store, path: Path) -> None:
    await store.put(record("hello"))
    files = sorted(path.parent.iterdir())
    assert [file.name for file in files] == ["completions.db", "completions.db-shm", "completions.db-wal"]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_several_processes_share_it(path: Path) -> None:
    program = """
import asyncio, json, sys
from pathlib import Path
from instructgen.runtime.store import Store
from tests.test_store import record

async def main():
    name, store = sys.argv[2], Store(Path(sys.argv[1]))
    rows = [record(f"prompt {number}", f"by {name}") for number in range(300)]
    if name != "1":
        rows.reverse()
    got = {}
    for start in range(0, 300, 20):
        for completion in await asyncio.gather(*map(store.put, rows[start : start + 20])):
            got[completion.key] = completion.text
    store.close()
    print(json.dumps(got))

asyncio.run(main())
"""
    children = [
        subprocess.Popen([sys.executable, "-c", program, str(path), str(name)], stdout=subprocess.PIPE)
        for name in range(3)
    ]
    results = [json.loads(child.communicate(timeout=60)[0]) for child in children]
    assert [child.returncode for child in children] == [0, 0, 0]
    stored = {row.key: row.completion.text for row in stored_rows(path, results[0])}
    assert len(stored) == 300
    assert results == [stored] * 3


async def test_a_reader_sees_what_others_write(store: Store, path: Path) -> None:
    row = record("hello")
    with closing(Store(path)) as other:
        assert other.get(row.key) is None
        await store.put(row)
        assert other.get(row.key) == row.completion


async def test_rows_come_in_the_order_asked_for(store: Store, path: Path) -> None:
    rows = [record(f"prompt {number}") for number in range(5)]
    await asyncio.gather(*map(store.put, rows))
    missing = record("never put").key
    wanted = [rows[3].key, missing, rows[0].key, rows[4].key]
    assert list(stored_rows(path, wanted)) == [rows[3], rows[0], rows[4]]


def test_reading_makes_no_store(path: Path) -> None:
    assert list(stored_rows(path, ["00" * 16])) == []
    assert not path.exists()


async def test_knows_the_age_of_what_it_gave(store: Store, path: Path) -> None:
    rows = [record(f"prompt {number}") for number in range(3)]
    await asyncio.gather(*map(store.put, rows))
    assert store.oldest is None
    for at, row in zip((300.0, 100.0, 200.0), rows, strict=True):
        raw(path, "UPDATE completions SET at = ? WHERE key = ?", at, bytes.fromhex(row.key))
    ages: list[float | None] = []
    for row in (rows[2], rows[0], rows[1]):
        store.get(row.key)
        ages.append(store.oldest)
    assert ages == [200.0, 200.0, 100.0]


async def test_remembers_addresses(store: Store, path: Path) -> None:
    assert await store.note_address("openai/a", "http://one") == []
    assert await store.note_address("openai/a", "http://one") == []
    assert await store.note_address("openai/b", "http://two") == []
    with closing(Store(path)) as other:
        assert await other.note_address("openai/a", "http://three") == ["http://one"]
    assert await store.note_address("openai/a", "http://two") == ["http://one", "http://three"]


def test_lies_beside_the_project(tmp_path: Path) -> None:
    inner = tmp_path / "project" / "a" / "b"
    inner.mkdir(parents=True)
    assert default_path(inner).parts[-2:] == (".instructgen", "completions.db")
    (tmp_path / "project" / "pyproject.toml").touch()
    assert default_path(inner) == (tmp_path / "project").resolve() / ".instructgen" / "completions.db"
    (tmp_path / "project" / "a" / ".git").mkdir()
    assert default_path(inner) == (tmp_path / "project" / "a").resolve() / ".instructgen" / "completions.db"
