"""The cost of a call, against exact fractions."""

from fractions import Fraction
from math import ceil

from hypothesis import given
from hypothesis import strategies as st

from models_catalog import pricing
from models_catalog.pricing import INPUT_CLASSES, OUTPUT_CLASSES, USAGE_CLASSES, Rates, Usage

TOKENS = st.integers(0, 2_000_000)
RATE = st.integers(0, 10**14)
USAGES = st.builds(Usage, **dict.fromkeys(USAGE_CLASSES, TOKENS))
RATES = st.builds(Rates, **dict.fromkeys(USAGE_CLASSES, RATE), per_request=st.integers(0, 10**9))


class TestCost:
    """`pricing.cost`."""

    @given(USAGES, RATES)
    def test_is_the_exact_sum_rounded_up_once(self, usage: Usage, rates: Rates) -> None:
        exact = sum(Fraction(getattr(usage, name)) * getattr(rates, name) / 1_000_000 for name in USAGE_CLASSES)
        assert pricing.cost(usage, rates) == ceil(exact) + rates.per_request

    @given(USAGES, RATES)
    def test_never_passes_the_ceiling(self, usage: Usage, rates: Rates) -> None:
        most = pricing.ceiling(prompt_tokens=usage.input_tokens, output_tokens=usage.output_tokens, rates=rates)
        assert pricing.cost(usage, rates) <= most

    def test_of_one_token_at_one_credit_is_a_million_microcredits(self) -> None:
        assert pricing.cost(Usage(in_fresh=1), Rates(in_fresh=10**12)) == 1_000_000

    def test_rounds_the_smallest_part_up(self) -> None:
        assert pricing.cost(Usage(in_fresh=1), Rates(in_fresh=1)) == 1

    def test_knows_every_class_once(self) -> None:
        assert (*INPUT_CLASSES, *OUTPUT_CLASSES) == USAGE_CLASSES
        assert len(set(USAGE_CLASSES)) == 10
