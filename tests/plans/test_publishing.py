"""What may be published, and from when on it holds."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Account
from models_catalog import catalog
from models_catalog import shelf as models_shelf
from models_catalog.models import CreditPrice
from plans import offerings
from plans.models import Offering, OfferingItem, OfferingVersion, Subscription
from plans.offerings import refusals
from portal.kit import clock
from tests.plans.cast import Household
from tests.usage.cast import ADDRESSES

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

MONTH = timedelta(days=30)


@pytest.fixture
def models(now: datetime) -> Any:
    """Models that can be called: at 0.3, 1 and 12 credits a token."""
    models_shelf.seed(now=now, addresses=ADDRESSES)
    catalog.forget()
    yield
    catalog.forget()


def terms_of(slug: str, **changed: object) -> dict[str, Any]:
    """What is sold now, but for some columns."""
    version = offerings.current(slug)
    kept = ("name", "name_zh", "price_minor", "currency", "microcredits", "valid_days", "valid_months", "seats")
    return {name: getattr(version, name) for name in kept} | changed


def publish(slug: str, *, now: datetime, wait: timedelta | None = None, **changed: object) -> OfferingVersion:
    offering = Offering.objects.get(slug=slug)
    begins = None if wait is None else now + wait
    return offerings.publish(offering, terms=terms_of(slug, **changed), active_from=begins, now=now)


def subscribe(household: Household, now: datetime, *, slug: str = "starter", **columns: object) -> Subscription:
    """A standing plan of the household."""
    times = {"anchor_at": now, "started_at": now, "period_starts_at": now, "period_ends_at": now + MONTH}
    account = Account.objects.get(pk=household.owner.account_id)
    return Subscription.objects.create(account=account, offering_version=offerings.current(slug), **times | columns)


class TestPublishing:
    def test_begins_at_once_or_when_it_is_told_to(self, now: datetime) -> None:
        publish("starter", now=now, wait=MONTH, price_minor=1290)
        assert offerings.current("starter").price_minor == 990
        coming = offerings.announced(Offering.objects.get(slug="starter"))
        assert [(each.price_minor, each.active_from) for each in coming] == [(1290, now + MONTH)]
        assert CreditPrice.objects.get(slug="starter").price_minor == 990
        publish("starter", now=now, price_minor=890)
        assert offerings.current("starter").price_minor == 890
        assert offerings.announced(Offering.objects.get(slug="starter")) == []

    def test_counts_once_its_moment_has_come(self, now: datetime) -> None:
        version = publish("starter", now=now, wait=timedelta(milliseconds=1), price_minor=1290)
        assert version.active_from
        while clock.now() < version.active_from:
            pass
        assert offerings.current("starter").pk == version.pk

    def test_freezes_the_items_with_the_terms(self, now: datetime) -> None:
        line = OfferingItem(kind="connectivity", name="A line", name_zh="线路", fulfillment="hook")
        offering = Offering.objects.get(slug="business-bundle")
        terms = terms_of("business-bundle")
        version = offerings.publish(offering, terms=terms, items=[line], now=now)
        assert [item.name for item in version.items.all()] == ["A line"]
        with pytest.raises(Exception, match="frozen"):
            version.items.update(name="Another")

    @pytest.mark.parametrize(
        ("refusal", "changed"),
        [
            (refusals.OneLanguage, {"summary": "Good"}),
            (refusals.OneLanguage, {"terms_zh": "条款"}),
            (refusals.OneLanguage, {"features": [{"en": "Fast", "zh": ""}]}),
            (refusals.OneLanguage, {"name": "", "name_zh": ""}),
            (refusals.NoModels, {"model_patterns": ["nothing-*"]}),
            (refusals.TooLargeShares, {"platform_basis_points": 6000, "channel_basis_points": 4001}),
            (refusals.FreeWithoutEnd, {"price_minor": 0}),
            (refusals.NotAPack, {"after_exhaustion": "pack", "exhaustion_pack": "family"}),
            (refusals.NotAPack, {"after_exhaustion": "pack", "exhaustion_pack": "nothing"}),
            (refusals.NotAPack, {"after_exhaustion": "pack", "exhaustion_pack": "pack-small", "currency": "EUR"}),
        ],
    )
    def test_refuses_what_makes_no_sense(self, now: datetime, refusal: Any, changed: dict[str, Any]) -> None:
        with pytest.raises(refusal):
            publish("starter", now=now, **changed)
        assert offerings.current("starter").version == 1

    def test_refuses_a_past_moment_and_the_name_of_a_page(self, now: datetime) -> None:
        with pytest.raises(refusals.BeginsInThePast):
            publish("starter", now=now, wait=-MONTH)
        taken = Offering.objects.create(slug="compare", audience="household", kind="plan")
        with pytest.raises(refusals.NameTaken):
            offerings.publish(taken, terms=terms_of("starter"), now=now)


class TestTheWordTokens:
    WORDS: tuple[dict[str, Any], ...] = (
        {"unit": "tokens"},
        {"name": "10 million tokens", "name_zh": "1000 万"},
        {"summary": "Much", "summary_zh": "千万词元"},
    )

    @pytest.mark.parametrize("changed", WORDS)
    def test_is_refused_without_a_model_at_one_credit(self, now: datetime, models: None, changed: Any) -> None:
        with pytest.raises(refusals.NotTokens):
            publish("starter", now=now, model_patterns=["demo-deep"], **changed)

    @pytest.mark.parametrize("changed", WORDS)
    def test_is_allowed_with_one_in_the_set(self, now: datetime, models: None, changed: Any) -> None:
        assert publish("starter", now=now, model_patterns=["demo-deep", "demo-f*"], **changed).version == 2

    def test_stands_on_the_seeded_plan_only_where_it_may(self, now: datetime, models: None) -> None:
        assert offerings.current("personal-10m").unit == "credits"
        assert not Offering.objects.filter(slug="pack-light").exists()
        offerings.seed(now)
        assert offerings.current("pack-light").model_patterns


class TestNotice:
    DEARER = (
        {"price_minor": 991},
        {"microcredits": 9_999_999 * 10**6},
        {"valid_months": None, "valid_days": 29},
        {"currency": "USD"},
    )

    @pytest.mark.parametrize("changed", DEARER)
    def test_is_owed_to_those_who_use_the_plan(self, household: Household, now: datetime, changed: Any) -> None:
        subscribe(household, now)
        for wait in (None, MONTH - timedelta(seconds=1)):
            with pytest.raises(refusals.DearerTooSoon, match="1 standing plans"):
                publish("starter", now=now, wait=wait, **changed)
        assert publish("starter", now=now, wait=MONTH, **changed).version == 2

    def test_is_not_owed_for_more_or_cheaper_or_to_nobody(self, household: Household, now: datetime) -> None:
        publish("family", now=now, price_minor=3990)
        subscribe(household, now)
        publish("starter", now=now, price_minor=900, microcredits=11 * 10**12)

    def test_is_owed_to_those_who_change_to_the_plan(self, household: Household, now: datetime) -> None:
        subscribe(household, now, slug="family", next_version=offerings.current("starter"))
        with pytest.raises(refusals.DearerTooSoon):
            publish("starter", now=now, price_minor=1000)

    def test_ends_with_the_last_plan(self, household: Household, now: datetime) -> None:
        subscribe(household, now, state="ended", ended_at=now)
        assert publish("starter", now=now, price_minor=1000).version == 2


class TestAffected:
    def test_tells_whom_new_terms_touch(self, household: Household, now: datetime) -> None:
        subscribe(household, now)
        draft = OfferingVersion(offering=Offering.objects.get(slug="starter"), **terms_of("starter", price_minor=1))
        found = offerings.affected_by(draft)
        assert (found.subscriptions, found.orders, found.is_dearer, found.bought_by) == (1, 0, False, ())
        pack = OfferingVersion(offering=Offering.objects.get(slug="pack-small"), **terms_of("pack-small"))
        assert offerings.affected_by(pack).bought_by == ("home-10m",)
