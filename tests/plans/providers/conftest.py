"""The payment companies of the sandbox, for one test each."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.plans.providers.peers import Wechat


@pytest.fixture
def wechat() -> "Iterator[Wechat]":
    from tests.plans.providers import peers

    with peers.wechat() as company:
        yield company
