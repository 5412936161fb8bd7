"""What settling writes down, and what it tells when the answer of PostgreSQL is lost."""

import asyncio
import time
from datetime import timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import orjson
import pytest
from django.db.models import F

from accounts.models import Member
from models_catalog.models import ChatModel, Price
from models_catalog.pricing import USAGE_CLASSES, Usage, cost
from portal.kit import clock, database
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage.calls import settlement
from usage.calls.endings import Charge, Ending, Try, nothing
from usage.calls.settlement import Settled
from usage.models import Call, CallLot, DailyTotal, HourProfile, How, KeptAnswer, LateEvidence

HELD = 10**9
EVENING = 17
"""By this hour of UTC it is the next day in Shanghai."""
USED = Usage(in_fresh=1, cache_read=2, cache_write_5m=4, in_image=8, out_text=16, out_reasoning=32, out_audio=64)


class TestSettled:
    @pytest.mark.parametrize(
        ("outcome", "charged", "is_told"),
        [("ok", 7, True), ("already", 7, True), ("already", 0, False), ("fenced", None, False)],
    )
    def test_is_told_when_it_ended_by_this_charge(self, outcome: str, charged: int | None, is_told: bool) -> None:  # noqa: FBT001 - what is expected
        assert Settled(uuid4(), outcome, charged, None).is_by(7) is is_told


@pytest.mark.django_db
class TestSettle:
    def test_adds_to_the_totals_of_the_local_day(self, home: Home) -> None:
        now = clock.now()
        books.move_clock((EVENING - now.hour) % 24 * timedelta(hours=1))
        for _ in range(2):
            settle(*(Ending(reserved(home.owner), charged(USED)) for _ in range(2)))
        local = clock.now().astimezone(ZoneInfo(home.owner.account.time_zone))
        total, profile = DailyTotal.objects.get(), HourProfile.objects.get()
        assert total.day == local.date() != clock.now().date()
        assert (profile.weekday, profile.hour) == (local.isoweekday(), local.hour)
        spent = 4 * charged(USED).microcredits
        assert (total.calls, total.charged_microcredits) == (profile.calls, profile.charged_microcredits) == (4, spent)
        assert (total.input_tokens, total.output_tokens) == (4 * 15, 4 * 112)
        assert books.all_kinds() == set()

    def test_agrees_with_the_audit_on_every_class_of_tokens(self, home: Home) -> None:
        model, now = ChatModel.objects.earliest("pk"), clock.now()
        rates = {name: 1_000_000 * (number + 2) for number, name in enumerate(USAGE_CLASSES)}
        price = Price.objects.create(chat_model=model, active_from=now, published_at=now, per_request=7, **rates)
        used = Usage(**{name: 10**number for number, name in enumerate(USAGE_CLASSES)})
        asked = books.ask(home.owner, 10**11, chat_model_id=model.pk, price_id=price.pk)
        assert books.reserve(asked)[0][0] == "ok"
        assert settle(Ending(asked.call_id, Charge(used, cost(used, price.rates), How.USAGE)))[0][0] == "ok"
        assert books.all_kinds() == set()

    def test_keeps_of_the_lots_those_that_were_spent(self, home: Home) -> None:
        pack = cast.grant(home.owner, 500_000, expires_at=clock.now() + timedelta(days=1))
        call_id = reserved(home.owner, amount=pack.available + HELD)
        settle(Ending(call_id, charged(USED)))
        assert [line.lot_id for line in CallLot.objects.filter(call_id=call_id)] == [pack.pk]
        call = Call.objects.get(pk=call_id)
        assert (call.held_microcredits, call.charged_microcredits) == (
            pack.available + HELD,
            charged(USED).microcredits,
        )

    def test_takes_the_moment_of_acceptance_from_the_worker_or_else_from_its_heartbeat(self, home: Home) -> None:
        told, beaten = reserved(home.owner), reserved(home.owner)
        with books.owner():
            books.run("UPDATE plans_hold SET accepted_at = app_now() - interval '9 s'")
        settle(Ending(told, charged(USED), accepted=time.monotonic() - 3), Ending(beaten, charged(USED)))
        worked = Call.objects.annotate(worked=F("ended_at") - F("accepted_at")).values_list("id", "worked")
        seconds = {call_id: time_taken.total_seconds() for call_id, time_taken in worked}
        assert seconds == {told: pytest.approx(3, abs=1), beaten: pytest.approx(9, abs=1)}

    def test_tells_how_it_ended_before_or_that_it_is_open(self, home: Home) -> None:
        ended, running = reserved(home.owner), reserved(home.owner)
        settle(Ending(ended, charged(USED)))
        books.claim(running)
        assert settle(Ending(ended, nothing(How.PLATFORM)), Ending(running, charged(USED), fence=7)) == [
            ("already", charged(USED).microcredits),
            ("fenced", None),
        ]

    def test_keeps_an_answer_for_a_day(self, home: Home) -> None:
        call_id = reserved(home.owner)
        settle(Ending(call_id, charged(USED), kept="c2VhbGVk"))
        kept = KeptAnswer.objects.get(pk=call_id)
        assert bytes(kept.sealed) == b"sealed"
        assert kept.kept_until - clock.now() > timedelta(hours=23)


