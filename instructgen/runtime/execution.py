"""One execution of a plan: the sink that writes, the ticker that shows, and what is said of it at the end."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from typing import Any

from instructgen.errors import EngineError, NothingKept
from instructgen.runtime.counts import Counts, Item
from instructgen.runtime.describe import engines_in
from instructgen.runtime.directory import RunDirectory
from instructgen.runtime.gateway import Gateway
from instructgen.runtime.plan import Plan
from instructgen.runtime.progress import ProgressStyle, Snapshot, progress
from instructgen.runtime.runner import Runner
from instructgen.runtime.store import Store

_DRAIN_AFTER_INTERRUPT = 10.0  # seconds


class Execution:
    """One run under way: the sink, the ticker, and what is written at the end."""

    def __init__(
        self,
        plan: Plan,
        gateway: Gateway,
        directory: RunDirectory,
        limit: int | None,
        patience: int,
        style: ProgressStyle,
    ) -> None:
        self.counts = Counts()
        self._plan = plan
        self._gateway = gateway
        self._directory = directory
        self._limit = limit
        self._patience = patience if getattr(plan.source, "endless", False) else math.inf
        self._fruitful = 0  # examples of the source when the latest one was kept
        self._style = style
        self._runner = Runner(plan, gateway, self._sink)
        self._engines = list(engines_in([plan.source, *plan.steps]))
        self._drains: set[asyncio.Task[None]] = set()
        self._last: Item | None = None

    async def go(self) -> tuple[str, BaseException | None]:
        """Run to an end; returns how it ended and the error to raise once the files are in place."""
        ticker = asyncio.create_task(self._tick())
        how = "stopped"
        error: BaseException | None = None
        patience = max((engine.limits.timeout for engine in self._engines), default=0.0)
        try:
            how = await self._runner.run()
        except asyncio.CancelledError:
            patience = 0.0  # whoever cancels (the second Ctrl-C) waits for nothing
            raise
        except Exception as raised:  # a bug in a stage, too: what was decided before it is written
            error = raised
        finally:
            ticker.cancel()
            stopped = self._gateway.stopped
            self._gateway.stop(EngineError("the run is over"))
            await asyncio.gather(ticker, self._gateway.drain(patience), return_exceptions=True)
            await self._gateway.close()
        if how == "blocked":
            error = stopped or self._unrecorded()
        if how == "end":
            self._compare()
        return how, error

    def interrupt(self) -> None:
        """Send nothing new; give what is in flight a few seconds."""
        self._gateway.stop(KeyboardInterrupt())
        drain = asyncio.get_running_loop().create_task(self._gateway.drain(_DRAIN_AFTER_INTERRUPT))
        self._drains.add(drain)

    def manifest(self, how: str, limit: int | None) -> dict[str, Any]:
        """What the run made. Nothing in it depends on timing."""
        made, told = self.counts.balance
        if made != told:
            raise AssertionError(f"the run lost examples: {made} made, {told} written")
        failed = self.counts.failed.total()
        partial = how not in ("end", "limit")
        return {
            "limit": limit,
            "complete": failed == 0 and not partial,
            "partial": partial,
            "engines": sorted({engine.identity for engine in self._engines}),
            "counts": {
                "source": self.counts.source,
                "born": self.counts.born.total(),
                "expanded": self.counts.expanded.total(),
                "kept": self.counts.kept,
                "rejected": self.counts.rejected.total(),
                "failed": failed,
            },
            "stages": self.counts.table(self._plan.names),
            "further_calls": self._runner.further_calls(self._last) if how == "limit" and self._last else [],
        }

    def telemetry(self, store: Store) -> dict[str, Any]:
        """What the run did."""
        facts = self._gateway.telemetry
        return {
            "seconds": round(facts.seconds, 3),
            "calls": {"new": facts.new, "replayed": facts.replayed, "joined": facts.joined, "retries": facts.retries},
            "errors": dict(sorted(facts.errors.items())),
            "tokens": dict(sorted(facts.tokens.items())),
            "usd": facts.usd,
            "mean_in_flight": round(facts.mean_in_flight, 2),
            "oldest_answer": store.oldest,
            "quarantined": store.quarantined,
            "store": str(store.path.resolve()),
            "recordings": sorted(
                {
                    str(engine.path.resolve())
                    for engine in self._engines
                    if hasattr(engine, "recall") and hasattr(engine, "path")
                }
            ),
        }

    def _sink(self, item: Item) -> bool:
        self._directory.write(item, self._plan.names)
        self.counts.add(item)
        self._last = item
        if item.verdict is None:
            self._fruitful = self.counts.source
        elif self.counts.source - self._fruitful >= self._patience:
            raise NothingKept(self._why_nothing())
        return self._limit is not None and self.counts.kept >= self._limit

    def _why_nothing(self) -> str:
        reasons = Counter({code: 0 for _, code in self.counts.rejected})
        for (_, code), count in self.counts.rejected.items():
            reasons[code] += count
        most = ", ".join(f"{code} {count}" for code, count in reasons.most_common(3))
        return (
            f"nothing was kept of {self._patience} examples of the source in a row, and it has no end.\n"
            f"Rejected so far: {most or 'none'}. Look at some of them (instructgen show RUN --rejected); where so few "
            "are meant to be kept, give the run more patience."
        )

    def _unrecorded(self) -> EngineError:
        missing = self._runner.unanswered
        first = missing[0]
        if not any(engine.identity == first.engine and hasattr(engine, "recall") for engine in self._engines):
            return EngineError(
                f"the run came to a standstill: {len(missing)} requests wait, and none is sent.", fatal=True
            )
        prompt = first.request.text or first.request.messages[-1].content
        return EngineError(
            f"not in the recording of {first.engine}: {len(missing)} of the requests; the first ends with "
            f"{prompt.strip()[-80:]!r}\n"
            "Its answers belong to other prompts, seeds or parameters. Run with a live engine, or see what is missing "
            "with `instructgen pending`.",
            fatal=True,
        )

    def _compare(self) -> None:
        """The runner counted what it handed out; the files must hold all of it."""
        counted = (self.counts.source, self.counts.born.total(), self.counts.expanded.total())
        handed = (self._runner.read, self._runner.born, self._runner.expanded)
        if counted != handed:
            raise AssertionError(f"the run lost examples: handed out {handed}, written {counted}")

    async def _tick(self) -> None:
        display = progress(self._style)
        try:
            while True:
                await asyncio.sleep(0.5)
                self._directory.flush()
                display.update(self._snapshot())
        finally:
            display.close()

    def _snapshot(self) -> Snapshot:
        facts = self._gateway.telemetry
        return Snapshot(
            kept=self.counts.kept,
            limit=self._limit,
            rejected=self.counts.rejected.total(),
            failed=self.counts.failed.total(),
            new=facts.new,
            replayed=facts.replayed,
            in_flight=facts.requests_in_flight,
            tokens=facts.tokens["new_prompt"] + facts.tokens["new_completion"],
            usd=facts.usd["new"],
            seconds=facts.seconds,
        )
