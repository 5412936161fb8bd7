"""A database of the benchmark's own in this process: the server, settings and schema of the product."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from portal.embedded import postgres


@contextmanager
def migrated(folder: Path) -> Iterator[None]:
    """This will start an empty durable cluster in `folder`, migrate it, and end it afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    server = postgres.start(folder / "postgres")
    try:
        given = {"DATABASE_URL": server.url, "VALKEY_URL": "", "DJANGO_SETTINGS_MODULE": "portal.settings"}
        os.environ.update({"VAR_DIR": str(folder), **given})
        django.setup()
        from django.core.management import call_command  # noqa: PLC0415 - Django is ready only now
        from django.db import connections  # noqa: PLC0415 - as above

        call_command("migrate", verbosity=0)
        yield
        connections.close_all()
    finally:
        postgres.stop(server)
        shutil.rmtree(folder, ignore_errors=True)
