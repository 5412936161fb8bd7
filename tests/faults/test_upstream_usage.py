"""Whatever an upstream says of usage, or does not: the charge is what can be believed, and never over the hold.

Each fault is played by the scripted upstream and asked for by a customer through the whole product.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from models_catalog.pricing import Usage
from portal.kit.units import divide_up
from portal.sandbox import upstream_answers
from portal.sandbox.upstream_scripts import Script
from tests.faults import customers
from tests.faults.customers import Customer, Heard, Row
from tests.faults.readers import hits
from tests.stand import Stand
from usage.calls.performing import MOST_TRIES
from usage.metering import BYTES_PER_TOKEN

WORDS = 40
TEXT = " ".join(f"word{number}" for number in range(1, WORDS + 1))
THOUGHTS = 12
REASONING = "".join(f"step {number} " for number in range(1, THOUGHTS + 1))
SECRET = "SECRET-UPSTREAM-WORDS"


@dataclass(frozen=True)
class Asked:
    """A question, what its client heard of the answer, and the call as it was settled."""

    customer: Customer
    question: str
    heard: Heard
    call: Row


@pytest.fixture
def customer(stand: Stand) -> Customer:
    return customers.new(stand)


def ask(customer: Customer, fault: str, *, stream: bool = True, runs: int = 1, **more: Any) -> Asked:
    """This will ask with a fault and check what holds for all of them."""
    question = f"[[script words={WORDS} gap_ms=0 first_ms=0 fail={fault}]] Say something."
    heard = customer.ask(question, stream=stream, **more)
    call = customer.only_call(runs=runs)
    assert len(heard.ends) == 1
    assert SECRET not in str(heard)
    assert 0 <= call["charged_microcredits"] <= call["held_microcredits"]
    assert hits(customer.stand, str(call["id"]))["count"] == runs
    return Asked(customer, question, heard, call)


def check_exact(asked: Asked) -> None:
    """This will check that the charge is what the upstream counted."""
    assert asked.heard.text == TEXT
    told = upstream_answers.usage({"messages": [{"content": asked.question}]}, Script(), output=WORDS)
    used = Usage(in_fresh=told["prompt_tokens"], out_text=WORDS)
    assert (asked.call["how"], asked.call["estimated"]) == ("usage", False)
    check_cost(asked, used)


def check_estimate(asked: Asked, how: str, *, text: str = TEXT) -> None:
    """This will check that the charge is our own count, and that it says so."""
    assert (asked.call["how"], asked.call["estimated"]) == (how, True)
    prompt = divide_up(asked.call["prompt_bound"], BYTES_PER_TOKEN)
    check_cost(asked, Usage(in_fresh=prompt, out_text=divide_up(len(text.encode()), BYTES_PER_TOKEN)))


def check_cost(asked: Asked, used: Usage) -> None:
    assert customers.usage_of(asked.call) == used
    assert asked.call["charged_microcredits"] == customers.cost_of(asked.customer.stand, asked.call, used) > 0
    assert variance_of(asked) == 0


def variance_of(asked: Asked) -> int:
    """This will return what the books say that the call cost us beyond its charge."""
    question = (
        "SELECT coalesce(sum(amount), 0)::bigint AS amount FROM plans_posting"
        " WHERE journal_id = %s AND account_code = 'provider_variance'"
    )
    return int(asked.customer.stand.rows(question, [asked.call["id"]])[0]["amount"])


@pytest.mark.parametrize("stream", [True, False], ids=["streamed", "in one piece"])
class TestUsageThatCannotBeTrue:
    """No usage at all, or one that is negative, no number, text, a fraction, nothing or beyond 2⁶³."""

    @pytest.mark.parametrize("fault", ["no_usage", "negative", "nan", "text", "float", "null", "huge"])
    def test_is_replaced_by_our_own_count(self, customer: Customer, fault: str, *, stream: bool) -> None:
        asked = ask(customer, fault, stream=stream)
        assert asked.heard.ends == ["done"]
        check_estimate(asked, "estimate")

    def test_is_replaced_by_a_count_that_has_the_reasoning_in_it(self, customer: Customer, *, stream: bool) -> None:
        asked = ask(customer, f"no_usage reasoning={THOUGHTS}", stream=stream)
        assert asked.heard.ends == ["done"]
        assert asked.heard.text == TEXT
        assert asked.heard.reasoning == REASONING
        check_estimate(asked, "estimate", text=REASONING + TEXT)

    def test_of_zero_with_text_is_replaced_too(self, customer: Customer, *, stream: bool) -> None:
        asked = ask(customer, "zero", stream=stream)
        assert asked.heard.ends == ["done"]
        check_estimate(asked, "estimate")

    def test_ten_times_over_is_capped_by_the_hold_and_the_rest_is_ours(
        self, customer: Customer, *, stream: bool
    ) -> None:
        asked = ask(customer, "tenfold", stream=stream, max_tokens=WORDS)
        assert asked.heard.ends == ["done"]
        call = asked.call
        assert call["how"] == "usage_capped"
        assert call["charged_microcredits"] == call["held_microcredits"]
        cost = customers.cost_of(customer.stand, call, customers.usage_of(call))
        assert call["out_text"] == 10 * WORDS
        assert variance_of(asked) == cost - call["held_microcredits"] > 0


class TestUsageOfNothing:
    """Usage zero, and no text either."""

    def test_costs_nothing(self, customer: Customer) -> None:
        asked = ask(customer, "zero_and_silent")
        assert asked.heard.ends == ["done"]
        assert (asked.call["how"], asked.call["charged_microcredits"]) == ("usage", 0)


class TestUsageAtTheWrongMoment:
    """Running totals, usage before the text, usage after the end: the last one counts, and none is added up."""

    @pytest.mark.parametrize("fault", ["usage_twice", "usage_early", "usage_late"])
    def test_is_taken_once(self, customer: Customer, fault: str) -> None:
        asked = ask(customer, fault)
        assert asked.heard.ends == ["done"]
        check_exact(asked)

    def test_that_cannot_be_true_does_not_replace_one_that_can(self, customer: Customer) -> None:
        check_exact(ask(customer, "usage_then_nonsense"))


class TestCut:
    """The upstream hangs up after the last word."""

    def test_before_usage_is_estimated_and_told(self, customer: Customer) -> None:
        asked = ask(customer, "cut_before_usage")
        assert asked.heard.ends == ["error"]
        assert asked.heard.text == TEXT
        check_estimate(asked, "estimate_cut")

    def test_before_done_still_charges_what_was_counted(self, customer: Customer) -> None:
        asked = ask(customer, "cut_before_done")
        assert asked.heard.ends == ["error"]
        check_exact(asked)


class TestErrorInsideTheStream:
    """The status was 200, and then an object says that it went wrong."""

    def test_becomes_an_error_whose_words_are_neither_shown_nor_charged(self, customer: Customer) -> None:
        asked = ask(customer, "error")
        assert asked.heard.ends == ["error"]
        check_estimate(asked, "estimate_cut", text="word1 word2 word3")

    def test_before_any_text_charges_the_prompt(self, customer: Customer) -> None:
        asked = ask(customer, "error_before_text")
        assert asked.heard.ends == ["error"]
        check_estimate(asked, "estimate_cut", text="")

    def test_instead_of_an_answer_costs_nothing(self, customer: Customer) -> None:
        asked = ask(customer, "error_at_once", runs=MOST_TRIES)
        assert asked.heard.ends == ["status 503"]
        assert (asked.call["how"], asked.call["charged_microcredits"]) == ("refused", 0)


class TestOddPieces:
    """Broken tool calls, no index, no choices, more choices than were asked for, values of a wrong kind."""

    def test_are_read_as_far_as_they_can_be_and_charged_by_usage(self, customer: Customer) -> None:
        asked = ask(customer, "odd")
        assert asked.heard.text == TEXT
        assert "unasked" not in str(asked.heard)
        check_exact(asked)

    def test_without_usage_count_by_what_arrived(self, customer: Customer) -> None:
        asked = ask(customer, "odd_no_usage")
        assert asked.heard.text == TEXT
        pieces = (
            '[{"index":0,"id":"?","type":"function","function":{}}]',
            '[{"index":0,"function":{"arguments":"}"}}]',
            '[{"function":{"arguments":"{"}}]',
        )
        arrived = TEXT + "".join(pieces)
        check_estimate(asked, "estimate", text=arrived)
