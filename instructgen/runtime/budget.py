"""The budget of one command: requests, tokens, dollars. It stops before it is crossed.

A request reserves the most it can cost before it is sent and pays what it did cost when it is answered. When the rest
would not cover the next request, it waits for those in flight; only when none is left does the run stop.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Annotated

from instructgen.contracts import Completion, Engine, Request
from instructgen.errors import BudgetExhausted, RecipeError
from instructgen.parameters import Natural, at_least, check_parameters
from instructgen.runtime.tokens import most_tokens


@dataclass(frozen=True, slots=True)
class Budget:
    """The most one command may use; None is no bound. Retries count as requests.

    Attributes:
        requests: sent to any engine. One that is sent again because the server refused a parameter of it counts once.
        tokens: prompt and completion together.
        usd: US dollars, by the engines' prices.
    """

    requests: Natural | None = None
    tokens: Natural | None = None
    usd: Annotated[float, at_least(0)] | None = None

    def __post_init__(self) -> None:
        check_parameters(self)


@dataclass(slots=True)
class Cost:
    """Requests, tokens and dollars."""

    requests: int = 0
    tokens: int = 0
    usd: float = 0.0

    def __iadd__(self, other: Cost) -> Cost:
        self.requests += other.requests
        self.tokens += other.tokens
        self.usd += other.usd
        return self

    def __isub__(self, other: Cost) -> Cost:
        self.requests -= other.requests
        self.tokens -= other.tokens
        self.usd -= other.usd
        return self


class Ledger:
    """What was spent and what is reserved. Belongs to one event loop."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self.spent = Cost()
        self._reserved = Cost()
        self._in_flight = 0
        self._changed = asyncio.Event()

    async def reserve(self, engine: Engine, request: Request) -> Cost:
        """Set aside the most this request can cost.

        Raises:
            BudgetExhausted: it might cross the budget and nothing in flight can free any of it.
            RecipeError: its cost has no upper bound.
        """
        most = self._most(engine, request)
        while not self._fits(most):
            if self._in_flight == 0:
                raise BudgetExhausted(
                    f"the budget ends here: {self._words()}.\n{self._next(most)}"
                    "All answers so far are recorded; each call has a budget of its own and goes on from there."
                )
            self._changed.clear()
            await self._changed.wait()
        self._reserved += most
        self._in_flight += 1
        return most

    def again(self) -> None:
        """Count one more attempt of a request.

        Raises:
            BudgetExhausted: no request is left for it.
        """
        self.spent.requests += 1
        limit = self._budget.requests
        if limit is not None and self.spent.requests + self._reserved.requests > limit:
            self.spent.requests -= 1
            raise BudgetExhausted(f"the budget ends here, in a retry: {self._words()}.")

    def settle(self, reserved: Cost, engine: Engine, completion: Completion | None, *, sent: bool) -> None:
        """Replace a reservation by what was used: nothing if the request failed, the most if the server did not say."""
        self._reserved -= reserved
        self._in_flight -= 1
        self.spent.requests += reserved.requests if sent else 0
        if completion is not None:
            usage = completion.usage
            if usage.prompt is None or usage.completion is None:
                self.spent += Cost(0, reserved.tokens, reserved.usd)
            else:
                tokens = usage.prompt + usage.completion
                self.spent += Cost(0, tokens, dollars(engine, usage.prompt, usage.completion) or 0.0)
        self._changed.set()

    def _most(self, engine: Engine, request: Request) -> Cost:
        if self._budget.tokens is None and self._budget.usd is None:
            return Cost(requests=1)
        completion = request.sampling.max_tokens
        if completion is None:
            raise RecipeError(
                "a budget in tokens or dollars needs requests with a bound.\n"
                "Set max_tokens in the sampling of each stage."
            )
        prompt = most_tokens(request)
        usd = dollars(engine, prompt, completion)
        if usd is None and self._budget.usd is not None:
            raise RecipeError(
                f"a budget in dollars needs the price of {engine.identity}.\n"
                "Limits(price=Price(prompt, completion)), or --price PROMPT,COMPLETION: US dollars per million tokens."
            )
        return Cost(1, prompt + completion, usd or 0.0)

    def _fits(self, most: Cost) -> bool:
        limits = (self._budget.requests, self._budget.tokens, self._budget.usd)
        for name, limit in zip(("requests", "tokens", "usd"), limits, strict=True):
            used = getattr(self.spent, name) + getattr(self._reserved, name) + getattr(most, name)
            if limit is not None and used > limit:
                return False
        return True

    def _next(self, most: Cost) -> str:
        """What the next request could take of what is bounded."""
        tokens = f"{most.tokens} tokens" if self._budget.tokens is not None else ""
        usd = f"{most.usd:.4f} dollars" if self._budget.usd is not None else ""
        could = " and ".join(part for part in (tokens, usd) if part)
        return f"The next request could take {could}. " if could else ""

    def _words(self) -> str:
        budget, spent = self._budget, self.spent
        parts = [
            f"{spent.requests} of {budget.requests} requests" if budget.requests is not None else "",
            f"{spent.tokens} of {budget.tokens} tokens" if budget.tokens is not None else "",
            f"{spent.usd:.4f} of {budget.usd} dollars" if budget.usd is not None else "",
        ]
        return ", ".join(part for part in parts if part) + " used, and the next request might cross it"


def dollars(engine: Engine, prompt: int, completion: int) -> float | None:
    """What so many tokens cost on this engine; None when its price is not known."""
    price = engine.limits.price
    if price is None:
        return None
    return (prompt * price.prompt + completion * price.completion) / 1e6
