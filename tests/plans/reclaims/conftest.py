"""What the tests of slices ask for; nothing of Django is imported before its settings are read."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from accounts.models import Member
    from plans.models import Quota


@pytest.fixture
def owner(db: None) -> "Member":
    """Of a business with 10,000 credits, at the beginning of a month."""
    from portal.kit.units import credits
    from tests.plans.ledger import books
    from tests.plans.reclaims import months

    months.begin_month()
    member = books.founded()
    books.grant(member, credits(10_000))
    return member


@pytest.fixture
def sales(owner: "Member") -> "Quota":
    from tests.plans.reclaims import months

    return months.sliced(owner, "Sales", 3000)
