"""Calls that come while slices flow back: nothing is taken that a call holds, and nothing twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connections

from accounts.models import Member
from plans import reclaims
from plans.models import Reclaim
from portal.kit import clock
from portal.kit.units import credits
from tests.plans.ledger import books
from tests.plans.reclaims.months import begin_month, choose, departments_of, move_to, sliced

pytestmark = pytest.mark.django_db(transaction=True)

CALLS = 40


class TestReclaimingWhileCallsRun:
    def test_takes_only_what_is_free_and_takes_it_once(self) -> None:
        begin_month()
        owner = books.founded()
        books.grant(owner, credits(10_000))
        slices = [sliced(owner, name, 1000) for name in ("Sales", "Shop", "Web")]
        choose(owner, 28, floor_percent=0)
        move_to(28)
        start = Barrier(4)

        def calls() -> list[str]:
            start.wait()
            answers = []
            for number in range(CALLS):
                room = departments_of(slices[number % len(slices)])
                asked = books.ask(owner, credits(30), departments=room)
                answers.append(books.reserve(asked)[0][0])
                if answers[-1] == "ok" and number % 2:
                    books.close(asked, credits(20))
            return answers

        def reclaiming() -> list[str]:
            start.wait()
            return ["run"] * reclaims.run()

        with ThreadPoolExecutor(4) as pool:
            answers = [
                each.result() for each in [pool.submit(_alone, work) for work in [calls, calls, reclaiming, reclaiming]]
            ]

        assert sorted(len(each) for each in answers[2:]) == [0, 1]
        assert {word for each in answers[:2] for word in each} <= {"ok", "quota"}
        for each in slices:
            window = books.window_of(each)
            flowed = sum(Reclaim.objects.filter(window=window).values_list("microcredits", flat=True))
            assert window.extra == -flowed
            assert each.limit + window.extra >= window.used + window.held
        assert Reclaim.objects.count() in {1, 2, 3}
        assert books.kinds() == set()
        found = list(Reclaim.objects.all())
        given = [_given_back(owner, found) for _ in range(2)]
        assert given == [sum(each.microcredits for each in found), 0]
        assert books.kinds() == set()


def _alone(work: Callable[[], list[str]]) -> list[str]:
    try:
        return work()
    finally:
        connections.close_all()


def _given_back(owner: Member, found: list[Reclaim]) -> int:
    try:
        return reclaims.give_back(found, by=owner, now=clock.now())
    except reclaims.ReclaimEnded:
        return 0
