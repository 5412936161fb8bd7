"""What is set aside for a call fits the books, or the call is refused before anything is opened."""

from dataclasses import replace
from typing import Any

import pytest

from accounts.callers import Caller
from models_catalog import catalog
from models_catalog.pricing import Rates, Tariff
from models_catalog.providers.base import ChatRequest
from plans import ledger
from portal.kit import clock, ids
from portal.kit.units import LARGEST_AMOUNT_MICROCREDITS
from tests.usage.cast import Home
from usage import admission

pytestmark = pytest.mark.django_db


def asked(home: Home, rates: Rates, **terms: Any) -> ledger.Reservation:
    """This will ask for a call of `fast` at other rates."""
    return admission.reservation(
        Caller(home.owner.account_id, home.owner.pk, (), None, None, None, "household", "UTC"),
        ChatRequest(model="fast", messages=[{"role": "user", "content": "Good evening."}], **terms),
        replace(catalog.offer("fast"), tariff=Tariff(rates)),
        call_id=ids.uuid7(clock.now()),
        source="api",
        reply_to="web:1",
        idempotency=None,
    )


class TestReservation:
    def test_sets_aside_all_that_the_books_take(self, home: Home) -> None:
        assert asked(home, Rates(per_request=LARGEST_AMOUNT_MICROCREDITS)).amount == LARGEST_AMOUNT_MICROCREDITS

    def test_refuses_what_the_books_do_not_take(self, home: Home) -> None:
        with pytest.raises(admission.TooDear) as no:
            asked(home, Rates(per_request=LARGEST_AMOUNT_MICROCREDITS, cache_read=1))
        assert (no.value.status, no.value.code) == (400, "call_too_dear")
        assert "shorten" in str(no.value)

    def test_counts_every_answer_that_is_asked_for(self, home: Home) -> None:
        dear = Rates(out_text=LARGEST_AMOUNT_MICROCREDITS // 2)
        longest = catalog.offer("fast").max_output_tokens
        most = LARGEST_AMOUNT_MICROCREDITS * 10**6 // dear.out_text // longest
        assert asked(home, dear, max_output_tokens=longest, n=most).amount <= LARGEST_AMOUNT_MICROCREDITS
        with pytest.raises(admission.TooDear):
            asked(home, dear, max_output_tokens=longest, n=most + 1)
