"""Connecting a vendor: what is tested, found, proposed and published, over real HTTP to a scripted upstream."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from pytest_django.fixtures import Settings

from models_catalog import (
    catalog,
    connecting,
    margins,
    price_terms,
    prices,
    providers,
    upstreams,
)
from models_catalog.connecting import NewModel, NotConnectable, Terms, Wish
from models_catalog.models import ChatModel, Price, Route, State, Upstream, Vendor, VendorPrice
from models_catalog.pricing import Rates
from models_catalog.probes import Probed
from models_catalog.providers.base import ChatRequest, Chunk, Listed
from portal.kit import clock
from tests import kept
from tests.models_catalog import famous
from tests.models_catalog.test_catalog import HERE
from tests.models_catalog.test_publishing import WHOLE

pytestmark = pytest.mark.django_db
KEY = "sk-only-this-one"
PER_CREDIT = 10**12


@pytest.fixture(autouse=True)
def _shelf(settings: Settings) -> Iterator[None]:
    """The demo's catalog, freshly read; this machine may be called."""
    settings.EGRESS_LOOPBACK = True
    kept.catalog(now=clock.now(), addresses=HERE)
    famous.announce()
    catalog.forget()
    yield
    catalog.forget()


@pytest.fixture
def upstream() -> Upstream:
    """One that was just kept, with three models of different fame."""
    kept = Upstream(name="New vendor", base_url="http://127.0.0.1:9/v1", vendor=Vendor.objects.get(slug="openai"))
    listed = (Listed("gpt-4o"), Listed("Qwen/Qwen3-Coder-480B-A35B", 262_144, 65_536), Listed("brand-new"))
    return connecting.keep(kept, secret=KEY, probed=Probed(listed=listed), words="3", now=clock.now())


def wish(name: str, **facts: object) -> Wish:
    """A wish for a model of the catalog, with a price."""
    return Wish(**{"upstream_model": name, "slug": name, "rates": Rates(in_fresh=1, out_text=2)} | facts)  # type: ignore[arg-type] # facts of a test


class TestKeep:
    """`connecting.keep`."""

    def test_stores_it_out_of_service_with_its_key_sealed(self, upstream: Upstream) -> None:
        assert (upstream.slug, upstream.disabled_at is None) == ("new-vendor", False)
        kept = Upstream.objects.get(pk=upstream.pk)
        assert upstreams.open_secret(kept) == KEY
        assert KEY.encode() not in bytes(kept.sealed_secret)
        assert kept.found_models.count() == 3
        assert kept.test_found == "3"

    def test_finds_another_id_for_a_namesake(self, upstream: Upstream) -> None:
        twin = Upstream(name="New vendor", base_url="http://127.0.0.1:9/v1")
        nameless = Upstream(name="新厂商", base_url="https://api.example.com/v1")
        for one in (twin, nameless):
            connecting.keep(one, secret="", probed=Probed(), words="", now=clock.now())
        assert (twin.slug, nameless.slug) == ("new-vendor-2", "api-example-com")

    @pytest.mark.parametrize(
        ("name", "address", "slugs"),
        [
            ("A" * 39 + " b", "https://x.example/v1", ["a" * 39, "a" * 39 + "-2"]),
            ("模型", "https://例子.测试/v1", ["upstream", "upstream-2"]),
            ("-", "https://-/v1", ["upstream", "upstream-2"]),
            ("many", "https://x.example/v1", ["many", *(f"many-{number}" for number in range(2, 102))]),
        ],
    )
    def test_always_finds_an_id(self, name: str, address: str, slugs: list[str]) -> None:
        for slug in slugs[:-1]:
            Upstream.objects.create(name="x", slug=slug, base_url="https://x.example/v1")
        one = Upstream(name=name, base_url=address)
        assert connecting.keep(one, secret="", probed=Probed(), words="", now=clock.now()).slug == slugs[-1]

    def test_writes_only_what_was_typed(self, upstream: Upstream) -> None:
        before = connecting.standing_of(upstream)
        Upstream.objects.filter(pk=upstream.pk).update(concurrency=3, disabled_at=None)
        upstream.name = "Another name"
        connecting.keep(upstream, before=before, secret="", probed=Probed(), words="", now=clock.now())
        kept = Upstream.objects.get(pk=upstream.pk)
        assert (kept.name, kept.concurrency, kept.disabled_at) == ("Another name", 3, None)

    @pytest.mark.parametrize(
        "moved", [{"base_url": "https://other.example/v1"}, {"sealed_secret": b"x"}, {"may_be_private": True}]
    )
    def test_writes_nothing_over_what_was_not_tested(self, upstream: Upstream, moved: dict[str, object]) -> None:
        before = connecting.standing_of(upstream)
        Upstream.objects.filter(pk=upstream.pk).update(**moved)
        with pytest.raises(connecting.Moved):
            connecting.keep(upstream, before=before, secret="sk-2", probed=Probed(), words="", now=clock.now())
        assert Upstream.objects.filter(pk=upstream.pk, **moved).exists()

    def test_replaces_the_key_and_what_was_found(self, upstream: Upstream) -> None:
        standing = connecting.standing_of(upstream)
        before = standing.sealed_secret
        again = Probed(listed=(Listed("gpt-4o", 128_000),))
        connecting.keep(upstream, before=standing, secret="sk-second", probed=again, words="1", now=clock.now())
        kept = Upstream.objects.get(pk=upstream.pk)
        assert upstreams.open_secret(kept) == "sk-second"
        assert bytes(kept.sealed_secret) != before
        assert [(one.upstream_model, one.context_tokens) for one in kept.found_models.all()] == [("gpt-4o", 128_000)]

    def test_keeps_the_key_and_adds_what_was_called(self, upstream: Upstream) -> None:
        before, probed = connecting.standing_of(upstream), Probed(called="unlisted")
        connecting.keep(upstream, before=before, secret="", probed=probed, words="", now=clock.now())
        assert upstreams.open_secret(Upstream.objects.get(pk=upstream.pk)) == KEY
        assert upstream.found_models.filter(upstream_model="unlisted").exists()

    def test_seals_a_key_to_its_row(self, upstream: Upstream) -> None:
        other = Upstream.objects.get(slug="sandbox")
        Upstream.objects.filter(pk=other.pk).update(sealed_secret=upstream.sealed_secret)
        other.refresh_from_db()
        with pytest.raises(upstreams.UnreadableSecret) as unreadable:
            upstreams.open_secret(other)
        assert KEY not in repr(unreadable.value)


