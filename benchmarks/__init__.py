"""Measurements against the best peers, each a command: `python -m benchmarks.NAME`."""
