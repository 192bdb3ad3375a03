"""The argument parser: like argparse, but an unknown option names the one that was probably meant."""

from __future__ import annotations

import argparse
import difflib
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from instructgen.errors import RecipeError


class Parser(argparse.ArgumentParser):
    """Raises RecipeError instead of ending the process, with a suggestion where there is one."""

    def __init__(self, **options: object) -> None:
        super().__init__(allow_abbrev=False, **options)  # type: ignore[arg-type]

    def error(self, message: str) -> NoReturn:
        known = [flag for action in self._actions for flag in action.option_strings]
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                known += list(action.choices)
        for word in re.findall(r"--?[\w-]+|'[\w-]+'", message.split("(choose")[0]):
            close = difflib.get_close_matches(word.strip("'"), known, n=1)
            if close and close[0] != word:
                message += f"\nDid you mean {close[0]}?"
                break
        raise RecipeError(f"{message}\nSee `{self.prog} --help`.")

    def refuse_unknown(self, arguments: Sequence[str]) -> None:
        """Raise RecipeError at the first long option that there is not, rather than miss another one in its place."""
        for word in arguments:
            flag = word.partition("=")[0]
            if flag == "--":
                return
            if flag.startswith("--") and flag not in self._option_string_actions:
                self.error(f"there is no option {flag}.")


def natural(text: str) -> int:
    """A whole number, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text} is no whole number")
    return int(text)


def at_least_one(text: str) -> int:
    """A whole number, 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number of at least 1")
    return int(text)


def positive(text: str) -> float:
    """A number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is no number above 0")
    return number


def directory(text: str) -> Path:
    """A path; an empty one, as of a variable that is not set, would be the working directory."""
    if not text.strip():
        raise argparse.ArgumentTypeError("it is empty; name a directory")
    return Path(text)


def add_run_options(parser: argparse.ArgumentParser) -> None:
    """The options that every run has, whatever the recipe."""
    group = parser.add_argument_group("options of the run")
    group.add_argument(
        "--out", type=directory, metavar="DIR", help="run directory (default: runs/ and the recipe's name)"
    )
    group.add_argument("--limit", type=at_least_one, metavar="N", help="stop after N kept examples")
    group.add_argument(
        "--patience",
        type=at_least_one,
        metavar="N",
        default=1000,
        help="with a source without an end, stop when nothing was kept of N of its examples in a row (default: 1000)",
    )
    group.add_argument("--dry-run", action="store_true", help="ask nothing; show prompts, requests, tokens and cost")
    group.add_argument("--fresh", action="store_true", help="ignore what is recorded")
    group.add_argument("--shard", metavar="I/N", default="0/1", help="do share I (from 0) of N of the source")
    group.add_argument("--progress", choices=["auto", "live", "plain", "none"], default="auto")
    budget = parser.add_argument_group("budget of this command (it stops before it is crossed)")
    budget.add_argument("--budget-requests", type=at_least_one, metavar="N")
    budget.add_argument("--budget-tokens", type=at_least_one, metavar="N")
    budget.add_argument("--budget-usd", type=positive, metavar="USD")


def add_pending_options(parser: argparse.ArgumentParser) -> None:
    """The options of ``instructgen pending``."""
    parser.add_argument("--write", type=Path, metavar="FILE", help="where the requests go (default: standard output)")
    parser.add_argument("--take", type=Path, metavar="FILE", help="record these answers: JSONL with key and text")


def add_engine_options(parser: argparse.ArgumentParser) -> None:
    """The options that say how engines given on the command line may be used, and where completions are kept."""
    group = parser.add_argument_group(
        "engines (openai/NAME, openai/NAME@URL, recorded/PATH)", "none of these changes an answer"
    )
    group.add_argument("--concurrency", type=at_least_one, metavar="N", help="most requests in flight (default: 64)")
    group.add_argument("--timeout", type=positive, metavar="S", help="seconds one attempt may take (default: 180)")
    group.add_argument("--deadline", type=positive, metavar="S", help="seconds for a request in all (default: 600)")
    group.add_argument("--rpm", type=positive, metavar="N", help="requests a minute")
    group.add_argument("--tpm", type=positive, metavar="N", help="tokens a minute")
    group.add_argument(
        "--price",
        action="append",
        metavar="[ENGINE=]PROMPT,COMPLETION",
        help="US dollars per million tokens; ENGINE is the recipe's parameter",
    )
    group = parser.add_argument_group("seed and store")
    group.add_argument("--seed", type=int, default=0, metavar="N", help="seed of every random choice (default: 0)")
    group.add_argument("--store", type=Path, metavar="FILE", help="file of recorded completions")
    group.add_argument(
        "--extend",
        type=Path,
        action="append",
        metavar="PATH",
        help="a file or run whose examples the novelty checks know already; may be given again",
    )
