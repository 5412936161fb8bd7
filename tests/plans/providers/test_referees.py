"""The companies' own SDKs, which no portal runs, as referees: they accept what the sandbox signs, and it theirs.

So what we sign and read ourselves is what the real ones sign and read.
"""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
import stripe
import wechatpayv3

from plans.payment_providers import stripe_line
from plans.payment_providers.base import Forged, Message
from plans.payment_providers.wechat_pay import WechatPay
from tests.plans.providers import peers
from tests.plans.providers.peers import ASKED, Cards, Wechat, charge, repayment


@pytest.fixture
def theirs(wechat: Wechat) -> Any:
    """The merchant's SDK, sent to the sandbox."""
    merchant = peers.wechat_keys()[0]
    sdk = wechatpayv3.WeChatPay(
        wechatpay_type=wechatpayv3.WeChatPayType.NATIVE,
        mchid=merchant.mchid,
        private_key=merchant.private_key,
        cert_serial_no=merchant.serial,
        appid=merchant.appid,
        apiv3_key=merchant.api_key,
        public_key=merchant.platform_key,
        public_key_id=merchant.platform_key_id,
        notify_url=wechat.door_address,
        timeout=peers.TIMEOUT_SECONDS,
    )
    sdk._core._gate_way = wechat.address
    return sdk


@pytest.fixture
def client(cards: Cards) -> Any:
    """Stripe's SDK, sent to the sandbox."""
    return stripe.StripeClient(
        peers.stripe_keys().secret_key, base_addresses={"api": cards.address}, max_network_retries=0
    )


class TestWechatPay:
    def test_orders_pays_back_and_closes_by_its_own_sdk(self, wechat: Wechat, theirs: Any) -> None:
        number = uuid4().hex
        status, told = theirs.pay(description="Ciyuan", out_trade_no=number, amount={"total": 990})
        assert (status, set(json.loads(told))) == (200, {"code_url"})
        began = wechat.pay.query(number)
        wechat.decide(began, "payment")
        assert json.loads(theirs.query(out_trade_no=number)[1])["trade_state"] == "SUCCESS"
        amount = {"refund": 90, "total": 990, "currency": "CNY"}
        assert theirs.refund(out_refund_no=uuid4().hex, out_trade_no=number, amount=amount)[0] == 200
        other = wechat.pay.begin(wechat.charge())
        assert theirs.close(other.reference)[0] == 204
        assert wechat.pay.query(other.reference).state == "canceled"

    def test_downloads_the_bill_by_its_own_sdk(self, wechat: Wechat, theirs: Any) -> None:
        paid = wechat.paid()
        day = wechat.peer.books.orders[paid.reference].body()["success_time"][:10]
        status, told = theirs.trade_bill(bill_date=day)
        assert status == 200
        theirs._core._verify_signature = lambda headers, body: True  # files carry no signature
        assert paid.reference in theirs.download_bill(json.loads(told)["download_url"])[1].decode()

    def test_messages_are_read_by_both(self, wechat: Wechat, theirs: Any) -> None:
        began = wechat.pay.begin(wechat.charge())
        wechat.decide(began, "payment")
        wechat.pay.refund(repayment(began, 90))
        for kind, field in (("TRANSACTION.SUCCESS", "trade_state"), ("REFUND.SUCCESS", "refund_status")):
            message = wechat.door.message()
            notice = theirs.callback(dict(message.headers), message.body)
            assert notice["event_type"] == kind
            assert notice["resource"][field] == "SUCCESS"
            event = wechat.pay.read(message)
            assert (event.event_id, event.reference) == (notice["id"], notice["resource"]["out_trade_no"])

    def test_messages_are_refused_by_both_when_they_were_changed(self, wechat: Wechat, theirs: Any) -> None:
        wechat.peer.misbehavior.plan("event_forged")
        wechat.decide(wechat.pay.begin(wechat.charge()), "payment")
        message = wechat.door.message()
        assert theirs.callback(dict(message.headers), message.body) is None
        with pytest.raises(Forged):
            wechat.pay.read(message)

    def test_signs_as_its_own_sdk_does(self, wechat: Wechat, theirs: Any) -> None:
        merchant = peers.wechat_keys()[0]
        with peers.client(wechat.address) as line:
            ours = WechatPay(line, merchant=merchant)._line._signer
            told = ours.authorization("POST", "/v3/x?y=1", b'{"a": 1}', seconds=1_700_000_000)
        items = dict(item.split("=", 1) for item in told.partition(" ")[2].split(","))
        nonce, signature = items["nonce_str"].strip('"'), items["signature"].strip('"')
        assert theirs.sign(["POST", "/v3/x?y=1", "1700000000", nonce, '{"a": 1}']) == signature


class TestStripe:
    def test_messages_are_read_by_both(self, cards: Cards) -> None:
        secret = peers.stripe_keys().webhook_secret
        began = cards.pay.begin(charge(990))
        cards.type(began, ASKED)
        cards.answer(began, "approval")
        cards.dispute(began)
        for _ in range(3):
            message = cards.door.message()
            header = message.headers["stripe-signature"]
            event = stripe.Webhook.construct_event(message.body, header, secret, api_key="sk_test_none")
            assert event.id == cards.pay.read(message).event_id

    def test_messages_signed_by_its_own_sdk_are_read(self, cards: Cards) -> None:
        secret = peers.stripe_keys().webhook_secret
        about = {"id": "cs_1", "object": "checkout.session", "client_reference_id": "C"}
        event = {"id": "evt_1", "type": "checkout.session.completed", "livemode": False, "data": {"object": about}}
        body = json.dumps(event)
        header = stripe.WebhookSignature.generate_signature_header(body, secret)
        message = Message({"stripe-signature": header}, body.encode(), datetime.now(UTC))
        assert cards.pay.read(message).reference == "cs_1"
        with pytest.raises(Forged):
            cards.pay.read(replace(message, body=body.replace("cs_1", "cs_2").encode()))
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(body.replace("cs_1", "cs_2"), header, secret, api_key="sk_test_none")

    def test_sees_by_its_own_sdk_what_we_did(self, cards: Cards, client: Any) -> None:
        paid = cards.paid()
        cards.pay.refund(repayment(paid, 90))
        session = client.v1.checkout.sessions.retrieve(paid.reference, {"expand": ["payment_intent.latest_charge"]})
        intent = session.payment_intent
        assert (intent.status, intent.latest_charge.amount_refunded) == ("succeeded", 90)
        assert [item.amount for item in client.v1.refunds.list({"payment_intent": intent.id}).data] == [90]
        assert [item.id for item in client.v1.payment_intents.list().data] == [intent.id]

    def test_opens_a_page_by_its_own_sdk_that_we_can_read(self, cards: Cards, client: Any) -> None:
        price = {"currency": "cny", "unit_amount": 990, "product_data": {"name": "Ciyuan"}}
        page = {
            "mode": "payment",
            "client_reference_id": str(uuid4()),
            "success_url": "http://127.0.0.1:9/",
            "line_items": [{"quantity": 1, "price_data": price}],
        }
        once = {"idempotency_key": "k"}
        session = client.v1.checkout.sessions.create(page, once)
        assert client.v1.checkout.sessions.create(page, once).id == session.id
        told = cards.pay.query(session.id)
        assert (told.charge_id, told.amount.minor, told.page_url) == (page["client_reference_id"], 990, session.url)
        client.v1.checkout.sessions.expire(session.id)
        assert cards.pay.query(session.id).state == "canceled"

    def test_speaks_the_same_version_of_the_interface(self) -> None:
        assert stripe.api_version == stripe_line.API_VERSION
