"""Is a part ready? Its socket accepts, or its address answers; a part that says neither is.

``python -m apps.jobs.supervisor.ready URL`` asks once, for the health check of a container.
"""

import http.client
import socket
import sys
from urllib.parse import urlsplit

from apps.jobs.supervisor.parts import Part

TIMEOUT_S = 5.0


def is_ready(part: Part) -> bool:
    """Ask the part once."""
    if part.ready_socket:
        return _accepts(part.ready_socket)
    return answers(part.ready_url) if part.ready_url else True


def _accepts(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT_S)
        try:
            client.connect(path)
        except OSError:
            return False
    return True


def answers(url: str) -> bool:
    """Tell whether an address answers below 500: a refused host name is an answer too."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=TIMEOUT_S)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(0 if answers(sys.argv[1]) else 1)
