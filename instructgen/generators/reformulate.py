"""Reformulate: an instruction is said again the way people talk, with the input in its place and the output reused.

Source: Honovich et al., Unnatural Instructions (arXiv 2212.09689), section 2.2, "template expansion".
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from instructgen.contracts import (
    Completion,
    Context,
    Engine,
    Engines,
    Reject,
    Rejected,
    Request,
    Sampling,
    engine_for,
)
from instructgen.errors import ParseError, RecipeError
from instructgen.example import Example
from instructgen.filters.refusal import Refusal
from instructgen.generators.answering import cut
from instructgen.parameters import Count, Language, check_parameters
from instructgen.parsing import rewritten_prompt
from instructgen.parsing.labelled import begins_line
from instructgen.parsing.lazy import lazy
from instructgen.parsing.marks import COLON, EMPHASIS, SPACE
from instructgen.parsing.simplified import simplified
from instructgen.parsing.solutions import answer_label
from instructgen.parsing.wrapping import strip_thinking
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt

# As the prompt has it, and as models vary it: {input}, [INPUT], {{INPUT}}, ｛输入｝.
_SLOT = lazy(r"[{｛\[【<]{1,2}\s{0,2}(?:INPUT|输入)\s{0,2}[}｝\]】>]{1,2}", re.IGNORECASE)
_LABELS = {"en": ("Formulation", "Instruction:"), "zh": ("说法", "指令：")}
_ASKED = ("Formulation", "Alternative formulation", "说法", "另一种说法")
# What models write before a formulation, whatever the prompt's language.
_WRITTEN = (
    *_ASKED,
    *("Free formulation", "New formulation", "Reformulation", "Rephrased", "Rephrased instruction"),
    *("Reformulated instruction", "Rewritten instruction"),
    *("Casual formulation", "Short formulation", "Another formulation", "Another way to ask", "Another way to say it"),
    *("换一种说法", "新的说法", "改写", "改写后", "改写后的指令", "新指令"),
    *("随意的说法", "简短的说法", "口语化的说法", "换个说法", "问法", "另一种问法", "换一种问法", "换个问法"),
)
_EAGER = (
    r"(?:(?:sure(?: thing)?|certainly|of course|absolutely|okay|ok|no problem)\b[!.,\s—–-]{1,6}"
    r"|(?:好的?|当然(?:可以)?|没问题|可以)[!！。.,，~～\s]{1,6})"
)
_TOLD_IN_ENGLISH = (
    r"here(?: is|['’]s) (?:an?|one|another|the|my) (?:[\w-]{1,20},? (?:and )?){0,3}?"
    r"(?:(?:re)?formulation|(?:re)?wording|(?:re)?phrasing|paraphrase"
    r"|way (?:to|of) (?:ask|say|put|phras|word|express)(?:e|ing)?)"
    r"(?: (?:of |for )?(?:it|this|that|your|the)(?: [\w-]{1,12}){0,3})?"
)
_NEW = r"(?:另外?|更?(?:为?(?:随意|自然|口语化|简短|简洁|简单|日常|自由|随便))|新|换)"
_TOLD_IN_CHINESE = (
    rf"(?:以下|下面|这)就?是(?:我的)?(?:{_NEW}(?:而|又|、)?(?:一[个种])?的?|一[个种]){{1,4}}"
    r"(?:说法|问法|表达(?:方式)?|表述|提问方式)"
    r"|(?:您|你)?也?(?:可以|不妨)(?:换[一]?[个种](?:说法|问法)|这[样么](?:说|问|表达|提问|表述))"
)
# What announces a formulation; behind an eager word also its label alone.
_LEAD = lazy(
    rf"\W{{0,8}}(?:(?P<eager>{_EAGER})(?=\W{{0,8}}(?:{'|'.join(_WRITTEN)})[*_]{{0,3}}{SPACE}{{0,3}}{COLON})"
    rf"|(?P<eagerly>{_EAGER})?{EMPHASIS}(?:{_TOLD_IN_ENGLISH}|{_TOLD_IN_CHINESE}){EMPHASIS}{COLON}{EMPHASIS})\s{{0,8}}",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reformulate:
    """Passes each example on, and after it up to ``formulations`` free formulations of its instruction.

    A formulation has one place for the input, which is filled in: the new instruction is the whole text, its input is
    empty, its output that of the example. ``meta["formulation"]`` is the text with the place. An example without an
    input, which would have no place, is only passed on.

    Rejects formulations that are cut off (``truncated``, ``filtered``), of no text or several at once, or answered
    (``unparsable``), refusals (``refusal``), those without exactly one place for the input (``no_slot``), and those
    that are the instruction or an earlier formulation (``duplicate``).

    Attributes:
        engine: the model, or several that share the examples.
        formulations: how many are wanted.
        attempts: how many are drawn at most for each example.
        originals: pass the example itself on, too.
        language: of the packaged prompt.
        prompt: one's own text with the slot ``instruction``, in which ``{INPUT}`` is written ``{{INPUT}}``; None for
            the packaged one.
        chat: ask in a chat; without it, the prompt is a text for a base model to continue.
        sampling: how formulations are drawn.
    """

    engine: Engine | Engines
    formulations: Count = 2
    attempts: Count = 5
    originals: bool = True
    language: Language = "en"
    prompt: Prompt | None = None
    chat: bool = True
    sampling: Sampling = Sampling(top_p=0.99, max_tokens=256)

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.formulations > self.attempts:
            raise RecipeError("Reformulate needs at least as many attempts as formulations.")
        if self.sampling.temperature == 0:
            raise RecipeError("Reformulate draws the same request again: at temperature 0 each answer is the same.")
        settle_prompt(self, "unnatural_instructions/reformulate", needed=("instruction",))

    @property
    def per_request(self) -> float:
        """Examples that one request can give, at the most."""
        return self.per_example / self.formulations

    @property
    def per_example(self) -> int:
        """Examples that one example can become."""
        return self.originals + self.formulations

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """The example, and its formulations in the order of the draws."""
        if self.originals or not example.input.strip():
            yield example
        if not example.input.strip():
            return
        request, engine = self._request(example), engine_for(self.engine, ctx)
        # As many as are wanted begin at once; further ones are for those that are none.
        begun = [ctx.start(engine, request, draw=draw) for draw in range(self.formulations)]
        seen = {_plain(example.instruction)}
        found = 0
        for draw in range(self.attempts):
            if found == self.formulations:
                return
            completion = await (begun[draw] if draw < len(begun) else ctx.ask(engine, request, draw=draw))
            text, reject = self._read(completion, seen)
            made = _made(example, completion, text, draw, reject)
            found += reject is None
            yield made if reject is None else Rejected(made, reject)

    def _request(self, example: Example) -> Request:
        assert self.prompt is not None
        prompt = self.prompt.render(instruction=" ".join(example.instruction.split()))
        stop = (*self.sampling.stop, f"\n{_LABELS[self.language][1]}")
        sampling = replace(self.sampling, stop=stop)
        return Request.chat(prompt, sampling=sampling) if self.chat else Request(text=prompt, sampling=sampling)

    def _read(self, completion: Completion, seen: set[str]) -> tuple[str, Reject | None]:
        """The formulation with its place as ``{INPUT}``, and why it is none."""
        if code := cut(completion):
            return "", Reject(code)
        try:
            text = rewritten_prompt(_without_lead(completion.text), _WRITTEN)
        except ParseError as error:
            return "", Reject("unparsable", detail=str(error))
        if label := begins_line(text, _ASKED, counted=True):
            return text, Reject("unparsable", label, detail="more than one formulation")
        if label := answer_label(text):
            return text, Reject("unparsable", label, detail="the formulation is answered")
        if (refused := Refusal("instruction")(Example(text))) is not None:
            return text, refused
        places = len(_SLOT.findall(text))
        text = _SLOT.sub("{INPUT}", text)
        if places != 1:
            return text, Reject("no_slot", places, 1, detail="places for the input")
        plain = _plain(text.replace("{INPUT}", " "))
        if not plain:
            return text, Reject("unparsable", detail="nothing but the place for the input")
        if plain in seen:
            return text, Reject("duplicate")
        seen.add(plain)
        return text, None


def _without_lead(text: str) -> str:
    """The completion without what announces the formulation; a sentence with the place right behind it may be one."""
    body = strip_thinking(text).strip()
    lead = _LEAD.match(simplified(body))
    certain = lead and (lead["eager"] or lead["eagerly"] or not _SLOT.match(body, lead.end()))
    return body[lead.end() :] if lead and certain else body


def _made(example: Example, completion: Completion, text: str, draw: int, reject: Reject | None) -> Example:
    """The example in these words, or what was drawn in its place."""
    before, _, after = text.partition("{INPUT}")
    told = {"instruction": f"{before}{example.input}{after}", "input": "", "output": example.output}
    if reject is not None:
        told = {"instruction": text, "input": example.input, "output": completion.text}
    meta = {**example.meta, "formulation": text, "formulation_of": example.instruction}
    return example.child("reformulate", calls=[completion.key], index=draw, candidates=(), scores={}, meta=meta, **told)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
