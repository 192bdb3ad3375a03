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
from instructgen.filters import refusal_chinese, refusal_english
from instructgen.filters.filter import text_of
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
    | (?:i\ am|i'm)\ (?:(?:so|very|really|truly|deeply)\ )?sorry\ (?:to\ hear\ )?(?:that\ )?you(?:'re|\ are)
      \ (?:feeling|going\ through|struggling|experiencing)\b[^.!?\n]{{1,80}}?[.,]\ (?=but\b|however\b)
    | (?:i\ am|i'm|we\ are|we're)(?:\ (?:so|very|really|terribly|deeply|truly))?\ (?:sorry|afraid)\b
    | (?:i\ am|i'm)\ (?:only\ )?sorry\ for\ (?:the|any)\ (?:confusion|inconvenience)\b
    | sorry\b | (?:my\ |our\ )?(?:sincere\ |deepest\ )?apologies\b | i\ (?:do\ )?apologi[sz]e\b | i\ regret\b
    | for\ (?:the|any)\ (?:confusion|inconvenience)\b
    | i\ (?:appreciate|understand)\b[^.!?\n]{{1,80}}?[,.]\ (?=but\b|however\b) | no(?=[,.!])
    | i(?:'m|\ am)\ here\ to\ help(?:\ you)?,\ (?=but\b) | \W+(?=i\b|sorry)
    | for\ the\ misunderstanding\b
    | unfortunately\b | regrettably\b | but\b | however\b | that(?=\ (?:i|as)\b) | to\ (?:say|inform\ you)\b
    | (?:我|真的|深感|感到|对此)*(?:很|非常|十分|真|实在|万分)?(?:抱歉|对不起|遗憾|不好意思|深表歉意)[啊呢哦呀]?
    | 您好 | 你好
    | 请(?:您|你)?(?:原谅|谅解|见谅) | (?:感谢|谢谢)(?:您|你)的?(?:提问|询问|咨询|理解|信任)? | 恕我直言
    | 我(?:完全|非常|很)?(?:理解|明白|了解|知道|尊重)(?:您|你)的?[^,。!?\n]{{0,16}},(?=但|可是|不过|然而)
    | 但是?(?!愿) | 不过 | 然而 | 恐怕
    | [,.;:!、。~\s]+ )+""",
    re.VERBOSE,
)

_SORRY = lazy(r"sorry|afraid|apolog|regret|unfortunately|抱歉|对不起|遗憾|不好意思|歉意|恕|原谅|谅解|见谅")
_Kind = Literal["english", "declines", "strict", "lenient", "on_grounds", "missing"]


@cache
def _refuses(kind: _Kind) -> re.Pattern[str]:
    # Compiled when it is first needed: these are by far the largest patterns here, and would delay the import.
    patterns = {
        "english": refusal_english.REFUSES,
        "declines": refusal_english.DECLINES,
        "strict": refusal_chinese.REFUSES,
        "lenient": refusal_chinese.AFTER_AN_APOLOGY,
        "on_grounds": refusal_chinese.ON_GROUNDS,
        "missing": f"{refusal_english.MISSING} | {refusal_chinese.MISSING}",
    }
    return re.compile(patterns[kind], re.VERBOSE)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Rejects a text that begins with a refusal, in English or Chinese.

    After any greeting and apology it says that a language model is speaking and what it does not have or do ("As an AI
    language model, I have no …"), or that the speaker cannot help, answer, or provide information, advice, images and
    the like ("I'm sorry, but I can't help with that", 对不起，我无法回答), or declines a request ("I must decline",
    which counts alone or before what is declined), or that it would not be appropriate to provide such a thing, unless
    what can be given instead follows at once ("…, but I can …"). An apology alone is no refusal, and one that comes
    later in the text does not count. Typography and Markdown make no difference.

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
    grounds = refusal_chinese.GROUNDS.match(opening, start)
    after = grounds.end() if grounds else start
    tried: list[tuple[_Kind, int]] = [("english", start), ("strict", start)]
    if grounds:
        tried += [("on_grounds", after), ("lenient", after)]
    elif _SORRY.search(opening, 0, start):
        tried.append(("lenient", after))
    # A user who asks for something may begin as a model declines: I cannot provide you with the data. Use …
    tried.append(("missing" if prompt else "declines", start))
    for kind, at in tried:
        if (found := _refuses(kind).match(opening, at)) and not _goes_on(kind, found, prompt=prompt):
            return found.end()
    return 0


def _goes_on(kind: _Kind, found: re.Match[str], *, prompt: bool) -> bool:
    """Whether what refuses is part of something else: a user's own request, or a caveat before an answer."""
    text, end = found.string, found.end()
    if kind == "declines":
        return refusal_english.INSTEAD.match(text, end) is not None
    if kind == "english":
        maybe_a_user = prompt and bool(found["ambiguous"] or found["declined"])
        return maybe_a_user and refusal_english.OWN_REQUEST.search(text, end) is not None
    if kind == "strict" and refusal_chinese.ASKS.match(text, end):
        return True
    return prompt and refusal_chinese.OWN_REQUEST.search(text, end) is not None


def _plain(text: str, limit: int = _LOOKED_AT) -> str:
    """The beginning in lower case, one form for all quotes, widths and spaces, without Markdown around it."""
    plain = unicodedata.normalize("NFKC", text.lstrip()[:limit]).translate(_CURLY).lower()
    plain = re.sub(r"[*_#>\"「『]+", "", plain)
    return re.sub(r"[ \t\u00a0]+", " ", plain).strip()
