"""The dry run of a file: what it finds wrong, what it sets aside, and that it changes nothing."""

from datetime import datetime

import pytest

from accounts import invitations
from accounts.departments import NotForHouseholds
from accounts.invitations import MOST_LISTED_A_DAY, Place
from accounts.models import Invitation
from plans import bulk
from portal.kit import clock
from portal.kit.units import credits
from tests.accounts.people import Firm, found, staffed
from tests.plans.files import PEOPLE, carry_out, counts, file_of, large, rehearse, row
from tests.plans.ledger import books

CONTACT = "new@example.com"


@pytest.fixture
def now(db: None) -> datetime:
    return clock.now()


@pytest.fixture
def firm(db: None) -> Firm:
    return staffed(found("boss@example.com", kind="business", name="Boss & Co"))


@pytest.mark.django_db
class TestRehearse:
    @pytest.mark.parametrize(
        ("rows", "line", "sentence"),
        [
            ([row("department", name="A", parent="Nowhere")], 2, "no department “Nowhere”"),
            ([row("member", contact=CONTACT, department="Nowhere")], 2, "no department “Nowhere”"),
            ([row("quota", department="Nowhere", monthly_credits=1)], 2, "no department “Nowhere”"),
            ([row("quota", project="Nothing", monthly_credits=1)], 2, "no project “Nothing”"),
            ([row("quota", contact=CONTACT, monthly_credits=1)], 2, "is no member yet"),
            ([row("department", name="A"), row("department", name="a")], 3, "stands in line 2 already"),
            ([row("project", name="A"), row("project", name="A ")], 3, "stands in line 2 already"),
            ([row("member", contact=CONTACT), row("member", contact="NEW@example.com")], 3, "person stands in line 2"),
            (
                [
                    row("quota", department="Sales", monthly_credits=1),
                    row("department", name="Sales", monthly_credits=2),
                ],
                3,
                "quota for the same stands in line 2",
            ),
            ([row("department", name="Sales", parent="Team")], 2, "would stand in itself"),
            ([row("department", name="A", parent="B"), row("department", name="B", parent="A")], 2, "in itself"),
            ([row("department", name="A", parent="A")], 2, "in itself"),
            ([row("member", contact=CONTACT, role="head")], 2, "A head needs a department"),
            ([row("member", contact=CONTACT, role="owner")], 2, "role “owner” cannot be given"),
            ([row("member", contact=CONTACT, role="child")], 2, "role “child” cannot be given"),
            ([row("member", contact="boss@example.com", role="adult")], 2, "role “adult” cannot be given"),
            ([row("member", contact="clerk@example.com", role="boss")], 2, "role “boss” cannot be given"),
            ([row("member", contact=CONTACT, name="see evil.example")], 2, "has no address in it"),
            ([row("member", contact=CONTACT, monthly_credits=1, set_aside="yes")], 2, "who has not joined yet"),
        ],
    )
    def test_finds_what_is_wrong(self, firm: Firm, rows: list[str], line: int, sentence: str) -> None:
        rehearsal = rehearse(firm, *rows)
        said = [(each.line, str(each)) for each in rehearsal.mistakes]
        assert any(each[0] == line and sentence in each[1] for each in said), said
        with pytest.raises(bulk.NotSound):
            carry_out(firm, file_of(*rows))

    def test_finds_what_would_stand_too_deep(self, firm: Firm) -> None:
        chain = [row("department", name=f"D{n}", parent=f"D{n - 1}" if n else "") for n in range(19)]
        assert rehearse(firm, *chain, row("department", name="Shop", parent="D18")).is_sound
        deep = rehearse(firm, *chain, row("department", name="Sales", parent="D18"))
        assert [each.line for each in deep.mistakes] == [21]

    def test_finds_an_invitation_on_other_terms(self, firm: Firm, now: datetime) -> None:
        place = Place(way="email", contact=CONTACT, department_id=firm.team.pk, monthly_microcredits=credits(5))
        invitations.invite(firm.owner, place, now=now)
        same = row("member", contact=CONTACT, department="team", monthly_credits=5)
        assert counts(rehearse(firm, same))["member"] == (0, 0, 1)
        other = rehearse(firm, row("member", contact=CONTACT, department="Shop"))
        assert "open invitation with another role" in str(other.mistakes[0])

    def test_finds_more_invitations_than_a_day_has(self, firm: Firm, now: datetime) -> None:
        carry_out(firm, large())
        many = [row("member", contact=f"x{n}@example.com") for n in range(MOST_LISTED_A_DAY - PEOPLE + 1)]
        assert "at most 500 people a day, and 200 were today" in str(rehearse(firm, *many).mistakes[0])
        assert rehearse(firm, *many[1:]).is_sound

    def test_sums_slices_as_the_ledger_does_and_warns(self, firm: Firm) -> None:
        books.grant(firm.owner, credits(1000), source="plan", name="Plan")
        rows = [
            row("quota", department="Sales", monthly_credits=600, set_aside="yes"),
            row("quota", department="Team", monthly_credits=400, set_aside="yes"),
            row("quota", contact="clerk@example.com", monthly_credits=100, set_aside="yes"),
            row("quota", contact="boss@example.com", monthly_credits=300, set_aside="yes"),
            row("department", name="Shop", monthly_credits=9999, set_aside="no"),
        ]
        fits = rehearse(firm, *rows)
        assert (fits.set_aside, fits.pool, fits.is_over) == (credits(900), credits(1000), False)
        assert not fits.warnings
        over = rehearse(firm, *rows[:2], row("project", name="Web", monthly_credits=500, set_aside="yes"))
        assert (over.set_aside, over.is_over) == (credits(1100), True)
        assert "More is set aside a month than the plans grant" in str(over.warnings[0])
        inner = rehearse(firm, row("quota", department="Team", monthly_credits=700, set_aside="yes"), rows[0])
        assert ["inside “Sales” than for “Sales”" in str(each) for each in inner.warnings] == [True]

    def test_counts_a_moved_person_where_they_will_be(self, firm: Firm, now: datetime) -> None:
        sliced = [
            row("quota", department="Sales", monthly_credits=600, set_aside="yes"),
            row("quota", contact="clerk@example.com", monthly_credits=100, set_aside="yes"),
        ]
        assert rehearse(firm, *sliced).set_aside == credits(600)
        moved = row("member", contact="clerk@example.com", department="Shop")
        assert rehearse(firm, *sliced, moved).set_aside == credits(700)

    def test_changes_nothing(self, firm: Firm) -> None:
        rehearse(firm, row("department", name="A"), row("member", contact=CONTACT))
        assert firm.owner.account.departments.count() == 3
        assert not Invitation.objects.exists()

    def test_refuses_households(self, now: datetime) -> None:
        owner = found("home@example.com", kind="household", name="Home")
        with pytest.raises(NotForHouseholds):
            bulk.rehearse(owner.account, bulk.read(file_of()), now=now)
        with pytest.raises(NotForHouseholds):
            bulk.export(owner.account, now=now)
