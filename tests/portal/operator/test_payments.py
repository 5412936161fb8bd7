"""Payments at the sandbox operator: in one step, for whom, and what is refused."""

from datetime import timedelta
from typing import Any

import pytest
from openapi_core.exceptions import OpenAPIError

from tests.portal.operator import contract
from tests.portal.operator.contract import needs_specification
from tests.portal.operator.merchant import PAYMENTS, PHONE, TOKEN, Merchant, code, payment, scripted

CREDENTIAL = {
    "credentialType": "ACCESSTOKEN",
    "accessToken": "secret",
    "accessTokenExpiresUtc": "2100-01-01T00:00:00Z",
    "accessTokenType": "bearer",
}
SOON = timedelta(seconds=2)


@needs_specification
class TestContract:
    def test_holds_what_these_tests_hear(self, merchant: Merchant) -> None:
        """Without the specification they run all the same; this one is skipped then, which tells so."""
        told = merchant.pay(scripted("00"))
        told._content = told.content.replace(b'"paymentId"', b'"paymentID"')
        with pytest.raises(OpenAPIError):
            contract.check_exchange(told)
        assert merchant.hears("payment-completed")
        event = merchant.ears.heard[0][1]
        with pytest.raises(contract.ValidationError):
            contract.check_event(event | {"data": event["data"] | {"status": "perhaps"}})


class TestPay:
    @pytest.mark.parametrize(
        ("ending", "first", "then"),
        [
            ("00", "succeeded", "succeeded"),
            ("01", "processing", "succeeded"),
            ("09", "processing", "denied"),
            ("13", "processing", "processing"),
        ],
    )
    def test_ends_at_once_or_later(self, merchant: Merchant, ending: str, first: str, then: str) -> None:
        told = merchant.pay(scripted(ending)).json()
        assert told["paymentStatus"] == first
        merchant.operator.forward(SOON)
        assert merchant.status(told) == then

    @pytest.mark.parametrize(
        ("ending", "status", "why"),
        [
            ("02", 403, "CARRIER_BILLING.PAYMENT_DENIED"),
            ("03", 422, "CARRIER_BILLING.USER_AMOUNT_THRESHOLD_OVERPASSED"),
            ("04", 404, "IDENTIFIER_NOT_FOUND"),
            ("06", 503, "UNAVAILABLE"),
            ("11", 422, "CARRIER_BILLING.UNAUTHORIZED_AMOUNT"),
            ("26", 422, "SERVICE_NOT_APPLICABLE"),
            ("27", 429, "TOO_MANY_REQUESTS"),
        ],
    )
    def test_leaves_nothing_behind_when_refused(self, merchant: Merchant, ending: str, status: int, why: str) -> None:
        for answer in (merchant.pay(scripted(ending)), merchant.prepare(scripted(ending))):
            assert (answer.status_code, code(answer)) == (status, why)
        assert not merchant.operator.charges

    def test_is_denied_when_nobody_decides(self, merchant: Merchant) -> None:
        told = merchant.pay().json()
        merchant.operator.forward(timedelta(minutes=16))
        assert merchant.status(told) == "denied"

    def test_takes_a_correlator_once(self, merchant: Merchant) -> None:
        assert merchant.pay(correlator="mine").status_code == 201
        again = merchant.prepare(correlator="mine")
        assert (again.status_code, again.json()["message"]) == (400, "clientCorrelator already exist on server.")
        assert len(merchant.operator.charges) == 1

    @pytest.mark.parametrize(
        ("changes", "why"),
        [
            ({"amount": 0}, "INVALID_ARGUMENT"),
            ({"amount": 0.0005}, "INVALID_ARGUMENT"),
            ({"amount": "9.90"}, "INVALID_ARGUMENT"),
            ({"amount": True}, "INVALID_ARGUMENT"),
            ({"currency": "XXX"}, "INVALID_ARGUMENT"),
            ({"description": None}, "INVALID_ARGUMENT"),
            ({"paymentDetails": []}, "INVALID_ARGUMENT"),
            ({"sink": "http://example.com/"}, "INVALID_SINK"),
            ({"sinkCredential": CREDENTIAL | {"credentialType": "PLAIN"}}, "INVALID_CREDENTIAL"),
            ({"sinkCredential": CREDENTIAL | {"accessTokenType": "mac"}}, "INVALID_TOKEN"),
            ({"sinkCredential": CREDENTIAL | {"accessTokenExpiresUtc": "2100-01-01T00:00:00"}}, "INVALID_ARGUMENT"),
        ],
    )
    def test_refuses_what_the_specification_does_not_allow(
        self, merchant: Merchant, changes: dict[str, Any], why: str
    ) -> None:
        answer = merchant.pay(**changes)
        assert (answer.status_code, code(answer)) == (400, why)

    @pytest.mark.parametrize("phone", ["13812341234", "+0381234", "+8613812341234\n", "+123"])
    def test_refuses_numbers_that_are_none(self, merchant: Merchant, phone: str) -> None:
        assert code(merchant.pay(phone)) == "INVALID_ARGUMENT"

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"null", b"\xff", b'{"amountTransaction": "\\ud800"}', b"[" * 9999]
    )
    def test_bears_any_body(self, merchant: Merchant, body: bytes) -> None:
        answer = merchant.client.post(PAYMENTS, content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, code(answer)) == (400, "INVALID_ARGUMENT")

    def test_refuses_more_than_a_bill_carries(self, merchant: Merchant) -> None:
        assert code(merchant.pay(amount=10_000_000)) == "CARRIER_BILLING.UNAUTHORIZED_AMOUNT"

    def test_stops_at_the_ceiling_of_the_phone(self, merchant: Merchant) -> None:
        merchant.tell(phone=PHONE, ceiling=20, script="approve")
        told = merchant.pay(amount=12).json()
        assert code(merchant.prepare(amount=8.01)) == "CARRIER_BILLING.USER_AMOUNT_THRESHOLD_OVERPASSED"
        assert merchant.prepare(amount=8).status_code == 201
        assert merchant.pay(amount=0.01).status_code == 422  # what is reserved counts
        merchant.give_back(told)
        assert merchant.pay(amount=12).status_code == 201
        merchant.operator.forward(timedelta(days=31))
        assert merchant.pay(amount=20).status_code == 201


