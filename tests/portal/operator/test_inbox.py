"""The phone of the sandbox operator: its messages, what it decides, its bill and its ceiling."""

from datetime import timedelta

import pytest

from tests.portal.operator.merchant import PHONE, Merchant, code, scripted

INBOX = {"phone": PHONE}


def page(merchant: Merchant, phone: str = PHONE) -> str:
    return merchant.client.get("/inbox/", params={"phone": phone}).text


class TestInbox:
    def test_shows_the_message_until_its_code_was_used(self, merchant: Merchant) -> None:
        told = merchant.prepare(description="Five <b>").json()
        text = merchant.operator.charges[told["paymentId"]].code
        assert text in page(merchant)
        assert "9.90 CNY" in page(merchant)
        assert "Five &lt;b&gt;" in page(merchant)
        merchant.validate(told)
        assert text not in page(merchant)

    @pytest.mark.parametrize(
        ("decision", "end"), [("approval", "succeeded"), ("denial", "denied"), ("delay", "processing")]
    )
    def test_decides_a_payment_in_one_step(self, merchant: Merchant, decision: str, end: str) -> None:
        told = merchant.pay().json()
        assert f'action="{told["paymentId"]}/{decision}/"' in page(merchant)
        answer = merchant.client.post(f"/inbox/{told['paymentId']}/{decision}/")
        assert (answer.status_code, answer.headers["location"]) == (303, "../../?phone=%2B8613812341234")
        assert merchant.status(told) == end

    def test_may_deny_but_not_approve_what_waits_for_a_code(self, merchant: Merchant) -> None:
        told = merchant.prepare().json()
        assert "/approval/" not in page(merchant)
        merchant.client.post(f"/inbox/{told['paymentId']}/approval/")
        assert merchant.status(told) == "pending_validation"
        merchant.client.post(f"/inbox/{told['paymentId']}/denial/")
        assert merchant.status(told) == "denied"

    @pytest.mark.parametrize(("decision", "end"), [("approval", "succeeded"), ("denial", "denied")])
    def test_decides_refunds_that_wait(self, merchant: Merchant, decision: str, end: str) -> None:
        phone = scripted("37")
        told = merchant.pay(phone).json()
        back = merchant.give_back(told).json()["refundId"]
        assert f'action="{back}/{decision}/"' in page(merchant, phone)
        merchant.client.post(f"/inbox/{back}/{decision}/")
        assert merchant.refund(told, back)["refundStatus"] == end

    def test_adds_up_the_bill_of_the_month(self, merchant: Merchant) -> None:
        phone = scripted("32")
        first, _second = (merchant.pay(phone, amount=amount).json() for amount in (39.9, 10))
        merchant.give_back(first, 12.5)
        assert "<td><span class=money>49.90 CNY</span></td></tr></tfoot>" in page(merchant, phone)
        merchant.client.post("/inbox/bill/", data={"phone": phone})
        assert "<td><span class=money>37.40 CNY</span></td></tr></tfoot>" in page(merchant, phone)
        merchant.operator.forward(timedelta(days=31))
        assert "Nothing yet" in page(merchant, phone)

    def test_sets_a_ceiling_and_takes_it_away(self, merchant: Merchant) -> None:
        merchant.client.post("/inbox/ceiling/", data=INBOX | {"ceiling": "9.89"})
        assert code(merchant.prepare()) == "CARRIER_BILLING.USER_AMOUNT_THRESHOLD_OVERPASSED"
        merchant.client.post("/inbox/ceiling/", data=INBOX | {"ceiling": "lots"})
        assert 'value="9.89"' in page(merchant)
        merchant.client.post("/inbox/ceiling/", data=INBOX | {"ceiling": ""})
        assert merchant.prepare().status_code == 201

    @pytest.mark.parametrize("phone", ["", "nobody", "\r\nx: y", "<script>", "٣٤٥٦٧٨"])
    def test_bears_any_phone(self, merchant: Merchant, phone: str) -> None:
        assert "No payment" not in page(merchant, phone)
        answer = merchant.client.post("/inbox/ceiling/", data={"phone": phone, "ceiling": "5"})
        assert answer.headers["location"] == "../?phone="
