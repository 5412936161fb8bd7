"""The proxy that injects network faults: what it does to a peer that says back what it hears."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.proxy import Fault, Proxy

PATIENCE_SECONDS = 5.0


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Path]:
    """A server on a unix socket that sends back what it gets."""
    path = tmp_path / "echo"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=_accept, args=[listener], daemon=True).start()
        yield path
        listener.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def proxy(echo: Path) -> Iterator[Proxy]:
    with Proxy(echo) as proxy:
        yield proxy


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_SECONDS) as client:
        assert said(client, b"hello") == b"hello"
        yield client


def _accept(listener: socket.socket) -> None:
    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_echo, args=[peer], daemon=True).start()


def _echo(peer: socket.socket) -> None:
    with peer:
        try:
            while data := peer.recv(65_536):
                peer.sendall(data)
        except OSError:
            return


def said(client: socket.socket, data: bytes) -> bytes:
    client.sendall(data)
    return client.recv(65_536)


class TestFault:
    def test_of_delay_makes_each_answer_late(self, proxy: Proxy, client: socket.socket) -> None:
        proxy.strike(Fault(delay_seconds=0.2))
        for _ in range(2):
            began = time.monotonic()
            assert said(client, b"word") == b"word"
            assert time.monotonic() - began >= 0.2

    def test_of_dripping_gives_byte_by_byte(self, proxy: Proxy, client: socket.socket) -> None:
        proxy.strike(Fault(drip_seconds=0.05))
        assert said(client, b"word") == b"w"
        assert [client.recv(9) for _ in range(3)] == [b"o", b"r", b"d"]

    def test_of_cutting_passes_on_so_much_and_resets(self, proxy: Proxy, client: socket.socket) -> None:
        proxy.strike(Fault(cut_after_bytes=7))
        assert said(client, b"word") == b"wo"
        with pytest.raises(ConnectionResetError):
            client.recv(9)

    def test_of_loss_lets_the_question_through_and_drops_its_answer_once(
        self, proxy: Proxy, client: socket.socket
    ) -> None:
        proxy.strike(Fault(lose_answer_to=b"COMMIT"))
        assert said(client, b"BEGIN") == b"BEGIN"
        client.sendall(b"COM")
        assert client.recv(9) == b"COM"
        client.sendall(b"MIT")
        with pytest.raises(ConnectionResetError):
            client.recv(9)
        proxy.await_loss()
        with socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_SECONDS) as again:
            assert said(again, b"COMMIT") == b"COMMIT"

    def test_of_hanging_keeps_all_until_it_is_healed(self, proxy: Proxy, client: socket.socket) -> None:
        proxy.strike(Fault(is_hanging=True))
        client.settimeout(0.2)
        with pytest.raises(TimeoutError):
            said(client, b"word")
        proxy.heal()
        client.settimeout(PATIENCE_SECONDS)
        assert client.recv(9) == b"word"

    def test_of_resetting_breaks_old_and_new_connections(self, proxy: Proxy, client: socket.socket) -> None:
        proxy.strike(Fault(is_resetting=True))
        with pytest.raises(ConnectionResetError):
            client.recv(9)
        with (
            pytest.raises((ConnectionResetError, BrokenPipeError)),
            socket.create_connection(("127.0.0.1", proxy.port), timeout=PATIENCE_SECONDS) as again,
        ):
            assert said(again, b"word") == b"no such word"

    def test_of_change_alters_answers(self, proxy: Proxy, client: socket.socket) -> None:
        proxy.strike(Fault(change=bytes.upper))
        assert said(client, b"word") == b"WORD"

    def test_of_a_server_that_is_away_is_a_closed_connection(self, tmp_path: Path) -> None:
        with Proxy(tmp_path / "nobody") as proxy, socket.create_connection(("127.0.0.1", proxy.port)) as client:
            client.settimeout(PATIENCE_SECONDS)
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(9) == b""
