"""Publishing: a whole data card first, and nothing that a name still points to is taken away."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.translation import override

from models_catalog import aliases, catalog, lifecycle, publishing
from models_catalog.models import Alias, ChatModel, State
from portal.kit import clock
from tests import kept
from tests.models_catalog import famous
from tests.models_catalog.test_catalog import HERE

pytestmark = pytest.mark.django_db
WHOLE = {
    "operated_by": "OpenAI",
    "data_region": "united_states",
    "retention": "thirty_days",
    "trains_on_data": False,
    "contract": "2026-17",
    "filing": "None needed: for employees alone",
    "service_label": "Made by AI",
}


@pytest.fixture(autouse=True)
def _shelf() -> Iterator[None]:
    """The demo's catalog, freshly read."""
    kept.catalog(now=clock.now(), addresses=HERE)
    famous.announce()
    catalog.forget()
    yield
    catalog.forget()


@pytest.fixture
def announced() -> ChatModel:
    ChatModel.objects.filter(slug="gpt-4o").update(published_at=None)
    return ChatModel.objects.get(slug="gpt-4o")


class TestPublish:
    """`publishing.publish`."""

    def test_shows_a_model_whose_card_is_whole(self, announced: ChatModel) -> None:
        now = clock.now()
        ChatModel.objects.filter(pk=announced.pk).update(**WHOLE)
        assert publishing.publish(announced, now=now)
        assert (announced.state, announced.published_at) == (State.AVAILABLE, now)
        assert not publishing.publish(announced, now=now + timedelta(hours=1))
        assert announced.published_at == now

    @pytest.mark.parametrize("name", publishing.CARD)
    def test_names_what_the_card_does_not_say(self, announced: ChatModel, name: str) -> None:
        unsaid = {"data_region": "unknown", "retention": "unknown", "trains_on_data": None}
        ChatModel.objects.filter(pk=announced.pk).update(**WHOLE | {name: unsaid.get(name, "")})
        with pytest.raises(publishing.CardIncomplete) as refused:
            publishing.publish(announced, now=clock.now())
        assert refused.value.missing == [name]
        assert publishing.label_of(name) in str(refused.value)
        announced.refresh_from_db()
        assert (announced.state, announced.published_at) == (State.ANNOUNCED, None)

    def test_names_a_size_that_nobody_knows(self, announced: ChatModel) -> None:
        ChatModel.objects.filter(pk=announced.pk).update(max_output_tokens=0, **WHOLE)
        with pytest.raises(publishing.CardIncomplete) as refused:
            publishing.publish(announced, now=clock.now())
        assert refused.value.missing == ["max_output_tokens"]

    def test_names_it_in_the_readers_language(self, announced: ChatModel) -> None:
        ChatModel.objects.filter(pk=announced.pk).update(**WHOLE | {"contract": ""})
        with override("zh-hans"), pytest.raises(publishing.CardIncomplete) as refused:
            publishing.publish(announced, now=clock.now())
        assert refused.value.details["words"] == "合同"

    @pytest.mark.parametrize(
        ("before", "after"),
        [("preview", "preview"), ("deprecated", "deprecated"), ("retired", "available"), ("available", "available")],
    )
    def test_leaves_the_state_of_what_can_be_called(self, announced: ChatModel, before: str, after: str) -> None:
        ChatModel.objects.filter(pk=announced.pk).update(state=before, **WHOLE)
        assert publishing.publish(announced, now=clock.now())
        assert announced.state == after

    def test_of_a_model_whose_vendor_ends_it_tells_of_the_end(self, announced: ChatModel) -> None:
        now = clock.now()
        tomorrow = timezone.localdate(now) + timedelta(days=1)
        ChatModel.objects.filter(pk=announced.pk).update(retires_date=tomorrow, **WHOLE)
        assert publishing.publish(announced, now=now)
        assert (announced.state, announced.retires_date) == (State.DEPRECATED, tomorrow)
        assert lifecycle.retire_due(now=now + timedelta(days=1)) == 1

    def test_of_a_model_whose_end_has_come_is_refused(self, announced: ChatModel) -> None:
        now = clock.now()
        ChatModel.objects.filter(pk=announced.pk).update(retires_date=timezone.localdate(now), **WHOLE)
        with pytest.raises(lifecycle.RetiresTooSoon):
            publishing.publish(announced, now=now)
        announced.refresh_from_db()
        assert announced.state == State.ANNOUNCED

    def test_of_a_retired_model_forgets_its_end(self, announced: ChatModel) -> None:
        now = clock.now()
        past = timezone.localdate(now) - timedelta(days=9)
        ChatModel.objects.filter(pk=announced.pk).update(state=State.RETIRED, retires_date=past, **WHOLE)
        assert publishing.publish(announced, now=now)
        assert (announced.state, announced.retires_date) == (State.AVAILABLE, None)


class TestWithdraw:
    """`publishing.withdraw`."""

    def test_hides_a_model_from_everybody(self) -> None:
        model = ChatModel.objects.get(slug="demo-deep")
        aliases.point(Alias.objects.get(slug="deep"), ChatModel.objects.get(slug="demo-fast"), by=None, now=clock.now())
        assert publishing.withdraw(model)
        catalog.forget()
        with pytest.raises(catalog.UnknownModel):
            catalog.offer("demo-deep")
        assert not publishing.withdraw(model)
        assert publishing.publish(model, now=clock.now())
        catalog.forget()
        assert catalog.offer("demo-deep").slug == "demo-deep"

    def test_takes_nothing_from_under_a_name(self) -> None:
        with pytest.raises(publishing.StillNamed) as refused:
            publishing.withdraw(ChatModel.objects.get(slug="demo-deep"))
        assert "deep" in str(refused.value)
        assert ChatModel.objects.get(slug="demo-deep").published_at is not None
