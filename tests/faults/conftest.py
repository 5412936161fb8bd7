"""Each fault strikes a portal that is well; nothing of Django is imported before its settings are read."""

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.stand import Stand


@pytest.fixture(autouse=True)
def settled(stand: "Stand") -> None:
    from tests.faults.readers import can_call

    stand.wait_until(lambda: stand.is_ready() and can_call(stand))
