"""The recipe of the process-level tests: tasks written from a few seeds, answered twice, filtered with a memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from instructgen import (
    Engine,
    Example,
    Filter,
    Length,
    Pipeline,
    Reject,
    Respond,
    RougeNovelty,
    Sampling,
    SelfInstruct,
    Shuffle,
)

SEEDS = tuple(
    Example.root("seed", index=number, instruction=instruction, input=given, output=output)
    for number, (instruction, given, output) in enumerate(
        [
            ("Name three tools that a gardener uses in spring.", "", "A spade, a rake and a watering can."),
            ("Say whether the sentence is a question.", "Where does the path lead?", "Yes."),
            ("Put the words into alphabetical order.", "pear, apple, fig", "apple, fig, pear"),
            ("Tell a story about a lost key in two sentences.", "", "The key lay in the snow. In May it was found."),
            ("Give the opposite of each word.", "warm, early", "cold, late"),
            ("Why does bread rise in the oven?", "", "Because the gas in the dough expands as it warms up."),
        ]
    )
)


@dataclass(slots=True)
class Endings:
    """A check with a memory that is no part of the library: the same last two words at most ``most`` times."""

    most: int = 2
    _seen: dict[str, list[str]] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __call__(self, example: Example) -> Reject | None:
        seen = self._seen.get(_ending(example), [])
        return Reject("ending", len(seen), self.most, neighbour=seen[0]) if len(seen) >= self.most else None

    def fresh(self) -> Endings:
        """The same check with an empty memory."""
        return Endings(self.most)

    def observe(self, example: Example) -> None:
        """Remember an example that was kept."""
        self._seen.setdefault(_ending(example), []).append(example.id)


def _ending(example: Example) -> str:
    return " ".join(example.output.split()[-2:])


def recipe(
    teacher: Engine,
    *,
    requests: int = 12,
    tasks: int = 13,
    draws: int = 2,
    endings: int = 8,
    shuffle: bool = False,
    temperature: float = 0.7,
) -> Pipeline:
    """Tasks from six seeds, each answered twice.

    Args:
        teacher: writes the tasks and answers them.
        requests: how often it is asked for tasks;
            each time for ten.
        tasks: number of the last task in a prompt.
        draws: answers to each task.
        endings: how many answers may end alike.
        shuffle: put everything into a random order at the end.
        temperature: of the answers.
    """
    return Pipeline(
        SelfInstruct(teacher, seeds=SEEDS, requests=requests, tasks=tasks, from_pool=1, lookahead=3),
        [
            Filter(Length(4, 10)),
            Respond(teacher, draws=draws, sampling=Sampling(temperature=temperature, max_tokens=64)),
            Filter(Length(2, 40, field="output"), RougeNovelty(0.8, field="output"), Endings(endings)),
            *([Shuffle()] if shuffle else []),
        ],
    )


if __name__ == "__main__":
    from instructgen.cli import run_file

    raise SystemExit(run_file(__file__))
