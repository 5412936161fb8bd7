"""Calls that are written straight into the books' tables, as if they had been settled so: with the figures wanted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from accounts.models import Member, Scenario
from models_catalog import catalog
from portal.kit import ids
from tests.plans.ledger import books
from usage.models import Attempt, Call, How


@dataclass(frozen=True)
class Planted:
    """One call: when it was opened, how long it took in milliseconds, and the columns that are not as usual."""

    opened_at: datetime
    first_token: int = 100
    took: int = 1_000
    outcome: str = "ok"
    terms: tuple[tuple[str, Any], ...] = ()


def calls(member: Member, planted: Iterable[Planted], *, name: str = "fast") -> list[UUID]:
    """This will write calls of a member, each with its one try."""
    offer = catalog.offer(name)
    rows, tries = [], []
    for each in planted:
        ended_at = each.opened_at + timedelta(milliseconds=each.took)
        call_id = ids.uuid7(each.opened_at)
        usual = _usual(member) | {"chat_model_id": offer.chat_model_id, "price_id": offer.price_id}
        moments = {"opened_at": each.opened_at, "accepted_at": each.opened_at, "ended_at": ended_at}
        first = {"first_token_milliseconds": each.first_token, "day": each.opened_at.date()}
        rows.append(Call(id=call_id, **(usual | moments | first | dict(each.terms))))
        tries.append(
            Attempt(
                id=ids.uuid7(ended_at),
                call_id=call_id,
                route_id=1,
                price_id=offer.price_id,
                position=0,
                outcome=each.outcome,
                started_at=each.opened_at,
                accepted_at=each.opened_at,
                ended_at=ended_at,
            )
        )
    with books.owner():
        Call.objects.bulk_create(rows, batch_size=5_000)
        Attempt.objects.bulk_create(tries, batch_size=5_000)
    return [row.pk for row in rows]


def offered(name: str) -> Scenario:
    """This will return one of the scenarios that everybody is offered."""
    return Scenario.objects.get(account=None, name=name)


def _usual(member: Member) -> dict[str, Any]:
    return {
        "account_id": member.account_id,
        "member_id": member.pk,
        "source": "api",
        "streamed": True,
        "state": Call.State.SETTLED,
        "how": How.USAGE,
        "held_microcredits": 1_000,
        "charged_microcredits": 1_000,
        "estimated": False,
        "in_fresh": 50,
        "out_text": 91,
        "finish_reason": "stop",
    }
