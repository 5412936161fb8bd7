"""E-fapiao: asked for by customers, handed over to whoever issues them, issued, reversed or declined."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from accounts import audit, notifications
from accounts.models import Member, User
from plans import titles
from plans.models import Fapiao, FapiaoFile, FapiaoInvoice, Invoice, InvoiceTitle
from plans.models.fapiao import MOVES
from portal.kit.refusals import Refusal, gettext_noop

LARGEST_FILE_BYTES = 2_000_000
MOST_INVOICES = 50
MOST_SHOWN = 100
GIVEN_BACK = gettext_noop("Part of it was paid back meanwhile. Please ask once more for what remains.")


class MayNotAsk(Refusal):
    """The member neither owns the account nor pays its bills."""

    code = "may_not_ask_for_fapiao"
    status = 403
    sentence = gettext_noop("Only the owner or the bill payer of your account asks for e-fapiao. Please ask them.")


class NothingToAsk(Refusal):
    """An invoice is another's, fully given back, or taken by an e-fapiao that was asked for; or currencies differ."""

    code = "nothing_to_ask"
    status = 409
    sentence = gettext_noop(
        "One of these invoices cannot be in a new e-fapiao: it is in one already, or was paid back. Choose again."
    )


class NoSuchFapiao(Refusal):
    """It belongs to another account, which sounds like one that does not exist; or has no file."""

    code = "fapiao_not_found"
    status = 404
    sentence = gettext_noop("There is no such e-fapiao. Yours are listed under Billing.")


class NotPossibleNow(Refusal):
    """It has gone on, or not far enough, for what is asked."""

    code = "fapiao_moved_on"
    status = 409
    sentence = gettext_noop("This e-fapiao is in another state by now. Please look at it once more.")


class NotAPdf(Refusal):
    """What was given is no PDF, or too large."""

    code = "not_a_pdf"
    status = 422
    sentence = gettext_noop(
        "This is not a PDF file of at most 2 MB. Please choose the file that the tax bureau issued."
    )


def open_for(account_id: int) -> Sequence[Invoice]:
    """This will return the invoices that an e-fapiao may be asked for, newest first, with what of each is left."""
    taken = FapiaoInvoice.objects.filter(invoice=OuterRef("pk"), ended_at=None)
    free = Invoice.objects.of_account(account_id).invoices().filter(~Exists(taken)).with_left()
    return [each for each in free[:MOST_SHOWN] if each.left_minor]


def listed(account_id: int) -> Sequence[Fapiao]:
    """This will return what the account asked for, newest first."""
    return list(Fapiao.objects.of_account(account_id).prefetch_related("parts__invoice")[:MOST_SHOWN])


def file_of(fapiao_id: UUID, *, account_id: int) -> bytes:
    """This will return the file of an e-fapiao of the account; raises `NoSuchFapiao`."""
    found = FapiaoFile.objects.filter(fapiao_id=fapiao_id, fapiao__account_id=account_id).first()
    if found is None:
        raise NoSuchFapiao
    return bytes(found.content)


@transaction.atomic
def ask(fapiao_id: UUID, *, title: InvoiceTitle, numbers: Sequence[str], by: Member, now: datetime) -> Fapiao:
    """This will ask for one e-fapiao for the invoices with these numbers, in the name of `title`; sent twice, once.

    Raises `MayNotAsk`, `NothingToAsk`.
    """
    if not by.leads() or by.paused_at or by.left_at:
        raise MayNotAsk
    before = Fapiao.objects.of_account(by.account_id).filter(pk=fapiao_id).first()
    if before:
        return before
    parts = _parts(numbers, account_id=by.account_id)
    fapiao = Fapiao.objects.create(
        id=fapiao_id,
        account_id=by.account_id,
        asked_by=by,
        buyer=dict(titles.written(title)),
        currency=parts[0].invoice.currency,
        total_minor=sum(part.total_minor for part in parts),
        tax_minor=sum(part.tax_minor for part in parts),
        asked_at=now,
    )
    for part in parts:
        part.fapiao = fapiao
    try:
        with transaction.atomic():
            FapiaoInvoice.objects.bulk_create(parts)
    except IntegrityError as error:  # somebody else asked for one of them at the same moment
        raise NothingToAsk from error
    audit.record("fapiao.ask", subject=fapiao.short_id, account=by.account, by=by.user, now=now, numbers=list(numbers))
    return fapiao


def hand_over(fapiao: Fapiao, *, by: User, reason: str, now: datetime) -> None:
    """This will note that staff handed it over by other means. Raises `NotPossibleNow`."""
    note_handed_over(fapiao, now=now)
    audit.record("fapiao.hand_over", subject=fapiao.short_id, account=fapiao.account, by=by, now=now, reason=reason)


