"""Each fault strikes a portal that is well; nothing of Django is imported before its settings are read."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.faults.behind import Behind
    from tests.stand import Stand


@pytest.fixture(autouse=True)
def settled(stand: "Stand") -> None:
    from tests.faults.readers import can_call

    stand.wait_until(lambda: stand.is_ready() and can_call(stand))


@pytest.fixture(scope="session")
def second_portal(django_db_blocker: Any) -> "Iterator[Behind]":
    from django.conf import settings

    from tests.faults import behind

    var_dir = settings.VAR_DIR / "behind"
    shutil.copytree(settings.VAR_DIR / "secrets", var_dir / "secrets")
    with behind.running(var_dir, django_db_blocker) as portal:
        yield portal


@pytest.fixture
def portal(second_portal: "Behind") -> "Behind":
    """A second portal, whose servers and the ways to them can be hurt."""
    from tests.faults.readers import can_call

    second_portal.to_postgres.heal()
    second_portal.to_valkey.heal()
    for server in (second_portal.postgres, second_portal.valkey):
        server.come_back()
    second_portal.wait_until(lambda: second_portal.is_ready() and can_call(second_portal))
    return second_portal
