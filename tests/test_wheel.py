"""What a user installs: the wheel holds the seeds and the prompts of both languages, and reads them from itself."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
LOOK = """
import instructgen
from instructgen import Prompt, seeds
print(instructgen.__file__)
print(*(len(seeds(language)) for language in ("en", "zh")))
print(*(Prompt.load("self_instruct/alpaca", language=language).slots[0] for language in ("en", "zh")))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout, unpacked as an installer does."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "pip", "wheel", str(ROOT), "--no-deps", "--no-build-isolation", "-w", str(folder)]
    done = subprocess.run([*build, "-q"], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("instructgen-*.whl")
    zipfile.ZipFile(wheel).extractall(folder / "site")
    return folder / "site"


def test_the_seeds_and_prompts_are_read_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=tmp_path, env=environment, check=True, capture_output=True, text=True
    )
    place, counts, names = done.stdout.splitlines()
    assert Path(place).is_relative_to(installed)
    assert (counts, names) == ("175 175", "last last")


def test_it_holds_the_package_and_nothing_else(installed: Path) -> None:
    assert {path.name for path in installed.iterdir() if path.suffix != ".dist-info"} == {"instructgen"}
    assert (installed / "instructgen" / "py.typed").exists()
    for language in ("en", "zh"):
        original = (ROOT / "seeds" / f"{language}.jsonl").read_bytes()
        assert (installed / "instructgen" / "_seeds" / f"{language}.jsonl").read_bytes() == original
