"""One HTTP exchange with an OpenAI-compatible server: where it is, with which key, and what came of it.

Requests go through the HTTP client of the openai package (its aiohttp transport), built once and sent without the
typed layer above it, which costs as much again and checks nothing: answers are validated in ``_answers.py``.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from instructgen.engines._errors import RECORDED, redact
from instructgen.errors import Authentication, RecipeError

if TYPE_CHECKING:
    import httpx2

DEFAULT_URL = "https://api.openai.com/v1"
PATHS = ("/models", "/chat/completions", "/completions")
BIGGEST_BODY = 32 << 20
CONNECT_SECONDS = 10.0
# Servers commonly close an idle connection after 5 s; giving it up earlier avoids writing into a closed one.
IDLE_SECONDS = 4.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server's base URL and the key for it."""

    url: str
    key: str = field(repr=False)
    secret: bool = True

    @classmethod
    def find(cls, base_url: str | None, api_key: str | None) -> Endpoint:
        """From the arguments, else ``OPENAI_BASE_URL`` and ``OPENAI_API_KEY``; a server on this machine needs no key.

        Raises:
            RecipeError: the URL cannot be used.
            Authentication: there is no key, or it cannot be sent.
        """
        url = checked_url(base_url)
        key = (os.environ.get("OPENAI_API_KEY", "") if api_key is None else api_key).strip()
        name = "OPENAI_API_KEY" if api_key is None else "api_key"
        if not key and not on_this_machine(url):
            raise Authentication(
                f"no API key for {urlsplit(url).netloc}: neither api_key nor OPENAI_API_KEY is set.\n"
                "Set it: export OPENAI_API_KEY=… (any word, if the server wants none).\n" + RECORDED
            )
        if not re.fullmatch(r"[\x21-\x7e]*", key):
            raise Authentication(
                f"the API key in {name} holds a space, a line break or a character that HTTP cannot send.\n"
                "Copy it again, without what stands around it."
            )
        return cls(url, key or "none", secret=bool(key))

    @property
    def address(self) -> str:
        """Host and port."""
        return urlsplit(self.url).netloc

    @property
    def shown_key(self) -> str | None:
        """The key that texts must not show; None where it is only a placeholder."""
        return self.key if self.secret else None

    def redact(self, text: str) -> str:
        """The text without the key."""
        return redact(text, self.shown_key)


def checked_url(base_url: str | None) -> str:
    """The base URL to use, without a slash at its end.

    Raises:
        RecipeError: it is empty, not http or https, or holds something that does not belong there.
    """
    name, url = "base_url", base_url
    if url is None:
        name, url = "OPENAI_BASE_URL", os.environ.get("OPENAI_BASE_URL", DEFAULT_URL)
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        usable = False
    if not url.strip():
        problem = f"{name} is empty.\nUnset it for {DEFAULT_URL}, or give it the address of a server."
    elif re.search(r"[\s\x00-\x1f\x7f]", url):
        problem = f"{name} holds white space or a line break.\nGive it without."
    elif not usable:
        problem = f"{name} is no http:// or https:// address.\nIt looks like {DEFAULT_URL} or http://127.0.0.1:8000/v1."
    elif parts.username is not None or parts.query or parts.fragment:
        problem = f"{name} holds a user name, a password, a query or a fragment.\nKeys belong into api_key."
    else:
        return url.rstrip("/")
    raise RecipeError(problem)


