"""Deletes the words that address the model itself from an instruction: 请GPT模型写一首诗 asks for 写一首诗 (BELLE).

BELLE's code deletes its phrases in the order of a list, wherever they stand. Short ones come first there, so that
请GPT模型应该写一首诗 becomes 请该写一首诗. Here the longest phrase goes first, and only where a clause begins, so that
邀请AI专家 keeps its words.
"""

from __future__ import annotations

import re

from instructgen.parsing.lazy import lazy

_PLEAS = ("请", "让", "请让", "要求")
_MODELS = ("GPT模型", "GPT", "ChatGPT", "AI模型", "AI助手", "AI", "人工智能模型", "人工智能助手", "语言模型")
_DUTIES = ("应该", "需要", "来", "")
PHRASES = tuple(
    sorted((f"{plea}{model}{duty}" for plea in _PLEAS for model in _MODELS for duty in _DUTIES), key=len, reverse=True)
)
"""What is deleted, longest first: a plea, a name for the model, and a verb of duty or none."""

# After a bare AI these make another word, of which the sentence speaks: 让AI技术….
_OTHER_WORDS = "技术|专家|工程师|公司|产品|行业|领域|学者|研究|课程|老师|绘画|芯片|系统|软件|工具|算法|-?[A-Za-z0-9]"
_ADDRESSED = lazy(
    rf"(?P<before>^|[，。！？；：、,.!?;:\s])(?>(?:{'|'.join(PHRASES)})+)(?!{_OTHER_WORDS})[，,：:、\s]*",
    re.IGNORECASE,
)


def without_addressing(text: str) -> str:
    """The instruction without the phrases that ask a model for what it asks for.

    >>> without_addressing("请GPT模型应该写一首诗")
    '写一首诗'
    >>> without_addressing("阅读下文，让AI总结要点。")
    '阅读下文，总结要点。'
    """
    while (shorter := _ADDRESSED.sub(r"\g<before>", text)) != text:
        text = shorter
    return text
