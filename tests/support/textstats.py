"""Statistics over a set of texts that tell hand-written from template-made, because a model imitates sameness first.

Every measure works on tokens (see `tokens`), so that Chinese, Japanese and Korean text is measured like English.
`template_findings` applies the limits below to batches of about sixty texts, since most measures drift with the size
of the set. Figures seen while the limits were set, over sets of 24 to 60 texts:

    measure                    hand-written    templates that it finds    finding
    distinct_opening_share     0.92 to 1.00    0.02 to 0.63               below 0.75
    length_spread, variation   0.38 to 1.11    0.00 to 0.25               below 0.25
    length_spread, p90 / p10   2.1 and more    1.0 to 1.5                 below 1.5
    compression_ratio          0.53 to 0.82    0.09 to 0.40               below 0.45
    repeated_ngram_share       0.00 to 0.03    0.30 to 0.94               above 0.10
    shared_skeleton_share      0.00            1.00                       above 0.20

Hand-written: the seed tasks' instructions, inputs and outputs, docstrings of the standard library, technical prose, and
the Chinese instructions of tests/test_seed_texts.py. Templates: the generators of that test. No measure finds all of
them: one shared opening leaves the lengths varied, and cutting texts to one length leaves the openings different.
"""

from __future__ import annotations

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, pstdev, quantiles

BATCH = 60
FEWEST = 20
MIN_DISTINCT_OPENINGS = 0.75
MIN_LENGTH_VARIATION = 0.25
MIN_LENGTH_RANGE = 1.5
MIN_COMPRESSION_RATIO = 0.45
MAX_REPEATED_NGRAMS = 0.10
MAX_SHARED_SKELETONS = 0.20

_CJK = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_TOKEN = re.compile(rf"[{_CJK}]|[^\W{_CJK}]+")

_ENGLISH_FUNCTION_WORDS = """
    a an the this that these those my your his her its our their i you he she it we they me him us them
    who whom whose which what when where why how and or but nor so if then than as because while although though
    of in on at by for from with without to into onto over under between about after before during against per
    is are was were be been am do does did has have had can could may might must shall should will would
    not no only also please any some each every all both more most one two three
"""
_CHINESE_FUNCTION_WORDS = (
    "的了着过在是和与或及把被将为对从向到由以于用给让请你我他她它们这那哪个些什么怎如何谁几多"
    "并而但则就也都只不没有一二三"
)
_FUNCTION_WORDS = frozenset(_ENGLISH_FUNCTION_WORDS.split()) | frozenset(_CHINESE_FUNCTION_WORDS)


def tokens(text: str) -> list[str]:
    """Split a text into lower-case tokens: one a CJK character, one a run of word characters elsewhere."""
    return _TOKEN.findall(unicodedata.normalize("NFKC", text).lower())


def distinct_opening_share(texts: Sequence[str], words: int = 3) -> float:
    """Return the number of different openings (first `words` tokens) per text: 1 when no two texts open alike."""
    return len({tuple(tokens(text)[:words]) for text in texts}) / len(texts)


@dataclass(frozen=True, slots=True)
class LengthSpread:
    """How the lengths of texts, in tokens, are spread.

    Attributes:
        mean: mean length.
        variation: standard deviation divided by the mean (the coefficient of variation).
        p10: a tenth of the texts are no longer than this.
        p90: a tenth of the texts are no shorter than this.
    """

    mean: float
    variation: float
    p10: float
    p90: float


def length_spread(texts: Sequence[str]) -> LengthSpread:
    """Return the spread of the lengths of at least two texts."""
    lengths = [len(tokens(text)) for text in texts]
    mean = fmean(lengths)
    deciles = quantiles(lengths, n=10, method="inclusive")
    return LengthSpread(mean, pstdev(lengths) / mean if mean else 0.0, deciles[0], deciles[-1])


