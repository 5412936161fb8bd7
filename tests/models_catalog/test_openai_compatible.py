"""The client against the scripted upstream over HTTP: every fault becomes one known failure."""

import asyncio
import socket
from collections.abc import Callable
from contextlib import aclosing

import httpx
import pytest

from models_catalog import providers
from models_catalog.providers import base
from models_catalog.providers.base import Accepted, ChatRequest, Chunk, Event, RawUsage, RouteOffer
from portal.kit.egress import AddressRefused

Routes = Callable[..., RouteOffer]


def ask(
    route: RouteOffer, directive: str = "", *, stream: bool = True, call_id: str = "call", n: int = 1
) -> tuple[list[Event], base.UpstreamFailure | None]:
    """Asks once, and returns what came and how it failed."""
    words = f"Hello [[script {directive}]]" if directive else "Hello"
    request = ChatRequest(model="demo", messages=[{"role": "user", "content": words}], stream=stream, n=n)
    return asyncio.run(_ask(route, request, call_id))


async def _ask(
    route: RouteOffer, request: ChatRequest, call_id: str
) -> tuple[list[Event], base.UpstreamFailure | None]:
    events: list[Event] = []
    try:
        stream = providers.client_for(route).stream(request, call_id=call_id, output_limit=500)
        async with aclosing(stream):
            async for event in stream:
                events.append(event)  # noqa: PERF401 - what came before a failure counts
    except base.UpstreamFailure as failure:
        return events, failure
    finally:
        await providers.close_clients()
    return events, None


def text_of(events: list[Event]) -> str:
    """All text that came."""
    return "".join(event.text for event in events if isinstance(event, Chunk))


def usages_of(events: list[Event]) -> list[RawUsage]:
    """All usage objects that came."""
    return [event for event in events if isinstance(event, RawUsage)]


class TestStream:
    """`client.stream`."""

    @pytest.mark.parametrize("stream", [True, False])
    def test_gives_acceptance_text_and_usage(self, route: Routes, *, stream: bool) -> None:
        events, failure = ask(route(), "words=3", stream=stream)
        assert failure is None
        assert events[0] == Accepted("demo-instant")
        assert text_of(events) == "word1 word2 word3"
        assert usages_of(events)[-1].usage["completion_tokens"] == 3
        assert "stop" in [event.finish_reason for event in events if isinstance(event, Chunk)]

    @pytest.mark.parametrize("fault", ["bytewise", "sloppy", "one_segment", "usage_early", "usage_late", "no_usage"])
    def test_reads_the_same_answer_however_it_is_framed(self, route: Routes, fault: str) -> None:
        events, failure = ask(route(), f"words=5 fail={fault}")
        assert failure is None
        assert text_of(events) == "word1 word2 word3 word4 word5"
        assert len(usages_of(events)) == (0 if fault == "no_usage" else 1)

    def test_gives_every_running_total_and_the_whole_one_last(self, route: Routes) -> None:
        told = usages_of(ask(route(), "words=5 fail=usage_twice")[0])
        assert [usage.usage["completion_tokens"] for usage in told] == [1, 5]

    def test_reads_what_can_be_read_of_odd_pieces(self, route: Routes) -> None:
        events, failure = ask(route(), "words=2 fail=odd")
        assert failure is None
        assert text_of(events) == "word1 word2"
        assert [e.tool_calls for e in events if isinstance(e, Chunk) and e.tool_calls] == [
            [{"index": 0, "id": "?", "type": "function", "function": {}}],
            [{"index": 0, "function": {"arguments": "}"}}],
            [{"function": {"arguments": "{"}}],
        ]

    def test_replaces_characters_that_are_none(self, route: Routes) -> None:
        text = text_of(ask(route(), "words=1 fail=bad_characters")[0])
        assert text.endswith("word1")
        assert text.encode()

    @pytest.mark.parametrize("wrong", ["negative", "nan", "text", "float", "null", "huge", "tenfold", "zero"])
    def test_passes_wrong_usage_on_as_plain_values(self, route: Routes, wrong: str) -> None:
        events, failure = ask(route(), f"words=2 fail={wrong}")
        assert failure is None
        assert len(usages_of(events)) == 1

    def test_keeps_the_limit_and_the_id(self, route: Routes, upstream_url: str) -> None:
        request = ChatRequest(
            model="x",
            messages=[{"role": "user", "content": "[[script words=9]]"}],
            stream=True,
            max_output_tokens=4,
        )
        events, failure = asyncio.run(_ask(route(), request, "call-limit"))
        assert failure is None
        assert text_of(events) == "word1 word2 word3 word4"
        hits = httpx.get(upstream_url.replace("/v1", "/hits/call-limit")).json()
        assert (hits["count"], hits["finished"]) == (1, 1)
        assert hits["authorization"].startswith("Bearer sk-up")

    def test_hangs_up_when_the_reader_leaves(self, route: Routes, upstream_url: str) -> None:
        async def leave() -> None:
            request = ChatRequest(
                model="x",
                messages=[{"role": "user", "content": "[[script words=900 gap_ms=10]]"}],
                stream=True,
            )
            stream = providers.client_for(route()).stream(request, call_id="call-left", output_limit=900)
            async with aclosing(stream):
                async for event in stream:
                    if isinstance(event, Chunk):
                        break
            await asyncio.sleep(0.3)
            await providers.close_clients()

        asyncio.run(leave())
        assert httpx.get(upstream_url.replace("/v1", "/hits/call-left")).json()["hung_up"] == 1


