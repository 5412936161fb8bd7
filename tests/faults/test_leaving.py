"""What a caller who left is charged by the terms of the upstream: what had come, what the vendor counts, or nothing."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from models_catalog.catalog import REMEMBERED_SECONDS
from models_catalog.models import Upstream
from tests.faults import customers
from tests.faults.customers import Customer, Row
from tests.faults.outcomes import check_audit
from tests.faults.readers import READ_SECONDS
from tests.stand import Stand

WORDS = 40
SCRIPT = f"[[script words={WORDS} first_ms=0 gap_ms=20]] Go."


class TestTerms:
    def test_to_drain_cost_what_the_vendor_counts_in_the_end(self, stand: Stand) -> None:
        with terms(stand, "drain"):
            call = left(customers.new(stand))
        assert (call["how"], call["out_text"], call["finish_reason"]) == ("usage", WORDS, "stop")
        assert call["charged_microcredits"] > 0
        check_audit(stand)

    def test_to_drain_end_after_a_minute(self, stand: Stand) -> None:
        with terms(stand, "drain"):
            call = left(customers.new(stand), script="[[script words=2000 first_ms=0 gap_ms=20]] Go.")
        assert call["how"] == "estimate_left"
        assert WORDS < call["out_text"] < 2000
        check_audit(stand)

    def test_that_are_free_cost_nothing(self, stand: Stand) -> None:
        with terms(stand, "free"):
            call = left(customers.new(stand))
        assert (call["how"], call["state"], call["charged_microcredits"]) == ("cancelled", "voided", 0)
        check_audit(stand)


@contextmanager
def terms(stand: Stand, on_leave: str) -> Iterator[None]:
    """Within this the scripted upstream has these terms, and every worker has read them."""
    put(stand, on_leave)
    try:
        yield
    finally:
        put(stand, "cancel")


def put(stand: Stand, on_leave: str) -> None:
    with stand.inside():
        Upstream.objects.update(on_leave=on_leave)
    time.sleep(REMEMBERED_SECONDS)


def left(customer: Customer, *, script: str = SCRIPT) -> Row:
    """This will hang up at the third word and return how the call ended."""
    body = {"model": "fast", "messages": [{"role": "user", "content": script}], "stream": True}
    with (
        httpx.Client(base_url=customer.stand.api_base, headers=customer.headers, timeout=READ_SECONDS) as client,
        client.stream("POST", "/chat/completions", json=body) as answer,
    ):
        next(line for line in answer.iter_lines() if "word3" in line)
    return customer.only_call()
