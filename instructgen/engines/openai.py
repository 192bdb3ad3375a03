"""A model behind an OpenAI-compatible endpoint: OpenAI itself, ``vllm serve``, and most other servers and vendors."""

from __future__ import annotations

import asyncio
import difflib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from instructgen.contracts import Completion, Limits, Request
from instructgen.engines._answers import cut, read_completion, read_object
from instructgen.engines._errors import Problem
from instructgen.engines._http import Answer, Broken, Client, Endpoint, checked_url
from instructgen.errors import BadRequest, Malformed, RecipeError, Unavailable
from instructgen.parameters import check_parameters

logger = logging.getLogger("instructgen")

ADAPTABLE = frozenset(
    ("max_tokens", "temperature", "top_p", "presence_penalty", "frequency_penalty", "seed", "logprobs", "stop")
)
OURS = frozenset(("model", "messages", "prompt", "n", "stream"))
PREFLIGHT_SECONDS = 15.0


@dataclass(slots=True)
class _State:
    """What an engine learns and opens while it is used: a client for each event loop, and what the model refuses."""

    clients: dict[asyncio.AbstractEventLoop, Client] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True, eq=False)
class OpenAI:
    """A model that is asked over the OpenAI chat and completions API.

    The key comes from ``api_key``, else from ``OPENAI_API_KEY``; the address from ``base_url``, else from
    ``OPENAI_BASE_URL``, else it is OpenAI's own. A server on this machine needs no key.

    Attributes:
        model: the model's name, as the server knows it.
        base_url: the part of the address before ``/chat/completions``, such as ``http://127.0.0.1:8000/v1``.
        api_key: the key; never shown, never recorded.
        revision: becomes part of the identity, where the name alone does not say whose answers these are.
        limits: how it may be used.

    Raises:
        RecipeError: the name is empty, or the address cannot be used.
    """

    model: str
    base_url: str | None = field(default=None, kw_only=True)
    api_key: str | None = field(default=None, kw_only=True, repr=False, metadata={"secret": True})
    revision: str | None = field(default=None, kw_only=True)
    limits: Limits = field(default=Limits(), kw_only=True)
    _state: _State = field(init=False, repr=False, default_factory=_State)

    def __post_init__(self) -> None:
        check_parameters(self)
        if not self.model.strip():
            raise RecipeError("an engine needs the name of a model, such as openai/NAME; there is no default.")
        if self.base_url is not None:
            checked_url(self.base_url)

    @property
    def identity(self) -> str:
        """``openai/NAME``, or ``openai/NAME#REVISION``."""
        return f"openai/{self.model}" + (f"#{self.revision}" if self.revision else "")

    @property
    def address(self) -> str:
        """Host and port of the server.

        Raises:
            RecipeError: ``OPENAI_BASE_URL`` is used and is no address.
        """
        return urlsplit(checked_url(self.base_url)).netloc

    async def open(self) -> None:
        """Find out, before anything is asked, whether the server is there, takes the key and knows the model.

        Servers that do not list their models are taken as they are.

        Raises:
            RecipeError: the address cannot be used.
            Authentication: there is no key, or the server refuses it.
            Unavailable: the server cannot be reached (fatal).
            BadRequest: the server does not have the model, or redirects (fatal).
        """
        client = self._client()
        answer: Answer | Broken
        try:
            async with asyncio.timeout(min(PREFLIGHT_SECONDS, self.limits.timeout)):
                answer = await client.exchange("GET", "/models")
        except TimeoutError:
            answer = Broken("no list of models in time")
        if isinstance(answer, Answer):
            self._check_listing(client.endpoint, answer)
        elif answer.unreachable:
            raise Unavailable(f"{client.endpoint.url} cannot be reached: {answer.reason}.\n{answer.cure}", fatal=True)
        else:
            logger.info("%s: %s; going on without", client.endpoint.address, answer.reason)

    async def complete(self, request: Request) -> Completion:
        """Answer one request in one attempt, within ``limits.timeout`` seconds in all.

        A parameter that the model does not take is left out (``max_tokens`` is renamed) and the request sent again;
        the engine remembers it, and says so once in the log.

        Raises:
            EngineError: as ``instructgen.errors`` describes them; texts of the server are shown without keys.
            RecipeError: the address cannot be used.
        """
        client = self._client()
        path, body = wire_body(self.model, request)
        try:
            async with asyncio.timeout(self.limits.timeout):
                completion = await self._ask(client, path, body)
        except TimeoutError:
            completion = None
        if completion is None:
            raise Unavailable(f"{client.endpoint.address} did not answer within {self.limits.timeout:g} s")
        return cut(completion, request.sampling.stop) if "stop" in self._state.refused else completion

    async def close(self) -> None:
        """Close the connections of the running event loop; the next request opens new ones."""
        client = self._state.clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.close()

    def _client(self) -> Client:
        """The client of the running event loop (connections belong to the loop they were made in)."""
        clients, loop = self._state.clients, asyncio.get_running_loop()
        client = clients.get(loop)
        if client is None:
            for old in [old for old in clients if old.is_closed()]:
                del clients[old]
            endpoint = Endpoint.find(self.base_url, self.api_key)
            client = clients[loop] = Client(endpoint, self.limits.concurrency)
        return client

    async def _ask(self, client: Client, path: str, body: dict[str, Any]) -> Completion:
        while True:
            sent = without(body, self._state.refused)
            answer = await client.exchange("POST", path, encoded(sent))
            if isinstance(answer, Broken):
                raise Unavailable(f"{client.endpoint.address}: {answer.reason}")
            if 200 <= answer.status < 300:
                data = read_object(answer.body)
                if "error" not in data or data["error"] is None:
                    return read_completion(data)
                problem = Problem.read(_status(data["error"]), data, client.endpoint.shown_key)
            else:
                problem = Problem.read(answer.status, answer.body, client.endpoint.shown_key)
            refused = problem.unsupported(ADAPTABLE)
            if refused is None or refused not in sent:
                raise problem.error(model=self.model, address=client.endpoint.address, headers=answer.headers)
            self._learn(refused)

    def _learn(self, name: str) -> None:
        if name not in self._state.refused:
            self._state.refused.add(name)
            instead = "max_completion_tokens is sent instead" if name == "max_tokens" else "it is left out"
            logger.warning("%s does not take %s; %s from now on", self.identity, name, instead)

    def _check_listing(self, endpoint: Endpoint, answer: Answer) -> None:
        """Judge the answer to ``GET /models``."""
        problem = Problem.read(answer.status, answer.body, endpoint.shown_key)
        refused = answer.status in (401, 403) and "scope" not in problem.message
        if refused or 300 <= answer.status < 400:
            raise problem.error(model=self.model, address=endpoint.address, headers=answer.headers)
        names = listed(answer) if answer.status == 200 else []
        if names and not any(_same(self.model, name) for name in names):
            close = difflib.get_close_matches(self.model, names, n=5, cutoff=0.0)
            raise BadRequest(
                f"{endpoint.address} has no model {self.model!r}.\n"
                f"It has {', '.join(map(endpoint.redact, close))}{' and others' if len(names) > len(close) else ''}.",
                fatal=True,
            )


