"""Rejects answers in which the model speaks of itself as an assistant instead of answering."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.words import CHINESE_MODEL, first_phrase
from instructgen.parameters import Text, check_parameters
from instructgen.parsing.simplified import simplified

ASSISTANT_TALK = (
    "as an ai",
    "ai assistant",
    "how can i assist",
    "how may i assist",
)
"""What models say of themselves: h2o-wizardlm's phrases, and one more."""


@cache
def _introduces_itself() -> re.Pattern[str]:
    # 作为一款人工智能语言模型，我…; 我是一个AI助手。 But not 作为人工智能之父, nor 我是机器人工程师.
    return re.compile(
        rf"""(?:作为|身为)(?P<as>{CHINESE_MODEL})[,， ]*(?:我|本)(?!们|国)
        | 我(?:只是|仅仅是|仅是|是|叫)(?P<am>{CHINESE_MODEL})(?=[,，.。;；!！?？、()（）\s]|\Z)""",
        re.VERBOSE | re.IGNORECASE,
    )


@dataclass(frozen=True, slots=True)
class AssistantTalk:
    """Rejects an output with one of these phrases, in any case, unless the prompt has the phrase, too.

    So it does where a model says in Chinese what it is (作为AI助手，我…, 我是一个人工智能语言模型。), unless the prompt
    names the same. The phrases are blunt, as the original has them: "the AI assistant in your phone" is rejected.

    Rejects with ``assistant_talk``; the value is the phrase.

    Attributes:
        phrases: what gives the model away, besides what it says in Chinese.
    """

    phrases: tuple[Text, ...] = ASSISTANT_TALK

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        asked = f"{example.instruction}\n{example.input}"
        phrases = [one for one in self.phrases if not first_phrase(asked, [one])]
        found = (first_phrase(example.output, phrases) if phrases else "") or _said_in_chinese(example.output, asked)
        return Reject("assistant_talk", found) if found else None


def _said_in_chinese(text: str, asked: str) -> str:
    known = simplified(asked).lower()
    for match in _introduces_itself().finditer(simplified(text)):
        kind = match.lastgroup or ""
        if match[kind].lower().lstrip("一个款名种位") not in known:
            return text[match.start() : match.end(kind)]
    return ""
