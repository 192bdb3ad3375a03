"""Reads the command line, calls the command, and turns every end into an exit code.

0 done · 1 a bug · 2 something handed in cannot be used · 3 finished with failures, or stopped by them · 4 stopped by
key, quota or budget · 5 the store or directory cannot be used · 130 interrupted.
"""

from __future__ import annotations

import logging
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from io import TextIOWrapper
from pathlib import Path

from instructgen.cli import commands, recipes
from instructgen.cli.interrupts import interruptible
from instructgen.cli.parser import Parser, add_engine_options, add_pending_options, add_run_options, natural
from instructgen.cli.text import clean
from instructgen.errors import BadRequest, EngineError, InstructGenError, RecipeError
from instructgen.formats import FORMATS


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    logging.basicConfig(format="%(levelname)s: %(message)s", level=logging.WARNING)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a character is no reason to stop
    resume = f"Resume with the same command: instructgen {shlex.join(arguments)}"
    try:
        with interruptible():
            code = _dispatch(arguments)
            sys.stdout.flush()
    except InstructGenError as error:
        print(clean(f"error: {error}"), file=sys.stderr)
        if _resumable(error):
            print(resume, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print(f"interrupted. {resume}", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader has seen enough; what is still in the buffer must not complain when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def run_file(recipe: str | Path) -> int:
    """What a recipe file calls when it is run itself: ``python RECIPE …`` is ``instructgen run RECIPE …``."""
    return main(["run", str(recipe), *sys.argv[1:]])


def _resumable(error: InstructGenError) -> bool:
    """Whether the same command can get further: not with a request that is never answered, nor with a recording."""
    return isinstance(error, EngineError) and type(error) not in (EngineError, BadRequest)


def _dispatch(arguments: list[str]) -> int:
    parser, parsers = _parsers(arguments)
    if arguments and arguments[0] in parsers:
        parsers[arguments[0]].refuse_unknown(arguments[1:])
    options = parser.parse_args(arguments)
    call = {
        "run": commands.run,
        "pending": commands.pending,
        "show": commands.show,
        "trace": commands.trace,
        "record": commands.record,
        "export": commands.export,
    }[options.command]
    return call(options)


def _parsers(arguments: list[str]) -> tuple[Parser, Mapping[str, Parser]]:
    parser = Parser(prog="instructgen", description="Synthetic instruction data, deterministic and replayable.")
    parser.add_argument("--version", action="version", version=f"instructgen {version('instructgen')}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    run = subparsers.add_parser("run", help="run a recipe; the same command again resumes")
    pending = subparsers.add_parser("pending", help="write the requests a recipe waits for, or take their answers")
    for command, name, add_own_options in ((run, "run", add_run_options), (pending, "pending", add_pending_options)):
        command.add_argument("recipe", type=Path, help="a Python file with a function recipe(…)")
        add_engine_options(command)
        group = command.add_argument_group("options of this recipe")
        add_own_options(command)
        path = _recipe_path(arguments, name)
        if path is not None:
            function = recipes.load(path)
            command.set_defaults(function=function)
            command.description = (function.__doc__ or "").split("\n\n")[0]
            recipes.add_options(group, function)
    show = subparsers.add_parser("show", help="what a run holds")
    show.add_argument("run", type=Path)
    show.add_argument("-n", type=natural, default=3, help="how many examples (default: 3)")
    kind = show.add_mutually_exclusive_group()
    kind.add_argument("--rejected", action="store_true", help="rejected examples instead of kept ones")
    kind.add_argument("--failed", action="store_true", help="failed examples instead of kept ones")
    show.add_argument("--by", metavar="FIELD", help="count by a field of meta, with mean scores: round, operator, …")
    trace = subparsers.add_parser("trace", help="where an example came from: every prompt, completion and decision")
    trace.add_argument("run", type=Path)
    trace.add_argument("id", help="id of an example, or its beginning")
    trace.add_argument("--store", type=Path, metavar="FILE", help="where its completions are, if they were moved")
    record = subparsers.add_parser("record", help="write the recording of exactly the calls a run used")
    record.add_argument("run", type=Path)
    record.add_argument("--out", type=Path, required=True, metavar="FILE")
    record.add_argument("--store", type=Path, metavar="FILE", help="where its completions are, if they were moved")
    export = subparsers.add_parser("export", help="write the kept examples for a trainer")
    export.add_argument("run", type=Path)
    export.add_argument("--format", required=True, metavar="NAME", help=", ".join(FORMATS))
    export.add_argument("--out", type=Path, required=True, metavar="FILE")
    return parser, subparsers.choices


def _recipe_path(arguments: list[str], command: str) -> Path | None:
    """The recipe's path, which must be known before its options can be."""
    if not arguments or arguments[0] != command:
        return None
    for word in arguments[1:]:
        if word.endswith(".py"):
            return Path(word)
    if any(word in ("-h", "--help") for word in arguments):
        return None
    raise RecipeError(f"instructgen {command} needs a recipe: a Python file, such as examples/quickstart.py.")