class TestFind:
    """`connecting.find`."""

    def test_matches_by_id_by_bare_name_and_not_at_all(self, upstream: Upstream) -> None:
        found = {match.found.upstream_model: match.chat_model for match in connecting.find(upstream)}
        slugs = {name: model.slug if model else None for name, model in found.items()}
        assert slugs == {
            "gpt-4o": "gpt-4o",
            "Qwen/Qwen3-Coder-480B-A35B": "qwen3-coder-480b-a35b",
            "brand-new": None,
        }

    def test_follows_a_route_that_is_there(self, upstream: Upstream) -> None:
        model = ChatModel.objects.get(slug="kimi-k2")
        Route.objects.create(
            chat_model=model, upstream=Upstream.objects.get(slug="sandbox"), upstream_model="brand-new"
        )
        [match] = [each for each in connecting.find(upstream) if each.found.upstream_model == "brand-new"]
        assert (match.chat_model, match.is_connected) == (model, False)
        Route.objects.create(chat_model=model, upstream=upstream, upstream_model="brand-new")
        [match] = [each for each in connecting.find(upstream) if each.found.upstream_model == "brand-new"]
        assert match.is_connected

    def test_does_not_guess_between_two(self, upstream: Upstream) -> None:
        ChatModel.objects.filter(slug="kimi-k2").update(name="Qwen3 Coder 480B A35B")
        found = {match.found.upstream_model: match.chat_model for match in connecting.find(upstream)}
        assert found["Qwen/Qwen3-Coder-480B-A35B"] is None


