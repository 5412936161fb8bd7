"""Orders paid by WeChat Pay and by card: what the shop makes of what these companies tell, in whichever order."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from plans import messages, offerings, orders, payment_providers
from plans.models import Dispute, Lot, Order, PaymentMessage
from plans.payment_providers.base import Message
from tests.plans.cast import Household, signed_in
from tests.plans.providers import peers
from tests.plans.providers.peers import ASKED, DECLINED, GOOD, Cards, Wechat

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]

SOON = timedelta(minutes=5)


@pytest.fixture(autouse=True)
def ways(settings: Any, cards: Cards, wechat: Wechat) -> Iterator[None]:
    """Both companies, as the settings name them; the messages that they would bring here wait at their doors."""
    settings.STRIPE = replace(peers.stripe_keys(), url=cards.address)
    settings.WECHAT_PAY = replace(peers.wechat_keys()[0], url=wechat.address)
    settings.STRIPE_WEBHOOK_SECRET = settings.STRIPE.webhook_secret
    settings.WECHAT_PAY_PUBLIC_KEY = settings.WECHAT_PAY.platform_key
    wechat.peer.books.orders.clear()
    yield
    payment_providers.close()
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM ledger_violations")
        assert cursor.fetchall() == []


def order_of(household: Household, provider: str, *, now: datetime) -> Order:
    version = offerings.current("starter")
    wish = orders.Wish(order_id=uuid4(), version=version.version, provider=provider)
    return orders.check_out(version, wish=wish, by=household.owner, now=now)


def told(provider: str, message: Message) -> int:
    """What our door answers."""
    headers = {name: value for name, value in message.headers.items() if name.startswith(("stripe", "wechat"))}
    door = f"/payments/{provider}/messages/"
    return Client().generic("POST", door, message.body, content_type="application/json", headers=headers).status_code


class TestCards:
    def test_pay_after_the_bank_asked_and_messages_came_in_any_order(
        self, household: Household, cards: Cards, now: datetime
    ) -> None:
        order = order_of(household, "stripe", now=now)
        standing = cards.pay.query(str(order.payments.get().reference))
        assert order.payments.get().page_url == standing.page_url
        for number in (DECLINED, ASKED):
            cards.type(standing, number)
        cards.answer(standing, "approval")
        heard = [cards.door.message() for _ in range(3)] * 2
        random.Random(7).shuffle(heard)
        assert {told("stripe", message) for message in heard} == {204}
        messages.process(now=now + SOON)
        order.refresh_from_db()
        assert (order.state, Lot.objects.count(), PaymentMessage.objects.count()) == ("paid", 1, 3)
        assert {row.state for row in PaymentMessage.objects.all()} == {"applied"}

    def test_that_a_bank_takes_back_freeze_what_was_bought(
        self, household: Household, cards: Cards, now: datetime
    ) -> None:
        order = order_of(household, "stripe", now=now)
        standing = cards.pay.query(str(order.payments.get().reference))
        cards.type(standing, GOOD)
        cards.dispute(standing)
        heard = [cards.door.message() for _ in range(3)]
        assert {told("stripe", message) for message in reversed(heard)} == {204}
        messages.process(now=now + SOON)
        assert Dispute.objects.count() == 1
        assert Lot.objects.get().frozen == 1
        cards.dispute(standing, status="won")
        assert told("stripe", cards.door.message()) == 204
        messages.process(now=now + SOON)
        assert Lot.objects.get().frozen == 0

    def test_of_another_amount_or_mode_buy_nothing(self, household: Household, cards: Cards, now: datetime) -> None:
        for wrong in ("wrong_amount", "wrong_currency", "other_mode"):
            cards.peer.misbehavior.plan(wrong)
            order = order_of(household, "stripe", now=now)
            payment = order.payments.get()
            assert payment.mismatch
            page = f"{cards.address}/pay/{payment.reference}/"
            cards.type(replace(cards.pay.query(str(payment.reference)), page_url=page), GOOD)
            orders.follow(payment, now=now + SOON)
            assert not Lot.objects.exists()


class TestWechatPay:
    def test_pays_once_however_often_it_is_told(
        self, household: Household, wechat: Wechat, now: datetime, settings: Any
    ) -> None:
        settings.DEMO, settings.SANDBOX_SCAN_URL = True, f"{wechat.address}/scan/"
        order = order_of(household, "wechat_pay", now=now)
        payment = order.payments.get()
        assert payment.code_url.startswith("weixin://")
        page = signed_in(household.owner).get(f"/checkout/orders/{order.pk}/").content.decode()
        assert f'href="{settings.SANDBOX_SCAN_URL}?code_url=weixin%3A%2F%2Fwxpay' in page
        wechat.peer.books.orders[payment.pk.hex].asked["notify_url"] = wechat.door_address
        wechat.decide(wechat.pay.query(str(payment.reference)), "payment")
        message = wechat.door.message()
        assert [told("wechat_pay", message) for _ in range(3)] == [204] * 3
        forged = Message(message.headers, message.body.replace(b"EV-", b"EV+"), now)
        assert told("wechat_pay", forged) == 401
        messages.process(now=now + SOON)
        order.refresh_from_db()
        assert (order.state, Lot.objects.count()) == ("paid", 1)
        assert sorted(PaymentMessage.objects.values_list("state", flat=True)) == ["applied", "forged"]
