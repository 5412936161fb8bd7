"""A first talk with an upstream over real HTTP: what is said of each fault, in time, and never with the key."""

import logging
import socket
import time

import pytest
from pytest_django.fixtures import Settings

from models_catalog import probes
from models_catalog.probes import Endpoint, Probed
from models_catalog.providers.base import BadAnswer, KeyRejected, Listed, Silent, Unreachable
from portal.kit import egress

KEY = "sk-only-this-one"


@pytest.fixture(autouse=True)
def _open(settings: Settings) -> None:
    """This machine may be called."""
    settings.EGRESS_LOOPBACK = True


def endpoint(url: str, *, script: str = "", secret: str = KEY) -> Endpoint:
    """Where the scripted upstream plays `script`."""
    base = url.replace("/v1", f"/script:{script}/v1") if script else url
    return Endpoint(base, "openai_compatible", secret, is_private=False)


class TestProbe:
    """`probes.probe`."""

    def test_lists_models_and_calls_one(self, upstream_url: str) -> None:
        probed = probes.probe(endpoint(upstream_url, script=f"key={KEY},words=3"))
        assert probed.listed[0].name == probed.called == "demo-everyday"
        assert (probed.words, probed.output_tokens) == ("word1 word2 word3", 3)
        assert probed.input_tokens > 0
        assert probed.is_sound

    def test_calls_the_model_that_is_named(self, upstream_url: str) -> None:
        assert probes.probe(endpoint(upstream_url), model_name="demo-deep").called == "demo-deep"

    @pytest.mark.parametrize(
        ("script", "failure"),
        [
            ("key=another", KeyRejected),
            ("fail=html", BadAnswer),
            ("fail=garbage", BadAnswer),
            ("fail=redirect", BadAnswer),
        ],
    )
    def test_says_what_is_wrong(self, upstream_url: str, script: str, failure: type[Exception]) -> None:
        probed = probes.probe(endpoint(upstream_url, script=script), model_name="x")
        assert type(probed.failure) is failure
        assert not probed.is_sound

    def test_is_content_with_a_call_where_nothing_is_listed(self, upstream_url: str) -> None:
        probed = probes.probe(endpoint(upstream_url, script="fail=huge,words=2"), model_name="hidden")
        assert (probed.listed, probed.words, probed.is_sound) == ((), "word1 word2", True)

    def test_knows_a_wrong_key_where_the_list_is_open(self) -> None:
        refused = Probed(listed=(Listed("a"),), called="a", call_failure=KeyRejected())
        assert not refused.is_sound

    def test_ends_in_time(self, upstream_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(probes, "WHOLE_SECONDS", 0.5)
        began = time.monotonic()
        probed = probes.probe(endpoint(upstream_url, script="fail=drip"), model_name="x")
        assert type(probed.failure) is Silent
        assert time.monotonic() - began < 5

    def test_finds_nobody(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        assert type(probes.probe(endpoint(f"http://127.0.0.1:{port}/v1")).failure) is Unreachable

    def test_refuses_an_address_inside_before_anything_is_sent(self, settings: Settings, upstream_url: str) -> None:
        settings.EGRESS_LOOPBACK = False
        with pytest.raises(egress.AddressRefused):
            probes.probe(endpoint(upstream_url))

    def test_never_writes_the_key_down(self, upstream_url: str, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        asked = [endpoint(upstream_url, script=script) for script in ("", "key=another", "fail=html", "fail=500")]
        for one in (*asked, endpoint("http://127.0.0.1:9/v1")):
            assert KEY not in repr(probes.probe(one))
        assert KEY not in repr(endpoint(upstream_url))
        assert KEY not in caplog.text

    def test_does_not_quote_a_key_that_is_said_back(self, upstream_url: str) -> None:
        echoed = Endpoint(upstream_url, "openai_compatible", "word1", is_private=False)
        probed = probes.probe(echoed, model_name="script:words=2")
        assert probed.words == "… word2"

    @pytest.mark.parametrize("odd", ["\x00", "\x1b", "\u202e"])
    def test_quotes_only_what_can_be_shown(self, upstream_url: str, odd: str) -> None:
        echoed = Endpoint(upstream_url, "openai_compatible", "ab", is_private=False)
        probed = probes.probe(echoed, model_name=f"script:words=1,backwards=b{odd}a")
        assert probed.words == "word1 …"
