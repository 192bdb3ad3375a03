"""Reads a label out of a closed set. A word that is not in the set is no label, however near it comes to one."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from instructgen.errors import ParseError

_GLOSS = re.compile(r"\s*\([^()]*\)\s*\Z")


def closed_label(value: object, labels: Iterable[str]) -> str | None:
    """The label that this value is, or None; case, white space, punctuation and a gloss in brackets aside.

    ``"Very_Good."`` is ``very good``, ``"Math (数学)"`` is ``Math``, ``"quite good"`` is not ``good``.
    """
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if not isinstance(value, str) or len(value) > 200:
        return None
    known = {_plain(label): label for label in labels}
    text = unicodedata.normalize("NFKC", value)
    return known.get(_plain(text)) or known.get(_plain(_GLOSS.sub("", text)))


def label_under(answer: Mapping[str, object], name: str, labels: Iterable[str]) -> str:
    """The label under this key of a judge's JSON object.

    Raises:
        ParseError: the key is missing, or what it holds is no label of the set.
    """
    values = [value for key, value in answer.items() if _plain(key) == _plain(name)]
    label = closed_label(values[0], labels) if len(values) == 1 else None
    if label is None:
        raise ParseError(f"{name} is none of the labels: {str(values[0])[:60] if values else 'it is missing'}")
    return label


def _plain(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).casefold().replace("&", " and ")
    return " ".join(re.findall(r"[^\W_]+", text))
