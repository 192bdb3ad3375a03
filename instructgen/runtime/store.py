"""The store: every completion that was ever paid for, in one SQLite file.

Write-ahead log, one writer thread with group commit: a completion is on disk before anything downstream sees it, and a
SIGKILL loses none. Several processes may share a store: the first writer of a key wins and everybody uses its row.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from instructgen.contracts import Completion
from instructgen.errors import StoreError
from instructgen.recording import (
    Record,
    canonical,
    completion_from_json,
    completion_json,
    request_from_json,
)

_SCHEMA = """
CREATE TABLE IF NOT EXISTS completions (
    key BLOB PRIMARY KEY, engine TEXT NOT NULL, draw INTEGER NOT NULL, seed INTEGER, at REAL NOT NULL,
    request BLOB NOT NULL, completion BLOB NOT NULL, crc INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS quarantine (
    key BLOB, engine TEXT, draw INTEGER, seed INTEGER, at REAL, request BLOB, completion BLOB, crc INTEGER);
CREATE TABLE IF NOT EXISTS addresses (engine TEXT, address TEXT, PRIMARY KEY (engine, address));
"""
_GROUP = 512
_Job = Callable[[sqlite3.Connection], Any]


class Store:
    """Recorded completions, by key. One event loop uses an open store; close it when done.

    Attributes:
        path: the SQLite file.
        oldest: when the oldest completion handed out was recorded, in seconds since 1970; None before the first.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.oldest: float | None = None
        self._damaged: set[str] = set()
        self._jobs: SimpleQueue[tuple[_Job, asyncio.Future[Any], asyncio.AbstractEventLoop] | None] = SimpleQueue()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._reader = _connect(path)
            self._reader.executescript(_SCHEMA)
            self._connection = _connect(path)
        except (OSError, sqlite3.Error) as error:
            raise _store_error(path, error) from error
        self._writer = threading.Thread(target=self._write, name="instructgen-store", daemon=True)
        self._writer.start()

    @property
    def quarantined(self) -> int:
        """Damaged rows found since it was opened."""
        return len(self._damaged)

    def get(self, key: str) -> Completion | None:
        """The completion recorded under this key, or None. A damaged row is set aside and counts as missing.

        Raises:
            StoreError: the file itself cannot be read.
        """
        try:
            row = self._reader.execute(
                "SELECT request, completion, crc, at FROM completions WHERE key = ?", (bytes.fromhex(key),)
            ).fetchone()
        except sqlite3.Error as error:
            raise _store_error(self.path, error) from error
        if row is None:
            return None
        sound = isinstance(row[0], bytes) and isinstance(row[1], bytes) and isinstance(row[3], float)
        if sound and row[2] == _crc(key, row[0], row[1]):
            try:
                completion = completion_from_json(json.loads(row[1]), key)
            except (ValueError, KeyError, TypeError):
                pass
            else:
                self.oldest = row[3] if self.oldest is None else min(self.oldest, row[3])
                return completion
        self._quarantine(key, row[:3])
        return None

    async def put(self, row: Record) -> Completion:
        """Record a completion durably; returns the recorded one, which is another process's if it came first.

        Raises:
            StoreError: it could not be written.
        """
        # Plain JSON: compressing costs more than everything else here, and sqlite3 can query it as it is.
        completion = json.dumps(completion_json(row.completion)).encode("ascii")
        request = (row.request_text or canonical(row.request)).encode("ascii")
        values = (
            bytes.fromhex(row.key),
            row.engine,
            row.draw,
            row.seed,
            time.time(),
            request,
            completion,
            _crc(row.key, request, completion),
        )

        def insert(connection: sqlite3.Connection) -> int:
            sql = "INSERT OR IGNORE INTO completions VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
            return connection.execute(sql, values).rowcount

        if await self._submit(insert):
            return row.completion
        # What was there first is looked at like any other row; if it is damaged, it has left when this comes again.
        return self.get(row.key) or await self.put(row)

    async def note_address(self, engine: str, address: str) -> list[str]:
        """Remember that an identity answered from an address; returns the other addresses it was seen at."""

        def insert(connection: sqlite3.Connection) -> list[str]:
            connection.execute("INSERT OR IGNORE INTO addresses VALUES (?, ?)", (engine, address))
            sql = "SELECT address FROM addresses WHERE engine = ? AND address != ? ORDER BY address"
            return [other for (other,) in connection.execute(sql, (engine, address))]

        others: list[str] = await self._submit(insert)
        return others

    def close(self) -> None:
        """Finish what was submitted and close the file."""
        self._jobs.put(None)
        self._writer.join()
        self._reader.close()

    def _submit(self, job: _Job) -> asyncio.Future[Any]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        self._jobs.put((job, future, loop))
        return future

    def _quarantine(self, key: str, damaged: tuple[Any, ...]) -> None:
        self._damaged.add(key)
        values = (bytes.fromhex(key), *damaged)

        def move(connection: sqlite3.Connection) -> None:
            # Not by the key alone: another process may have put a sound row in its place meanwhile.
            where = "FROM completions WHERE key = ? AND request IS ? AND completion IS ? AND crc IS ?"
            columns = "key, engine, draw, seed, at, request, completion, crc"
            connection.execute(f"INSERT INTO quarantine SELECT {columns} {where}", values)
            connection.execute(f"DELETE {where}", values)

        self._submit(move).add_done_callback(lambda future: future.cancelled() or future.exception())

    def _write(self) -> None:
        """The writer thread: takes what has gathered, commits it as one group, then answers all of it."""
        with closing(self._connection) as connection:
            while (job := self._jobs.get()) is not None:
                group = [job]
                while len(group) < _GROUP and not self._jobs.empty():
                    if (job := self._jobs.get()) is None:
                        self._jobs.put(None)
                        break
                    group.append(job)
                _answer(group, self._commit(connection, [job for job, _, _ in group]))

    def _commit(self, connection: sqlite3.Connection, jobs: list[_Job]) -> list[Any] | StoreError:
        try:
            connection.execute("BEGIN IMMEDIATE")
            results = [job(connection) for job in jobs]
            connection.execute("COMMIT")
        except Exception as error:  # whatever it is: this thread must go on, and who waits must hear of it
            if connection.in_transaction:
                with suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
            return _store_error(self.path, error)
        return results


def stored_rows(path: Path, keys: Iterable[str]) -> Iterator[Record]:
    """The rows recorded under these keys, in the order given; keys that are not there are skipped.

    Raises:
        StoreError: the store cannot be read.
    """
    if not path.exists():
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            sql = "SELECT engine, draw, seed, request, completion, crc FROM completions WHERE key = ?"
            for key in keys:
                row = connection.execute(sql, (bytes.fromhex(key),)).fetchone()
                if row is not None:
                    if row[5] != _crc(key, row[3], row[4]):
                        raise ValueError(f"the row of {key} is damaged")
                    request = request_from_json(json.loads(row[3]))
                    completion = completion_from_json(json.loads(row[4]), key)
                    yield Record(row[0], request, row[1], row[2], completion)
    except (sqlite3.Error, ValueError, KeyError, TypeError) as error:
        raise _store_error(path, error) from error


def default_path(start: Path) -> Path:
    """``.instructgen/completions.db`` beside the nearest pyproject.toml or .git above ``start``, else in ``start``."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").exists() or (folder / ".git").exists():
            return folder / ".instructgen" / "completions.db"
    return start / ".instructgen" / "completions.db"


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=30)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _crc(key: str, request: bytes, completion: bytes) -> int:
    return zlib.crc32(completion, zlib.crc32(request, zlib.crc32(key.encode("ascii"))))


def _answer(
    group: list[tuple[_Job, asyncio.Future[Any], asyncio.AbstractEventLoop]], results: list[Any] | StoreError
) -> None:
    """Hand the results of one commit to the loop, in one wake-up a loop."""

    def resolve(items: list[tuple[asyncio.Future[Any], Any]]) -> None:
        for future, result in items:
            if future.done():
                continue
            if isinstance(result, StoreError):
                future.set_exception(result)
            else:
                future.set_result(result)

    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = {}
    for position, (_, future, loop) in enumerate(group):
        result = results if isinstance(results, StoreError) else results[position]
        by_loop.setdefault(loop, []).append((future, result))
    for loop, items in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(resolve, items)


def _store_error(path: Path, error: Exception) -> StoreError:
    cure = "Is the disk full, or the folder not writable? Another place: store=PATH, or INSTRUCTGEN_STORE=PATH."
    if "no such column" in str(error):
        cure = "The file is a database of something else. Name another one: store=PATH, --store PATH."
    if isinstance(error, ValueError | KeyError | TypeError):
        cure = "Run the recipe again: what is damaged is set aside, and asked for anew."
    if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
        cure = (
            "The file is damaged or is no store. Move it aside (a new one is made), or rescue it with "
            f"`sqlite3 {path.name} .recover`."
        )
    return StoreError(f"the store {path} cannot be used: {error}.\n{cure}")
