"""Refunds at the sandbox operator: in whole, in part, later, denied, on the next bill."""

from datetime import timedelta
from typing import Any

import pytest

from tests.portal.operator.merchant import REFUNDS, Merchant, code, scripted

SOON = timedelta(seconds=2)
ITEMS = [
    {"id": "line", "amount": 6, "currency": "CNY", "description": "Line", "isTaxIncluded": True},
    {"id": "pack", "amount": 3.9, "currency": "CNY", "description": "Pack", "isTaxIncluded": True},
]


def part(amount: float, *, item: str = "line", **changes: Any) -> dict[str, Any]:
    said = {"paymentItemId": item, "amount": amount, "currency": "CNY", "description": "Back", "isTaxIncluded": True}
    return said | changes


class TestGiveBack:
    def test_gives_all_back_once(self, merchant: Merchant) -> None:
        told = merchant.pay(scripted("00")).json()
        back = merchant.give_back(told, reason="Not needed").json()
        assert (back["type"], back["refundStatus"], back["reason"]) == ("total", "succeeded", "Not needed")
        assert merchant.refund(told, back["refundId"]) == back
        assert merchant.remaining(told) == 0
        assert code(merchant.give_back(told)) == "CARRIER_BILLING_REFUND.UNAUTHORIZED_AMOUNT"
        assert code(merchant.give_back(told, 0.01)) == "CARRIER_BILLING_REFUND.UNAUTHORIZED_AMOUNT"

    def test_gives_parts_back_until_nothing_is_left(self, merchant: Merchant) -> None:
        told = merchant.pay(scripted("00")).json()
        merchant.give_back(told, 4)
        merchant.give_back(told, 0.9)
        assert merchant.remaining(told) == 5
        assert code(merchant.give_back(told, 5.001)) == "CARRIER_BILLING_REFUND.UNAUTHORIZED_AMOUNT"
        assert merchant.give_back(told).status_code == 201  # a total one gives what is left
        assert merchant.remaining(told) == 0
        assert sum(refund.amount for refund in merchant.operator.refunds.values()) * 10 == 99

    @pytest.mark.parametrize(("ending", "end", "left"), [("30", "succeeded", 0), ("31", "denied", 9.9)])
    def test_may_take_its_time(self, merchant: Merchant, ending: str, end: str, left: float) -> None:
        told = merchant.pay(scripted(ending)).json()
        back = merchant.give_back(told).json()
        assert (back["refundStatus"], merchant.remaining(told)) == ("processing", 0)
        merchant.operator.forward(SOON)
        assert merchant.refund(told, back["refundId"])["refundStatus"] == end
        assert merchant.remaining(told) == left

    @pytest.mark.parametrize(
        ("ending", "why"),
        [
            ("33", "REFUND_DENIED"),
            ("34", "PAYMENT_NOT_ELIGIBLE_FOR_REFUND"),
            ("35", "USER_AMOUNT_THRESHOLD_OVERPASSED"),
        ],
    )
    def test_may_be_refused(self, merchant: Merchant, ending: str, why: str) -> None:
        told = merchant.pay(scripted(ending)).json()
        assert code(merchant.give_back(told)) == f"CARRIER_BILLING_REFUND.{why}"
        assert not merchant.operator.refunds

    @pytest.mark.parametrize("ending", ["13", "09"])
    def test_wants_a_payment_that_was_made(self, merchant: Merchant, ending: str) -> None:
        told = merchant.pay(scripted(ending)).json()
        merchant.operator.forward(SOON)
        assert code(merchant.give_back(told)) == "CARRIER_BILLING_REFUND.INVALID_PAYMENT_STATUS"
        assert merchant.remaining(told) == 0
        assert merchant.give_back({"paymentId": "nothing"}).status_code == 404

    def test_takes_a_correlator_once(self, merchant: Merchant) -> None:
        told = merchant.pay(scripted("00")).json()
        assert merchant.give_back(told, 1, correlator="mine").status_code == 201
        assert code(merchant.give_back(told, 1, correlator="mine")) == "INVALID_ARGUMENT"
        assert merchant.remaining(told) == 8.9

    @pytest.mark.parametrize(
        ("changes", "status", "why"),
        [
            ({"isTaxIncluded": False}, 422, "CARRIER_BILLING_REFUND.TAXES_MANAGEMENT_MISMATCH"),
            ({"currency": "USD"}, 400, "INVALID_ARGUMENT"),
            ({"amount": 0}, 400, "INVALID_ARGUMENT"),
            ({"refundDetails": [part(2, item="other")]}, 422, "CARRIER_BILLING_REFUND.REFUND_DETAILS_MISMATCH"),
            ({"refundDetails": [part(1)]}, 422, "CARRIER_BILLING_REFUND.REFUND_DETAILS_MISMATCH"),
            ({"refundDetails": [part(2, currency="USD")]}, 422, "CARRIER_BILLING_REFUND.REFUND_DETAILS_MISMATCH"),
            ({"refundDetails": [part(2, isTaxIncluded=False)]}, 422, "CARRIER_BILLING_REFUND.REFUND_DETAILS_MISMATCH"),
            ({"sink": "ftp://example.com"}, 400, "INVALID_SINK"),
        ],
    )
    def test_must_agree_with_its_payment(
        self, merchant: Merchant, changes: dict[str, Any], status: int, why: str
    ) -> None:
        told = merchant.pay(scripted("00"), paymentDetails=ITEMS).json()
        answer = merchant.give_back(told, changes.pop("amount", 2), **changes)
        assert (answer.status_code, code(answer)) == (status, why)

    def test_gives_no_item_back_beyond_its_price(self, merchant: Merchant) -> None:
        told = merchant.pay(scripted("00"), paymentDetails=ITEMS).json()
        assert merchant.give_back(told, 4, refundDetails=[part(4)]).status_code == 201
        wrong = merchant.give_back(told, 3, refundDetails=[part(3)])
        assert code(wrong) == "CARRIER_BILLING_REFUND.REFUND_DETAILS_MISMATCH"
        assert merchant.give_back(told, 5.9, refundDetails=[part(2), part(3.9, item="pack")]).status_code == 201

    def test_may_come_with_the_next_bill(self, merchant: Merchant) -> None:
        told = merchant.pay(scripted("32")).json()
        back = merchant.give_back(told).json()
        assert back["refundStatus"] == "processing"
        assert merchant.hears("payment-completed", "refund-in-bill")
        merchant.operator.forward(timedelta(days=31))
        assert merchant.refund(told, back["refundId"])["refundStatus"] == "succeeded"
        assert merchant.hears("payment-completed", "refund-in-bill", "refund-completed")


