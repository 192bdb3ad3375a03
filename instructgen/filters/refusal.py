"""Rejects answers that refuse: a model trained on them learns to refuse, too.

A refusal is told from an apology by what follows: its author cannot answer, help or provide information, or is a model.
"I'm sorry, but I can't come on Friday" is part of many good answers.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache
from typing import Literal

from instructgen.contracts import Reject
from instructgen.example import Example
from instructgen.filters.filter import text_of
from instructgen.filters.words import CHINESE_MODEL
from instructgen.parameters import Text, TextField, check_parameters
from instructgen.parsing.lazy import lazy
from instructgen.parsing.simplified import simplified

_LOOKED_AT = 500
_PROMPT_LOOKED_AT = 4000  # what a user asks for may stand behind a long quotation
_VALUE_LENGTH = 80
_CURLY = str.maketrans("’‘`´“”＇", "''''\"\"'")

_OFFER = r"[^.!,\n]{0,30}\b(?:offer|invit|opportunity)"
# What may precede a refusal: any number of greetings, apologies and words that join them.
_PREFACE = lazy(
    rf"""(?: (?:hello|hi|hey|oh|oops|well|great\ question
        |thanks?(?:\ you)?(?!{_OFFER})(?:\ for[^.!,\n]{{1,40}})?)(?:\ there)?[.!,]+
    | (?:i\ am|i'm|we\ are|we're)(?:\ (?:so|very|really|terribly|deeply|truly))?\ (?:sorry|afraid)\b
    | (?:i\ am|i'm)\ (?:only\ )?sorry\ for\ (?:the|any)\ (?:confusion|inconvenience)\b
    | sorry\b | (?:my\ |our\ )?(?:sincere\ |deepest\ )?apologies\b | i\ (?:do\ )?apologi[sz]e\b | i\ regret\b
    | for\ (?:the|any)\ (?:confusion|inconvenience)\b
    | i\ (?:appreciate|understand)\b[^.!?\n]{{1,80}}?,\ (?=but\b) | no(?=[,.!])
    | unfortunately\b | regrettably\b | but\b | however\b | that(?=\ (?:i|as)\b) | to\ (?:say|inform\ you)\b
    | (?:我|真的|深感|感到|对此)*(?:很|非常|十分|真|实在|万分)?(?:抱歉|对不起|遗憾|不好意思|深表歉意)[啊呢哦呀]?
    | 您好 | 你好
    | 请(?:您|你)?(?:原谅|谅解|见谅) | (?:感谢|谢谢)(?:您|你)的?(?:提问|询问|咨询|理解|信任)? | 恕我直言
    | 我(?:完全|非常|很)?(?:理解|明白|了解|知道|尊重)(?:您|你)的?[^,。!?\n]{{0,16}},(?=但|可是|不过|然而)
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
_RULES = r"(?:[a-z]+\ ){0,2}?(?:guidelines?|polic(?:y|ies)|principles|programming|rules|terms)\b"
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
        | comply(?:ing)?(?:(?=[.,!;:]|$)|\ with\ (?:that|this|your|the\ request|it)\b)
        | (?:answer|respond\ to|discuss)(?:ing)?\ (?:that|this|these|such|your|it|(?:the|any)\ (?:question|request))\b
        | (?:rewrit|rephras|paraphras|reword|modify|evolv|complicat)(?:e|ing)?\ (?:that|this|your|the|it)\b
          (?:\ (?:[a-z]+\ )?(?:prompt|instruction|question|request|task|problem|text)s?)?
          (?=[.,!;:]|$|\ (?:because|as|since|into|in)\b)
        | (?:do|continue)\ (?:that|this|so|it)(?=[.,!;:]|$|\ (?:task|request|because|as|for))
        | (?P<ambiguous>comply(?:ing)?\b | fulfil+(?:ing)?\b | engage\ in\b
          | (?:provid|giv|offer|shar|generat|creat|writ|produc|mak|process|perform|support|promot|recommend|display|show
            |access|open|view|see|brows|search|express|complet|play|predict|fulfil|carry\ out|have)(?:e|ing)?
          \b[^.!?\n]{{0,60}}?\b(?:information|instructions|advice|guidance|assistance|content|material|opinions?|answers?
            |requests?|questions?|images?|links?|web\ ?pages?|websites?|internet|attachments?|files?|real-time|task
            |prompts?|stereotypes|violence|hate|harmful|illegal|offensive|explicit|tutorial|recipe\ for)\b ) )
    # I must decline.
  | i\ ?{_MUST}(?P<declined>decline|refuse)
    (?:{_ALL}|\ (?:this|that|your|the|such\ an?)\ (?:[a-z]+\ )?(?:request|question|task|prompt|query)\b)
  | i\ (?:respectfully\ )?(?:decline|refuse)\ to\ (?: comply\b | (?:help|assist)\ with\ (?:that|this|your|such)\b
      | (?:answer|respond\ to|discuss)\ (?:that|this|these|such|your|(?:the|any)\ (?:question|request))\b
      | do\ (?:so|this|that|it){_ALL} )
    # Request denied. This request violates my guidelines. It is against my policy to assist with this.
  | request\ (?:denied|declined|refused|rejected){_ALL}
  | (?:this|that|the|your|such\ an?)\ (?:[a-z]+\ )?(?:request|prompt|question|instruction|task|content|topic)
    (?:\ [a-z]+)?\ (?:violat(?:es|ed)|goes\ against|is\ against|conflicts\ with|breaches)
    \ (?:my\ {_RULES}|our\ {_RULES}{_ALL})
  | it(?:'s|\ is|\ goes)\ against\ (?:my|our)\ {_RULES}\ to\ (?:assist|help|provide|answer|respond|comply|engage|create
      |generate|write|rewrite|produce|discuss|fulfil+|do\ (?:so|this|that))\b
    # I'm sorry, but this prompt contains harmful content and I cannot …
  | (?:this|that|the|your)\ (?:[a-z]+\ )?(?:request|prompt|question|instruction|task|content|topic)\ [^.!?\n]{{1,100}}?
    (?:,|\band|\bso|[;-])\ (?:so\ |therefore\ |thus\ )?i(?:\ am|'m)?\ (?:cannot|can't|can\ not|won't|will\ not
      |unable\ to|not\ able\ to|must\ decline\ to)\ (?:help|assist|comply|fulfil+|proceed|continue|do\ (?:so|this|that)
      |(?:mak|rewrit|rephras|evolv|chang|modif|complicat|answer|generat|creat|provid|process)(?:e|y)?
       \ (?:it|this|that|them|your|the\ prompt)\b)
    # I don't have the ability to …
  | i\ (?:do\ not|don't)\ have\ (?:the\ (?:ability|capability|capacity)\ to
      |access\ to\ (?:real-time|current|external|personal|your|the\ internet)|(?:any\ )?personal\ \w+)
  | (?:that|this|it)(?:'s|\ is)\ (?:not\ something|beyond\ what|outside\ what)\ i(?:'m|\ am)?\ (?:can|could|able|will)\b
  | (?:that|this|it)(?:'s|\ is)\ something\ i(?:\ cannot|\ can't|\ won't|(?:\ am|'m)\ (?:unable|not\ able)\ to)
      \ (?:help|assist)(?:\ you)?\ with\b
  | (?:that|this|it)(?:'s|\ is)\ (?:beyond|outside)\ (?:of\ )?my\ (?:capabilities|abilities|scope)\b
"""

# The rest is matched against simplified characters.
_NAME = (
    r"通义千问|千问|qwen|deepseek|chatgpt|gpt-?[\d.]*|文心一言|豆包|kimi|智谱清言|chatglm|讯飞星火|混元|claude|gemini"
)
_MODEL_SPEAKS = rf"""(?: (?:作为|身为){CHINESE_MODEL}[, ]*(?:我|本)(?!们)
    | (?:由于|因为|毕竟)?我(?:只是|仅仅是|仅是|是)(?:{CHINESE_MODEL}(?=[,。 ])|(?:{_NAME})[^,。!?\n]{{0,12}},) )"""
# What stands before the subject: 出于安全考虑, 您的请求涉及….
_GROUNDS = lazy(
    r"""(?:因此|所以|但是?|[,。\s])* (?: (?:由于|因为|出于|根据|按照|依据|基于|鉴于|考虑到)[^,。!?\n]{0,16}?
        (?:安全|隐私|法律|法规|道德|伦理|版权|敏感|违法|违规|有害|使用政策|内容政策|平台规定|相关规定|有关规定)
        [^,。!?\n]{0,8},
    | (?:(?:您|你)的?(?:这个?|该)?|这个?|这[条道]|该|此|上述)(?:请求|要求|问题|提问|指令|话题|提示词?|内容|题目)
        [^,。!?\n]{0,20}?(?:涉及|属于|违反|包含|超出)[^,。!?\n]{0,20}, )
    (?:因此|所以|但是?|不过|可是|然而|恕|(?:很|非常)?(?:抱歉|遗憾)|[,\s])*""",
    re.VERBOSE,
)
_CANNOT = r"(?:无法|不能够?|没有?办法|没有?能力|没法|不可以|不具备|不支持|无权|拒绝|不便于?|不方便|不会)"
_ADVERB = r"(?:目前|暂时|现在|也|并|还|实在|真的|确实|必须|只能|只好|不得不|可能|恐怕|是)*"
_HOW = r"(?:直接|联网|具体|准确|继续|再|为(?:您|你)|给(?:您|你)|向(?:您|你)|帮(?:您|你)|替(?:您|你)|就此|对此)*"
_ANSWER = "(?:回答|解答|答复|作答|满足|遵从|从命|改写|重写)"
_DO = "(?:完成|处理|执行|理解|这样做|这么做|做到|办到|帮忙|协助|帮助)"
_REQUEST = "(?:问题|请求|要求|任务|话题|提示词?|指令|需求|提问|题目|事情?)"
# "this", "your", or what a question is about.
_THIS = r"(?:这|该|此|那|您|你(?!好)|上述|相关|有关|任何|类似|关于|涉及|违反|违法|非法)"
# The sentence ends, or goes on with a reason, a contrast or an offer to the user.
_END = r"(?=\s*(?:\Z|[。!;\n]|,(?:因为|由于|原因|因此|所以|但|不过|然而|也|请您|如果您?|建议|希望|敬请|它|这)))"
_MAKE = "(?:提供|给出|给到|生成|创作|撰写|编写|写|输出|发表|讨论|谈论|分享|支持|参与|表达|协助)"
_ACCESS = "(?:访问|浏览|查看|打开|获取|查询|处理|理解)"
_WHAT = (
    "(?:信息|资讯|内容|建议|答案|回答|回复|文本|请求|要求|话题|问题|指令|指导|意见|观点|看法|图片|图像|链接|网页|网站"
    "|互联网|实时|任务|音频|视频|言论|违法|非法|有害|帮助)"
)
# A clause goes on to a noun, or says when: 不能提供发票的商家, 无法访问网站时.
_NOT_ON = r"(?!的(?!$|[,。!?请要问需内信]))(?!时(?!效|间)|期间|之?前|之?后)"
_I = rf"恕?(?:我(?!们)|本助手|本模型|小助手){_ADVERB}"
_STRICT = rf"""
    {_MODEL_SPEAKS}(?:[^。!?\n]{{0,60}}?(?:无法|没有|没法|不能|不会|不具|不可以|不支持|不了解|不知道|不拥有|不便|尚?未
      |拒绝|无权|缺乏) | [^。!?,\n]{{0,3}}?(?:不(?![仅但只光断妨过禁])|无|必须拒绝))
    # 我无法回答这个问题
  | (?:(?:这个?|这[件种类道条]|该|此|您的|你的){_REQUEST}?[, ]?)?{_I}{_CANNOT}{_HOW}(?:
        {_ANSWER}(?:了|此)?{_END} | (?:满足|遵从)(?:您|你)
      | {_ANSWER}{_THIS}[^,。!?\n]{{0,24}}?(?:{_REQUEST}|{_END})(?!的时候)
      | {_DO}(?:您|你)(?:的|完成|处理|这)[^,。!?\n]{{0,12}}?(?:{_REQUEST}|{_END}) | (?:协助|帮助|帮)(?:您|你){_END}
      | {_DO}(?:这个?|这[项类种样]|该|此|任何|类似|相关)[^,。!?\n]{{0,6}}?(?:请求|要求|指令|任务){_END}
      | (?:协助|帮助)(?:完成|处理)[^,。!?\n]{{0,8}}{_END}
      | {_MAKE}[^,。!?\n]{{0,24}}?{_WHAT}{_NOT_ON} | {_ACCESS}[^,。!?\n]{{0,12}}?{_WHAT}[^,。!?\n]{{0,4}}?{_END}
      | (?:继续|讨论|谈论)(?:这|该|此)[^,。!?\n]{{0,4}}?(?:话题|对话|讨论|内容) | 这[样么]做{_END} )
    # 这个请求我不能帮忙
  | (?:这个?|这[件种类]|该|此|您的|你的)(?:{_REQUEST})?[, ]?{_I}
    (?:{_CANNOT}(?:帮忙|做到|办到|完成|处理|协助)|[做办]不到|帮不[上了]忙?){_END}
    # 我必须拒绝
  | 我(?:必须|只能|只好|不得不|需要)拒绝
    (?:{_ALL}|(?:这个?|这[一项种类]|该|此|您的|你的|这样的)[^,。!?\n]{{0,4}}?(?:请求|要求|提问|问题|任务|指令){_END})
  | {_I}帮不[了到上](?:您|你)的?忙?(?=$|[,。!])
  | (?:这|您的|你的|该)[^,。!?\n]{{0,8}}?超出了?我的(?:能力|知识|服务)
  | 恕难(?:从命|照办|回答|奉告|满足|提供|应允){_END}
  | {_I}(?:还|尚)?(?:没有?|未)(?:有)?学(?:习|会)?过?(?:如何|怎[么样])?(?:回答|处理)
    # 该内容不适合改写。内容涉及敏感话题，换个话题吧。
  | (?:该|此|这个?|这[条段类]|您的|上述)(?:内容|提示词?|请求|问题|话题|指令|主题)(?:并|很|恐怕)?
    (?:不适合|不宜|不适宜|不可以?|不予|不能)(?:被|进行)?{_ANSWER}(?:了|的)?{_ALL}
  | (?:(?:该|此|这个?|这[条段类]|您的|上述|由于)的?)?(?:内容|提示词?|请求|问题|话题|指令)涉及[^,。!?\n]{{0,8}}?
    (?:敏感|违法|违规|有害|暴力|色情|政治)[^,。!?\n]{{0,8}},?\s?(?:请|请您|让我们|我们|要不|不如|咱们|建议)*(?:换|聊)(?:一?个|点)?
    (?:别的|其他|新)?(?:话题|问题|内容|主题)?[吧呢]?{_ALL}
    # Nothing else is said.
  | (?:无法|拒绝)(?:直接|继续)?(?:(?:回答|解答|作答|改写|重写|回复)(?:(?:这个?|该|此|您的){_REQUEST})?|满足(?:您的)?要求
      |提供(?:相关|该)?(?:信息|内容|帮助)?){_ALL}
"""
# After an apology or such grounds less is needed, not even a subject.
_LENIENT = rf"""
    (?:(?:这个?|这[件种类道条]|该|此|您的|你的)[^,。!?\n]{{0,6}}?[, ]?)?(?:{_I}|{_ADVERB})(?:
        {_CANNOT}{_HOW}(?:{_ANSWER}[^,。!?\n]{{0,24}}?{_NOT_ON}(?=[,。!?;\n]|\Z)
          | {_DO}(?:(?:您|你)(?:的|完成|处理|这)?|这|该|此|完成|任何|相关)?[^,。!?\n]{{0,8}}?
            (?:{_REQUEST}|(?<!帮您)(?<!帮你){_END})
          | 帮(?:您|你)(?=$|[,。!]) | 描述(?:这|该|此)[个位名]?人物? | 出(?:这|此|该)[样类种道个]
          | (?:继续|讨论|谈论)(?:这|该|此|下去)
          | (?:{_MAKE}|{_ACCESS})[^,。!?\n]{{0,24}}?{_WHAT}{_NOT_ON} )
      | 我?[做办]不到{_END} | 帮不[了到上](?:您|你)?忙?{_END} )
"""
# With grounds of law, safety or privacy anything may be what is not provided.
_ON_GROUNDS = rf"""
    {_I}{_CANNOT}{_HOW}(?:{_MAKE}|{_ANSWER}|{_DO}|描述|继续) | {_ADVERB}{_CANNOT}{_HOW}{_ANSWER}
"""
# Who asks for help says it, too: 我必须拒绝这个任务，应该怎样跟领导说？
_ASKS = lazy(
    r"[^,。!?\n]{0,24},\s?(?:我?应?该?(?:怎|如何|说什么)|请(?:你|您)?(?:给我|帮|教|为我|替我|分析|解释|说明)|有(?:什么|哪些)"
    r"|(?:可能)?是(?:什么|哪)|为什么|帮我|求助)"
)
# In the place of a prompt: a request, a cause or a question of the user's own behind what he cannot do.
_VERBS = (
    r"(?:fix|draft|write|explain|suggest|rewrite|rephrase|translate|summari[sz]e|compose|propose|recommend|advise|design"
    r"|solve|debug|correct|outline|plan|prepare|list|help|show\ me|give\ me|tell\ me)"
)
_MODELS_OWN = (
    r"(?:guideline|polic|principle|program|training|knowledge|capabilit|abilit|limit|develop|creator|purpose|design|function"
    r"|role|response|apolog|terms|instructions|rules|safety|answer|scope|system|nature|view|opinion|ethic|core|own|content)"
)
_OWN_REQUEST = lazy(
    rf"""(?:[.!?;:]\ |\n|\bso\ |\bhow\ to\ )(?:please\ |kindly\ |can\ you\ |could\ you\ |now\ ){{0,3}}
        {_VERBS}\b(?!\ (?:[a-z]+\ )?(?:your|you|more)\b)
    | \bhelp\ (?:me|us)\b(?!\ (?:understand|to\ help|help)) | \bbecause\ (?:i|my|we|our)\b(?!\ {_MODELS_OWN})
      (?![^.!?\n]{{0,30}}?\b(?:ai|model|assistant|bot|guidelines|policy|trained|designed|programmed|only|can't|cannot)\b)
    | \bmy\ (?!{_MODELS_OWN})
    | :\ [^\n]{{0,80}}?\b(?:says?|error|shows?|tells?|fails?|reports?|complains?)\b
    | (?:[.!?;,]\ |\n)(?:and\ |so\ |but\ )?(?:what|how|why|which|who|where|when
        |will|would|is|are|do|does|can|could|should|must|may)
        \b(?![^.!?\n]{{0,60}}?(?:\byou\ (?:like|want|prefer|mean|have|please|provide|share|clarify|specify|rephrase|send
          |paste|tell|try|describe|upload)\b|\belse\b|\bi\ (?:help|assist|do\ for)\b|\bi\ can\ (?:help|assist)
          |\b(?:another|different|instead)\b))[^.!?\n]{{1,300}}\?""",
    re.VERBOSE,
)
_OWN_REQUEST_ZH = lazy(
    r"[,。!;\n]\s?(?:(?:请|麻烦|求)(?:你|您|大家)?(?:帮我|帮忙|替我|给我|教我|为我|写|起草|拟|分析|解释|说明|列|推荐|想|翻译|润色|指点)"
    r"|帮我|求助|(?:我?应?该?|要|可以|能)?(?:怎么办|怎样|如何|怎么)(?!(?:帮|协助|为)(?:您|你)|才能帮))"
)
# Said of a request to rewrite a prompt; of other answers it may be the content.
_GIVEN = "(?:prompt|instruction|question|task)"
_MISSING = rf"""
    (?:it\ (?:seems|appears|looks)\ (?:like\ |that\ |as\ if\ )?)?(?:(?:there\ (?:is|was)\ )?no\ (?:[a-z]+\ )?{_GIVEN}
      (?:\ (?:was|is|has\ been|were))?(?:\ (?:given|provided|included|shared)(?=[.,;!]|\Z|\ (?:in|for|to)\b)
        |\ (?:in\ your\ message|to\ (?:rewrite|evolve|rephrase|work\ with))\b|(?=[.!]\ please\b))
    | (?:you\ |you've\ |have\ |did\ )+(?:haven't|have\ not|didn't|did\ not|not)\ (?:provided?|included?|shared?|give
      |given)(?:\ me)?(?:\ with)?\ (?:an?|any|the|your)\ (?:[a-z]+\ )?(?:prompt|instruction)(?=[.,;!]|\Z|\ (?:to|for)\b)
    | (?:your\ {_GIVEN}|the\ given\ {_GIVEN}
        |the\ {_GIVEN}\ (?:that\ )?you(?:'ve|\ have)?\ (?:provided|gave|given|shared|sent|entered))
      \ (?:is|was|seems|appears)(?:\ to\ (?:be|have\ been))?\ (?:empty|missing|blank|cut\ off)
      (?=[.,;!]|\Z|\ (?:and|so)\b) )
  | (?:i(?:'m|\ am)\ (?:ready|happy|glad|here)\ to\ help(?:\ you)?[.!,]\ )?(?:please|could\ you(?:\ please)?)
    \ (?:share|provide|send|paste|enter|give\ me|type)(?:\ me)?\ (?:the|your|a)\ (?:[a-z]+\ )?
    {_GIVEN}\ (?:that\ )?(?:you(?:'d|\ would)?\ (?:like|want|wish|need)\ me\ to|to\ be\ rewritten
      |you\ want\ (?:rewritten|evolved|changed)|so\ (?:that\ )?i\ can)\b
  | (?:看起来|似乎|好像|目前)?(?:您|你)(?:似乎|好像|目前|还|尚|并)*(?:没有?|未)(?:提供|给出|附上|发送|输入|填写)
    [^,。!?\n]{{0,10}}?(?:提示词?|指令|题目)(?=[,。!;\n]|\Z)
"""
_SORRY = lazy(r"sorry|afraid|apolog|regret|unfortunately|抱歉|对不起|遗憾|不好意思|歉意|恕|原谅|谅解|见谅")
_Kind = Literal["english", "strict", "lenient", "on_grounds", "missing"]


@cache
def _refuses(kind: _Kind) -> re.Pattern[str]:
    # Compiled when it is first needed: these are by far the largest patterns here, and would delay the import.
    patterns = {
        "english": _ENGLISH,
        "strict": _STRICT,
        "lenient": _LENIENT,
        "on_grounds": _ON_GROUNDS,
        "missing": _MISSING,
    }
    return re.compile(patterns[kind], re.VERBOSE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Rejects a text that begins with a refusal, in English or Chinese.

    After any greeting and apology it says that a language model is speaking and what it does not have or do ("As an AI
    language model, I have no …"), or that the speaker cannot help, answer, or provide information, advice, images and
    the like ("I'm sorry, but I can't help with that", 对不起，我无法回答), or declines a request ("I must decline",
    which counts alone or before what is declined). An apology alone is no refusal, and one that comes later in the text
    does not count. Typography and Markdown make no difference.

    A Chinese one says 我 (or 本助手) or speaks of the user's request; 无法访问网站时 and 不能提供发票的商家 are none.
    After an apology, or grounds such as 由于内容敏感, it may leave that out.

    In a prompt, also what is said instead of one counts ("There is no prompt given", 您没有提供提示词), while the
    words of a user do not, who goes on with a request, a cause or a question: "I can't open the file: … Fix it",
    我不能满足客户的要求，请帮我写回信.

    Rejects with ``refusal``; the value is the phrase, in lower case.

    Attributes:
        field: the text to look at.
        phrases: more beginnings that refuse, in any case.
    """

    field: TextField = "output"
    phrases: tuple[Text, ...] = ()

    def __post_init__(self) -> None:
        check_parameters(self)

    def __call__(self, example: Example) -> Reject | None:
        prompt = self.field != "output"
        opening = _plain(text_of(example, self.field), _PROMPT_LOOKED_AT if prompt else _LOOKED_AT)
        for phrase in map(_plain, self.phrases):
            if opening.startswith(phrase):
                return Reject("refusal", phrase[:_VALUE_LENGTH])
        end = _end_of_refusal(simplified(opening), prompt=prompt)  # which is as long
        return Reject("refusal", opening[:end][:_VALUE_LENGTH].strip()) if end else None


def _end_of_refusal(opening: str, *, prompt: bool) -> int:
    """Where the refusal that a text begins with ends; 0 if it begins with none."""
    preface = _PREFACE.match(opening)
    start = preface.end() if preface else 0
    grounds = _GROUNDS.match(opening, start)
    after = grounds.end() if grounds else start
    tried: list[tuple[_Kind, int]] = [("english", start), ("strict", start)]
    if grounds:
        tried += [("on_grounds", after), ("lenient", after)]
    elif _SORRY.search(opening, 0, start):
        tried.append(("lenient", after))
    if prompt:
        tried.append(("missing", start))
    for kind, at in tried:
        if (found := _refuses(kind).match(opening, at)) and not _goes_on(kind, found, prompt=prompt):
            return found.end()
    return 0


def _goes_on(kind: _Kind, found: re.Match[str], *, prompt: bool) -> bool:
    """Whether somebody who asks for help himself says so, and not a model that refuses."""
    text, end = found.string, found.end()
    if kind == "english":
        return prompt and bool(found["ambiguous"] or found["declined"]) and _OWN_REQUEST.search(text, end) is not None
    if kind == "strict" and _ASKS.match(text, end):
        return True
    return prompt and _OWN_REQUEST_ZH.search(text, end) is not None


def _plain(text: str, limit: int = _LOOKED_AT) -> str:
    """The beginning in lower case, one form for all quotes, widths and spaces, without Markdown around it."""
    plain = unicodedata.normalize("NFKC", text.lstrip()[:limit]).translate(_CURLY).lower()
    plain = re.sub(r"[*_#>\"「『]+", "", plain)
    return re.sub(r"[ \t\u00a0]+", " ", plain).strip()
