"""What a child reaches on a signed-in device, and that nothing it sends changes its own limits."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import get_resolver

from accounts import children, devices, invitations
from accounts.invitations import Place
from accounts.models import Account, Device, Guardianship, Invitation, Member, User
from plans import extras
from plans.models import AccessRule, Awake, ChildDay, Extra, Quota, QuotaWindow
from portal.kit import clock
from tests.accounts.people import child_of, found, fresh, tablet_of
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

OPEN = [
    "/",
    "/chat/",
    "/usage/",
    "/models/",
    "/plans/",
    "/help/",
    "/news/",
    "/who/",
    "/more/",
    "/extras/",
    "/legal/terms/",
]
CLOSED = [
    "/accounts/login/", "/accounts/signup/", "/accounts/logout/", "/accounts/email/", "/accounts/password/change/",
    "/accounts/2fa/", "/accounts/sessions/", "/accounts/founding/", "/accounts/nowhere/",
    "/people/", "/people/me/", "/people/acting/", "/people/account/", "/people/resignation/", "/people/invitations/",
    "/people/children/", "/people/devices/", "/join/1/x/", "/keys/", "/billing/", "/checkout/starter/", "/admin/",
    "/admin/login/",
]  # fmt: skip
GIVEN: dict[str, Any] = {
    "about": "minutes", "account": 1, "amount": 1000, "born_in": "2000-01-01", "chat_models": [], "confirmed": "yes",
    "consented": "on", "daily_minutes": 1440, "department": "", "grace_percent": 0, "is_handover": "on",
    "is_tutored": "", "kind": "household", "limit": 10**9, "login": "x@example.com", "model": "nonsense", "month": 1,
    "name": "Free", "nickname": "Free", "pin": "7035", "quiet_from": "", "quiet_to": "", "reason": "please",
    "role": "owner", "scenarios": [], "text": "Hello", "time_zone": "UTC", "unit": "credits", "window": "day",
    "year": 2000,
}  # fmt: skip
"""Everything that a form of the portal may ask for."""


@pytest.fixture
def mei(owner: Member) -> Member:
    return child_of(owner, now=clock.now())


@pytest.fixture
def tablet(owner: Member, mei: Member) -> Client:
    return tablet_of(mei, by=owner, now=clock.now())


def addresses(before: str = "", patterns: Any = None) -> Iterator[str]:
    """Every address of the portal but those of machines, which take keys alone."""
    for entry in patterns or get_resolver().url_patterns:
        name = before + str(entry.pattern)
        if hasattr(entry, "url_patterns"):
            yield from addresses(name, entry.url_patterns)
        elif not name.startswith("v1/") and "^" not in name and "(?P" not in name:
            yield name


def filled(pattern: str, values: dict[str, object]) -> str:
    """The address with the ids of the child's own things, and something where there are none."""
    usual = {"int": 1, "str": "x", "slug": "x", "path": "x", "uuid": uuid4()}
    while "<" in pattern:
        before, _, rest = pattern.partition("<")
        shape, _, rest = rest.partition(">")
        kind, _, name = shape.rpartition(":")
        pattern = f"{before}{values.get(name, usual[kind or 'str'])}{rest}"
    return f"/{pattern}"


def settled() -> dict[str, list[Any]]:
    """All that limits anybody here, and who belongs to what."""
    kinds: list[Any] = [Account, Member, Guardianship, Quota, QuotaWindow, AccessRule, Awake, ChildDay, Invitation]
    rows: dict[str, list[Any]] = {kind.__name__: list(kind.objects.order_by("pk").values()) for kind in kinds}
    people = User.objects.order_by("pk")
    for line in rows["Guardianship"]:
        del line["pin_failures"]  # a wrong PIN is one
    rows["people"] = list(people.values_list("pk", "email", "phone", "name", "is_active", "guarded_at"))
    rows["devices"] = list(Device.objects.order_by("pk").values_list("pk", "ended_at"))
    rows["given"] = list(Extra.objects.exclude(granted=None).values_list("pk", "granted"))
    return rows