def note_handed_over(fapiao: Fapiao, *, now: datetime) -> None:
    """This will note that whoever issues it has it now. Raises `NotPossibleNow`."""
    if not _move(fapiao.pk, Fapiao.State.HANDED_OVER, now=now):
        raise NotPossibleNow


@transaction.atomic
def issue(fapiao: Fapiao, *, number: str, content: bytes, by: User | None, reason: str, now: datetime) -> None:
    """This will keep the tax bureau's number and file, and tell the customer. Raises `NotPossibleNow`, `NotAPdf`."""
    if not content.startswith(b"%PDF-") or len(content) > LARGEST_FILE_BYTES:
        raise NotAPdf
    if not _move(fapiao.pk, Fapiao.State.ISSUED, now=now, number=number):
        raise NotPossibleNow
    FapiaoFile.objects.create(fapiao=fapiao, content=content, stored_at=now)
    audit.record(
        "fapiao.issue",
        subject=fapiao.short_id,
        account=fapiao.account,
        by=by,
        now=now,
        reason=reason,
        number=number,
    )
    _tell(fapiao, gettext_noop("Your e-fapiao {name} is here."), now=now)


@transaction.atomic
def decline(fapiao: Fapiao, *, by: User | None, reason: str, now: datetime) -> None:
    """This will end one that cannot be issued, say why, and set its invoices free. Raises `NotPossibleNow`."""
    if not _move(fapiao.pk, Fapiao.State.DECLINED, now=now, reason=reason[:200]):
        raise NotPossibleNow
    FapiaoInvoice.objects.filter(fapiao=fapiao, ended_at=None).update(ended_at=now)
    audit.record("fapiao.decline", subject=fapiao.short_id, account=fapiao.account, by=by, now=now, reason=reason)
    _tell(fapiao, gettext_noop("Your e-fapiao {name} could not be issued. The page says why."), now=now)


@transaction.atomic
def reverse(fapiao: Fapiao, *, by: User | None, reason: str, now: datetime) -> None:
    """This will note the red letter of the tax bureau, and set its invoices free. Raises `NotPossibleNow`."""
    if not _move(fapiao.pk, Fapiao.State.REVERSED, now=now, reason=reason[:200]):
        raise NotPossibleNow
    FapiaoInvoice.objects.filter(fapiao=fapiao, ended_at=None).update(ended_at=now)
    audit.record("fapiao.reverse", subject=fapiao.short_id, account=fapiao.account, by=by, now=now, reason=reason)
    _tell(
        fapiao, gettext_noop("Your e-fapiao {name} was reversed. You can ask for a new one for what remains."), now=now
    )


def give_back(invoice: Invoice, *, now: datetime) -> None:
    """This will see to it that no e-fapiao states what was paid back of `invoice`; the caller holds the transaction.

    One that nobody has begun with is declined; for any other a reversal is asked for.
    """
    for part in FapiaoInvoice.objects.filter(invoice=invoice, ended_at=None).select_related("fapiao__account"):
        fapiao = Fapiao.objects.select_for_update(no_key=True).get(pk=part.fapiao_id)
        if fapiao.state == Fapiao.State.ASKED:
            decline(fapiao, by=None, reason=GIVEN_BACK, now=now)
        else:
            Fapiao.objects.filter(pk=fapiao.pk, reversal_asked_at=None).update(reversal_asked_at=now, tries=0)


def _parts(numbers: Sequence[str], *, account_id: int) -> list[FapiaoInvoice]:
    """Who credits an invoice holds its row: what is counted here is what is left."""
    asked = set(numbers[:MOST_INVOICES])
    mine = Invoice.objects.of_account(account_id).invoices().filter(number__in=asked)
    list(mine.order_by("pk").select_for_update(no_key=True))
    found = [
        FapiaoInvoice(invoice=each, total_minor=each.left_minor, tax_minor=each.left_tax_minor)
        for each in mine.with_left()
        if each.left_minor
    ]
    if not found or len(found) != len(set(numbers)) or len({part.invoice.currency for part in found}) > 1:
        raise NothingToAsk
    return found


def _move(fapiao_id: UUID, state: str, *, now: datetime, **changes: object) -> bool:
    reachable = Fapiao.objects.filter(pk=fapiao_id, state__in=MOVES.before(state))
    return bool(reachable.update(state=state, **{f"{state}_at": now}, **changes))


def _tell(fapiao: Fapiao, sentence: str, *, now: datetime) -> None:
    leaders = [member for member in fapiao.account.members.active() if member.leads()]
    notifications.tell(
        leaders, kind="fapiao", sentence=sentence, path="/billing/fapiao/", now=now, name=fapiao.short_id
    )