class TestConnect:
    """`connecting.connect`."""

    def test_makes_models_callable_at_once(self, upstream: Upstream, upstream_url: str) -> None:
        Upstream.objects.filter(pk=upstream.pk).update(base_url=f"{upstream_url[:-3]}/script:key={KEY},words=2/v1")
        new = NewModel("Brand New", Vendor.objects.get(slug="openai"), 32_768, 4096)
        wishes = [wish("gpt-4o"), wish("brand-new", slug="new-one", new=new)]
        published = connecting.connect(upstream, wishes, card=WHOLE, terms=None, by=7, now=clock.now())
        assert [model.slug for model in published] == ["gpt-4o", "new-one"]
        catalog.forget()
        offer = catalog.offer("new-one")
        assert (offer.rates.in_fresh, offer.rates.out_text, offer.context_tokens) == (1, 2, 32_768)
        assert offer.routes[0].upstream_model == "brand-new"
        assert called(offer) == "word1 word2"

    def test_fills_in_the_card_and_changes_nothing_that_is_said(self, upstream: Upstream) -> None:
        ChatModel.objects.filter(slug="gpt-4o").update(contract="Their own")
        [model] = connecting.connect(upstream, [wish("gpt-4o")], card=WHOLE, terms=None, by=None, now=clock.now())
        assert (model.contract, model.retention, model.state) == ("Their own", "thirty_days", State.AVAILABLE)

    def test_fills_in_the_sizes_of_a_known_model(self, upstream: Upstream) -> None:
        ChatModel.objects.filter(slug="gpt-4o").update(context_tokens=0, max_output_tokens=0)
        sized = wish("gpt-4o", sizes={"context_tokens": 9000, "max_output_tokens": 900})
        [model] = connecting.connect(upstream, [sized], card=WHOLE, terms=None, by=None, now=clock.now())
        assert (model.context_tokens, model.max_output_tokens) == (9000, 900)

    def test_lets_no_answer_be_longer_than_the_context(self, upstream: Upstream) -> None:
        ChatModel.objects.filter(slug="gpt-4o").update(context_tokens=8000, max_output_tokens=0)
        sized = wish("gpt-4o", sizes={"context_tokens": 9000, "max_output_tokens": 9000})
        [model] = connecting.connect(upstream, [sized], card=WHOLE, terms=None, by=None, now=clock.now())
        assert (model.context_tokens, model.max_output_tokens) == (8000, 8000)

    def test_does_nothing_of_what_cannot_be_done_whole(self, upstream: Upstream) -> None:
        before = Price.objects.count()
        wishes = [wish("gpt-4o"), wish("kimi-k2", rates=None)]
        with pytest.raises(NotConnectable) as refused:
            connecting.connect(upstream, wishes, card=WHOLE, terms=None, by=None, now=clock.now())
        assert {name: type(why) for name, why in refused.value.reasons.items()} == {"kimi-k2": connecting.NoPrice}
        assert Price.objects.count() == before
        assert not Route.objects.filter(upstream=upstream).exists()
        assert Upstream.objects.get(pk=upstream.pk).disabled_at is not None
        assert ChatModel.objects.get(slug="gpt-4o").state == State.ANNOUNCED

    def test_says_of_each_why_not(self, upstream: Upstream) -> None:
        prices.hold_back(is_wrong=True, now=clock.now())
        card = {**WHOLE, "contract": ""}
        wishes = [wish("gpt-4o"), wish("demo-fast", rates=None), wish("kimi-k2")]
        with pytest.raises(NotConnectable) as refused:
            connecting.connect(upstream, wishes, card=card, terms=None, by=None, now=clock.now())
        assert {type(why) for why in refused.value.reasons.values()} == {prices.HeldBack}
        assert set(refused.value.reasons) == {"gpt-4o", "kimi-k2"}

    def test_keeps_the_price_of_a_model_that_has_one(self, upstream: Upstream) -> None:
        before = Price.objects.count()
        connecting.connect(upstream, [wish("demo-fast", rates=None)], card=WHOLE, terms=None, by=None, now=clock.now())
        assert Price.objects.count() == before
        assert Route.objects.filter(upstream=upstream, chat_model__slug="demo-fast").exists()

    def test_holds_a_price_that_stays_against_what_the_upstream_charges(self, upstream: Upstream) -> None:
        kept.offerings(now=clock.now())
        terms = Terms("USD", Decimal("7.2"), "contract 17", date(2026, 11, 1))
        costly = wish("demo-fast", rates=None, cost={"in_fresh": 10_000_000, "out_text": 10_000_000})
        asked = partial(connecting.connect, upstream, card=WHOLE, terms=terms, by=None, now=clock.now())
        with pytest.raises(NotConnectable) as refused:
            asked([costly])
        assert {type(why) for why in refused.value.reasons.values()} == {margins.BelowCost}
        assert asked([replace(costly, said=price_terms.Terms(accepts_loss="a year of trial"))])

    def test_notes_what_the_upstream_charges(self, upstream: Upstream) -> None:
        terms = Terms("USD", Decimal("7.2"), "contract 17", date(2026, 11, 1))
        costly = wish("gpt-4o", cost={"in_fresh": 2_500_000, "out_text": 10_000_000})
        connecting.connect(upstream, [costly], card=WHOLE, terms=terms, by=7, now=clock.now())
        noted = VendorPrice.objects.get(upstream=upstream)
        assert (noted.in_fresh, noted.cache_read, noted.out_text) == (2_500_000, None, 10_000_000)
        assert (noted.currency, noted.exchange_rate, noted.noted_by) == ("USD", Decimal("7.2"), 7)

    def test_opens_a_route_that_was_closed(self, upstream: Upstream) -> None:
        model = ChatModel.objects.get(slug="gpt-4o")
        Route.objects.create(chat_model=model, upstream=upstream, upstream_model="gpt-4o", disabled_at=clock.now())
        connecting.connect(upstream, [wish("gpt-4o")], card=WHOLE, terms=None, by=None, now=clock.now())
        assert Route.objects.get(upstream=upstream).disabled_at is None


def called(offer: catalog.Offer) -> str:
    """What the model answers, over HTTP."""

    async def ask() -> str:
        request = ChatRequest(model=offer.slug, messages=[{"role": "user", "content": "Hello"}], stream=True)
        try:
            stream = providers.client_for(offer.routes[0]).stream(request, call_id="x", output_limit=50)
            return "".join([event.text async for event in stream if isinstance(event, Chunk)])
        finally:
            await providers.close_clients()

    return asyncio.run(ask())
