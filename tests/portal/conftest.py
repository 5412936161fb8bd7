"""A vendor that can be connected, and staff who connect it."""

from collections.abc import Iterator

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from tests.scripted import private_host, serving


@pytest.fixture(scope="session")
def vendor_url() -> Iterator[str]:
    """A vendor that lists models and answers, if the key is right."""
    with serving("127.0.0.1") as url:
        yield url


@pytest.fixture(scope="session")
def private_url() -> Iterator[str]:
    """A vendor in the private network that this machine stands in."""
    with serving(private_host()) as url:
        yield url


@pytest.fixture
def catalog_on_shelf(settings: Settings) -> Iterator[None]:
    """The demo's catalog, freshly read; this machine may be called."""
    from models_catalog import catalog
    from portal.kit import clock
    from tests import kept
    from tests.models_catalog import famous
    from tests.models_catalog.test_catalog import HERE

    settings.DEMO = settings.EGRESS_LOOPBACK = True
    kept.catalog(now=clock.now(), addresses=HERE)
    famous.announce()
    catalog.forget()
    yield
    catalog.forget()


@pytest.fixture
def desk(client: Client) -> Client:
    """Staff who may do everything."""
    from accounts.models import User

    user = User.objects.create_user("staff@example.com", name="Staff")
    User.objects.filter(pk=user.pk).update(is_staff=True, is_superuser=True)
    client.force_login(user)
    return client
