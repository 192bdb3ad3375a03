"""Words and phrases in a text of either language, for the checks that count them or look for them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

# Han and Kana, which are written without spaces; Hangul is written with them.
_UNSPACED = re.compile(
    "[々〆〇\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_WIDE_PUNCTUATION = re.compile(
    "[\u2018-\u201d\u3000-\u3004\u3008-\u303f\uff01-\uff0f\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65]"
)

_FIRST_WIDE = "\u2e80"  # where the Chinese, Japanese and Korean blocks of Unicode begin

# Those that occur in the words which the checks look for, and no others.
_TRADITIONAL = """
並并 個个 們们 傳传 僅仅 內内 協协 務务 參参 問问 嗎吗 圖图 執执 夠够 學学 實实 對对 將将 導导 後后
從从 復复 應应 慮虑 據据 擬拟 數数 斷断 於于 時时 會会 權权 樣样 機机 檔档 為为 無无 煩烦 發发 碼码
確确 種种 給给 絕绝 統统 網网 編编 繼继 續续 義义 習习 聯联 與与 虛虚 處处 規规 視视 覽览 訊讯 討讨
訪访 詢询 該该 詞词 話话 詳详 語语 說说 請请 諒谅 論论 謝谢 識识 議议 貼贴 資资 輸输 這这 過过 達达
違违 遺遗 還还 鏈链 鑒鉴 開开 間间 關关 隱隐 難难 雖虽 頁页 題题 類类 願愿 麼么 點点 幫帮 創创 寫写
獲获 瀏浏 頻频 滿满 見见 屬属 細细 體体 沒没 當当 鑑鉴 項项 條条 萬万 倫伦 辦办 勞劳 擁拥 來来 畢毕
節节 觀观 訴诉 談谈 譜谱 郵邮 釋释 飛飞 現现 臺台 準准
"""
_SIMPLIFIED = str.maketrans({pair[0]: pair[1] for pair in _TRADITIONAL.split()})

CHINESE_MODEL = r"""(?:一个|一名|一款|一种|一位|个|名|款)?(?:由[^,，。\n]{1,20}?的|基于[^,，。\n]{1,20}?的)?
    (?:大型|大规模|虚拟|智能|对话|聊天|大)*(?:人工智能|ai|语言模型|机器人|智能助手|虚拟助手)
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


def simplified(text: str) -> str:
    """The text with the traditional characters of the checks' words in simplified form, each in its place.

    It is for matching only: characters that occur in none of those words stay as they are.
    """
    return text.translate(_SIMPLIFIED)


def text_tokens(text: str) -> int:
    """About how many tokens a text has."""
    wide = 0 if text.isascii() else sum(1 for character in text if character >= _FIRST_WIDE)
    return wide + (len(text) - wide + 3) // 4
