"""The pipeline: a source and a plain list of generators, filters and selects; and its one execution, a run."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypedDict, Unpack

from instructgen.contracts import Generator, Remembering, Select, Source
from instructgen.engines.scripted import Scripted
from instructgen.errors import RecipeError
from instructgen.example import Example, identified
from instructgen.filters.filter import Filter
from instructgen.parameters import Count, fits, unfit
from instructgen.recording import Record
from instructgen.runtime.breaker import Breaker
from instructgen.runtime.budget import Budget
from instructgen.runtime.describe import describe, engines_in
from instructgen.runtime.directory import RunDirectory
from instructgen.runtime.execution import Execution
from instructgen.runtime.gateway import Gateway
from instructgen.runtime.loop import StopSignal, run_sync
from instructgen.runtime.plan import Plan
from instructgen.runtime.progress import ProgressStyle
from instructgen.runtime.run import Run
from instructgen.runtime.runner import Runner
from instructgen.runtime.store import Store, default_path
from instructgen.sources import Examples

Step = Generator | Filter | Select


class RunOptions(TypedDict, total=False):
    """Keyword arguments of ``run`` and ``arun``."""

    limit: int | None
    seed: int
    budget: Budget
    breaker: Breaker
    patience: int
    store: str | Path | None
    fresh: bool
    shard: int
    shards: int
    progress: ProgressStyle


@dataclass(frozen=True)
class Pipeline:
    """A source and the steps its examples go through, in order.

    Attributes:
        source: where the first examples come from; a plain sequence of examples is one, too.
        steps: generators, filters and selects.
        known: a set that this one extends, such as ``list(Run("runs/first"))`` or ``list(read_examples(path))``: every
            check that remembers starts from it, after the source's seeds. It is not written again.

    Raises:
        RecipeError: the source or a step is something else, or nothing compares examples with those that are known.
    """

    source: Source | Sequence[Example]
    steps: Sequence[Step] = ()
    known: Sequence[Example] = ()

    def __post_init__(self) -> None:
        _check_source(self.source)
        if not isinstance(self.steps, Sequence):
            raise RecipeError(
                f"the steps of a pipeline are {type(self.steps).__name__}.\nWrite a list: Pipeline(source, [step, …])."
            )
        _check_known(self.known, [self.source, *self.steps])
        for position, step in enumerate(self.steps):
            _check_step(position, step)

    def run(self, out: str | Path, **options: Unpack[RunOptions]) -> Run:
        """Run it into the directory ``out`` and wait. See ``arun`` for the options and errors.

        The first Ctrl-C sends nothing new, finishes what is in flight (10 seconds at most) and keeps everything; the
        second stops at once. Either way the same call resumes.
        """
        return run_sync(lambda signal: self.arun(out, signal=signal, **options))

    async def arun(
        self,
        out: str | Path,
        *,
        limit: int | None = None,
        seed: int = 0,
        budget: Budget = Budget(),
        breaker: Breaker = Breaker(),
        patience: int = 1000,
        store: str | Path | None = None,
        fresh: bool = False,
        shard: int = 0,
        shards: int = 1,
        progress: ProgressStyle = "auto",
        signal: StopSignal | None = None,
    ) -> Run:
        """Run it into the directory ``out``. What is recorded is replayed, only what is missing is asked for.

        Args:
            out: the run directory; made if need be.
            limit: stop after so many kept examples.
            seed: of every random choice and of every sampled completion.
            budget: the most this call may use.
            breaker: when to give up on a failing engine.
            patience: when to give up on a source without an end: after so many of its examples in a row of which
                nothing was kept.
            store: the file of recorded completions; by default ``.instructgen/completions.db`` of the project.
            fresh: ignore what is recorded; the completions go into a store of the run's own, which later calls on this
                directory go on with, whatever ``store`` says.
            shard: which share of the source to take, from 0 …
            shards: … of how many.
            progress: how to show it.
            signal: how another thread asks it to stop; ``run`` sets it.

        Returns:
            The run. ``run.complete`` is False when some examples failed; the same call asks for those again.

        Raises:
            RecipeError: the recipe, an option or the directory cannot be used.
            NothingKept: the patience is at its end; what was decided is written.
            EngineError: the run was stopped (key, quota, budget, breaker, recording); what was decided is written.
            StoreError: the store or the directory cannot be read or written.
            KeyboardInterrupt: it was interrupted; what was decided is written.
        """
        _check(limit, seed, shard, shards)
        _check_options(out, budget, breaker, patience)
        _check_divisible(self.source, shards)
        _check_names([self._source(), *self.steps])
        plan = self._plan(_shard_seed(seed, shard, shards), shard, shards, window=self._window(limit))
        if limit is None and getattr(plan.source, "endless", False):
            raise RecipeError("this source never ends by itself: give the run a limit (limit=…, or --limit).")
        recipe = {**self.describe(), "seed": seed, "shard": [shard, shards]}
        with RunDirectory(Path(out), recipe) as directory:
            completions = Store(_store_path(directory.path, store, fresh))
            try:
                gateway = Gateway(completions, seed=plan.seed, budget=budget, breaker=breaker)
                execution = Execution(plan, gateway, directory, limit, patience, progress)
                if signal is not None:
                    signal.connect(execution.interrupt)
                how, error = await execution.go()
                manifest = {"instructgen": version("instructgen"), "recipe": recipe, **execution.manifest(how, limit)}
                directory.finish(manifest, execution.telemetry(completions))
            finally:
                completions.close()
        if error is not None:
            raise error
        return Run(directory.path)

    def pending(
        self,
        *,
        limit: int | None = None,
        seed: int = 0,
        store: str | Path | None = None,
        take: Sequence[Record] = (),
    ) -> list[Record]:
        """The requests that are not recorded and that nothing else has to be answered for; sends none.

        Args:
            limit: as in ``run``; how far a source is followed that never ends by itself. Any other is, to its end.
            seed: as in ``run``.
            store: as in ``run``.
            take: completions to record first.

        Returns:
            One record each, in the order of asking; its completion holds only the key.
        """
        return run_sync(lambda _: self.apending(limit=limit, seed=seed, store=store, take=take))

    async def apending(
        self,
        *,
        limit: int | None = None,
        seed: int = 0,
        store: str | Path | None = None,
        take: Sequence[Record] = (),
    ) -> list[Record]:
        """See ``pending``."""
        _check(limit, seed, 0, 1)
        endless = getattr(self.source, "endless", False)
        plan = self._plan(seed, 0, 1, window=self._window(limit) if endless else 0)
        completions = Store(Path(store or default_store()))
        try:
            await asyncio.gather(*(completions.put(row) for row in take))
            gateway = Gateway(completions, seed=seed, sending=False)
            runner = Runner(plan, gateway, lambda item: False)
            await runner.run()
            return runner.unanswered
        finally:
            completions.close()

    def describe(self) -> dict[str, Any]:
        """The recipe as JSON: every stage with its parameters, engines and prompts."""
        stages = [self._source(), *self.steps]
        described = [{"name": name, **describe(s)} for name, s in zip(self.names(), stages, strict=True)]
        return {"stages": described, **({"known": describe(self.known)} if self.known else {})}

    def names(self) -> list[str]:
        """The names of the stages: each its kind, numbered from the second of a kind on."""
        names: list[str] = []
        for stage in (self._source(), *self.steps):
            kind = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", type(stage).__name__).lower()
            count = sum(1 for name in names if name.split("#")[0] == kind)
            names.append(kind if count == 0 else f"{kind}#{count + 1}")
        return names

    def _source(self) -> Source:
        return Examples(tuple(self.source)) if isinstance(self.source, Sequence) else self.source

    def _window(self, limit: int | None) -> int:
        """Enough ahead to keep the engines busy, but not far beyond what a small limit can use."""
        widest = max((engine.limits.concurrency for engine in engines_in([self._source(), *self.steps])), default=1)
        return min(max(64, 8 * widest), max(8, 2 * limit) if limit is not None else sys.maxsize)

    def _plan(self, seed: int, shard: int, shards: int, *, window: int) -> Plan:
        source = self._source()
        seeds = (*getattr(source, "seeds", ()), *identified(self.known))
        steps = [_started(step, seeds) if isinstance(step, Filter) else step for step in self.steps]
        return Plan(source, steps, self.names(), seed, seeds, window, (shard, shards))


def _check_options(out: object, budget: object, breaker: object, patience: object) -> None:
    if not str(out).strip():
        raise RecipeError("the run directory has no name.\nName one, such as runs/first; it is made if need be.")
    for name, value, hint in (
        ("budget", budget, Budget),
        ("breaker", breaker, Breaker),
        ("patience", patience, Count),
    ):
        if not fits(value, hint):
            raise RecipeError(unfit("run", name, value, hint))


def _check_source(source: object) -> None:
    if isinstance(source, Path):
        raise RecipeError(f"the source of a pipeline is a path; write File({str(source)!r}).")
    sequence = isinstance(source, Sequence) and all(isinstance(item, Example) for item in source)
    if not (sequence or hasattr(source, "examples")):
        raise RecipeError(
            f"the source of a pipeline is {type(source).__name__}.\n"
            "It is a Source, such as SelfInstruct(…) or File(Path(…)), or a list of Example."
        )


def _check_known(known: object, stages: Sequence[object]) -> None:
    if not (isinstance(known, Sequence) and all(isinstance(item, Example) for item in known)):
        raise RecipeError(
            f"known is {type(known).__name__}; it is a list of Example.\n"
            "Write known=list(Run(DIRECTORY)), or known=list(read_examples(PATH))."
        )
    filters = [stage if isinstance(stage, Filter) else getattr(stage, "checks", None) for stage in stages]
    checks = [check for one in filters if isinstance(one, Filter) for check in one.checks]
    compared = any(isinstance(check, Remembering) for check in checks)
    if known and not compared and not any(getattr(stage, "compares", False) for stage in stages):
        raise RecipeError(
            "nothing in this pipeline compares new examples with those that are known.\n"
            "Add a check that does, such as Filter(RougeNovelty(0.7))."
        )


def _check_divisible(source: object, shards: int) -> None:
    if shards > 1 and not getattr(source, "divisible", True):
        raise RecipeError(
            f"{type(source).__name__} decides one thing from all its examples, so that it cannot be run in shards.\n"
            "Run it whole; concurrency makes it as fast as the engine is."
        )


def _check_names(stages: Sequence[object]) -> None:
    """Refuse two functions that play one model: who is asked first would decide what is recorded."""
    functions: dict[str, object] = {}
    for engine in engines_in(stages):
        if isinstance(engine, Scripted) and functions.setdefault(engine.identity, engine.function) != engine.function:
            raise RecipeError(
                f"two functions play {engine.identity}, and the answers of one would be taken for the other's.\n"
                "Give them names: Scripted(function, name=…)."
            )


def _check_step(position: int, step: object) -> None:
    if isinstance(step, type):
        raise RecipeError(f"steps[{position}] of the pipeline is a class; write {step.__name__}(…).")
    if isinstance(step, Filter) or hasattr(step, "generate") or hasattr(step, "select"):
        return
    name = getattr(step, "__name__", type(step).__name__)
    cure = (
        f"A check goes into a filter: Filter({name}(…))."
        if callable(step)
        else "Steps are generators, filters and selects."
    )
    raise RecipeError(f"steps[{position}] of the pipeline is no step: {name}.\n{cure}")


def default_store() -> Path:
    """The store when none is named: INSTRUCTGEN_STORE, else that of the project around the working directory."""
    named = os.environ.get("INSTRUCTGEN_STORE")
    return Path(named) if named else default_path(Path.cwd())


def _started(step: Filter, seeds: Sequence[Example]) -> Filter:
    """The filter with a memory of its own that holds the seeds, and what is known."""
    fresh = step.fresh()
    for seed in seeds:
        fresh.observe(seed)
    return fresh


def _store_path(out: Path, store: str | Path | None, fresh: bool) -> Path:
    """A fresh run has a store of its own in its directory, which later runs there go on with."""
    own = out / "completions.db"
    if fresh and own.exists():
        aside = next(path for n in range(1, 10**6) if not (path := out / f"completions-{n}.db").exists())
        for suffix in ("-wal", "-shm", ""):  # a killed run leaves answers in the log beside the file
            part = own.with_name(own.name + suffix)
            if part.exists():
                part.rename(aside.with_name(aside.name + suffix))
    return own if fresh or own.exists() else Path(store or default_store())


def _shard_seed(seed: int, shard: int, shards: int) -> int:
    if shards == 1:
        return seed
    return int.from_bytes(blake2b(f"{seed}/{shard}/{shards}".encode(), digest_size=6).digest(), "big")


def _check(limit: int | None, seed: int, shard: int, shards: int) -> None:
    for name, value in (("limit", limit), ("seed", seed), ("shard", shard), ("shards", shards)):
        if type(value) is not int and not (name == "limit" and value is None):
            raise RecipeError(f"{name} is {value!r}; it must be a whole number.")
    if limit is not None and limit < 1:
        raise RecipeError(f"limit is {limit}; it counts kept examples and must be at least 1.")
    if not -(2**63) <= seed < 2**63:
        raise RecipeError(f"seed is {seed}; it must fit into 64 bits.")
    if not 0 <= shard < shards:
        raise RecipeError(f"shard {shard} of {shards} does not exist; shards count from 0.")
