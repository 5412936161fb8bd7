"""Mail domains: claimed by an owner, proven by the postmaster, a door for who has an address there."""

import re
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import audit, members, notifications, tickets
from accounts.invitations import AlreadyHere
from accounts.models import Account, Department, MailDomain, Member, User
from portal.kit.refusals import Refusal, gettext_noop

LIVES = timedelta(hours=72)
MOST_DOMAINS = 10
A_DAY = timedelta(days=1)
MOST_A_DAY = 5
POSTMASTER = "postmaster"
_DOMAIN = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]")
PUBLIC = frozenset(
    {
        "126.com",
        "139.com",
        "163.com",
        "189.cn",
        "aliyun.com",
        "foxmail.com",
        "gmail.com",
        "gmx.com",
        "gmx.de",
        "hotmail.com",
        "icloud.com",
        "live.com",
        "mail.com",
        "me.com",
        "msn.com",
        "outlook.com",
        "proton.me",
        "protonmail.com",
        "qq.com",
        "sina.cn",
        "sina.com",
        "sohu.com",
        "tom.com",
        "vip.163.com",
        "vip.qq.com",
        "wo.cn",
        "yahoo.cn",
        "yahoo.com",
        "yandex.com",
        "yeah.net",
    }
)
"""Where everybody gets an address: such a domain is nobody's own."""


class BadDomain(Refusal):
    """No domain, or one where everybody gets an address."""

    code = "bad_domain"
    status = 422
    sentence = gettext_noop(
        "Write the domain of your own addresses, such as harbor.example. Public mail services do not count."
    )


class DomainTaken(Refusal):
    """The account has claimed it already, or another one has proven it."""

    code = "domain_taken"
    status = 409
    sentence = gettext_noop(
        "This domain is in use already. End it where it stands, or write to support if it is yours."
    )


class TooManyDomains(Refusal):
    """Every list has an end."""

    code = "too_many_domains"
    status = 409
    sentence = gettext_noop(
        "An account has at most {most} domains and adds {a_day} a day. End one that nobody needs, or wait."
    )


class NotForHouseholds(Refusal):
    """Only businesses have domains."""

    code = "domains_for_businesses"
    status = 409
    sentence = gettext_noop("Joining by mail domain is for businesses. Invite your family one by one.")


class DomainEnded(Refusal):
    """The link or the door is no longer there: all sound alike."""

    code = "domain_ended"
    status = 410
    sentence = gettext_noop("This is no longer valid. Nothing was changed; ask the owner of the account.")


def check_business(account: Account) -> None:
    """This will refuse households. Raises `NotForHouseholds`."""
    if account.kind != Account.Kind.BUSINESS:
        raise NotForHouseholds


@transaction.atomic
def claim(
    owner: Member,
    *,
    domain: str,
    department: Department | None,
    monthly_microcredits: int | None,
    now: datetime,
) -> MailDomain:
    """This will claim a domain and have its postmaster asked; until they agree it opens nothing.

    Raises `OwnersOnly`, `NotForHouseholds`, `BadDomain`, `DomainTaken` and `TooManyDomains`.
    """
    members.check_owner(owner)
    account = Account.objects.select_for_update().get(pk=owner.account_id)
    check_business(account)
    name = domain.strip().lower().removeprefix("@")
    if not _DOMAIN.fullmatch(name) or name in PUBLIC:
        raise BadDomain
    if department is not None and department.account_id != account.pk:
        raise BadDomain
    own = MailDomain.objects.filter(account=account)
    lately = own.filter(created_at__gt=now - A_DAY)
    if own.in_use().count() >= MOST_DOMAINS or lately.count() >= MOST_A_DAY:
        raise TooManyDomains(most=MOST_DOMAINS, a_day=MOST_A_DAY)
    if own.in_use().filter(domain=name).exists() or MailDomain.objects.open().filter(domain=name).exists():
        raise DomainTaken
    claimed = MailDomain.objects.create(
        account=account,
        domain=name,
        department=department,
        monthly_microcredits=monthly_microcredits,
        claimed_by=owner.user,
        created_at=now,
    )
    audit.record("domain.claim", subject=name, account=account, by=owner.user, now=now)
    return claimed


def link_of(claimed: MailDomain) -> str:
    """This will return the address that the postmaster is sent."""
    return settings.BASE_URL + reverse("domain_proof", args=[claimed.pk, tickets.secret_of("domain", claimed.pk)])


def find(domain_id: int, secret: str, *, now: datetime) -> MailDomain:
    """This will return the claim of a link that is still valid. Raises `DomainEnded`."""
    claimed = MailDomain.objects.to_prove(since=now - LIVES).select_related("account").filter(pk=domain_id).first()
    if claimed is None or not tickets.fits(secret, "domain", claimed.pk):
        raise DomainEnded
    return claimed


@transaction.atomic
def prove(claimed: MailDomain, *, now: datetime) -> None:
    """This will open the domain, because its postmaster agreed. Raises `DomainEnded` and `DomainTaken`."""
    try:
        with transaction.atomic():
            changed = MailDomain.objects.to_prove(since=now - LIVES).filter(pk=claimed.pk).update(verified_at=now)
    except IntegrityError as error:
        raise DomainTaken from error
    if not changed:
        raise DomainEnded
    audit.record("domain.prove", subject=claimed.domain, account=claimed.account, by=None, now=now)
    notifications.tell(
        claimed.account.members.owners(),
        kind="domain_proven",
        sentence=gettext_noop("Whoever has an address at {domain} can join {account} now."),
        path=reverse("domains"),
        now=now,
        domain=claimed.domain,
        account=claimed.account.name,
    )


@transaction.atomic
def end(claimed: MailDomain, *, by: Member, now: datetime) -> None:
    """This will close the door; who came in by it stays. Raises `OwnersOnly` and `DomainEnded`."""
    members.check_owner(by)
    if not MailDomain.objects.in_use().filter(pk=claimed.pk, account=by.account_id).update(ended_at=now):
        raise DomainEnded
    audit.record("domain.end", subject=claimed.domain, account=claimed.account, by=by.user, now=now)


def doors_of(user: User) -> list[MailDomain]:
    """This will return where a person may come in by an address that they have proven to own."""
    addresses = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    names = {address.rpartition("@")[2].lower() for address in addresses}
    here = Member.objects.active().of(user).values("account")
    doors = MailDomain.objects.open().filter(domain__in=names, account__suspended_at=None).exclude(account__in=here)
    return list(doors.select_related("account", "department", "claimed_by"))


@transaction.atomic
def enter(door: MailDomain, *, user: User, now: datetime) -> Member:
    """This will make `user` an adult of the account, in the domain's department while it stands.

    Raises `DomainEnded` and `AlreadyHere`.
    """
    locked = MailDomain.objects.open().select_for_update(of=("self",)).filter(pk=door.pk).first()
    if locked is None or door.pk not in {each.pk for each in doors_of(user)} or user.guarded_at:
        raise DomainEnded
    User.objects.select_for_update().get(pk=user.pk)  # two clicks come in once
    if Member.objects.active().of(user).filter(account=door.account_id).exists():
        raise AlreadyHere
    member = Member.objects.create(
        account=door.account,
        user=user,
        department=door.department if door.department and not door.department.closed_at else None,
        role=Member.Role.ADULT,
        name=user.get_short_name(),
        joined_at=now,
    )
    members.welcome(member, now=now, domain=door.domain)
    return member
