"""One cast for a whole module, in one transaction that never comes to an end."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.strangers.stage import Stage


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> "Iterator[Stage]":
    from django.core.cache import cache
    from django.db import transaction

    from models_catalog import catalog
    from portal.kit import clock
    from tests.strangers import cast, shelf
    from tests.strangers.stage import Stage

    with django_db_blocker.unblock(), transaction.atomic():
        cache.clear()
        people = cast.assemble(now=clock.now())
        yield Stage(people, shelf.collect(people))
        transaction.set_rollback(True)
    catalog.forget()
