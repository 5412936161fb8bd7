"""A fresh operator with its merchant."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.portal.operator.merchant import Merchant, Stage


@pytest.fixture(scope="session")
def stage() -> "Iterator[Stage]":
    from tests.portal.operator.merchant import staged

    with staged() as opened:
        yield opened


@pytest.fixture
def merchant(stage: "Stage") -> "Iterator[Merchant]":
    from tests.portal.operator.merchant import trading

    with trading(stage) as opened:
        yield opened
