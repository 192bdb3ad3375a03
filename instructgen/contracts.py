"""The contracts between the parts: what an engine is asked and answers, and what a stage of a pipeline must offer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from random import Random
from typing import Annotated, Any, Literal, Protocol, runtime_checkable

from instructgen.errors import EngineError, RecipeError
from instructgen.example import Example, Message
from instructgen.parameters import FRACTION, Count, Positive, at_least, check_parameters, fits, unfit

Finish = Literal["stop", "length", "filtered"]


# ---------------------------------------------------------------- asking a model


@dataclass(frozen=True, slots=True)
class Sampling:
    """How a completion is drawn. None leaves the choice to the server.

    Attributes:
        temperature: 0 is greedy: such a request has one answer whatever the run's seed, and is never bought again.
        top_p: nucleus mass, in (0, 1].
        max_tokens: upper bound on the completion, reasoning included, in the model's tokens.
        stop: strings that end the completion; they are not part of it.
        presence_penalty: as in the OpenAI API.
        frequency_penalty: as in the OpenAI API.
        extra: further fields of the request body that some servers know (``top_k``, ``reasoning_effort``).

    Raises:
        RecipeError: a value that no server takes, such as a text for ``stop``.
    """

    temperature: Annotated[float, at_least(0)] | None = None
    top_p: Annotated[float, FRACTION] | None = None
    max_tokens: Count | None = None
    stop: tuple[str, ...] = ()
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_parameters(self)


@dataclass(frozen=True, slots=True)
class Request:
    """What an engine is asked: a chat (``messages``) or a raw text to continue (``text``), never both.

    ``seed`` is set by the gateway from the request's key, so that every draw has its own; stages leave it alone.
    """

    messages: tuple[Message, ...] = ()
    text: str | None = None
    sampling: Sampling = Sampling()
    schema: Mapping[str, Any] | None = None
    seed: int | None = None

    @classmethod
    def chat(cls, user: str, *, system: str = "", sampling: Sampling = Sampling(), **options: Any) -> Request:
        """A chat of one user message, after a system message if one is given."""
        first = (Message("system", system),) if system else ()
        return cls(messages=(*first, Message("user", user)), sampling=sampling, **options)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one completion as the server counted them; None where it did not say."""

    prompt: int | None = None
    completion: int | None = None
    cached: int | None = None
    reasoning: int | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """What an engine answered.

    Attributes:
        text: the answer.
        finish: ``stop``, ``length`` (cut off at ``max_tokens``) or ``filtered`` (cut off or blanked by a policy).
        usage: token counts.
        model: the model as the server named it.
        reasoning: the model's thinking, when the server sends it apart from the answer.
        key: the content address under which the completion is recorded; set by the gateway.
    """

    text: str
    finish: Finish = "stop"
    usage: Usage = Usage()
    model: str = ""
    reasoning: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars per million tokens."""

    prompt: Annotated[float, at_least(0)]
    completion: Annotated[float, at_least(0)]

    def __post_init__(self) -> None:
        check_parameters(self)


@dataclass(frozen=True, slots=True)
class Limits:
    """How an engine may be used. Nothing here changes an answer, so nothing here is part of a key.

    Attributes:
        concurrency: most requests in flight.
        adaptive: lower the concurrency when the server says it is too much, and raise it again.
        timeout: seconds one attempt may take.
        deadline: seconds a request may take in all, every retry and pause included.
        requests_per_minute: the account's limit, if known.
        tokens_per_minute: the account's limit, if known.
        price: US dollars per million tokens, needed for a budget in dollars.

    Raises:
        RecipeError: a limit is no number above 0.
    """

    concurrency: Count = 64
    adaptive: bool = True
    timeout: Positive = 180.0
    deadline: Positive = 600.0
    requests_per_minute: Positive | None = None
    tokens_per_minute: Positive | None = None
    price: Price | None = None

    def __post_init__(self) -> None:
        check_parameters(self)


class Engine(Protocol):
    """A model behind an endpoint, in this process, or in a recording.

    An engine may also have ``async open()``, called once before the first request that is not recorded (check the
    key, start the model), and ``async close()``.
    """

    @property
    def identity(self) -> str:
        """Names the model whose answers these are, and nothing else: no address, no key."""
        ...

    @property
    def limits(self) -> Limits:
        """How it may be used."""
        ...

    async def complete(self, request: Request) -> Completion:
        """Answer one request, in one attempt. Raises EngineError; never returns error text."""
        ...


@dataclass(frozen=True, slots=True, init=False)
class Engines:
    """Several models that share the requests of one stage: for each request one is drawn.

    A stage that takes an engine takes this in its place. The draw depends on the run's seed, the stage and the example
    only, so that the same run asks the same model the same thing.

    Attributes:
        engines: the models.
        weights: how often each is drawn, in proportion; empty for equally often.

    Raises:
        RecipeError: there is none, a weight is missing or not above 0, or something is no engine.
    """

    engines: tuple[Engine, ...]
    weights: tuple[float, ...]

    def __init__(self, *engines: Engine, weights: Sequence[float] = ()) -> None:
        for one in engines:
            if isinstance(one, Engines):
                raise RecipeError("Engines holds engines, not other Engines: give all of them, with their weights.")
            if not fits(one, Engine):
                raise RecipeError(unfit("Engines", "engine", one, Engine))
        if not engines or len(weights) not in (0, len(engines)) or not all(0 < weight < inf for weight in weights):
            raise RecipeError("Engines needs at least one engine, and for each a weight above 0, or no weights.")
        object.__setattr__(self, "engines", engines)
        object.__setattr__(self, "weights", tuple(weights))

    def draw(self, random: Random) -> Engine:
        """One of them."""
        return random.choices(self.engines, self.weights or None)[0]


def engine_for(engine: Engine | Engines, ctx: Context, *labels: object) -> Engine:
    """The engine for one request; the labels tell apart the requests that a stage makes for one example."""
    return engine.draw(ctx.random("engine", *labels)) if isinstance(engine, Engines) else engine


# ---------------------------------------------------------------- stages


@dataclass(frozen=True, slots=True)
class Reject:
    """Why an example is not kept.

    Attributes:
        code: a short stable name, such as ``rouge`` or ``truncated``; reports count by it.
        value: what was measured.
        limit: what it was compared with.
        neighbour: id of the example it collides with.
        detail: a few words for a person.
    """

    code: str
    value: float | str | None = None
    limit: float | str | None = None
    neighbour: str | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An example that is not kept, and why. Sources, generators and selects yield these beside examples."""

    example: Example
    reject: Reject