def compression_ratio(texts: Sequence[str]) -> float:
    """Return the deflated size of all texts in one piece over the sum of their sizes deflated one by one.

    What texts share is stored once in the first and every time in the second, so that templates give a low ratio.
    """
    return _deflated("\n".join(texts)) / sum(_deflated(text) for text in texts)


def _deflated(text: str) -> int:
    return len(zlib.compress(text.encode(), level=9, wbits=-15))


def repeated_ngram_share(texts: Sequence[str], n: int = 5) -> float:
    """Return the share of token n-grams that at least two texts contain (0 if no text has n tokens).

    Each text counts an n-gram once: a refrain inside a single text is style, not a template.
    """
    grams = [{tuple(run[i : i + n]) for i in range(len(run) - n + 1)} for run in map(tokens, texts)]
    seen_in = Counter(gram for of_text in grams for gram in of_text)
    total = sum(map(len, grams))
    return sum(count for count in seen_in.values() if count > 1) / total if total else 0.0


def shared_skeleton_share(texts: Sequence[str], function_words: int = 4) -> float:
    """Return the share of texts that have another's skeleton (0 if none is long enough to have one).

    A skeleton is the sequence of function words with every run of other words as one gap, so that neither slots nor
    synonyms change it. Texts with fewer than `function_words` are left out: short ones coincide by chance.
    """
    skeletons = [marks for marks in map(_skeleton, texts) if len(marks) - marks.count("_") >= function_words]
    counts = Counter(skeletons)
    return sum(count for count in counts.values() if count > 1) / len(skeletons) if skeletons else 0.0


def _skeleton(text: str) -> tuple[str, ...]:
    marks = [token if token in _FUNCTION_WORDS else "_" for token in tokens(text)]
    return tuple(mark for i, mark in enumerate(marks) if mark != "_" or i == 0 or marks[i - 1] != "_")


def template_findings(texts: Sequence[str]) -> list[str]:
    """Say in what respects the texts look template-made; an empty list means that they do not.

    Args:
        texts: texts of one kind (instructions, or outputs), in the order in which they were written.

    Returns:
        One sentence a finding, naming the batch, the figure and its limit.

    Raises:
        ValueError: fewer than twenty texts, which say nothing either way.
    """
    if len(texts) < FEWEST:
        raise ValueError(f"{len(texts)} texts are too few to judge: give at least {FEWEST}.")
    batches = max(1, round(len(texts) / BATCH))
    edges = [len(texts) * i // batches for i in range(batches + 1)]
    return [
        f"texts {first + 1} to {last}: {finding}"
        for first, last in pairwise(edges)
        for finding in _findings(texts[first:last])
    ]


def _findings(texts: Sequence[str]) -> list[str]:
    findings = []
    if (openings := distinct_opening_share(texts)) < MIN_DISTINCT_OPENINGS:
        findings.append(f"only {openings:.2f} different openings a text (at least {MIN_DISTINCT_OPENINGS})")
    spread = length_spread(texts)
    if spread.variation < MIN_LENGTH_VARIATION or spread.p90 < MIN_LENGTH_RANGE * spread.p10:
        findings.append(
            f"lengths are alike: variation {spread.variation:.2f} (at least {MIN_LENGTH_VARIATION}), "
            f"p10 {spread.p10:.0f}, p90 {spread.p90:.0f} (at least {MIN_LENGTH_RANGE} times p10)"
        )
    if (ratio := compression_ratio(texts)) < MIN_COMPRESSION_RATIO:
        findings.append(f"compress together to {ratio:.2f} of their own sizes (at least {MIN_COMPRESSION_RATIO})")
    if (repeated := repeated_ngram_share(texts)) > MAX_REPEATED_NGRAMS:
        findings.append(f"{repeated:.2f} of the 5-grams stand in several texts (at most {MAX_REPEATED_NGRAMS})")
    if (shared := shared_skeleton_share(texts)) > MAX_SHARED_SKELETONS:
        findings.append(f"{shared:.2f} of the texts share their skeleton with another (at most {MAX_SHARED_SKELETONS})")
    return findings
