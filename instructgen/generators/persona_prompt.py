"""PersonaPrompt: a model writes what a persona would ask, meet, know or be: prompt, problem, article or character.

Source: Ge et al., Scaling Synthetic Data Creation with 1,000,000,000 Personas (Persona Hub, arXiv 2406.20094).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from instructgen.contracts import (
    Context,
    Engine,
    Engines,
    Reject,
    Rejected,
    Request,
    Sampling,
    checked_engine,
    engine_for,
)
from instructgen.errors import ParseError, RecipeError
from instructgen.example import Example
from instructgen.filters.filter import Language, require_language
from instructgen.generators.personas import ANOTHER_TEXT
from instructgen.generators.reading import read_answer
from instructgen.parsing.labelled import begins_line, labelled
from instructgen.prompts import Prompt
from instructgen.prompts.checked import checked_prompt

PersonaKind = Literal["instruction", "math", "knowledge", "npc"]
"""What is written for a persona."""

_LABELS: Mapping[PersonaKind, tuple[str, ...]] = {
    "instruction": ("User prompt", "用户提示", "用户提示词", "用户指令"),
    "math": ("Math problem", "数学题", "数学问题"),
    "knowledge": ("Title", "标题"),
    "npc": ("Name", "姓名", "名字"),
}
# Kinds whose reply is a whole text: its first line is the instruction, and the rest needs no further answer.
_WHOLE: tuple[PersonaKind, ...] = ("knowledge", "npc")
_SOLUTION = ("Solution", "Step-by-step solution", "Final answer", "Answer", "解答", "答案", "解", "答")
_WORLD: Mapping[Language, str] = {
    "en": (
        "a role-playing game set on the Salt Isles, where three harbour towns trade fish, glass and rumours, a sunken "
        "empire lies under the shoals, and wind is the only magic that can be bought"
    ),
    "zh": (
        "一款以盐岛群岛为背景的角色扮演游戏：三座港口城镇交易鱼货、玻璃和传闻，"
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
    (``truncated``, ``filtered``), one that does not begin with the label or has no text behind it after all attempts
    (``unparsable``), and a math problem that comes with its solution (``solution``).

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

    engine: Engine | Engines
    kind: PersonaKind = "instruction"
    world: str = ""
    attempts: int = 2
    language: Language = "en"
    prompt: Prompt | None = None
    sampling: Sampling = Sampling(temperature=0.7, max_tokens=2048)

    def __post_init__(self) -> None:
        checked_engine(self.engine, "PersonaPrompt")
        require_language(self.language)
        if self.kind not in get_args(PersonaKind):
            raise RecipeError(
                f"PersonaPrompt(kind={self.kind!r}): it is one of {', '.join(get_args(PersonaKind))}.\n"
                "For a text of your own give the kind that is closest, and a prompt."
            )
        if type(self.attempts) is not int or self.attempts < 1:
            raise RecipeError(f"PersonaPrompt(attempts={self.attempts!r}): it is a whole number of at least 1.")
        if self.world and self.kind != "npc":
            raise RecipeError(f'PersonaPrompt(world=…) is for kind="npc", and this is {self.kind!r}.')
        # Set here, so that the manifest records the texts and not that there was no choice.
        if self.prompt is None:
            object.__setattr__(self, "prompt", Prompt.load(f"personas/{self.kind}", language=self.language))
        if self.kind == "npc" and not self.world:
            object.__setattr__(self, "world", _WORLD[self.language])
        known = ("world",) if self.kind == "npc" else ()
        checked_prompt(self.prompt, "PersonaPrompt", needed=("persona",), known=known)

    @property
    def per_request(self) -> int:
        """Examples that one request can give."""
        return 1

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
        if self.kind == "math" and (label := begins_line(instruction, _SOLUTION)):
            yield Rejected(child, Reject("solution", label, detail="the problem comes with its solution"))
            return
        yield child

    def _read(self, text: str) -> tuple[str, str]:
        """Instruction and output."""
        content = labelled(text, _LABELS[self.kind])
        if self.kind not in _WHOLE:
            return content, ""
        head, _, body = content.partition("\n")
        head = re.sub(r"^#{1,6}[ \t]+|[*_]{1,3}$|^[*_]{1,3}", "", head.strip())
        if not re.search(r"\w", head) or not re.search(r"\w", body):
            raise ParseError("there is no text below the first line", text=text)
        return head.strip(' "“”《》'), body.strip()
