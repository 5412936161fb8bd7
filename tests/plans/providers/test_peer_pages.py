"""What people see at the payment companies of the sandbox, and how they are told to misbehave."""

import httpx
import pytest

from portal.sandbox import misbehavior
from tests.plans.providers import peers
from tests.plans.providers.peers import GOOD, Cards, Wechat, charge, repayment


def get(address: str, **query: str) -> str:
    return httpx.get(address, params=query, trust_env=False).text


class TestScan:
    def test_shows_what_is_to_be_paid_and_what_became_of_it(self, wechat: Wechat) -> None:
        began = wechat.pay.begin(wechat.charge(123405))
        assert "¥1234.05" in wechat.page(began)
        assert "Ciyuan 月包, starter" in wechat.page(began)
        answer = wechat.decide(began, "payment")
        back = httpx.get(answer.url.join(answer.headers["location"]), trust_env=False).text
        assert "已支付，可以回到商家页面了" in back
        assert "<button" not in wechat.page(began)
        wechat.pay.refund(repayment(began, 1))
        assert "已退款" in wechat.page(began)

    def test_tells_of_closed_and_failed_orders(self, wechat: Wechat) -> None:
        closed, failed = wechat.pay.begin(wechat.charge()), wechat.pay.begin(wechat.charge())
        wechat.pay.cancel(closed)
        wechat.decide(failed, "failure")
        assert "商家已关闭订单" in wechat.page(closed)
        assert "支付失败，没有扣款" in wechat.page(failed)

    def test_asks_for_a_code_it_does_not_know(self, wechat: Wechat) -> None:
        page = get(f"{wechat.address}/scan/", code_url='"><script>')
        assert "No order has this code" in page
        assert "<script" not in page

    def test_stands_also_where_it_is_mounted(self) -> None:
        with peers.wechat(mount="/wechat") as wechat:
            assert "¥9.90" in wechat.page(wechat.pay.begin(wechat.charge()))


class TestPage:
    def test_has_both_languages_and_leads_back(self, cards: Cards) -> None:
        began = cards.pay.begin(charge(990))
        page = get(began.page_url)
        assert "银行卡支付" in page
        assert 'href="http://127.0.0.1:9/order/"' in page
        assert "余额不足，没有扣款" in get(began.page_url, trouble="insufficient_funds")
        assert "no card number of the sandbox" in get(began.page_url, trouble="incorrect_number")
        cards.type(began, GOOD)
        assert "这笔款项已支付" in get(began.page_url)
        expired = cards.pay.begin(charge(990))
        cards.pay.cancel(expired)
        assert "页面已失效" in get(expired.page_url)

    def test_is_not_there_for_what_never_was(self, cards: Cards) -> None:
        assert httpx.get(f"{cards.address}/pay/cs_test_no/", trust_env=False).status_code == 404


class TestControl:
    def test_knows_every_wrong_and_nothing_else(self, cards: Cards, wechat: Wechat) -> None:
        for address in (cards.address, wechat.address):
            control = f"{address}/control/"
            for name in (*misbehavior.ANSWERS, *misbehavior.EVENTS, *misbehavior.OBJECTS):
                told = httpx.post(control, params={"name": name, "times": 2}, trust_env=False)
                assert told.json()[name] == 2
            assert httpx.post(control, params={"name": "nonsense"}, trust_env=False).status_code == 400
            assert httpx.post(control, params={"name": "garbage", "times": "-1"}, trust_env=False).status_code == 400

    @pytest.mark.parametrize("session", ["", "cs_test_no"])
    def test_disputes_nothing_that_was_not_paid(self, cards: Cards, session: str) -> None:
        address = f"{cards.address}/control/disputes/"
        assert httpx.post(address, params={"session": session}, trust_env=False).status_code == 404
