"""What arrives at our door: genuine messages are told apart from all others, and none is taken for more than a hint."""

import json
import os
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plans.payment_providers.base import Event, Forged, Message, PaymentProvider
from plans.payment_providers.stripe import Stripe
from plans.payment_providers.wechat_pay import WechatPay
from portal.kit import merchants
from portal.sandbox.cards import signed
from portal.sandbox.wechat_seals import Seals
from tests.plans.providers import peers
from tests.plans.providers.peers import ASKED, DECLINED, Cards, Wechat, charge, repayment

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
NOBODY: Any = None  # reading a message asks nobody, so there is nobody to ask


def wechat_message(merchant: merchants.WechatPay, *, seconds: int = SECONDS, **changed: Any) -> Message:
    """A genuine message of WeChat Pay's, but for what is changed before it is signed."""
    seals = Seals(merchant, peers.wechat_keys()[1])
    order = {"mchid": merchant.mchid, "appid": merchant.appid, "out_trade_no": "0" * 31 + "1"}
    notice = {
        "id": "EV-1",
        "event_type": "TRANSACTION.SUCCESS",
        "resource": seals.sealed(order | changed.pop("order", {}), kind="transaction"),
    }
    body = json.dumps(notice | changed).encode()
    headers = {name.lower(): value for name, value in seals.signature(body, seconds).items()}
    return Message(headers, body, NOW)


def stripe_message(secret: str, *, seconds: int = SECONDS, **changed: Any) -> Message:
    """A genuine message of Stripe's, but for what is changed before it is signed."""
    about = {"id": "cs_1", "object": "checkout.session", "client_reference_id": "C"}
    event = {"id": "evt_1", "type": "checkout.session.completed", "livemode": False, "data": {"object": about}}
    headers, body = signed(event | changed, secret)(seconds)
    return Message({name.lower(): value for name, value in headers.items()}, body, NOW)


def with_headers(message: Message, headers: Mapping[str, str]) -> Message:
    return replace(message, headers={**message.headers, **headers})


@pytest.fixture(scope="module")
def wechat_pay() -> WechatPay:
    return WechatPay(NOBODY, merchant=peers.wechat_keys()[0], clock=lambda: float(SECONDS))


@pytest.fixture(scope="module")
def stripe() -> Stripe:
    return Stripe(NOBODY, merchant=peers.stripe_keys(), clock=lambda: float(SECONDS))


class TestOfWechatPay:
    def test_tells_the_order_and_our_charge(self, wechat_pay: WechatPay) -> None:
        told = wechat_pay.read(wechat_message(peers.wechat_keys()[0]))
        assert told == Event("EV-1", "0" * 31 + "1", "00000000-0000-0000-0000-000000000001")

    @pytest.mark.parametrize("away", [-300, 300])
    def test_may_be_a_little_early_or_late(self, wechat_pay: WechatPay, away: int) -> None:
        assert wechat_pay.read(wechat_message(peers.wechat_keys()[0], seconds=SECONDS + away)).event_id == "EV-1"

    def test_about_what_we_do_not_follow_is_about_nothing(self, wechat_pay: WechatPay) -> None:
        message = wechat_message(peers.wechat_keys()[0], event_type="COUPON.USE")
        assert wechat_pay.read(message) == Event("EV-1", "", "")

    def test_is_refused_unless_all_of_it_is_the_platforms(self, wechat_pay: WechatPay) -> None:
        merchant, _ = peers.wechat_keys()
        good = wechat_message(merchant)
        cases = {
            "unsigned": replace(good, headers={}),
            "tampered": replace(good, body=good.body.replace(b"EV-1", b"EV-2")),
            "other words for the same": replace(good, body=json.dumps(json.loads(good.body), indent=1).encode()),
            "another signature": with_headers(good, {"wechatpay-signature": b64encode(os.urandom(256)).decode()}),
            "no base64": with_headers(good, {"wechatpay-signature": "WECHATPAY/SIGNTEST/é"}),
            "another key": with_headers(good, {"wechatpay-serial": "PUB_KEY_ID_0"}),
            "another nonce": with_headers(good, {"wechatpay-nonce": "0"}),
            "old": wechat_message(merchant, seconds=SECONDS - 301),
            "from the future": wechat_message(merchant, seconds=SECONDS + 301),
            "no time": with_headers(good, {"wechatpay-timestamp": "²"}),
            "the other half of our own key": self.signed_by_us(good),
            "another seal": wechat_message(replace(merchant, api_key="0" * 32)),
            "of another merchant": wechat_message(merchant, order={"mchid": "1900000000"}),
            "of another app": wechat_message(merchant, order={"appid": "wx0"}),
            "no notice": wechat_message(merchant, resource=None),
        }
        for case, message in cases.items():
            with pytest.raises(Forged):
                pytest.fail(f"{case}: {wechat_pay.read(message)}")

    def test_is_refused_when_it_is_sent_again_later(self) -> None:
        merchant = peers.wechat_keys()[0]
        good = wechat_message(merchant)
        with pytest.raises(Forged):
            WechatPay(NOBODY, merchant=merchant, clock=lambda: SECONDS + 301.0).read(good)

    @staticmethod
    def signed_by_us(message: Message) -> Message:
        merchant, _ = peers.wechat_keys()
        headers = Seals(merchant, merchant.private_key).signature(message.body, SECONDS)
        return with_headers(message, {name.lower(): value for name, value in headers.items()})


