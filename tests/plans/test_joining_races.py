"""Twenty at once: on one code, on one invitation, on one yes, and one person on two invitations."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.test import Client

from accounts import invitations
from accounts.invitations import Place
from accounts.models import Invitation, Member, User
from plans import joining
from plans.models import Quota
from portal.kit import clock
from tests.accounts.people import at_once, found

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 20
ADDRESS = "li@example.com"


@pytest.fixture
def owner(transactional_db: None) -> Member:
    return found("owner@example.com", kind="household", name="Li")


@pytest.fixture
def crowd(transactional_db: None) -> list[User]:
    """Twenty people, of whom one is the person who was invited."""
    addresses = [ADDRESS, *(f"{number}@example.com" for number in range(1, AT_ONCE))]
    return [User.objects.create_user(address) for address in addresses]


def invite(owner: Member, way: str = "email", contact: str = ADDRESS) -> Invitation:
    place = Place(way=way, contact=contact, monthly_microcredits=5)
    return invitations.invite(owner, place, now=clock.now())


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def opening(invitation: Invitation, client: Client) -> Callable[[], int]:
    path = "/join/" + invitations.link_of(invitation).partition("/join/")[2]

    def posted() -> int:
        try:
            return client.post(path).status_code
        finally:
            connections.close_all()

    return posted


def statuses(posts: list[Callable[[], int]]) -> Counter[int]:
    with ThreadPoolExecutor(len(posts)) as pool:
        return Counter(pool.map(lambda post: post(), posts))


class TestTwentyPeople:
    def test_with_one_code_wait_for_one_yes(self, owner: Member, crowd: list[User]) -> None:
        made = invite(owner, "screen", "")
        statuses([opening(made, at(user)) for user in crowd])
        made.refresh_from_db()
        assert made.state == "asked"
        assert made.asked_by in crowd
        codes = at_once(*[lambda: joining.confirm(made, by=owner.user, now=clock.now())] * AT_ONCE)
        assert codes == ["", *["link_ended"] * (AT_ONCE - 1)]
        assert [member.user for member in owner.account.members.exclude(pk=owner.pk)] == [made.asked_by]
        assert Quota.objects.count() == 1

    def test_with_one_mail_let_in_whom_it_was_sent_to(self, owner: Member, crowd: list[User]) -> None:
        made = invite(owner)
        answers = statuses([opening(made, at(user)) for user in crowd])
        assert answers[302] == 1
        assert answers[409] + answers[410] == AT_ONCE - 1
        assert owner.account.members.exclude(pk=owner.pk).get().user == crowd[0]


class TestTwentyClicks:
    def test_make_one_member_with_one_quota(self, owner: Member, crowd: list[User]) -> None:
        made = invite(owner)
        clients = [at(crowd[0]) for _ in range(AT_ONCE)]
        assert statuses([opening(made, client) for client in clients]) == {302: 1, 410: AT_ONCE - 1}
        assert Member.objects.of(crowd[0]).count() == Quota.objects.count() == 1

    def test_meet_a_withdrawal_either_before_or_after_it(self, owner: Member, crowd: list[User]) -> None:
        made = invite(owner)
        accept = [lambda: joining.accept(made, user=crowd[0], now=clock.now())] * 5
        codes = at_once(*accept, lambda: invitations.withdraw(made, by=owner.user, now=clock.now()))
        assert codes == ["", *["link_ended"] * 5]
        made.refresh_from_db()
        assert Member.objects.of(crowd[0]).count() == (made.state == "accepted")


class TestTwoInvitations:
    def test_of_one_person_make_one_member(self, owner: Member, crowd: list[User]) -> None:
        User.objects.filter(pk=crowd[0].pk).update(phone="+8613800138000", phone_verified_at=clock.now())
        user = User.objects.get(pk=crowd[0].pk)
        made = [invite(owner), invite(owner, "phone", "+8613800138000")]
        accept = [lambda one=one: joining.accept(one, user=user, now=clock.now()) for one in made]
        assert at_once(*accept) == ["", "already_here"]
        assert Member.objects.of(user).count() == 1
