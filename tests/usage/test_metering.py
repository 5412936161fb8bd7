"""How usage is read and estimated: exclusive classes, whatever a vendor says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_catalog.pricing import Rates, Tariff, Usage
from models_catalog.providers.base import ChatRequest
from usage import metering
from usage.calls import endings
from usage.calls.endings import COMPLETE, CUT, LEFT, OURS, Facts
from usage.models import How

PLAIN = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}
RATES = Rates(in_fresh=10**12, out_text=10**12, out_reasoning=10**12)
UNREADABLE: list[Any] = [
    None, [], {}, {"prompt_tokens": 1}, {**PLAIN, "completion_tokens": -5}, {**PLAIN, "prompt_tokens": "100"},
    {**PLAIN, "prompt_tokens": 1.5}, {**PLAIN, "completion_tokens": 10**18}, {**PLAIN, "prompt_tokens": True},
    {**PLAIN, "prompt_tokens_details": 7}, {**PLAIN, "prompt_tokens_details": {"cached_tokens": -1}},
]  # fmt: skip


def read(raw: Any) -> Usage:
    return metering.normalize(raw, dialect=metering.OPENAI_COMPATIBLE)


class TestNormalize:
    def test_takes_details_out_of_their_whole(self) -> None:
        usage = read(
            {
                **PLAIN,
                "prompt_tokens_details": {"cached_tokens": 30, "cache_write_tokens": 10},
                "completion_tokens_details": {"reasoning_tokens": 15},
            }
        )
        assert usage == Usage(in_fresh=60, cache_read=30, cache_write_5m=10, out_text=5, out_reasoning=15)

    def test_reads_the_cache_fields_of_other_vendors_once(self) -> None:
        deepseek = {**PLAIN, "prompt_cache_hit_tokens": 40, "prompt_tokens_details": {"cached_tokens": 40}}
        assert read(deepseek).cache_read == 40

    def test_never_takes_more_out_than_there_is(self) -> None:
        details = {"cached_tokens": 90, "cache_write_tokens": 90}
        usage = read({**PLAIN, "prompt_tokens_details": details})
        assert (usage.in_fresh, usage.cache_read, usage.cache_write_5m) == (0, 90, 10)

    def test_counts_what_the_total_has_more_as_reasoning(self) -> None:
        assert read({**PLAIN, "total_tokens": 200}).out_reasoning == 80

    @pytest.mark.parametrize("raw", UNREADABLE)
    def test_refuses_what_cannot_be_true(self, raw: Any) -> None:
        with pytest.raises(metering.UnreadableUsage):
            read(raw)

    @given(st.dictionaries(st.sampled_from([*PLAIN, "cached_tokens"]), st.integers(-5, 10**13) | st.none()))
    def test_is_never_negative(self, raw: dict[str, Any]) -> None:
        try:
            usage = read(raw)
        except metering.UnreadableUsage:
            return
        assert min(usage.in_fresh, usage.out_text, usage.out_reasoning) >= 0


class TestIsReadable:
    def test_tells_what_can_be_true(self) -> None:
        assert metering.is_readable(PLAIN, dialect=metering.OPENAI_COMPATIBLE)
        assert not any(metering.is_readable(raw, dialect=metering.OPENAI_COMPATIBLE) for raw in UNREADABLE)


class TestPromptBound:
    def test_is_at_least_the_bytes_of_the_text(self) -> None:
        request = ChatRequest(model="m", messages=[{"role": "user", "content": "天空为什么是蓝色的"}])
        assert metering.prompt_bound(request) >= len("天空为什么是蓝色的".encode())


class TestChargeFor:
    def charge(self, reason: str, raw: Any, *, answer_bytes: int = 40, held: int = 10**12) -> endings.Charge:
        facts = Facts(reason, raw, metering.OPENAI_COMPATIBLE, prompt_bound=400, answer_bytes=answer_bytes)
        return endings.charge_for(facts, tariff=Tariff(RATES), held=held)

    def test_is_exact_where_the_vendor_counted(self) -> None:
        charge = self.charge(COMPLETE, PLAIN)
        assert (charge.microcredits, charge.how) == (120 * 10**6, How.USAGE)

    def test_is_never_more_than_was_held(self) -> None:
        charge = self.charge(COMPLETE, {**PLAIN, "completion_tokens": 10**6}, held=500 * 10**6)
        assert (charge.microcredits, charge.how) == (500 * 10**6, How.USAGE_CAPPED)

    @pytest.mark.parametrize(
        ("reason", "how"),
        [
            (COMPLETE, How.ESTIMATE),
            (CUT, How.ESTIMATE_CUT),
            (LEFT, How.ESTIMATE_LEFT),
            (OURS, How.SWEEP_PARTIAL),
        ],
    )
    def test_is_estimated_where_nobody_counted(self, reason: str, how: How) -> None:
        charge = self.charge(reason, None)
        assert (charge.usage, charge.how) == (Usage(in_fresh=100, out_text=10), how)

    def test_is_estimated_where_zero_cannot_be_true(self) -> None:
        zero = {"prompt_tokens": 0, "completion_tokens": 0}
        assert self.charge(COMPLETE, zero).how == How.ESTIMATE
        assert self.charge(COMPLETE, zero, answer_bytes=0).microcredits == 0

    def test_is_nothing_when_our_fault_left_nothing(self) -> None:
        charge = self.charge(OURS, None, answer_bytes=0)
        assert (charge.microcredits, charge.how) == (0, How.PLATFORM)
