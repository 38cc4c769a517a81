"""Sending a signed message to an address outside: only to hosts that an administrator has listed.

The signature is that of Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over
``id.timestamp.body`` with a secret that is shown once.
"""

import base64
import contextlib
import hashlib
import hmac
import http.client
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import SplitResult, urlsplit

from apps.projects import keys

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

STEP_TIMEOUT_S = 5.0  # of connecting, and of each read
WHOLE_TIMEOUT_S = 10.0  # of a receiver that answers byte by byte
PORTS = {"https": 443, "http": 80}
OK = range(200, 300)
ELSEWHERE = range(300, 400)
NAT64 = ipaddress.ip_network("64:ff9b::/96")  # stands for an IPv4 address, also a private one


class NotAllowed(ValueError):
    """The address is not one to which anything may be sent; the sentence says why."""


@dataclass(frozen=True)
class Answer:
    """How an attempt went. ``status``: of HTTP; None when there was no answer."""

    status: int | None
    says: str
    took_ms: float

    @property
    def is_ok(self) -> bool:
        """The receiver took it."""
        return self.status in OK


def secret_of(salt: str) -> str:
    """The secret of a webhook as receivers take it: ``whsec_`` and base64 of 32 bytes."""
    return "whsec_" + base64.b64encode(keys.for_webhooks(salt)).decode()


def signature(secret: str, *, message: str, at_s: int, body: bytes) -> str:
    """What stands in the header ``webhook-signature``."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    told = hmac.new(key, f"{message}.{at_s}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(told).decode()


def _networks(listed: Sequence[str]) -> list[Any]:
    found = []
    for entry in listed:
        try:
            found.append(ipaddress.ip_network(entry.strip(), strict=False))
        except ValueError:
            continue  # a name of a host
    return found


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def check(url: str, *, listed: Sequence[str]) -> SplitResult:
    """The parts of an address whose host is listed. Asks no name server. Raises NotAllowed."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise NotAllowed(f"This is no address: {error}.") from error
    if parts.scheme not in PORTS or not parts.hostname:
        raise NotAllowed("Give a whole address that begins with https://.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise NotAllowed("Leave name, password and everything behind # out of the address.")
    if not url.isascii() or any(mark <= " " or mark == "\x7f" for mark in url):
        raise NotAllowed("The address has a space or a letter that addresses do not have.")
    host, address = parts.hostname, _literal(parts.hostname)
    names = {entry.strip().lower() for entry in listed}
    by_network = address is not None and any(address in net for net in _networks(listed))
    if host not in names and not by_network:
        raise NotAllowed(
            f"{host} is not among the hosts that may be told. An administrator lists it in "
            "MLCYCLE_WEBHOOK_HOSTS."
        )
    return parts


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        if inner is not None:
            return _is_public(inner)
        if address in NAT64:
            return False
    return address.is_global and not address.is_multicast


def addresses_of(parts: SplitResult, *, listed: Sequence[str]) -> list[str]:
    """Where the host is, each allowed. One private address that is not listed refuses all.

    Raises NotAllowed, or OSError when the name cannot be found.
    """
    host, port = str(parts.hostname), parts.port or PORTS[parts.scheme]
    told = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    found = list(dict.fromkeys(str(item[4][0]).partition("%")[0] for item in told))
    networks = _networks(listed)
    for text in found:
        address = ipaddress.ip_address(text)
        is_listed = any(address in net for net in networks)
        if not is_listed and not _is_public(address):
            raise NotAllowed(
                f"{host} is at {text}, a private address. It is told only when the address itself "
                "stands in MLCYCLE_WEBHOOK_HOSTS too."
            )
        if not is_listed and parts.scheme != "https":
            raise NotAllowed("Outside of listed private addresses only https:// is used.")
    return found


class _Pinned(http.client.HTTPConnection):
    """Connects to the address that was checked, whatever the name server says by then."""

    def __init__(self, parts: SplitResult, address: str) -> None:
        super().__init__(
            str(parts.hostname), parts.port or PORTS[parts.scheme], timeout=STEP_TIMEOUT_S
        )
        self.is_cut = False
        self._address, self._is_tls = address, parts.scheme == "https"
        self.default_port = PORTS[parts.scheme]  # which is left out of the Host header

    def connect(self) -> None:
        """TCP to the address; TLS for the name."""
        self.sock = socket.create_connection((self._address, self.port), timeout=self.timeout)
        if self._is_tls:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(self.sock, server_hostname=self.host)

    def cut_off(self) -> None:
        """End it from another thread: whoever reads wakes up."""
        self.is_cut = True
        with contextlib.suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


def post(url: str, *, secret: str, message: str, body: bytes, listed: Sequence[str]) -> Answer:
    """Send once; nothing is raised. A redirect is not followed, an answer's body is not read."""
    begun = time.monotonic()
    try:
        parts = check(url, listed=listed)
        address = addresses_of(parts, listed=listed)[0]
        status = _send(parts, address, secret=secret, message=message, body=body)
    except NotAllowed as error:
        status, says = None, str(error)
    except (OSError, http.client.HTTPException) as error:
        status, says = None, f"No answer: {error or type(error).__name__}."
    else:
        says = _told(status)
    return Answer(status, says[:300], round((time.monotonic() - begun) * 1000, 1))


def _told(status: int) -> str:
    if status in OK:
        return f"Taken ({status})."
    if status in ELSEWHERE:
        return f"It points elsewhere ({status}); that is not followed. Set the final address."
    return f"It was refused ({status})."


def _send(parts: SplitResult, address: str, *, secret: str, message: str, body: bytes) -> int:
    at_s = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "ML-Cycle",
        "webhook-id": message,
        "webhook-timestamp": str(at_s),
        "webhook-signature": signature(secret, message=message, at_s=at_s, body=body),
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _Pinned(parts, address)
    limit = threading.Timer(WHOLE_TIMEOUT_S, connection.cut_off)
    limit.daemon = True
    limit.start()
    try:
        connection.request("POST", target, body, headers)
        status = connection.getresponse().status
        if connection.is_cut:  # headers that end because of it look complete
            raise TimeoutError(f"it took longer than {WHOLE_TIMEOUT_S:g} s")
        return status
    finally:
        limit.cancel()
        connection.close()
