"""Whom frames may be sent to: this machine, and hosts that the artist names. Decided on the address, before the first byte goes out."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from derrumbe.core.errors import BadInput
from derrumbe.generate.comfy.faults import Unreachable

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Address:
    """A server's address. `allowed`: lower-case names of hosts besides this machine that may be sent frames."""

    scheme: str
    host: str
    port: int
    path: str
    allowed: frozenset[str] = frozenset()

    @property
    def secure(self) -> bool:
        return self.scheme == "https"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self._authority}{self.path}"

    @property
    def websocket_url(self) -> str:
        return f"{'wss' if self.secure else 'ws'}://{self._authority}{self.path}/ws"

    @property
    def _authority(self) -> str:
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    def dial(self, timeout: float) -> socket.socket:
        """Return a socket to an address that is this machine's, or whose host is allowed. No proxy. Raises BadInput, Unreachable."""
        trouble: OSError | None = None
        for family, kind, protocol, _, address in self.resolved():
            line = socket.socket(family, kind, protocol)
            line.settimeout(timeout)
            try:
                line.connect(address)
                return line
            except OSError as error:
                line.close()
                trouble = error
        raise Unreachable(f"{self.url}: no ComfyUI server answers ({trouble}); start it, or set generate.url to where it listens")

    def resolved(self) -> list[tuple]:
        """Return what `socket.getaddrinfo` finds. Raises BadInput for an address that isn't this machine's, unless its host is allowed."""
        try:
            found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"{self.url}: nobody knows the host {self.host} ({error}); check generate.url") from error
        if self.host not in self.allowed:
            for entry in found:
                self._check(str(entry[4][0]))
        return found

    def _check(self, address: str) -> None:
        if not is_loopback(address):
            raise BadInput(
                f"generate.url {self.url}: {self.host} ({address}) is not this machine, so no frame was sent; allow it with "
                f"--allow-host {self.host}, or tunnel (ssh -L 8188:127.0.0.1:{self.port} {self.host}) and use http://127.0.0.1:8188"
            )


def address_at(url: str, allowed: Iterable[str] = ()) -> Address:
    """Read an address as typed. Raises BadInput. Looks nothing up."""
    hint = "give one as in http://127.0.0.1:8188"
    try:
        parts = urlsplit(url.strip())
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
    except ValueError as error:
        raise BadInput(f"generate.url {url}: not an address ({error}); {hint}") from error
    if scheme not in PORTS or not host:
        raise BadInput(f"generate.url {url}: not an http address; {hint}")
    if parts.username is not None or parts.query or parts.fragment:
        raise BadInput(
            f"generate.url: an address with a user name, ? or # is not taken, for it would be written into the shot file; {hint}"
        )
    return Address(scheme, host, port or PORTS[scheme], parts.path.rstrip("/"), frozenset(name.strip().lower() for name in allowed))


def is_loopback(address: str) -> bool:
    """Tell whether a numeric address never leaves this machine."""
    found = ipaddress.ip_address(address.split("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def is_named_loopback(host: str) -> bool:
    """Tell whether a host's text says this machine, without asking anyone."""
    try:
        return is_loopback(host)
    except ValueError:
        return host == "localhost"
