"""Founds a business for a journey, and lets invited people in, on a portal that runs elsewhere.

python -m tests.journeys.firms found NAME PASSWORD           a business with a plan's credits; its owner
python -m tests.journeys.firms accept ADDRESS PASSWORD ROLE  who was invited at ADDRESS joins, in this role
"""

import sys
from datetime import timedelta

CREDITS = 1_000_000


def found(name: str, password: str) -> None:
    """This will found it; the owner signs in as NAME@example.com."""
    from accounts import accounts  # noqa: PLC0415 - Django is ready only now
    from accounts.models import User  # noqa: PLC0415 - as above
    from plans import ledger  # noqa: PLC0415 - as above
    from portal.kit import clock, units  # noqa: PLC0415 - as above

    now = clock.now()
    user = User.objects.create_user(f"{name}@example.com", password=password, name="Chen Yu", now=now)
    owner = accounts.found(user, kind="business", name=f"Firm {name}", now=now)
    ledger.grant(
        ledger.Grant(
            account_id=owner.account_id,
            source="plan",
            name="Plan",
            microcredits=units.credits(CREDITS),
            dedupe_key=f"firm:{name}",
            reason="journey",
            expires_at=now + timedelta(days=30),
        )
    )


def accept(address: str, password: str, role: str) -> None:
    """This will sign the person up and let them join."""
    from accounts.models import Invitation, Member, User  # noqa: PLC0415 - as above
    from plans import joining  # noqa: PLC0415 - as above
    from portal.kit import clock  # noqa: PLC0415 - as above

    now = clock.now()
    user = User.objects.create_user(address, password=password, name=address.partition("@")[0], now=now)
    invitation = Invitation.objects.select_related("account", "invited_by", "department").get(contact=address)
    member = joining.accept(invitation, user=user, now=now)
    Member.objects.filter(pk=member.pk).update(role=role)


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "found":
        found(*sys.argv[2:])
    else:
        accept(*sys.argv[2:])
