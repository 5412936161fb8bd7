"""Cards on the hosted page, from the page to the bank that takes back, against the sandbox over HTTP."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from plans.payment_providers.base import Charge, Denied, Disputed, Unaccepted, Unanswered, Unknown
from plans.payment_providers.stripe import Stripe
from portal.kit.units import Money
from tests.plans.providers import peers
from tests.plans.providers.peers import ASKED, DECLINED, GOOD, POOR, Cards, charge, repayment


class TestBegin:
    def test_opens_one_page_however_often_it_is_asked(self, cards: Cards) -> None:
        asked = charge(990)
        began = cards.pay.begin(asked)
        assert (began.state, began.amount, began.mode) == ("pending_validation", Money(990, "CNY"), "test")
        assert (began.charge_id, began.reference[:8]) == (str(asked.id), "cs_test_")
        assert "9.90 CNY" in httpx.get(began.page_url, trust_env=False).text
        assert cards.pay.begin(asked) == began
        assert len(cards.peer.books.items) == 1

    def test_of_the_same_charge_for_another_amount_tells_what_is_there(self, cards: Cards) -> None:
        asked = charge(990)
        assert cards.pay.begin(asked) == cards.pay.begin(replace(asked, amount=Money(1, "CNY")))

    @pytest.mark.parametrize(("minor", "currency"), [(1, "CNY"), (990, "ISK")])
    def test_of_what_cannot_be_is_denied(self, cards: Cards, minor: int, currency: str) -> None:
        with pytest.raises(Denied, match="amount"):
            cards.pay.begin(charge(minor, currency=currency))

    def test_without_our_key_is_not_accepted(self, cards: Cards) -> None:
        with peers.client(cards.address, authorization="Bearer sk_test_wrong") as line, pytest.raises(Unaccepted):
            Stripe(line, merchant=peers.stripe_keys()).begin(charge(990))

    @pytest.mark.parametrize("wrong", ["fail_before", "hang_before"])
    def test_that_never_arrived_is_not_found_and_sent_again(self, cards: Cards, wrong: str) -> None:
        asked = charge(990)
        cards.peer.misbehavior.plan(wrong)
        self.lose(cards, asked)
        with pytest.raises(Unknown):
            cards.pay.find(asked.id)
        assert cards.pay.begin(asked).page_url

    @pytest.mark.parametrize("wrong", ["hang_after", "fail_after", "garbage"])
    def test_whose_answer_was_lost_is_found_with_its_page(self, cards: Cards, wrong: str) -> None:
        asked = charge(990)
        cards.peer.misbehavior.plan(wrong)
        self.lose(cards, asked)
        found = cards.pay.find(asked.id)
        assert found == cards.pay.begin(asked)
        assert found.page_url

    @staticmethod
    def lose(cards: Cards, asked: Charge) -> None:
        bearer = f"Bearer {peers.stripe_keys().secret_key}"
        with peers.client(cards.address, authorization=bearer) as hasty:
            hasty.timeout = httpx.Timeout(0.3)
            with pytest.raises(Unanswered):
                Stripe(hasty, merchant=peers.stripe_keys()).begin(asked)


class TestPage:
    def test_sends_who_paid_back_to_the_shop(self, cards: Cards) -> None:
        began = cards.pay.begin(charge(990))
        assert cards.type(began, GOOD).headers["location"] == "http://127.0.0.1:9/order/"
        told = cards.pay.query(began.reference)
        assert (told.state, told.amount, told.page_url) == ("succeeded", Money(990, "CNY"), "")
        assert told.fee_minor == 63
        assert cards.type(began, GOOD).status_code == 200
        assert len([item for item in cards.peer.books.items if item.startswith("ch_")]) == 1

    @pytest.mark.parametrize(("number", "why"), [(DECLINED, "card_declined"), (POOR, "insufficient_funds")])
    def test_lets_another_card_pay_after_one_that_was_declined(self, cards: Cards, number: str, why: str) -> None:
        began = cards.pay.begin(charge(990))
        assert cards.type(began, number).headers["location"] == f"{began.page_url}?trouble={why}"
        assert cards.pay.query(began.reference) == began
        cards.type(began, GOOD)
        assert cards.pay.query(began.reference).state == "succeeded"

    def test_asks_the_holder_of_a_card_that_needs_it(self, cards: Cards) -> None:
        began = cards.pay.begin(charge(990))
        for decision, state in (("failure", "pending_validation"), ("approval", "succeeded")):
            assert cards.type(began, ASKED).headers["location"] == f"{began.page_url}challenge/"
            assert "Is it you" in httpx.get(f"{began.page_url}challenge/", trust_env=False).text
            assert cards.pay.query(began.reference).state == "pending_validation"
            cards.answer(began, decision)
            assert cards.pay.query(began.reference).state == state

    def test_takes_no_answer_to_a_question_that_was_not_asked(self, cards: Cards) -> None:
        began = cards.pay.begin(charge(990))
        cards.answer(began, "approval")
        assert cards.pay.query(began.reference).state == "pending_validation"


class TestQuery:
    def test_tells_wrong_amounts_and_the_other_mode_as_they_are(self, cards: Cards) -> None:
        cards.peer.misbehavior.plan("wrong_amount")
        assert cards.pay.begin(charge(990)).amount == Money(1, "CNY")
        cards.peer.misbehavior.plan("wrong_currency")
        assert cards.pay.begin(charge(990)).amount == Money(990, "USD")
        cards.peer.misbehavior.plan("other_mode")
        began = cards.pay.begin(charge(990))
        cards.type(began, GOOD)
        assert cards.pay.query(began.reference).mode == "live"

    def test_does_not_know_what_never_was(self, cards: Cards) -> None:
        for reference in ("cs_test_nothing", "pi_nothing"):
            with pytest.raises(Unknown):
                cards.pay.query(reference)

    def test_finds_the_page_of_a_payment_intent(self, cards: Cards) -> None:
        paid = cards.paid()
        (intent,) = [name for name in cards.peer.books.items if name.startswith("pi_")]
        assert cards.pay.query(intent) == cards.pay.query(paid.reference)

    def test_tells_what_a_bank_took_back(self, cards: Cards) -> None:
        paid = cards.paid()
        for decided, state in (({}, "open"), ({"status": "under_review"}, "open"), ({"status": "lost"}, "lost")):
            cards.dispute(paid, **decided)
            told = cards.pay.query(paid.reference).disputed
            assert told == Disputed(told.reference if told else "", state, Money(990, "CNY"), 1500)
        cards.dispute(paid, status="warning_closed")
        assert cards.pay.query(paid.reference).disputed is None


class TestCancel:
    def test_closes_the_page(self, cards: Cards) -> None:
        began = cards.pay.begin(charge(990))
        assert cards.pay.cancel(began).state == "canceled"
        assert cards.pay.cancel(began).state == "canceled"
        cards.type(began, GOOD)
        assert cards.pay.query(began.reference).state == "canceled"

    def test_leaves_what_was_paid(self, cards: Cards) -> None:
        assert cards.pay.cancel(cards.paid()).state == "succeeded"


class TestRefund:
    def test_pays_back_in_parts_and_no_more_than_all(self, cards: Cards) -> None:
        paid = cards.paid()
        part, rest, more = repayment(paid, 300), repayment(paid, 690), repayment(paid, 1)
        assert cards.pay.refund(part).state == "succeeded"
        with pytest.raises(Denied, match="amount"):
            cards.pay.refund(repayment(paid, 691))
        assert cards.pay.query(paid.reference).refunded_minor == 300
        assert cards.pay.refund(rest).amount == Money(690, "CNY")
        with pytest.raises(Denied, match="amount"):
            cards.pay.refund(more)
        assert cards.pay.query(paid.reference).refunded_minor == 990

    @pytest.mark.parametrize("wrong", ["fail_after", "garbage"])
    def test_whose_answer_was_lost_is_found_again(self, cards: Cards, wrong: str) -> None:
        asked = repayment(cards.paid(), 990)
        with pytest.raises(Unknown):
            cards.pay.find_refund(asked)
        cards.peer.misbehavior.plan(wrong)
        with pytest.raises(Unanswered):
            cards.pay.refund(asked)
        found = cards.pay.find_refund(asked)
        cards.peer._kept.clear()
        assert cards.pay.refund(asked) == found
        assert found.amount == Money(990, "CNY")

    @pytest.mark.parametrize(("wrong", "state"), [("refund_fails", "denied"), ("refund_stays", "processing")])
    def test_that_does_not_arrive_is_told_so(self, cards: Cards, wrong: str, state: str) -> None:
        cards.peer.misbehavior.plan(wrong)
        asked = repayment(cards.paid(), 990)
        assert cards.pay.refund(asked).state == cards.pay.find_refund(asked).state == state

    def test_of_an_empty_till_is_no_answer_yet(self, cards: Cards) -> None:
        cards.peer.misbehavior.plan("empty_till")
        with pytest.raises(Unanswered):
            cards.pay.refund(repayment(cards.paid(), 990))

    def test_of_what_a_bank_took_back_is_denied(self, cards: Cards) -> None:
        paid = cards.paid()
        cards.dispute(paid)
        with pytest.raises(Denied, match="not_available"):
            cards.pay.refund(repayment(paid, 990))


class TestListed:
    def test_goes_through_pages_of_payments(self, cards: Cards, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("plans.payment_providers.stripe_line.PAGE_SIZE", 2)
        paid = [cards.paid(1000 + number) for number in range(5)]
        cards.pay.refund(repayment(paid[0], 1))
        cards.type(cards.pay.begin(charge(990)), DECLINED)
        since = datetime.now(UTC) - timedelta(minutes=1)
        listed = list(cards.pay.listed(since, since + timedelta(minutes=2)))
        assert [payment.reference for payment in listed[:0:-1]] == [standing.reference for standing in paid]
        assert [payment.charge_id for payment in listed[:0:-1]] == [standing.charge_id for standing in paid]
        assert [payment.state for payment in listed] == ["pending_validation", *["succeeded"] * 5]
        assert (listed[-1].amount, listed[-1].refunded_minor) == (Money(1000, "CNY"), 1)
        assert list(cards.pay.listed(since, since)) == []