class TestOfStripe:
    def test_tells_the_page_and_our_charge(self, stripe: Stripe) -> None:
        secret = peers.stripe_keys().webhook_secret
        assert stripe.read(stripe_message(secret)) == Event("evt_1", "cs_1", "C")

    @pytest.mark.parametrize(
        ("about", "reference", "charge_id"),
        [
            ({"id": "pi_1", "object": "payment_intent", "metadata": {"charge": "C"}}, "", "C"),
            ({"id": "pi_1", "object": "payment_intent", "metadata": {}}, "pi_1", ""),
            ({"id": "ch_1", "object": "charge", "payment_intent": "pi_1", "metadata": {"charge": "C"}}, "", "C"),
            ({"id": "dp_1", "object": "dispute", "payment_intent": "pi_1"}, "pi_1", ""),
            ({"id": "cus_1", "object": "customer"}, "", ""),
            ({"object": "balance"}, "", ""),
        ],
    )
    def test_tells_the_payment_intent_where_nothing_else_is_told(
        self, stripe: Stripe, about: dict[str, Any], reference: str, charge_id: str
    ) -> None:
        message = stripe_message(peers.stripe_keys().webhook_secret, data={"object": about})
        assert stripe.read(message) == Event("evt_1", reference, charge_id)

    def test_may_carry_a_second_signature_while_a_secret_is_rolled(self, stripe: Stripe) -> None:
        good = stripe_message(peers.stripe_keys().webhook_secret)
        header = good.headers["stripe-signature"].replace(",v1=", f",v1={'0' * 64},v1=")
        assert stripe.read(with_headers(good, {"stripe-signature": header})).event_id == "evt_1"

    def test_is_refused_unless_all_of_it_is_signed_by_the_secret(self, stripe: Stripe) -> None:
        secret = peers.stripe_keys().webhook_secret
        good = stripe_message(secret)
        header = good.headers["stripe-signature"]
        cases = {
            "unsigned": replace(good, headers={}),
            "tampered": replace(good, body=good.body.replace(b"evt_1", b"evt_2")),
            "other words for the same": replace(good, body=json.dumps(json.loads(good.body), indent=1).encode()),
            "by nobody's secret": stripe_message(""),
            "by another secret": stripe_message("whsec_" + "0" * 48),
            "by the other scheme": with_headers(good, {"stripe-signature": header.replace("v1=", "v2=")}),
            "in upper case": with_headers(good, {"stripe-signature": header.upper().replace("T=", "t=", 1)}),
            "without a time": with_headers(good, {"stripe-signature": header.partition(",")[2]}),
            "with two times": with_headers(good, {"stripe-signature": f"t={SECONDS},{header}"}),
            "with a moved time": with_headers(good, {"stripe-signature": header.replace("t=1", "t=01")}),
            "old": stripe_message(secret, seconds=SECONDS - 301),
            "from the future": stripe_message(secret, seconds=SECONDS + 301),
            "of real money": stripe_message(secret, livemode=True),
            "no event": stripe_message(secret, data=None),
        }
        for case, message in cases.items():
            with pytest.raises(Forged):
                pytest.fail(f"{case}: {stripe.read(message)}")

    def test_is_refused_when_it_is_sent_again_later(self) -> None:
        merchant = peers.stripe_keys()
        with pytest.raises(Forged):
            Stripe(NOBODY, merchant=merchant, clock=lambda: SECONDS + 301.0).read(
                stripe_message(merchant.webhook_secret)
            )

    @pytest.mark.parametrize("secret", ["", " "])
    def test_is_refused_where_no_secret_was_set(self, secret: str) -> None:
        merchant = replace(peers.stripe_keys(), webhook_secret=secret)
        assert not merchant
        with pytest.raises(Forged):
            Stripe(NOBODY, merchant=merchant, clock=lambda: float(SECONDS)).read(stripe_message(secret.strip()))


