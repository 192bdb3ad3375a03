"""A shared purse: who paid for what, and the fewest transfers that settle it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from heapq import heapify, heappop, heappush

CENT = Decimal("0.01")


class Ledger:
    """Expenses in one currency, each shared by some of the members."""

    def __init__(self, members: Iterable[str]) -> None:
        self.balance: dict[str, Decimal] = defaultdict(Decimal, dict.fromkeys(members, Decimal(0)))

    def add(self, payer: str, amount: Decimal, shares: Mapping[str, int]) -> None:
        """Book an expense; the last member of `shares` takes the cents that rounding leaves."""
        if amount <= 0 or not shares:
            raise ValueError("an expense needs an amount above 0 and somebody who shares it")
        total = sum(shares.values())
        left = amount
        *others, last = shares
        for member in others:
            part = (amount * shares[member] / total).quantize(CENT, ROUND_HALF_EVEN)
            self.balance[member] -= part
            left -= part
        self.balance[last] -= left
        self.balance[payer] += amount

    def settle(self) -> list[tuple[str, str, Decimal]]:
        """Transfers (from, to, amount): always the largest debtor to the largest creditor."""
        debtors = [(balance, name) for name, balance in self.balance.items() if balance < 0]
        creditors = [(-balance, name) for name, balance in self.balance.items() if balance > 0]
        heapify(debtors)
        heapify(creditors)
        transfers = []
        while debtors and creditors:
            debt, debtor = heappop(debtors)
            credit, creditor = heappop(creditors)
            amount = min(-debt, -credit)
            transfers.append((debtor, creditor, amount))
            if debt + amount:
                heappush(debtors, (debt + amount, debtor))
            if credit + amount:
                heappush(creditors, (credit + amount, creditor))
        return transfers
