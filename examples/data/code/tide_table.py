"""Reads the harbour's tide table and says when a boat of a given draught can pass the sill."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

SILL_HEIGHT = 1.8  # metres above chart datum


@dataclass(frozen=True)
class Reading:
    """The height of the water, in metres, at a time."""

    at: datetime
    height: float


def readings(path: Path) -> Iterator[Reading]:
    """The rows of a table with the columns `time` and `height`, gaps left out."""
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["height"].strip():
                yield Reading(datetime.fromisoformat(row["time"]), float(row["height"]))


def height_at(table: list[Reading], moment: datetime) -> float:
    """The height between two readings, on a straight line."""
    for before, after in pairwise(table):
        if before.at <= moment < after.at:
            share = (moment - before.at) / (after.at - before.at)
            return before.height + share * (after.height - before.height)
    raise ValueError(f"{moment} is not in the table")


def open_windows(table: list[Reading], draught: float, margin: float = 0.3) -> list[tuple[datetime, datetime]]:
    """The spans of time in which the water over the sill is deep enough."""
    needed = SILL_HEIGHT + draught + margin
    windows: list[tuple[datetime, datetime]] = []
    start: datetime | None = None
    for reading in table:
        deep = reading.height >= needed
        if deep and start is None:
            start = reading.at
        elif not deep and start is not None:
            windows.append((start, reading.at))
            start = None
    if start is not None:
        windows.append((start, table[-1].at))
    return [(first, last) for first, last in windows if last - first >= timedelta(minutes=20)]
