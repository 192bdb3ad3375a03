"""The guard in conftest.py: nothing a test does leaves this machine, or sees its owner's keys."""

import asyncio
import http.client
import os
import socket

import pytest

from tests.conftest import NetworkRefused, is_local


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.0.3", "::1", "0.0.0.0", "localhost", "", None, b"localhost"])
def test_this_machine_is_local(host: str | bytes | None) -> None:
    assert is_local(host)


@pytest.mark.parametrize(
    "host", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "example.invalid", "127.0.0.1.example.invalid"]
)
def test_the_rest_is_not(host: str) -> None:
    assert not is_local(host)


@pytest.mark.parametrize("method", ["connect", "connect_ex"])
@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_socket_cannot_leave(method: str, kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as sock, pytest.raises(NetworkRefused, match=r"192\.0\.2\.1"):
        getattr(sock, method)(("192.0.2.1", 9))


def test_a_name_is_not_looked_up() -> None:
    with pytest.raises(NetworkRefused, match=r"example\.invalid"):
        http.client.HTTPConnection("example.invalid", timeout=1).request("GET", "/")


async def test_asyncio_cannot_leave() -> None:
    with pytest.raises(NetworkRefused):
        await asyncio.open_connection("192.0.2.1", 9)


async def test_loopback_works() -> None:
    async def greet(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(greet, "127.0.0.1", 0)
    async with server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b"hello"
        writer.close()
        await writer.wait_closed()


def test_the_environment_is_clean() -> None:
    names = [name.upper() for name in os.environ]
    assert not [name for name in names if name.startswith(("OPENAI_", "INSTRUCTGEN_")) or name.endswith("_PROXY")]