@dataclass(frozen=True, slots=True)
class Failed:
    """An example that lacks a completion, and why. Yielded where a request can never be answered, and work goes on."""

    example: Example
    error: EngineError


class Context(Protocol):
    """What a generator or source is handed with its work."""

    @property
    def seeds(self) -> Sequence[Example]:
        """What every novelty index starts from: the seeds of the pipeline's source, and the set that is extended."""
        ...

    async def ask(self, engine: Engine, request: Request, *, draw: int = 0) -> Completion:
        """The recorded completion of this request, asking the engine first if there is none.

        Args:
            engine: the model to ask.
            request: what to ask it.
            draw: tells apart samples of the same request; a fresh sample needs a new number.

        Raises:
            EngineError: no completion could be had; left alone, the runner records the example as failed.
        """
        ...

    def start(self, engine: Engine, request: Request, *, draw: int = 0) -> Awaitable[Completion]:
        """Like ``ask``, but begun at once, so that several requests run side by side; await it later."""
        ...

    def random(self, *labels: object) -> Random:
        """A generator of random numbers that depends on the run's seed, the stage, the example and the labels only."""
        ...


class Source(Protocol):
    """Yields the first examples of a pipeline, in a fixed order."""

    def examples(self, ctx: Context) -> AsyncIterator[Example | Rejected | Failed]:
        """The examples; what the source's own checks rejected comes in its place in the stream."""
        ...


class Generator(Protocol):
    """One example in, one or more out. A frozen dataclass: its fields are its parameters and go into the manifest."""

    def generate(self, example: Example, ctx: Context) -> AsyncIterator[Example | Rejected | Failed]:
        """The examples made from this one. Holds no state between examples.

        An error that is raised ends the work on the example, which fails; what was yielded before is kept. A
        ``Failed`` that is yielded, for an error that is ``final``, leaves the other results to be made.
        """
        ...


class Check(Protocol):
    """A decision about one example. Any function of this shape is a check."""

    def __call__(self, example: Example) -> Reject | None:
        """None to keep the example, else why not."""
        ...


@runtime_checkable
class Remembering(Protocol):
    """A check that compares an example with those kept before it, as novelty checks do."""

    def fresh(self) -> Check:
        """A new instance with the same parameters that remembers nothing."""
        ...

    def observe(self, example: Example) -> None:
        """Remember an example that was kept (or is a seed)."""
        ...


class Select(Protocol):
    """Sees the whole ordered set once. The only barrier in a pipeline."""

    def select(self, examples: Sequence[Example], random: Random) -> Iterable[Example | Rejected]:
        """The kept examples, in their new order, and a Rejected for each other one."""
        ...
