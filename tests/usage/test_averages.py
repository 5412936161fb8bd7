"""What things of life take: measured from enough calls, one whole thing at a time, for everybody and for oneself."""

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import Member
from models_catalog.models import LifeAverage
from models_catalog.pricing import Usage, cost
from plans import meaning
from tests.plans.ledger import books
from tests.usage import cast, planted
from tests.usage.cast import Home
from tests.usage.planted import Planted
from usage import averages, questions, tasks
from usage.models import OwnAverage

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    meaning.forget()
    yield
    meaning.forget()


def plant(member: Member, number: int, *, scenario: str, now: datetime, **terms: Any) -> None:
    usual = {"scenario_id": planted.offered(scenario).pk, "source": "chat"}
    planted.calls(member, [Planted(now - MINUTE, terms=tuple((usual | terms).items()))] * number)


def of(kind: str) -> tuple[int, int, int]:
    row = LifeAverage.objects.get(kind=kind)
    return row.calls, row.in_fresh, row.out_text


def client_of(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


class TestEnough:
    def test_is_from_200_calls_on(self, home: Home, now: datetime) -> None:
        plant(home.owner, 199, scenario="Homework", now=now)
        assert averages.write_down(now) == 0
        assert meaning.averages()["homework"] == meaning.Average(meaning.TABLE["homework"])
        plant(home.stranger, 1, scenario="Homework", now=now)
        assert tasks.measure_life() == 1
        told = meaning.averages()["homework"]
        assert (told.used, told.calls) == (Usage(in_fresh=50, out_text=91), 200)
        assert meaning.averages()["letter"].calls == 0

    def test_is_from_20_calls_on_for_an_account_itself(self, home: Home, now: datetime) -> None:
        plant(home.owner, 19, scenario="Homework", now=now)
        plant(home.stranger, 20, scenario="Homework", now=now)
        averages.write_down(now)
        assert averages.of_account(home.owner.account_id) == {}
        assert averages.of_account(home.stranger.account_id)["homework"].calls == 20
        plant(home.owner, 1, scenario="Homework", now=now)
        averages.write_down(now)
        assert averages.of_account(home.owner.account_id)["homework"].used == Usage(in_fresh=50, out_text=91)
        assert not LifeAverage.objects.exists()

    def test_ends_with_the_90_days(self, home: Home, now: datetime) -> None:
        plant(home.owner, 200, scenario="Homework", now=now)
        assert averages.write_down(now + timedelta(days=89)) == 1
        assert averages.write_down(now + timedelta(days=90)) == 0
        assert not OwnAverage.objects.exists()

    def test_does_not_count_what_was_not_charged_or_is_for_something_else(self, home: Home, now: datetime) -> None:
        plant(home.owner, 200, scenario="Homework", now=now, state="voided")
        plant(home.owner, 200, scenario="Research", now=now)
        plant(home.owner, 200, scenario="Coding", now=now)  # in the chat, which is no agent
        own = planted.offered("Homework")
        own.pk, own.account, own._state.adding = None, home.owner.account, True
        own.save()
        plant(home.owner, 200, scenario="Homework", now=now, scenario_id=own.pk)
        assert averages.write_down(now) == 0
        assert not OwnAverage.objects.exists()


class TestWhole:
    def test_is_a_conversation_in_the_chat_and_a_call_elsewhere(self, home: Home, now: datetime) -> None:
        """Of 200 calls 150 are of 50 conversations, and 50 are on their own: 100 questions, rounded up."""
        for number in range(50):
            plant(home.owner, 3, scenario="Homework", now=now, session=f"conversation {number}", in_fresh=101)
        plant(home.owner, 50, scenario="Homework", now=now, source="api", session="one", in_fresh=2)
        averages.write_down(now)
        assert of("homework") == (200, 153, 2 * 91)

    def test_takes_all_that_went_in_and_came_out(self, home: Home, now: datetime) -> None:
        plant(home.owner, 200, scenario="Letters and texts", now=now, cache_read=7, in_image=3, out_reasoning=9)
        averages.write_down(now)
        assert of("letter") == (200, 60, 100)

    def test_is_a_page_however_long_the_texts_were(self, home: Home, now: datetime) -> None:
        plant(home.owner, 100, scenario="Translation", now=now, in_fresh=3_000, out_text=2_000)
        plant(home.owner, 100, scenario="Translation", now=now, in_fresh=600, out_text=500)
        averages.write_down(now)
        assert of("page") == (200, 720, meaning.PAGE_TOKENS)

    def test_is_no_page_where_nothing_came_out(self, home: Home, now: datetime) -> None:
        plant(home.owner, 200, scenario="Translation", now=now, out_text=0)
        assert averages.write_down(now) == 0

    def test_is_an_hour_of_twelve_blocks_in_which_a_key_called(self, home: Home, now: datetime) -> None:
        """Two sessions of one key, six blocks each, and the other key in the same blocks: 24 blocks, two hours."""
        keys = [books.key_of(member).pk for member in (home.owner, home.stranger)]
        coding, begun = planted.offered("Coding").pk, now.replace(minute=0, second=0) - timedelta(hours=2)
        for key, session, blocks in ((0, "a", 6), (0, "b", 6), (1, "", 12)):
            terms = {"scenario_id": coding, "api_key_id": keys[key], "session": session, "in_fresh": 1_000}
            moments = [begun + 5 * MINUTE * block + MINUTE * part // 4 for block in range(blocks) for part in range(10)]
            planted.calls((home.owner, home.stranger)[key], [Planted(at, terms=tuple(terms.items())) for at in moments])
        averages.write_down(now)
        assert of("agent_hour") == (240, 120_000, 120 * 91)


class TestDashboard:
    def test_reckons_with_the_own_average(self, home: Home, now: datetime) -> None:
        client = client_of(home.owner)
        before = client.get("/usage/")
        assert before.context["life"].is_own is False
        assert "By your own average where there is one" not in before.text
        plant(home.owner, 20, scenario="Homework", now=now, in_fresh=500, out_text=500)
        averages.write_down(now)
        page = client.get("/usage/")
        each = cost(Usage(in_fresh=500, out_text=500), cast.offer_of("everyday").rates)
        assert each > 0
        number = page.context["balance"].left // each
        assert page.context["life"].counts["homework"] == int(f"{str(number)[:2]}{'0' * (len(str(number)) - 2)}")
        assert "By your own average where there is one" in page.text
        assert 'href="/help/#life"' in page.text

    def test_says_to_businesses_what_they_do(self, home: Home) -> None:
        cast.grant(home.stranger, 100_000_000)
        page = client_of(home.stranger).get("/usage/").text
        assert "letters, " in page
        assert "homework questions" not in page


class TestComposer:
    def test_tells_what_a_whole_question_takes(self, home: Home, now: datetime) -> None:
        homework = planted.offered("Homework").pk
        told = questions.estimate(home.owner, text="2 + 2?", model_name="fast", scenario_id=homework, now=now)
        rates = cast.offer_of("fast").rates
        assert (told.kind, told.whole) == ("homework", cost(meaning.TABLE["homework"], rates))
        plant(home.owner, 20, scenario="Homework", now=now)
        averages.write_down(now)
        told = questions.estimate(home.owner, text="2 + 2?", model_name="fast", scenario_id=homework, now=now)
        assert told.whole == cost(Usage(in_fresh=50, out_text=91), rates)

    @pytest.mark.parametrize(
        ("scenario", "words"),
        [
            ("Homework", "all of a homework question: "),
            ("Letters and texts", "a letter with its changes: "),
            ("Translation", "a translated page: "),
        ],
    )
    def test_names_it(self, home: Home, scenario: str, words: str) -> None:
        sent = {"text": "Hello", "model": "fast", "scenario": planted.offered(scenario).pk}
        page = client_of(home.owner).post("/chat/estimate/", sent).text
        assert re.search(rf"about [\d.]+.% of the month · {words}[\d.]+.% on average · ", page)
        page = client_of(home.stranger).post("/chat/estimate/", sent).text
        assert re.search(rf"about [\d,]+ credits · {words}[\d,]+ on average · ", page)

    @pytest.mark.parametrize("scenario", ["Research", "Coding"])
    def test_is_silent_where_nobody_can_tell(self, home: Home, scenario: str, now: datetime) -> None:
        chosen = planted.offered(scenario).pk
        told = questions.estimate(home.owner, text="Hello", model_name="fast", scenario_id=chosen, now=now)
        assert (told.kind, told.whole) == ("", 0)
        sent = {"text": "Hello", "model": "fast", "scenario": chosen}
        assert "on average" not in client_of(home.owner).post("/chat/estimate/", sent).text


class TestHelp:
    def test_says_what_is_measured_and_what_is_not(self, home: Home, client: Client, now: datetime) -> None:
        assert "our estimate, until 200 calls of its kind were made here" in client.get("/help/").text
        plant(home.owner, 1_234, scenario="Homework", now=now)
        averages.write_down(now)
        page = client.get("/help/").text
        assert "measured here: 1,234 calls of the 90 days until" in page
        assert page.count("our estimate, until 200 calls of its kind") == 3
