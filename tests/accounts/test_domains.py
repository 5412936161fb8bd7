"""Mail domains: claimed by an owner, proven by the postmaster, entered by who has proven an address there."""

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from pytest_django.fixtures import Settings

from accounts import domains, members, outbox
from accounts.models import Department, MailDomain, Member, User
from plans.models import Quota
from portal.kit import clock
from portal.kit.units import credits
from tests.accounts.people import client_of, found, fresh, join
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db
OURS = "harbor-coffee.example"


@pytest.fixture
def owner() -> Member:
    return found("boss@example.com", kind="business", name="Harbor Coffee")


def claimed(
    owner: Member, domain: str = OURS, *, department: Department | None = None, microcredits: int | None = None
) -> MailDomain:
    return domains.claim(
        owner, domain=domain, department=department, monthly_microcredits=microcredits, now=clock.now()
    )


def opened(owner: Member, *, department: Department | None = None, microcredits: int | None = None) -> MailDomain:
    made = claimed(owner, department=department, microcredits=microcredits)
    domains.prove(made, now=clock.now())
    return made


def person(address: str, *, verified: bool = True) -> User:
    user = User.objects.create_user(address, name="New")
    EmailAddress.objects.filter(user=user).update(verified=verified)
    return user


def at(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestClaim:
    @pytest.mark.parametrize("domain", ["", "gmail.com", "QQ.com", "no-dot", "a b.example", "x/y.example", "-.example"])
    def test_is_of_an_own_domain(self, owner: Member, domain: str) -> None:
        with pytest.raises(domains.BadDomain):
            claimed(owner, domain)

    def test_is_for_owners_of_businesses(self, owner: Member) -> None:
        with pytest.raises(members.OwnersOnly):
            claimed(join(owner, role="adult", name="clerk"))
        with pytest.raises(domains.NotForHouseholds):
            claimed(found("parent@example.com", kind="household", name="Li"))

    def test_is_made_once_and_few_a_day(self, owner: Member) -> None:
        claimed(owner, f"@{OURS.upper()}")
        with pytest.raises(domains.DomainTaken):
            claimed(owner)
        for number in range(domains.MOST_A_DAY - 1):
            claimed(owner, f"d{number}.example")
        with pytest.raises(domains.TooManyDomains):
            claimed(owner, "one-more.example")

    def test_asks_the_postmaster_once(self, owner: Member) -> None:
        claimed(owner)
        assert [outbox.send_claims(clock.now()) for _ in range(2)] == [1, 0]
        [sent] = mail.outbox
        assert sent.to == [f"postmaster@{OURS}"]
        assert "Harbor Coffee" in str(sent.body)

    def test_says_that_the_postmaster_takes_no_mail(self, owner: Member, settings: Settings) -> None:
        claimed(owner)
        settings.EMAIL_BACKEND = "tests.accounts.test_outbox.RefusingBackend"
        assert [outbox.send_claims(clock.now()) for _ in range(2)] == [1, 0]
        assert "its postmaster takes no mail" in fresh(client_of(owner)).get("/people/domains/").content.decode()


class TestProve:
    def test_opens_by_the_link_alone_and_by_a_post(self, owner: Member, client: Client) -> None:
        claimed(owner)
        outbox.send_claims(clock.now())
        link = re.search(r"/domains/\d+/[0-9a-f]+/", str(mail.outbox[0].body))
        assert link
        assert client.get(link[0]).status_code == 200
        assert MailDomain.objects.get().verified_at is None
        assert client.post(link[0]).status_code == 200
        assert MailDomain.objects.get().verified_at is not None
        assert client.post(link[0]).status_code == 410

    def test_ends_after_three_days(self, owner: Member, client: Client) -> None:
        link = domains.link_of(claimed(owner)).removeprefix("http://127.0.0.1:8000")
        books.move_clock(timedelta(hours=73))
        assert client.get(link).status_code == 410

    def test_gives_a_domain_to_one_account(self, owner: Member) -> None:
        other = found("rival@example.com", kind="business", name="Rival")
        second = claimed(other)
        opened(owner)
        with pytest.raises(domains.DomainTaken):
            domains.prove(second, now=clock.now())

    def test_takes_no_guess(self, owner: Member, client: Client) -> None:
        made = claimed(owner)
        for path in (f"/domains/{made.pk}/{'0' * 64}/", f"/domains/{made.pk + 9}/{'0' * 64}/"):
            assert client.post(path).status_code == 410
        assert MailDomain.objects.get().verified_at is None


class TestEnter:
    def test_puts_people_into_the_department_with_the_quota(self, owner: Member) -> None:
        sales = Department.objects.create(account=owner.account, name="Sales", created_at=clock.now())
        made = opened(owner, department=sales, microcredits=credits(50))
        client = at(person(f"li@{OURS}"))
        assert "Harbor Coffee" in client.get("/accounts/founding/").content.decode()
        assert client.post(f"/join/domains/{made.pk}/")["Location"] == "/chat/"
        member = Member.objects.get(user__email=f"li@{OURS}")
        assert (member.role, member.department) == ("adult", sales)
        quota = Quota.objects.get(node_kind="member", node_id=member.pk)
        assert (quota.limit, quota.window) == (credits(50), "month")
        assert client.post(f"/join/domains/{made.pk}/").status_code == 410

    @pytest.mark.parametrize(
        ("address", "verified"), [(f"li@{OURS}", False), ("li@other.example", True), (f"li@sub.{OURS}", True)]
    )
    def test_wants_a_proven_address_there(self, owner: Member, address: str, verified: bool) -> None:  # noqa: FBT001 - a case
        made = opened(owner)
        assert at(person(address, verified=verified)).post(f"/join/domains/{made.pk}/").status_code == 410
        assert Member.objects.filter(account=owner.account_id).count() == 1

    def test_is_closed_before_proof_and_after_the_end(self, owner: Member) -> None:
        made = claimed(owner)
        client = at(person(f"li@{OURS}"))
        assert client.post(f"/join/domains/{made.pk}/").status_code == 410
        domains.prove(made, now=clock.now())
        domains.end(made, by=owner, now=clock.now())
        assert client.post(f"/join/domains/{made.pk}/").status_code == 410


class TestThePage:
    def test_is_the_owners(self, owner: Member) -> None:
        client = fresh(client_of(owner))
        assert client.post("/people/domains/", {"domain": OURS})["Location"] == "/people/domains/"
        assert OURS in client.get("/people/domains/").content.decode()
        client.post(f"/people/domains/{MailDomain.objects.get().pk}/ending/")
        assert MailDomain.objects.get().ended_at is not None

    def test_is_nobody_elses(self, owner: Member) -> None:
        made = opened(owner)
        for role in ("adult", "head", "auditor", "bill_payer"):
            other = fresh(client_of(join(owner, role=role, name=role)))
            assert other.get("/people/domains/").status_code == 403
            assert other.post(f"/people/domains/{made.pk}/ending/").status_code == 403
        stranger = fresh(client_of(found("rival@example.com", kind="business", name="Rival")))
        assert stranger.post(f"/people/domains/{made.pk}/ending/").status_code == 404
        assert MailDomain.objects.open().exists()
