"""Those who use a model hear of its end a month, a week and a day before, each once."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Notification
from models_catalog import catalog, lifecycle
from models_catalog.models import ChatModel
from models_catalog.pricing import Usage
from tests.accounts.people import client_of
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage import retirements
from usage.api import chat_completions, serving
from usage.flights import Flight
from usage.models import DailyTotal, RetirementNotice

pytestmark = pytest.mark.django_db
A_DAY = timedelta(days=1)


@pytest.fixture
def home(now: datetime) -> Home:
    return cast.assemble(now=now)


def end(days: int, *, now: datetime, replacement: str | None = "demo-deep") -> ChatModel:
    """Announces that the fast model ends in so many days."""
    found = ChatModel.objects.get(slug="demo-fast")
    following = ChatModel.objects.get(slug=replacement) if replacement else None
    lifecycle.deprecate(found, retires_date=timezone.localdate(now) + days * A_DAY, replacement=following, now=now)
    return found


def use_on(moment: datetime) -> None:
    """Makes the household's use one of that day; the product itself may not."""
    with books.owner():
        DailyTotal.objects.update(day=moment.date())


def told(home: Home) -> list[str]:
    """What was said to the household, the oldest first."""
    found = Notification.objects.filter(kind="model_retires", member__account=home.owner.account).order_by("pk")
    return [str(each) for each in found]


class TestRemind:
    def test_tells_a_month_a_week_and_a_day_before_each_once(self, home: Home, now: datetime) -> None:
        cast.called(home.owner, used=Usage(in_fresh=1))
        end(31, now=now)
        heard = []
        for day in range(32):
            use_on(now + day * A_DAY)
            heard += [day] * (retirements.remind(now + day * A_DAY) + retirements.remind(now + day * A_DAY))
        assert heard == [1, 24, 30]
        assert len(told(home)) == 3

    def test_says_when_and_what_takes_its_place(self, home: Home, now: datetime) -> None:
        cast.called(home.owner, used=Usage(in_fresh=1))
        model = end(7, now=now)
        retirements.remind(now)
        assert told(home) == [
            f"“Demo Fast” ends on {model.retires_date}. “Demo Deep” takes its place; please try it before that."
        ]

    def test_without_a_replacement_asks_to_choose_one(self, home: Home, now: datetime) -> None:
        cast.called(home.owner, used=Usage(in_fresh=1))
        end(1, now=now, replacement=None)
        retirements.remind(now)
        assert "Please choose another model" in told(home)[0]

    def test_of_an_end_announced_late_is_told_at_once(self, home: Home, now: datetime) -> None:
        cast.called(home.owner, used=Usage(in_fresh=1))
        end(3, now=now)
        assert retirements.remind(now) == 1
        assert RetirementNotice.objects.get().days_before == 7

    def test_of_another_day_is_told_again(self, home: Home, now: datetime) -> None:
        cast.called(home.owner, used=Usage(in_fresh=1))
        end(3, now=now)
        retirements.remind(now)
        end(5, now=now)
        assert retirements.remind(now) == 1

    def test_reaches_the_owners_and_who_called_but_no_child_and_no_stranger(self, home: Home, now: datetime) -> None:
        for member in (home.adult, home.child):
            cast.called(member, used=Usage(in_fresh=1))
        end(30, now=now)
        retirements.remind(now)
        people = Notification.objects.filter(kind="model_retires").values_list("member", flat=True)
        assert set(people) == {home.owner.pk, home.adult.pk}

    def test_leaves_those_in_peace_who_used_it_long_ago(self, home: Home, now: datetime) -> None:
        cast.called(home.owner, used=Usage(in_fresh=1))
        use_on(now - 31 * A_DAY)
        end(7, now=now)
        assert retirements.remind(now) == 0

    def test_is_silent_once_the_end_was_taken_back(self, home: Home, now: datetime) -> None:
        cast.called(home.owner, used=Usage(in_fresh=1))
        lifecycle.keep(end(7, now=now))
        assert retirements.remind(now) == 0

    def test_leads_to_the_page_of_the_model(self, home: Home, now: datetime) -> None:
        cast.called(home.owner, used=Usage(in_fresh=1))
        end(7, now=now)
        retirements.remind(now)
        client: Client = client_of(home.owner)
        assert client.get(Notification.objects.get(member=home.owner).path).status_code == 200
        assert "Demo Fast" in client.get("/news/").content.decode()


class TestTheHeader:
    """`sunset`, as RFC 8594 has it, on the answers of a model whose end was announced."""

    def test_names_the_moment_at_which_the_last_day_begins(self, home: Home, now: datetime) -> None:
        end(3, now=now)
        catalog.forget()
        flight = Flight(uuid4(), account_id=1, member_id=1, model="demo-fast")
        flight.sunset = catalog.offer("fast").sunset
        (told,) = [value for name, value in serving._headers(flight, chat_completions.DIALECT) if name == b"sunset"]
        day = parsedate_to_datetime(told.decode()).astimezone(timezone.get_default_timezone())
        assert (day.date() - timezone.localdate(now), day.hour, day.minute) == (3 * A_DAY, 0, 0)
        assert told.endswith(b" GMT")

    def test_is_left_out_of_all_others(self, home: Home) -> None:
        assert catalog.offer("fast").sunset is None
        flight = Flight(uuid4(), account_id=1, member_id=1, model="demo-fast")
        assert not [name for name, _value in serving._headers(flight, chat_completions.DIALECT) if name == b"sunset"]
