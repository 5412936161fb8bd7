"""The desk of support: all about an account on one page, and why a call was refused, then and now."""

import re
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import audit, callers
from accounts.models import ApiKey, Department, Device, Guardianship, LegalText, Member, User
from models_catalog.models import ChatModel
from models_catalog.pricing import Usage
from plans import access, ledger, nodes, quotas
from plans.access import Rule
from plans.models import ChildDay, Quota
from portal import brand
from portal.kit import clock
from portal.kit.refusals import Refusal
from tests.budget import query_budget
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage import pausing, refusals
from usage.admin import customers, replays
from usage.models import Refused

pytestmark = pytest.mark.django_db

OF_ADMIN = 5
"""Session, user, whether there is a brand and what it says, and the newest audit, as on every page of admin."""
INLINE = re.compile(rb"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son[a-z]+=", re.IGNORECASE)


@pytest.fixture
def desk(home: Home, client: Client, settings: Settings) -> Client:
    settings.DEMO = True
    client.force_login(User.objects.create_superuser("staff@example.com", password="a long pass phrase"))
    return client


def whole(home: Home) -> str:
    return f"/admin/accounts/account/{home.owner.account_id}/whole/"


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def note(member: Member, refusal: Refusal, *, model_name: str = "fast") -> Refused:
    refusals.note(refusal, callers.of_member(member), source="chat", model_name=model_name)
    return Refused.objects.latest("pk")


def used_up(member: Member, *, node: tuple[str, int]) -> Refused:
    """A quota of one call that stopped the second."""
    books.quota(member, 1, kind=node[0], node_id=node[1], metric="calls")
    lineage = callers.of_member(member).departments
    assert books.reserve(books.ask(member, 1, departments=lineage))[0][0] == "ok"
    [(outcome, details)] = books.reserve(books.ask(member, 1, departments=lineage))
    assert outcome == "quota"
    return note(member, quotas.told(ledger.QuotaExceeded(**details), account_id=member.account_id))


def page_of(desk: Client, row: Refused) -> str:
    answer = desk.get(f"/admin/usage/refused/{row.pk}/change/")
    assert answer.status_code == 200
    assert not INLINE.search(answer.content)
    return text_of(answer)


def lines(row: Refused) -> dict[str, tuple[str, str]]:
    return {str(line.what): (str(line.then), str(line.now)) for line in replays.lines_of(row, now=clock.now())}


class TestWhole:
    def test_shows_everything_about_an_account(self, desk: Client, home: Home, now: datetime) -> None:
        call = cast.called(home.child, used=Usage(in_fresh=11))
        key = ApiKey.objects.create(
            account=home.owner.account, member=home.adult, label="Shop", prefix="ck-abcde", last_four="wxyz",
            digest=b"never shown", created_at=now,
        )  # fmt: skip
        tablet = {"account": home.owner.account, "name": "Tablet", "digest": b"x", "added_by": home.owner.user}
        Device.objects.create(**tablet, created_at=now, seen_at=now).members.add(home.child)
        row = used_up(home.adult, node=("member", home.adult.pk))
        answer = desk.get(whole(home))
        page = text_of(answer)
        for words in ("olga", "adult", "child", "Starter", "ck-abcde…wxyz", "Member: adult", "Together"):
            assert words in page, words
        for address in (
            f"/admin/usage/call/{call.pk}/change/",
            f"/admin/usage/refused/{row.pk}/change/",
            f"/admin/accounts/apikey/{key.pk}/change/",
        ):
            assert f'href="{address}"' in page, address
        assert "The daily quota of adult" in page
        assert "never shown" not in page
        assert "Stan" not in page
        assert not INLINE.search(answer.content)
        assert "'unsafe-" not in answer["Content-Security-Policy"]

    def test_stays_within_its_queries(self, desk: Client, home: Home, now: datetime) -> None:
        for member in (home.owner, home.adult, home.child):
            cast.called(member, used=Usage(in_fresh=11))
            used_up(member, node=("member", member.pk))
        for number in range(5):
            Department.objects.create(account=home.owner.account, name=f"D{number}", created_at=now)
        desk.get(whole(home))
        brand.forget()  # asked again every few seconds, so on a slow machine in between
        with query_budget(customers.QUERY_BUDGET + OF_ADMIN):
            assert desk.get(whole(home)).status_code == 200
        staff = User.objects.get(email="staff@example.com")
        with query_budget(customers.QUERY_BUDGET):
            assert len(customers.sections(customers._account(home.owner.account_id), by=staff)) == 8

    def test_is_reached_from_the_account(self, desk: Client, home: Home) -> None:
        page = text_of(desk.get(f"/admin/accounts/account/{home.owner.account_id}/change/"))
        assert f'href="{whole(home)}"' in page
        assert desk.get("/admin/accounts/account/999999/whole/").status_code == 404
        assert desk.post(whole(home)).status_code == 405

    def test_leads_to_what_the_advisor_says(self, desk: Client, home: Home) -> None:
        cast.called(home.owner, used=Usage(in_fresh=11))
        address = f"/admin/accounts/account/{home.owner.account_id}/advice/"
        assert f'href="{address}"' in text_of(desk.get(f"/admin/accounts/account/{home.owner.account_id}/change/"))
        answer = desk.get(address)
        assert "too little is known" in text_of(answer)
        assert not INLINE.search(answer.content)
        assert desk.post(address).status_code == 405

    def test_is_closed_to_everybody_else(self, home: Home, client: Client, settings: Settings) -> None:
        settings.DEMO = True
        assert client.get(whole(home))["Location"].startswith("/admin/login/")
        client.force_login(home.owner.user)
        assert client.get(whole(home), follow=True).status_code == 403
        clerk = User.objects.create_user("clerk@example.com", name="Clerk")
        User.objects.filter(pk=clerk.pk).update(is_staff=True)
        client.force_login(clerk)
        assert client.get(whole(home)).status_code == 403
        assert client.get(whole(home).replace("whole", "advice")).status_code == 403

    def test_shows_staff_what_they_may_see_of_it(self, home: Home, client: Client, settings: Settings) -> None:
        settings.DEMO = True
        cast.called(home.owner, used=Usage(in_fresh=1))
        clerk = User.objects.create_user("clerk@example.com", name="Clerk")
        User.objects.filter(pk=clerk.pk).update(is_staff=True)
        rights = Permission.objects.filter(codename__in=["view_account", "view_member"])
        clerk.user_permissions.set(rights)
        client.force_login(clerk)
        answer = client.get(whole(home))
        assert [str(section.title) for section in answer.context["sections"]] == ["The account", "People"]
        assert client.get("/admin/usage/refused/").status_code == 403


