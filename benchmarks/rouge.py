"""The ROUGE-L novelty filter beside its best peer: `python -m benchmarks.rouge [--sizes 2000,52000] [--chinese]`.

Each row is a fresh process that decides a whole stream of instructions in order: an instruction is rejected if its F1
with one accepted before is above 0.7. The digest covers every decision, with the neighbour and the score; rows of one
size must show the same one. Seconds are CPU seconds of the process; memory is its peak less what the texts and the
imports hold.

    streaming     RougeIndex.nearest_above, then add: one by one, as Self-Instruct decides
    batch         RougeIndex.filter: all at once
    rapidfuzz     process.cdist of 256 texts at a time with Indel.normalized_similarity, one thread; what is near the
                  threshold is decided by LCSseq.similarity and the float expression of rouge_score
    rouge_score   the package's scorer, on --reference texts only; for the sizes asked for, quadratic extrapolation

The texts are synthetic, because no data set is shipped that one could measure with: words drawn by Zipf's law, half of
them from a few successors of the word before, 10 words on average (log-normal), 80 ways to begin. Vocabulary (13,500
at 52,000 texts) and work (13 million postings that a plain prefix index touches) are those of the instructions of the
Alpaca data set. Few are rejected: the worst case. --dirty makes every second text a copy of an earlier one with 0 to 4
words changed. --chinese draws characters in the same way, 22 on average, 9 in 10 texts from 10 to 43; the commonest
100, 500, 1,000 and 2,000 of 6,000 characters make up 41, 76, 91 and 98 %, about as in modern Chinese.
"""

from __future__ import annotations

import argparse
import hashlib
import math
import multiprocessing
import random
import resource
import sys
import time
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import accumulate, groupby
from operator import itemgetter
from pathlib import Path

from instructgen.similarity.lcs import f1
from instructgen.similarity.rouge import Match, RougeIndex
from instructgen.similarity.tokens import tokens

Decisions = list[Match | None]

