"""Businesses with credits enough for anything and an API key each, for loads of many calls.

    VAR_DIR=... PORT=... python -m tests.payers COUNT

Prints one a line: the id of the account and its key.
"""

import sys
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

CREDITS = 10**9
VALID_DAYS = 30


@dataclass(frozen=True)
class Payer:
    """An account and the secret of its one key."""

    account_id: int
    key: str


def found(*, now: datetime) -> Payer:
    """This will found a business, put credits into its account and issue a key; Django must be set up."""
    from accounts import accounts, api_keys  # noqa: PLC0415 - Django is ready only now
    from accounts.models import User  # noqa: PLC0415 - as above
    from plans import ledger  # noqa: PLC0415 - as above
    from portal.kit import units  # noqa: PLC0415 - as above

    mark = uuid4().hex
    user = User.objects.create_user(f"{mark}@payers.test", name="Payer", now=now)
    member = accounts.found(user, kind="business", name=f"Payer {mark[:6]}", now=now)
    ledger.grant(
        ledger.Grant(
            account_id=member.account_id,
            source="goodwill",
            name="Load",
            microcredits=units.credits(CREDITS),
            dedupe_key=f"payer:{mark}",
            reason="load",
            expires_at=now + timedelta(days=VALID_DAYS),
        )
    )
    _, secret = api_keys.issue(member, api_keys.Wish(label="Load"), by=user, now=now)
    return Payer(member.account_id, secret)


def read(printed: str) -> list[Payer]:
    """This will read what this module printed."""
    pairs = [line.split() for line in printed.splitlines()]
    return [Payer(int(account_id), key) for account_id, key in pairs]


def main(count: int) -> None:
    """This will found so many and print them."""
    import django  # noqa: PLC0415 - only where Django is not set up yet

    django.setup()
    from portal.kit import clock  # noqa: PLC0415 - Django is ready only now

    now = clock.now()
    for payer in [found(now=now) for _ in range(count)]:
        print(payer.account_id, payer.key)  # noqa: T201 - whoever started this reads it


if __name__ == "__main__":
    main(int(sys.argv[1]))
