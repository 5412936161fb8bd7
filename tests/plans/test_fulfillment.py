"""What bundles owe beside credits: told to a hook that really listens, or done by hand."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import AuditEvent, User
from plans import fulfillment
from plans.models import Fulfillment, Order
from portal.sandbox.operator import Operator
from tests.plans.cast import Household, listening, order_of, scripted

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

SECRET = "hook-secret"
LATER = timedelta(hours=2)


class Hook:
    """A partner's door: it keeps what was posted and answers with `status`."""

    def __init__(self) -> None:
        self.status = 200
        self.posts: list[tuple[dict[str, str], bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        self.posts.append(({key.decode(): value.decode() for key, value in scope["headers"]}, body))
        await send({"type": "http.response.start", "status": self.status, "headers": []})
        await send({"type": "http.response.body", "body": b"order AB-1"})


@pytest.fixture
def hook(settings: Any) -> Iterator[Hook]:
    app: Any = Hook()
    with listening(app) as address:
        settings.FULFILLMENT_HOOK_URL = f"{address}/items"
        settings.FULFILLMENT_HOOK_SECRET = SECRET
        yield app


@pytest.fixture
def order(household: Household, operator: Operator) -> Order:
    return order_of(household.owner, phone=scripted("00"), slug="business-bundle")


def line_of(order: Order) -> Fulfillment:
    return Fulfillment.objects.select_related("order__account", "item").get(order=order, item__kind="connectivity")


class TestOpening:
    def test_writes_down_each_item_of_a_paid_bundle_once(self, order: Order, now: datetime) -> None:
        assert {(row.item.kind, row.state) for row in Fulfillment.objects.of_order(order.pk)} == {
            ("connectivity", "waiting"), ("security", "waiting"),
        }  # fmt: skip
        assert fulfillment.open_items(order, now=now) >= 0
        assert Fulfillment.objects.count() == 2

    def test_owes_nothing_for_plans_and_packs(self, household: Household, operator: Operator) -> None:
        order_of(household.owner, phone=scripted("00"))
        assert not Fulfillment.objects.exists()


class TestTelling:
    def test_posts_the_item_signed_and_takes_yes_for_done(self, order: Order, hook: Hook, now: datetime) -> None:
        assert fulfillment.tell_hook(now=now) == 1
        [(headers, body)] = hook.posts
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = base64.b64encode(hmac.digest(SECRET.encode(), signed, hashlib.sha256)).decode()
        assert headers["webhook-signature"] == f"v1,{expected}"
        told = json.loads(body)
        assert (told["item"]["kind"], told["offering"], told["order"]) == (
            "connectivity",
            "business-bundle",
            order.number,
        )
        row = line_of(order)
        assert (row.state, row.note) == ("done", "200 order AB-1")
        assert fulfillment.tell_hook(now=now + LATER) == 0

    @pytest.mark.parametrize(("status", "state"), [(202, "waiting"), (422, "failed"), (404, "failed")])
    def test_asks_no_more_after_a_clear_answer(
        self, order: Order, hook: Hook, now: datetime, status: int, state: str
    ) -> None:
        hook.status = status
        fulfillment.tell_hook(now=now)
        assert line_of(order).state == state
        assert fulfillment.tell_hook(now=now + LATER) == 0

    @pytest.mark.parametrize("status", [500, 429])
    def test_tries_again_later_and_in_the_end_gives_up(
        self, order: Order, hook: Hook, now: datetime, status: int
    ) -> None:
        hook.status = status
        assert fulfillment.tell_hook(now=now) == 1
        assert fulfillment.tell_hook(now=now) == 0
        assert fulfillment.tell_hook(now=now + LATER) == 1
        Fulfillment.objects.update(tries=fulfillment.MOST_TRIES - 1)
        fulfillment.tell_hook(now=now + 2 * LATER)
        assert line_of(order).state == "failed"

    def test_waits_for_a_hook_that_is_away_and_tells_nobody_without_one(
        self, order: Order, hook: Hook, now: datetime, settings: Any
    ) -> None:
        settings.FULFILLMENT_HOOK_URL = "http://127.0.0.1:9/"
        fulfillment.tell_hook(now=now)
        assert (line_of(order).state, line_of(order).tries) == ("waiting", 1)
        settings.FULFILLMENT_HOOK_URL = ""
        assert fulfillment.tell_hook(now=now + LATER) == 0


class TestByHand:
    def test_staff_finish_give_up_and_try_again_with_a_reason(
        self, order: Order, now: datetime, client: Client, settings: Any
    ) -> None:
        settings.DEMO = True
        client.force_login(User.objects.create_superuser("staff@example.com"))
        row = line_of(order)
        sent = {"_selected_action": str(row.pk)}
        for action, state in (("give_up", "failed"), ("try_again", "waiting"), ("finish", "done")):
            client.post("/admin/plans/fulfillment/", sent | {"action": action})
            client.post("/admin/plans/fulfillment/", sent | {"action": action, "reason": f"why {action}"})
            assert line_of(order).state == state
        client.post("/admin/plans/fulfillment/", sent | {"action": "give_up", "reason": "too late"})
        assert line_of(order).state == "done"
        reasons = AuditEvent.objects.filter(verb__startswith="item.").order_by("pk").values_list("reason", flat=True)
        assert list(reasons) == ["why give_up", "why try_again", "why finish"]

    def test_refuses_what_is_done(self, order: Order, now: datetime) -> None:
        staff = User.objects.create_superuser("staff@example.com")
        row = line_of(order)
        fulfillment.finish(row, by=staff, reason="set up", now=now)
        with pytest.raises(fulfillment.NotOpen):
            fulfillment.give_up(row, by=staff, reason="no", now=now)
