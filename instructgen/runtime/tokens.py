"""Token counts before a request is sent: an estimate for rates and dry runs, and a bound for budgets.

What the server counts in ``usage`` is the truth; these only stand in until it is known.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

from instructgen.contracts import Request
from instructgen.example import Example
from instructgen.filters.words import text_tokens

_PER_MESSAGE = 16  # more than any chat template's markers around one turn


def estimated_tokens(request: Request) -> int:
    """About how many tokens the prompt has: four bytes of Latin text to a token, one CJK character to a token."""
    return sum(text_tokens(text) + 4 for text in _texts(request))


def estimated_example_tokens(example: Example) -> int:
    """About how many tokens a trainer makes of an example, before its chat template adds its own."""
    turns = (example.system, *(turn.content for turn in example.history))
    return sum(map(text_tokens, (*turns, example.instruction, example.input, example.output)))


def most_tokens(request: Request) -> int:
    """A bound on the prompt's tokens: no tokenizer makes a token of less than one byte."""
    return sum(len(text.encode("utf-8", "surrogatepass")) + _PER_MESSAGE for text in _texts(request)) + _PER_MESSAGE


def _texts(request: Request) -> list[str]:
    return [turn.content for turn in request.messages] + ([] if request.text is None else [request.text])


class TokenCounter:
    """Counts the tokens of prompts with the model's tiktoken encoding, or estimates them when it cannot be had.

    tiktoken fetches an encoding at its first use, without a time limit; so it is loaded aside and given ten seconds.

    Attributes:
        name: what the counts come from.
    """

    _PATIENCE = 10.0  # seconds

    def __init__(self, model: str) -> None:
        loaded: list[Any] = []
        thread = threading.Thread(target=lambda: loaded.append(_encoding(model)), daemon=True)
        thread.start()
        thread.join(self._PATIENCE)
        self._encoding = loaded[0] if loaded else None
        self.name = "estimate" if self._encoding is None else f"tiktoken {self._encoding.name}"

    def count(self, request: Request) -> int:
        """Tokens of the prompt, the turns' markers included."""
        if self._encoding is None:
            return estimated_tokens(request)
        return sum(len(self._encoding.encode(text, disallowed_special=())) + 4 for text in _texts(request))


def _encoding(model: str) -> Any:
    """The encoding, or None: no network, an unknown host, a damaged cache are all no reason to stop."""
    try:
        import tiktoken

        try:
            return tiktoken.encoding_for_model(model)
        except KeyError:
            return tiktoken.get_encoding("o200k_base")
    except Exception as error:
        logging.getLogger("instructgen").debug("tiktoken is not usable (%s); token counts are estimates", error)
        return None