class TestList:
    def test_shows_the_refunds_of_one_payment(self, merchant: Merchant) -> None:
        told, other = merchant.pay(scripted("00")).json(), merchant.pay(scripted("00")).json()
        first, second = (merchant.give_back(told, 1).json() for _ in range(2))
        merchant.give_back(other)
        path = f"{REFUNDS}/{told['paymentId']}/refunds"
        answer = merchant.client.get(path)
        assert answer.json() == [second, first]
        assert (answer.headers["content-last-key"], answer.headers["x-total-count"]) == ("2", "2")
        assert merchant.client.get(path, params={"order": "asc", "perPage": 1}).json() == [first]
        assert merchant.client.get(path, params={"merchantIdentifier": "ciyuan"}).json() == [second, first]
        assert merchant.client.get(path, params={"refundStatus": "denied"}).json() == []
        dates = {"refundCreationDate.gte": "2100-01-01T00:00:00Z", "refundCreationDate.lte": "2026-01-01T00:00:00Z"}
        assert code(merchant.client.get(path, params=dates)) == "CARRIER_BILLING_REFUND.INVALID_DATE_RANGE"
        assert code(merchant.client.get(path, params={"page": 0})) == "OUT_OF_RANGE"

    def test_keeps_refunds_with_their_payment(self, merchant: Merchant) -> None:
        told, other = merchant.pay(scripted("00")).json(), merchant.pay(scripted("00")).json()
        back = merchant.give_back(told, 1).json()["refundId"]
        assert merchant.client.get(f"{REFUNDS}/{other['paymentId']}/refunds/{back}").status_code == 404
