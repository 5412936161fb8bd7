"""The pages of inviting: what owners and heads see and do, and what nobody else finds there."""

from typing import Any

import pytest
from django.test import Client

from accounts import invitations
from accounts.invitations import Place
from accounts.models import Invitation, Member, User
from portal.kit import clock
from tests.accounts.people import Firm, client_of

pytestmark = pytest.mark.django_db
FORM = "/people/invitations/"
ADDRESS = "li@example.com"
VERBS = ("sending", "withdrawal", "refusal", "confirmation")


def filled(**given: Any) -> dict[str, Any]:
    usual: dict[str, Any] = {"way": "address", "contact": ADDRESS, "role": "adult", "name": "", "monthly_credits": ""}
    return usual | given


def invite(inviter: Member, **given: Any) -> Invitation:
    usual: dict[str, Any] = {"way": "email", "contact": ADDRESS}
    return invitations.invite(inviter, Place(**usual | given), now=clock.now())


def code(inviter: Member) -> Invitation:
    return invite(inviter, way="screen", contact="")


def path(invitation: Invitation, verb: str = "") -> str:
    return f"{FORM}{invitation.pk}/{verb and verb + '/'}"


class TestTheForm:
    def test_keeps_a_place_and_leads_to_its_page(self, owner: Member) -> None:
        given = filled(contact=" LI@Example.com ", name="Li", monthly_credits="500")
        answer = client_of(owner).post(FORM, given)
        made = Invitation.objects.get()
        assert answer["Location"] == path(made)
        assert (made.way, made.contact, made.monthly_microcredits) == ("email", ADDRESS, 500_000_000)

    def test_knows_a_phone_number_and_a_code_on_the_screen(self, owner: Member) -> None:
        client = client_of(owner)
        client.post(FORM, filled(contact="138 0013 8000"))
        client.post(FORM, filled(way="screen", contact="left over"))
        made = Invitation.objects.order_by("pk").values_list("way", "contact", "monthly_microcredits")
        assert list(made) == [("phone", "+8613800138000", None), ("screen", "", None)]

    @pytest.mark.parametrize(
        "wrong",
        [
            {"role": "owner"},
            {"role": "child"},
            {"role": "head"},
            {"monthly_credits": "-1"},
            {"monthly_credits": str(10**11)},
            {"contact": ""},
            {"contact": "nobody"},
            {"way": "pigeon"},
        ],
    )
    def test_says_what_does_not_fit_whatever_was_sent(self, owner: Member, wrong: dict[str, str]) -> None:
        answer = client_of(owner).post(FORM, filled(**wrong))
        assert answer.status_code == 422
        assert answer.context["form"].errors
        assert not Invitation.objects.exists()

    def test_offers_departments_of_the_account_and_to_a_head_those_led(self, firm: Firm, owner: Member) -> None:
        asked = [(firm.owner, firm.shop, 302), (firm.head, firm.team, 302), (firm.head, firm.shop, 422)]
        for number, (member, department, status) in enumerate(asked):
            given = filled(contact=f"{number}@example.com", department=department.pk)
            assert client_of(member).post(FORM, given).status_code == status
        client_of(owner).post(FORM, filled(department=firm.sales.pk))  # a household has none, whatever is sent
        assert Invitation.objects.get(account=owner.account).department is None
        assert client_of(firm.head).post(FORM, filled(role="auditor")).status_code == 422

    def test_takes_no_address_for_a_name(self, owner: Member) -> None:
        answer = client_of(owner).post(FORM, filled(name="https://evil.example"))
        assert answer.status_code == 400
        assert not Invitation.objects.exists()

    def test_is_closed_to_everybody_else(self, firm: Firm, owner: Member, child: Member) -> None:
        for member in (firm.bill_payer, firm.auditor, firm.clerk, child):
            client = client_of(member)
            assert client.get(FORM).status_code == client.post(FORM, filled()).status_code == 403
        assert not Invitation.objects.exists()

    def test_sends_visitors_to_sign_in(self, client: Client) -> None:
        for method in (client.get, client.post):
            assert method(FORM)["Location"] == f"/accounts/login/?next={FORM}"


