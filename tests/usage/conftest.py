"""What the tests of pages and figures ask for; nothing of Django is imported before its settings are read."""

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.usage.cast import Home


@pytest.fixture
def now(db: None) -> datetime:
    from portal.kit import clock

    return clock.now()


@pytest.fixture
def home(now: datetime) -> "Iterator[Home]":
    from models_catalog import catalog
    from tests.usage import cast

    yield cast.assemble(now=now)
    catalog.forget()
