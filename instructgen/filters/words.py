"""Words and phrases in a text of either language, for the checks that count them or look for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from instructgen.parsing.lazy import lazy

# Han and Kana, which are written without spaces; Hangul is written with them.
_UNSPACED = lazy(
    "[々〆〇\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_WIDE_PUNCTUATION = lazy(
    "[\u2018-\u201d\u3000-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"
)

_FIRST_WIDE = "\u2e80"  # where the Chinese, Japanese and Korean blocks of Unicode begin

CHINESE_MODEL = r"""(?:一个|一名|一款|一种|一位|个|名|款)?(?:由[^,，。\n]{1,20}?的|基于[^,，。\n]{1,20}?的)?
    (?:(?:负责任|安全|友好|中立|诚实)的)?(?:大型|大规模|虚拟|智能|对话|聊天|大)*(?:人工智能|ai|语言模型|机器人|智能助手|虚拟助手)
    (?:[ ]?(?:大?语言|对话|聊天|智能|虚拟))*(?:模型|助手|助理|程序|系统|机器人)?"""
"""How a language model calls itself in Chinese: a pattern in lower case, for re.VERBOSE."""

# Also an everyday verb with its object ("how does one rewrite a prompt?"): it counts where it is a name.
_NAMED = (
    r"(?:(?<=[#＃【\[*:：\s])|(?<=[按依]照)|(?<=[根依]据)|(?<=[根依]據)|(?<=[该該此])|(?<=[这這][个個条條段])"
    r"|(?<=上述)|(?<=面的)){name}|{name}(?=\s{{0,4}}[#＃】\]*:：]|[中里裡])"
)
_VERB_TOO = ("改写提示词", "改寫提示詞")


def word_count(text: str) -> float:
    """Words separated by white space, plus half a word for each Chinese or Japanese character."""
    if text.isascii():
        return len(text.split())
    spaced, unspaced = _UNSPACED.subn(" ", text)
    if unspaced:
        spaced = _WIDE_PUNCTUATION.sub(" ", spaced)
    return len(spaced.split()) + unspaced / 2


def first_phrase(text: str, phrases: Iterable[str]) -> str:
    """The first of these phrases in the text, as it stands there; empty if there is none."""
    found = _pattern(tuple(phrases)).search(text)
    return " ".join(found[0].split()) if found else ""


@lru_cache(maxsize=32)
def _pattern(phrases: tuple[str, ...]) -> re.Pattern[str]:
    # "Rewritten prompts" counts, "forgiven prompt" and "as an aim" (for "as an ai") do not.
    names = (r"[\s_-]+".join(map(re.escape, phrase.split())) for phrase in phrases)
    whole = (_NAMED.format(name=name) if name in _VERB_TOO else rf"(?<![A-Za-z]){name}s?(?![A-Za-z])" for name in names)
    return re.compile("|".join(whole) or r"(?!)", re.IGNORECASE)


def text_tokens(text: str) -> int:
    """About how many tokens a text has."""
    wide = 0 if text.isascii() else sum(1 for character in text if character >= _FIRST_WIDE)
    return wide + (len(text) - wide + 3) // 4
