"""The payment companies of the sandbox, for one test each."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plans.providers.peers import Cards, Wechat


@pytest.fixture
def wechat() -> "Iterator[Wechat]":
    from tests.plans.providers import peers

    with peers.wechat() as company:
        yield company


@pytest.fixture
def cards() -> "Iterator[Cards]":
    from tests.plans.providers import peers

    with peers.cards() as company:
        yield company