@pytest.mark.django_db
class TestLateEvidence:
    @pytest.mark.parametrize(
        ("how", "is_kept"), [(How.PLATFORM, True), (How.SWEEP_PARTIAL, True), (How.CANCELLED, False)]
    )
    def test_is_kept_of_calls_that_our_side_broke(self, home: Home, how: How, is_kept: bool) -> None:  # noqa: FBT001 - what is expected
        call_id = reserved(home.owner)
        settle(Ending(call_id, nothing(how) if how != How.SWEEP_PARTIAL else charged(USED, how)))
        now = time.monotonic()
        tries = tuple(Try(1, "ok", now, now, now, raw) for raw in ({"total": 1}, {"total": 2}))
        settle(Ending(call_id, charged(USED), tries=tries))
        found = [late.raw_usage for late in LateEvidence.objects.filter(pk=call_id)]
        assert found == ([{"total": 2}] if is_kept else [])

    def test_is_nothing_where_the_vendor_told_nothing(self, home: Home) -> None:
        call_id = reserved(home.owner)
        settle(Ending(call_id, nothing(How.PLATFORM)))
        now = time.monotonic()
        settle(Ending(call_id, charged(USED), tries=(Try(1, "ok", now, now, now, None),)))
        assert not LateEvidence.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestOrder:
    def test_of_answers_is_that_of_the_calls_whatever_their_ids(self) -> None:
        """Each worker is told of its own call; the set is closed in the order of the ids."""
        home = cast.assemble(now=clock.now())
        cast.grant(home.stranger, 5000)
        first, second = reserved(home.owner), reserved(home.stranger)
        once, twice = charged(Usage(in_fresh=10)), charged(Usage(in_fresh=20))

        async def live() -> list[Settled]:
            await database.open_pool()
            try:
                return await settlement.settle([Ending(second, twice), Ending(first, once)])
            finally:
                await database.close_pool()

        told = asyncio.run(live())
        assert [(each.call_id, each.charged_microcredits) for each in told] == [
            (second, twice.microcredits),
            (first, once.microcredits),
        ]
        assert told[0].credits_left_microcredits != told[1].credits_left_microcredits


def reserved(member: Member, *, amount: int = HELD) -> UUID:
    """This will set credits aside for a call of the fast model."""
    offer = cast.offer_of("fast")
    asked = books.ask(member, amount, chat_model_id=offer.chat_model_id, price_id=offer.price_id)
    assert books.reserve(asked)[0][0] == "ok"
    return asked.call_id


def charged(used: Usage, how: How = How.USAGE) -> Charge:
    """What the fast model costs for this."""
    return Charge(used, cost(used, cast.offer_of("fast").rates), how)


def settle(*endings: Ending) -> list[tuple[str, int | None]]:
    """This will end a set of calls at once and return the outcome and the charge of each."""
    body = orjson.dumps([ending.as_json(now=time.monotonic()) for ending in endings]).decode()
    rows = books.fetch("SELECT outcome, charged FROM call_settle(%s::jsonb)", body)
    return [(outcome, amount) for outcome, amount in rows]
