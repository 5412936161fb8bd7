"""Refusals are written down as they were, few at a time and not for ever, and shown to whom they concern."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from django.db import connection
from django.test import Client

from accounts import accounts, api_keys, callers
from accounts.models import ApiKey, Department, Member, User
from plans import ledger, quotas
from plans.models import Quota
from portal import brand
from portal.kit import clock
from portal.kit.refusals import Refusal
from tests.budget import query_budget
from tests.plans.ledger import books
from tests.stand import Stand
from tests.usage.cast import Home
from usage import guard, refusals
from usage.models import Refused

NO_CREDITS = ledger.NoCredits(available=1, needed=2)
AT_ONCE = 12


def note(member: Member, refusal: Refusal = NO_CREDITS) -> None:
    refusals.note(refusal, callers.of_member(member), source="chat", model_name="fast")


def used_up(member: Member) -> Quota:
    """A quota of the member that stopped a call, which was written down."""
    quota = books.quota(member, 1, kind="member", node_id=member.pk, metric="calls")
    assert books.reserve(books.ask(member, 1))[0][0] == "ok"
    [(outcome, details)] = books.reserve(books.ask(member, 1))
    assert outcome == "quota"
    note(member, quotas.told(ledger.QuotaExceeded(**details), account_id=member.account_id))
    return quota


def client_of(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


@pytest.mark.django_db
class TestNote:
    def test_keeps_what_was_said_then(self, home: Home) -> None:
        note(home.child)
        row = Refused.objects.get()
        assert (row.account_id, row.member_id, row.source) == (home.child.account_id, home.child.pk, "chat")
        assert (row.code, row.details) == ("insufficient_quota", {"available": 1, "needed": 2})
        assert refusals.sentence_of(row) == str(NO_CREDITS)

    def test_writes_five_a_second_of_an_account(self, home: Home) -> None:
        for _ in range(8):
            note(home.owner)
        note(home.stranger)
        assert Refused.objects.filter(account_id=home.owner.account_id).count() == refusals.MOST_A_SECOND
        assert Refused.objects.filter(account_id=home.stranger.account_id).count() == 1
        books.move_clock(timedelta(seconds=2))
        note(home.owner)
        assert Refused.objects.filter(account_id=home.owner.account_id).count() == refusals.MOST_A_SECOND + 1

    @pytest.mark.parametrize("refusal", [guard.NoPersonalData(category="personal_data"), guard.Worried(category="x")])
    def test_never_tells_why_a_question_was_held_back(self, home: Home, refusal: guard.HeldBack) -> None:
        note(home.child, refusal)
        row = Refused.objects.get()
        assert (row.sentence, row.details) == (guard.HeldBack.sentence, {})

    def test_cuts_a_name_that_is_no_models(self, home: Home) -> None:
        refusals.note(NO_CREDITS, callers.of_member(home.owner), source="api", model_name="x" * 500)
        assert len(Refused.objects.get().model_name) == refusals.LONGEST_NAME


@pytest.mark.django_db(transaction=True)
class TestFlood:
    def test_is_cut_also_when_it_comes_at_once(self) -> None:
        member = books.founded()
        caller = callers.of_member(member)

        def write(_number: int) -> None:
            try:
                refusals.note(NO_CREDITS, caller, source="api", model_name="fast")
            finally:
                connection.close()

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(write, range(AT_ONCE)))
        assert Refused.objects.count() == refusals.MOST_A_SECOND


@pytest.mark.django_db
class TestForget:
    def test_deletes_what_is_older_than_ninety_days(self, home: Home, now: datetime) -> None:
        for _ in range(3):
            note(home.owner)
        old, kept, _ = Refused.objects.order_by("pk")
        Refused.objects.filter(pk=old.pk).update(refused_at=now - timedelta(days=90, minutes=1))
        Refused.objects.filter(pk=kept.pk).update(refused_at=now - timedelta(days=89))
        assert refusals.forget(now) == 1
        assert set(Refused.objects.values_list("pk", flat=True)) >= {kept.pk}
        assert Refused.objects.count() == 2

    def test_goes_a_batch_at_a_time(self, home: Home, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(refusals, "BATCH", 2)
        for _ in range(3):
            note(home.owner)
        assert [refusals.forget(now + timedelta(days=91)) for _ in range(3)] == [2, 1, 0]


@pytest.mark.django_db
class TestPage:
    def test_shows_owners_all_and_others_their_own(self, home: Home) -> None:
        for member in (home.owner, home.adult, home.child, home.stranger):
            note(member)
        seen = {
            member.name: {each.who for each in client_of(member).get("/usage/refusals/").context["told"]}
            for member in (home.owner, home.adult, home.child, home.stranger)
        }
        assert seen == {"olga": {"olga", "adult", "child"}, "adult": {"adult"}, "child": {"child"}, "stan": {"stan"}}

    def test_shows_a_head_the_people_led(self, home: Home, now: datetime) -> None:
        sales = Department.objects.create(account=home.owner.account, name="Sales", created_at=now)
        web = Department.objects.create(account=home.owner.account, name="Web", parent=sales, created_at=now)
        Member.objects.filter(pk=home.adult.pk).update(role="head", department=sales)
        Member.objects.filter(pk=home.child.pk).update(role="adult", department=web)
        for member in (home.owner, home.adult, home.child):
            note(member)
        told = client_of(home.adult).get("/usage/refusals/").context["told"]
        assert {each.who for each in told} == {"adult", "child"}

    def test_says_it_and_leads_on(self, home: Home) -> None:
        quota = used_up(home.adult)
        page = html(client_of(home.adult).get("/usage/refusals/"))
        assert "The daily quota of adult leaves too little for this call: 1 of 1" in page
        assert f'href="/extras/?about=quota&amp;quota={quota.pk}"' in page
        assert "Change this quota" not in page
        page = html(client_of(home.owner).get("/usage/refusals/"))
        assert "The daily quota of adult" in page
        assert "Ask for more" not in page
        assert f'href="/quotas/member/{home.adult.pk}/"' in page

    def test_lets_nobody_ask_about_a_window_that_is_over(self, home: Home, now: datetime) -> None:
        quota = used_up(home.adult)
        client = client_of(home.adult)
        quotas.end(quota, by=None, now=now)
        assert "Ask for more" not in html(client.get("/usage/refusals/"))
        Quota.objects.filter(pk=quota.pk).update(ended_at=None)
        assert "Ask for more" in html(client.get("/usage/refusals/"))
        books.move_clock(timedelta(days=1))
        assert "Ask for more" not in html(client.get("/usage/refusals/"))

    def test_speaks_chinese(self, home: Home) -> None:
        note(home.adult)
        page = html(client_of(home.adult).get("/usage/refusals/", headers={"Accept-Language": "zh-hans"}))
        assert str(NO_CREDITS) not in page

    def test_turns_pages(self, home: Home, now: datetime) -> None:
        one = {"account_id": home.adult.account_id, "member_id": home.adult.pk, "source": "api", "model_name": "m"}
        rows = [Refused(**one, code="x", sentence="No.", refused_at=now) for _ in range(30)]
        made = [row.pk for row in Refused.objects.bulk_create(rows)]
        client = client_of(home.owner)
        first = client.get("/usage/refusals/").context
        second = client.get(f"/usage/refusals/?before={first['next_key']}").context
        shown = [each.row.pk for each in (*first["told"], *second["told"])]
        assert shown == sorted(made, reverse=True)
        for nonsense in ("x", "-1", "9" * 40):
            assert client.get("/usage/refusals/", {"before": nonsense}).status_code == 200

    def test_stays_within_its_queries(self, home: Home) -> None:
        used_up(home.adult)
        client = client_of(home.owner)
        client.get("/usage/refusals/")
        brand.forget()  # asked again every few seconds, so on a slow machine in between
        with query_budget(9):
            client.get("/usage/refusals/")

    def test_is_reached_from_usage_by_who_signed_in(self, home: Home, client: Client) -> None:
        assert client.get("/usage/refusals/")["Location"].startswith("/accounts/login/?next=")
        assert 'href="/usage/refusals/"' in html(client_of(home.child).get("/usage/"))
        assert client_of(home.child).post("/usage/refusals/").status_code == 405


class TestEveryDoor:
    def test_of_calls_writes_down_what_it_refuses(self, stand: Stand) -> None:
        with stand.inside():
            member, secret, cookies = _newcomer()
        body = {"model": "fast", "messages": [{"role": "user", "content": "Hi"}]}
        headers = {"authorization": f"Bearer {secret}"}
        assert httpx.post(f"{stand.api_base}/chat/completions", json=body, headers=headers).status_code == 402
        with httpx.Client(base_url=stand.base_url, cookies=cookies) as browser:
            browser.get("/chat/")
            token = {"X-CSRFToken": browser.cookies["csrftoken"]}
            asked = browser.post("/chat/", data={"text": "Hi", "model": "fast"}, headers=token)
            assert (asked.status_code, "enough credits" in asked.text) == (402, True)
            sql = "SELECT source, code, model_name FROM usage_refused WHERE member_id = %s ORDER BY id"
            stand.wait_until(lambda: len(stand.rows(sql, [member.pk])) == 2)
            rows = [tuple(row.values()) for row in stand.rows(sql, [member.pk])]
            assert rows == [("api", "insufficient_quota", "fast"), ("chat", "insufficient_quota", "fast")]
            page = browser.get("/usage/refusals/").text
        assert page.count("There are not enough credits for this call") == 2
        assert "the key Test" in page


def _newcomer() -> tuple[Member, str, dict[str, str]]:
    """Somebody without credits: the member, a key, and the cookies of a browser that is signed in."""
    now = datetime.now(UTC)
    user = User.objects.create_user(f"{now.timestamp()}@example.com", name="New")
    member = accounts.found(user, kind="business", name="New", now=clock.now())
    secret = f"ck-{uuid4().hex}{uuid4().hex[:11]}"
    key = {"account": member.account, "member": member, "label": "Test", "created_at": now}
    ApiKey.objects.create(**key, digest=api_keys.digest_of(secret))
    browser = client_of(member)
    return member, secret, {name: morsel.value for name, morsel in browser.cookies.items()}
