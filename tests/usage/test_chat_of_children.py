"""What a question is for, on the page of the chat; how a child is bound to it, and told who reads along."""

from typing import Any

import pytest
from django.test import Client, RequestFactory

from accounts import children, devices
from accounts.children import Limits
from accounts.models import Device, Guardianship, Member, Scenario, User
from portal.kit import clock
from tests.accounts.people import child_of, client_of, tablet_of
from tests.usage import cast
from tests.usage.cast import Home
from usage.models import Conversation
from usage.views import answers

pytestmark = pytest.mark.django_db


@pytest.fixture
def mei(home: Home) -> Member:
    line = child_of(home.owner, now=clock.now())
    Guardianship.objects.update(quiet_from=None, quiet_to=None)
    return line


@pytest.fixture
def tablet(home: Home, mei: Member) -> Client:
    return tablet_of(mei, by=home.owner, now=clock.now())


@pytest.fixture
def homework(home: Home) -> Scenario:
    return Scenario.objects.create(account=home.owner.account, name="Sums", created_at=clock.now())


@pytest.fixture
def play(home: Home) -> Scenario:
    return Scenario.objects.create(account=home.owner.account, name="Riddles", created_at=clock.now())


def bind(mei: Member, by: Member, scenario: Scenario) -> None:
    limits = Limits(daily_minutes=None, quiet_from=None, quiet_to=None, scenario_ids=(scenario.pk,))
    children.limit(mei, limits, by=by, now=clock.now())


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().replace("\u00a0", " ").split())


def option(scenario: Scenario, *, chosen: bool = False) -> str:
    return f'<option value="{scenario.pk}"{" selected" if chosen else ""}>{scenario}</option>'


class TestTheChoice:
    def test_is_free_for_grown_ups(self, home: Home, homework: Scenario) -> None:
        page = html(client_of(home.adult).get("/chat/"))
        assert '<option value="">For anything</option>' in page
        assert option(homework) in page

    def test_leaves_out_what_is_paused_closed_or_of_others(
        self, home: Home, homework: Scenario, play: Scenario
    ) -> None:
        theirs = Scenario.objects.create(account=home.stranger.account, name="Theirs", created_at=clock.now())
        Scenario.objects.filter(pk=homework.pk).update(paused_at=clock.now())
        Scenario.objects.filter(pk=play.pk).update(closed_at=clock.now())
        page = html(client_of(home.owner).get("/chat/"))
        assert not any(option(each) in page for each in (theirs, homework, play))

    def test_is_free_for_a_child_whom_nobody_bound(self, tablet: Client, homework: Scenario) -> None:
        page = html(tablet.get("/chat/"))
        assert "For anything" in page
        assert option(homework) in page

    def test_is_among_what_the_guardian_chose_for_a_child(
        self, home: Home, mei: Member, tablet: Client, homework: Scenario, play: Scenario
    ) -> None:
        bind(mei, home.owner, homework)
        page = html(tablet.get("/chat/"))
        assert option(homework) in page
        assert option(play) not in page
        assert "For anything" not in page

    def test_is_remembered_by_the_conversation(
        self, mei: Member, tablet: Client, homework: Scenario, play: Scenario
    ) -> None:
        conversation, _ = cast.answered(mei, now=clock.now())
        Conversation.objects.update(scenario=play)
        page = html(tablet.get(f"/chat/{conversation.pk}/"))
        assert option(play, chosen=True) in page
        assert option(homework) in page


class TestTheBanner:
    TOLD = "Your parents can read what is written here."

    def test_stands_on_each_page_while_reading_is_on(self, home: Home, mei: Member, tablet: Client) -> None:
        conversation, _ = cast.answered(mei, now=clock.now())
        pages = ("/chat/", f"/chat/{conversation.pk}/")
        for change, told in ((None, False), (children.begin_reading, True), (children.end_reading, False)):
            if change:
                change(mei, by=home.owner, now=clock.now())
            assert [self.TOLD in html(tablet.get(page)) for page in pages] == [told, told]

    def test_stands_nowhere_from_fourteen_on_nor_for_grown_ups(self, home: Home, mei: Member, tablet: Client) -> None:
        children.begin_reading(mei, by=home.owner, now=clock.now())
        assert self.TOLD not in html(client_of(home.owner).get("/chat/"))
        today = clock.now().date()
        Guardianship.objects.update(born_in=today.replace(year=today.year - 14, day=1))
        assert self.TOLD not in html(tablet.get("/chat/"))


class TestTheStreamOfAnAnswer:
    def test_is_closed_to_a_device_that_was_ended(
        self, home: Home, mei: Member, tablet: Client, rf: RequestFactory
    ) -> None:
        _, call = cast.answered(mei, now=clock.now())
        request = rf.get("/")
        request.user, request.session = User.objects.get(pk=mei.user_id), tablet.session
        assert answers._turn_of(request, call.pk)
        devices.end(Device.objects.get(), by=home.owner, now=clock.now())
        assert answers._turn_of(request, call.pk) is None
