"""At the same moment: twenty devices and one code, twenty guesses of a PIN, and the last free line of a child."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.contrib.auth import SESSION_KEY
from django.db import connections
from django.test import Client

from accounts import children, devices
from accounts.models import Device, DeviceTicket, Guardianship, LegalText, Member, Notification
from portal.kit import clock
from tests.accounts.people import PIN, at_once, child_of, join, tablet_of

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 20


@pytest.fixture(autouse=True)
def _published(transactional_db: None) -> None:
    """The consent text, which is gone after the first test that empties all tables."""
    text = {"body": "Consent", "published_at": clock.now()}
    LegalText.objects.get_or_create(kind="guardian", version=1, language="en", defaults=text)


def all_at_once(tablets: list[Client], visit: Callable[[Client], int]) -> list[int]:
    """The statuses that `visit` brings, each tablet in a thread of its own."""
    start = threading.Barrier(len(tablets))

    def alone(tablet: Client) -> int:
        try:
            start.wait(timeout=30)
            return visit(tablet)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(tablets)) as pool:
        return sorted(pool.map(alone, tablets))


class TestOneCode:
    def test_signs_in_one_of_twenty_devices(self, owner: Member) -> None:
        now = clock.now()
        mei = child_of(owner, now=now)
        path = devices.path_of(devices.make_ticket(mei, by=owner, now=now))
        tablets = [Client() for _ in range(MANY)]
        assert all_at_once(tablets, lambda tablet: tablet.post(path).status_code) == [302, *[410] * (MANY - 1)]
        assert [SESSION_KEY in tablet.session for tablet in tablets].count(True) == 1
        assert DeviceTicket.objects.get().device == Device.objects.get()


class TestOnePin:
    def test_is_tried_five_times_by_twenty_threads(self, owner: Member) -> None:
        mei = child_of(owner, now=clock.now())
        tablet = tablet_of(mei, by=owner, now=clock.now())
        others = [Client() for _ in range(MANY)]
        for other in others:
            other.cookies["device"] = tablet.cookies["device"].value

        def guess(client: Client) -> int:
            return client.post("/who/", {"member_id": mei.pk, "pin": "9999"}).status_code

        assert all_at_once(others, guess) == [*[403] * devices.MOST_TRIES, *[429] * (MANY - devices.MOST_TRIES)]
        line = Guardianship.objects.get()
        assert (line.pin_failures, line.pin_locked_until is not None) == (devices.MOST_TRIES, True)
        assert Notification.objects.get().kind == "pin_locked"
        assert tablet.post("/who/", {"member_id": mei.pk, "pin": PIN}).status_code == 429


class TestTheLastLine:
    def test_is_opened_once(self, owner: Member) -> None:
        for number in range(children.MOST_CHILDREN - 1):
            join(owner, role="child", name=f"child{number}")
        now = clock.now()

        def open_one() -> Member:
            return children.open(
                owner, nickname="Mei", born_in=date(now.year - 9, 1, 1), pin=PIN, language="en", now=now
            )

        assert at_once(*[open_one] * 4) == ["", *["too_many_children"] * 3]
        assert Guardianship.objects.count() == 1
