"""What is learnt of prompts: the factor rises when vendors count more than the bound, and falls with many calls."""

import pytest

from accounts.callers import Caller
from models_catalog import catalog
from models_catalog.models import ChatModel
from models_catalog.pricing import Usage
from models_catalog.providers.base import ChatRequest
from portal.kit import clock, ids
from tests.usage import cast
from tests.usage.cast import Home
from usage import admission, factors
from usage.factors import Seen
from usage.models import How


class TestFactorOf:
    @pytest.mark.parametrize(
        ("seen", "before", "learnt"),
        [
            pytest.param(Seen(19, 3000, 3000), 1000, 1000, id="too few calls change nothing"),
            pytest.param(Seen(20, 1000, 1200), 1000, 1000, id="one in twenty must be over it"),
            pytest.param(Seen(20, 1001, 1200), 1000, 1320, id="then it rises above nearly all"),
            pytest.param(Seen(999, 200, 300), 1000, 1000, id="it does not fall yet"),
            pytest.param(Seen(1000, 200, 300), 1000, 500, id="it never falls below a half"),
            pytest.param(Seen(1000, 200, 601), 1000, 662, id="it falls with many calls"),
            pytest.param(Seen(50, 1200, 1100), 1500, 1500, id="few calls do not lower it"),
            pytest.param(Seen(50, 9000, 9000), 1000, 4000, id="a mistaken vendor does not raise it for ever"),
        ],
    )
    def test_follows_what_was_counted(self, seen: Seen, before: int, learnt: int) -> None:
        assert factors.factor_of(seen, before=before) == learnt


@pytest.mark.django_db
class TestLearn:
    def test_sets_more_aside_for_the_next_prompt(self, home: Home) -> None:
        before = _held(home)
        for _ in range(20):
            cast.called(home.owner, used=Usage(in_fresh=20, out_text=1))
        assert factors.learn(now=clock.now()) == 1
        catalog.forget()
        assert catalog.offer("fast").prompt_permille == 2200
        assert _held(home) > before
        assert factors.learn(now=clock.now()) == 0

    def test_leaves_our_own_counts_and_other_models_alone(self, home: Home) -> None:
        for _ in range(20):
            cast.called(home.owner, used=Usage(in_fresh=20, out_text=1), how=How.ESTIMATE)
        assert factors.learn(now=clock.now()) == 0
        assert set(ChatModel.objects.values_list("prompt_permille", flat=True)) == {1000}


def _held(home: Home) -> int:
    asked = admission.reservation(
        Caller(home.owner.account_id, home.owner.pk, (), None, None, None, "household", "UTC"),
        ChatRequest(model="fast", messages=[{"role": "user", "content": "Good evening."}], max_output_tokens=1),
        catalog.offer("fast"),
        call_id=ids.uuid7(clock.now()),
        source="api",
        reply_to="web:1",
        idempotency=None,
    )
    assert asked.prompt_tokens == len("Good evening.") + 64 + 16
    return asked.amount
