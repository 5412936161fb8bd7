"""Invoice titles: in whose name an account wants its invoices, and which of them stands on new ones."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import Account, Member
from plans import credit_codes
from plans.models import InvoiceTitle
from portal.kit.refusals import Refusal, gettext_noop

MOST_TITLES = 20


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody wants on invoices; `tax_number` is a unified social credit code in its normal form, or empty."""

    kind: str
    name: str
    tax_number: str = ""
    address: str = ""
    phone: str = ""
    bank: str = ""
    bank_account: str = ""


class MayNotTitle(Refusal):
    """The member neither owns the account nor pays its bills."""

    code = "may_not_title"
    status = 403
    sentence = gettext_noop("Only the owner or the bill payer of your account sets invoice titles. Please ask them.")


class BadTitle(Refusal):
    """A business without a valid code, or a person with one."""

    code = "bad_invoice_title"
    sentence = gettext_noop("A business needs its unified social credit code of 18 characters; a person has none.")


class TooManyTitles(Refusal):
    """The account has as many titles as it may have."""

    code = "too_many_titles"
    status = 409
    sentence = gettext_noop("An account has up to {most} invoice titles. Please remove one first.")


class NoSuchTitle(Refusal):
    """The title belongs to another account or was removed, which sounds like one that does not exist."""

    code = "title_not_found"
    status = 404
    sentence = gettext_noop("There is no such invoice title. Yours are listed under Billing.")


def get(title_id: int, *, account_id: int) -> InvoiceTitle:
    """This will return a title of the account; raises `NoSuchTitle`."""
    title = InvoiceTitle.objects.in_use(account_id).filter(pk=title_id).first()
    if title is None:
        raise NoSuchTitle
    return title


@transaction.atomic
def add(wanted: Wanted, *, by: Member, now: datetime) -> InvoiceTitle:
    """This will add a title; the first one of an account stands on its new invoices.

    Raises `MayNotTitle`, `BadTitle`, `TooManyTitles`.
    """
    _check(wanted, by=by)
    Account.objects.select_for_update(no_key=True).get(pk=by.account_id)
    known = InvoiceTitle.objects.in_use(by.account_id)
    if known.count() >= MOST_TITLES:
        raise TooManyTitles(most=MOST_TITLES)
    chosen_at = None if known.exists() else now
    title = InvoiceTitle.objects.create(account_id=by.account_id, created_at=now, chosen_at=chosen_at, **asdict(wanted))
    audit.record("title.add", subject=title.name, account=by.account, by=by.user, now=now)
    return title


def edit(title: InvoiceTitle, wanted: Wanted, *, by: Member, now: datetime) -> None:
    """This will change a title for what is issued from now on. Raises `MayNotTitle`, `BadTitle`, `NoSuchTitle`."""
    _check(wanted, by=by)
    if not InvoiceTitle.objects.in_use(by.account_id).filter(pk=title.pk).update(**asdict(wanted)):
        raise NoSuchTitle
    audit.record("title.edit", subject=wanted.name, account=by.account, by=by.user, now=now)


@transaction.atomic
def choose(title: InvoiceTitle, *, by: Member, now: datetime) -> None:
    """This will let a title stand on new invoices. Raises `MayNotTitle`, `NoSuchTitle`."""
    _check_person(by)
    Account.objects.select_for_update(no_key=True).get(pk=by.account_id)
    mine = InvoiceTitle.objects.in_use(by.account_id)
    mine.exclude(chosen_at=None).update(chosen_at=None)
    if not mine.filter(pk=title.pk).update(chosen_at=now):
        raise NoSuchTitle
    audit.record("title.choose", subject=title.name, account=by.account, by=by.user, now=now)


def remove(title: InvoiceTitle, *, by: Member, now: datetime) -> None:
    """This will remove a title; what was issued in its name stays. Raises `MayNotTitle`, `NoSuchTitle`."""
    _check_person(by)
    if not InvoiceTitle.objects.in_use(by.account_id).filter(pk=title.pk).update(removed_at=now, chosen_at=None):
        raise NoSuchTitle
    audit.record("title.remove", subject=title.name, account=by.account, by=by.user, now=now)


def buyer_of(account: Account) -> Mapping[str, str]:
    """This will tell in whose name a new invoice of the account is: its chosen title, or its own name."""
    chosen = InvoiceTitle.objects.in_use(account.pk).exclude(chosen_at=None).first()
    return written(chosen) if chosen else asdict(Wanted(kind=InvoiceTitle.Kind.PERSONAL, name=account.name))


def written(title: InvoiceTitle) -> Mapping[str, str]:
    """This will copy a title as it is now, for a paper that keeps it."""
    return {name: getattr(title, name) for name in Wanted.__dataclass_fields__}


def _check(wanted: Wanted, *, by: Member) -> None:
    _check_person(by)
    is_business = wanted.kind == InvoiceTitle.Kind.ENTERPRISE
    if not wanted.name or is_business != bool(wanted.tax_number):
        raise BadTitle
    if is_business and not credit_codes.is_valid(wanted.tax_number):
        raise BadTitle


def _check_person(by: Member) -> None:
    if not by.leads() or by.paused_at or by.left_at:
        raise MayNotTitle
