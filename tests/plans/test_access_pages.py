"""What a node may use, on the page of its quotas: models, mainland routes, training."""

from typing import Any

import pytest

from accounts.models import AuditEvent
from models_catalog import catalog
from models_catalog.models import ChatModel
from plans import access, nodes
from plans.models import AccessRule
from portal.kit import clock
from tests import kept
from tests.accounts.people import Firm, client_of, found, staffed
from tests.usage.cast import ADDRESSES

pytestmark = pytest.mark.django_db


@pytest.fixture
def firm(db: None) -> Firm:
    return staffed(found("wang@example.com", kind="business", name="Wang & Co"))


def path_of(node: Any) -> str:
    return f"/quotas/{node._meta.model_name}/{node.pk}/"


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


class TestRule:
    @pytest.fixture(autouse=True)
    def _shelf(self, firm: Firm) -> None:
        kept.catalog(now=clock.now(), addresses=ADDRESSES)
        catalog.forget()

    def rule_of(self, firm: Firm, place: Any) -> access.Rule:
        return access.rule_of(nodes.seen_by(firm.owner, kind=place._meta.model_name, node_id=place.pk))

    def test_keeps_what_is_ticked(self, firm: Firm) -> None:
        two = sorted(ChatModel.objects.published().values_list("pk", flat=True)[:2])
        given = {"is_restricted": "on", "chat_models": two, "is_mainland_only": "on"}
        assert client_of(firm.head).post(f"{path_of(firm.team)}access/", given).status_code == 302
        assert self.rule_of(firm, firm.team) == access.Rule(chat_model_ids=tuple(two), is_mainland_only=True)
        event = AuditEvent.objects.get(verb="access.put")
        assert (event.actor, event.details["before"]["chat_model_ids"]) == (firm.head.user, None)
        assert "Only chosen models" in html(client_of(firm.auditor).get(path_of(firm.team)))

    def test_offers_what_is_in_service_and_what_was_ticked_before(self, firm: Firm) -> None:
        away = ChatModel.objects.get(slug="demo-deep")
        client_of(firm.owner).post(f"{path_of(firm.clerk)}access/", {"is_restricted": "on", "chat_models": [away.pk]})
        ChatModel.objects.filter(pk=away.pk).update(state="announced")
        for place, is_offered in ((firm.clerk, True), (firm.team, False)):
            page = html(client_of(firm.owner).get(path_of(place)))
            assert ("Demo Deep" in page, "Demo Fast" in page) == (is_offered, True)

    def test_closes_all_models_where_none_is_ticked(self, firm: Firm) -> None:
        client_of(firm.owner).post(f"{path_of(firm.clerk)}access/", {"is_restricted": "on"})
        assert self.rule_of(firm, firm.clerk).chat_model_ids == ()

    def test_forgets_ticks_without_the_first_one_and_leaves_no_empty_rule(self, firm: Firm) -> None:
        one = ChatModel.objects.published().earliest("pk").pk
        client = client_of(firm.owner)
        client.post(f"{path_of(firm.clerk)}access/", {"is_never_trained": "on", "chat_models": [one]})
        assert self.rule_of(firm, firm.clerk) == access.Rule(is_never_trained=True)
        client.post(f"{path_of(firm.clerk)}access/", {"chat_models": [one]})
        assert not AccessRule.objects.exists()

    def test_asks_again_for_a_model_that_is_none(self, firm: Firm) -> None:
        given = {"is_restricted": "on", "chat_models": [0]}
        answer = client_of(firm.owner).post(f"{path_of(firm.clerk)}access/", given)
        assert answer.status_code == 422
        assert 'class="wrong"' in html(answer)
        assert not AccessRule.objects.exists()
