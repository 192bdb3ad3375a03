"""The names that the package offers: sorted, all there, documented, and typed."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path
from types import ModuleType

import pytest

import instructgen
from instructgen import errors

PACKAGES = ["instructgen"] + [
    module.name for module in pkgutil.walk_packages(instructgen.__path__, "instructgen.") if module.ispkg
]


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> ModuleType:
    return importlib.import_module(request.param)


def test_all_is_sorted_and_there(package: ModuleType) -> None:
    names = list(getattr(package, "__all__", []))
    assert names == sorted(names, key=lambda name: (not name.isupper(), name[0].islower(), name))
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(package, name)] == []


def test_every_public_name_says_what_it_is() -> None:
    values = {name: getattr(instructgen, name) for name in instructgen.__all__}
    things = {name: value for name, value in values.items() if inspect.isclass(value) or inspect.isfunction(value)}
    assert [name for name, value in things.items() if not (value.__doc__ or "").strip()] == []
    generated = [name for name, value in things.items() if (value.__doc__ or "").startswith(f"{name}(")]
    assert generated == []  # what dataclass writes where a docstring is missing


def test_everything_in_a_star_import() -> None:
    names: dict[str, object] = {}
    exec("from instructgen import *", names)  # noqa: S102
    assert set(instructgen.__all__) <= set(names)


def test_the_tree_of_errors_is_the_one_that_is_drawn() -> None:
    classes = {
        name: value
        for name, value in vars(errors).items()
        if inspect.isclass(value) and value.__module__ == errors.__name__
    }
    drawn = [line for line in (errors.__doc__ or "").splitlines() if line.startswith("    ")]
    names = [line.strip(" ├└│─").split()[0] for line in drawn]
    assert sorted(names) == sorted(classes)
    depth = {name: (len(line) - len(line.lstrip(" ├└│─"))) // 4 for name, line in zip(names, drawn, strict=True)}
    for name, value in classes.items():
        if name != "InstructGenError":
            parent = value.__mro__[1].__name__
            assert depth[name] == depth[parent] + 1
    assert max(depth.values()) <= 3
    assert all(issubclass(value, errors.InstructGenError) for value in classes.values())


def test_exit_codes_are_those_of_the_command_line() -> None:
    assert errors.InstructGenError("").exit_code == 1
    assert errors.RecipeError("").exit_code == 2
    assert {error("").exit_code for error in (errors.EngineError, errors.Unavailable, errors.TooManyFailures)} == {3}
    fatal = (errors.Authentication, errors.QuotaExhausted, errors.BudgetExhausted)
    assert {error("").exit_code for error in fatal} == {4}
    assert {error("").exit_code for error in (errors.StoreError, errors.Locked)} == {5}


@pytest.mark.parametrize("error", [errors.RateLimited, errors.Unavailable])
def test_what_may_pass_is_retried(error: type[errors.EngineError]) -> None:
    assert (error("").retryable, error("").fatal) == (True, False)
    assert errors.EngineError("", retryable=True, fatal=True).retryable
    assert not errors.BadRequest("").retryable


def test_the_package_is_typed() -> None:
    assert (Path(instructgen.__file__).parent / "py.typed").exists()
