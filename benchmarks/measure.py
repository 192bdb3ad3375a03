"""What a benchmark reads off its own process."""

from __future__ import annotations

import re
from pathlib import Path


def peak_memory() -> float:
    """The most resident memory this process ever had, in MB (what getrusage says includes the parent's before exec)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("ascii"))
    assert found is not None
    return int(found[1]) / 1024
