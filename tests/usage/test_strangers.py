"""An answer on its way is its owner's, and machines see the calls of their own member; every address: `strangers`."""

from datetime import datetime

import pytest
from django.test import Client, RequestFactory

from accounts import api_keys
from tests.usage import cast
from tests.usage.cast import Home
from usage.views import answers

pytestmark = pytest.mark.django_db


class TestAnAnswerOnItsWay:
    def test_is_its_owners(self, home: Home, now: datetime) -> None:
        call = cast.answered(home.owner, now=now)[1]
        asked = {who.name: RequestFactory().get("/") for who in vars(home).values()}
        for who in vars(home).values():
            asked[who.name].user = who.user
        seen = {name: answers._turn_of(request, call.pk) is not None for name, request in asked.items()}
        assert seen == {"olga": True, "adult": False, "child": False, "stan": False}


class TestMachines:
    def test_see_the_calls_of_their_own_member_alone(self, home: Home, now: datetime) -> None:
        call = cast.answered(home.owner, now=now)[1]
        status = {}
        for who in (home.owner, home.adult, home.stranger):
            _key, secret = api_keys.issue(who, api_keys.Wish(label="test"), by=who.user, now=now)
            answer = Client().get(f"/v1/calls/{call.pk}", headers={"x-api-key": secret})
            status[who.name] = answer.status_code
        assert status == {"olga": 200, "adult": 404, "stan": 404}
