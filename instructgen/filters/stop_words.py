"""Rejects answers of nothing but punctuation and stop words (Evol-Instruct, arXiv 2304.12244, elimination rule 3)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import TextField, check_parameters
from instructgen.parsing.lazy import lazy
from instructgen.parsing.simplified import simplified

# Words that carry no answer by themselves. "No", "not" and "none" can be one, and are not among them.
_ENGLISH = """
a about above after again all am an and any are as at be because been before being below between both but by can could
d did do does doing don down during each few for from further had has have having he her here hers him his how i if in
into is it its itself just ll m me more most my of off on once only or other our out over own re s same she should so
some such t than that the their them then there these they this those through to too under until up ve very was we were
what when where which while who whom why will with would you your
"""
_CHINESE = """
因为 所以 但是 而且 或者 如果 虽然 然后 以及 并且 我们 你们 他们 它们 她们 这个 那个 这些 那些 什么 怎么 一个 一些
的 了 是 在 和 与 及 或 也 都 就 而 但 这 那 我 你 您 他 她 它 们 之 其 于 以 为 被 把 对 从 到 着 过 吗 呢 吧 啊 呀 个
些 等 并 又 还 很 会 能 要
"""
_STOP_ENGLISH = frozenset(_ENGLISH.split())
# Longest first, so that no part of a longer one is left over.
_STOP_CHINESE = lazy("|".join(sorted(_CHINESE.split(), key=len, reverse=True)))
# What "Yes" is in Chinese: the verb of the question, in a clause of its own.
_YES = lazy(r"\W*(?:是|对|能|会|要)的?[啊呀呢哦]?\s*(?:[^\w\s]|\Z)")
# An operator that stands alone. Written between words it is one with them; *** and --- are lines.
_OPERATOR = lazy(r"[\s\"'`(\[]*(?:[<>=+]|[<>=!]=|[-=]>|<-)[\s\"'`)\].。]*")
_WORD = lazy(r"[^\W_]+")
_LOOKED_AT = 4000  # characters; longer texts hold a word


@dataclass(frozen=True, slots=True)
class OnlyStopWords:
    """Rejects a text of nothing but punctuation and stop words, English or Chinese, the empty text included.

    A single capital letter is kept: it picks an option. So are a sign of a formula (``<``, ``→``), and a text that
    begins with a Chinese yes in a clause of its own (是。 对的，… 能 会 要), as one that begins with "Yes" is; 在, 我,
    因为 and the like alone are rejected, as "in", "me" and "because" are. Rejects with ``stop_words``; the value is the
    text's beginning.

    Attributes:
        field: the text to look at: the response, not the evolved prompt.
    """

    field: TextField = "output"

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        text = text_of(example, self.field)
        return Reject("stop_words", " ".join(text.split())[:40]) if _says_nothing(text) else None


def _says_nothing(text: str) -> bool:
    plain = simplified(unicodedata.normalize("NFKC", text[:_LOOKED_AT]))
    if re.fullmatch(r"\W*[A-Z]\W*", plain) or _YES.match(plain):
        return False
    if _OPERATOR.fullmatch(plain):
        return False
    if any(not sign.isascii() and unicodedata.category(sign) in ("So", "Sm", "Sc") for sign in plain):
        return False  # an emoji or a formula's sign can be the answer
    words = _WORD.findall(_STOP_CHINESE.sub(" ", plain.lower()))
    return all(word in _STOP_ENGLISH for word in words)
