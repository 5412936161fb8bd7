"""Events of the sandbox operator, as they should be and as they should not."""

from datetime import timedelta
from typing import Any

import pytest

from tests.portal.operator.merchant import BEARER, Merchant, Stage, scripted, trading, waited

SOON, LATER = timedelta(seconds=2), timedelta(seconds=10)
CREDENTIAL = {
    "credentialType": "ACCESSTOKEN",
    "accessToken": "the merchant's own",
    "accessTokenExpiresUtc": "2100-01-01T00:00:00Z",
    "accessTokenType": "bearer",
}


class TestEvents:
    def test_tell_the_life_of_a_payment(self, merchant: Merchant) -> None:
        told = merchant.prepare().json()
        merchant.validate(told)
        merchant.confirm(told)
        merchant.give_back(told)
        kinds = ("payment-pending-validation", "payment-reserved", "payment-completed", "refund-completed")
        assert merchant.hears(*kinds)
        assert {bearer for bearer, _ in merchant.ears.heard} == {BEARER}
        assert {event["data"]["paymentId"] for _, event in merchant.ears.heard} == {told["paymentId"]}
        assert len({event["id"] for _, event in merchant.ears.heard}) == 4

    def test_say_why_not(self, merchant: Merchant) -> None:
        told = merchant.prepare().json()
        for _ in range(3):
            merchant.validate(told, "wrong")
        assert merchant.hears("payment-pending-validation", "payment-denied")
        data = merchant.ears.heard[1][1]["data"]
        assert (data["status"], data["denialReason"]) == ("failed", "The code was wrong too often")

    def test_tell_what_time_did(self, merchant: Merchant) -> None:
        merchant.prepare(scripted("00"))
        merchant.operator.forward(timedelta(minutes=16))
        assert merchant.hears("payment-reserved", "payment-cancelled")

    def test_tell_of_denied_refunds(self, merchant: Merchant) -> None:
        merchant.give_back(merchant.pay(scripted("31")).json())
        merchant.operator.forward(SOON)
        assert merchant.hears("payment-completed", "refund-denied")

    def test_tell_what_the_subscriber_decided(self, merchant: Merchant) -> None:
        told = merchant.pay().json()
        merchant.operator.charges[told["paymentId"]].decide("succeeded")
        assert merchant.hears("payment-completed")

    def test_show_the_credential_of_the_request(self, merchant: Merchant) -> None:
        merchant.pay(scripted("00"), sinkCredential=CREDENTIAL)
        assert merchant.hears("payment-completed")
        assert merchant.ears.heard[0][0] == "the merchant's own"

    def test_end_with_the_credential(self, merchant: Merchant) -> None:
        expired = CREDENTIAL | {"accessTokenExpiresUtc": "2020-01-01T00:00:00Z"}
        merchant.pay(scripted("00"), sinkCredential=expired)
        merchant.pay(scripted("00"))
        assert merchant.hears("payment-completed")
        assert merchant.ears.heard[0][0] == BEARER

    def test_go_where_the_request_says(self, stage: Stage) -> None:
        posted = []

        async def post(address: str, headers: dict[str, str], _content: bytes) -> int:
            posted.append((address, headers["authorization"]))
            return 204

        with trading(stage, post=post) as merchant:
            sink = "https://shop.example.com/told"
            told = merchant.pay(scripted("00"), sink=sink, sinkCredential=CREDENTIAL).json()
            merchant.pay(scripted("00"), sinkCredential=CREDENTIAL)
            assert told["sink"] == sink
            assert waited(lambda: posted == [(sink, "Bearer the merchant's own")])

    def test_are_tried_again(self, merchant: Merchant) -> None:
        merchant.ears.status = 500
        merchant.pay(scripted("00"))
        assert waited(lambda: len(merchant.ears.heard) == 1)
        merchant.ears.status = 204
        assert merchant.hears("payment-completed", "payment-completed")
        assert merchant.ears.heard[0] == merchant.ears.heard[1]

    def test_stop_when_the_sink_is_gone(self, merchant: Merchant) -> None:
        merchant.ears.status = 410
        merchant.pay(scripted("00"))
        assert waited(lambda: [event.statuses for event in merchant.operator.events] == [[410]])
        merchant.ears.status = 204
        merchant.pay(scripted("00"))
        assert waited(lambda: [event.statuses for event in merchant.operator.events] == [[410], []])
        assert merchant.ears.kinds == ["payment-completed"]


class TestMisbehavior:
    def test_sends_twice(self, merchant: Merchant) -> None:
        merchant.pay(scripted("21"))
        merchant.operator.forward(SOON)
        assert merchant.hears("payment-completed", "payment-completed")
        assert merchant.ears.heard[0] == merchant.ears.heard[1]

    def test_sends_late(self, merchant: Merchant) -> None:
        told = merchant.pay(scripted("22")).json()
        merchant.operator.forward(SOON)
        assert merchant.status(told) == "succeeded"
        assert not merchant.ears.heard
        merchant.operator.forward(LATER)
        assert merchant.hears("payment-completed")

    def test_sends_nothing(self, merchant: Merchant) -> None:
        told = merchant.pay(scripted("23")).json()
        merchant.operator.forward(SOON)
        assert merchant.status(told) == "succeeded"
        assert not merchant.operator.events

    def test_sends_the_last_first(self, merchant: Merchant) -> None:
        told = merchant.prepare(scripted("24")).json()
        merchant.confirm(told, scripted("24"))
        assert merchant.hears("payment-completed", "payment-reserved")

    def test_shows_a_wrong_bearer(self, merchant: Merchant) -> None:
        merchant.pay(scripted("25"))
        merchant.operator.forward(SOON)
        assert merchant.hears("payment-completed")
        assert merchant.ears.heard[0][0] == "forged"


class TestControl:
    def test_gives_any_phone_any_words(self, merchant: Merchant) -> None:
        phone = "+8613900000000"
        merchant.tell(phone=phone, script="approve event_twice refund_deny")
        told = merchant.pay(phone).json()
        assert told["paymentStatus"] == "succeeded"
        assert merchant.hears("payment-completed", "payment-completed")
        assert merchant.give_back(told).status_code == 403
        merchant.tell(phone=phone, script="ask")
        assert merchant.pay(phone).json()["paymentStatus"] == "processing"

    def test_moves_time(self, merchant: Merchant) -> None:
        told = merchant.pay(scripted("01")).json()
        assert merchant.tell(forward_seconds=2).status_code == 200
        assert merchant.status(told) == "succeeded"

    def test_tells_codes_states_and_events(self, merchant: Merchant) -> None:
        phone = "+8613900000000"
        told = merchant.prepare(phone).json()
        assert merchant.hears("payment-pending-validation")
        known = merchant.client.get("/control/", params={"phone": phone}).json()
        assert merchant.validate(told, known["payments"][0]["code"]).status_code == 204
        assert [event["type"].rsplit(".")[-1] for event in known["events"]] == ["payment-pending-validation"]
        assert (known["script"], known["used"], known["refunds"]) == ("ask", 9.9, [])

    @pytest.mark.parametrize(
        "order",
        [{"phone": "+8613900000000", "script": "dance"}, {"script": "approve"}, {"forward_seconds": -1}, {"time": 1}],
    )
    def test_refuses_what_it_does_not_understand(self, merchant: Merchant, order: dict[str, Any]) -> None:
        assert merchant.tell(**order).status_code == 400
