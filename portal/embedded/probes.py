"""Whether a server answers: one small real request."""

import http.client
import socket
from urllib.parse import urlsplit

PROBE_SECONDS = 3.0


def answers(url: str, *, status: int = 200) -> bool:
    """This will return whether a GET of `url` is answered with `status`."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PROBE_SECONDS)
    try:
        connection.request("GET", place.path or "/")
        return connection.getresponse().status == status
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def listens(port: int) -> bool:
    """This will return whether somebody accepts connections on the loopback port."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=PROBE_SECONDS):
            return True
    except OSError:
        return False