class TestWhyRefused:
    def test_sets_a_quota_of_then_beside_now(self, desk: Client, home: Home, now: datetime) -> None:
        row = used_up(home.adult, node=("member", home.adult.pk))
        quota = Quota.objects.get()
        assert lines(row)["at most"] == ("1", "1")
        quotas.put(
            home.adult.account, node_kind="member", node_id=home.adult.pk,
            terms=quotas.Terms(window="day", limit=7, metric="calls"), by=home.owner.user, now=clock.now(),
        )  # fmt: skip
        told = lines(row)
        assert told["whose"] == ("Member: adult", "Member: adult")
        assert told["window"] == ("day", "day")
        assert told["at most"] == ("1", "7")
        assert told["set aside for open calls"] == ("1", "1")
        assert told["in force"] == ("yes", "yes")
        quotas.end(quota, by=home.owner.user, now=clock.now())
        assert lines(row)["in force"][1].startswith("ended")
        page = page_of(desk, row)
        assert "The daily quota of adult leaves too little for this call: 1 of 1" in page
        assert "quota.put" in page
        assert "quota.end" in page

    def test_sets_no_other_session_beside_the_one_that_was_refused(self, home: Home) -> None:
        row = used_up(home.adult, node=("member", home.adult.pk))
        Quota.objects.update(window="session")
        told = lines(row)
        assert (told["used"][1], told["set aside for open calls"][1], told["at most"][1]) == ("–", "–", "1")

    def test_tells_what_was_left_then_and_now(self, home: Home) -> None:
        books.grant(home.adult, 5 * 10**6)
        row = used_up(home.adult, node=("member", home.adult.pk))
        books.move_clock(timedelta(minutes=1))
        books.grant(home.adult, 3 * 10**6)
        assert lines(row)["credits left, open calls included"] == ("1,000,005", "1,000,008")

    def test_names_the_rule_and_what_it_says_now(self, desk: Client, home: Home) -> None:
        node = nodes.seen_by(home.owner, kind="member", node_id=home.adult.pk)
        access.put(node, Rule(chat_model_ids=()), by=home.owner.user, now=clock.now())
        fast = cast.offer_of("fast")
        [(outcome, details)] = books.reserve(books.ask(home.adult, 1, chat_model_id=fast.chat_model_id))
        assert outcome == "model_not_allowed"
        row = note(home.adult, ledger.ModelNotAllowed(**details))
        kept_out = "the model is not among those allowed"
        assert lines(row)["what this rule says of it"] == (kept_out, kept_out)
        assert lines(row)["models allowed"] == ("", "none")
        access.put(node, Rule(chat_model_ids=(fast.chat_model_id,)), by=home.owner.user, now=clock.now())
        assert lines(row)["what this rule says of it"] == (kept_out, "it lets it through")
        assert lines(row)["models allowed"] == ("", ChatModel.objects.get(pk=fast.chat_model_id).name)
        page = page_of(desk, row)
        assert page.count("access.put") == 2

    def test_tells_whether_the_pause_goes_on(self, desk: Client, home: Home) -> None:
        node = nodes.seen_by(home.owner, kind="member", node_id=home.adult.pk)
        pausing.pause(node, by=home.owner.user, now=clock.now())
        [(outcome, details)] = books.reserve(books.ask(home.adult, 1))
        assert outcome == "paused"
        row = note(home.adult, ledger.Paused(**details))
        assert lines(row)["paused"][1] != "no"
        pausing.resume(node, by=home.owner.user, now=clock.now())
        assert lines(row)["paused"] == ("yes", "no")
        page = page_of(desk, row)
        assert ">pause<" in page
        assert ">resume<" in page

    def test_knows_the_day_of_a_child(self, desk: Client, home: Home, now: datetime) -> None:
        child = Guardianship.objects.create(
            member=home.child, born_in=now.date(), consented_at=now, consented_by=home.owner.user,
            consent_text=LegalText.objects.earliest("pk"), pin_digest="x", daily_minutes=20,
            quiet_from=time(21), quiet_to=time(7),
        )  # fmt: skip
        today = now.astimezone(ZoneInfo(home.owner.account.time_zone)).date()
        with books.owner():
            ChildDay.objects.create(member_id=home.child.pk, day=today, blocks=[1, 2], extra_minutes=10)
        used = note(home.child, ledger.MinutesUsed(used=15, limit=15, resets_at=now.isoformat()))
        assert lines(used)["minutes used"] == ("15", "10")
        assert lines(used)["minutes a day"] == ("15", "30")
        quiet = note(home.child, ledger.QuietHours(quiet_from="20:00", quiet_to="06:00", resets_at=now.isoformat()))
        assert lines(quiet)["quiet hours"] == ("20:00–06:00", "21:00–07:00")
        Guardianship.objects.filter(pk=child.pk).update(quiet_from=None, quiet_to=None, daily_minutes=None)
        assert lines(quiet)["quiet"] == ("yes", "no")
        assert lines(used)["minutes a day"] == ("15", "any")
        assert "It is quiet time until 06:00" in page_of(desk, quiet)

    @pytest.mark.parametrize(
        "refusal",
        [
            ledger.NoCredits(available=1_500_000, needed=2_000_000),
            ledger.OnlyReads(),
            ledger.Busy(limit=512),
            ledger.Suspended(),
            ledger.KeyRevoked(),
            ledger.ScenarioNotAllowed(),
            ledger.QuotaExceeded(node_kind="member", node_id=0, window="day", metric="calls", used=1, held=0, limit=1,
                                 grace_percent=0, resets_at=None),
        ],
    )  # fmt: skip
    def test_opens_for_every_refusal(self, desk: Client, home: Home, refusal: Refusal) -> None:
        row = note(home.adult, refusal)
        assert "credits left" in page_of(desk, row)
        assert str(refusal).replace("'", "&#x27;") in page_of(desk, row)

    def test_lists_a_day_before_and_after_and_no_more(self, home: Home, now: datetime) -> None:
        row = note(home.adult, ledger.OnlyReads())
        for verb, days in (("quota.put", 0.9), ("quota.put", 1.1), ("pause", -0.9), ("pause", -1.1), ("api_key.x", 0)):
            audit.record(
                verb, subject=str(days), account=home.adult.account, by=None, now=row.refused_at - timedelta(days=days)
            )
        audit.record("quota.put", subject="else", account=home.stranger.account, by=None, now=row.refused_at)
        assert [event.subject for event in replays.events_around(row)] == ["0.9", "-0.9"]

    def test_is_found_by_account_and_by_code(self, desk: Client, home: Home) -> None:
        note(home.adult, ledger.OnlyReads())
        note(home.stranger, ledger.NoCredits(available=1, needed=2))
        for words, number in (("olga", 1), ("Stan", 1), ("only_reads", 1), ("insufficient_quota", 1), ("no", 0)):
            found = desk.get("/admin/usage/refused/", {"q": words}).context["cl"].result_list
            assert len(found) == number, words