class TestIdentifiers:
    def test_come_from_the_body_or_from_the_token(self, merchant: Merchant) -> None:
        assert code(merchant.pay("")) == "MISSING_IDENTIFIER"
        merchant.client.headers["authorization"] = f"Bearer {TOKEN}:{PHONE}"
        assert code(merchant.pay()) == "UNNECESSARY_IDENTIFIER"
        told = merchant.pay("").json()
        assert told["amountTransaction"]["phoneNumber"] == PHONE

    def test_hide_what_belongs_to_other_phones(self, merchant: Merchant) -> None:
        told = merchant.pay(scripted("00")).json()
        merchant.client.headers["authorization"] = f"Bearer {TOKEN}:{PHONE}"
        assert merchant.client.get(f"{PAYMENTS}/{told['paymentId']}").status_code == 404
        assert merchant.give_back(told).status_code == 404
        assert merchant.listed().json() == []

    @pytest.mark.parametrize("shown", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}:+abc"])
    def test_are_not_read_without_the_right_bearer(self, merchant: Merchant, shown: str) -> None:
        merchant.client.headers["authorization"] = shown
        for answer in (merchant.pay(), merchant.listed(), merchant.give_back({"paymentId": "x"})):
            assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")

    @pytest.mark.parametrize("said", ["b4333c46-49c0", "a_:;./<>{}", "x" * 256])
    def test_of_requests_come_back(self, merchant: Merchant, said: str) -> None:
        answer = merchant.client.get(PAYMENTS, headers={"x-correlator": said})
        assert answer.headers["x-correlator"] == said

    @pytest.mark.parametrize("said", ["with space", "x" * 257, "umläut".encode()])
    def test_of_requests_have_their_form(self, merchant: Merchant, said: str) -> None:
        answer = merchant.client.get(PAYMENTS, headers={"x-correlator": said})
        assert code(answer) == "INVALID_ARGUMENT"
        assert answer.headers["x-correlator"] != said


class TestRoutes:
    def test_know_their_methods(self, merchant: Merchant) -> None:
        answer = merchant.client.put(PAYMENTS, json=payment(PHONE))
        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, POST")
        for path in ("/nowhere", "/carrier-billing/v0.4/payments", "/operator"):
            assert merchant.client.get(path).status_code == 404
