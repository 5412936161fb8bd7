"""Lending between departments: until the window ends, or what is unused is given back before; written down."""

from datetime import datetime

from django.db import transaction

from accounts import audit
from accounts.models import Member
from plans import ledger, nodes
from plans.extras import BadAmount, ExtraEnded, MayNotAnswer
from plans.models import Loan, Quota, QuotaWindow
from plans.models.quota import LARGEST_LIMIT
from portal.kit.refusals import Refusal, gettext_noop
from portal.kit.units import Microcredits

LENDABLE = {Quota.Window.DAY, Quota.Window.WEEK, Quota.Window.MONTH}


class CannotLend(Refusal):
    """The two quotas do not fit, or too little is free."""

    code = "cannot_lend"
    status = 409
    sentence = gettext_noop(
        "This cannot be lent: both need a quota of credits for the same day, week or month, and enough of it unused."
    )


@transaction.atomic
def lend(lender: Quota, borrower: Quota, *, microcredits: Microcredits, reason: str, by: Member, now: datetime) -> Loan:
    """This will move what is unused of one department's window to another's, until both windows end.

    Raises `Http404` where `by` sees neither, `MayNotAnswer`, `BadAmount` and `CannotLend`.
    """
    _check_decides(by, lender)
    if not 0 < microcredits <= LARGEST_LIMIT:
        raise BadAmount
    alike = (lender.account_id, lender.window) == (borrower.account_id, borrower.window)
    alike = alike and all(_counts_all_credits(each) for each in (lender, borrower))
    kinds = {lender.node_kind, borrower.node_kind}
    if not alike or kinds != {Quota.Node.DEPARTMENT} or lender.pk == borrower.pk or lender.window not in LENDABLE:
        raise CannotLend
    taken = ledger.give_extra(lender.pk, amount=-microcredits)
    given = ledger.give_extra(borrower.pk, amount=microcredits) if taken else None
    if taken is None or given is None or taken.ends_at is None:
        raise CannotLend
    loan = Loan.objects.create(
        account_id=lender.account_id,
        lender_window_id=taken.window_id,
        borrower_window_id=given.window_id,
        microcredits=microcredits,
        reason=reason,
        lent_by=by,
        lent_at=now,
        ends_at=taken.ends_at,
    )
    audit.record("quota.lend", subject=str(loan), account=by.account, by=by.user, now=now, reason=reason)
    return loan


@transaction.atomic
def give_back(loan: Loan, *, by: Member, now: datetime) -> Microcredits:
    """This will return what the borrower has not used, before the windows end.

    Raises `Http404` where `by` does not see the borrower, `MayNotAnswer`, `ExtraEnded` and `CannotLend`.
    """
    _check_decides(by, loan.borrower_window.quota)
    locked = Loan.objects.select_for_update().filter(pk=loan.pk, returned_at=None, ends_at__gt=now).first()
    if locked is None:
        raise ExtraEnded
    ledger.stop_admission(loan.account_id)
    borrower = QuotaWindow.objects.select_related("quota").get(pk=loan.borrower_window_id)
    lender = QuotaWindow.objects.select_related("quota").get(pk=loan.lender_window_id)
    free = borrower.quota.limit + borrower.extra - borrower.used - borrower.held
    amount = max(0, min(loan.microcredits, free))
    if amount and not (
        ledger.give_extra(borrower.quota_id, amount=-amount) and ledger.give_extra(lender.quota_id, amount=amount)
    ):
        raise CannotLend
    Loan.objects.filter(pk=loan.pk).update(returned=amount, returned_at=now)
    audit.record("quota.give_back", subject=str(loan), account=by.account, by=by.user, now=now, returned=amount)
    return Microcredits(amount)


def decides(by: Member, quota: Quota) -> bool:
    """This will tell whether `by` lends of a department's quota and gives back: an owner, or the head of it."""
    return by.owns() or (by.role == Member.Role.HEAD and quota.node_id == by.department_id)


def _counts_all_credits(quota: Quota) -> bool:
    return quota.metric == Quota.Metric.MICROCREDITS and quota.chat_model_id is None


def _check_decides(by: Member, quota: Quota) -> None:
    nodes.seen_by(by, kind=quota.node_kind, node_id=quota.node_id)
    if not decides(by, quota):
        raise MayNotAnswer
