"""Rejects answers that ask back: the prompt lacked something (Auto Evol-Instruct, arXiv 2406.00770, section 3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.parameters import TextField, check_parameters
from instructgen.parsing.lazy import lazy
from instructgen.parsing.simplified import simplified

# The Chinese words are an utterance of their own: 好的！ and not 好的作品.
_POLITE = r"""understood(?![a-z])|thank[ ]you|sure(?![a-z])
    |(?:明白|好的?|没问题|當然|当然|沒問題|收到|了解)(?:了|可以|啦|呀|的)?(?=[，,。.！!～~\s*_]|请|請)|谢谢|謝謝"""
_OPENING = lazy(rf"\W*(?:{_POLITE})", re.IGNORECASE | re.VERBOSE)
_ANYWHERE = lazy(rf"(?<![\w])(?:{_POLITE})", re.IGNORECASE | re.VERBOSE)
_REQUEST = lazy(r"(?<![a-z])please\s+provide", re.IGNORECASE)
# What the user is to hand over, matched against simplified characters.
_MATERIAL = (
    "(?:原文|文[章本字件档]|句子|段落|语句|代码|题[目干]|提示词?|图片|数据|表格|上下文|背景|材料|邮件|细节|链接)"
)
_NEEDED = "(?:具体|更多|更详细|详细|完整|相关|需要|想要?|要|希望|您|你)"
_REQUEST_ZH = lazy(
    rf"""(?:\A|(?<=[。！？!?\n]))[\s*_>]{{0,4}}(?:(?:好|当然|没问题|可以|明白|收到|抱歉|对不起|您好|你好|谢谢)
        [^，,。！!\n]{{0,8}}+[，,。！!]\s?){{0,3}}+
    (?:但|那么?|不过|还)?(?:请|麻烦|烦请|劳烦)(?:您|你)?(?:先|再|帮忙|把|将)?(?:
      提供(?:一下|下|给我)?(?:[^，,。！？!?\n]{{0,6}}?{_MATERIAL}|{_NEEDED})
      | (?:把|将)?[^，,。！？!?\n]{{0,12}}?{_MATERIAL}[^，,。！？!?\n]{{0,8}}?(?:发|贴|粘贴|传|复制)
        (?:送|过来|出来|上来|到|给|一下)
      | (?:发送?|粘贴|上传|输入)(?:一下|给我)?[^，,。！？!?\n]{{0,8}}?{_MATERIAL}
      | (?:告诉|告知)我?(?:一下)?(?:您|你|具体|更多)[^，,。！？!?\n]{{0,8}}?
        (?:想|要|需|希望|的(?:需求|要求|问题|主题)|信息|细节) )""",
    re.VERBOSE,
)
# Whatever it is that lacks: it is said to lack, or what will be done with it.
_GIVE = (
    r"(?:提供|补充|补上|附上|贴上|告诉我"
    r"|(?:把|将)[^，,。！？!?\n]{1,24}?(?:发|贴|粘贴|复制|传)(?:送|给|过来|上来|出来))"
)
_WILL = r"(?:以便|这样|然后|好让)?我(?:会|来|再|将|就|才能?|可以|马上|立刻|接着|继续|好)"
_LACKS = r"(?:没有?|未|忘记?了?|漏了?)(?:附上?|给出|提供|贴上?|写明|说明|包含|看到|收到)"
_WITHOUT_IT = lazy(
    rf"""\W*(?:(?:好的?|当然(?:可以)?|没问题|可以|明白|收到|抱歉|对不起|您好|你好)[，,。！!]\s?){{0,3}}+
    (?:(?:请|麻烦|烦请)(?:您|你)?(?:先|再)?{_GIVE}[^，,。！？!?\n]{{0,30}}[，,。！]\s?{_WILL}
      | [^，,。！？!?\n]{{0,16}}?{_LACKS}[^，,。！？!?\n]{{0,24}}[，,。；！]\s?(?:所以|因此)?
        (?:请|麻烦|能否|能不能|可以|可否|是否可以)[^，,。！？!?\n]{{0,4}}?{_GIVE})""",
    re.VERBOSE,
)
_MESSAGE = lazy("邮件|短信|消息|通知|留言|回复|话术|对话|台词|剧本|信|客服")
_QUESTION = lazy(r"[?？][\s*_\"'”’)）]*\Z")


@dataclass(frozen=True, slots=True)
class AskingBack:
    """Rejects an answer that begins with "Understood", "Thank you" or "Sure" and ends with a question mark, or that
    says "please provide"; the same in Chinese, where a sentence asks the user for a text or for what is wanted.

    Rejects with ``asks_back``; the value is what it says.

    Attributes:
        anywhere: the polite words count wherever they stand, as the paper's section 3 says; its appendix says "begin".
        field: the text to look at.
    """

    anywhere: bool = False
    field: TextField = "output"

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        text = text_of(example, self.field)
        plain = simplified(text)
        request = _REQUEST.search(text) or _REQUEST_ZH.search(plain)
        # A message that was to be written may ask its reader for something.
        if request is None and not _MESSAGE.search(simplified(f"{example.instruction} {example.input}")):
            request = _WITHOUT_IT.match(plain)
        if request:
            said = text[request.start() : request.end()]
            return Reject("asks_back", " ".join(said.split()))
        polite = _ANYWHERE.search(text) if self.anywhere else _OPENING.match(text)
        return Reject("asks_back", polite[0].strip()) if polite and _QUESTION.search(text) else None
