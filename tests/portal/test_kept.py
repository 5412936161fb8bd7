"""Rows that tests begin with: copies are the rows that the verbs write, at the moment of the copy."""

from datetime import datetime, timedelta

import pytest
from django.db import connection, transaction

from models_catalog import catalog, shelf
from models_catalog.models import ChatModel, Vendor
from plans import offerings
from portal.kit import clock
from tests import kept
from tests.plans.ledger import books
from tests.usage.cast import ADDRESSES

pytestmark = pytest.mark.django_db
TABLES = (
    "models_catalog_vendor",
    "models_catalog_chatmodel",
    "models_catalog_price",
    "models_catalog_upstream",
    "models_catalog_route",
    "models_catalog_alias",
    "models_catalog_aliasversion",
    "models_catalog_creditprice",
    "plans_offering",
    "plans_offeringversion",
)
NUMBERS = {"id", "sealed_secret"}
"""What no two writings share, beside what points to a number."""


def found(now: datetime) -> list[list[dict[str, object]]]:
    """Every row of these tables, without its numbers; of moments, only whether they are about `now`."""
    tables = []
    for table in TABLES:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {table} ORDER BY id")  # noqa: S608 - one of those above
            assert cursor.description
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        tables.append([{name: plain(row[name], now) for name in names if is_own(name)} for row in rows])
    return tables


def is_own(name: str) -> bool:
    return name not in NUMBERS and not name.endswith("_id")


def plain(value: object, now: datetime) -> object:
    return abs(value - now) < kept.NEAR if isinstance(value, datetime) else value


def undone(now: datetime, *, by_verb: bool) -> list[list[dict[str, object]]]:
    """What is written into empty tables, which are empty again afterwards."""
    with transaction.atomic():
        if by_verb:
            shelf.seed(now=now, addresses=ADDRESSES)
            offerings.seed(now)
        else:
            kept.catalog(now=now, addresses=ADDRESSES)
            kept.offerings(now=now)
        rows = found(now)
        transaction.set_rollback(True)
    return rows


class TestKept:
    def test_takes_no_number_that_is_given_later(self) -> None:
        now = clock.now()
        undone(now, by_verb=False)
        with transaction.atomic():
            books.priced(1)  # which makes a model with a number of its own choice
            transaction.set_rollback(True)
        kept.catalog(now=now, addresses=ADDRESSES)
        vendor = Vendor.objects.earliest("pk")
        made = ChatModel.objects.create(slug="new", name="New", vendor=vendor, context_tokens=1, max_output_tokens=1)
        assert made == ChatModel.objects.latest("pk")

    def test_copies_what_the_verbs_write(self) -> None:
        now = clock.now()
        undone(now, by_verb=False)
        books.move_clock(timedelta(hours=1))
        later = clock.now()
        copied = undone(later, by_verb=False)
        assert copied == undone(later, by_verb=True)
        assert all(copied)

    @pytest.mark.parametrize("is_kept", [True, False])
    def test_leaves_to_the_verb_what_is_there_already(self, *, is_kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
        now = clock.now()
        monkeypatch.setattr(kept, "_kept", {})
        if is_kept:
            undone(now, by_verb=False)
        else:
            shelf.seed(now=now, addresses=ADDRESSES)
        Vendor.objects.create(slug="own", name="Own", country="CN")
        kept.catalog(now=now, addresses=ADDRESSES)
        kept.catalog(now=now, addresses=ADDRESSES)
        catalog.forget()
        assert {"own", "demo"} <= set(Vendor.objects.values_list("slug", flat=True))
        assert catalog.offer("fast").price_id
