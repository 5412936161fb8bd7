"""The scripted upstream as a real server, on this machine or at its address in a private network."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
import uvicorn

from portal.sandbox import upstream

STARTING_SECONDS = 10
_NETWORKS = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))


@contextmanager
def serving(host: str) -> Iterator[str]:
    """Runs a scripted upstream at an address of this machine."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, 0), family=family)
    config = uvicorn.Config(upstream.app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + STARTING_SECONDS
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield f"http://{f'[{host}]' if ':' in host else host}:{listening.getsockname()[1]}/v1"
    server.should_exit = True
    thread.join(STARTING_SECONDS)


def private_host() -> str:
    """This will return the address of this machine in a private network; without one the test is skipped, loudly."""
    own = [place for place in map(_own_address, ("10.255.255.254", "fd00::ffff")) if place is not None]
    found = [place for place in own if any(place in network for network in _NETWORKS)]
    if not found:
        pytest.skip("NOT RUN: this machine stands in no private network, so none can be called")
    return str(found[0])


def _own_address(away: str) -> IPv4Address | IPv6Address | None:
    """The address that this machine would send from; nothing is sent."""
    with socket.socket(socket.AF_INET6 if ":" in away else socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            asking.connect((away, 9))
        except OSError:
            return None
        return ip_address(asking.getsockname()[0])
