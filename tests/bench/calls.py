"""Calls as the gateway opens and a worker settles them, without the HTTP and the model between the two."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from accounts import callers
from models_catalog import catalog, shelf
from models_catalog.catalog import Offer
from models_catalog.pricing import Usage, cost
from models_catalog.providers.base import ChatRequest
from plans import ledger
from plans.ledger import Reservation
from plans.models.quota import LARGEST_LIMIT
from portal.kit import clock, ids, units
from tests.plans.ledger import books
from usage import admission, audits
from usage.calls import settlement
from usage.calls.endings import Charge, Ending, Try
from usage.models import How

CREDITS = 10**9
USED = Usage(in_fresh=40, out_text=60)
RAW_USAGE = {"prompt_tokens": 40, "completion_tokens": 60, "total_tokens": 100}
REQUEST = ChatRequest(
    model="fast", messages=[{"role": "user", "content": "Tell me about the sea in fifty words."}], max_output_tokens=500
)
ADDRESSES = {"model_url": "", "sandbox_url": "http://127.0.0.1:9"}
ROUTE = 1


@dataclass(frozen=True)
class Calling:
    """A member who calls, whose account has credits, and a quota on the account and on the member."""

    caller: callers.Caller
    offer: Offer

    async def call(self, *, claimed: bool, ahead: timedelta = timedelta(0)) -> list[float]:
        """This will live through one call and return the moments between its steps.

        `ahead` says how far business time is ahead of this machine's.
        """
        asked = self._reservation(datetime.fromtimestamp(time.time(), tz=UTC) + ahead)
        marks = [time.perf_counter()]
        opened = await ledger.reserve_one(asked)
        assert isinstance(opened, ledger.Hold), opened
        marks.append(time.perf_counter())
        fence = None
        if claimed:
            claim = await ledger.claim(asked.call_id, worker="bench")
            assert claim is not None
            fence = claim.fence
            marks.append(time.perf_counter())
        settled = await settlement.settle_surely(self._ending(asked, fence), on_late=lambda: None)
        assert settled.outcome == "ok", settled
        marks.append(time.perf_counter())
        return marks

    def _reservation(self, now: datetime) -> Reservation:
        return admission.reservation(
            self.caller,
            REQUEST,
            self.offer,
            call_id=ids.uuid7(now),
            source="api",
            reply_to="web:bench",
            idempotency=None,
        )

    def _ending(self, asked: Reservation, fence: int | None) -> Ending:
        now = time.monotonic()
        return Ending(
            call_id=asked.call_id,
            charge=Charge(USED, cost(USED, self.offer.rates), How.USAGE),
            fence=fence,
            finish_reason="stop",
            route_id=ROUTE,
            accepted=now,
            first_token_milliseconds=20,
            tries=(Try(ROUTE, "ok", now, now, now, RAW_USAGE),),
        )


def ready(count: int) -> list[Calling]:
    """This will found so many businesses and let each call."""
    shelf.seed(now=clock.now(), addresses=ADDRESSES)
    offer = catalog.offer("fast")
    return [Calling(_founded(), offer) for _ in range(count)]


def check() -> None:
    """This will look that all this left books without a fault."""
    run = audits.audit_all()
    assert run.is_clean, run.found


def _founded() -> callers.Caller:
    member = books.founded()
    books.grant(member, units.credits(CREDITS))
    books.quota(member, LARGEST_LIMIT, window="month")
    books.quota(member, LARGEST_LIMIT, kind="member", node_id=member.pk)
    return callers.from_session(member.user)
