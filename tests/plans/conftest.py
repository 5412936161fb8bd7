"""What the tests of the shop ask for; nothing of Django is imported before its settings are read."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from portal.sandbox.operator import Operator
    from tests.plans.cast import Household

TOKEN = "operator-token"


@pytest.fixture
def now(db: None) -> datetime:
    from portal.kit import clock

    return clock.now()


@pytest.fixture
def shelf(now: datetime) -> None:

    from tests import kept

    kept.offerings(now=now)


@pytest.fixture
def household(now: datetime) -> "Household":
    from tests.plans import cast

    return cast.assemble(now=now)


@pytest.fixture
def operator(settings: Any) -> "Iterator[Operator]":
    from plans import payment_providers
    from portal.sandbox.operator import Operator
    from tests.plans import cast

    app = Operator(TOKEN)
    with cast.listening(app) as address:
        settings.CARRIER_BILLING_URL = address
        settings.CARRIER_BILLING_TOKEN = TOKEN
        yield app
        payment_providers.close()
