"""The audit of what quotas of a minute, of sessions, of calls at once and of one model have counted."""

from datetime import timedelta

import pytest

from accounts.models import Member
from plans import ledger
from plans.models import QuotaWindow
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from tests.usage.test_call_audit import METRICS, PLENTY, called, found, named, plant

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller(home: Home) -> Member:
    """Somebody with credits."""
    cast.grant(home.stranger, 1_000_000)
    return home.stranger


class TestAuditOfRates:
    """Of quotas of a minute, of sessions, of calls at once and of one model."""

    @pytest.mark.parametrize("metric", METRICS)
    @pytest.mark.parametrize(("window", "windows"), [("minute", 2), ("session", 3)])
    def test_names_a_window_that_used_more(self, caller: Member, window: str, windows: int, metric: str) -> None:
        books.quota(caller, PLENTY, window=window, metric=metric)
        for name, then in (("a", 0), ("a", 60), ("b", 0), ("", 0)):
            books.move_clock(timedelta(seconds=then))
            called(caller, "rated", session=name)
        assert found() == set()
        made = QuotaWindow.objects.filter(quota__window=window).select_related("quota")
        assert len(made) >= windows
        for each in made:
            plant("UPDATE plans_quotawindow SET used = used + 1 WHERE id = {id}", id=each.pk)
        assert found() == named(*made)

    def test_names_calls_at_once_that_are_counted(self, caller: Member) -> None:
        quota = books.quota(caller, PLENTY, window="lifetime", metric="at_once")
        called(caller, "rated")
        assert found() == set()
        plant("UPDATE plans_quotawindow SET used = 1 WHERE quota_id = {id}", id=quota.pk)
        assert found() == named(books.window_of(quota))

    @pytest.mark.parametrize("change", ["chat_model_id = 0", "session = 'b'"])
    def test_counts_a_call_by_its_model_and_session(self, caller: Member, change: str) -> None:
        model_id = cast.offer_of("fast").chat_model_id
        quota = books.quota(caller, PLENTY, window="session", metric="calls", chat_model_id=model_id)
        called(caller, "rated", session="a")
        assert found() == set()
        plant("UPDATE usage_call SET {change} WHERE end_user = 'rated'", change=change)
        missed = {each for each in found() if each[0] != "price_of_another_model"}
        assert missed == named(books.window_of(quota))

    def test_misses_nothing_that_was_forgotten(self, caller: Member) -> None:
        for window in ("minute", "session"):
            books.quota(caller, PLENTY, window=window, metric="tokens")
        called(caller, "rated", session="a")
        books.move_clock(timedelta(days=30))
        called(caller, "rated", session="a")
        assert ledger.forget_windows() == 1
        books.move_clock(timedelta(days=62))
        assert ledger.forget_windows() == 2
        assert not QuotaWindow.objects.exists()
        called(caller, "rated", session="a")
        assert found() == set()
