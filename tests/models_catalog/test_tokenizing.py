"""The small model's server is asked over real HTTP, and whatever it answers instead becomes a failure of ours."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from models_catalog.providers import tokenizing
from models_catalog.providers.base import BadAnswer, Failing, RouteOffer, Unreachable
from portal.kit.egress import AddressRefused

Route = Callable[..., RouteOffer]


@contextmanager
def serving(body: bytes, *, status: int = 200) -> Iterator[tuple[str, list[Any]]]:
    """A server that answers everything with `body`: its address, and what it was asked."""
    asked: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, json.loads(self.rfile.read(int(self.headers["content-length"])))))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_said: object) -> None:
            """It says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def split(route: RouteOffer) -> list[bytes]:
    return asyncio.run(tokenizing.split("a 龘", route=route))


class TestSplit:
    def test_gives_each_tokens_bytes(self, route: Route) -> None:
        words = [
            {"id": 1, "piece": "a"},
            {"id": 2, "piece": " "},
            {"id": 3, "piece": [233, 190]},
            {"id": 4, "piece": [-104]},
        ]
        with serving(json.dumps({"tokens": words}).encode()) as (url, asked):
            assert split(route(base_url=url)) == [b"a", b" ", b"\xe9\xbe", b"\x98"]
        assert asked == [("/tokenize", {"content": "a 龘", "parse_special": False, "with_pieces": True})]

    @pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"tokens": [1, 2]}'])
    def test_takes_nothing_else_for_an_answer(self, route: Route, body: bytes) -> None:
        with serving(body) as (url, _), pytest.raises(BadAnswer):
            split(route(base_url=url))

    def test_names_what_a_status_means(self, route: Route) -> None:
        with serving(b"", status=500) as (url, _), pytest.raises(Failing):
            split(route(base_url=url))

    def test_reads_no_more_than_an_answer_can_be(self, route: Route) -> None:
        with serving(b"x" * (tokenizing.ANSWER_BYTES + 1)) as (url, _), pytest.raises(BadAnswer):
            split(route(base_url=url))

    def test_says_when_nobody_is_there(self, route: Route) -> None:
        with pytest.raises(Unreachable):
            split(route(base_url="http://127.0.0.1:1/v1"))

    def test_calls_this_machine_only_where_it_may(self, route: Route) -> None:
        with pytest.raises(AddressRefused):
            split(route(base_url="http://127.0.0.1:1/v1", loopback=False))
