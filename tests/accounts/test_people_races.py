"""At the same moment: the last two owners, two clicks on an offer, a flood of invitations, two posts at once."""

import pytest
from django.core import mail

from accounts import invitations, members, outbox, ownership
from accounts.invitations import Place
from accounts.models import Invitation, Member, OwnershipOffer
from tests.accounts.people import NOW, at_once, join

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 10


class TestTwoOwners:
    def test_never_step_down_both(self, owner: Member) -> None:
        second = join(owner, role="owner", name="second")
        for _ in range(ROUNDS):
            codes = at_once(*(lambda one=one: ownership.step_down(one, now=NOW) for one in (owner, second)))
            assert codes == ["", "last_owner"]
            assert Member.objects.owners().filter(account=owner.account).count() == 1
            Member.objects.filter(account=owner.account).update(role="owner")

    def test_never_remove_each_other(self, owner: Member) -> None:
        second = join(owner, role="owner", name="second")
        pairs = ((owner, second), (second, owner))
        for _ in range(ROUNDS):
            codes = at_once(
                *(lambda one=one, by=by: members.remove(one, by=by.user, reason="", now=NOW) for one, by in pairs)
            )
            assert codes == ["", "last_owner"]
            assert Member.objects.owners().filter(account=owner.account).count() == 1
            Member.objects.filter(account=owner.account).update(left_at=None)


class TestTwoClicks:
    def test_offer_ownership_once(self, owner: Member, adult: Member) -> None:
        for _ in range(ROUNDS):
            codes = at_once(*[lambda: ownership.offer(owner, to=adult, is_handover=False, now=NOW)] * 4)
            assert codes == ["", *["already_offered"] * 3]
            OwnershipOffer.objects.update(state="withdrawn", ended_at=NOW)

    def test_accept_once(self, owner: Member, adult: Member) -> None:
        made = ownership.offer(owner, to=adult, is_handover=True, now=NOW)
        assert at_once(*[lambda: ownership.accept(made, by=adult, now=NOW)] * 4) == ["", *["offer_ended"] * 3]


class TestAFlood:
    def test_of_invitations_ends_at_twenty(self, owner: Member) -> None:
        def invite(number: int) -> Invitation:
            return invitations.invite(owner, Place(way="email", contact=f"{number}@example.com"), now=NOW)

        for number in range(invitations.MOST_A_DAY - 2):
            invite(number)
        codes = at_once(*(lambda number=number: invite(number) for number in range(100, 110)))
        assert codes == ["", "", *["too_many_invitations"] * 8]

    def test_to_one_address_is_one_invitation(self, owner: Member) -> None:
        place = Place(way="email", contact="li@example.com")
        codes = at_once(*[lambda: invitations.invite(owner, place, now=NOW)] * 5)
        assert codes == ["", *["already_invited"] * 4]


class TestTwoPosts:
    def test_send_none_twice(self, owner: Member) -> None:
        for number in range(10):
            invitations.invite(owner, Place(way="email", contact=f"{number}@example.com"), now=NOW)
        at_once(*[lambda: outbox.send_invitations(NOW)] * 4)
        assert sorted(sent.to[0] for sent in mail.outbox) == [f"{number}@example.com" for number in range(10)]
        at_once(*[lambda: outbox.send_notifications(NOW)] * 4)
        assert len(mail.outbox) == 10
