"""Members: their place, their end with all that hangs on it, and for which of several accounts a browser acts."""

from datetime import date, timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts import accounts, api_keys, callers, children, devices, invitations, members, notifications, ownership
from accounts.invitations import Place
from accounts.models import AuditEvent, Department, Device, Invitation, Member, Notification, User
from portal.kit import clock
from tests.accounts.people import NOW, Firm, client_of, found, join
from tests.budget import query_budget

pytestmark = pytest.mark.django_db


def put(member: Member, role: str, department: Department | None, by: Member) -> None:
    members.place(member, role=role, department=department, by=by, now=NOW)


def remove(member: Member, by: Member) -> None:
    members.remove(member, by=by.user, reason="moved out", now=NOW)


def invite(inviter: Member, **given: Any) -> Invitation:
    return invitations.invite(inviter, Place(**{"way": "email", "contact": "li@example.com"} | given), now=clock.now())


def opened(guardian: Member, nickname: str) -> Member:
    now = clock.now()
    born_in = date(now.year - 10, 1, 1)
    return children.open(guardian, nickname=nickname, born_in=born_in, pin="2580", language="en", now=now)


def device_of(child: Member, by: Member, *, cookie: str = "") -> devices.SignedIn:
    ticket = devices.make_ticket(child, by=by, now=clock.now())
    return devices.use(ticket, cookie=cookie, name="iPad", now=clock.now())


class TestPlace:
    def test_gives_a_role_and_a_department_and_writes_both_down(self, firm: Firm) -> None:
        put(firm.clerk, "head", firm.shop, firm.owner)
        firm.clerk.refresh_from_db()
        assert (firm.clerk.role, firm.clerk.department) == ("head", firm.shop)
        event = AuditEvent.objects.get(verb="member.place")
        assert event.details == {"role": ["adult", "head"], "department": [firm.team.pk, firm.shop.pk]}
        put(firm.clerk, "auditor", None, firm.owner)
        firm.clerk.refresh_from_db()
        assert (firm.clerk.role, firm.clerk.department) == ("auditor", None)

    def test_is_decided_by_owners(self, firm: Firm) -> None:
        for member in (firm.bill_payer, firm.auditor, firm.head, firm.clerk):
            with pytest.raises(members.OwnersOnly):
                put(firm.clerk, "bill_payer", None, member)

    def test_gives_no_role_that_is_taken_on_in_another_way(self, firm: Firm, owner: Member, child: Member) -> None:
        foreign = Department.objects.create(account=owner.account, name="Garden", created_at=NOW)
        second = join(firm.owner, role="owner", name="second")
        wrong: list[tuple[Member, str, Department | None]] = [
            (firm.clerk, "owner", None),
            (firm.clerk, "child", None),
            (firm.clerk, "emperor", None),
            (firm.clerk, "head", None),
            (firm.clerk, "adult", foreign),
            (second, "adult", None),
        ]
        for member, role, department in wrong:
            with pytest.raises(members.BadRole):
                put(member, role, department, firm.owner)
        with pytest.raises(members.BadRole):
            put(child, "adult", None, owner)
        put(second, "owner", firm.shop, firm.owner)

    def test_is_refused_for_who_has_left_or_was_changed_meanwhile(self, firm: Firm) -> None:
        stale = Member.objects.get(pk=firm.clerk.pk)
        put(firm.clerk, "auditor", None, firm.owner)
        with pytest.raises(members.HasLeft):
            put(stale, "bill_payer", None, firm.owner)
        remove(firm.head, firm.owner)
        with pytest.raises(members.HasLeft):
            put(firm.head, "adult", None, firm.owner)


