"""Patterns that are compiled at their first use do what compiled ones do, and an import compiles hardly any."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from instructgen.parsing.lazy import lazy

TELL = """
import re, sys
whole = re._compile
def told(pattern, flags):
    if sys._getframe(2).f_globals["__name__"].startswith("instructgen") and len(pattern) > 200:
        print(pattern)
    return whole(pattern, flags)
re._compile = told
import instructgen
"""


@pytest.mark.parametrize("method", ["match", "fullmatch", "search", "findall", "split"])
def test_it_does_what_a_compiled_pattern_does(method: str) -> None:
    for text in ("", "b", "ab", "Abab", "xab"):
        expected, found = (getattr(make("(a)b", re.IGNORECASE), method)(text) for make in (re.compile, lazy))
        assert str(expected) == str(found)


def test_positions_substitutions_and_attributes() -> None:
    pattern = lazy("(?P<letter>b)", re.IGNORECASE)
    assert pattern.groupindex == {"letter": 1}
    assert pattern.pattern == "(?P<letter>b)"
    assert pattern.sub("-", "aBb", count=1) == "a-b"
    assert pattern.subn("-", "aBb") == ("a--", 2)
    assert [found.start() for found in pattern.finditer("bab", 1)] == [2]
    assert pattern.match("ab", 1)


def test_an_error_shows_at_the_first_use() -> None:
    wrong = lazy("(")
    with pytest.raises(re.error):
        wrong.match("x")


def test_an_import_compiles_no_long_pattern() -> None:
    done = subprocess.run([sys.executable, "-c", TELL], capture_output=True, text=True, check=True)
    assert done.stdout == ""
