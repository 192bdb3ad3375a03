"""The run directory: written as ``.part`` files, renamed at the end, one writer at a time, private to the user."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from instructgen.contracts import Reject
from instructgen.errors import Locked, RecipeError, StoreError
from instructgen.formats.rows import example_row, json_line
from instructgen.runtime.counts import Item
from instructgen.runtime.describe import differences

_log = logging.getLogger("instructgen")

DATA, REJECTED, FAILED = "data.jsonl", "rejected.jsonl", "failed.jsonl"
MANIFEST, TELEMETRY = "manifest.json", "telemetry.json"


class RunDirectory:
    """Writes one run. Use as a context manager: it holds the lock.

    Raises:
        Locked: another process is writing there.
        RecipeError: the directory holds a run of another recipe.
        StoreError: it cannot be written.
    """

    def __init__(self, path: Path, recipe: Mapping[str, Any]) -> None:
        self.path = path
        self._recipe = json.loads(json.dumps(recipe))
        self._complete = False
        self._files: dict[str, _PartFile] = {}

    def __enter__(self) -> RunDirectory:
        from filelock import FileLock

        try:
            self.path.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock = FileLock(self.path / ".lock", mode=0o600)
            self._acquire()
        except OSError as error:
            raise self._unwritable(error) from error
        try:
            self._compare()
            for name in (DATA, REJECTED, FAILED):
                self._files[name] = _PartFile(self.path / name)
        except BaseException as error:
            self.__exit__(None, None, None)
            if isinstance(error, OSError):
                raise self._unwritable(error) from error
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._files.values():
            file.close()
        (self.path / ".holder.json").unlink(missing_ok=True)
        self._lock.release()

    def write(self, item: Item, stages: list[str]) -> None:
        """Write one decided example to the file it belongs in.

        Raises:
            StoreError: the disk is full, or the file went away.
        """
        row = example_row(item.example)
        name = DATA
        if isinstance(item.verdict, Reject):
            name, reject = REJECTED, item.verdict
            row["reject"] = {
                "stage": stages[item.stage],
                "code": reject.code,
                "value": _number_or_text(reject.value),
                "limit": _number_or_text(reject.limit),
                "neighbour": reject.neighbour,
                "detail": reject.detail,
            }
        elif item.verdict is not None:
            name, error = FAILED, item.verdict
            notes = getattr(error, "__notes__", [])
            message = "; ".join([str(error), *notes])
            row["error"] = {"stage": stages[item.stage], "type": type(error).__name__, "message": message}
        try:
            self._files[name].write(json_line(row))
        except OSError as error:
            raise self._unwritable(error) from error

    def flush(self) -> None:
        """Hand what was written so far to the system, where other programs can read it."""
        for file in self._files.values():
            file.flush()

    def finish(self, manifest: Mapping[str, Any], telemetry: Mapping[str, Any]) -> None:
        """Move the files into place and write the manifest, last, over them.

        A partial result never replaces a complete one: it is left in the ``.part`` files.

        Raises:
            StoreError: the disk is full, or the directory went away.
        """
        try:
            if manifest["partial"] and self._complete:
                self.flush()
                _log.warning("%s keeps the complete result it held; what this run made is in .part files", self.path)
                return
            files = {name: file.finish() for name, file in self._files.items()}
            self._write_json(TELEMETRY, telemetry)
            self._write_json(MANIFEST, {**manifest, "files": files})
        except OSError as error:
            raise self._unwritable(error) from error

    def _acquire(self) -> None:
        from filelock import Timeout

        holder = self.path / ".holder.json"
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            try:
                who = json.loads(holder.read_bytes())
                name = f"process {who['pid']} on {who['host']}, since {who['since']} ({who['command']})"
            except (OSError, ValueError, KeyError):
                name = "another process"
            raise Locked(
                f"{self.path} is being written by {name}.\n"
                "Wait for it, stop it, or choose another --out; the recorded completions are shared either way."
            ) from None
        self._write_json(
            holder.name,
            {
                "pid": os.getpid(),
                "host": socket.gethostname(),
                "since": datetime.now(UTC).isoformat(timespec="seconds"),
                "command": Path(sys.argv[0]).name,
            },
        )

    def _compare(self) -> None:
        """Refuse a directory of another recipe; claim an empty one."""
        path = self.path / MANIFEST
        if not path.exists():
            for name in (DATA, REJECTED, FAILED):
                if (self.path / name).exists():
                    raise RecipeError(
                        f"{self.path} holds {name}, but no manifest: it is not known to be the work of a run.\n"
                        "Choose another --out, or move the file away."
                    )
            self._write_json(MANIFEST, {"recipe": self._recipe, "complete": False, "partial": True})
            return
        try:
            manifest = json.loads(path.read_bytes())
            old = manifest["recipe"]
            self._complete = manifest["complete"] is True
        except (ValueError, KeyError, TypeError) as error:
            raise RecipeError(
                f"{path} is no manifest ({error}), so it cannot be told what {self.path} holds.\n"
                "Choose another --out, or move the directory aside."
            ) from error
        changed = differences(old, self._recipe)
        if changed:
            shown = "\n".join(f"  {line}" for line in changed[:12])
            raise RecipeError(
                f"{self.path} holds a run of another recipe; what differs:\n{shown}\n"
                "Choose another --out: it costs nothing, every completion that both need is already recorded."
            )

    def _write_json(self, name: str, data: Mapping[str, Any]) -> None:
        text = json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n"
        file = _PartFile(self.path / name)
        try:
            file.write(text.encode("utf-8"))
            file.finish()
        finally:
            file.close()

    def _unwritable(self, error: OSError) -> StoreError:
        return StoreError(
            f"the run directory {self.path} cannot be written: {error.strerror or error}.\n"
            "Is the disk full, or the folder not yours? Every completion so far is recorded; the same command resumes."
        )


class _PartFile:
    """A file that appears under its name only when it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._part = path.with_name(path.name + ".part")
        descriptor = os.open(self._part, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        self._file: BinaryIO = os.fdopen(descriptor, "wb")
        self._digest = hashlib.sha256()
        self._rows = 0

    def write(self, line: bytes) -> None:
        self._file.write(line)
        self._digest.update(line)
        self._rows += 1

    def flush(self) -> None:
        self._file.flush()

    def finish(self) -> dict[str, Any]:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        return {"rows": self._rows, "sha256": self._digest.hexdigest()}

    def close(self) -> None:
        with suppress(OSError):  # what could not be written is no news here, and must not keep the lock
            self._file.close()


def _number_or_text(value: float | str | None) -> str | None:
    """As text, so that the column has one type whatever was measured."""
    return None if value is None else str(value)
