"""Runs one part of the benchmark on a database of its own: the server, settings and schema of the product.

python -m tests.bench.database MODULE FOLDER SIZE

The module is imported once Django is set up, and its `measure(size)` returns the figures, printed as a line of JSON.
"""

import importlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from django.core.management import call_command
from django.db import connections

from portal.embedded import postgres


def main(module: str, folder: Path, size: float) -> None:
    """This will measure and print the figures."""
    with migrated(folder):
        figures = importlib.import_module(module).measure(size)
    print(json.dumps(figures))


@contextmanager
def migrated(folder: Path) -> Iterator[None]:
    """This will start an empty durable cluster in `folder`, migrate it, and end it afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    server = postgres.start(folder / "postgres")
    try:
        given = {"DATABASE_URL": server.url, "VALKEY_URL": "", "DJANGO_SETTINGS_MODULE": "portal.settings"}
        os.environ.update({"VAR_DIR": str(folder), **given})
        django.setup()
        call_command("migrate", verbosity=0)
        yield
        connections.close_all()
    finally:
        postgres.stop(server)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
