"""Which databases may be reached. Nobody is, until an administrator names them in a setting.

A host is resolved once, here, and the child connects to that address and to no other: a name whose
answer changes in between leads nowhere else.
"""

import ipaddress
import socket
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from apps.web.refusals import Refusal

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAMES_OF_THIS_MACHINE = ("localhost",)


@dataclass(frozen=True)
class _Allowed:
    """One entry of the setting."""

    name: str = ""
    network: ipaddress.IPv4Network | ipaddress.IPv6Network | None = None
    port: int = 0  # 0: every port

    def takes(self, address: _Address) -> bool:
        """Whether the address is one that the entry names."""
        return self.network is not None and address in self.network


def _entry(text: str) -> _Allowed:
    host, port = _parted(text.strip())
    try:
        return _Allowed(network=ipaddress.ip_network(host, strict=False), port=port)
    except ValueError:
        return _Allowed(name=_plain(host), port=port)


def _parted(text: str) -> tuple[str, int]:
    """Host and port of "name:port", "[address]:port", or either without a port."""
    if text.startswith("["):
        host, _, rest = text[1:].partition("]")
        return host, int(rest[1:]) if rest[1:].isdigit() else 0
    host, _, port = text.rpartition(":")
    if host and ":" not in host and port.isdigit():
        return host, int(port)
    return text, 0


def _plain(host: str) -> str:
    return host.strip().rstrip(".").lower()


def resolved(host: str, port: int) -> str:
    """The address to connect to.

    Raises Refusal, with the name of the setting, when the host is not among those allowed, and
    when a name that is allowed leads to this machine or to its own network segment.
    """
    allowed = [_entry(text) for text in settings.SQL_HOSTS if text.strip()]
    allowed = [entry for entry in allowed if entry.port in (0, port)]
    is_named = any(entry.name and entry.name == _plain(host) for entry in allowed)
    if not is_named and not any(entry.network for entry in allowed):
        raise _refused(host, port)
    for address in _addresses(host, port):
        if any(entry.takes(address) for entry in allowed):
            return str(address)
        if is_named and (_is_elsewhere(address) or _plain(host) in _NAMES_OF_THIS_MACHINE):
            return str(address)
    raise _refused(host, port)


def _is_elsewhere(address: _Address) -> bool:
    """Not this machine, nor what only its own segment has, such as a cloud's metadata."""
    mapped = getattr(address, "ipv4_mapped", None) or address
    return not (
        mapped.is_loopback or mapped.is_link_local or mapped.is_multicast or mapped.is_unspecified
    )


def _addresses(host: str, port: int) -> list[_Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Refusal(f"The host “{host}” is not known: look for a typing mistake.") from error
    addresses = [ipaddress.ip_address(str(place[0]).partition("%")[0]) for *_, place in found]
    # A server on "localhost" often listens on 127.0.0.1 only, and ::1 would come first.
    return sorted(addresses, key=lambda address: address.version)


def _refused(host: str, port: int) -> Refusal:
    return Refusal(
        f"The host “{host}:{port}” may not be reached from here: an administrator has to name it "
        "in MLCYCLE_SQL_HOSTS."
    )


def sqlite_file(database: str) -> Path:
    """The file inside of the folder that the setting names; raises Refusal for any other."""
    if not settings.SQLITE_FOLDER:
        raise Refusal(
            "SQLite files cannot be read here: an administrator has to name their folder in "
            "MLCYCLE_SQLITE_FOLDER."
        )
    folder = Path(settings.SQLITE_FOLDER).resolve()
    path = (folder / database).resolve()  # follows links: they must not lead out
    if not path.is_relative_to(folder) or not path.is_file():
        raise Refusal(f"There is no file “{database}” in the folder of MLCYCLE_SQLITE_FOLDER.")
    return path
