"""Owning an account: offered, taken on by a yes of one's own, laid down by all but the last, recovered by staff."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from accounts import members, ownership
from accounts.models import AuditEvent, Member, Notification, OwnershipOffer, User
from portal.kit import clock
from tests.accounts.people import NOW, Firm, client_of, fresh, join

pytestmark = pytest.mark.django_db
LATE = NOW + ownership.LIVES


def offer(owner: Member, to: Member, *, is_handover: bool = False) -> OwnershipOffer:
    return ownership.offer(owner, to=to, is_handover=is_handover, now=NOW)


def roles(*asked: Member) -> list[str]:
    return [Member.objects.get(pk=each.pk).role for each in asked]


@pytest.fixture
def second(owner: Member) -> Member:
    return join(owner, role="owner", name="second")


class TestOffer:
    def test_asks_and_changes_nothing_by_itself(self, owner: Member, adult: Member) -> None:
        made = offer(owner, adult)
        assert (made.state, made.expires_at) == ("open", LATE)
        assert roles(owner, adult) == ["owner", "adult"]
        told = Notification.objects.get()
        assert (told.member, told.kind, str(told)) == (adult, "ownership_offered", "owner asks you to own Li.")
        assert AuditEvent.objects.get(verb="ownership.offer").actor == owner.user

    def test_is_made_by_owners(self, firm: Firm) -> None:
        for member in (firm.bill_payer, firm.auditor, firm.head, firm.clerk):
            with pytest.raises(ownership.MayNotOwn):
                offer(member, firm.clerk)

    def test_is_made_to_grown_ups_of_the_account(self, firm: Firm, owner: Member, adult: Member, child: Member) -> None:
        for to in (child, owner, firm.clerk):
            with pytest.raises(ownership.MayNotOwn):
                offer(owner, to)
        with pytest.raises(ownership.MayNotOwn):
            offer(firm.owner, firm.auditor)
        adult.left_at = NOW
        with pytest.raises(ownership.MayNotOwn):
            offer(owner, adult)
        assert not OwnershipOffer.objects.exists()

    def test_stands_alone_until_it_lapses(self, owner: Member, second: Member, adult: Member) -> None:
        first = offer(owner, adult)
        for asking in (owner, second):
            with pytest.raises(ownership.AlreadyOffered):
                offer(asking, adult)
        ownership.offer(second, to=adult, is_handover=False, now=LATE)
        first.refresh_from_db()
        assert (first.state, first.ended_at) == ("withdrawn", LATE)


class TestAccept:
    def test_makes_another_owner(self, owner: Member, adult: Member) -> None:
        made = offer(owner, adult)
        ownership.accept(made, by=adult, now=NOW)
        assert roles(owner, adult) == ["owner", "owner"]
        assert Notification.objects.get(kind="ownership_accepted").member == owner

    def test_hands_over_where_that_was_offered(self, owner: Member, adult: Member) -> None:
        ownership.accept(offer(owner, adult, is_handover=True), by=adult, now=NOW)
        assert roles(owner, adult) == ["adult", "owner"]

    def test_is_for_who_was_asked(self, firm: Firm) -> None:
        made = offer(firm.owner, firm.clerk, is_handover=True)
        for member in (firm.head, firm.bill_payer, firm.owner):
            with pytest.raises(ownership.OfferEnded):
                ownership.accept(made, by=member, now=NOW)
        assert roles(firm.owner, firm.clerk, firm.head) == ["owner", "adult", "head"]

    def test_comes_once_and_in_time(self, owner: Member, adult: Member) -> None:
        made = offer(owner, adult)
        with pytest.raises(ownership.OfferEnded):
            ownership.accept(made, by=adult, now=LATE)
        ownership.accept(made, by=adult, now=NOW)
        with pytest.raises(ownership.OfferEnded):
            ownership.accept(made, by=adult, now=NOW)

    @pytest.mark.parametrize("verb", ["decline", "withdraw"])
    def test_comes_too_late_after_a_no(self, owner: Member, adult: Member, verb: str) -> None:
        made = offer(owner, adult)
        getattr(ownership, verb)(made, by=adult if verb == "decline" else owner, now=NOW)
        for late in (ownership.accept, ownership.decline):
            with pytest.raises(ownership.OfferEnded):
                late(made, by=adult, now=NOW)
        assert roles(adult) == ["adult"]

    def test_is_worth_nothing_once_the_other_owns_nothing(self, owner: Member, second: Member, adult: Member) -> None:
        made = offer(second, adult)
        ownership.step_down(second, now=NOW)
        with pytest.raises(ownership.OfferEnded):
            ownership.accept(made, by=adult, now=NOW)
        assert roles(owner, second, adult) == ["owner", "adult", "adult"]
        assert not client_of(adult).get("/people/").context["offers"]
        assert offer(owner, adult).pk != made.pk

    @pytest.mark.parametrize("change", [{"role": "auditor"}, {"left_at": NOW}])
    def test_is_refused_to_who_may_not_own_any_more(
        self, owner: Member, adult: Member, change: dict[str, object]
    ) -> None:
        made = offer(owner, adult, is_handover=True)
        Member.objects.filter(pk=adult.pk).update(**change)
        with pytest.raises(ownership.OfferEnded):
            ownership.accept(made, by=adult, now=NOW)
        assert roles(owner) == ["owner"]


class TestWithdraw:
    def test_is_for_any_owner_of_the_account(self, firm: Firm, owner: Member, second: Member, adult: Member) -> None:
        made = offer(owner, adult)
        for member in (firm.owner, adult):
            with pytest.raises(ownership.MayNotOwn):
                ownership.withdraw(made, by=member, now=NOW)
        ownership.withdraw(made, by=second, now=NOW)
        with pytest.raises(ownership.OfferEnded):
            ownership.withdraw(made, by=second, now=NOW)


class TestStepDown:
    def test_is_refused_to_the_last_owner(self, owner: Member, adult: Member) -> None:
        with pytest.raises(ownership.LastOwner):
            ownership.step_down(owner, now=NOW)
        with pytest.raises(ownership.LastOwner):
            members.remove(owner, by=owner.user, reason="", now=NOW)
        assert roles(owner) == ["owner"]

    def test_makes_one_of_two_owners_an_adult(self, owner: Member, second: Member) -> None:
        ownership.step_down(owner, now=NOW)
        assert roles(owner, second) == ["adult", "owner"]

    def test_is_nothing_to_others_and_leaves_no_trace(self, owner: Member, adult: Member) -> None:
        with pytest.raises(ownership.MayNotOwn):
            ownership.step_down(adult, now=NOW)
        assert not AuditEvent.objects.filter(verb="ownership.step_down").exists()

    def test_is_refused_to_the_last_owner_by_the_database_itself(self, owner: Member, adult: Member) -> None:
        Member.objects.filter(pk=owner.pk).update(role="adult")
        with pytest.raises(IntegrityError), connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class TestRecover:
    def test_makes_an_owner_says_why_and_tells_all_owners(self, owner: Member, adult: Member) -> None:
        staff = User.objects.create_superuser("staff@example.com")
        ownership.recover(adult, by=staff, reason="the owner died", now=NOW)
        assert roles(owner, adult) == ["owner", "owner"]
        event = AuditEvent.objects.get(verb="ownership.recover")
        assert (event.actor, event.reason) == (staff, "the owner died")
        assert {told.member for told in Notification.objects.all()} == {owner, adult}

    def test_is_refused_for_children_auditors_and_who_left(self, firm: Firm, adult: Member, child: Member) -> None:
        Member.objects.filter(pk=adult.pk).update(left_at=NOW)
        for member in (child, adult, firm.auditor):
            with pytest.raises(ownership.MayNotOwn):
                ownership.recover(member, by=firm.owner.user, reason="x", now=NOW)


class TestThePages:
    def test_offer_take_on_and_hand_over(self, owner: Member, adult: Member) -> None:
        fresh(client_of(owner)).post(f"/people/{adult.pk}/ownership/", {"is_handover": "on"})
        made = OwnershipOffer.objects.get()
        asked = fresh(client_of(adult))
        assert f"/people/ownership/{made.pk}/acceptance/" in asked.get("/people/").content.decode()
        answer = asked.post(f"/people/ownership/{made.pk}/acceptance/")
        assert answer["Location"] == "/people/"
        assert roles(owner, adult) == ["adult", "owner"]

    def test_offer_for_owners_alone(self, firm: Firm, owner: Member) -> None:
        path = f"/people/{firm.clerk.pk}/ownership/"
        others = [(firm.bill_payer, 403), (firm.auditor, 403), (firm.head, 403), (firm.clerk, 403), (owner, 404)]
        for member, status in others:
            assert fresh(client_of(member)).post(path).status_code == status
        assert fresh(client_of(firm.clerk)).post(f"/people/{firm.head.pk}/ownership/").status_code == 404
        assert not OwnershipOffer.objects.exists()

    def test_answer_only_who_was_asked(self, firm: Firm, owner: Member) -> None:
        made = ownership.offer(firm.owner, to=firm.clerk, is_handover=True, now=clock.now())
        for member in (firm.owner, firm.bill_payer, firm.auditor, firm.head, owner):
            client = fresh(client_of(member))
            for noun in ("acceptance", "refusal"):
                assert client.post(f"/people/ownership/{made.pk}/{noun}/").status_code == 404
        assert fresh(client_of(firm.clerk)).post(f"/people/ownership/{made.pk}/refusal/").status_code == 302
        assert OwnershipOffer.objects.get().state == "declined"

    def test_withdraw_for_owners_alone(self, firm: Firm, owner: Member) -> None:
        made = ownership.offer(firm.owner, to=firm.clerk, is_handover=True, now=clock.now())
        path = f"/people/ownership/{made.pk}/withdrawal/"
        for member, status in [(firm.head, 403), (firm.clerk, 403), (owner, 404), (firm.owner, 302), (firm.owner, 410)]:
            assert client_of(member).post(path).status_code == status

    def test_let_an_owner_step_down_but_not_the_last(self, firm: Firm, owner: Member, second: Member) -> None:
        path = "/people/resignation/"
        for member in (firm.bill_payer, firm.auditor, firm.head, firm.clerk):
            assert fresh(client_of(member)).post(path).status_code == 403
        assert fresh(client_of(firm.owner)).post(path).status_code == 409
        assert fresh(client_of(second)).post(path).status_code == 302
        assert fresh(client_of(second)).post(path).status_code == 403
        assert roles(firm.owner, owner, second) == ["owner", "owner", "adult"]

    def test_hold_back_what_changes_owners_without_a_fresh_sign_in(self, owner: Member, adult: Member) -> None:
        made = ownership.offer(owner, to=adult, is_handover=True, now=clock.now() - timedelta(days=1))
        asked = [
            (owner, f"/people/{adult.pk}/ownership/"),
            (owner, "/people/resignation/"),
            (adult, f"/people/ownership/{made.pk}/acceptance/"),
        ]
        for member, path in asked:
            assert (
                client_of(member).post(path)["Location"].startswith("/accounts/reauthenticate/code/?next=%2Fpeople%2F")
            )
        assert OwnershipOffer.objects.get().state == "open"

    def test_send_visitors_to_sign_in_and_do_nothing_by_a_get(self, client: Client, owner: Member) -> None:
        for path in (f"/people/{owner.pk}/ownership/", "/people/resignation/", "/people/ownership/1/acceptance/"):
            assert client.post(path)["Location"].startswith("/accounts/login/")
            assert fresh(client_of(owner)).get(path).status_code == 405