class TestFailures:
    """What the client fails with."""

    @pytest.mark.parametrize("stream", [True, False])
    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            ("429", base.Overloaded),
            ("500", base.Failing),
            ("502", base.Failing),
            ("529", base.Overloaded),
            ("401", base.KeyRejected),
            ("402", base.Unpaid),
            ("403", base.KeyRejected),
            ("404", base.NotThere),
            ("refuse", base.Refused),
            ("too_long", base.TooLong),
            ("content", base.ContentRefused),
            ("html", base.BadAnswer),
            ("redirect", base.BadAnswer),
            ("gzip", base.BadAnswer),
            ("wrong_type", base.BadAnswer),
            ("garbage", base.BadAnswer),
            ("empty", base.BadAnswer),
            ("json", base.BadAnswer),
        ],
    )
    def test_are_known_before_the_answer(
        self, route: Routes, fault: str, expected: type[base.UpstreamFailure], *, stream: bool
    ) -> None:
        events, failure = ask(route(), f"fail={fault}", stream=stream)
        assert type(failure) is expected
        assert not any(isinstance(event, Chunk) for event in events)
        assert "SECRET-UPSTREAM-WORDS" not in repr(failure) + str(failure) + str(failure.details)

    @pytest.mark.parametrize("fault", ["cut", "error", "mixed", "cut_before_usage"])
    def test_come_after_the_text_that_was_delivered(self, route: Routes, fault: str) -> None:
        events, failure = ask(route(), f"words=5 fail={fault} after=3")
        assert text_of(events).startswith("word1 word2 word3")
        assert isinstance(failure, base.Cut | base.BadAnswer)
        assert "SECRET" not in text_of(events)

    def test_of_a_plain_answer_that_breaks_off_is_a_cut(self, route: Routes) -> None:
        assert type(ask(route(), "words=5 fail=cut", stream=False)[1]) is base.Cut

    def test_tell_how_long_to_wait(self, route: Routes) -> None:
        failure = ask(route(), "fail=429 wait_seconds=2")[1]
        assert isinstance(failure, base.Overloaded)
        assert failure.wait_seconds == 2

    def test_end_with_the_script(self, route: Routes) -> None:
        assert ask(route(), "words=1 fail=500 times=1", call_id="twice")[1] is not None
        assert ask(route(), "words=1 fail=500 times=1", call_id="twice")[1] is None

    def test_of_a_closed_port_are_unreachable(self, route: Routes) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        failure = ask(route(base_url=f"http://127.0.0.1:{port}/v1"))[1]
        assert isinstance(failure, base.Unreachable)
        assert failure.retriable

    def test_of_an_unknown_name_are_unreachable(self, route: Routes) -> None:
        assert isinstance(ask(route(base_url="https://no-such-host.invalid/v1"))[1], base.Unreachable)

    def test_of_a_server_that_hangs_up_without_a_word_are_cuts(self, route: Routes) -> None:
        async def talk() -> base.UpstreamFailure | None:
            server = await asyncio.start_server(lambda _reader, writer: writer.close(), "127.0.0.1", 0)
            port = server.sockets[0].getsockname()[1]
            request = ChatRequest(model="x", messages=[], stream=True)
            async with server:
                return (await _ask(route(base_url=f"http://127.0.0.1:{port}/v1"), request, "x"))[1]

        failure = asyncio.run(talk())
        assert type(failure) is base.Cut
        assert not failure.retriable

    def test_of_silence_before_the_answer_come_in_time(self, route: Routes) -> None:
        assert type(ask(route(first_byte_timeout_seconds=0.3), "fail=hang")[1]) is base.Silent

    def test_of_silence_before_a_whole_answer_come_at_its_deadline(self, route: Routes) -> None:
        slow = route(first_byte_timeout_seconds=0.1, hard_deadline_seconds=0.6)
        assert text_of(ask(slow, "words=2 gap_ms=100", stream=False)[0]) == "word1 word2"
        assert type(ask(slow, "fail=hang", stream=False)[1]) is base.Silent

    def test_of_silence_in_the_answer_come_in_time(self, route: Routes) -> None:
        events, failure = ask(route(idle_timeout_seconds=0.3), "words=9 fail=stall after=2")
        assert text_of(events) == "word1 word2"
        assert type(failure) is base.Silent

    def test_of_an_answer_without_end_come_in_time(self, route: Routes) -> None:
        events, failure = ask(route(hard_deadline_seconds=0.5), "words=2 gap_ms=20 fail=endless")
        assert len(events) > 5
        assert type(failure) is base.Silent

    @pytest.mark.parametrize("fault", ["long_line", "empties", "endless"])
    def test_of_too_much_are_bad_answers(self, route: Routes, fault: str) -> None:
        assert type(ask(route(), f"words=2 fail={fault}")[1]) is base.BadAnswer


class TestClientFor:
    """`providers.client_for`."""

    @pytest.mark.parametrize(
        "url", ["http://127.0.0.1:1/v1", "https://10.0.0.1/v1", "http://example.com/v1", "https://[::1]/v1"]
    )
    def test_refuses_addresses_that_are_never_called(self, route: Routes, url: str) -> None:
        async def make() -> None:
            providers.client_for(route(base_url=url, loopback=False))

        with pytest.raises(AddressRefused):
            asyncio.run(make())

    def test_refuses_a_name_that_leads_inside_when_it_is_dialed(self, route: Routes) -> None:
        failure = ask(route(base_url="https://localhost/v1", loopback=False))[1]
        assert isinstance(failure, base.Unreachable)

    def test_does_not_show_the_secret(self, route: Routes) -> None:
        assert "sk-upstream-secret" not in repr(route())