class TestAnything:
    """Whatever strangers send, also with a genuine signature around it, is refused and breaks nothing."""

    @settings(max_examples=50, deadline=None)
    @given(
        names=st.dictionaries(
            st.sampled_from(["stripe-signature", "wechatpay-signature", "wechatpay-nonce", "wechatpay-timestamp"]),
            st.text(max_size=90) | st.sampled_from([f"t={SECONDS},v1=", str(SECONDS), "v1=,t=,v1"]),
        ),
        body=st.binary(max_size=200),
    )
    def test_unsigned(self, wechat_pay: WechatPay, stripe: Stripe, names: dict[str, str], body: bytes) -> None:
        known = {"wechatpay-serial": peers.wechat_keys()[0].platform_key_id}
        providers: list[PaymentProvider] = [wechat_pay, stripe]
        for provider in providers:
            with pytest.raises(Forged):
                provider.read(Message(known | names, body, NOW))

    @settings(max_examples=50, deadline=None)
    @given(
        changed=st.dictionaries(
            st.sampled_from(["id", "type", "event_type", "livemode", "data", "resource"]),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text(max_size=20),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
                max_leaves=8,
            ),
        )
    )
    def test_signed(self, wechat_pay: WechatPay, stripe: Stripe, changed: dict[str, Any]) -> None:
        messages: list[tuple[Callable[[Message], Event], Message]] = [
            (wechat_pay.read, wechat_message(peers.wechat_keys()[0], **changed)),
            (stripe.read, stripe_message(peers.stripe_keys().webhook_secret, **changed)),
        ]
        for read, message in messages:
            with suppress(Forged):
                assert read(message).event_id == changed.get("id", read(message).event_id)


class TestOrder:
    """In whichever order, how often and how late messages come: the object alone tells, and always the same."""

    def test_of_messages_of_wechat_pay_does_not_matter(self, wechat: Wechat) -> None:
        began = wechat.pay.begin(wechat.charge())
        wechat.peer.misbehavior.plan("event_twice")
        wechat.decide(began, "payment")
        heard = [wechat.door.message(), wechat.door.message()]
        wechat.pay.refund(repayment(began, 990))
        heard.append(wechat.door.message())
        self.check(wechat.pay, heard, began.reference, began.charge_id)

    def test_of_messages_of_stripe_does_not_matter(self, cards: Cards) -> None:
        began = cards.pay.begin(charge(990))
        cards.type(began, DECLINED)
        cards.type(began, ASKED)
        cards.peer.misbehavior.plan("event_swapped")
        cards.answer(began, "approval")
        cards.pay.refund(repayment(began, 90))
        cards.dispute(began, status="won")
        heard = [cards.door.message() for _ in range(6)]
        kinds = [json.loads(message.body)["type"] for message in heard]
        assert kinds.index("checkout.session.completed") < kinds.index("payment_intent.succeeded")
        self.check(cards.pay, heard, began.reference, began.charge_id)
        told = cards.pay.query(began.reference)
        assert (told.state, told.refunded_minor, told.disputed and told.disputed.state) == ("succeeded", 90, "won")

    @staticmethod
    def check(provider: PaymentProvider, heard: list[Message], reference: str, charge_id: str) -> None:
        events = [provider.read(message) for message in heard]
        assert [provider.read(message) for message in reversed(heard)] == events[::-1]
        assert {event.charge_id for event in events} <= {"", charge_id}
        truths = {provider.query(name) for name in {event.reference or reference for event in events}}
        assert truths == {provider.query(reference)}
