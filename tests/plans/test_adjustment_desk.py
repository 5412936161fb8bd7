"""The desk where staff gives, gives back and takes back credits, and where a second person agrees."""

from typing import Any

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.models import AuditEvent, Member, User
from plans.models import Adjustment, Lot
from portal.kit.units import credits
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

ADD = "/admin/plans/adjustment/add/"
LIST = "/admin/plans/adjustment/"


@pytest.fixture(autouse=True)
def limit(settings: Settings) -> None:
    settings.DEMO = True
    settings.GOODWILL_ALONE_CREDITS = 500


@pytest.fixture
def member() -> Member:
    return books.founded()


@pytest.fixture
def desk() -> Client:
    return seat("ann@example.com")


def seat(email: str) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser(email, password="a long pass phrase"))
    return client


def ask(desk: Client, member: Member, amount: str = "12.5", **given: Any) -> int:
    form = {"kind": "goodwill", "account_id": member.account_id, "credits": amount, "reason": "slow answers"}
    return desk.post(ADD, form | given).status_code


def decide(desk: Client, action: str, reason: str = "I looked") -> str:
    chosen = [str(pk) for pk in Adjustment.objects.values_list("pk", flat=True)]
    given = {"action": action, "_selected_action": chosen, "reason": reason}
    return desk.post(LIST, given, follow=True).content.decode()


class TestAsk:
    def test_gives_a_little_at_once_and_writes_it_down(self, desk: Client, member: Member) -> None:
        assert ask(desk, member) == 302
        assert Lot.objects.get().available == 12_500_000
        event = AuditEvent.objects.get(verb="adjustment.ask.goodwill")
        assert (event.account_id, event.reason) == (member.account_id, "slow answers")
        assert books.kinds() == set()

    def test_lets_much_wait_however_it_is_split(self, desk: Client, member: Member) -> None:
        assert [ask(desk, member, "300") for _ in range(2)] == [302, 302]
        assert [each.state for each in Adjustment.objects.order_by("asked_at")] == ["done", "waiting"]
        assert Lot.objects.get().available == credits(300)
        assert ask(seat("bo@example.com"), member, "300") == 302
        assert Lot.objects.count() == 2

    def test_gives_back_what_a_call_cost(self, desk: Client, member: Member) -> None:
        books.grant(member, credits(100))
        call_id = books.spent(member, credits(40))
        assert f'value="{call_id}"' in desk.get(f"{ADD}?kind=restore&call_id={call_id}").content.decode()
        assert ask(desk, member, "40", kind="restore", call_id=str(call_id)) == 302
        assert Lot.objects.get(source="restore").available == credits(40)
        assert ask(desk, member, "40", kind="restore", call_id=str(call_id)) == 409
        assert books.kinds() == set()

    @pytest.mark.parametrize(
        "wrong",
        [
            pytest.param({"account_id": 10**9}, id="nobody's account"),
            pytest.param({"credits": "0"}, id="nothing"),
            pytest.param({"credits": "-1"}, id="less than nothing"),
            pytest.param({"credits": "0.0000001"}, id="less than the smallest part"),
            pytest.param({"credits": "1e30"}, id="more than there is"),
            pytest.param({"credits": "NaN"}, id="no number"),
            pytest.param({"kind": "restore"}, id="no call"),
            pytest.param({"kind": "revoke"}, id="no lot"),
            pytest.param({"lot_id": 1}, id="a lot that is not needed"),
            pytest.param({"reason": ""}, id="no reason"),
            pytest.param({"expires_at_0": "yesterday"}, id="no moment"),
            pytest.param({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, id="an end in the past"),
        ],
    )
    def test_says_what_is_wrong_and_changes_nothing(self, desk: Client, member: Member, wrong: dict[str, Any]) -> None:
        assert ask(desk, member, **wrong) == 200
        assert not Adjustment.objects.exists()
        assert not Lot.objects.exists()


class TestDecide:
    def test_takes_another_person(self, desk: Client, member: Member) -> None:
        ask(desk, member, "501")
        assert "takes two people" in decide(desk, "agree")
        assert not Lot.objects.exists()
        second = seat("bo@example.com")
        assert "Say why first" in decide(second, "agree", reason="")
        assert "done" in decide(second, "agree")
        assert Lot.objects.get().available == credits(501)
        assert AuditEvent.objects.filter(verb="adjustment.done", reason="I looked").count() == 1
        decide(second, "agree")
        assert Lot.objects.count() == 1
        assert books.kinds() == set()

    def test_may_decline(self, desk: Client, member: Member) -> None:
        ask(desk, member, "501")
        decide(desk, "decline")
        decide(seat("bo@example.com"), "agree")
        assert Adjustment.objects.get().state == "declined"
        assert not Lot.objects.exists()

    def test_is_not_for_members(self, member: Member) -> None:
        client = Client()
        client.force_login(member.user)
        assert client.post(ADD, {"kind": "goodwill"}).headers["Location"].startswith("/admin/login/")
        assert client.post(LIST, {"action": "agree"}).headers["Location"].startswith("/admin/login/")
