"""The shelf and its frozen terms."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, InternalError, transaction
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import AuditEvent, User
from models_catalog.models import CreditPrice
from plans import offerings, tasks
from plans.models import Offering, OfferingVersion, Order, Payment
from portal.sandbox.operator import Operator
from tests.plans.cast import ASKED_PHONE, Household, order_of, scripted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

SHANGHAI = ZoneInfo("Asia/Shanghai")


class TestSeeding:
    def test_fills_the_shelf_once(self, now: datetime) -> None:
        offerings.seed(now)
        shown = {v.offering.slug: (v.price_minor, v.microcredits // 10**6) for v in OfferingVersion.objects.current()}
        assert shown["starter"] == (990, 10_000_000)
        assert shown["business-bundle"] == (3990, 40_000_000)
        assert (shown["pack-small"], shown["pack-large"]) == ((100, 250_000), (100, 400_000))
        assert OfferingVersion.objects.count() == len(shown)


class TestCreditPrices:
    """What the catalog knows of the shelf."""

    def test_stand_for_all_that_everybody_can_buy(self) -> None:
        usual = OfferingVersion.objects.current().filter(price_minor__gt=0, is_for_new=False)
        for version in usual:
            row = CreditPrice.objects.get(slug=version.offering.slug)
            assert (row.price_minor, row.microcredits, row.name_zh) == (
                version.price_minor, version.microcredits, version.name_zh,
            )  # fmt: skip
            assert (row.audience, row.position) == (version.offering.audience, version.offering.position)
        assert CreditPrice.objects.count() == usual.count() < Offering.objects.on_sale().count()

    def test_follow_new_terms(self, now: datetime) -> None:
        old = offerings.current("starter")
        terms = {"name": "Starter", "name_zh": "入门", "price_minor": 1290, "currency": "CNY"}
        offerings.publish(old.offering, terms=terms | {"microcredits": 5 * 10**12, "valid_months": 1}, now=now)
        row = CreditPrice.objects.get(slug="starter")
        assert (row.price_minor, row.microcredits) == (1290, 5 * 10**12)

    def test_are_mended_where_they_differ(self, now: datetime) -> None:
        assert tasks.tell_credit_prices() == 0
        CreditPrice.objects.filter(slug="starter").update(price_minor=1)
        CreditPrice.objects.filter(slug="pack-small").delete()
        CreditPrice.objects.create(
            slug="old", audience="household", name="Old", name_zh="旧", price_minor=1, currency="CNY", microcredits=1
        )
        assert tasks.tell_credit_prices() == 3
        self.test_stand_for_all_that_everybody_can_buy()

    def test_lose_what_staff_withdraws(self, now: datetime, client: Client, settings: Settings) -> None:
        settings.DEMO = True
        client.force_login(User.objects.create_superuser("staff@example.com", password="x"))
        offering = Offering.objects.get(slug="starter")
        given = {"slug": "starter", "audience": "household", "kind": "plan", "position": 1, "reason": "over"}
        given |= {"withdrawn_at_0": "2026-01-01", "withdrawn_at_1": "00:00"}
        assert client.post(f"/admin/plans/offering/{offering.pk}/change/", given).status_code == 302
        assert not CreditPrice.objects.filter(slug="starter").exists()


class TestFrozenTerms:
    def test_refuse_to_change_or_to_go(self) -> None:
        version = OfferingVersion.objects.filter(offering__slug="starter")
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            version.update(price_minor=1)
        with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
            version.delete()

    def test_let_newer_terms_take_over_while_orders_keep_theirs(
        self, household: Household, operator: Operator, now: datetime
    ) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        old = offerings.current("starter")
        terms = {"name": "Starter", "name_zh": "入门", "price_minor": 1290, "currency": "CNY"}
        terms |= {"microcredits": 5 * 10**12, "valid_months": 1}
        published = offerings.publish(old.offering, terms=terms, now=now)
        assert (published.version, offerings.current("starter").price_minor) == (2, 1290)
        order.refresh_from_db()
        assert (order.price_minor, order.offering_version_id) == (990, old.pk)

    def test_keep_the_figures_of_an_order(self, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=scripted("00"))
        for change in ({"price_minor": 1}, {"microcredits": 1}, {"state": "placed", "paid_at": None}):
            with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
                Order.objects.filter(pk=order.pk).update(**change)


class TestEnds:
    def test_keep_the_day_of_the_month_by_the_clock_of_the_account(self) -> None:
        start = datetime(2027, 1, 30, 20, 0, tzinfo=UTC).astimezone(SHANGHAI)  # the 31st in Shanghai
        ends_at = offerings.ends_at(offerings.current("starter"), start=start)
        assert ends_at == datetime(2027, 2, 28, 4, 0, tzinfo=SHANGHAI)

    def test_count_days_for_a_pack(self, now: datetime) -> None:
        assert (offerings.ends_at(offerings.current("pack-small"), start=now) - now).days == 90


class TestAdmin:
    @pytest.fixture
    def desk(self, settings: Any, client: Client) -> Client:
        settings.DEMO = True
        client.force_login(User.objects.create_superuser("staff@example.com"))
        return client

    def test_opens_every_list(self, desk: Client, household: Household, operator: Operator) -> None:
        order_of(household.owner, phone=scripted("00"))
        names = (
            "offering",
            "offeringversion",
            "order",
            "payment",
            "offeruse",
            "fulfillment",
            "lot",
            "journal",
            "wallet",
            "hold",
            "quota",
        )
        for name in names:
            assert desk.get(f"/admin/plans/{name}/").status_code == 200, name

    def filled_in(self, desk: Client, **changed: object) -> dict[str, Any]:
        """What the browser sends of the form for new terms of the starter plan."""
        form = desk.get("/admin/plans/offeringversion/add/").context["adminform"].form
        lines = form.items
        sent = {field.html_name: field.value() for part in (form, lines.management_form) for field in part}
        sent = {name: value for name, value in sent.items() if value is not None and value is not False}
        starter = Offering.objects.get(slug="starter")
        own = {"offering": starter.pk, "name": "Starter", "name_zh": "入门", "price": "12.90", "credits": 10**7}
        own |= {"valid_months": 1, "seats": 2, "features_en": "Two people", "features_zh": "两个人"}
        own |= {"tax": "6", "platform": "10", "channel": "5", "reason": "new year"}
        return sent | own | changed

    def test_publishes_terms_with_a_reason_once_they_were_looked_at(self, desk: Client) -> None:
        item = {
            "items-0-kind": "service",
            "items-0-name": "Help",
            "items-0-name_zh": "帮助",
            "items-0-fulfillment": "hook",
        }
        sent = self.filled_in(desk, **item)
        looked = desk.post("/admin/plans/offeringversion/add/", sent)
        page = looked.content.decode()
        assert looked.status_code == 200
        assert "Whom this touches" in page, looked.context["adminform"].form.errors
        assert "cost more" in page
        assert offerings.current("starter").version == 1
        sent["seen"] = looked.context["form"].digest
        changed = desk.post("/admin/plans/offeringversion/add/", sent | {"price": "11.90"})
        assert changed.status_code == 200
        answer = desk.post("/admin/plans/offeringversion/add/", sent)
        assert answer.status_code == 302, answer.context["errors"]
        now_sold = offerings.current("starter")
        assert (now_sold.price_minor, now_sold.microcredits, now_sold.tax_basis_points) == (1290, 10**13, 600)
        assert now_sold.features == [{"en": "Two people", "zh": "两个人"}]
        assert [(part.name, part.fulfillment) for part in now_sold.items.all()] == [("Help", "hook")]
        assert AuditEvent.objects.get(verb="offering.publish").reason == "new year"
        assert desk.get(f"/admin/plans/offeringversion/{now_sold.pk}/change/").status_code == 200

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"unit": "tokens"}, "may not say"),
            ({"model_patterns": "nothing-*"}, "No published model fits"),
            ({"summary": "Good"}, "in one language only"),
            ({"credits_a_unit": "100"}, "Only points"),
            ({"after_exhaustion": "pack"}, "Name a pack"),
            ({"most_per_days": "3"}, "within these days"),
            ({"platform": "60", "channel": "50"}, "more than all that is earned"),
        ],
    )
    def test_says_why_terms_may_not_be_published(self, desk: Client, changed: dict[str, str], words: str) -> None:
        page = desk.post("/admin/plans/offeringversion/add/", self.filled_in(desk, **changed)).content.decode()
        assert words in page
        assert OfferingVersion.objects.filter(offering__slug="starter").count() == 1

    def test_asks_the_operator_with_a_reason(self, desk: Client, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=ASKED_PHONE)
        next(iter(operator.charges.values())).decide("succeeded")
        sent = {"action": "check_with_operator", "_selected_action": str(order.payments.get().pk)}
        desk.post("/admin/plans/payment/", sent)
        assert Payment.objects.get().state == "processing"
        desk.post("/admin/plans/payment/", sent | {"reason": "customer called"})
        assert Payment.objects.get().state == "succeeded"
        assert AuditEvent.objects.get(verb="payment.check").reason == "customer called"

    def test_changes_no_record(self, desk: Client, household: Household, operator: Operator) -> None:
        order = order_of(household.owner, phone=scripted("00"))
        for url in (
            f"/admin/plans/order/{order.pk}/change/",
            f"/admin/plans/payment/{order.payments.get().pk}/change/",
        ):
            assert desk.get(url).status_code == 200
            assert desk.post(url, {"state": "placed"}).status_code == 403
