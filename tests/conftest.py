"""The ground of every test: one embedded PostgreSQL and one Valkey a run, started by the controller."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.utils import translation

from portal.embedded import postgres, valkey
from tests.ports import free_ports

pytest_plugins = ["tests.stand"]
FAULTS = Path(__file__).parent / "faults"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Settings are read after this, in the controller and, from its environment, in every xdist worker."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    if not hasattr(config, "workerinput"):
        _start_servers(config)
    # Reading the settings lets pytest-django set Django up; hashed names would need collected files.
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.PASSWORD_HASHERS = ["tests.hashing.OneRound"]  # a million rounds take a third of a second


def pytest_itemcollected(item: pytest.Item) -> None:
    """What shares something runs in one xdist worker: a stand, and one hand that hurts it; so does one broker.

    The faults have a stand of their own, since much of their time they wait: the two groups are the longest, so
    both begin at once. Done as each item is collected: xdist reads the groups before any hook sees the whole list.
    """
    if _is_on_stand(item):
        item.add_marker(pytest.mark.stand)
        item.add_marker(pytest.mark.xdist_group("faults" if FAULTS in item.path.parents else "stand"))
    elif "broker" in getattr(item, "fixturenames", ()):
        item.add_marker(pytest.mark.xdist_group("broker"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None, object, object]:
    """A worker of several ends its stands with their last test: idle ones would slow down all that is left."""
    done = yield
    if hasattr(item.config, "workerinput") and nextitem and _is_on_stand(item) and not _is_on_stand(nextitem):
        manager: Any = item.session._fixturemanager
        for name in ("second_portal", "stand"):
            for fixture in manager.getfixturedefs(name, item) or ():
                fixture.finish(item._request)  # type: ignore[attr-defined] # every test that has fixtures has one
    return done


def _is_on_stand(item: pytest.Item) -> bool:
    return "stand" in getattr(item, "fixturenames", ())


def _start_servers(config: pytest.Config) -> None:
    folder = Path(tempfile.mkdtemp(prefix="ciyuan-test-"))
    os.environ["VAR_DIR"] = str(folder)
    (folder / "static").mkdir()  # WhiteNoise warns of one that is missing, and a warning is an error here
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    if "DATABASE_URL" not in os.environ:
        _start_postgres(config, folder)
    if "VALKEY_URL" not in os.environ:
        _start_valkey(config, folder)


def _start_postgres(config: pytest.Config, folder: Path) -> None:
    server = postgres.start(folder / "postgres", durable=False)
    config.add_cleanup(lambda: postgres.stop(server))
    os.environ["DATABASE_URL"] = server.url


def _start_valkey(config: pytest.Config, folder: Path) -> None:
    server = valkey.start(folder / "valkey", port=free_ports(1))
    config.add_cleanup(lambda: valkey.stop(server))
    os.environ["VALKEY_URL"] = server.url


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None) -> None:
    """The application's role comes off before the test database is made: making one is the owner's work."""
    _role_off()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest.FixtureRequest) -> Iterator[None]:
    """Afterwards the role is put back, with the right to empty tables between tests."""
    with django_db_blocker.unblock():  # type: ignore[attr-defined] # pytest-django does not export the type
        with connection.cursor() as cursor:
            cursor.execute(f'GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO "{settings.APP_ROLE}"')
        connection.close()
        connection.settings_dict["OPTIONS"]["assume_role"] = settings.APP_ROLE
    yield
    with django_db_blocker.unblock():  # type: ignore[attr-defined] # see above
        connection.close()
        _role_off()


def _role_off() -> None:
    connection.settings_dict["OPTIONS"].pop("assume_role", None)


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """What a test's last request was answered in is not what the next test speaks."""
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def _own_memory() -> Iterator[None]:
    """What a test's process remembered of the catalog for seconds is of rows that the next test does not have."""
    from models_catalog import catalog
    from usage import unfolding

    yield
    catalog.forget()
    unfolding.forget()
