"""What the OpenAI-compatible engine finds out before it asks anything: key, address, server, model."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from instructgen.contracts import Limits
from instructgen.engines import OpenAI
from instructgen.errors import Authentication, BadRequest, RecipeError, Unavailable
from tests.support.asking import CANARY, HELLO, ask, everything
from tests.support.fault_replies import Reply
from tests.support.fault_server import FaultServer


async def opened(**options: Any) -> None:
    engine = OpenAI(options.pop("model", "m"), **options)
    try:
        await engine.open()
    finally:
        await engine.close()


async def opened_and_asked(server: FaultServer) -> str:
    """The first answer after ``open``."""
    engine = OpenAI("m", base_url=server.url)
    try:
        await engine.open()
        assert server.requests == 0, "opening asks the model nothing"
        return (await engine.complete(HELLO)).text
    finally:
        await engine.close()


async def test_open_is_content_with_a_server_that_has_the_model() -> None:
    with FaultServer(models=("other", "m")) as server:
        await opened(base_url=server.url)
        assert server.requests == 0


@pytest.mark.parametrize("listed", ["m:latest", "models/m", "m"])
async def test_open_knows_the_ways_servers_list_a_name(listed: str) -> None:
    with FaultServer(models=(listed,), answer=lambda _: "Hello!") as server:
        assert await opened_and_asked(server) == "Hello!"


async def test_open_names_the_closest_models() -> None:
    names = ("llama-8b-instruct", "llama-70b-instruct", "mistral-7b", "qwen-4b", "qwen-8b", "qwen-14b", "embedder")
    words = r"no model 'llama-8b-instuct'(?s:.)*llama-8b-instruct"
    with FaultServer(models=names) as server, pytest.raises(BadRequest, match=words) as caught:
        await opened(base_url=server.url, model="llama-8b-instuct")
    assert caught.value.fatal
    assert sum(name in str(caught.value) for name in names) == 5


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>not here</html>", 404),
        Reply(b"", 405),
        Reply(b"not JSON"),
        Reply(b"[1, 2]"),
        Reply(b'{"data": {}}'),
        Reply(b'{"data": []}'),
        Reply(b'{"data": [1, {"id": 2}]}'),
        Reply(b'{"data": [{"id": "other"}], "has_more": true}'),
        Reply(b"", 503),
        Reply(b'{"error": {"message": "Missing scopes: api.model.read"}}', 403),
        Reply(then="reset"),
    ],
)
async def test_open_takes_a_server_that_lists_no_models_as_it_is(reply: Reply) -> None:
    with FaultServer(models=reply, answer=lambda _: "Hello!") as server:
        assert await opened_and_asked(server) == "Hello!"


async def test_open_does_not_wait_for_a_list_that_never_comes() -> None:
    with FaultServer(models=Reply(then="hang")) as server:
        await opened(base_url=server.url, limits=Limits(timeout=0.2))
        assert (server.connections, server.requests) == (1, 0)


@pytest.mark.parametrize("status", [401, 403])
async def test_open_stops_at_a_refused_key(status: int) -> None:
    refusal = Reply(b'{"error": {"message": "no"}}', status)
    with FaultServer(models=refusal) as server, pytest.raises(Authentication, match="key is right"):
        await opened(base_url=server.url, api_key=CANARY)


async def test_open_stops_at_a_redirect() -> None:
    away = Reply(b"", 308, (("Location", "https://user:word@real.example/v1/models"),))
    with FaultServer(models=away) as server, pytest.raises(BadRequest, match=r"redirect to real\.example") as caught:
        await opened(base_url=server.url)
    assert caught.value.fatal


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://127.0.0.1:9/v1", "refused"),
        ("https://127.0.0.1:PORT/v1", "no secure connection"),
    ],
)
async def test_open_says_why_a_server_cannot_be_reached(url: str, words: str) -> None:
    with FaultServer() as server:
        url = url.replace("PORT", str(server.port))
        with pytest.raises(Unavailable, match=words) as caught:
            await opened(base_url=url, api_key=CANARY)
    assert caught.value.fatal
    assert url in str(caught.value)


async def test_open_says_when_a_name_cannot_be_resolved(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(*args: object, **kwargs: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", no_such_name)
    with pytest.raises(Unavailable, match=r"http://name\.invalid/v1 cannot be reached: its name") as caught:
        await opened(base_url="http://name.invalid/v1", api_key=CANARY)
    assert caught.value.fatal


async def test_without_a_key_nothing_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, "", "  \n"):
        if value is not None:
            monkeypatch.setenv("OPENAI_API_KEY", value)
        with pytest.raises(Authentication) as caught:
            await opened()
        lines = str(caught.value).splitlines()
        assert len(lines) == 3
        assert [word in line for word, line in zip(("api.openai.com", "export", "recorded/"), lines, strict=True)]
        assert "export OPENAI_API_KEY" in lines[1]
        assert "recorded/PATH" in lines[2]


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel"])
async def test_a_key_that_http_cannot_carry(key: str) -> None:
    with pytest.raises(Authentication) as caught:
        await opened(api_key=key)
    assert key not in str(caught.value)


async def test_key_and_address_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with FaultServer(key=CANARY) as server:
        monkeypatch.setenv("OPENAI_API_KEY", f" {CANARY}\n")
        monkeypatch.setenv("OPENAI_BASE_URL", server.url + "/")
        engine = OpenAI("m")
        await engine.open()
        assert (await engine.complete(HELLO)).text
        assert engine.address == f"127.0.0.1:{server.port}"
        await engine.close()


BAD_URLS = {
    "": "is empty",
    "   ": "is empty",
    "localhost:8000/v1": "no http",
    "ftp://host/v1": "no http",
    "https://": "no http",
    "http://[::1/v1": "no http",
    "http://host:port/v1": "no http",
    "http://host/v 1": "white space",
    "http://host/v1\n": "white space",
    "http://me:word@host/v1": "belong into api_key",
    "http://host/v1?key=word": "belong into api_key",
}


@pytest.mark.parametrize("url", BAD_URLS)
async def test_an_address_that_cannot_be_used(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(RecipeError, match=BAD_URLS[url]) as caught:
        OpenAI("m", base_url=url)
    assert "word" not in str(caught.value).replace("password", "")
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    engine = OpenAI("m", api_key=CANARY)
    with pytest.raises(RecipeError, match="OPENAI_BASE_URL"):
        await engine.open()
    with pytest.raises(RecipeError, match="OPENAI_BASE_URL"):
        assert engine.address


async def test_a_proxy_is_used_for_other_machines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    with FaultServer() as server:
        await ask(server)
    with pytest.raises(Unavailable, match="proxy"):
        await opened(base_url="http://name.invalid/v1", api_key=CANARY)
    monkeypatch.setenv("ALL_PROXY", "socks4://me:word@127.0.0.1:9")
    with pytest.raises(RecipeError, match="ALL_PROXY") as caught:
        await opened(base_url="http://name.invalid/v1", api_key=CANARY)
    assert "word" not in everything(caught.value)


def test_identity_names_the_model_and_nothing_else() -> None:
    engine = OpenAI("org/name", base_url="http://127.0.0.1:1/v1", api_key=CANARY)
    assert engine.identity == "openai/org/name"
    assert OpenAI("org/name", revision="2026-01").identity == "openai/org/name#2026-01"
    assert CANARY not in repr(engine)
    with pytest.raises(RecipeError, match="name of a model"):
        OpenAI(" ")


async def test_the_preflight_does_not_show_the_key() -> None:
    with FaultServer(key="the right one") as server:
        engine = OpenAI("m", base_url=server.url, api_key=CANARY)
        with pytest.raises(Authentication) as caught:
            await engine.open()
        await engine.close()
    assert CANARY not in everything(caught.value)
