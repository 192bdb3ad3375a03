"""Tells when a model says that it was given nothing to rewrite, or nothing fit for it, instead of a prompt."""

from __future__ import annotations

import re

from instructgen.parsing.lazy import lazy
from instructgen.parsing.simplified import simplified

_ASKED_FOR = (
    r"(?:[,;]? ?(?:and |so |then )?(?:please|could you|can you|would you|kindly|I['’](?:ll|d)"
    r"|I (?:will|would|am|can)|once you|so (?:that )?I|without (?:it|one))\b[^.!?\n]{0,100}[.!?]?\s?){0,2}"
)
_TEXT = r"(?:prompt|instruction|question|problem|text|content|request|topic)"
_NOTHING_IN_ENGLISH = (
    r"(?:(?:sure|okay|certainly|of course|sorry|I['’]m sorry|I apologi[sz]e|I['’]m ready(?: to help)?"
    r"|I['’]d be (?:happy|glad) to(?: help)?|I['’]m (?:happy|glad) to help)(?: with that)?[,.!;]? (?:but )?){0,2}"
    rf"(?:(?:(?:it (?:seems|looks|appears)(?: like| as if| as though| that)?|I (?:see|notice)(?: that)?) )?"
    rf"(?:(?:there (?:is|was)(?: no|n['’]t (?:an?|any))|no) (?:given |original |actual )?"
    rf"(?:prompt|{_TEXT}(?: (?:was|is|has been))? (?:given|provided|supplied|included|attached|to rewrite|to work with"
    r"|in your (?:message|request)))"
    rf"|the (?:(?:given |original )?prompt|{_TEXT} (?:that )?you(?:['’]ve| have)? (?:provided|gave|given|shared|sent))"
    r" (?:is|was|seems|appears|looks)(?: to (?:be|have been))? (?:empty|blank|missing|incomplete|cut off)"
    r"|you (?:did not|didn['’]t|have not|haven['’]t|forgot to)"
    r" (?:provided?|given?|shared?|included?|sen[dt]|add(?:ed)?|pasted?)"
    rf"(?: me)?(?: with)? (?:an?|any|the|your)(?: \w{{1,12}})? {_TEXT}[^.!?,;\n]{{0,40}}"
    rf"|I (?:do not|don['’]t|can['’]?t|cannot) see (?:an?|any|the|your) (?:given |original )?{_TEXT}"
    r"(?: here| attached| to (?:rewrite|work with)| in your (?:message|request))?"
    rf"|(?:this|the|your) (?:given |original )?{_TEXT} (?:is not|isn['’]t) (?:suitable|appropriate|fit)"
    r" (?:for rewriting|to (?:rewrite|be rewritten))"
    rf")[.!;,]? ?{_ASKED_FOR}"
    r"|please (?:provide|give me|share|send)(?: me)?(?: with)? (?:the|your|a) (?:original )?(?:prompt|instruction|text)"
    r" (?:that )?you(?:['’]d| would)? (?:like|want) (?:me to (?:rewrite|modify)|rewritten|to be rewritten)"
    rf"|(?:this|the|your) (?:given |original )?{_TEXT} is already [^.!?\n]{{1,40}}[;,.] ?"
    r"(?:so )?(?:there is |I see )?no (?:need to rewrite|rewrit|chang|further)[^.!?\n]{0,40})"
)
_NOTHING_IN_CHINESE = (
    r"(?:(?:好的?|当然(?:可以)?|没问题|抱歉|很抱歉|对不起|您好|你好)[，,。！!]\s?){0,2}(?:"
    r"(?:这个?|该|此|原(?:来的|始)?|您的|你的|上述|给定的?)?(?:提示词?|指令|问题|题目)(?:本身)?已经?(?:足够|很|非常|十分|相当|够)"
    r"[^。！？\n]{0,12}，?(?:无需|无须|不需要?|不必|不用|没有必要)(?:再|进一步){0,2}(?:改写|修改|重写|优化)了?"
    r"|请(?:您|你)?先?(?:提供|给出|发送|输入|告诉我)(?:一下)?(?:(?:您|你)?(?:想要?|需要|希望|要)我?)?(?:改写|重写)的"
    r"(?:提示词?|指令|问题|题目|内容|原文)(?:内容|原文)?"
    r"|(?:(?:看起来|看来|似乎|好像)[，,]?)?(?:(?:您|你)(?:似乎|好像|还|并|目前)?(?:没有?|未|尚未|忘了|忘记)"
    r"(?:提供|给出|输入|发送|附上|写出)(?:任何|具体的?|需要?|想要?|要|待)?(?:我)?(?:改写的?|重写的?)?(?:提示词?|指令|题目|内容|原文)"
    r"|(?:您|你)?(?:提供|给出|给定)的(?:提示词?|指令|题目|内容)(?:似乎|好像)?(?:为空|是空的?|不完整)"
    r"|(?:我)?没有?(?:看到|收到|找到)(?:任何|具体的?)?(?:需要|可以?|要)?(?:改写的?|重写的?)?(?:提示词?|指令|题目|内容))"
    r"(?:[，,。]\s?请[^。！？\n]{0,30})?"
    r"|(?:抱歉，)?(?:该|此|这个?|这[段条]|您的|上述|给定的?)(?:提示词?|指令|问题|题目|内容|话题|请求)(?:本身)?"
    r"(?:(?:涉及|包含)[^。！？，\n]{1,12}[，,])?(?:并?不适合|不宜|不适宜|不便)(?:进行|被|再)?(?:改写|重写)(?:[，,。]\s?请?换[^。！？\n]{1,20})?"
    r"|(?:该|此|这个?|您的)?(?:提示词?|指令|问题|题目|内容|话题)(?:涉及|包含)敏感(?:话题|内容|信息|问题)?[，,。]\s?"
    r"(?:请|我们|建议)?换[一]?个?(?:话题|问题|题目|提示词|内容)[^。！？\n]{0,6})"
)
_NO_PROMPT = lazy(
    rf"\W{{0,8}}(?:{_NOTHING_IN_ENGLISH}|{_NOTHING_IN_CHINESE}|<(?:/s|[|｜][\w▁]{{2,30}}[|｜])>)[\s。.！!？?]{{0,4}}",
    re.IGNORECASE,
)


def no_prompt(body: str) -> bool:
    """Whether a model says only that it has nothing to rewrite, or nothing fit for it (请提供需要改写的提示词)."""
    return len(body) <= 250 and bool(_NO_PROMPT.fullmatch(simplified(body)))
