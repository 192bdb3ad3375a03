"""Splits a text of any script into the tokens that every text measure of this library counts.

On ASCII text the tokens are those of the ``rouge_score`` package without stemming. That tokenizer keeps nothing but
``[a-z0-9]``, so two identical Chinese instructions have no token in common there; here every Han, Kana or Hangul
character is a token of its own, and other scripts keep their words.
"""

from __future__ import annotations

import re
import unicodedata

# Scripts written without spaces between words (Han, Kana) or whose words carry their particles (Hangul). Half-width,
# full-width and compatibility forms need no range: NFKC has already mapped them into these.
_CHARACTERS = (
    "\u3005-\u3007\u3021-\u3029\u3031-\u3035\u3038-\u303c"  # Han iteration marks and numerals
    "\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\U0001aff0-\U0001b16f"  # Kana
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"  # Han
    "\u1100-\u11ff\ua960-\ua97f\uac00-\ud7ff"  # Hangul
)
_CHARACTER = re.compile(rf"[{_CHARACTERS}]+")
_TOKEN = re.compile(rf"[^\W_{_CHARACTERS}]+|[^\W_]")
_WORD = re.compile(r"[^\W_]+")

# bytes.translate is an order of magnitude faster than a regular expression.
_ASCII = bytes(ord(chr(byte).lower()) if chr(byte).isalnum() and byte < 128 else 32 for byte in range(256))


def tokens(text: str) -> list[str]:
    """The tokens of ``text``, in order: NFKC, lower case, one for each Han, Kana or Hangul character, words elsewhere.

    A word is a run of letters and digits of any other script; the underscore separates. ASCII text gives exactly what
    ``rouge_score`` gives with ``use_stemmer=False``. Other text may differ from it: ``café`` is one token here.

    >>> tokens("Don't re-write C++ code_v2")
    ['don', 't', 're', 'write', 'c', 'code', 'v2']
    >>> tokens("用Python写诗")
    ['用', 'python', '写', '诗']
    """
    if text.isascii():
        return text.encode("ascii").translate(_ASCII).decode("ascii").split()
    text = unicodedata.normalize("NFKC", text).lower()
    if not _CHARACTER.search(text):
        return _WORD.findall(text)
    found: list[str] = []
    for word in _WORD.findall(text):
        # Nothing but characters, the rule in Chinese, needs no regular expression to be taken apart.
        found += word if _CHARACTER.fullmatch(word) else _TOKEN.findall(word)
    return found
