"""What credits mean in life: from the table or as measured here, rounded down, and said in both languages."""

from collections.abc import Iterator, Mapping

import pytest
from django.utils.translation import override

from models_catalog import catalog, pricing
from models_catalog.models import LifeAverage
from models_catalog.pricing import Usage
from plans import meaning
from plans.meaning import Average, Meaning
from plans.templatetags.life_words import kind_name, things
from portal.kit import clock
from portal.kit.units import MICROCREDITS_PER_CREDIT, Microcredits, credits
from tests.budget import query_budget

RATE = MICROCREDITS_PER_CREDIT * 1_000_000
"""One credit a token."""


@pytest.fixture(autouse=True)
def _everyday(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    class Offer:
        rates = pricing.Rates(in_fresh=RATE, out_text=RATE)

    monkeypatch.setattr(catalog, "offer", lambda _name: Offer)
    meaning.forget()
    yield
    meaning.forget()


def counts(amount: int, own: Mapping[str, Average] | None = None) -> Mapping[str, int]:
    told = meaning.of(credits(amount), own=own)
    assert told
    return told.counts


def measure(kind: str, tokens: int, calls: int = 200) -> None:
    LifeAverage.objects.create(kind=kind, calls=calls, in_fresh=tokens, out_text=0, measured_at=clock.now())
    meaning.forget()


@pytest.mark.django_db
class TestOf:
    def test_takes_the_table_first(self) -> None:
        assert counts(10_480_000) == {"homework": 2_000, "letter": 1_000, "page": 6_500, "agent_hour": 8}

    def test_takes_what_was_measured_here(self) -> None:
        measure("homework", 1_000)
        assert counts(10_480_000)["homework"] == 10_000
        assert counts(10_480_000)["letter"] == 1_000

    def test_takes_what_the_account_itself_took(self) -> None:
        measure("homework", 1_000)
        own = {"homework": Average(Usage(in_fresh=2_000), calls=20)}
        assert counts(10_480_000, own)["homework"] == 5_200
        told = meaning.of(credits(1), kinds=["letter"], own=own)
        assert told == Meaning({"letter": 0}, is_own=False)

    @pytest.mark.parametrize(("amount", "number"), [(999, 0), (1_000, 1), (99_999, 99), (100_999, 100), (119_000, 110)])
    def test_rounds_down_to_two_digits(self, amount: int, number: int) -> None:
        measure("page", 1_000)
        assert counts(amount)["page"] == number

    def test_does_not_know_kinds_that_are_not_in_the_table(self) -> None:
        measure("poems", 1)
        assert set(counts(1)) == set(meaning.TABLE)

    def test_is_silent_without_an_everyday_model(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuse(_name: str) -> None:
            raise catalog.NotConnected(model="everyday")

        monkeypatch.setattr(catalog, "offer", refuse)
        assert meaning.of(Microcredits(1)) is None

    def test_asks_the_database_once_a_minute(self) -> None:
        with query_budget(1):
            for _ in range(3):
                counts(1)


@pytest.mark.parametrize(
    ("numbers", "english", "chinese"),
    [
        (
            {"homework": 1_900, "letter": 1, "page": 30},
            "1,900 homework questions, 1 letter, or 30 translated pages",
            "问 1,900 道作业题、写 1 封信或译 30 页",
        ),
        (
            {"letter": 12, "agent_hour": 1},
            "12 letters or 1 hour of a coding agent",
            "写 12 封信或运行 1 小时编程智能体",
        ),
        ({"letter": 2, "agent_hour": 0}, "2 letters", "写 2 封信"),
        ({"letter": 0}, "", ""),
    ],
)
def test_is_said_in_both_languages(numbers: dict[str, int], english: str, chinese: str) -> None:
    for language, said in (("en", english), ("zh-hans", chinese)):
        with override(language):
            assert things(Meaning(numbers, is_own=False)) == said


def test_every_kind_has_a_name_and_somebody_it_is_for() -> None:
    assert len({kind_name(kind) for kind in meaning.TABLE}) == len(meaning.TABLE)
    assert {kind for kinds in meaning.KINDS_OF.values() for kind in kinds} == set(meaning.TABLE)
    assert things(None) == ""
