"""The list of models of an upstream: bounded in size and time, and read for what it is."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

import pytest

from models_catalog import providers
from models_catalog.providers import base, model_lists
from models_catalog.providers.base import RouteOffer
from portal.sandbox.upstream_scripts import MODELS

Routes = Callable[..., RouteOffer]


class TestListModels:
    """`client.list_models`."""

    def test_gives_names_and_sizes_as_told(self, route: Routes) -> None:
        listed = asyncio.run(_listed(route()))
        assert [model.name for model in listed] == list(MODELS)
        assert {(model.context_tokens, model.max_output_tokens) for model in listed} == {(32_768, 8192)}

    @pytest.mark.parametrize(
        ("fault", "expected"),
        [
            ("401", base.KeyRejected),
            ("404", base.NotThere),
            ("429", base.Overloaded),
            ("500", base.Failing),
            ("html", base.BadAnswer),
            ("redirect", base.BadAnswer),
            ("json", base.BadAnswer),
            ("gzip", base.BadAnswer),
            ("huge", base.BadAnswer),
        ],
    )
    def test_fails_with_what_it_means(self, route: Routes, fault: str, expected: type[base.UpstreamFailure]) -> None:
        with pytest.raises(base.UpstreamFailure) as failed:
            asyncio.run(_listed(_scripted(route(), f"fail={fault}")))
        assert type(failed.value) is expected

    @pytest.mark.parametrize("fault", ["hang", "drip"])
    def test_ends_in_time_however_slowly_it_comes(self, route: Routes, fault: str) -> None:
        with pytest.raises(base.Silent):
            asyncio.run(_listed(_scripted(route(hard_deadline_seconds=0.5), f"fail={fault},gap_ms=20")))

    def test_needs_somebody_there(self, route: Routes) -> None:
        with pytest.raises(base.Unreachable):
            asyncio.run(_listed(route(base_url="https://no-such-host.invalid/v1")))

    @pytest.mark.parametrize(
        ("said", "names"),
        [
            (b'{"data": [{"id": "a"}, {"id": "a"}, {"id": "b/c:free"}]}', ["a", "b/c:free"]),
            (b'{"data": [{"id": 7}, {}, [], null, {"id": ""}, {"id": " a"}, {"id": "a\\nb"}]}', []),
            (b'{"data": [{"id": "' + b"x" * 161 + b'"}]}', []),
            (b'{"data": [' + b",".join(b'{"id": "m%d"}' % number for number in range(900)) + b"]}", None),
        ],
    )
    def test_keeps_what_can_be_a_name_and_no_more_than_fits(self, said: bytes, names: list[str] | None) -> None:
        found = [model.name for model in model_lists.read(said)]
        assert found == (names if names is not None else [f"m{number}" for number in range(500)])

    @pytest.mark.parametrize("said", [b"", b"[]", b'{"data": {}}', b"\xff", b"[" * 100_000])
    def test_refuses_what_is_no_list(self, said: bytes) -> None:
        with pytest.raises(base.BadAnswer):
            model_lists.read(said)

    @pytest.mark.parametrize("size", ["-1", "0", "1e999", "true", '"8k"', "10000000000"])
    def test_takes_no_size_that_cannot_be(self, size: str) -> None:
        listed = model_lists.read(b'{"data": [{"id": "a", "context_length": ' + size.encode() + b"}]}")
        assert listed[0].context_tokens == 0


async def _listed(route: RouteOffer) -> tuple[base.Listed, ...]:
    try:
        return await providers.client_for(route).list_models()
    finally:
        await providers.close_clients()


def _scripted(route: RouteOffer, script: str) -> RouteOffer:
    return replace(route, base_url=route.base_url.replace("/v1", f"/script:{script}/v1"))
