"""A family's chat on the running product: a child says what it asks for, and one tap leads past a limit."""

from collections.abc import Iterator

import httpx
import pytest
from django.test import Client

from accounts import children
from accounts.children import Limits
from accounts.models import Member, Scenario
from plans import extras
from plans.models import Extra, Hold
from portal.kit import clock
from tests.accounts.people import child_of, client_of, join, tablet_of
from tests.plans.ledger import books
from tests.stand import Stand
from tests.usage.test_family_calls import founded
from usage.models import Call, Conversation

QUESTION = "Why is the sky blue?"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def parent(stand: Stand) -> Iterator[Member]:
    with stand.inside():
        yield founded("household")


@pytest.fixture
def mei(parent: Member) -> Member:
    return child_of(parent, now=clock.now())


@pytest.fixture
def tablet(stand: Stand, parent: Member, mei: Member) -> Iterator[httpx.Client]:
    with browser_of(stand, tablet_of(mei, by=parent, now=clock.now())) as browser:
        yield browser


def browser_of(stand: Stand, client: Client) -> httpx.Client:
    cookies = {name: morsel.value for name, morsel in client.cookies.items() if name != "csrftoken"}
    return httpx.Client(base_url=stand.base_url, cookies=cookies, timeout=30)


def scenario(parent: Member, name: str) -> Scenario:
    return Scenario.objects.create(account=parent.account, name=name, created_at=clock.now())


def bind(mei: Member, by: Member, *scenarios: Scenario, minutes: int | None = None) -> None:
    chosen = tuple(each.pk for each in scenarios) or None
    limits = Limits(daily_minutes=minutes, quiet_from=None, quiet_to=None, scenario_ids=chosen)
    children.limit(mei, limits, by=by, now=clock.now())


def send(browser: httpx.Client, path: str, *, htmx: bool = False, **given: object) -> httpx.Response:
    if "csrftoken" not in browser.cookies:
        browser.get("/chat/")
    headers = {"X-CSRFToken": browser.cookies["csrftoken"]} | (HTMX if htmx else {})
    return browser.post(path, data=given, headers=headers)


def ask(browser: httpx.Client, *, htmx: bool = False, wish: object = "") -> httpx.Response:
    return send(browser, "/chat/", htmx=htmx, text=QUESTION, model="fast", scenario=wish)


class TestAChild:
    def test_says_what_it_asks_for(self, stand: Stand, parent: Member, mei: Member, tablet: httpx.Client) -> None:
        homework = scenario(parent, "Sums")
        bind(mei, parent, homework)
        answer = ask(tablet, wish=homework.pk)
        conversation = Conversation.objects.get(member=mei)
        assert (answer.status_code, answer.headers["Location"]) == (302, f"/chat/{conversation.pk}/")
        assert conversation.scenario == homework
        asked = Call.objects.filter(member_id=mei.pk, scenario_id=homework.pk, session=str(conversation.pk))
        stand.wait_until(asked.exists)

    def test_asks_for_nothing_else(self, parent: Member, mei: Member, tablet: httpx.Client) -> None:
        homework, play = scenario(parent, "Sums"), scenario(parent, "Riddles")
        bind(mei, parent, homework)
        for wish, status in (("", 403), (play.pk, 403), ("x", 403), (0, 400), (10**30, 400)):
            answer = ask(tablet, wish=wish)
            assert answer.status_code == status, wish
            assert f"{QUESTION}</textarea>" in answer.text
            assert "Ask for more" not in answer.text
        assert not Conversation.objects.filter(member=mei).exists()
        assert not Hold.objects.filter(member_id=mei.pk).exists()

    def test_keeps_what_it_wrote_where_a_limit_stops_it(
        self, parent: Member, mei: Member, tablet: httpx.Client
    ) -> None:
        homework, play = scenario(parent, "Sums"), scenario(parent, "Riddles")
        bind(mei, parent, homework, play, minutes=0)
        answer = ask(tablet, wish=homework.pk)
        assert answer.status_code == 403
        assert "Your 0 minutes of today are used." in answer.text
        assert 'href="/extras/?about=minutes" hx-post="/extras/?about=minutes"' in answer.text
        assert f"{QUESTION}</textarea>" in answer.text
        assert f'<option value="{homework.pk}" selected>' in answer.text
        assert not Conversation.objects.filter(member=mei).exists()

    def test_goes_on_after_one_tap_and_a_yes(self, parent: Member, mei: Member, tablet: httpx.Client) -> None:
        bind(mei, parent, minutes=0)
        fragment = ask(tablet, htmx=True)
        assert (fragment.status_code, "<html" in fragment.text) == (403, False)
        assert 'hx-post="/extras/?about=minutes"' in fragment.text
        tapped = send(tablet, "/extras/?about=minutes", htmx=True)
        assert (tapped.status_code, "Asked." in tapped.text) == (200, True)
        extras.approve(Extra.objects.get(member=mei), amount=15, by=parent, now=clock.now())
        assert ask(tablet).status_code == 302


class TestAGrownUp:
    def test_is_led_to_more_of_the_quota_that_is_used(self, stand: Stand, parent: Member) -> None:
        adult = join(parent, role="adult", name=f"partner{parent.pk}")
        quota = books.quota(adult, 0, kind="member", node_id=adult.pk)
        with browser_of(stand, client_of(adult)) as browser:
            for htmx in (False, True):
                answer = ask(browser, htmx=htmx)
                assert answer.status_code == 429
                assert f'hx-post="/extras/?about=quota&amp;quota={quota.pk}"' in answer.text

    def test_is_led_nowhere_by_a_pause(self, stand: Stand, parent: Member) -> None:
        adult = join(parent, role="adult", name=f"partner{parent.pk}")
        Member.objects.filter(pk=adult.pk).update(paused_at=clock.now())
        with browser_of(stand, client_of(adult)) as browser:
            answer = ask(browser)
        assert (answer.status_code, "Ask for more" in answer.text) == (403, False)