class TestThePersonsPage:
    def test_lets_the_owner_change_the_place(self, firm: Firm) -> None:
        client = client_of(firm.owner)
        path = f"/people/{firm.clerk.pk}/"
        assert client.get(path).status_code == 200
        assert client.post(path, {"role": "head", "department": firm.shop.pk})["Location"] == path
        assert Member.objects.get(pk=firm.clerk.pk).role == "head"

    @pytest.mark.parametrize("role", ["owner", "child", "emperor", "head"])
    def test_ignores_a_role_that_was_tampered_with(self, owner: Member, adult: Member, role: str) -> None:
        assert client_of(owner).post(f"/people/{adult.pk}/", {"role": role}).status_code == 422
        assert Member.objects.get(pk=adult.pk).role == "adult"

    def test_knows_no_department_of_another_account(self, firm: Firm, owner: Member) -> None:
        foreign = Department.objects.create(account=owner.account, name="Garden", created_at=NOW)
        given = {"role": "head", "department": foreign.pk}
        assert client_of(firm.owner).post(f"/people/{firm.clerk.pk}/", given).status_code == 422

    def test_changes_nothing_for_others(self, firm: Firm, owner: Member) -> None:
        given = {"role": "bill_payer"}
        seeing = [(firm.bill_payer, 403), (firm.auditor, 403), (firm.head, 403), (firm.clerk, 403), (owner, 404)]
        for member, status in seeing:
            assert client_of(member).post(f"/people/{firm.clerk.pk}/", given).status_code == status
        assert Member.objects.get(pk=firm.clerk.pk).role == "adult"

    def test_shows_each_only_whom_they_may_see(self, firm: Firm, owner: Member, adult: Member, child: Member) -> None:
        everybody = {firm.owner, firm.bill_payer, firm.auditor, firm.head, firm.clerk}
        seen = {firm.owner: everybody, firm.bill_payer: everybody, firm.auditor: everybody}
        seen |= {firm.head: {firm.head, firm.clerk}, firm.clerk: {firm.clerk}, child: {child}, adult: {adult}}
        for viewer, shown in seen.items():
            client = client_of(viewer)
            for member in everybody | {owner, adult, child}:
                status = client.get(f"/people/{member.pk}/").status_code
                assert status == (200 if member in shown else 404), (viewer, member)

    def test_is_gone_with_the_member(self, owner: Member, adult: Member) -> None:
        remove(adult, owner)
        assert client_of(owner).get(f"/people/{adult.pk}/").status_code == 404
        assert client_of(adult).get(f"/people/{adult.pk}/").status_code == 403


class TestRemove:
    def test_ends_keys_and_tells_the_other_owners(self, owner: Member, adult: Member) -> None:
        second = join(owner, role="owner", name="second")
        key, secret = api_keys.issue(adult, api_keys.Wish(label="x"), by=adult.user, now=NOW)
        remove(adult, owner)
        key.refresh_from_db()
        assert (key.revoked_at, key.revoked_by) == (NOW, owner.user)
        with pytest.raises(callers.UnknownKey):
            callers.from_bearer(f"Bearer {secret}", "")
        told = Notification.objects.get()
        assert (told.member, str(told)) == (second, "partner has left Li.")
        assert AuditEvent.objects.get(verb="member.remove").reason == "moved out"

    def test_happens_once(self, owner: Member, adult: Member) -> None:
        remove(adult, owner)
        with pytest.raises(members.HasLeft):
            remove(adult, owner)

    def test_leaves_the_account_an_owner(self, owner: Member) -> None:
        second = join(owner, role="owner", name="second")
        remove(second, owner)
        with pytest.raises(ownership.LastOwner):
            remove(owner, owner)

    def test_ends_every_invitation_to_them_whatever_the_address(self, owner: Member, adult: Member) -> None:
        User.objects.filter(pk=adult.user_id).update(phone="+8613800138000", phone_verified_at=NOW)
        adult.user.refresh_from_db()
        EmailAddress.objects.create(user=adult.user, email="second@example.com", verified=True)
        Member.objects.filter(pk=adult.pk).update(left_at=NOW)  # so that they can be invited at all
        made = [invite(owner, contact=address) for address in (str(adult.user.email), "second@example.com")]
        made += [invite(owner, way="phone", contact="+8613800138000"), invite(owner, way="screen", contact="")]
        invitations.ask(made[-1], user=adult.user, now=clock.now())
        other = invite(owner)
        Member.objects.filter(pk=adult.pk).update(left_at=None)
        remove(adult, owner)
        assert {each.state for each in Invitation.objects.exclude(pk=other.pk)} == {"withdrawn"}
        assert Invitation.objects.get(pk=other.pk).state == "open"
        for each in made[:3]:
            with pytest.raises(invitations.LinkEnded):
                invitations.accept(each, user=adult.user, now=clock.now())

    def test_ends_the_invitations_that_they_made(self, firm: Firm) -> None:
        invite(firm.head, department_id=firm.team.pk)
        remove(firm.head, firm.owner)
        assert Invitation.objects.get().state == "withdrawn"

    def test_lets_them_come_back_by_a_new_invitation(self, owner: Member, adult: Member) -> None:
        remove(adult, owner)
        made = invite(owner, contact=str(adult.user.email))
        assert invitations.accept(made, user=adult.user, now=clock.now()).pk != adult.pk

    def test_signs_a_child_out_of_devices_and_leaves_those_of_others(self, owner: Member) -> None:
        mei, lan = opened(owner, "Mei"), opened(owner, "Lan")
        alone, shared = device_of(mei, owner), device_of(mei, owner)
        device_of(lan, owner, cookie=shared.secret)
        remove(mei, owner)
        assert Device.objects.get(pk=alone.device.pk).ended_by == owner.user
        assert list(Device.objects.in_use()) == [shared.device]
        assert devices.profiles(shared.device) == [lan]
        for signed_in in (alone, shared):
            assert not devices.is_signed_in(signed_in.device.pk, user=mei.user, now=clock.now())
        assert not User.objects.get(pk=mei.user_id).is_active
        assert User.objects.get(pk=lan.user_id).is_active


