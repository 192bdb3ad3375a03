"""The words in which models speak of a prompt that they rewrote, shared by what reads them above and below it."""

from __future__ import annotations

import re

from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS, SPACE

NAMED = r"(?:prompt|question|problem|instruction|task|query|request)"
PROMPT = r"(?:prompt|question|problem|instruction)"
REWORDED = r"(?:re-?written|re-?worded|re-?phrased|revised|evolved|modified)"
DEMANDS = r"(?:constraints?|requirements?(?!\.\w)|complexity|difficulty|reasoning steps?|steps? of reasoning)"
# Where the prompt itself is about rewriting or about prompts, nothing of all this is certain.
OF_THE_SAME = lazy(r"rewrit|rephras|reword|revis|prompt|改写|重写|提示", re.IGNORECASE)
LAST_RULE = lazy(r"\n\s{0,8}(?:-{3,20}|\*{3,20}|_{3,20})\s*\Z")
# The colon behind an announcement or a label.
LABEL_END = rf"{EMPHASIS}{SPACE}{{0,2}}{COLON}(?:[#＃](?=[*_]{{0,3}}\s))?{EMPHASIS}"
# Where the prompt speaks of a letter, a chat or a text to be edited, its last words may be of that.
MATERIAL = (
    r"\b(?:letter|e-?mail|mail|message|reply|chat(?:bot)?|dialog(?:ue)?|conversation|script|comma|sentence|phrase|wording"
    r"|grammar|punctuation|spelling|polite\w*|translat\w*|proofread\w*|post|tweet|caption|support|customer|interview)\b"
    r"|邮件|信|短信|消息|通知|回复|对话|聊天|客服|翻译|译成|句|标点|语法|措辞|礼貌|润色|通顺|校对|台词|剧本|机器人|采访"
)
