"""Payments in two steps at the sandbox operator: codes, pages, reservations and how they end."""

from datetime import timedelta

import pytest

from tests.portal.operator.merchant import PAYMENTS, PHONE, Merchant, code, scripted

SOON = timedelta(seconds=2)


class TestPrepare:
    def test_asks_for_the_code_of_the_message(self, merchant: Merchant) -> None:
        told = merchant.prepare().json()
        assert told["paymentStatus"] == "pending_validation"
        assert (
            merchant.operator.charges[told["paymentId"]].code in merchant.client.get("/inbox/?phone=" + PHONE[1:]).text
        )
        assert merchant.confirm(told).status_code == 403
        assert merchant.validate(told).status_code == 204
        assert merchant.status(told) == "reserved"
        assert code(merchant.validate(told)) == "ALREADY_EXISTS"
        assert merchant.confirm(told).status_code == 202
        assert merchant.status(told) == "succeeded"

    @pytest.mark.parametrize(
        ("ending", "first", "then"),
        [
            ("00", "reserved", "reserved"),
            ("01", "processing", "reserved"),
            ("09", "processing", "denied"),
            ("14", "processing", "pending_validation"),
            ("20", "reserved", "cancelled"),
        ],
    )
    def test_reserves_at_once_or_later(self, merchant: Merchant, ending: str, first: str, then: str) -> None:
        told = merchant.prepare(scripted(ending)).json()
        assert told["paymentStatus"] == first
        merchant.operator.forward(SOON)
        assert merchant.status(told) == then

    def test_may_send_the_subscriber_to_a_page(self, merchant: Merchant) -> None:
        phone = scripted("15")
        told = merchant.prepare(phone).json()
        page = merchant.client.get(told["validationInfo"]["validationURL"])
        assert f"{told['paymentId']}/approval/" in page.text
        merchant.client.post(f"/inbox/{told['paymentId']}/approval/")
        assert merchant.status(told) == "reserved"

    def test_ends_with_time(self, merchant: Merchant) -> None:
        waiting, reserved = merchant.prepare().json(), merchant.prepare(scripted("00")).json()
        merchant.operator.forward(timedelta(minutes=14))
        assert [merchant.status(each) for each in (waiting, reserved)] == ["pending_validation", "reserved"]
        merchant.operator.forward(timedelta(minutes=1))
        assert [merchant.status(each) for each in (waiting, reserved)] == ["cancelled", "cancelled"]
        assert code(merchant.confirm(reserved, scripted("00"))) == "CARRIER_BILLING.PAYMENT_CANCELLED"


class TestValidate:
    def test_bears_two_wrong_codes(self, merchant: Merchant) -> None:
        told = merchant.prepare().json()
        assert [code(merchant.validate(told, "wrong")) for _ in range(2)] == ["CARRIER_BILLING.INVALID_CODE"] * 2
        assert merchant.validate(told).status_code == 204

    def test_denies_after_three(self, merchant: Merchant) -> None:
        told = merchant.prepare().json()
        answers = [code(merchant.validate(told, "wrong")) for _ in range(3)]
        assert answers[2] == "CARRIER_BILLING.VALIDATION_FAILED"
        assert code(merchant.validate(told)) == "CARRIER_BILLING.VALIDATION_FAILED"
        assert merchant.status(told) == "denied"
        assert code(merchant.confirm(told)) == "CARRIER_BILLING.PAYMENT_DENIED"

    def test_knows_only_its_own_authorization(self, merchant: Merchant) -> None:
        told = merchant.prepare().json() | {"validationInfo": {"authorizationId": "another"}}
        assert code(merchant.validate(told)) == "CARRIER_BILLING.INVALID_AUTHORIZATION_ID"
        assert merchant.validate({"paymentId": "prepared", **told} | {"paymentId": "x"}, "1").status_code == 404


class TestConfirm:
    @pytest.mark.parametrize(
        ("ending", "first", "then"),
        [
            ("00", "succeeded", "succeeded"),
            ("16", "reserved", "succeeded"),
            ("17", "denied", "denied"),
            ("18", "reserved", "denied"),
        ],
    )
    def test_is_accepted_before_it_is_done(self, merchant: Merchant, ending: str, first: str, then: str) -> None:
        told = merchant.prepare(scripted(ending)).json()
        assert merchant.confirm(told, scripted(ending)).status_code == 202
        assert merchant.status(told) == first
        merchant.operator.forward(timedelta(minutes=20))  # nor does time take back what was confirmed
        assert merchant.status(told) == then

    def test_stops_the_clock_of_the_reservation(self, merchant: Merchant) -> None:
        told = merchant.prepare(scripted("16")).json()
        merchant.operator.forward(timedelta(minutes=14, seconds=59))
        assert merchant.confirm(told, scripted("16")).status_code == 202
        merchant.operator.forward(SOON)
        assert merchant.status(told) == "succeeded"

    def test_happens_once(self, merchant: Merchant) -> None:
        told = merchant.prepare(scripted("16")).json()
        merchant.confirm(told, scripted("16"))
        assert code(merchant.confirm(told, scripted("16"))) == "CARRIER_BILLING.PAYMENT_CONFIRMED"
        assert code(merchant.cancel(told, scripted("16"))) == "CARRIER_BILLING.PAYMENT_CONFIRMED"

    def test_wants_the_phone_of_the_payment(self, merchant: Merchant) -> None:
        told = merchant.prepare(scripted("00")).json()
        assert code(merchant.confirm(told)) == "IDENTIFIER_NOT_FOUND"
        path = f"{PAYMENTS}/{told['paymentId']}/confirm"
        assert code(merchant.client.post(path, json={})) == "MISSING_IDENTIFIER"

    def test_is_for_payments_in_two_steps(self, merchant: Merchant) -> None:
        told = merchant.pay(scripted("00")).json()
        assert code(merchant.confirm(told, scripted("00"))) == "PERMISSION_DENIED"


class TestCancel:
    @pytest.mark.parametrize("ending", ["00", "13"])
    def test_lets_go(self, merchant: Merchant, ending: str) -> None:
        told = merchant.prepare(scripted(ending)).json()
        assert merchant.cancel(told, scripted(ending)).status_code == 202
        assert merchant.status(told) == "cancelled"
        assert code(merchant.cancel(told, scripted(ending))) == "CARRIER_BILLING.PAYMENT_CANCELLED"
        assert code(merchant.confirm(told, scripted(ending))) == "CARRIER_BILLING.PAYMENT_CANCELLED"
