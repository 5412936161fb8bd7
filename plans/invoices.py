"""Invoices and credit notes: issued once for what was paid and given back, numbered without a gap, never changed."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Sum

from plans import fapiaos, sellers, titles
from plans.models import Dispute, Invoice, InvoiceCounter, OfferingItem, Order, Refund
from portal.kit import pages
from portal.kit.refusals import Refusal, gettext_noop

PREFIXES = {Invoice.Kind.INVOICE: "I", Invoice.Kind.CREDIT_NOTE: "C"}
BATCH = 200


class NoSuchPaper(Refusal):
    """The paper belongs to another account, which sounds like one that does not exist."""

    code = "invoice_not_found"
    status = 404
    sentence = gettext_noop("There is no such invoice. Your invoices are listed under Billing.")


def get(number: str, *, account_id: int) -> Invoice:
    """This will return an invoice or a credit note of the account by its number; raises `NoSuchPaper`."""
    papers = Invoice.objects.of_account(account_id).select_related("order__offering_version", "invoice")
    found = papers.filter(number=number).first()
    if found is None:
        raise NoSuchPaper
    return found


def listed(*, account_id: int, after: str) -> pages.Page[Invoice]:
    """This will return a page of the account's papers, newest first, after the one with the number given."""
    mine = Invoice.objects.of_account(account_id).select_related("invoice")
    last = mine.filter(number=after).first() if after else None
    if after and last is None:
        raise NoSuchPaper
    chosen = mine.after(last) if last else mine
    return pages.cut(list(chosen[: pages.PAGE_SIZE + 1]), key="number")


@transaction.atomic
def issue(order: Order, *, now: datetime) -> None:
    """This will write the invoice of a paid order, once, with both sides as they are now; what was free has none.

    Call it last in the transaction that takes the money: until that ends, no other paper gets its number.
    """
    if order.price_minor == 0 or Invoice.objects.invoices().filter(order=order).exists():
        return
    Order.objects.select_for_update(no_key=True).get(pk=order.pk, state=Order.State.PAID)
    if Invoice.objects.invoices().filter(order=order).exists():
        return
    version = order.offering_version
    line = {
        "name": version.name,
        "name_zh": version.name_zh,
        "kind": order.kind,
        "microcredits": order.microcredits,
        "total_minor": order.price_minor,
        "items": [[item.name, item.name_zh] for item in OfferingItem.objects.filter(offering_version=version)],
    }
    _write(
        Invoice(
            kind=Invoice.Kind.INVOICE,
            account=order.account,
            order=order,
            currency=order.currency,
            total_minor=order.price_minor,
            tax_minor=order.tax_minor,
            tax_basis_points=version.tax_basis_points,
            lines=[line],
        ),
        now=now,
    )


def credit_refund(refund: Refund, *, now: datetime) -> None:
    """This will write the credit note of a refund that was paid back, once; the caller may hold a transaction."""
    if refund.state == Refund.State.SUCCEEDED and refund.order_id and refund.money_minor:
        _credit(refund, now=now)


def credit_dispute(dispute: Dispute, *, now: datetime) -> None:
    """This will write the credit note of a dispute that was lost, once; the caller may hold a transaction."""
    if dispute.state == Dispute.State.LOST:
        _credit(dispute, now=now)


def catch_up(*, now: datetime) -> int:
    """This will write what papers are missing, at most a batch of each kind, and return how many were looked at."""
    of_order = Invoice.objects.invoices().filter(order=OuterRef("pk"))
    unbilled = Order.objects.filter(~Exists(of_order), state=Order.State.PAID, price_minor__gt=0)
    orders = list(unbilled.select_related("account", "offering_version").order_by("paid_at", "pk")[:BATCH])
    for order in orders:
        issue(order, now=now)
    about = Invoice.objects.filter(about_id=OuterRef("pk"))
    paid_back = Refund.objects.filter(~Exists(about), state=Refund.State.SUCCEEDED, money_minor__gt=0)
    refunds = list(paid_back.filter(order_id__in=Order.objects.values("pk")).order_by("ended_at", "pk")[:BATCH])
    for refund in refunds:
        credit_refund(refund, now=now)
    lost = Dispute.objects.filter(~Exists(about), state=Dispute.State.LOST)
    disputes = list(lost.filter(order_id__in=Order.objects.values("pk")).order_by("ended_at", "pk")[:BATCH])
    for dispute in disputes:
        credit_dispute(dispute, now=now)
    return len(orders) + len(refunds) + len(disputes)


@transaction.atomic
def _credit(about: Refund | Dispute, *, now: datetime) -> None:
    """Money and tax are what the books gave back, and never more than the invoice has left."""
    if Invoice.objects.filter(about_id=about.pk).exists():
        return
    assert about.order_id
    order = Order.objects.select_related("account", "offering_version").get(pk=about.order_id)
    issue(order, now=now)
    invoice = Invoice.objects.invoices().select_for_update(no_key=True).get(order=order)
    if Invoice.objects.filter(about_id=about.pk).exists():
        return
    before = invoice.credit_notes.aggregate(total=Sum("total_minor", default=0), tax=Sum("tax_minor", default=0))
    assert before["total"] + about.money_minor <= invoice.total_minor, f"invoice {invoice.number} has less to give back"
    assert before["tax"] + about.tax_minor <= invoice.tax_minor, f"invoice {invoice.number} has less tax to give back"
    note = Invoice(
        kind=Invoice.Kind.CREDIT_NOTE,
        account=invoice.account,
        order=order,
        invoice=invoice,
        about_id=about.pk,
        currency=invoice.currency,
        total_minor=about.money_minor,
        tax_minor=about.tax_minor,
        tax_basis_points=invoice.tax_basis_points,
        lines=[invoice.lines[0] | {"total_minor": about.money_minor, "microcredits": _taken(about), "items": []}],
    )
    _write(note, now=now, sides=(invoice.seller, invoice.buyer))
    fapiaos.give_back(invoice, now=now)


def _taken(about: Refund | Dispute) -> int:
    return about.microcredits if isinstance(about, Refund) else about.revoked


def _write(paper: Invoice, *, now: datetime, sides: tuple[object, object] | None = None) -> None:
    """A paper's number is taken last, with its counter's row held until the paper is there or nothing is."""
    if sides is None:
        seller = sellers.current()
        said = {name: getattr(seller, name) for name in ("name", "tax_number", "address", "phone", "bank")}
        sides = said, dict(titles.buyer_of(paper.account))
    paper.seller, paper.buyer = sides
    paper.issued_at, paper.time_zone = now, paper.account.time_zone
    paper.year = now.astimezone(ZoneInfo(settings.TIME_ZONE)).year
    paper.serial = _next(paper.kind, paper.year)
    paper.number = f"{PREFIXES[Invoice.Kind(paper.kind)]}-{paper.year}-{paper.serial:06d}"
    Invoice.objects.bulk_create([paper])


def _next(kind: str, year: int) -> int:
    InvoiceCounter.objects.bulk_create([InvoiceCounter(kind=kind, year=year)], ignore_conflicts=True)
    counter = InvoiceCounter.objects.select_for_update(no_key=True).get(kind=kind, year=year)
    InvoiceCounter.objects.filter(kind=kind, year=year).update(last=counter.last + 1)
    return counter.last + 1