def wire_body(model: str, request: Request) -> tuple[str, dict[str, Any]]:
    """The path and the JSON body for a request; what is None is left to the server.

    Raises:
        BadRequest: the request asks for nothing or for two things, or sets what is not its own to set.
    """
    body: dict[str, Any] = {"model": model}
    if (request.text is None) == (not request.messages):
        raise BadRequest("a request holds either messages or a text")
    if request.text is None:
        path = "/chat/completions"
        body["messages"] = [{"role": turn.role, "content": turn.content} for turn in request.messages]
    else:
        path = "/completions"
        body["prompt"] = request.text
    sampling = request.sampling
    for name in ("temperature", "top_p", "max_tokens", "presence_penalty", "frequency_penalty"):
        value = getattr(sampling, name)
        if value is not None:
            body[name] = value
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if request.seed is not None:
        body["seed"] = request.seed % (1 << 31)
    if request.schema is not None:
        schema = {"name": "answer", "schema": request.schema, "strict": True}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    if sampling.extra:
        if taken := sorted(OURS & sampling.extra.keys()):
            raise BadRequest(f"Sampling.extra cannot set {', '.join(taken)}")
        body.update(sampling.extra)
    return path, body


def encoded(body: Mapping[str, Any]) -> bytes:
    """The body as JSON.

    Raises:
        BadRequest: it holds something that JSON cannot express.
    """
    try:
        return json.dumps(body, allow_nan=False).encode("ascii")
    except (TypeError, ValueError) as error:
        problem = str(error)
    raise BadRequest(f"the request holds something that JSON cannot express: {problem}")


def without(body: dict[str, Any], refused: set[str]) -> dict[str, Any]:
    """The body without the parameters the model refuses; ``max_tokens`` goes under its newer name."""
    if not refused:
        return body
    kept = {name: value for name, value in body.items() if name not in refused}
    if "max_tokens" in refused and "max_tokens" in body:
        kept.setdefault("max_completion_tokens", body["max_tokens"])
    return kept


def listed(answer: Answer) -> list[str]:
    """The names in a list of models, or none where the answer is no complete list."""
    try:
        data = read_object(answer.body)
    except Malformed:
        return []
    entries = data.get("data")
    if not isinstance(entries, list) or data.get("has_more"):
        return []
    return [entry["id"] for entry in entries if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _same(model: str, name: str) -> bool:
    """Whether a listed name is this model; some servers list ``NAME:latest`` or ``models/NAME`` for NAME."""
    return model == name or name.startswith(f"{model}:") or name.endswith(f"/{model}")


def _status(error: Any) -> int:
    """The HTTP status that an error within an answer of status 200 stands for."""
    code = error.get("code") if isinstance(error, dict) else None
    return code if isinstance(code, int) and 400 <= code < 600 else 200
