"""Prices at the desk: looked at first, published by the second press as they were looked at, with why."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import AuditEvent, User
from models_catalog import catalog
from models_catalog.models import ChatModel, CreditPrice, Price, VendorPrice
from models_catalog.models.price import RATE_NAMES
from models_catalog.pricing import Usage
from plans.models import Quota
from portal.kit import clock
from tests.plans.ledger import books
from tests.usage import cast
from usage import affected

pytestmark = pytest.mark.django_db
ADD = "/admin/models_catalog/price/add/"
LINES = {f"{lines}-{name}_FORMS": 0 for lines in ("windows", "tiers") for name in ("TOTAL", "INITIAL")}
NIGHT = {
    "windows-TOTAL_FORMS": 5,
    "windows-0-weekdays": ["1", "2"],
    "windows-0-starts_at": "22:00",
    "windows-0-ends_at": "08:00",
    "windows-0-percent": "50",
}
LONG = {"tiers-TOTAL_FORMS": 5, "tiers-1-from_input_tokens": "1000", "tiers-1-out_text": "0.5"}


@pytest.fixture
def home(settings: Settings) -> Iterator[cast.Home]:
    settings.DEMO = True
    yield cast.assemble(now=clock.now())
    catalog.forget()


@pytest.fixture
def desk(home: cast.Home, client: Client) -> Client:
    client.force_login(User.objects.create_superuser("staff@example.com", password="x"))
    return client


def price(**changes: Any) -> dict[str, Any]:
    given = {"chat_model": ChatModel.objects.get(slug="demo-fast").pk, "reason": "cheaper"}
    return given | dict.fromkeys(RATE_NAMES, "0.2") | {"per_request": "0", "cache_read": "0.02"} | LINES | changes


def publish(desk: Client, given: dict[str, Any]) -> Price | None:
    """This will press twice, as a person does."""
    shown = desk.post(ADD, given)
    assert shown.status_code == 200
    seen = shown.context["form"].digest
    if not seen or desk.post(ADD, given | {"seen": seen}).status_code != 302:
        return None
    return Price.objects.filter(base=None).latest("pk")


class TestPublishing:
    def test_shows_first_and_publishes_nothing(self, desk: Client, home: cast.Home) -> None:
        for member in (home.adult, home.child, home.child):
            cast.called(member, used=Usage(in_fresh=9))
        model = ChatModel.objects.get(slug="demo-fast")
        books.quota(home.owner, 5, chat_model=model)
        before = Price.objects.count()
        page = desk.post(ADD, price()).content.decode()
        assert Price.objects.count() == before
        assert "Nothing is published yet" in page
        assert "Please correct" not in page
        for said in ("×0.3", "×0.2", "-33.3", "-93.3", "300 → ", "(<code>fast</code>)", "its margin is not known"):
            assert said in page, said
        for said in (
            "called it within 30 days: 1<",
            "called it within 30 days: 2<",
            "Calls within 30 days: 3<",
            "Open quotas on it: 1<",
        ):
            assert said in page, said

    def test_publishes_what_was_seen(self, desk: Client) -> None:
        row = publish(desk, price(**NIGHT, **LONG))
        assert row is not None
        assert (row.out_text, row.cache_read) == (2 * 10**11, 2 * 10**10)
        assert row.published_at == row.active_from
        night = row.windows.get()
        assert (night.weekdays, night.hours_label, night.out_text) == ([1, 2], "Mon/Tue 22:00–08:00", 10**11)
        [tier], [night_tier] = row.tiers.all(), night.tiers.all()
        assert (tier.from_input_tokens, tier.out_text, tier.in_fresh) == (1_000, 5 * 10**11, 2 * 10**11)
        assert (night_tier.from_input_tokens, night_tier.out_text) == (1_000, 25 * 10**10)
        event = AuditEvent.objects.get(verb="staff.add.price")
        assert (event.reason, event.details["windows"], event.details["tiers"]) == ("cheaper", 1, 1)

    def test_shows_again_what_was_changed_after_the_look(self, desk: Client) -> None:
        seen = desk.post(ADD, price()).context["form"].digest
        before = Price.objects.count()
        for changed in ({"out_text": "0.21"}, LONG, NIGHT, {"is_free": "on"}):
            again = desk.post(ADD, price(**changed) | {"seen": seen})
            assert (again.status_code, Price.objects.count()) == (200, before)
            assert again.context["form"].digest != seen

    @pytest.mark.parametrize(
        ("wrong", "said"),
        [
            (NIGHT | {"windows-0-ends_at": "22:00"}, "Hours need a weekday"),
            (NIGHT | {"windows-0-percent": "-1"}, "look at the lines below"),
            (NIGHT | {"windows-0-starts_at": ""}, "look at the lines below"),
            (LONG | {"tiers-0-from_input_tokens": "1000"}, "begin at 1000 input tokens"),
            (LONG | {"tiers-1-from_input_tokens": "0"}, "look at the lines below"),
            ({"windows-TOTAL_FORMS": "x"}, "look at the lines below"),
            (dict.fromkeys(RATE_NAMES, "0"), "If calls are to be free"),
            ({"out_text": "20"}, "More than 20 times"),
        ],
    )
    def test_refuses_what_cannot_be_meant(self, desk: Client, wrong: dict[str, str], said: str) -> None:
        answer = desk.post(ADD, price(**wrong))
        assert said in answer.content.decode()
        assert answer.context["form"].digest == ""

    def test_asks_for_the_reason_of_a_loss_and_keeps_it(self, desk: Client) -> None:
        model = ChatModel.objects.get(slug="demo-fast")
        now = clock.now()
        VendorPrice.objects.create(
            chat_model=model, active_from=now, noted_at=now, currency="CNY", exchange_rate=1, source="x",
            source_date=now.date(), in_fresh=10**6,
        )  # fmt: skip
        CreditPrice.objects.create(
            slug="plain",
            audience="household",
            name="Plain",
            name_zh="",
            price_minor=1,
            currency="CNY",
            microcredits=10**12,
        )
        assert "below what the model costs us" in desk.post(ADD, price()).content.decode()
        given = price(accepts_loss="A launch.")
        assert "Below cost at plain" in desk.post(ADD, given).content.decode()
        assert publish(desk, given) is not None
        assert AuditEvent.objects.get(verb="staff.add.price").details["accepts_loss"] == "A launch."

    def test_is_never_edited(self, desk: Client) -> None:
        row = publish(desk, price(**LONG))
        assert row is not None
        page = desk.get(f"/admin/models_catalog/price/{row.pk}/change/").content.decode()
        assert "1,000: ×0.2 / ×0.5" in page
        for act in ("change", "delete"):
            assert desk.post(f"/admin/models_catalog/price/{row.pk}/{act}/", price()).status_code == 403


class TestVendorPrices:
    def test_are_noted_in_the_vendors_own_units(self, desk: Client) -> None:
        given = {
            "chat_model": ChatModel.objects.get(slug="demo-fast").pk, "currency": "USD", "exchange_rate": "7.1",
            "active_from_0": "2026-11-01", "active_from_1": "00:00", "source": "https://example.com/prices",
            "source_date": "2026-11-01", "in_fresh": "0.27", "out_text": "1.1", "reason": "the list",
        }  # fmt: skip
        path = "/admin/models_catalog/vendorprice/"
        assert "It is more than nothing" in desk.post(f"{path}add/", given | {"exchange_rate": "0"}).content.decode()
        assert desk.post(f"{path}add/", given).status_code == 302
        row = VendorPrice.objects.get()
        assert (row.in_fresh, row.out_text, row.cache_read, row.noted_by is None) == (270_000, 1_100_000, None, False)
        assert "0.27" in desk.get(f"{path}{row.pk}/change/").content.decode()
        assert desk.post(f"{path}{row.pk}/change/", given).status_code == 403


class TestAffected:
    def test_counts_those_of_the_last_thirty_days_and_open_quotas(self, home: cast.Home) -> None:
        model = ChatModel.objects.get(slug="demo-fast")
        cast.called(home.adult, used=Usage(in_fresh=9))
        books.quota(home.owner, 5, chat_model=model, ended_at=clock.now())
        now = books.move_clock(affected.LATELY * 2)
        assert affected.by_price_of(model, now=now) == affected.Affected(0, 0, 0, 0)
        cast.called(home.child, used=Usage(in_fresh=9))
        cast.called(home.child, used=Usage(in_fresh=9), name="deep")
        assert affected.by_price_of(model, now=clock.now()) == affected.Affected(1, 1, 1, 0)
        assert Quota.objects.count() == 1
