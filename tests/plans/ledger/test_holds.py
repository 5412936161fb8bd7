"""Opening calls through the pool: what a caller is given back of a call that is new, asked again, or past a quota."""

import asyncio

import pytest

from accounts.models import Member
from plans import ledger
from plans.ledger import holds
from portal.kit import database
from portal.kit.refusals import Refusal
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS, Microcredits
from tests.plans.ledger import books
from usage.calls.settlement import TROUBLE

pytestmark = pytest.mark.django_db(transaction=True)


async def reserved(*asked: ledger.Reservation) -> list[ledger.Hold | Refusal]:
    await database.open_pool()
    try:
        return await ledger.reserve(asked)
    finally:
        await database.close_pool()


@pytest.fixture
def member() -> Member:
    member = books.founded()
    books.grant(member, 1000)
    return member


class TestReserve:
    def test_asked_again_sets_nothing_aside_and_names_the_first_call(self, member: Member) -> None:
        name = ledger.Idempotency("key:1", "order 7", "hash")
        first, again = (books.ask(member, idempotency=name) for _ in range(2))
        opened = asyncio.run(reserved(first, again))
        assert opened == [
            ledger.Hold(first.call_id, Microcredits(100), 100),
            ledger.Hold(first.call_id, Microcredits(0), 0, is_replay=True),
        ]

    def test_tells_which_soft_quota_is_over(self, member: Member) -> None:
        books.quota(member, 100, grace_percent=50)
        opened = asyncio.run(reserved(books.ask(member, 100), books.ask(member, 20)))
        within, over = (hold.over for hold in opened if isinstance(hold, ledger.Hold))
        assert within == ()
        [told] = over
        assert (told["node_kind"], told["window"], told["held"], told["limit"]) == ("account", "day", 100, 100)

    def test_is_not_too_much_at_once_where_a_price_is_being_published_for_too_long(self, member: Member) -> None:
        with books.another_connection() as publishing:
            publishing.execute("SELECT pg_advisory_xact_lock(hashtext('prices'))")
            with pytest.raises(TROUBLE):  # of which a caller is told as of a server that is away
                asyncio.run(reserved(books.ask(member)))
        assert books.all_kinds() == set()
        [opened] = asyncio.run(reserved(books.ask(member)))
        assert isinstance(opened, ledger.Hold)

    def test_takes_sets_up_to_the_largest(self, member: Member) -> None:
        asked = [books.ask(member, 1) for _ in range(holds.MOST_RESERVATIONS + 1)]
        with pytest.raises(AssertionError):
            asyncio.run(reserved(*asked))
        assert len(asyncio.run(reserved(*asked[1:]))) == holds.MOST_RESERVATIONS

    def test_takes_amounts_up_to_the_largest(self, member: Member) -> None:
        [answer] = asyncio.run(reserved(books.ask(member, LARGEST_AMOUNT_MICROCREDITS)))
        assert isinstance(answer, ledger.NoCredits)
        with pytest.raises(AssertionError):
            asyncio.run(reserved(books.ask(member, LARGEST_AMOUNT_MICROCREDITS + 1)))
        with pytest.raises(AssertionError):
            asyncio.run(reserved(books.ask(member, 10, floor_amount=Microcredits(11))))
        with pytest.raises(AssertionError):
            asyncio.run(reserved(books.ask(member, 10, floor_amount=Microcredits(-1))))
