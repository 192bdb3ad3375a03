"""Rejects texts with words that mark tasks a text-only model cannot do (Self-Instruct, section 2.2; Alpaca; BELLE)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import Text, TextFields, check_parameters

SELF_INSTRUCT_KEYWORDS = (
    "image",
    "images",
    "graph",
    "graphs",
    "picture",
    "pictures",
    "file",
    "files",
    "map",
    "maps",
    "draw",
    "plot",
    "go to",
)
"""The 13 words of Self-Instruct's filter."""

ALPACA_KEYWORDS = (*SELF_INSTRUCT_KEYWORDS, "video", "audio", "music", "flowchart", "diagram")
"""The 18 words of Alpaca's filter."""

BELLE_KEYWORDS = (
    *("图像", "图片", "照片", "文件", "图表", "图层", "曲线图", "折线图", "直线图", "柱形图", "饼状图", "链接", "http"),
    *("OpenAI", "chatgpt", "gpt-3", "gpt-3.5", "gpt-4", "GPT"),
)
"""The 19 words of BELLE's filters: what a text cannot hold, and names of the model that wrote it."""

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"


@dataclass(frozen=True, slots=True)
class Keywords:
    """Rejects texts that contain one of ``words``, in any case.

    A word counts as a whole word only: ``plot`` is not found in ``plotting``, but is in ``plot-driven``. A word in
    Chinese or Japanese characters counts wherever it stands, and such characters are no part of a Latin word.
    Full-width letters are letters (ＦＩＬＥ); traditional and simplified characters are different ones.

    BELLE's rule is ``Keywords(BELLE_KEYWORDS, fields=("instruction", "input", "output"), anywhere=True)``.

    Rejects with ``keyword``; the value is the word found.

    Attributes:
        words: words or phrases.
        fields: the texts to look at, in this order.
        anywhere: count what stands inside a longer word, too: ``http`` in ``https``.
    """

    words: tuple[Text, ...] = ALPACA_KEYWORDS
    fields: TextFields = ("instruction",)
    anywhere: bool = False

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        if not self.words:
            return None
        pattern = _pattern(self.words, self.anywhere)
        for field in self.fields:
            if found := _search(pattern, text_of(example, field)):
                return Reject("keyword", " ".join(found[0].lower().split()), detail=f"in the {field}")
        return None


def _search(pattern: re.Pattern[str], text: str) -> re.Match[str] | None:
    """Looks at the text as it is first: folding may join words (``map™``)."""
    found = pattern.search(text)
    return found if found or text.isascii() else pattern.search(unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=32)
def _pattern(words: tuple[str, ...], anywhere: bool) -> re.Pattern[str]:
    spaced: list[str] = []
    unspaced: list[str] = []
    for word in (unicodedata.normalize("NFKC", word) for word in words):
        phrase = r"\s+".join(re.escape(part) for part in word.split())
        (unspaced if anywhere or re.search(f"[{_UNSPACED}]", word) else spaced).append(phrase)
    # Boundaries around all words at once: far faster than around each.
    whole = [rf"(?<![^\W{_UNSPACED}])(?:{'|'.join(spaced)})(?![^\W{_UNSPACED}])"] if spaced else []
    return re.compile("|".join([*whole, *unspaced]), re.IGNORECASE)
