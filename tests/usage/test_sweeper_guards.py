"""The sweeper ends what nobody looks after, and keeps its hands off where something else than the calls is wrong."""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
import time_machine
from django.conf import settings
from django.db import connections
from pytest_django.fixtures import Settings

from accounts.models import Member
from models_catalog import catalog
from models_catalog.models import Route
from plans.models import Hold
from portal.kit import clock, database, ids
from portal.kit.timings import Timings
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage import dispatch, sweeper
from usage.models import Call, How
from usage.relay import Publisher
from usage.sweeper import Clocks, Overdue
from usage.valkey import Valkey

AGES = 10.0**6
PLENTY = 10**9
Answer = TypeVar("Answer")
SWEPT = {How.PLATFORM.value: 2, How.QUEUE_TIMEOUT.value: 1}

LAPSED = "UPDATE plans_hold SET lease_until = clock_timestamp() WHERE id = %s"
OVERDUE = "UPDATE plans_hold SET hard_deadline = clock_timestamp() WHERE id = %s"


class TestClocks:
    @pytest.mark.parametrize("seconds", [6, -6, 3600, -3600])
    def test_are_not_trusted_after_a_jump(self, seconds: int, caplog: pytest.LogCaptureFixture) -> None:
        with time_machine.travel(time.time()) as traveler:
            clocks = Clocks()
            assert clocks.are_trusted()
            traveler.shift(seconds)
            assert not clocks.are_trusted()
            assert not clocks.are_trusted()
        assert f"the clock jumped by {seconds} seconds" in caplog.text

    def test_are_trusted_again_after_a_while(self, settings: Settings) -> None:
        settings.TIMINGS = Timings(restart_grace=0.1)
        clocks = jumped()
        assert not clocks.are_trusted()
        time.sleep(0.11)
        assert clocks.are_trusted()

    def test_may_be_set_right_in_small_steps(self) -> None:
        with time_machine.travel(time.time()) as traveler:
            clocks = Clocks()
            for seconds in (4, 4, -4, -4, -4):
                traveler.shift(seconds)
                assert clocks.are_trusted()