class TestAChild:
    @pytest.mark.parametrize("path", OPEN)
    def test_reaches_what_is_its_own(self, tablet: Client, path: str) -> None:
        assert tablet.get(path).status_code == 200

    @pytest.mark.parametrize("path", CLOSED)
    def test_finds_nothing_where_grown_ups_decide(self, tablet: Client, path: str) -> None:
        for _ in range(2):
            assert tablet.get(path).status_code == 404
            assert fresh(tablet).post(path, GIVEN).status_code == 404

    def test_is_led_to_no_page_that_is_closed(self, tablet: Client) -> None:
        for path in ("/chat/", "/usage/", "/models/", "/news/", "/who/"):
            page = tablet.get(path).content.decode()
            for closed in ('href="/people/', 'href="/keys/', 'href="/billing/', 'action="/accounts/'):
                assert closed not in page, path

    def test_sees_itself_and_none_of_its_family(self, tablet: Client, owner: Member, mei: Member) -> None:
        brother = child_of(owner, name="Ming", now=clock.now())
        assert tablet.get(f"/quotas/member/{mei.pk}/").status_code == 200
        nodes = (("member", brother.pk), ("member", owner.pk), ("account", owner.account_id))
        for kind, node_id in nodes:
            for path in (f"/quotas/{kind}/{node_id}/", f"/pauses/{kind}/{node_id}/"):
                assert tablet.get(path).status_code == 404, path

    def test_asks_for_more_and_gives_itself_nothing(self, tablet: Client, mei: Member) -> None:
        assert tablet.post("/extras/", {"about": "minutes", "amount": 30}).status_code == 302
        asked = Extra.objects.get()
        before = settled()
        assert tablet.post(f"/extras/{asked.pk}/approval/", {"amount": 30}).status_code == 403
        assert tablet.post(f"/extras/{asked.pk}/refusal/").status_code == 403
        assert settled() == before
        assert not tablet.get(f"/extras/{asked.pk}/").context["may_answer"]

    def test_sets_no_quota_no_rule_and_no_pause(self, tablet: Client, mei: Member) -> None:
        quota = books.quota(mei, 100, kind="member", node_id=mei.pk)
        before = settled()
        terms = {"window": "day", "amount": 10**6, "unit": "credits", "grace_percent": 0}
        answers = [
            tablet.post(f"/quotas/member/{mei.pk}/", terms),
            tablet.post(f"/quotas/member/{mei.pk}/access/", {}),
            tablet.post(f"/quotas/{quota.pk}/ending/"),
            tablet.post(f"/pauses/member/{mei.pk}/"),
            tablet.post(f"/pauses/member/{mei.pk}/end/"),
        ]
        assert [answer.status_code for answer in answers] == [403] * 5
        assert settled() == before

    def test_joins_nothing_else(self, tablet: Client, mei: Member) -> None:
        other = found("other@example.com", kind="household", name="Other")
        made = invitations.invite(other, Place(way="screen"), now=clock.now())
        assert tablet.post(invitations.link_of(made).removeprefix(settings.BASE_URL)).status_code == 404
        assert Member.objects.filter(user=mei.user).count() == 1

    def test_changes_no_limit_at_any_address(self, tablet: Client, owner: Member, mei: Member) -> None:
        """Whatever it sends, to every address of the portal, with the ids of its own things."""
        quota = books.quota(mei, 100, kind="member", node_id=mei.pk)
        asked = extras.ask(mei, about="quiet_hours", now=clock.now())
        made = invitations.invite(owner, Place(way="screen"), now=clock.now())
        values: dict[str, object] = {
            "member_id": mei.pk, "kind": "member", "node_id": mei.pk, "quota_id": quota.pk, "extra_id": asked.pk,
            "invitation_id": made.pk, "device_id": Device.objects.get().pk,
        }  # fmt: skip
        given = GIVEN | {"member_id": mei.pk, "member": mei.pk, "quota": quota.pk}
        before, tried = settled(), 0
        for pattern in addresses():
            path, tried = filled(pattern, values), tried + 1
            if SESSION_KEY not in tablet.session:
                tablet_of(mei, by=owner, now=clock.now(), tablet=tablet)
            for _ in range(2):  # as it came, and as if it had proven who it is
                assert tablet.post(path, given).status_code < 500 or path == "/readyz", path
                if SESSION_KEY in tablet.session:
                    fresh(tablet)
            after = settled()
            assert after == before | {"devices": after["devices"]}, path
        assert tried > 80
        assert Device.objects.get().ended_at is None

    def test_with_reading_on_is_told_wherever_it_writes(self, tablet: Client, owner: Member, mei: Member) -> None:
        told = "Your parents can read what is written here."
        assert told not in tablet.get("/chat/").content.decode()
        children.begin_reading(mei, by=owner, now=clock.now())
        assert told in tablet.get("/chat/").content.decode()
        assert "can read what you write here" in tablet.get("/news/").content.decode()

    def test_is_out_with_its_device(self, tablet: Client, owner: Member) -> None:
        devices.end(Device.objects.get(), by=owner, now=clock.now())
        for path in ("/help/", "/people/"):
            assert tablet.get(path).status_code in {200, 302}
        assert SESSION_KEY not in tablet.session
