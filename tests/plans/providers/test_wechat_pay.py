"""WeChat Pay from the code to the bill, against the sandbox over HTTP, on its good and on its bad days."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest

from plans.payment_providers.base import Charge, Denied, Unaccepted, Unanswered, Unknown
from plans.payment_providers.wechat_pay import WechatPay
from portal.kit import merchants
from portal.kit.units import Money
from tests.plans.providers import peers
from tests.plans.providers.peers import Wechat, repayment


class TestBegin:
    def test_gives_a_code_to_scan(self, wechat: Wechat) -> None:
        asked = wechat.charge()
        began = wechat.pay.begin(asked)
        assert began.code_url.startswith("weixin://wxpay/bizpayurl?pr=")
        assert (began.reference, began.charge_id) == (asked.id.hex, str(asked.id))
        assert (began.state, began.amount) == ("pending_validation", Money(990, "CNY"))

    def test_twice_makes_one_order_with_one_code(self, wechat: Wechat) -> None:
        asked = wechat.charge()
        assert wechat.pay.begin(asked) == wechat.pay.begin(asked)
        assert len(wechat.peer.books.orders) == 1

    def test_of_a_number_that_was_used_for_something_else_tells_what_that_was(self, wechat: Wechat) -> None:
        asked = wechat.charge()
        wechat.pay.begin(asked)
        told = wechat.pay.begin(replace(asked, amount=Money(1, "CNY")))
        assert (told.amount, told.code_url) == (Money(990, "CNY"), "")

    def test_of_an_order_that_was_paid_or_closed_meanwhile_tells_so(self, wechat: Wechat) -> None:
        asked = wechat.charge()
        wechat.decide(wechat.pay.begin(asked), "payment")
        assert wechat.pay.begin(asked).state == "succeeded"
        other = wechat.charge()
        wechat.pay.cancel(wechat.pay.begin(other))
        assert wechat.pay.begin(other).state == "canceled"

    def test_of_what_cannot_be_is_denied(self, wechat: Wechat) -> None:
        with pytest.raises(Denied, match="impossible"):
            wechat.pay.begin(wechat.charge(currency="USD"))

    @pytest.mark.parametrize("wrong", ["fail_before", "hang_before", "garbage"])
    def test_that_was_not_answered_is_looked_for_and_sent_again(self, wechat: Wechat, wrong: str) -> None:
        asked = wechat.charge()
        wechat.peer.misbehavior.plan(wrong)
        self.lose(wechat, asked)
        with pytest.raises(Unknown):
            wechat.pay.find(asked.id)
        assert wechat.pay.begin(asked).code_url
        assert len(wechat.peer.books.orders) == 1

    @pytest.mark.parametrize("wrong", ["hang_after", "fail_after", "answer_forged"])
    def test_whose_answer_was_lost_is_found_once_it_was_paid(self, wechat: Wechat, wrong: str) -> None:
        asked = wechat.charge()
        wechat.peer.misbehavior.plan(wrong)
        self.lose(wechat, asked)
        wechat.peer.books.orders[asked.id.hex].pay()
        assert wechat.pay.find(asked.id).state == "succeeded"

    @staticmethod
    def lose(wechat: Wechat, asked: Charge) -> None:
        with peers.client(wechat.address) as hasty:
            hasty.timeout = httpx.Timeout(0.3)
            with pytest.raises(Unanswered):
                WechatPay(hasty, merchant=peers.wechat_keys()[0]).begin(asked)


class TestQuery:
    def test_follows_what_the_payer_decides(self, wechat: Wechat) -> None:
        paid, failed = wechat.pay.begin(wechat.charge()), wechat.pay.begin(wechat.charge())
        wechat.decide(paid, "delay")
        assert wechat.pay.query(paid.reference).state == "pending_validation"
        wechat.decide(paid, "payment")
        wechat.decide(failed, "failure")
        wechat.decide(failed, "payment")
        assert wechat.pay.query(paid.reference).state == "succeeded"
        assert wechat.pay.query(failed.reference).state == "denied"

    def test_tells_wrong_amounts_as_they_are(self, wechat: Wechat) -> None:
        wechat.peer.misbehavior.plan("wrong_amount")
        assert wechat.pay.query(wechat.pay.begin(wechat.charge()).reference).amount == Money(1, "CNY")
        wechat.peer.misbehavior.plan("wrong_currency")
        assert wechat.pay.query(wechat.pay.begin(wechat.charge()).reference).amount == Money(990, "USD")

    def test_takes_nobody_elses_order(self, wechat: Wechat) -> None:
        wechat.peer.misbehavior.plan("other_merchant")
        began = wechat.pay.begin(wechat.charge())
        with pytest.raises(Unaccepted):
            wechat.pay.query(began.reference)

    def test_does_not_know_what_never_was(self, wechat: Wechat) -> None:
        with pytest.raises(Unknown):
            wechat.pay.query("nothing/of?the=kind")

    def test_is_not_accepted_with_another_key_or_another_clock(self, wechat: Wechat) -> None:
        merchant = peers.wechat_keys()[0]
        began = wechat.pay.begin(wechat.charge())
        with peers.client(wechat.address) as line:
            for wrong in (
                WechatPay(line, merchant=replace(merchant, private_key=merchants.new_key())),
                WechatPay(line, merchant=replace(merchant, serial="00")),
                WechatPay(line, merchant=replace(merchant, platform_key_id="PUB_KEY_ID_0")),
                WechatPay(line, merchant=merchant, clock=lambda: datetime.now(UTC).timestamp() - 400),
            ):
                with pytest.raises(Unaccepted):
                    wrong.query(began.reference)

    def test_takes_no_answer_that_the_platform_signed_long_ago(self, wechat: Wechat) -> None:
        began = wechat.pay.begin(wechat.charge())
        times = iter([datetime.now(UTC).timestamp(), datetime.now(UTC).timestamp() + 400])
        with peers.client(wechat.address) as line:
            slow = WechatPay(line, merchant=peers.wechat_keys()[0], clock=lambda: next(times))
            with pytest.raises(Unaccepted, match="another time"):
                slow.query(began.reference)


class TestCancel:
    def test_closes_what_was_not_paid(self, wechat: Wechat) -> None:
        began = wechat.pay.begin(wechat.charge())
        assert wechat.pay.cancel(began).state == "canceled"
        assert wechat.pay.cancel(began).state == "canceled"
        wechat.decide(began, "payment")
        assert wechat.pay.query(began.reference).state == "canceled"

    def test_leaves_what_was_paid(self, wechat: Wechat) -> None:
        assert wechat.pay.cancel(wechat.paid()).state == "succeeded"


class TestRefund:
    def test_pays_back_in_parts_and_no_more_than_all(self, wechat: Wechat) -> None:
        paid = wechat.paid()
        part, rest, more = repayment(paid, 300), repayment(paid, 690), repayment(paid, 1)
        assert wechat.pay.refund(part).state == "processing"
        wechat.door.message()
        assert wechat.pay.find_refund(part).state == "succeeded"
        assert wechat.pay.refund(rest).amount == Money(690, "CNY")
        with pytest.raises(Denied, match="impossible"):
            wechat.pay.refund(more)
        assert wechat.pay.query(paid.reference).state == "succeeded"

    def test_is_carried_out_once(self, wechat: Wechat) -> None:
        paid = wechat.paid()
        asked = repayment(paid, 990)
        with pytest.raises(Unknown):
            wechat.pay.find_refund(asked)
        assert wechat.pay.refund(asked).reference == wechat.pay.refund(asked).reference
        assert len(wechat.peer.books.orders[paid.reference].refunds) == 1
        assert wechat.pay.refund(replace(asked, amount=Money(1, "CNY"))).amount == Money(990, "CNY")

    def test_of_an_empty_till_is_no_answer_yet(self, wechat: Wechat) -> None:
        asked = repayment(wechat.paid(), 990)
        wechat.peer.misbehavior.plan("empty_till")
        with pytest.raises(Unanswered):
            wechat.pay.refund(asked)
        assert wechat.pay.refund(asked).state == "processing"

    def test_that_is_closed_is_denied(self, wechat: Wechat) -> None:
        asked = repayment(wechat.paid(), 990)
        wechat.peer.misbehavior.plan("refund_fails")
        wechat.pay.refund(asked)
        wechat.door.message()
        assert wechat.pay.find_refund(asked).state == "denied"


class TestListed:
    def test_goes_through_the_bill_of_each_day(self, wechat: Wechat) -> None:
        now = datetime.now(UTC)
        since, until = now - timedelta(days=1), now + timedelta(minutes=1)
        wechat.pay._clock = (now + timedelta(days=3)).timestamp  # every bill that is missing stays missing
        paid, returned = wechat.paid(), wechat.paid(123456)
        wechat.pay.begin(wechat.charge())
        wechat.pay.refund(repayment(returned, 3456))
        wechat.door.message()
        listed = {payment.reference: payment for payment in wechat.pay.listed(since, until)}
        assert set(listed) == {paid.reference, returned.reference}
        assert listed[paid.reference].charge_id == str(UUID(paid.reference))
        assert listed[returned.reference].amount == Money(123456, "CNY")
        assert listed[returned.reference].refunded_minor == 3456
        assert abs(listed[paid.reference].created_at - now) < timedelta(minutes=1)
        assert list(wechat.pay.listed(since, since + timedelta(hours=1))) == []

    def test_waits_for_a_bill_that_is_not_made_out_yet(self, wechat: Wechat) -> None:
        now = datetime.now(UTC)
        with pytest.raises(Unanswered):
            list(wechat.pay.listed(now - timedelta(minutes=1), now))
        assert list(wechat.pay.listed(now - timedelta(days=4), now - timedelta(days=3))) == []

    def test_takes_no_bill_that_was_changed(self, wechat: Wechat, monkeypatch: pytest.MonkeyPatch) -> None:
        wechat.paid()
        files = wechat.peer._files
        monkeypatch.setattr(wechat.peer, "_files", Spoiled(files))
        with pytest.raises(Unanswered, match="broken bill"):
            list(wechat.pay.listed(datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC)))


class Spoiled(dict[str, bytes]):
    """Files of which a line is missing."""

    def get(self, key: str, default: bytes = b"") -> bytes:  # type: ignore[override]
        return super().get(key, default).replace(b"9.90", b"0.90")