class TestPlausibility:
    @pytest.mark.parametrize("seconds", [0.0, 0.9, 1.0, AGES])
    def test_is_given_once_the_server_has_run_for_a_while(self, seconds: float, settings: Settings) -> None:
        settings.TIMINGS = Timings(restart_grace=1.0)
        assert sweeper._are_plausible([look(uuid4(), postmaster_seconds=seconds)]) is (seconds >= 1)

    @pytest.mark.parametrize(
        ("dead", "running", "is_told"), [(20, 99, True), (20, 20, True), (20, 100, False), (19, 19, False)]
    )
    def test_of_very_many_is_doubted_aloud_but_they_are_swept(
        self,
        dead: int,
        running: int,
        is_told: bool,  # noqa: FBT001 - what is expected
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        assert sweeper._are_plausible([look(uuid4(), running_calls=running, dead_calls=dead)])
        assert (f"{dead} of {running} running calls look dead" in caplog.text) is is_told


@pytest.mark.django_db(transaction=True)
class TestSweep:
    @pytest.fixture(autouse=True)
    def at_once(self, settings: Settings) -> None:
        """The test's server is younger than the grace of a real one."""
        settings.TIMINGS = Timings(restart_grace=0.0)

    def test_ends_what_is_past_a_deadline_and_nothing_else(self) -> None:
        member = caller()
        left = {queued(member), running(member)}
        queued(member, queue_deadline_seconds=-1)
        for passed in (LAPSED, OVERDUE):
            running(member, passed)
        assert sweep() == 3
        assert hows() == SWEPT
        assert set(Hold.objects.values_list("pk", flat=True)) == left
        assert sweep() == 0
        assert books.all_kinds() == set()

    def test_leaves_running_calls_to_their_workers_after_a_restart(self, settings: Settings) -> None:
        member = caller()
        queued(member, queue_deadline_seconds=-1)
        running(member, LAPSED)
        settings.TIMINGS = Timings(restart_grace=AGES)
        assert sweep() == 1
        assert hows() == {How.QUEUE_TIMEOUT.value: 1}
        settings.TIMINGS = Timings(restart_grace=0.0)
        assert sweep() == 1

    def test_judges_no_lease_by_a_clock_that_jumped(self, settings: Settings) -> None:
        member, clocks = caller(), jumped()
        settings.TIMINGS = Timings(restart_grace=0.5)
        queued(member, queue_deadline_seconds=-1)
        running(member, LAPSED)
        assert sweep(clocks) == 1
        assert hows() == {How.QUEUE_TIMEOUT.value: 1}
        time.sleep(0.5)
        assert sweep(clocks) == 1
        assert not Hold.objects.exists()

    def test_ends_so_many_a_turn_the_oldest_first(self) -> None:
        member = caller()
        calls = [queued(member, queue_deadline_seconds=-1) for _ in range(sweeper.MOST_A_TICK + 1)]
        assert sweep() == sweeper.MOST_A_TICK
        assert Hold.objects.get().pk == max(calls)  # of two in one millisecond chance decides which is older
        assert sweep() == 1

    def test_of_two_at_once_ends_each_call_once(self) -> None:
        member = caller()
        for _ in range(10):
            running(member, LAPSED)

        async def two(valkey: Valkey, publisher: Publisher) -> int:
            return sum(await asyncio.gather(*(sweeper.sweep(valkey, publisher, Clocks()) for _ in range(2))))

        assert with_pool(two) == 10
        assert hows() == {How.PLATFORM.value: 10}
        assert books.all_kinds() == set()

    def test_tells_when_most_of_what_runs_looks_dead(self, caplog: pytest.LogCaptureFixture) -> None:
        member = caller()
        queued(member)
        running(member)
        for _ in range(sweeper.FEWEST_FOR_ALARM):
            running(member, LAPSED)
        assert sweep() == sweeper.FEWEST_FOR_ALARM
        assert "20 of 21 running calls look dead" in caplog.text


@pytest.mark.django_db(transaction=True)
class TestEnd:
    """Between the look at a call and its end something may have happened to it."""

    @pytest.mark.parametrize(
        ("seen_as", "kind"), [("dead", "running"), ("dead", "expired"), ("expired", "waiting"), ("expired", "dead")]
    )
    def test_leaves_a_call_alone_that_is_not_what_it_was(self, seen_as: str, kind: str) -> None:
        call_id = made(caller(), kind)

        async def end(valkey: Valkey, publisher: Publisher) -> bool:
            return await sweeper._end(valkey, publisher, look(call_id, kind=seen_as))

        assert with_pool(end) is False
        assert Hold.objects.get().pk == call_id


@pytest.mark.django_db(transaction=True)
class TestSendAgain:
    @pytest.fixture(autouse=True)
    def soon(self, settings: Settings) -> None:
        settings.TIMINGS = Timings(republish=0.0)

    def test_pushes_what_a_browser_asked_while_it_waits(self, home: Home) -> None:
        offer = cast.offer_of("fast")
        waiting, late, other = (ids.uuid7(clock.now()) for _ in range(3))
        terms = {"chat_model_id": offer.chat_model_id, "price_id": offer.price_id}
        for member, call_id, deadline in ((home.owner, waiting, 15), (home.child, late, -1)):
            cast.asked(member, call_id=call_id, now=clock.now())
            queued(member, call_id=call_id, source="chat", queue_deadline_seconds=deadline, **terms)
        queued(home.owner, call_id=other, **terms)

        async def turn(valkey: Valkey, publisher: Publisher) -> list[str]:
            await valkey.command("DEL", offer.queue)
            assert await sweeper.sweep(valkey, publisher, Clocks()) == 1
            messages: Any = await valkey.command("LRANGE", offer.queue, 0, -1)
            return [call["call"] for each in messages for call in (dispatch.arguments_of(each) or {})["calls"]]

        assert with_pool(turn) == [str(waiting)]

    def test_lets_a_question_wait_whose_model_is_gone(self, home: Home) -> None:
        offer, call_id = cast.offer_of("fast"), ids.uuid7(clock.now())
        cast.asked(home.owner, call_id=call_id, now=clock.now())
        terms = {"chat_model_id": offer.chat_model_id, "price_id": offer.price_id}
        queued(home.owner, call_id=call_id, source="chat", **terms)
        Route.objects.update(disabled_at=clock.now())
        catalog.forget()
        queued(home.owner, queue_deadline_seconds=-1, **terms)
        assert sweep() == 1
        assert Hold.objects.filter(pk=call_id).exists()


def caller() -> Member:
    """This will found an account with credits for any number of calls."""
    member = books.founded()
    books.grant(member, PLENTY)
    return member


def queued(member: Member, **terms: Any) -> UUID:
    """This will open a call that nobody waits for any more."""
    asked = books.ask(member, reply_to="", **terms)
    assert books.reserve(asked)[0][0] == "ok"
    return asked.call_id


def running(member: Member, passed: str = "") -> UUID:
    """This will open a call and let a worker claim it, which then is past its lease or its deadline."""
    call_id = queued(member)
    assert books.claim(call_id)
    if passed:
        with books.owner():
            books.run(passed, call_id)
    return call_id


def made(member: Member, kind: str) -> UUID:
    """This will open a call that stands so: waiting, expired, running or dead."""
    if kind in {"running", "dead"}:
        return running(member, LAPSED if kind == "dead" else "")
    return queued(member, queue_deadline_seconds=-1 if kind == "expired" else 15)


def look(call_id: UUID, **facts: Any) -> Overdue:
    """What the sweeper saw of a call."""
    usual: dict[str, Any] = {"kind": "dead", "source": "api", "reply_to": "", "queued_seconds": 1.0}
    usual |= {"amount": 100, "price_id": 1, "chat_model_id": 1, "prompt_tokens": 10}
    usual |= {"running_calls": 1, "dead_calls": 1, "postmaster_seconds": AGES}
    return Overdue(call_id=call_id, **usual | facts)


def jumped() -> Clocks:
    """Clocks that were read for the last time before the wall's was set an hour ahead."""
    with time_machine.travel(time.time() - 3600):
        return Clocks()


def hows() -> Counter[str]:
    """This will count how calls ended."""
    return Counter(Call.objects.values_list("how", flat=True))


def sweep(clocks: Clocks | None = None) -> int:
    """This will let the sweeper take one turn and return how many calls it ended."""

    async def turn(valkey: Valkey, publisher: Publisher) -> int:
        return await sweeper.sweep(valkey, publisher, clocks or Clocks())

    return with_pool(turn)


def with_pool(work: Callable[[Valkey, Publisher], Awaitable[Answer]]) -> Answer:
    """This will run `work` with what the sweeper's process has: a pool of connections and Valkey."""

    async def process() -> Answer:
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
        await database.open_pool()
        valkey = Valkey(settings.VALKEY_URL)
        try:
            return await work(valkey, Publisher(valkey))
        finally:
            valkey.close()
            await database.close_pool()
            await asyncio.to_thread(connections.close_all)  # of the one thread that there is

    return asyncio.run(process())
