"""Thumbs under answers: whose they are, how they are changed and taken back, and what becomes of them."""

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import Member
from models_catalog.models import Approval, ChatModel
from models_catalog.pricing import Usage
from portal.kit import clock, ids
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage import conversations, privacy, tasks
from usage.events import Failed
from usage.models import Call, Conversation, Vote

pytestmark = pytest.mark.django_db


def client_of(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def vote(client: Client, call_id: UUID, thumb: str = "up", **headers: str) -> Any:
    return client.post(f"/chat/answers/{call_id}/vote/", {"thumb": thumb}, headers=headers)


def take_back(client: Client, call_id: UUID) -> Any:
    return client.post(f"/chat/answers/{call_id}/vote/removal/")


def pressed(page: str) -> list[str]:
    """The thumbs that are down, as a screen reader tells it."""
    buttons = [tag for tag in page.split("<button")[1:] if 'class="thumb"' in tag]
    return [tag.split('id="')[1].split("-")[0] for tag in buttons if 'aria-pressed="true"' in tag]


class TestVote:
    def test_is_said_changed_and_taken_back(self, home: Home, now: datetime) -> None:
        conversation, call = cast.answered(home.owner, now=now)
        client, page = client_of(home.owner), f"/chat/{conversation.pk}/"
        assert pressed(client.get(page).text) == []
        for thumb, is_up in (("up", True), ("down", False)):
            answer = vote(client, call.pk, thumb)
            assert answer["Location"].startswith(f"{page}#text-")
            said = Vote.objects.get()
            assert (said.pk, said.member, said.is_up) == (call.pk, home.owner, is_up)
            assert said.chat_model_id == call.chat_model_id
            assert pressed(client.get(page).text) == [thumb]
        assert take_back(client, call.pk)["Location"].startswith(page)
        assert not Vote.objects.exists()
        assert pressed(client.get(page).text) == []

    def test_answers_a_script_with_the_thumbs_alone(self, home: Home, now: datetime) -> None:
        _, call = cast.answered(home.owner, now=now)
        fragment = vote(client_of(home.owner), call.pk, **{"HX-Request": "true"}).text
        assert "<html" not in fragment
        assert pressed(fragment) == ["up"]
        assert f'action="/chat/answers/{call.pk}/vote/removal/"' in fragment
        assert f'action="/chat/answers/{call.pk}/vote/"' in fragment

    def test_is_a_childs_too(self, home: Home, now: datetime) -> None:
        _, call = cast.answered(home.child, now=now)
        assert vote(client_of(home.child), call.pk).status_code == 302
        assert Vote.objects.get().member == home.child

    @pytest.mark.parametrize("thumb", ["", "sideways", "UP"])
    def test_is_up_or_down(self, home: Home, now: datetime, thumb: str) -> None:
        _, call = cast.answered(home.owner, now=now)
        assert vote(client_of(home.owner), call.pk, thumb).status_code == 400
        assert not Vote.objects.exists()

    def test_is_nobody_elses(self, home: Home, now: datetime) -> None:
        _, call = cast.answered(home.child, now=now)
        vote(client_of(home.child), call.pk)
        for other in (home.owner, home.adult, home.stranger):
            assert vote(client_of(other), call.pk, "down").status_code == 404
            assert take_back(client_of(other), call.pk).status_code == 404
        assert Vote.objects.get().is_up

    def test_stays_with_who_asked_when_a_chat_is_handed_over(self, home: Home, now: datetime) -> None:
        conversation, call = cast.answered(home.owner, now=now)
        client = client_of(home.owner)
        vote(client, call.pk)
        Conversation.objects.filter(pk=conversation.pk).update(
            member=home.adult, handed_over_by=home.owner, handed_over_at=now
        )
        for each in (client, client_of(home.adult)):
            assert vote(each, call.pk, "down").status_code == 404
        assert Vote.objects.get().is_up

    def test_waits_for_the_answer(self, home: Home, now: datetime) -> None:
        turn = cast.asked(home.owner, call_id=ids.uuid7(now), now=now)
        assert turn.call_id
        client = client_of(home.owner)
        assert 'class="thumb"' not in client.get(f"/chat/{turn.conversation_id}/").text
        assert vote(client, turn.call_id).status_code == 404

    @pytest.mark.parametrize("end", [Failed("platform", "", 503), Failed("upstream_cut", "", 502)])
    def test_is_not_for_what_failed(self, home: Home, now: datetime, end: Failed) -> None:
        call = cast.called(home.owner, used=Usage(in_fresh=11, out_text=90))
        turn = cast.asked(home.owner, call_id=call.pk, now=now)
        conversations.keep_answer(call.pk, text="Because", end=end)
        client = client_of(home.owner)
        assert 'class="thumb"' not in client.get(f"/chat/{turn.conversation_id}/").text
        assert vote(client, call.pk).status_code == 404

    def test_is_for_what_had_arrived_when_it_was_stopped(self, home: Home, now: datetime) -> None:
        call = cast.called(home.owner, used=Usage(in_fresh=11, out_text=90))
        cast.asked(home.owner, call_id=call.pk, now=now)
        conversations.keep_answer(call.pk, text="Because", end=cast.finished("stopped"))
        assert vote(client_of(home.owner), call.pk, "down").status_code == 302

    def test_needs_a_post(self, home: Home, now: datetime) -> None:
        _, call = cast.answered(home.owner, now=now)
        assert client_of(home.owner).get(f"/chat/answers/{call.pk}/vote/").status_code == 405


class TestPrivacy:
    def test_tells_a_person_of_their_votes(self, home: Home, now: datetime) -> None:
        for member in (home.owner, home.adult):
            _, call = cast.answered(member, now=now)
            vote(client_of(member), call.pk, "down")
        (kept,) = privacy.export(home.adult.user, by=home.adult.user, now=now)["memberships"]
        (said,) = kept["votes"]
        assert (said["call_id"], said["is_up"]) == (str(call.pk), False)
        json.dumps(kept)

    def test_forgets_them(self, home: Home, now: datetime) -> None:
        for member in (home.owner, home.adult):
            _, call = cast.answered(member, now=now)
            vote(client_of(member), call.pk)
        privacy.erase(home.adult.user, now=now)
        assert [each.member for each in Vote.objects.all()] == [home.owner]


class TestApprovals:
    def votes(self, home: Home, *thumbs: str) -> list[Call]:
        called = []
        for thumb in thumbs:
            _, call = cast.answered(home.owner, now=clock.now())
            vote(client_of(home.owner), call.pk, thumb)
            called.append(call)
        return called

    def test_add_up_votes_and_what_they_cost(self, home: Home) -> None:
        calls = self.votes(home, "up", "up", "down")
        cast.answered(home.owner, now=clock.now())  # nobody says anything of it
        assert [tasks.write_down_approvals() for _ in range(2)] == [1, 1]
        told = Approval.objects.get(chat_model=ChatModel.objects.get(pk=calls[0].chat_model_id))
        assert (told.up, told.down) == (2, 1)
        assert told.microcredits == sum(call.charged_microcredits for call in calls) > 0

    def test_follow_who_thinks_again(self, home: Home) -> None:
        (call,) = self.votes(home, "up")
        tasks.write_down_approvals()
        vote(client_of(home.owner), call.pk, "down")
        tasks.write_down_approvals()
        told = Approval.objects.get()
        assert (told.up, told.down) == (0, 1)
        take_back(client_of(home.owner), call.pk)
        assert tasks.write_down_approvals() == 0

    def test_are_of_the_last_90_days(self, home: Home) -> None:
        self.votes(home, "up")
        books.run("SET CONSTRAINTS ALL IMMEDIATE")
        books.move_clock(timedelta(days=89))
        assert tasks.write_down_approvals() == 1
        books.move_clock(timedelta(days=2))
        assert tasks.write_down_approvals() == 0
