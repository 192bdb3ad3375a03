"""PersonaPrompt: a model writes what a persona would ask, meet, know or be: prompt, problem, article or character.

Source: Ge et al., Scaling Synthetic Data Creation with 1,000,000,000 Personas (Persona Hub, arXiv 2406.20094).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from instructgen.contracts import (
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
from instructgen.generators.personas import ANOTHER_TEXT
from instructgen.generators.reading import read_answer
from instructgen.parameters import Count, Language, check_parameters
from instructgen.parsing.labelled import begins_line, labelled, unlabelled
from instructgen.parsing.lazy import lazy
from instructgen.parsing.persona_notes import without_note
from instructgen.parsing.solutions import answer_label, hint_label, solution_label
from instructgen.parsing.tasks import without_separators
from instructgen.parsing.wrapping import unwrapped
from instructgen.prompts import Prompt
from instructgen.prompts.checked import settle_prompt

PersonaKind = Literal["instruction", "math", "knowledge", "npc"]
"""What is written for a persona."""

_LABELS: Mapping[PersonaKind, tuple[str, ...]] = {
    "instruction": (
        "User prompt",
        *(f"用户{what}" for what in ("提问", "提示", "提示词", "指令", "请求", "问题")),
    ),
    "math": ("Math problem", "Maths problem", "Mathematics problem", "Mathematical problem", "数学题", "数学问题"),
    "knowledge": ("Title", "标题"),
    "npc": ("Name", "姓名", "名字"),
}
# Labels that models write before the text below the first line.
_BODY_LABELS = ("Body", "Article", "正文", "文章正文", "Description", "描述", "角色描述")
_TITLE_MARKS = {"《": "》", "〈": "〉"}
# Kinds whose reply is a whole text: its first line is the instruction, and the rest needs no further answer.
_WHOLE: tuple[PersonaKind, ...] = ("knowledge", "npc")
_FIRST_RULE = lazy(r"\A(?:[ \t\r]{0,8}\n){0,4}[ \t]{0,3}(?:-{3,9}|\*{3,9}|_{3,9})[ \t\r]{0,8}(?=\n)")
_RULE = lazy(r"^[ \t]{0,3}(?:-{3,9}|\*{3,9}|_{3,9})[ \t\r]{0,8}$", re.MULTILINE)
_WORLD: Mapping[Language, str] = {
    "en": (
        "a role-playing game set on the Salt Isles, where three harbour towns trade fish, glass and rumours, a sunken "
        "empire lies under the shoals, and wind is the only magic that can be bought"
    ),
    "zh": (
        "一款以盐群岛为背景的角色扮演游戏：三座港口城镇交易鱼货、玻璃和传闻，"
        "浅滩之下沉睡着一个古老的帝国，而风是唯一能买到的魔法"
    ),
}


@dataclass(frozen=True, slots=True)
class PersonaPrompt:
    """Makes a prompt, a problem or a text of each persona, which moves to ``meta["persona"]``.

    A reply has to begin with the kind's label, which is taken off once; one that does not is asked for again.

    | kind | label | becomes |
    |---|---|---|
    | ``instruction`` | User prompt: | the instruction; ``Respond`` answers it |
    | ``math`` | Math problem: | the instruction; ``Respond`` answers it |
    | ``knowledge`` | Title: | an article: its title the instruction, its text the output |
    | ``npc`` | Name: | a game's character: its name the instruction, its description the output |

    Rejected are an example without a persona (``empty_instruction``), an answer that was cut off or blocked
    (``truncated``, ``filtered``), one that does not begin with the label, has no text behind it, goes on with another
    of the kind or answers its prompt, after all attempts (``unparsable``), a math problem that comes with its solution
    or a hint (``solution``), and a refusal (``refusal``).

    Attributes:
        engine: the model, or several that share the personas.
        kind: what is written, see above.
        world: of kind ``npc``: the game, for the slot ``world``; empty for a small one of the library's own.
        attempts: how often to ask when an answer cannot be read.
        language: of the packaged prompt; labels of both languages are understood.
        prompt: one's own text with the slot ``persona``, and of kind ``npc``, if wanted, ``world``; None for the
            packaged one of the kind.
        sampling: how prompts are drawn.
    """

    per_request: ClassVar[float] = 1
    per_example: ClassVar[int] = 1

    engine: Engine | Engines
    kind: PersonaKind = "instruction"
    world: str = ""
    attempts: Count = 2
    language: Language = "en"
    prompt: Prompt | None = None
    sampling: Sampling = Sampling(temperature=0.7, max_tokens=2048)

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.world and self.kind != "npc":
            raise RecipeError(f'PersonaPrompt(world=…) is for kind="npc", and this is {self.kind!r}.')
        if self.kind == "npc" and not self.world:
            # Set here, so that the manifest records the text and not that there was no choice.
            object.__setattr__(self, "world", _WORLD[self.language])
        known = ("world",) if self.kind == "npc" else ()
        settle_prompt(self, f"personas/{self.kind}", needed=("persona",), known=known)

    async def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected]:
        """What was written for the persona."""
        by, persona = f"persona_prompt/{self.kind}", example.instruction.strip()
        if not persona:
            yield Rejected(example.child(by), Reject("empty_instruction"))
            return
        assert self.prompt is not None
        values = {"persona": persona, "world": self.world}
        prompt = self.prompt.render(**{name: values[name] for name in self.prompt.slots})
        request = Request.chat(prompt, sampling=self.sampling)
        answer = await read_answer(ctx, engine_for(self.engine, ctx), request, self._read, attempts=self.attempts)
        meta = {**example.meta, "persona": persona, "kind": self.kind}
        if answer.value is None:
            assert answer.reject is not None
            changes = {**ANOTHER_TEXT, "output": answer.text, "meta": meta}
            yield Rejected(example.child(by, calls=answer.calls, **changes), answer.reject)
            return
        instruction, output = answer.value
        changes = {**ANOTHER_TEXT, "instruction": instruction, "output": output, "meta": meta}
        child = example.child(by, calls=answer.calls, **changes)
        if self.kind == "math" and (label := solution_label(instruction) or hint_label(instruction)):
            yield Rejected(child, Reject("solution", label, detail="the problem comes with its solution"))
            return
        refused = Refusal("instruction")(child) or Refusal()(child)
        yield child if refused is None else Rejected(child, refused)

    def _read(self, text: str) -> tuple[str, str]:
        """Instruction and output."""
        content = labelled(text, _LABELS[self.kind])
        if label := begins_line(content, _LABELS[self.kind], counted=True):
            raise ParseError(f"it goes on with {label!r}: more than one was written", text=text)
        if self.kind not in _WHOLE:
            prompt = _without_last_rule(without_note(content))
            if self.kind == "instruction" and (label := answer_label(prompt)):
                raise ParseError(f"it goes on with {label!r}: the prompt is answered", text=text)
            return prompt, ""
        head, _, body = content.partition("\n")
        head = _title(re.sub(r"^#{1,6}[ \t]+", "", head.strip()))
        body = without_separators(_FIRST_RULE.sub("", body))
        if not re.search(r"\w", head) or not re.search(r"\w", body):
            raise ParseError("there is no text below the first line", text=text)
        return head, unlabelled(body.strip(), _BODY_LABELS)


def _title(head: str) -> str:
    """The title without one pair of marks about all of it; those of 《论语》与《孟子》 are its own."""
    head = unwrapped(head)
    closing = _TITLE_MARKS.get(head[:1])
    whole = closing and head.endswith(closing) and not {head[0], closing} & set(head[1:-1])
    return head[1:-1].strip() if whole else head


def _without_last_rule(content: str) -> str:
    """The content without a rule on its last line, where no other rule makes the two a pair of its own."""
    rules = list(_RULE.finditer(content))
    last = len(rules) == 1 and not content[rules[0].end() :].strip()
    return content[: rules[0].start()].rstrip() if last else content
