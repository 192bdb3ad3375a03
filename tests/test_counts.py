"""The balance of a run, counted where rows are written."""

from __future__ import annotations

from instructgen.contracts import Reject
from instructgen.errors import BadRequest
from instructgen.runtime.counts import Counts, Item, Node
from tests.support.pipelines import tasks

EXAMPLE = tasks(1)[0]


def count(*items: Item) -> Counts:
    counts = Counts()
    for item in items:
        counts.add(item)
    return counts


def test_the_sources_own_rows() -> None:
    counts = count(Item(EXAMPLE), Item(EXAMPLE, verdict=Reject("bad")), Item(EXAMPLE, verdict=BadRequest("no")))
    assert (counts.source, counts.kept, counts.rejected[0, "bad"], counts.failed[0]) == (3, 1, 1, 1)
    assert counts.balance == (3, 3)


def test_an_example_that_became_several_is_counted_once() -> None:
    node = Node(None, 1)
    counts = count(Item(EXAMPLE, node), Item(EXAMPLE, node), Item(EXAMPLE, node, Reject("bad"), 2))
    assert (counts.source, counts.born[1], counts.expanded[1]) == (1, 3, 1)
    assert counts.balance == (3, 3)


def test_generations_are_counted_to_the_root() -> None:
    root = Node(None, 1)
    left, right = Node(root, 3), Node(root, 3)
    counts = count(Item(EXAMPLE, left), Item(EXAMPLE, left), Item(EXAMPLE, right, BadRequest("no"), 3))
    assert (counts.source, counts.born, counts.expanded) == (1, {1: 2, 3: 3}, {1: 1, 3: 2})
    assert counts.balance == (3, 3)


def test_a_cut_stream_is_in_balance_all_along() -> None:
    root = Node(None, 1)
    items = [Item(EXAMPLE, Node(root, 2)) for _ in range(3)] + [Item(EXAMPLE, root), Item(EXAMPLE)]
    counts = Counts()
    for written, item in enumerate(items, 1):
        counts.add(item)
        assert counts.balance == (written, written)


def test_the_table_follows_the_stream() -> None:
    node = Node(None, 1)
    counts = count(
        Item(EXAMPLE, verdict=Reject("off", detail="source")),
        Item(EXAMPLE, node),
        Item(EXAMPLE, node, Reject("short"), 2),
        Item(EXAMPLE, node, Reject("long"), 2),
        Item(EXAMPLE, Node(None, 1), BadRequest("no"), 1),
    )
    table = counts.table(["examples", "ask", "filter"])
    assert table == [
        {"stage": "examples", "in": 3, "expanded": 0, "born": 0, "rejected": {"off": 1}, "failed": 0, "out": 2},
        {"stage": "ask", "in": 2, "expanded": 2, "born": 4, "rejected": {}, "failed": 1, "out": 3},
        {
            "stage": "filter",
            "in": 3,
            "expanded": 0,
            "born": 0,
            "rejected": {"long": 1, "short": 1},
            "failed": 0,
            "out": 1,
        },
    ]
