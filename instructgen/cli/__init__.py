"""The command line: ``instructgen run · show · trace · pending · record · export``."""

from instructgen.cli.main import main, run_file

__all__ = ["main", "run_file"]
