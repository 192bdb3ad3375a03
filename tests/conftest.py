"""What holds for every test: no network beyond this machine, and nothing inherited from the caller's environment."""

import ipaddress
import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest

LOCAL_NAMES = {"", "localhost", "localhost.localdomain", "ip6-localhost"}


class NetworkRefused(RuntimeError):
    """A test tried to leave this machine."""

    def __init__(self, target: object) -> None:
        super().__init__(
            f"tests stay on this machine, but something tried to reach {target!r}: use a server on 127.0.0.1"
        )


@pytest.fixture(scope="session", autouse=True)
def _loopback_only() -> Iterator[None]:
    """Refuse connections and look-ups beyond loopback, in every thread, until the last test has ended."""
    real = {name: getattr(socket.socket, name) for name in ("connect", "connect_ex")}
    look_up = socket.getaddrinfo

    def guarded(name: str) -> Any:
        def call(self: socket.socket, address: Any) -> Any:
            if self.family in (socket.AF_INET, socket.AF_INET6) and not is_local(address[0]):
                raise NetworkRefused(address)
            return real[name](self, address)

        return call

    def guarded_look_up(host: Any, *args: Any, **kwargs: Any) -> Any:
        if not is_local(host):
            raise NetworkRefused(host)
        return look_up(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        for name in real:
            patch.setattr(socket.socket, name, guarded(name))
        patch.setattr(socket, "getaddrinfo", guarded_look_up)
        yield


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away keys, addresses, settings and proxies of the person who runs the tests."""
    for name in list(os.environ):
        if name.upper().startswith(("OPENAI_", "INSTRUCTGEN_")) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)


def is_local(host: str | bytes | None) -> bool:
    """Whether `host`, a name or an address, is this machine (None and "" are its wildcard address)."""
    name = host.decode() if isinstance(host, bytes) else host or ""
    if name.lower() in LOCAL_NAMES:
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
