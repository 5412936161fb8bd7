"""Audits: everything or what moved, what they keep, and what a wrong book stops."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from accounts.models import User
from models_catalog import catalog, prices, pricing
from models_catalog.models import ChatModel, Price, Route
from models_catalog.price_terms import Terms as PriceTerms
from models_catalog.pricing import Usage
from plans import quotas
from plans.models import Lot
from plans.quotas import Terms
from portal.kit import clock
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage import audits
from usage.calls.endings import Charge, Ending, Try
from usage.models import AuditRun, How

pytestmark = pytest.mark.django_db
FREE = PriceTerms(is_free=True)
WRONG = "UPDATE plans_lot SET available = available - 1, spent = spent + 1 WHERE account_id = %s"


def used(home: Home, times: int = 2) -> None:
    for _ in range(times):
        cast.called(home.owner, used=Usage(in_fresh=11, out_text=90))


class TestRecent:
    def test_looks_at_everything_first_and_then_at_what_moved(self, home: Home) -> None:
        used(home)
        first = audits.audit_recent()
        assert (first.is_full, first.is_clean) == (True, True)
        for _ in range(3):
            books.move_clock(timedelta(minutes=5))
            used(home)
            run = audits.audit_recent()
            assert (run.is_full, run.is_clean) == (False, True), run.found

    def test_finds_what_was_changed_and_looks_at_everything_then(self, home: Home) -> None:
        used(home)
        audits.audit_recent()
        books.move_clock(timedelta(minutes=5))
        used(home)
        with books.corrupting():
            books.run(WRONG, home.owner.account_id)
        run = audits.audit_recent()
        assert run.is_full
        assert "I3 lot differs from the books" in {found["kind"] for found in run.found}
        recent = AuditRun.objects.get(is_full=False)
        assert not recent.is_clean

    def test_is_not_misled_by_what_was_not_visible_in_time(self, home: Home) -> None:
        """A transaction that commits late is missing in what is remembered; the full audit finds nothing wrong."""
        used(home)
        audits.audit_recent()
        books.move_clock(timedelta(minutes=5))
        used(home)
        audits.audit_recent()
        with books.owner():
            books.run("UPDATE plans_lotcheck SET spent = spent - 1, left_over = left_over + 1")
        books.move_clock(timedelta(minutes=5))
        used(home)
        run = audits.audit_recent()
        assert (run.is_full, run.is_clean) == (True, True)
        books.move_clock(timedelta(minutes=5))
        used(home)
        assert not audits.audit_recent().is_full

    def test_recomputes_the_charge_of_each_call_that_ended(self, home: Home) -> None:
        audits.audit_recent()
        books.move_clock(timedelta(minutes=5))
        call = cast.called(home.owner, used=Usage(in_fresh=11, out_text=90), held=10**9)
        with books.corrupting():
            books.run("UPDATE usage_call SET out_text = out_text + 1 WHERE id = %s", call.pk)
        found = [each["kind"] for each in audits.audit_recent().found]
        assert found == ["charge_not_cost"]


@pytest.mark.django_db(transaction=True)
class TestAlone:
    def test_waits_for_another_audit_and_goes_on_from_its_end(self) -> None:
        first = audits.audit_all()
        with books.another_connection(autocommit=True) as other, ThreadPoolExecutor(1) as pool:
            other.execute("SELECT pg_advisory_lock(hashtext('ciyuan audit'))")
            second = pool.submit(audit_in_thread)
            with pytest.raises(TimeoutError):
                second.result(0.5)
            other.execute("SELECT pg_advisory_unlock(hashtext('ciyuan audit'))")
            assert second.result(30).looked_from == first.looked_until


def audit_in_thread() -> AuditRun:
    try:
        return audits.audit_recent()
    finally:
        connection.close()


class TestQuota:
    def test_agrees_with_the_calls_of_its_own_time(self, home: Home) -> None:
        account, now = home.owner.account, clock.now()
        where: dict[str, Any] = {
            "node_kind": "account",
            "node_id": account.pk,
            "terms": Terms(window="month", limit=10**12),
        }
        for _ in range(2):
            used(home)
            quota = quotas.put(account, **where, by=None, now=now)
            used(home)
            quotas.end(quota, by=None, now=now)
        used(home)
        assert books.all_kinds() == set()


class TestRed:
    def test_stops_prices_until_the_books_are_right(self, home: Home) -> None:
        with books.corrupting():
            books.run(WRONG, home.owner.account_id)
        assert not audits.audit_all().is_clean
        model, now = ChatModel.objects.earliest("pk"), clock.now()
        with pytest.raises(prices.HeldBack):
            prices.publish(model, rates=Price().rates, active_from=now, by=None, now=now, terms=FREE)
        with books.corrupting():
            books.run(WRONG.replace("- 1", "+ 1", 1).replace("+ 1 WHERE", "- 1 WHERE"), home.owner.account_id)
        assert audits.audit_all().is_clean
        assert prices.publish(model, rates=Price().rates, active_from=now, by=None, now=now, terms=FREE).pk

    def test_is_shown_when_nobody_audits_any_more(self, home: Home, client: Client, settings: Settings) -> None:
        settings.DEMO = True
        client.force_login(User.objects.create_superuser("staff@example.com", password="a long pass phrase"))
        audits.audit_all()
        books.move_clock(audits.LONGEST_PAUSE - timedelta(minutes=1))
        assert "The books are in order." in client.get("/admin/").content.decode()
        books.move_clock(timedelta(minutes=1))
        page = client.get("/admin/").content.decode()
        assert "nobody audits them any more" in page
        assert 'class="strip red"' in page

    def test_is_shown_on_every_page_of_admin(self, home: Home, client: Client, settings: Settings) -> None:
        settings.DEMO = True
        client.force_login(User.objects.create_superuser("staff@example.com", password="a long pass phrase"))
        assert "The books are in order" not in client.get("/admin/").content.decode()
        audits.audit_all()
        assert "The books are in order" in client.get("/admin/").content.decode()
        with books.corrupting():
            books.run(WRONG, home.owner.account_id)
        run = audits.audit_all()
        page = client.get("/admin/plans/lot/").content.decode()
        assert f"The books are wrong: {run.violations} violations" in page
        assert f"/admin/usage/auditrun/{run.pk}/change/" in page
        found = client.get(f"/admin/usage/auditrun/{run.pk}/change/").content.decode()
        assert "I3 lot differs from the books" in found
        assert reverse("admin:plans_lot_change", args=[Lot.objects.get(account=home.owner.account).pk]) in found


class TestAlarms:
    def test_name_a_vendor_that_counts_half_more_than_was_set_aside(self, home: Home) -> None:
        for times in range(1, 6):
            cast.called(home.owner, used=Usage(out_text=100), how=How.USAGE_CAPPED, held=cost_of(100) // 2)
            run = audits.audit_recent()
            assert run.is_clean
            assert bool(run.alarms) == (times == 5)
        assert [(alarm["kind"], alarm["subject"]) for alarm in run.alarms] == [("variance", catalog.offer("fast").slug)]

    def test_leave_a_small_variance_alone(self, home: Home) -> None:
        for _ in range(6):
            cast.called(home.owner, used=Usage(out_text=100), how=How.USAGE_CAPPED, held=cost_of(100) * 3 // 4)
        assert audits.alarms() == []

    def test_name_a_vendor_that_does_not_count_until_a_day_has_passed(self, home: Home) -> None:
        for _ in range(5):
            cast.called(home.owner, used=Usage(out_text=100), how=How.ESTIMATE)
        assert [alarm.kind for alarm in audits.alarms()] == ["uncounted"]
        books.move_clock(timedelta(days=1, minutes=1))
        assert audits.alarms() == []

    @pytest.mark.parametrize(("total", "rung"), [(12, ["sum_differs"]), (11, []), ("twelve", [])])
    def test_name_a_vendor_whose_sum_is_not_that_of_its_classes(
        self, home: Home, total: object, rung: list[str]
    ) -> None:
        used, now, route = Usage(in_fresh=1, out_text=10), time.monotonic(), Route.objects.earliest("pk")
        offer = cast.offer_of("fast")
        for _ in range(5):
            asked = books.ask(home.owner, 10**9, chat_model_id=offer.chat_model_id, price_id=offer.price_id)
            books.reserve(asked)
            tried = Try(route.pk, "ok", now, now, now, {"total_tokens": total})
            charge = Charge(used, pricing.cost(used, offer.rates), How.USAGE)
            cast.settle(Ending(asked.call_id, charge, tries=(tried,)))
        assert [alarm.kind for alarm in audits.alarms()] == rung
        assert audits.audit_all().is_clean

    def test_name_credits_set_aside_for_a_call_that_nobody_ended(self, home: Home) -> None:
        asked = books.ask(home.owner, queue_deadline_seconds=-61)
        assert books.reserve(asked)[0][0] == "ok"
        assert [(alarm.kind, alarm.subject) for alarm in audits.alarms()] == [("hold_overdue", str(asked.call_id))]

    def test_are_shown_on_every_page_of_admin(self, home: Home, client: Client, settings: Settings) -> None:
        settings.DEMO = True
        client.force_login(User.objects.create_superuser("staff@example.com", password="a long pass phrase"))
        for _ in range(5):
            cast.called(home.owner, used=Usage(out_text=100), how=How.ESTIMATE)
        run = audits.audit_all()
        assert "One alarm needs a person." in client.get("/admin/").content.decode()
        assert "uncounted" in client.get(f"/admin/usage/auditrun/{run.pk}/change/").content.decode()


def cost_of(output_tokens: int) -> int:
    return pricing.cost(Usage(out_text=output_tokens), catalog.offer("fast").rates)


class TestForget:
    def test_keeps_the_newest(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(audits, "RUNS_KEPT", 2)
        runs = [audits.audit_all() for _ in range(4)]
        assert audits.forget() == 2
        assert set(AuditRun.objects.all()) == set(runs[2:])
