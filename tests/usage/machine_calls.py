"""The half of the machine that buys, gives and calls: each rule moves the books and their model alike."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import transaction
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, precondition, rule

from models_catalog.models import ChatModel, Price
from models_catalog.pricing import Usage, cost
from plans import ledger, quotas
from plans.models import Lot, Quota, Wallet
from plans.quotas import Terms
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.model_books import (
    AT_ONCE,
    COUNTERS,
    LIMIT,
    LONGEST,
    PROMPT,
    SESSION_TOKENS,
    Facts,
    ModelCall,
    ModelLot,
)
from usage.calls.endings import Charge, Ending, nothing
from usage.models import How

MILLION = 10**6
ALONE = Microcredits(300)


class Calls(RuleBasedStateMachine):
    """One account whose lots, debt and quota are modelled in plain Python."""

    calls = Bundle("calls")

    def __init__(self) -> None:
        super().__init__()
        self.rolled_back = transaction.atomic()
        self.rolled_back.__enter__()
        self.member = books.founded()
        books.quota(self.member, LIMIT, window="lifetime")
        books.quota(self.member, AT_ONCE, window="lifetime", metric="at_once")
        books.quota(self.member, SESSION_TOKENS, window="session", metric="tokens")
        self.model = ChatModel.objects.earliest("pk")
        self.price: Price
        self.lots: dict[int, ModelLot] = {}
        self.facts = Facts()
        self.change_price(1, 3, 0)

    # What is bought and given

    @rule(amount=st.integers(1, 900), priority=st.sampled_from([-1, 0]), days=st.sampled_from([0, 1, 5]))
    def give(self, amount: int, priority: int, days: int) -> None:
        ends = clock.now() + timedelta(days=days) if days else None
        lot = books.grant(self.member, amount, source="promo", priority=priority, expires_at=ends)
        self.lots[lot] = ModelLot(lot, "promo", priority, ends, amount, amount)

    @rule(amount=st.integers(1, 1500), minor=st.integers(1, 2000), plan=st.booleans(), days=st.sampled_from([0, 2, 9]))
    def buy(self, amount: int, minor: int, days: int, *, plan: bool) -> None:
        ends = clock.now() + timedelta(days=days) if days else None
        source, order_id = "plan" if plan else "topup", uuid4()
        repaid = min(self.facts.debt, amount)
        lot = books.buy(
            self.member, amount, minor, tax_minor=minor // 17, source=source, expires_at=ends, order_id=order_id
        )
        self.facts.debt -= repaid
        self.lots[lot] = ModelLot(lot, source, 0, ends, amount - repaid, amount - repaid, order_id, minor, repaid)

    @rule(amount=st.integers(1, 600), second=st.booleans())
    def adjust(self, amount: int, *, second: bool) -> None:
        asked = ledger.AskedAdjustment(
            adjustment_id=uuid4(),
            account_id=self.member.account_id,
            kind="goodwill",
            microcredits=Microcredits(amount),
            reason="slow",
            asked_by=1,
        )
        outcome = ledger.ask_adjustment(asked, alone=ALONE)
        now = clock.now()
        today = sum(given for at, given in self.facts.given if at > now - timedelta(days=1))
        assert outcome == ("waiting" if today + amount > ALONE else "done")
        if outcome == "done":
            self.facts.given.append((now, amount))
        else:
            outcome = ledger.decide_adjustment(asked.adjustment_id, agreed=second, by_user_id=2)
            assert outcome == ("done" if second else "declined")
        if outcome == "done":
            lot = Lot.objects.get(dedupe_key=f"goodwill:{asked.adjustment_id}").pk
            self.lots[lot] = ModelLot(lot, "goodwill", 0, None, amount, amount)

    # Calls

    @rule(target=calls, amount=st.integers(0, 1200), floor=st.integers(0, 100), session=st.sampled_from(["", "a"]))
    def reserve(self, amount: int, floor: int, session: str) -> object:
        asked = books.ask(
            self.member,
            amount,
            floor_amount=amount * floor // 100,
            output_limit=LONGEST,
            tokens=PROMPT + LONGEST,
            floor_tokens=PROMPT + LONGEST * floor // 100,
            session=session,
            chat_model_id=self.price.chat_model_id,
            price_id=self.price.pk,
        )
        [(outcome, details)] = books.reserve(asked)
        now = clock.now()
        usable = sorted((lot for lot in self.lots.values() if self.is_usable(lot, now)), key=ModelLot.rank)
        affordable = min(amount, self.room(), sum(lot.available for lot in usable))
        if self.facts.debt:
            assert outcome == "suspended"
            return multiple()
        current = self.facts.session(session, now)
        may = affordable >= asked.floor_amount and asked.floor_tokens <= current.left
        assert (outcome == "ok") is (may and len(self.facts.calls) < AT_ONCE), (outcome, affordable, current)
        if outcome != "ok":
            return multiple()
        length = LONGEST - max(amount - affordable, asked.tokens - current.left, 0)
        assert (details["amount"], details["output_limit"]) == (affordable, length)
        self.facts.sessions[session] = current.holding(PROMPT + length, now)
        self.facts.calls[asked.call_id] = ModelCall(
            asked,
            self.draw(usable, affordable),
            self.price.rates,
            is_counted=self.facts.limit is not None,
            session=current,
            tokens=PROMPT + length,
        )
        return asked.call_id

    def room(self) -> int:
        if self.facts.limit is None:
            return 10**15
        held = sum(call.held for call in self.facts.calls.values() if call.is_counted)
        return self.facts.limit - self.facts.used - held

    @staticmethod
    def is_usable(lot: ModelLot, now: datetime) -> bool:
        return lot.is_drawable and not lot.is_over(now)

    @staticmethod
    def draw(usable: list[ModelLot], amount: int) -> list[tuple[ModelLot, int]]:
        lines = []
        for lot in usable:
            part = min(lot.available, amount)
            if part:
                lot.available -= part
                lot.held += part
                amount -= part
                lines.append((lot, part))
        return lines

    @rule(call_id=calls)
    def claim(self, call_id: UUID) -> None:
        call = self.facts.calls.get(call_id)
        may_run = call is not None and not call.is_running
        in_time = may_run and bool(
            books.fetch("SELECT 1 FROM plans_hold WHERE id = %s AND queue_deadline > clock_timestamp()", call_id)
        )
        assert bool(books.claim(call_id)) is in_time
        if call is not None and in_time:
            call.is_running = True

    @rule(call_id=consumes(calls), tokens_in=st.integers(0, 400), tokens_out=st.integers(0, 400), again=st.booleans())
    def settle(self, call_id: UUID, tokens_in: int, tokens_out: int, *, again: bool) -> None:
        call = self.facts.calls.pop(call_id)
        used = Usage(in_fresh=tokens_in, out_text=tokens_out)
        price = cost(used, call.rates)
        charge = min(price, call.held)
        how = How.USAGE_CAPPED if price > call.held else How.USAGE
        fence = 1 if call.is_running else None
        ending = Ending(call_id, Charge(used, charge, how, price if how == How.USAGE_CAPPED else 0), fence=fence)
        cast.settle(ending)
        self.close(call, charge, tokens=tokens_in + tokens_out)
        self.facts.charges[call_id] = charge
        if again:
            assert books.close(call.asked, charge).outcome == "already"

    @rule(call_id=consumes(calls))
    def sweep(self, call_id: UUID) -> None:
        call = self.facts.calls.pop(call_id)
        how = How.PLATFORM if call.is_running else How.QUEUE_TIMEOUT
        cast.settle(Ending(call_id, nothing(how), if_state="running" if call.is_running else "queued"))
        self.close(call, 0, tokens=0)

    def close(self, call: ModelCall, charge: int, *, tokens: int) -> None:
        now = clock.now()
        call.session.held -= call.tokens
        call.session.used += tokens
        if call.is_counted:
            self.facts.used += charge
        for lot, part in call.lines:
            spent = min(charge, part)
            charge -= spent
            lot.held -= part
            lot.spent += spent
            if lot.is_over(now):
                lot.expired += part - spent
            else:
                lot.available += part - spent

    @precondition(lambda self: self.facts.charges)
    @rule(data=st.data())
    def restore(self, data: Any) -> None:
        call_id = data.draw(st.sampled_from(sorted(self.facts.charges)))
        charge = self.facts.charges.pop(call_id)
        asked = ledger.AskedAdjustment(
            adjustment_id=uuid4(),
            account_id=self.member.account_id,
            kind="restore",
            microcredits=Microcredits(max(charge, 1)),
            reason="bad answer",
            asked_by=1,
            call_id=call_id,
        )
        if not charge:
            with pytest.raises(ledger.NotAdjustable):
                ledger.ask_adjustment(asked, alone=Microcredits(10**6))
            return
        assert ledger.ask_adjustment(asked, alone=Microcredits(10**6)) == "done"
        self.facts.given.append((clock.now(), charge))
        lot = Lot.objects.get(dedupe_key=f"restore:{call_id}").pk
        self.lots[lot] = ModelLot(lot, "restore", 0, None, charge, charge)

    # Time

    @rule(hours=st.sampled_from([1, 30, 150]))
    def pass_time(self, hours: int) -> None:
        books.move_clock(timedelta(hours=hours))

    @rule()
    def expire(self) -> None:
        now = clock.now()
        over = [lot for lot in self.lots.values() if lot.is_over(now) and lot.is_drawable]
        assert ledger.expire() == len(over)
        ledger.forget_windows()
        for lot in over:
            lot.expired += lot.available
            lot.available = 0

    # Terms

    @rule(rate_in=st.integers(0, 5), rate_out=st.integers(0, 9), per_request=st.sampled_from([0, 0, 7]))
    def change_price(self, rate_in: int, rate_out: int, per_request: int) -> None:
        now = clock.now()
        self.price = Price.objects.create(
            chat_model=self.model,
            active_from=now,
            published_at=now,
            in_fresh=rate_in * MILLION,
            out_text=rate_out * MILLION,
            per_request=per_request,
        )

    @rule(limit=st.integers(0, 2 * LIMIT))
    def change_quota(self, limit: int) -> None:
        account = self.member.account
        terms = Terms(window="lifetime", limit=limit)
        quotas.put(account, node_kind="account", node_id=account.pk, terms=terms, by=None, now=clock.now())
        self.facts.limit = limit

    @precondition(lambda self: self.facts.limit is not None)
    @rule()
    def end_quota(self) -> None:
        quota = Quota.objects.in_force().get(account=self.member.account, metric="microcredits")
        quotas.end(quota, by=None, now=clock.now())
        self.facts.limit, self.facts.used = None, 0
        for call in self.facts.calls.values():
            call.is_counted = False

    @invariant()
    def books_equal_the_model(self) -> None:
        found = {lot.pk: lot for lot in Lot.objects.filter(account_id=self.member.account_id)}
        assert found.keys() == self.lots.keys()
        for pk, lot in self.lots.items():
            assert {name: getattr(found[pk], name) for name in (*COUNTERS, "frozen")} == {
                name: getattr(lot, name) for name in (*COUNTERS, "frozen")
            }
        wallets = Wallet.objects.filter(account_id=self.member.account_id).values_list("debt", flat=True)
        assert sum(wallets) == self.facts.debt
        assert books.all_kinds() == set()

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.rolled_back.__exit__(None, None, None)
