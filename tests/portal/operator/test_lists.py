"""Lists of the sandbox operator: pages, questions, and planted errors."""

from datetime import timedelta
from typing import Any

import pytest

from tests.portal.operator.merchant import Merchant, code, scripted

SOON = timedelta(seconds=2)


class TestList:
    def test_is_cut_into_pages(self, merchant: Merchant) -> None:
        ids = [merchant.pay(scripted("00")).json()["paymentId"] for _ in range(5)]
        page = merchant.listed(page=2, perPage=2)
        assert [each["paymentId"] for each in page.json()] == [ids[2], ids[1]]
        assert (page.headers["content-last-key"], page.headers["x-total-count"]) == ("4", "5")
        assert [each["paymentId"] for each in merchant.listed(order="asc").json()] == ids
        assert merchant.listed(page=9).json() == []

    def test_finds_by_status_merchant_and_time(self, merchant: Merchant) -> None:
        before = merchant.operator.clock.now()
        merchant.pay(scripted("00"), merchant="ours")
        merchant.operator.forward(timedelta(hours=1))
        later = merchant.pay().json()["paymentId"]
        noon = (before + timedelta(minutes=30)).isoformat()

        def found(**query: Any) -> int:
            return len(merchant.listed(**query).json())

        assert found(paymentStatus="processing") == found(merchantIdentifier="ours") == found() - 1 == 1
        assert found(paymentStatus=["succeeded", "processing"]) == 2
        assert found(paymentStatus=["denied", "cancelled"]) == found(merchantIdentifier="theirs") == 0
        assert [each["paymentId"] for each in merchant.listed(paymentCreationDate_gte=noon).json()] == [later]
        assert found(paymentCreationDate_lte=noon) == found(paymentCreationDate_gte=before.isoformat()) - 1 == 1

    @pytest.mark.parametrize(
        ("query", "why"),
        [
            ({"page": 0}, "OUT_OF_RANGE"),
            ({"perPage": 1001}, "OUT_OF_RANGE"),
            ({"page": "9" * 5000}, "OUT_OF_RANGE"),
            ({"page": "١"}, "INVALID_ARGUMENT"),
            ({"page": ["1", "2"]}, "INVALID_ARGUMENT"),
            ({"merchantIdentifier": ""}, "INVALID_ARGUMENT"),
            ({"order": "up"}, "INVALID_ARGUMENT"),
            ({"paymentStatus": "paid"}, "INVALID_ARGUMENT"),
            ({"paymentCreationDate_gte": "yesterday"}, "INVALID_ARGUMENT"),
            ({"paymentCreationDate_gte": "2026-01-01T00:00:00"}, "INVALID_ARGUMENT"),
            (
                {"paymentCreationDate_gte": "2026-01-02T00:00:00Z", "paymentCreationDate_lte": "2026-01-01T00:00:00Z"},
                "CARRIER_BILLING.INVALID_DATE_RANGE",
            ),
        ],
    )
    def test_refuses_questions_that_make_no_sense(self, merchant: Merchant, query: dict[str, Any], why: str) -> None:
        answer = merchant.listed(**query)
        assert (answer.status_code, code(answer)) == (400, why)

    def test_is_wrong_where_it_was_told_to_be(self, merchant: Merchant) -> None:
        told = {ending: merchant.pay(scripted(ending)).json() for ending in ("40", "41", "42", "43")}
        merchant.operator.forward(SOON)
        listed = {each["paymentId"]: each for each in merchant.listed().json()}
        assert len(listed) == 4
        assert told["43"]["paymentId"] not in listed
        assert merchant.status(told["43"]) == "succeeded"
        assert merchant.status(told["42"]) == "denied"
        assert listed[told["42"]["paymentId"]]["paymentStatus"] == "succeeded"
        wrong = listed[told["41"]["paymentId"]]["amountTransaction"]["paymentAmount"]["chargingInformation"]
        assert wrong["amount"] == 10.9
        known = {each["amountTransaction"]["clientCorrelator"] for each in told.values()}
        strangers = [each for each in listed.values() if each["amountTransaction"]["clientCorrelator"] not in known]
        assert [each["paymentStatus"] for each in strangers] == ["succeeded"]
