"""What many tests begin with: rows that their verb writes once a process, copied into the tables of the next tests.

    kept.catalog(now=now, addresses=ADDRESSES)    # as shelf.seed, in a tenth of the time
    kept.offerings(now=now)

The copies say that they were written at `now`. Where the tables hold something already the verb does it all again.
What is kept so may follow from nothing but the verb's own file, `now` and the arguments given here.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from datetime import datetime, timedelta

from django.db import connection, transaction

from models_catalog import catalog as models
from models_catalog import shelf
from models_catalog.models import ChatModel, Price, Route
from plans import offerings as sold
from portal.kit import clock

NOW = b"\x01"
"""Stands in kept rows for the moment at which they are written."""
MOMENT = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d+)?\+00")
NEAR = timedelta(minutes=1)

_kept: dict[Hashable, dict[str, bytes]] = {}
"""The rows of each table, as PostgreSQL copies them."""


def catalog(*, now: datetime, addresses: Mapping[str, str] | None = None) -> None:
    """This will load the catalog of the shelf; nothing of it is remembered."""
    key = ("catalog", *sorted((addresses or {}).items()))
    _write(key, lambda: shelf.seed(now=now, addresses=addresses), now=now)
    transaction.on_commit(models.forget)


def offerings(*, now: datetime) -> None:
    """This will put the offerings of the shelf up for sale; which they are depends on the models that are there."""
    there = (ChatModel.objects.count(), Route.objects.count(), Price.objects.count())
    _write(("offerings", *there), lambda: sold.seed(now), now=now)


@transaction.atomic
def _write(key: Hashable, verb: Callable[[], None], *, now: datetime) -> None:
    """Rows are kept of a moment that is the clock's, so that none is later than the tests that it is copied for."""
    is_now = abs(clock.now() - now) < NEAR
    kept = _kept.get(key)
    if is_now and kept is not None and _are_empty(kept):
        _put(kept, now=now)
        return
    before = _written()
    verb()
    written = {table: rows - before.get(table, 0) for table, rows in _written().items()}
    new = {table: rows for table, rows in written.items() if rows}
    if is_now and kept is None and new and all(_count(table) == rows for table, rows in new.items()):
        _kept[key] = {table: _copied(table, now=now) for table in new}


def _put(kept: Mapping[str, bytes], *, now: datetime) -> None:
    with connection.cursor() as cursor:
        for table, rows in sorted(kept.items()):  # items come before the versions whose publication freezes them
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(rows.replace(NOW, str(now).encode()))


def _copied(table: str, *, now: datetime) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} TO STDOUT") as copy:
        rows = b"".join(bytes(piece) for piece in copy)

    def marked(found: re.Match[bytes]) -> bytes:
        moment = datetime.fromisoformat(found[0].decode())
        return NOW if abs(moment - now) < NEAR else found[0]

    return MOMENT.sub(marked, rows)


def _written() -> dict[str, int]:
    """How many rows this transaction has written into each table and not taken away."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, n_tup_ins - n_tup_del FROM pg_stat_xact_user_tables")
        return dict(cursor.fetchall())


def _are_empty(tables: Iterable[str]) -> bool:
    asked = " OR ".join(f"EXISTS (SELECT FROM {table})" for table in tables)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {asked}")
        return not cursor.fetchall()[0][0]


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - a table's name, as PostgreSQL tells it
        return int(cursor.fetchall()[0][0])
