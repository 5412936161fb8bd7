"""Migrating: an empty database, two at once, a second time, and the role that the application works in."""

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

NAME = "ciyuan_migrated"


@pytest.fixture
def empty() -> Iterator[str]:
    """The address of an empty database beside the tests' own."""
    address = urlsplit(settings.DATABASE_URL)
    with psycopg.connect(address._replace(path="/postgres").geturl(), autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {NAME}")
        yield address._replace(path=f"/{NAME}").geturl()
        server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def begin(address: str) -> subprocess.Popen[str]:
    command = [sys.executable, "manage.py", "migrate", "--skip-checks"]
    environment = os.environ | {"DATABASE_URL": address}
    return subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, text=True, stdout=subprocess.PIPE)


class TestMigrate:
    def test_brings_up_an_empty_database_once_when_two_try(self, empty: str) -> None:
        both = [begin(empty), begin(empty)]
        said = [each.communicate(timeout=180)[0] for each in both]
        assert [each.returncode for each in both] == [0, 0], said
        assert sum("The database is up to date." in each for each in said) == 1
        with psycopg.connect(empty) as database:
            database.execute(f"SET ROLE {settings.APP_ROLE}")
            assert database.execute("SELECT * FROM ledger_reserve('[]')").fetchall() == []
            assert database.execute("SELECT kind FROM ledger_violations").fetchall() == []

    @pytest.mark.django_db(transaction=True)
    def test_has_nothing_to_do_a_second_time_and_puts_the_role_back(self, capsys: pytest.CaptureFixture[str]) -> None:
        call_command("migrate")
        assert capsys.readouterr().out == "The database is up to date.\n"
        assert connection.settings_dict["OPTIONS"]["assume_role"] == settings.APP_ROLE
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user::text")
            assert cursor.fetchone() == (settings.APP_ROLE,)
