"""How model families write a conversation down: the exact special tokens, for requests that are raw texts.

Sources: the chat templates that come with the models (``tokenizer_config.json``), and for Mistral ``mistral_common``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated, Literal

from instructgen.errors import RecipeError
from instructgen.example import Message
from instructgen.parameters import NOT_EMPTY, Text, check_parameters
from instructgen.parsing.lazy import lazy

Around = tuple[str, str]
"""What stands before a text, and what after it."""

_SPECIAL = lazy(r"<\|[^|<>\s]{1,40}\|>|</?[a-z_]{1,20}>|\[/?[A-Z_]{2,20}\]")


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """What stands around the turns of a conversation.

    Attributes:
        name: what messages call it.
        user: what stands around a user's turn.
        assistant: what stands around an answer.
        stops: special tokens that cannot be part of a user's turn; a completion stops at them.
        system: what stands around the system message; None where the family has none.
        place: where that goes: in front of all, or behind the opening of the first or the last user's turn.
        begin: the token that every text begins with. Servers put it there themselves, so it is no part of ``opening``.
    """

    name: str
    user: Around
    assistant: Around
    stops: Annotated[tuple[Text, ...], NOT_EMPTY]
    system: Around | None = None
    place: Literal["own", "first", "last"] = "own"
    begin: str = ""

    def __post_init__(self) -> None:
        check_parameters(self)
        if not self.user[0].strip():
            raise RecipeError(f"ChatTemplate({self.name!r}) needs something before a user's turn.")

    @property
    def specials(self) -> tuple[str, ...]:
        """The special tokens, each once: a text that holds one cannot be a turn."""
        arounds = (self.begin, *self.user, *self.assistant, *(self.system or ()))
        return tuple(dict.fromkeys((*self.stops, *_SPECIAL.findall("\n".join(arounds)))))

    def opening(self, history: Sequence[Message] = (), system: str = "") -> str:
        """The conversation up to the point where the user's next turn begins, without ``begin``.

        A space at the end is left out: it is part of the word that comes next.

        Args:
            history: the turns before, user and assistant by turns.
            system: the system message, if any.

        Raises:
            RecipeError: there is a system message, and the family has none.
        """
        if system and self.system is None:
            raise RecipeError(f"models of the family {self.name} take no system message.\nLeave it out.")
        told = system.join(self.system) if system and self.system is not None else ""
        users = sum(1 for turn in history if turn.role == "user")
        place = {"own": -1, "first": 0, "last": users}[self.place]
        parts = [told if self.place == "own" else ""]
        count = 0
        for turn in history:
            if turn.role == "user":
                parts += [self.user[0], told if count == place else "", turn.content, self.user[1]]
                count += 1
            else:
                parts += [self.assistant[0], turn.content, self.assistant[1]]
        parts += [self.user[0], told if count == place else ""]
        return "".join(parts).rstrip(" ")

    def special_in(self, texts: Sequence[str]) -> str:
        """The first special token that stands in one of these texts, or nothing."""
        return next((token for token in self.specials for text in texts if token in text), "")


LLAMA_3 = ChatTemplate(
    "llama-3",
    user=("<|start_header_id|>user<|end_header_id|>\n\n", "<|eot_id|>"),
    assistant=("<|start_header_id|>assistant<|end_header_id|>\n\n", "<|eot_id|>"),
    system=("<|start_header_id|>system<|end_header_id|>\n\n", "<|eot_id|>"),
    stops=("<|eot_id|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>"),
    begin="<|begin_of_text|>",
)
CHATML = ChatTemplate(
    "chatml",
    user=("<|im_start|>user\n", "<|im_end|>\n"),
    assistant=("<|im_start|>assistant\n", "<|im_end|>\n"),
    system=("<|im_start|>system\n", "<|im_end|>\n"),
    stops=("<|im_end|>", "<|im_start|>", "<|endoftext|>"),
)
GEMMA_2 = ChatTemplate(
    "gemma-2",
    user=("<start_of_turn>user\n", "<end_of_turn>\n"),
    assistant=("<start_of_turn>model\n", "<end_of_turn>\n"),
    stops=("<end_of_turn>", "<start_of_turn>", "<eos>", "<bos>"),
    begin="<bos>",
)
GEMMA_3 = ChatTemplate(
    "gemma-3",
    user=("<start_of_turn>user\n", "<end_of_turn>\n"),
    assistant=("<start_of_turn>model\n", "<end_of_turn>\n"),
    system=("", "\n\n"),
    place="first",
    stops=("<end_of_turn>", "<start_of_turn>", "<eos>", "<bos>"),
    begin="<bos>",
)
MISTRAL_V3 = ChatTemplate(
    "mistral-v3",
    user=("[INST] ", "[/INST]"),
    assistant=(" ", "</s>"),
    system=("", "\n\n"),
    place="last",
    stops=("[/INST]", "[INST]", "</s>"),
    begin="<s>",
)
MISTRAL_V3_TEKKEN = ChatTemplate(
    "mistral-v3-tekken",
    user=("[INST]", "[/INST]"),
    assistant=("", "</s>"),
    system=("", "\n\n"),
    place="last",
    stops=("[/INST]", "[INST]", "</s>"),
    begin="<s>",
)
MISTRAL_V7 = ChatTemplate(
    "mistral-v7",
    user=("[INST] ", "[/INST]"),
    assistant=(" ", "</s>"),
    system=("[SYSTEM_PROMPT] ", "[/SYSTEM_PROMPT]"),
    stops=("[/INST]", "[INST]", "</s>", "[SYSTEM_PROMPT]"),
    begin="<s>",
)
PHI_3 = ChatTemplate(
    "phi-3",
    user=("<|user|>\n", "<|end|>\n"),
    assistant=("<|assistant|>\n", "<|end|>\n"),
    system=("<|system|>\n", "<|end|>\n"),
    stops=("<|end|>", "<|user|>", "<|assistant|>", "<|endoftext|>"),
)
PHI_4 = ChatTemplate(
    "phi-4",
    user=("<|im_start|>user<|im_sep|>", "<|im_end|>"),
    assistant=("<|im_start|>assistant<|im_sep|>", "<|im_end|>"),
    system=("<|im_start|>system<|im_sep|>", "<|im_end|>"),
    stops=("<|im_end|>", "<|im_start|>", "<|im_sep|>", "<|endoftext|>"),
)
PHI_4_MINI = ChatTemplate(
    "phi-4-mini",
    user=("<|user|>", "<|end|>"),
    assistant=("<|assistant|>", "<|end|>"),
    system=("<|system|>", "<|end|>"),
    stops=("<|end|>", "<|user|>", "<|assistant|>", "<|endoftext|>"),
)

CHAT_TEMPLATES: Mapping[str, ChatTemplate] = MappingProxyType(
    {
        one.name: one
        for one in (
            LLAMA_3,
            CHATML,
            GEMMA_2,
            GEMMA_3,
            MISTRAL_V3,
            MISTRAL_V3_TEKKEN,
            MISTRAL_V7,
            PHI_3,
            PHI_4,
            PHI_4_MINI,
        )
    }
)
"""The families by name: Llama 3 and 3.x; ChatML (Qwen 1.5 to 3 and many others); Gemma 2 and 3; Mistral 7B v0.3 and
Mixtral 8x22B (v3), Nemo (v3-tekken), Large 2411 (v7); Phi 3 and 3.5, Phi 4, Phi 4 mini."""


def chat_template(template: str | ChatTemplate) -> ChatTemplate:
    """The template itself, or the one of this name.

    Raises:
        RecipeError: there is none of this name.
    """
    if isinstance(template, ChatTemplate):
        return template
    if template not in CHAT_TEMPLATES:
        raise RecipeError(
            f"there is no chat template {template!r}, only: {', '.join(CHAT_TEMPLATES)}.\n"
            "Write your own as a ChatTemplate; the model's tokenizer_config.json says what stands around its turns."
        )
    return CHAT_TEMPLATES[template]
