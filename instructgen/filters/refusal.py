"""Rejects answers that refuse: a model trained on them learns to refuse, too.

A refusal is told from an apology by what follows: its author cannot answer, help or provide information, or is a model.
"I'm sorry, but I can't come on Friday" is part of many good answers.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import TextField, require_text_field, require_texts, text_of

_LOOKED_AT = 500
_VALUE_LENGTH = 80
_CURLY = str.maketrans("’‘`´“”＇", "''''\"\"'")

_OFFER = r"[^.!,\n]{0,30}\b(?:offer|invit|opportunity)"
# What may precede a refusal: any number of greetings, apologies and words that join them.
_PREFACE = re.compile(
    rf"""(?: (?:hello|hi|hey|oh|oops|well|great\ question
        |thanks?(?:\ you)?(?!{_OFFER})(?:\ for[^.!,\n]{{1,40}})?)(?:\ there)?[.!,]+
    | (?:i\ am|i'm|we\ are|we're)(?:\ (?:so|very|really|terribly|deeply|truly))?\ (?:sorry|afraid)\b
    | (?:i\ am|i'm)\ (?:only\ )?sorry\ for\ (?:the|any)\ (?:confusion|inconvenience)\b
    | sorry\b | (?:my\ |our\ )?(?:sincere\ |deepest\ )?apologies\b | i\ (?:do\ )?apologi[sz]e\b | i\ regret\b
    | for\ (?:the|any)\ (?:confusion|inconvenience)\b
    | i\ (?:appreciate|understand)\b[^.!?\n]{{1,80}}?,\ (?=but\b) | no(?=[,.!])
    | unfortunately\b | regrettably\b | but\b | however\b | that(?=\ (?:i|as)\b) | to\ (?:say|inform\ you)\b
    | (?:我|真的|深感|感到|对此)*(?:很|非常|十分|真|实在|万分)?(?:抱歉|对不起|遗憾|不好意思) | 您好 | 你好
    | 请(?:您|你)?(?:原谅|谅解|见谅) | (?:感谢|谢谢)(?:您|你)的?(?:提问|询问|咨询|理解|信任)? | 恕我直言
    | 但是?(?!愿) | 不过 | 然而 | 恐怕
    | [,.;:!、。~\s]+ )+""",
    re.VERBOSE,
)

_MUST = r"(?:must|(?:'ll\ |will\ )?(?:have|need)\ to)\ (?:respectfully\ |politely\ )?"
_ENGLISH_MODEL = r"""(?:(?:only|just|merely|simply)\ )?an?\ (?:[\w-]+\ ){0,2}?
    (?:ai|a\.i\.|artificial\ intelligence|language\ model|chatbot|virtual\ assistant|digital\ assistant)\b
    (?:[ -](?:language\ )?(?:model|assistant|system|program|chatbot|bot|tool))?"""
# Nothing else is said: with a reason behind it, somebody may be declining an invitation.
_ALL = r"(?=[.!。\s]*\Z)"
_ENGLISH = rf"""
    # As an AI language model, I have no …
    (?: as\ {_ENGLISH_MODEL}(?:\ (?:created|developed|trained|made|built)\ [^,.!?\n]{{1,40}})?,?\ (?:i|my|it)\b
      | i(?:\ am|'m)\ {_ENGLISH_MODEL}(?![\w-]|\ \w+er\b) )
    [^.!?\n]{{0,160}}?(?:\bnot\b|\bcannot\b|\w+n't\b|\b(?:no|unable|never|lack|limited|beyond|incapable|decline|refuse)\b)
    # I can't help with that
  | (?:i\ ?)?(?:can(?:not|\ not|'t|t)|could(?:\ not|n't)|won't|will\ not
      | (?:am|'m)\ (?:not\ (?:able|programmed|allowed|permitted|comfortable|going)(?:\ to)?|unable\ to)
      | unable\ to | {_MUST}(?:decline|refuse)\ to | (?:do\ not|don't)\ feel\ (?:comfortable|able)(?:\ to)?)
    (?:\ (?:currently|actually|really|simply|just|directly|ethically|legally|in\ good\ conscience|be\ able\ to))?
    \ (?: (?:help|assist)(?:ing)?(?:(?=[.,!;:]|$)|\ (?:with|in)\b|\ you(?=[.,!;:]|$|\ (?:with|in|on|there)\b))
        | comply(?:ing)?\b | fulfil+(?:ing)?\b | engage\ in\b
        | (?:answer|respond\ to|discuss)(?:ing)?\ (?:that|this|these|such|your|it|(?:the|any)\ (?:question|request))\b
        | (?:do|continue)\ (?:that|this|so|it)(?=[.,!;:]|$|\ (?:task|request|because|as|for))
        | (?:provid|giv|offer|shar|generat|creat|writ|produc|mak|process|perform|support|promot|recommend|display|show
            |access|open|view|see|brows|search|express|complet|play|predict|fulfil|carry\ out|have)(?:e|ing)?
          \b[^.!?\n]{{0,60}}?\b(?:information|instructions|advice|guidance|assistance|content|material|opinions?|answers?
            |requests?|questions?|images?|links?|web\ ?pages?|websites?|internet|attachments?|files?|real-time|task
            |stereotypes|violence|hate|harmful|illegal|offensive|explicit|tutorial|recipe\ for)\b )
    # I must decline.
  | i\ ?{_MUST}(?:decline|refuse)
    (?:{_ALL}|\ (?:this|that|your|the|such\ an?)\ (?:[a-z]+\ )?(?:request|question|task|prompt|query)\b)
  | i\ (?:respectfully\ )?(?:decline|refuse)\ to\ (?: comply\b | (?:help|assist)\ with\ (?:that|this|your|such)\b
      | (?:answer|respond\ to|discuss)\ (?:that|this|these|such|your|(?:the|any)\ (?:question|request))\b )
    # I don't have the ability to …
  | i\ (?:do\ not|don't)\ have\ (?:the\ (?:ability|capability|capacity)\ to
      |access\ to\ (?:real-time|current|external|personal|your|the\ internet)|(?:any\ )?personal\ \w+)
  | (?:that|this|it)(?:'s|\ is)\ (?:not\ something|beyond\ what|outside\ what)\ i(?:'m|\ am)?\ (?:can|could|able|will)\b
  | (?:that|this|it)(?:'s|\ is)\ something\ i(?:\ cannot|\ can't|\ won't|(?:\ am|'m)\ (?:unable|not\ able)\ to)
      \ (?:help|assist)(?:\ you)?\ with\b
  | (?:that|this|it)(?:'s|\ is)\ (?:beyond|outside)\ (?:of\ )?my\ (?:capabilities|abilities|scope)\b
"""

_CHINESE_MODEL = r"""(?:一个|一名|一款|一种|个|名)?(?:由[^,。\n]{1,20}?的|基于[^,。\n]{1,20}?的)?
    (?:大型|大规模|虚拟|智能|对话|聊天|大)*(?:人工智能|ai|语言模型|机器人|智能助手|虚拟助手)
    (?:[ ]?(?:大?语言|对话|聊天|智能|虚拟))*(?:模型|助手|助理|程序|系统|机器人)?"""
_CHINESE = rf"""
    # 作为一个人工智能语言模型，我无法…
    (?: (?:作为|身为){_CHINESE_MODEL}[, ]*(?:我|本)(?!们) | 我(?:只是|仅仅是|仅是|是){_CHINESE_MODEL}(?=[,。 ]) )
    [^。!?\n]{{0,60}}?(?:不|无法|没有|没法|未|无|拒绝)
    # 我无法回答这个问题
  | (?:(?:这个?|该|此|您的|你的)(?:问题|请求|要求|任务|话题)?[, ]?(?=我))?
    (?:恕?我|本助手|本模型)?(?:目前|暂时|现在|也|并|实在|真的|必须|只能|只好|不得不)*
    (?:无法|不能够?|没有?办法|没有?能力|没法|不可以|不具备|不支持|无权|拒绝|不会|不便|不方便)
    (?: [^,。!?\n]{{0,16}}?(?:回答|解答|答复|作答|满足|遵从|从命|帮到|这样做|这么做|做到)(?!的)
      | [^,。!?\n]{{0,10}}?(?:(?:帮助|协助)(?:您|你|$|[,。!]|完成|处理)|帮(?:您|你)(?=$|[,。!]))
      | [^,。!?\n]{{0,10}}?(?:完成|处理|执行|理解|提供|给出|生成|创作|撰写|编写|写|输出|发表|讨论|分享|访问|浏览|查看
          |打开|获取|查询|支持|参与|表达|协助)
        [^。!?\n]{{0,30}}?(?:信息|内容|建议|答案|回答|回复|文本|请求|要求|话题|问题|指令|指导|意见|观点|看法|图片|图像
          |链接|网页|网站|互联网|实时|任务|音频|视频|言论|违法|非法|有害) )
    # 我必须拒绝
  | 我(?:必须|只能|只好|不得不|需要)拒绝
    (?:{_ALL}|(?:这个?|这[一项种类]|该|此|您的|你的|这样的)[^,。!?\n]{{0,4}}?(?:请求|要求|提问|问题|任务|指令))
  | 我(?:也|实在|真的)*帮不[了到上](?:您|你)(?=$|[,。!])
  | (?:这|您的|你的|该)[^,。!?\n]{{0,8}}?超出了?我的(?:能力|知识|服务)
"""


@cache
def _refuses() -> re.Pattern[str]:
    # Compiled when it is first needed: it is by far the largest pattern here, and would delay the import.
    return re.compile(f"{_ENGLISH}|{_CHINESE}", re.VERBOSE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Rejects a text that begins with a refusal, in English or Chinese.

    After any greeting and apology it says that a language model is speaking and what it does not have or do ("As an AI
    language model, I have no …"), or that the speaker cannot help, answer, or provide information, advice, images and
    the like ("I'm sorry, but I can't help with that", 对不起，我无法回答), or declines a request ("I must decline",
    which counts alone or before what is declined). An apology alone is no refusal, and one that comes later in the text
    does not count. Typography and Markdown make no difference.

    Rejects with ``refusal``; the value is the phrase, in lower case.

    Attributes:
        field: the text to look at.
        phrases: more beginnings that refuse, in any case.
    """

    field: TextField = "output"
    phrases: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        require_text_field(self.field)
        require_texts("phrases", self.phrases)
        object.__setattr__(self, "phrases", tuple(self.phrases))

    def __call__(self, example: Example) -> Reject | None:
        opening = _plain(text_of(example, self.field))
        for phrase in map(_plain, self.phrases):
            if opening.startswith(phrase):
                return Reject("refusal", phrase[:_VALUE_LENGTH])
        preface = _PREFACE.match(opening)
        if found := _refuses().match(opening, preface.end() if preface else 0):
            return Reject("refusal", opening[: found.end()][:_VALUE_LENGTH].strip())
        return None


def _plain(text: str) -> str:
    """The beginning in lower case, one form for all quotes, widths and spaces, without Markdown around it."""
    plain = unicodedata.normalize("NFKC", text.lstrip()[:_LOOKED_AT]).translate(_CURLY).lower()
    plain = re.sub(r"[*_#>\"「『]+", "", plain)
    return re.sub(r"[ \t\u00a0]+", " ", plain).strip()
