"""Quotas of a minute, of a session, of calls at once and of one model on their page."""

import pytest

from models_catalog.models import ChatModel
from plans.models import Quota
from portal.kit import clock
from tests import kept
from tests.accounts.people import Firm, client_of, found, staffed
from tests.plans.ledger import books
from tests.plans.test_quota_pages import html, path_of, put
from tests.usage.cast import ADDRESSES

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(db: None) -> Firm:
    return staffed(found("wang@example.com", kind="business", name="Wang & Co"))


class TestSetting:
    @pytest.mark.parametrize(
        ("given", "metric", "window", "words"),
        [
            ({"unit": "calls", "window": "minute"}, "calls", "minute", "<strong>Each minute</strong>"),
            ({"unit": "tokens", "window": "minute"}, "tokens", "minute", "0 tokens / 40 tokens"),
            ({"unit": "at_once", "window": "month"}, "at_once", "lifetime", "<strong>Calls at once</strong>"),
            ({"unit": "credits", "window": "session"}, "microcredits", "session", "<strong>Each session</strong>"),
        ],
    )
    def test_counts_rates_and_sessions(
        self, firm: Firm, given: dict[str, str], metric: str, window: str, words: str
    ) -> None:
        assert put(client_of(firm.owner), firm.clerk, amount="40", **given) == 302
        made = Quota.objects.get()
        assert (made.metric, made.window, made.chat_model) == (metric, window, None)
        page = html(client_of(firm.clerk).get(path_of(firm.clerk)))
        assert words in page
        assert "That is about" not in page

    def test_counts_one_model_alone(self, firm: Firm) -> None:
        kept.catalog(now=clock.now(), addresses=ADDRESSES)
        fast = ChatModel.objects.published().earliest("pk")
        for model in ("", fast.pk):
            put(client_of(firm.owner), firm.clerk, unit="calls", amount="40", chat_model=model)
        put(client_of(firm.owner), firm.clerk, unit="calls", amount="7", chat_model=fast.pk)
        assert dict(Quota.objects.values_list("chat_model", "limit")) == {None: 40, fast.pk: 7}
        assert f"<strong>Month · {fast.name}</strong>" in html(client_of(firm.clerk).get(path_of(firm.clerk)))
        assert put(client_of(firm.owner), firm.shop, is_slice="on", chat_model=fast.pk) == 422


class TestThePage:
    def test_tells_of_the_session_that_used_most(self, firm: Firm) -> None:
        books.grant(firm.owner, 10**9)
        books.quota(firm.clerk, 5, kind="member", node_id=firm.clerk.pk, window="session", metric="calls")
        for name in ("a", "b", "b", "c"):
            books.reserve(books.ask(firm.clerk, 1, session=name))
        page = html(client_of(firm.clerk).get(path_of(firm.clerk)))
        assert "2 calls / 5 calls" in page
        assert "The session that used most" in page
        assert "Starts anew" not in page