class TestTheInvitation:
    def test_shows_a_code_and_keeps_the_link_of_a_mail_to_itself(self, owner: Member) -> None:
        shown, sent = code(owner), invite(owner)
        client = client_of(owner)
        page = client.get(path(shown))
        assert page.context["link"] == invitations.link_of(shown)
        assert "no-store" in page["Cache-Control"]
        page = client.get(path(sent))
        assert ADDRESS in page.content.decode()
        assert page.context["link"] == ""
        assert invitations.link_of(sent).split("/")[-2] not in page.content.decode()

    def test_shows_who_asks_to_come_in(self, owner: Member) -> None:
        made = code(owner)
        invitations.ask(made, user=User.objects.create_user(ADDRESS), now=clock.now())
        page = client_of(owner).get(path(made), headers={"HX-Request": "true"}).content.decode()
        assert "<html" not in page
        assert ADDRESS in page
        assert path(made, "confirmation") in page

    def test_shows_nothing_to_scan_once_it_ended_or_lapsed(self, owner: Member) -> None:
        lapsed, ended = code(owner), code(owner)
        Invitation.objects.filter(pk=lapsed.pk).update(expires_at=clock.now())
        client = client_of(owner)
        assert client.post(path(ended, "withdrawal"))["Location"] == "/people/"
        assert client.get(path(lapsed)).context["has_lapsed"]
        for made in (lapsed, ended):
            assert client.get(path(made)).context["link"] == ""

    def test_is_not_there_for_anybody_else(self, firm: Firm, owner: Member, adult: Member, child: Member) -> None:
        made = code(owner)
        invitations.ask(made, user=firm.clerk.user, now=clock.now())
        before = Invitation.objects.filter(pk=made.pk).values().get()
        for member in (adult, child, firm.owner, firm.head, firm.clerk):
            client = client_of(member)
            assert client.get(path(made)).status_code == 404
            assert {client.post(path(made, verb)).status_code for verb in VERBS} == {404}
        assert Invitation.objects.filter(pk=made.pk).values().get() == before

    def test_of_the_owner_is_not_there_for_heads_payers_and_auditors(self, firm: Firm) -> None:
        made = invite(firm.owner, department_id=firm.team.pk)
        for member in (firm.head, firm.bill_payer, firm.auditor, firm.clerk):
            client = client_of(member)
            assert client.get(path(made)).status_code == 404
            assert {client.post(path(made, verb)).status_code for verb in VERBS} == {404}

    def test_of_a_head_is_theirs_for_as_long_as_they_lead_the_department(self, firm: Firm) -> None:
        made = invite(firm.head, department_id=firm.team.pk)
        assert client_of(firm.head).get(path(made)).status_code == 200
        assert client_of(firm.owner).get(path(made)).status_code == 200
        for change in ({"department": firm.shop}, {"department": firm.sales, "role": "adult"}):
            Member.objects.filter(pk=firm.head.pk).update(**change)
            client = client_of(firm.head)
            assert client.get(path(made)).status_code == 404
            assert {client.post(path(made, verb)).status_code for verb in VERBS} == {404}
            assert ADDRESS not in client.get("/people/").content.decode()

    def test_changes_only_by_a_post(self, owner: Member) -> None:
        made = invite(owner)
        before = Invitation.objects.values().get()
        for verb in VERBS:
            assert client_of(owner).get(path(made, verb)).status_code == 405
        client_of(owner).get(path(made))
        assert Invitation.objects.values().get() == before

    def test_is_listed_among_the_people_while_somebody_can_come(self, owner: Member, adult: Member) -> None:
        made = invite(owner)
        client = client_of(owner)
        assert path(made) in client.get("/people/").content.decode()
        assert path(made) not in client_of(adult).get("/people/").content.decode()
        client.post(path(made, "withdrawal"))
        assert path(made) not in client.get("/people/").content.decode()


class TestWhatTheOwnerDoes:
    def test_sends_a_new_link_three_times_in_all(self, owner: Member) -> None:
        made = invite(owner)
        client = client_of(owner)
        answers = [client.post(path(made, "sending")).status_code for _ in range(invitations.MOST_SENT)]
        assert answers == [302, 302, 429]

    def test_says_plainly_that_it_ended_before(self, owner: Member) -> None:
        made = invite(owner)
        client = client_of(owner)
        client.post(path(made, "withdrawal"))
        for verb in VERBS:
            assert client.post(path(made, verb)).status_code == 410

    def test_says_no_to_who_asked(self, owner: Member) -> None:
        made = code(owner)
        invitations.ask(made, user=User.objects.create_user(ADDRESS), now=clock.now())
        assert client_of(owner).post(path(made, "refusal"))["Location"] == "/people/"
        assert Invitation.objects.get().state == "declined"
        assert owner.account.members.count() == 1
