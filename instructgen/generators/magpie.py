"""Magpie: a model that has read chats writes the user's turn itself when it is shown only what stands before one.

Source: Xu et al., Magpie: Alignment Data Synthesis from Scratch by Prompting Aligned LLMs with Nothing
(arXiv 2406.08464), section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from instructgen.contracts import Completion, Rejected, Request, Sampling
from instructgen.example import Example
from instructgen.generators.chat_template import ChatTemplate, chat_template
from instructgen.generators.drawing import DrawSource
from instructgen.generators.raw_turns import RAW_TURN, TurnReader, checked_system
from instructgen.prompts import Prompt


@dataclass(frozen=True, slots=True)
class Magpie(DrawSource):
    """A source of instructions from nothing: the request is a raw text that ends where a user begins to write.

    The engine has to continue raw texts (``/completions``) with an aligned model. Respond, at temperature 0, answers
    what is kept; MagpieTurns goes on with the conversation. ``meta["system"]`` names the system message.

    Rejects ``truncated``, ``filtered`` and ``empty`` turns, those that run on into the next turn (``role_marker``), and
    repeated ones (``duplicate``).

    Attributes:
        template: the model's family, see ``CHAT_TEMPLATES``, or what stands around its turns.
        systems: system messages that steer what users ask for, used in turn; an empty text is none. They are not part
            of the example.
        sanitise: cut each turn down to its first question or line, as the option of the original code does.
        early_stop: end each turn at its first line break.
        begin: write the template's first token into the text, for servers that do not put it there.
    """

    BY: ClassVar[str] = "magpie"

    template: str | ChatTemplate
    systems: Sequence[Prompt] = field(default=(), kw_only=True)
    sanitise: bool = field(default=False, kw_only=True)
    early_stop: bool = field(default=False, kw_only=True)
    begin: bool = field(default=False, kw_only=True)
    sampling: Sampling = field(default=RAW_TURN, kw_only=True)

    def __post_init__(self) -> None:
        DrawSource.__post_init__(self)
        object.__setattr__(self, "template", chat_template(self.template))
        for system in self.systems:
            checked_system(system, self._reader.template, "Magpie")

    @property
    def _reader(self) -> TurnReader:
        return TurnReader(chat_template(self.template), early_stop=self.early_stop, sanitise=self.sanitise)

    def request(self, number: int) -> Request:
        """See DrawSource: each system message in turn."""
        reader, system = self._reader, self._system(number)
        text = reader.template.opening(system=system.render() if system is not None else "")
        return Request(
            text=f"{reader.template.begin}{text}" if self.begin else text,
            sampling=replace(self.sampling, stop=reader.stops(self.sampling)),
        )

    def read(self, completion: Completion, number: int) -> Example | Rejected:
        """See DrawSource."""
        turn, reject = self._reader.read(completion)
        system = self._system(number)
        meta = {"system": system.name or system.hash} if system is not None and system.text else {}
        text = {"instruction": turn} if reject is None else {"instruction": "", "output": completion.text}
        made = Example.root(self.BY, index=number, calls=[completion.key], meta=meta, **text)
        return made if reject is None else Rejected(made, reject)

    def _system(self, number: int) -> Prompt | None:
        return self.systems[number % len(self.systems)] if self.systems else None