def on_this_machine(url: str) -> bool:
    """Whether the host of the URL is a loopback address."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer, read whole."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Broken:
    """An exchange that brought no whole answer: why, and whether the server was reached at all."""

    reason: str
    unreachable: bool = False
    cure: str = ""


class Client:
    """The connections of one event loop to one endpoint.

    Raises:
        RecipeError: the environment names a proxy that cannot be used.
    """

    def __init__(self, endpoint: Endpoint, connections: int) -> None:
        import httpx2
        from openai import AsyncOpenAI, DefaultAioHttpClient

        self.endpoint = endpoint
        pool = httpx2.Limits(max_connections=connections, keepalive_expiry=IDLE_SECONDS)
        local = on_this_machine(endpoint.url)
        # Reading the trusted certificates takes 50 ms; plain HTTP that never leaves this machine needs none.
        verify = not (local and endpoint.url.startswith("http:"))
        try:
            self._http = DefaultAioHttpClient(limits=pool, follow_redirects=False, trust_env=not local, verify=verify)
        except ValueError:
            raise RecipeError("HTTPS_PROXY or ALL_PROXY names no http:// proxy.\nCorrect or unset it.") from None
        sdk = AsyncOpenAI(api_key=endpoint.key, base_url=endpoint.url, max_retries=0, http_client=self._http)
        self._headers = httpx2.Headers({**sent_headers(sdk.default_headers), "Accept-Encoding": "gzip"})
        self._headers.update(sdk.auth_headers)
        self._urls = {path: httpx2.URL(endpoint.url + path) for path in PATHS}
        wait = {"connect": CONNECT_SECONDS, "read": None, "write": None, "pool": None}
        self._extensions = {"timeout": wait}

    async def exchange(self, method: str, path: str, content: bytes | None = None) -> Answer | Broken:
        """Send one request and read its answer; no retries, no redirects, no limit on the time."""
        import aiohttp
        import httpx2

        request = httpx2.Request(
            method, self._urls[path], headers=self._headers, content=content, extensions=self._extensions
        )
        try:
            response = await self._http.send(request, stream=True, auth=None, follow_redirects=False)
            try:
                body = await _read(response)
            finally:
                await response.aclose()
        except (httpx2.HTTPError, httpx2.InvalidURL, aiohttp.ClientError, OSError) as error:
            return self._broken(error)
        if body is None:
            return Broken(f"the answer is larger than {BIGGEST_BODY >> 20} MiB")
        return Answer(response.status_code, response.headers, body)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _broken(self, error: BaseException) -> Broken:
        """Say what is at the bottom of a chain of transport errors."""
        import aiohttp

        chain = [error]
        while isinstance(deeper := chain[-1].__cause__ or chain[-1].__context__, Exception) and deeper not in chain:
            chain.append(deeper)
        unreachable = any(isinstance(link, aiohttp.ClientConnectorError) for link in chain)
        for link in chain:
            if isinstance(link, aiohttp.ClientProxyConnectionError):
                return Broken("the proxy cannot be reached", unreachable, "Check HTTPS_PROXY, ALL_PROXY and NO_PROXY.")
            if isinstance(link, socket.gaierror):
                return Broken("its name cannot be resolved", unreachable, "Check the spelling, and the network.")
            if isinstance(link, ssl.SSLError):
                said = self.endpoint.redact(str(chain[-1]))
                return Broken(f"no secure connection ({said})", True, "Does the server speak https? See SSL_CERT_FILE.")
            if isinstance(link, ConnectionRefusedError):
                return Broken("the connection was refused", unreachable, "Is the server running, and is it this port?")
            if isinstance(link, aiohttp.ConnectionTimeoutError):
                return Broken(
                    f"no connection within {CONNECT_SECONDS:g} s", True, "Check the address, and the network."
                )
            if isinstance(link, aiohttp.ServerDisconnectedError):
                return Broken("the server closed the connection without an answer")
        root = chain[-1]
        said = self.endpoint.redact(f"{type(root).__name__}: {root}").rstrip(": ")
        return Broken(f"the connection broke ({said})", unreachable, "Check the address, and the network.")


def sent_headers(headers: Mapping[str, object]) -> dict[str, str]:
    """The SDK's headers that are set, without those that describe this machine: they are nobody's business."""
    return {
        name: value
        for name, value in headers.items()
        if isinstance(value, str) and not name.lower().startswith("x-stainless-")
    }


async def _read(response: httpx2.Response) -> bytes | None:
    """The decoded body, or None as soon as it is too large."""
    chunks, size = [], 0
    stream: AsyncIterator[bytes] = response.aiter_bytes()
    if "content-encoding" not in response.headers:
        stream = cast("AsyncIterator[bytes]", response.stream)  # nothing to decode, and half the cost
    async for chunk in stream:
        size += len(chunk)
        if size > BIGGEST_BODY:
            return None
        chunks.append(chunk)
    return b"".join(chunks)
