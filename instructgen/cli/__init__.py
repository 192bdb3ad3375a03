"""The command line: ``instructgen run · show · trace · pending · record · export``."""

from instructgen.cli.main import main

__all__ = ["main"]