LAST = 1000  # texts over which the time of one text at the end is taken
THRESHOLD = 0.7


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. ``last`` is microseconds a text over the last thousand, ``memory`` MB."""

    name: str
    size: int
    seconds: float
    last: float | None
    memory: float
    rejected: int
    digest: str


# ---------------------------------------------------------------- texts


def numbers(count: int, frequencies: Iterable[float], mean: float, rng: random.Random) -> Iterator[list[int]]:
    """Texts as numbers of words, which ``frequencies`` counts from the commonest to the rarest."""
    weights = list(accumulate(frequencies))

    def draw() -> int:
        return bisect(weights, rng.random() * weights[-1])

    successors: dict[int, list[int]] = {}
    begins = [draw() for _ in range(80)]
    for _ in range(count):
        text = [begins[int(80 * rng.random() ** 3)]]
        for _ in range(max(4, round(rng.lognormvariate(0, 0.45) * mean * 0.93)) - 1):
            if rng.random() < 0.6:
                following = successors.get(text[-1]) or successors.setdefault(text[-1], [draw() for _ in range(30)])
                text.append(following[int(30 * rng.random() ** 2)])
            else:
                text.append(draw())
        yield text


def synthetic(count: int, *, chinese: bool = False, dirty: bool = False, seed: int = 0) -> list[str]:
    """Instructions of a made-up language; see the head of this file."""
    rng = random.Random(seed)
    size, mean = (6000, 22.0) if chinese else (14000, 10.0)
    frequencies = (math.exp(-rank / 900) / (rank + 2) ** 0.6 if chinese else 1 / (rank + 2) for rank in range(size))
    texts = list(numbers(count, frequencies, mean, rng))
    if dirty:
        for i in range(1, count, 2):
            texts[i] = texts[rng.randrange(i)].copy()
            for _ in range(rng.randrange(5)):
                place = rng.randrange(len(texts[i]) + 1)
                texts[i][place : place + rng.randrange(2)] = [rng.randrange(size)] * rng.randrange(2)
    if chinese:
        return ["".join(chr(0x4E00 + word) for word in text) for text in texts]
    words = [spelled(word) for word in range(size)]
    return [" ".join(words[word] for word in text) for text in texts]


def spelled(number: int) -> str:
    """A pronounceable word for each number, shorter for smaller ones."""
    word = ""
    while True:
        number, place = divmod(number, 90)
        word += "bcdfghjklmnprstvwz"[place % 18] + "aeiou"[place // 18]
        if not number:
            return word


# ---------------------------------------------------------------- contenders


def streaming(texts: Sequence[str], tick: Callable[[], None]) -> Decisions:
    """Our index, one text at a time."""
    index, decisions = RougeIndex(THRESHOLD), Decisions()
    for number, text in enumerate(texts):
        if number == len(texts) - LAST:
            tick()
        decisions.append(index.nearest_above(text))
        if decisions[-1] is None:
            index.add(text, str(number))
    return decisions


def batch(texts: Sequence[str], tick: Callable[[], None]) -> Decisions:
    """Our index, all at once."""
    return RougeIndex(THRESHOLD).filter(texts)


def rapidfuzz(texts: Sequence[str], tick: Callable[[], None]) -> Decisions:
    """Every pair by rapidfuzz; a token is a code point, so that a text is a string."""
    from rapidfuzz.distance import Indel, LCSseq
    from rapidfuzz.process import cdist

    points: dict[str, str] = {}
    for text in texts:
        for token in tokens(text):
            points.setdefault(token, chr(0x10000 + len(points)))
    coded = ["".join(points[token] for token in tokens(text)) for text in texts]
    kept: list[int] = []
    pool: list[str] = []
    decisions = Decisions()
    for start in range(0, len(texts), 256):
        some, before = coded[start : start + 256], len(pool)
        scorer, cutoff = Indel.normalized_similarity, THRESHOLD - 1e-6
        against_pool = cdist(some, pool, scorer=scorer, score_cutoff=cutoff)
        against_some = cdist(some, some, scorer=scorer, score_cutoff=cutoff)
        for i, text in enumerate(some):
            near = [*against_pool[i].nonzero()[0].tolist()] if before else []
            near += [k for k in range(before, len(pool)) if against_some[i, kept[k] - start]]
            best = Match("", THRESHOLD)
            for k in near:
                score = f1(int(LCSseq.similarity(text, pool[k])), len(text), len(pool[k]))
                if text and score > best.score:
                    best = Match(str(kept[k]), score)
            decisions.append(best if best.id else None)
            if not best.id:
                kept.append(start + i)
                pool.append(text)
    return decisions


def rouge_score(texts: Sequence[str], tick: Callable[[], None]) -> Decisions:
    """Every pair by the reference, with our tokens (its own lose all Chinese; on English they are the same)."""
    from rouge_score import rouge_scorer

    class Tokenizer:
        def tokenize(self, text: str) -> list[str]:
            return tokens(text)

    scorer = rouge_scorer.RougeScorer(["rougeL"], tokenizer=Tokenizer())
    kept: list[int] = []
    decisions = Decisions()
    for number, text in enumerate(texts):
        best = Match("", THRESHOLD)
        for k in kept:
            score = scorer.score(text, texts[k])["rougeL"].fmeasure
            if score > best.score:
                best = Match(str(k), score)
        decisions.append(best if best.id else None)
        if not best.id:
            kept.append(number)
    return decisions


CONTENDERS = {"streaming": streaming, "batch": batch, "rapidfuzz": rapidfuzz, "rouge_score": rouge_score}


# ---------------------------------------------------------------- table


def measure(name: str, texts: Sequence[str]) -> Row:
    """One row, in the process that calls it."""
    CONTENDERS[name](texts[:50], lambda: None)  # imports, first use
    before, start, ticks = resident(), time.process_time(), list[float]()
    decisions = CONTENDERS[name](texts, lambda: ticks.append(time.process_time()))
    end = time.process_time()
    last = (end - ticks[0]) / LAST * 1e6 if ticks else None
    rejected = sum(decision is not None for decision in decisions)
    return Row(name, len(texts), end - start, last, peak() - before, rejected, digest(decisions))


def resident() -> float:
    """Resident memory of this process now, MB; its peak so far where the system does not tell."""
    statistics = Path("/proc/self/statm")
    if not statistics.exists():
        return peak()
    return int(statistics.read_text(encoding="ascii").split()[1]) * resource.getpagesize() / 2**20


def peak() -> float:
    """Peak resident memory of this process, MB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def digest(decisions: Iterable[Match | None]) -> str:
    """A short hash of all decisions, neighbours and scores."""
    text = "\n".join(f"{match.id} {match.score!r}" if match else "" for match in decisions)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def rows(plan: Iterable[tuple[str, int]], chinese: bool, dirty: bool) -> Iterator[Row]:
    """The measurements, each in a process of its own."""
    for size, group in groupby(plan, itemgetter(1)):
        texts = synthetic(size, chinese=chinese, dirty=dirty)
        for name, _ in group:
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                yield pool.submit(measure, name, texts).result()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", default="2000,5000,10000,52000", help="texts, comma separated")
    parser.add_argument("--rows", default="streaming,batch,rapidfuzz", help="which of streaming, batch and rapidfuzz")
    parser.add_argument("--reference", type=int, default=400, help="texts given to rouge_score; 0 leaves it out")
    parser.add_argument("--chinese", action="store_true", help="characters instead of words")
    parser.add_argument("--dirty", action="store_true", help="every second text nearly repeats an earlier one")
    options = parser.parse_args()
    sizes = [int(size) for size in options.sizes.split(",")]
    plan = [(name, size) for size in sizes for name in options.rows.split(",")]
    if options.reference:
        plan = [("batch", options.reference), ("rouge_score", options.reference), *plan]

    print(f"{'':12}{'texts':>9}{'CPU s':>11}{'us/text':>11}{'us at end':>11}{'MB':>7}{'rejected':>10}  digest")
    digests: dict[int, set[str]] = {}
    for row in rows(plan, options.chinese, options.dirty):
        last = "" if row.last is None else f"{row.last:.1f}"
        each = row.seconds / row.size * 1e6
        print(
            f"{row.name:12}{row.size:9,}{row.seconds:11.3f}{each:11.1f}{last:>11}{row.memory:7.0f}"
            f"{row.rejected:10,}  {row.digest}",
            flush=True,
        )
        digests.setdefault(row.size, set()).add(row.digest)
        if row.name == "rouge_score":
            for size in sizes:
                seconds = row.seconds * (size / row.size) ** 2
                print(f"{row.name:12}{size:9,}{seconds:11,.0f}{seconds / size * 1e6:11,.0f}   extrapolated")
    if any(len(found) > 1 for found in digests.values()):
        sys.exit("Decisions differ between the rows of one size.")
    print("The rows of each size made the same decisions.")


if __name__ == "__main__":
    main()
