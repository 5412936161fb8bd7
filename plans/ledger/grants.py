"""Granting credits: one lot for each dedupe key, however often it is asked."""

from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.db import connection

from portal.kit.units import Microcredits, Money


@dataclass(frozen=True)
class Received:
    """Money that came in for a lot, on an account of the books such as `psp:sandbox`; `tax_minor` is part of it.

    `bank_unmatched` is what was matched to the order, `customer_credit:<account>` the account's own money. Of what the
    lot earns, such shares (in basis points) are owed to the platform and to the channel that sold it.
    """

    money: Money
    money_account: str
    tax_minor: int = 0
    platform_basis_points: int = 0
    channel_basis_points: int = 0


@dataclass(frozen=True, kw_only=True)
class Grant:
    """What is asked for one lot; usable from `effective_at` (else now) until `expires_at` (else for ever).

    With `chat_model_ids` or `scenario_ids` it is good for calls of these alone.
    """

    account_id: int
    source: str
    name: str
    microcredits: Microcredits
    dedupe_key: str
    reason: str
    by_user_id: int | None = None
    priority: int = 0
    effective_at: datetime | None = None
    expires_at: datetime | None = None
    order_id: UUID | None = None
    offering_version_id: int | None = None
    chat_model_ids: tuple[int, ...] | None = None
    scenario_ids: tuple[int, ...] | None = None
    received: Received | None = None


@dataclass(frozen=True)
class Granted:
    """The lot of a grant; `is_new` tells whether it was granted just now or an earlier time."""

    lot_id: int
    is_new: bool


def grant(asked: Grant) -> Granted:
    """This will grant the lot, in the caller's transaction if there is one."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT lot_id, granted FROM ledger_grant(%s::jsonb)", [_given(asked)])
        return Granted(*cursor.fetchone())


def _given(asked: Grant) -> str:
    given = asdict(asked)
    given["actor_id"] = given.pop("by_user_id")
    received = given.pop("received")
    if received:
        given["money_minor"] = received["money"]["minor"]
        given["currency"] = received["money"]["currency"]
        given["money_account"] = received["money_account"]
        given["tax_minor"] = received["tax_minor"]
        given["platform_bp"] = received["platform_basis_points"]
        given["channel_bp"] = received["channel_basis_points"]
    return orjson.dumps([given]).decode()
