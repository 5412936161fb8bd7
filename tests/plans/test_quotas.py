"""Quotas as verbs: on which nodes, with which terms, and how a refusal reads."""

from datetime import UTC, datetime
from typing import Any

import pytest

from accounts.models import Account, AuditEvent, Department, Scenario
from plans import ledger, quotas
from plans.models import Quota
from plans.quotas import Terms
from portal.kit import clock
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db


def terms(limit: int = 1000, **others: Any) -> Terms:
    usual: dict[str, Any] = {"window": "day", "limit": limit}
    return Terms(**usual | others)


class TestPut:
    def test_sets_and_then_changes_the_same_quota(self) -> None:
        member = books.founded()
        where: dict[str, Any] = {"node_kind": "member", "node_id": member.pk, "by": None, "now": clock.now()}
        first = quotas.put(member.account, terms=terms(), **where)
        second = quotas.put(member.account, terms=terms(5, grace_percent=10), **where)
        assert first.pk == second.pk
        stored = Quota.objects.get()
        assert (stored.limit, stored.grace_percent) == (5, 10)
        assert AuditEvent.objects.filter(verb="quota.put").count() == 2

    def test_takes_any_node_of_the_account_and_no_other(self) -> None:
        member, stranger = books.founded(), books.founded()
        now = clock.now()
        department = Department.objects.create(account=member.account, name="Sales", created_at=now)
        scenario = Scenario.objects.create(name="Homework", created_at=now)
        own = [("account", member.account_id), ("department", department.pk), ("scenario", scenario.pk)]
        own += [("key", books.key_of(member).pk), ("member", member.pk)]
        for kind, pk in own:
            quotas.put(member.account, node_kind=kind, node_id=pk, terms=terms(), by=None, now=now)
        foreign = [
            ("account", stranger.account_id),
            ("department", department.pk),
            ("member", member.pk),
            ("planet", 1),
        ]
        for kind, pk in foreign:
            account = member.account if kind in {"account", "planet"} else stranger.account
            with pytest.raises(quotas.UnknownNode):
                quotas.put(account, node_kind=kind, node_id=pk, terms=terms(), by=None, now=now)

    @pytest.mark.parametrize(
        "wrong",
        [
            terms(-1),
            terms(10**17),
            terms(window="fortnight"),
            terms(metric="words"),
            terms(metric="at_once"),
            terms(is_slice=True, window="minute"),
            terms(is_slice=True, window="session"),
            terms(is_slice=True, chat_model_id=1),
            terms(grace_percent=101),
            terms(is_slice=True, metric="calls"),
            terms(is_slice=True, grace_percent=5),
        ],
    )
    def test_refuses_terms_that_do_not_fit(self, wrong: Terms) -> None:
        member = books.founded()
        with pytest.raises(quotas.BadQuota):
            quotas.put(member.account, node_kind="member", node_id=member.pk, terms=wrong, by=None, now=clock.now())
        assert not Quota.objects.exists()

    def test_refuses_a_slice_of_everything(self) -> None:
        member = books.founded()
        with pytest.raises(quotas.BadQuota):
            quotas.put(
                member.account,
                node_kind="account",
                node_id=member.account_id,
                terms=terms(is_slice=True),
                by=None,
                now=clock.now(),
            )


class TestEnd:
    def test_lets_calls_through_and_keeps_what_was_counted(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        quota = books.quota(member, 100)
        asked = books.ask(member, 100)
        books.reserve(asked)
        assert books.reserve(books.ask(member, 1))[0][0] == "quota"
        quotas.end(quota, by=None, now=clock.now())
        assert books.reserve(books.ask(member, 1))[0][0] == "ok"
        books.close(asked, 70)
        assert books.window_of(quota).used == 70
        assert books.kinds() == set()
        again = quotas.put(
            member.account, node_kind="account", node_id=member.account_id, terms=terms(), by=None, now=clock.now()
        )
        assert again.pk != quota.pk


class TestTold:
    def test_names_whose_which_window_how_much_and_when(self) -> None:
        member = books.founded()
        sales = Department.objects.create(account=member.account, name="Sales", created_at=clock.now())
        refusal = ledger.QuotaExceeded(
            node_kind="department",
            node_id=sales.pk,
            window="month",
            metric="microcredits",
            used=1_200_000_000,
            held=34_000_000,
            limit=1_234_000_000,
            grace_percent=0,
            resets_at=datetime(2026, 11, 30, 16, tzinfo=UTC).isoformat(),
        )
        said = str(quotas.told(refusal, account_id=member.account_id))
        assert said.startswith("The monthly quota of Sales leaves too little for this call: 1,234 of 1,234")
        assert "2026-12-01 00:00" in said

    @pytest.mark.parametrize("window", Quota.Window.values)
    def test_has_words_for_every_window(self, window: str) -> None:
        member = books.founded()
        Account.objects.filter(pk=member.account_id).update(time_zone=_zone_at_night(clock.now()))
        books.grant(member, 1000)
        books.quota(member, 2, window=window, metric="calls")
        for _ in range(2):
            books.reserve(books.ask(member, 1))
        outcome, details = books.reserve(books.ask(member, 1))[0]
        assert outcome == "quota"
        said = quotas.told(ledger.QuotaExceeded(**details), account_id=member.account_id)
        assert "2 of 2" in str(said)
        assert said.details["node_name"] == member.account.name

    @pytest.mark.parametrize(("window", "again"), [("month", "starts anew"), ("lifetime", "can give you more")])
    def test_names_for_whom_the_rest_is_set_aside(self, window: str, again: str) -> None:
        member = books.founded()
        books.grant(member, 10**9)
        sales, shop = (
            Department.objects.create(account=member.account, name=name, created_at=clock.now())
            for name in ("Sales", "Shop")
        )
        for department, limit in ((shop, 10**6), (sales, 9 * 10**8)):
            books.quota(member, limit, kind="department", node_id=department.pk, window=window, is_slice=True)
        [(outcome, details)] = books.reserve(books.ask(member, 10**8))
        assert outcome == "set_aside"
        said = str(quotas.told(ledger.SetAside(**details), account_id=member.account_id))
        assert "set aside for others, most of it for Sales: 0 of 900" in said
        assert again in said


def _zone_at_night(now: datetime) -> str:
    """A zone in which it is between three and four in the morning; its name counts hours west of Greenwich."""
    west = (now.astimezone(UTC).hour - 3 + 12) % 24 - 12
    return f"Etc/GMT{west:+d}" if west else "Etc/GMT"
