"""A plain function that plays the model: for tests of recipes, offline and without a key."""

from __future__ import annotations

import inspect
import reprlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from instructgen.contracts import Completion, Limits, Request
from instructgen.errors import RecipeError

Reply = str | Completion


@dataclass(frozen=True, slots=True, eq=False)
class Scripted:
    """Answers every request with what a function makes of it.

    A text is a completion that ended by itself; return a Completion to set the finish reason or token counts, and raise
    an EngineError to play a fault. A run is reproducible as long as the function depends on its request only::

        def model(request: Request) -> str:
            return "4" if "2 + 2" in request.messages[-1].content else "I do not know."

        Respond(Scripted(model))

    The name decides what is replayed: where the function is changed and name and store are not, the old answers come
    back. A pipeline in which two functions have one name is refused.

    Attributes:
        function: the request, to a text or a Completion; may be ``async``.
        name: tells apart the models that several functions play; part of the identity.
        limits: how it may be used.
    """

    function: Callable[[Request], Reply | Awaitable[Reply]]
    name: str = field(default="model", kw_only=True)
    limits: Limits = field(default=Limits(), kw_only=True)

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise RecipeError(
                f"Scripted({reprlib.repr(self.function)}) is no function.\n"
                "Write one that takes a Request and returns a text, such as Scripted(lambda request: 'yes')."
            )

    @property
    def identity(self) -> str:
        """``scripted/NAME``."""
        return f"scripted/{self.name}"

    async def complete(self, request: Request) -> Completion:
        """What the function answers.

        Raises:
            EngineError: the function raised it.
            RecipeError: the function returned something other than a text or a Completion.
        """
        answer = self.function(request)
        if inspect.isawaitable(answer):
            answer = await answer
        if isinstance(answer, str):
            return Completion(answer)
        if isinstance(answer, Completion):
            return answer
        raise RecipeError(
            f"the function behind {self.identity} returned {type(answer).__name__}.\n"
            "It must return a str or a Completion, or raise an EngineError."
        )
