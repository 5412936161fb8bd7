"""The usage page and its receipts: figures that add up, shown to whom they belong, in few questions."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import Member
from models_catalog.pricing import Usage
from plans import ledger
from plans.ledger import Balance
from portal import brand
from portal.kit import clock, ids
from portal.kit.figures import credits_exact
from portal.kit.units import MICROCREDITS_PER_CREDIT, Microcredits, credits
from tests.budget import query_budget
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage import outlook, reports
from usage.models import DailyTotal, How

pytestmark = pytest.mark.django_db


def client_of(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


@pytest.fixture
def busy(home: Home) -> Home:
    """Everyone has asked, the stranger too, and one call failed."""
    cast.grant(home.stranger, 1_000_000)
    for number, member in enumerate((home.owner, home.adult, home.child, home.child, home.stranger)):
        cast.called(member, used=Usage(in_fresh=101 + number, out_text=7), name="deep")
    cast.called(home.owner, used=Usage(), how=How.PLATFORM)
    return home


class TestMonth:
    def test_adds_up_by_day_and_by_member(self, busy: Home) -> None:
        month = reports.month(busy.owner, now=clock.now())
        balance = ledger.balance(busy.owner.account_id, now=clock.now())
        assert month.charged == sum(part.charged for part in month.parts) == month.seen
        assert month.charged == sum(lot.used for lot in balance.lots) > 0
        assert (month.calls, len(month.parts)) == (5, 3)
        assert all(len(part.days) == len(month.dates) for part in month.parts)

    def test_shows_a_child_their_own_alone(self, busy: Home) -> None:
        month = reports.month(busy.child, now=clock.now())
        assert [each.name for each in month.parts] == ["child"]
        assert month.calls == 2

    def test_begins_and_ends_at_midnight_of_the_account(self, home: Home) -> None:
        now = datetime.fromisoformat("2026-10-31T17:30:00+00:00")  # 1 November, half past one, in Shanghai
        for day in ("2026-10-31", "2026-11-01", "2026-11-30", "2026-12-01"):
            _total(home.owner, day=day)
        month = reports.month(home.owner, now=now)
        assert (len(month.dates), month.calls) == (30, 2)
        days = reports.chart(month, even_pace=Microcredits(0)).days
        assert [day.date.isoformat() for day in days if sum(day.parts)] == ["2026-11-01", "2026-11-30"]


class TestOutlook:
    def test_adds_up(self, busy: Home) -> None:
        ahead, balance = _outlook(busy.owner)
        assert ahead.whole == ahead.used + balance.left + balance.held

    def test_says_when_they_end_before_the_renewal(self, home: Home) -> None:
        now = clock.now()
        balance = _plan(now, granted=3_000, left=100)
        ahead = outlook.of(balance, month=_month(home, charged=2_900, now=now), now=now)
        assert ahead.lasts_until is not None
        assert ahead.lasts_until <= (now + timedelta(days=30)).date()
        assert ahead.left_then is None

    def test_says_what_is_left_when_they_last(self, home: Home) -> None:
        now = clock.now()
        balance = _plan(now, granted=3_000, left=2_990)
        ahead = outlook.of(balance, month=_month(home, charged=0, now=now), now=now)
        assert (ahead.lasts_until, ahead.left_then) == (None, None)
        ahead = outlook.of(balance, month=_month(home, charged=1, now=now), now=now)
        assert ahead.lasts_until is None
        assert ahead.left_then is not None
        assert 0 < ahead.left_then < balance.left

    def test_spreads_a_plan_evenly(self, home: Home) -> None:
        now = clock.now()
        ahead = outlook.of(_plan(now, granted=3_000, left=3_000), month=reports.month(home.owner, now=now), now=now)
        assert ahead.even_pace == credits(100)


class TestPage:
    def test_shows_the_figures_it_computed(self, busy: Home) -> None:
        page = html(client_of(busy.owner).get("/usage/"))
        month = reports.month(busy.owner, now=clock.now())
        for figure in (month.charged, *(each.charged for each in month.parts)):
            assert credits_exact(figure).replace("\u00a0", " ") in page
        assert "since 1" in page
        assert "not charged" in page

    def test_says_what_to_do_where_nothing_is(self, home: Home) -> None:
        page = html(client_of(home.stranger).get("/usage/"))
        assert "Nothing used yet this month" in page
        assert "No credits" in page
        assert 'href="/plans/"' in page

    def test_turns_pages_of_calls(self, home: Home) -> None:
        calls = [cast.called(home.owner, used=Usage(in_fresh=1)) for _ in range(27)]
        first = client_of(home.owner).get("/usage/").context["calls"]
        second = client_of(home.owner).get(f"/usage/?before={first.next_key}").context["calls"]
        shown = [call.pk for call, _assistant in [*first.items, *second.items]]
        assert shown == sorted((call.pk for call in calls), reverse=True)

    def test_takes_any_nonsense_for_the_newest(self, busy: Home) -> None:
        for before in ("x", "0", "%00", str(ids.uuid7(clock.now()))):
            assert client_of(busy.owner).get("/usage/", {"before": before}).status_code == 200

    def test_stays_within_its_queries(self, busy: Home) -> None:
        client = client_of(busy.owner)
        client.get("/usage/")
        brand.forget()  # asked again every few seconds, so on a slow machine in between
        with query_budget(12):
            client.get("/usage/")


class TestReceipt:
    def test_can_be_followed_by_hand(self, home: Home) -> None:
        call = cast.called(home.owner, used=Usage(in_fresh=1_000, out_text=10), name="deep")
        page = html(client_of(home.owner).get(f"/usage/calls/{call.pk}/"))
        for words in ("1,000 tokens ×12", "12,000", "10 tokens ×12", "120", "12,120", "Starter", "Counted by"):
            assert words in page

    def test_names_the_session(self, home: Home) -> None:
        call = cast.called(home.owner, used=Usage(in_fresh=1))
        path, client = f"/usage/calls/{call.pk}/", client_of(home.owner)
        assert "Session" not in html(client.get(path))
        with books.owner():
            books.run("UPDATE usage_call SET session = 'nightly 7' WHERE id = %s", call.pk)
        assert "<dt>Session</dt><dd><code>nightly 7</code>" in html(client.get(path))

    def test_says_that_nothing_was_charged(self, home: Home) -> None:
        call = cast.called(home.owner, used=Usage(), how=How.PLATFORM)
        page = html(client_of(home.owner).get(f"/usage/calls/{call.pk}/"))
        assert "This call cost nothing" in page
        assert "We had a fault on our side and nothing arrived. Nothing was charged." in page

    @pytest.mark.parametrize("how", list(How))
    def test_says_how_it_was_counted(self, home: Home, how: How) -> None:
        call = cast.called(home.owner, used=Usage(), how=how)
        page = html(client_of(home.owner).get(f"/usage/calls/{call.pk}/"))
        assert '<p class="muted"></p>' not in page

    def test_stays_within_its_queries(self, home: Home) -> None:
        call = cast.called(home.owner, used=Usage(in_fresh=1))
        client = client_of(home.owner)
        client.get(f"/usage/calls/{call.pk}/")
        with query_budget(12):
            client.get(f"/usage/calls/{call.pk}/")


class TestVisitors:
    def test_see_what_is_theirs_to_see(self, home: Home) -> None:
        url = f"/usage/calls/{cast.called(home.child, used=Usage(in_fresh=1)).pk}/"
        seen = [client_of(each).get(url).status_code for each in (home.owner, home.child, home.adult, home.stranger)]
        assert seen == [200, 200, 404, 404]
        assert client_of(home.owner).get(f"/usage/calls/{uuid4()}/").status_code == 404

    def test_do_not_see_the_calls_of_others_in_the_list(self, busy: Home) -> None:
        listed = client_of(busy.adult).get("/usage/").context["calls"].items
        assert {call.member_id for call, _assistant in listed} == {busy.adult.pk}
        listed = client_of(busy.stranger).get("/usage/").context["calls"].items
        assert {call.member_id for call, _assistant in listed} == {busy.stranger.pk}

    def test_without_a_name_are_asked_to_sign_in(self, client: Client) -> None:
        for url in ("/usage/", f"/usage/calls/{uuid4()}/"):
            assert client.get(url)["Location"].startswith("/accounts/login/?next=")

    def test_change_nothing(self, busy: Home) -> None:
        assert client_of(busy.owner).post("/usage/").status_code == 405


def _outlook(member: Member) -> tuple[outlook.Outlook, Balance]:
    now = clock.now()
    balance = ledger.balance(member.account_id, now=now)
    return outlook.of(balance, month=reports.month(member, now=now), now=now), balance


def _plan(now: datetime, *, granted: int, left: int) -> Balance:
    lot = ledger.LotLeft(
        lot_id=1,
        name="Plan",
        source="plan",
        granted=credits(granted),
        used=credits(granted - left),
        held=Microcredits(0),
        available=credits(left),
        effective_at=now - timedelta(days=15),
        expires_at=now + timedelta(days=15),
    )
    return Balance((lot,))


def _month(home: Home, *, charged: int, now: datetime) -> reports.Month:
    return replace(reports.month(home.owner, now=now), seen=credits(charged))


def _total(member: Member, *, day: str) -> None:
    """As a settlement would write it, with the rights of the owner of the table."""
    with books.owner():
        DailyTotal.objects.create(
            account=member.account,
            day=day,
            member=member,
            chat_model_id=1,
            calls=1,
            charged_microcredits=MICROCREDITS_PER_CREDIT,
            input_tokens=1,
            output_tokens=0,
        )
