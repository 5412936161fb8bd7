"""Lines of children: opened with a recorded consent, limited by a household's owners, and private from fourteen on."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from django.contrib.auth.hashers import check_password
from pytest_django.fixtures import Settings

from accounts import children, legal_texts, members, names
from accounts.children import Limits
from accounts.models import Agreement, AuditEvent, Guardianship, LegalText, Member, Notification, Scenario, User
from portal.kit.refusals import Refusal
from tests.accounts.people import NOW, PIN, join

pytestmark = pytest.mark.django_db

FREE = Limits(daily_minutes=None, quiet_from=None, quiet_to=None)


@pytest.fixture(autouse=True)
def _published(db: None) -> None:
    """A text that is in force before these tests begin, in both languages."""
    for language in ("en", "zh-hans"):
        LegalText.objects.create(
            kind="guardian",
            version=50,
            language=language,
            body="Consent",
            published_at=datetime(2026, 1, 1, tzinfo=UTC),
        )


def opened(owner: Member, born_in: date = date(2016, 1, 1), **given: Any) -> Member:
    usual: dict[str, Any] = {"nickname": "Mei", "pin": PIN, "language": "en", "now": NOW}
    return children.open(owner, born_in=born_in, **usual | given)


def stored(child: Member) -> Guardianship:
    return Guardianship.objects.select_related("member__account").get(member=child)


def refused(owner: Member, refusal: type[Refusal], born_in: date = date(2016, 1, 1), **given: Any) -> None:
    """It is refused, and nothing is left of the line."""
    people = User.objects.count()
    with pytest.raises(refusal):
        opened(owner, born_in, **given)
    assert (User.objects.count(), Guardianship.objects.count(), Agreement.objects.count()) == (people, 0, 0)


class TestOpen:
    def test_records_the_consent_with_the_version_of_its_text(self, owner: Member) -> None:
        child = opened(owner)
        agreed = stored(child)
        text = legal_texts.in_force(LegalText.Kind.GUARDIAN, language="en", now=NOW)
        assert text
        assert (agreed.consent_text, agreed.consented_at, agreed.consented_by) == (text, NOW, owner.user)
        assert Agreement.objects.get(user=owner.user).legal_text == text
        event = AuditEvent.objects.get(verb="child.open")
        assert (event.actor, event.subject, event.details) == (owner.user, "Mei", {"consent": text.version})

    def test_records_the_text_that_the_guardian_read(self, owner: Member) -> None:
        first, second = opened(owner, language="zh-hans"), opened(owner)
        newer = LegalText.objects.create(kind="guardian", version=99, language="en", body="New", published_at=NOW)
        third = opened(owner)
        assert stored(first).consent_text.language == "zh-hans"
        assert stored(second).consent_text.version == 50
        assert stored(third).consent_text == newer
        assert Agreement.objects.filter(user=owner.user).count() == 3

    def test_makes_somebody_who_signs_in_nowhere_else(self, owner: Member) -> None:
        user = opened(owner).user
        assert (user.email, user.phone, user.has_usable_password(), user.guarded_at) == (None, None, False, NOW)

    def test_keeps_no_more_than_the_month_and_no_pin(self, owner: Member) -> None:
        agreed = stored(opened(owner, date(2016, 5, 27)))
        assert agreed.born_in == date(2016, 5, 1)
        assert PIN not in agreed.pin_digest
        assert check_password(PIN, agreed.pin_digest)

    def test_begins_careful(self, owner: Member) -> None:
        agreed = stored(opened(owner))
        assert (agreed.daily_minutes, agreed.quiet_from, agreed.quiet_to) == (60, time(22), time(6))
        assert (agreed.is_tutored, agreed.read_since, agreed.scenario_ids) == (True, None, None)
        assert stored(opened(owner, date(2010, 1, 1))).daily_minutes == 120

    @pytest.mark.parametrize("born_in", [date(2023, 11, 30), date(2008, 12, 1)])
    def test_is_for_three_to_seventeen(self, owner: Member, born_in: date) -> None:
        assert opened(owner, born_in).role == Member.Role.CHILD

    @pytest.mark.parametrize("born_in", [date(2023, 12, 1), date(2008, 11, 30), date(2027, 1, 1), date(1926, 1, 1)])
    def test_is_for_nobody_younger_or_older(self, owner: Member, born_in: date) -> None:
        refused(owner, children.NotAChild, born_in)

    def test_counts_the_age_by_the_accounts_day(self, owner: Member) -> None:
        refused(owner, children.NotAChild, date(2023, 11, 1), now=datetime(2026, 10, 31, 15, 59, tzinfo=UTC))
        opened(owner, date(2023, 11, 1), now=datetime(2026, 10, 31, 16, tzinfo=UTC))

    @pytest.mark.parametrize(
        "pin", ["", "123", "1234567", "1111", "000000", "1234", "654321", "25a0", "２５８０", "٢٥٨٠", " 2580", "25 80"]
    )
    def test_wants_a_pin_that_is_not_the_first_guess(self, owner: Member, pin: str) -> None:
        refused(owner, children.BadPin, pin=pin)

    @pytest.mark.parametrize("pin", ["1235", "9012", "135790"])
    def test_takes_any_other(self, owner: Member, pin: str) -> None:
        assert check_password(pin, stored(opened(owner, pin=pin)).pin_digest)

    @pytest.mark.parametrize("role", ["adult", "bill_payer", "auditor", "child"])
    def test_is_for_owners(self, owner: Member, role: str) -> None:
        refused(join(owner, role=role, name=role), members.OwnersOnly)

    def test_is_for_households(self, stranger: Member) -> None:
        refused(stranger, children.NotForBusinesses)

    def test_waits_for_a_content_filter(self, owner: Member, settings: Settings) -> None:
        settings.CONTENT_FILTER = ""
        refused(owner, children.NoFilter)

    def test_takes_no_address_for_a_name(self, owner: Member) -> None:
        refused(owner, names.BadName, nickname="mei@example.com")

    def test_opens_ten_at_most_at_a_time(self, owner: Member) -> None:
        first = opened(owner)
        for number in range(children.MOST_CHILDREN - 1):
            join(owner, role="child", name=f"child{number}")
        with pytest.raises(children.TooManyChildren):
            opened(owner)
        members.remove(first, by=owner.user, reason="", now=NOW)
        opened(owner)


class TestLimit:
    def test_sets_all_of_it_and_writes_down_what_was_before(self, owner: Member) -> None:
        child, homework = opened(owner), Scenario.objects.offered_to(owner.account_id)[0]
        given = Limits(
            daily_minutes=45, quiet_from=time(20), quiet_to=time(7), scenario_ids=(homework.pk,), is_tutored=False
        )
        children.limit(child, given, by=owner, now=NOW)
        now = stored(child)
        assert (now.daily_minutes, now.quiet_from, now.quiet_to) == (45, time(20), time(7))
        assert (now.scenario_ids, now.is_tutored) == ([homework.pk], False)
        told = AuditEvent.objects.get(verb="child.limit").details
        assert (told["before"]["daily_minutes"], told["after"]["daily_minutes"]) == (60, 45)
        assert (told["before"]["quiet_from"], told["after"]["scenario_ids"]) == ("22:00:00", [homework.pk])

    @pytest.mark.parametrize("minutes", [None, 0, 1440])
    def test_knows_no_end_and_nothing_at_all(self, owner: Member, minutes: int | None) -> None:
        child = opened(owner)
        children.limit(child, Limits(daily_minutes=minutes, quiet_from=None, quiet_to=None), by=owner, now=NOW)
        assert stored(child).daily_minutes == minutes

    @pytest.mark.parametrize(
        "wrong",
        [
            {"daily_minutes": 1441},
            {"daily_minutes": -1},
            {"quiet_from": time(20)},
            {"quiet_to": time(20)},
            {"quiet_from": time(20), "quiet_to": time(20)},
            {"scenario_ids": (0,)},
        ],
    )
    def test_refuses_what_does_not_fit(self, owner: Member, wrong: dict[str, Any]) -> None:
        child = opened(owner)
        usual: dict[str, Any] = {"daily_minutes": None, "quiet_from": None, "quiet_to": None}
        with pytest.raises(children.BadLimits):
            children.limit(child, Limits(**usual | wrong), by=owner, now=NOW)
        assert stored(child).daily_minutes == 60

    def test_knows_no_scenario_of_others_and_none_that_was_closed(self, owner: Member, stranger: Member) -> None:
        child = opened(owner)
        theirs = Scenario.objects.create(account=stranger.account, name="Theirs", created_at=NOW)
        closed = Scenario.objects.create(account=owner.account, name="Closed", created_at=NOW, closed_at=NOW)
        for scenario in (theirs, closed):
            with pytest.raises(children.BadLimits):
                children.limit(
                    child,
                    Limits(daily_minutes=None, quiet_from=None, quiet_to=None, scenario_ids=(scenario.pk,)),
                    by=owner,
                    now=NOW,
                )

    def test_is_for_owners(self, owner: Member, adult: Member) -> None:
        child = opened(owner)
        for by in (adult, child):
            with pytest.raises(members.OwnersOnly):
                children.limit(child, FREE, by=by, now=NOW)
        assert stored(child).daily_minutes == 60


class TestSetPin:
    def test_forgets_the_wrong_tries(self, owner: Member) -> None:
        child = opened(owner)
        Guardianship.objects.update(pin_failures=5, pin_locked_until=NOW)
        children.set_pin(child, pin="8024", by=owner, now=NOW)
        now = stored(child)
        assert check_password("8024", now.pin_digest)
        assert (now.pin_failures, now.pin_locked_until) == (0, None)
        assert AuditEvent.objects.get(verb="child.set_pin").details == {}

    def test_keeps_the_old_one_where_the_new_is_bad(self, owner: Member) -> None:
        child = opened(owner)
        with pytest.raises(children.BadPin):
            children.set_pin(child, pin="4444", by=owner, now=NOW)
        assert check_password(PIN, stored(child).pin_digest)

    def test_is_for_owners(self, owner: Member, adult: Member) -> None:
        child = opened(owner)
        for by in (adult, child):
            with pytest.raises(members.OwnersOnly):
                children.set_pin(child, pin="8024", by=by, now=NOW)


class TestReading:
    def test_is_told_to_the_child_once(self, owner: Member) -> None:
        child = opened(owner)
        for _ in range(2):
            children.begin_reading(child, by=owner, now=NOW)
        told = Notification.objects.get()
        assert (told.member, told.kind, told.path, told.details) == (
            child,
            "reading_began",
            "/chat/",
            {"name": "owner"},
        )
        assert stored(child).read_since == NOW
        assert AuditEvent.objects.filter(verb="child.begin_reading").count() == 1

    def test_is_off_until_it_is_switched_on_and_after_it_ended(self, owner: Member) -> None:
        child = opened(owner)
        assert not children.may_be_read(stored(child), now=NOW)
        children.begin_reading(child, by=owner, now=NOW)
        assert children.may_be_read(stored(child), now=NOW)
        children.end_reading(child, by=owner, now=NOW)
        assert not children.may_be_read(stored(child), now=NOW)

    def test_does_not_begin_from_fourteen_on(self, owner: Member) -> None:
        child = opened(owner, date(2012, 11, 1))
        with pytest.raises(children.TooOldToBeRead):
            children.begin_reading(child, by=owner, now=NOW)
        assert stored(child).read_since is None
        assert not Notification.objects.exists()

    def test_ends_with_the_fourteenth_birthday_also_when_it_was_on(self, owner: Member) -> None:
        child = opened(owner, date(2012, 12, 1))
        children.begin_reading(child, by=owner, now=NOW)
        assert children.may_be_read(stored(child), now=datetime(2026, 11, 30, 15, 59, tzinfo=UTC))
        assert not children.may_be_read(stored(child), now=datetime(2026, 11, 30, 16, tzinfo=UTC))

    def test_is_for_owners(self, owner: Member, adult: Member) -> None:
        child = opened(owner)
        for verb in (children.begin_reading, children.end_reading):
            for by in (adult, child):
                with pytest.raises(members.OwnersOnly):
                    verb(child, by=by, now=NOW)