class TestActing:
    @pytest.fixture
    def work(self, owner: Member) -> Member:
        return accounts.found(owner.user, kind="business", name="Li Works", now=NOW + timedelta(days=1))

    def account_at(self, client: Client) -> str:
        name: str = client.get("/people/").context["account"]().name
        return name

    def test_is_for_the_oldest_until_another_is_chosen_in_this_browser(self, owner: Member, work: Member) -> None:
        phone, laptop = client_of(owner), client_of(owner)
        assert self.account_at(phone) == "Li"
        assert phone.post("/people/acting/", {"member": work.pk})["Location"] == "/"
        assert (self.account_at(phone), self.account_at(laptop)) == ("Li Works", "Li")
        phone.post("/people/acting/", {"member": owner.pk})
        assert (self.account_at(phone), self.account_at(laptop)) == ("Li", "Li")

    def test_lists_ones_own_and_takes_no_other(self, owner: Member, work: Member, adult: Member) -> None:
        client = client_of(owner)
        assert client.get("/people/acting/").context["mine"] == [owner, work]
        for other in (adult.pk, 10**9, "x"):
            assert client.post("/people/acting/", {"member": other}).status_code == 422
        assert self.account_at(client) == "Li"

    def test_never_follows_a_session_into_somebody_elses_place(self, owner: Member, adult: Member) -> None:
        client = client_of(adult)
        session = client.session
        session["member_id"] = owner.pk
        session.save()
        assert client.get("/people/").context["member"]() == adult

    def test_goes_back_to_the_oldest_when_the_chosen_one_ends(self, owner: Member, stranger: Member) -> None:
        guest = Member.objects.create(
            account=stranger.account, user=owner.user, role="adult", name="guest", joined_at=NOW + timedelta(days=1)
        )
        client = client_of(owner)
        client.post("/people/acting/", {"member": guest.pk})
        assert self.account_at(client) == "Wang & Co"
        remove(guest, stranger)
        assert self.account_at(client) == "Li"

    def test_begins_with_an_account_that_was_founded_just_now(self, adult: Member) -> None:
        client = client_of(adult)
        page = client.get("/accounts/founding/?next=/")
        assert [kind for kind, _label in page.context["form"].fields["kind"].choices] == ["household", "business"]
        given = {"kind": "business", "name": "Works", "time_zone": "Asia/Tokyo", "next": "/people/"}
        for _ in range(2):
            assert client.post("/accounts/founding/", given)["Location"] == "/people/"
        assert self.account_at(client) == "Works"
        page = client.get("/accounts/founding/")
        assert [kind for kind, _label in page.context["form"].fields["kind"].choices] == ["household"]
        client.post("/accounts/founding/", given | {"kind": "household", "name": "Home"})
        assert client.get("/accounts/founding/")["Location"] == "/"
        assert Member.objects.of(adult.user).count() == 3

    def test_is_asked_of_the_database_once_a_page(self, owner: Member, work: Member) -> None:
        client = client_of(owner)
        client.post("/people/acting/", {"member": work.pk})
        client.get("/people/acting/")
        with query_budget(
            9
        ):  # two look for doors (proven addresses, domains of businesses), two for accounts that were left
            client.get("/people/acting/")

    def test_sends_visitors_to_sign_in(self, client: Client) -> None:
        assert client.get("/people/acting/")["Location"] == "/accounts/login/?next=/people/acting/"


class TestNews:
    def told(self, *people: Member) -> None:
        notifications.tell(
            people, kind="x", sentence="{name} has left {account}.", path="/", now=NOW, name="A", account="B"
        )

    def test_are_for_the_member_alone_until_they_were_seen(self, owner: Member, adult: Member) -> None:
        self.told(owner, adult)
        client = client_of(owner)
        page = client.get("/news/")
        assert "A has left B." in page.content.decode()
        assert page.context["unseen"]() == 1
        assert (
            client.get("/news/?before=x").status_code == client.get("/news/?before=99999999999999").status_code == 200
        )
        assert client.post("/news/sight/", headers={"HX-Request": "true"}).status_code == 204
        assert client.post("/news/sight/")["Location"] == "/news/"
        seen = dict(Notification.objects.values_list("member", "seen_at"))
        assert seen[owner.pk] is not None
        assert seen[adult.pk] is None

    def test_of_another_account_are_read_there(self, owner: Member) -> None:
        other = found("other@example.com", kind="business", name="Other")
        guest = Member.objects.create(
            account=other.account, user=owner.user, role="adult", name="x", joined_at=clock.now()
        )
        self.told(guest)
        client = client_of(owner)
        assert "A has left B." not in client.get("/news/").content.decode()
        client.post("/people/acting/", {"member": guest.pk})
        assert "A has left B." in client.get("/news/").content.decode()
