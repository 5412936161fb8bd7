"""What papers are written of: orders that were paid with their tax inside, and what was paid back of them."""

import io
from datetime import datetime
from uuid import uuid4

import pypdf

from accounts.models import Member
from plans import fapiaos, invoices, ledger, offerings, titles
from plans.models import Fapiao, Lot, Order, Refund
from portal.kit import clock, papers
from portal.kit.papers import Paper
from portal.kit.units import Microcredits, Money
from tests.plans.ledger import books

TAX = 56


def paid(by: Member, *, slug: str = "starter", tax_minor: int = TAX) -> Order:
    """An order with some of its tax inside, as a delivery leaves it, but for its invoice."""
    now, version = clock.now(), offerings.current(slug)
    order = Order.objects.create(
        account=by.account,
        placed_by=by,
        offering_version=version,
        price_minor=version.price_minor,
        tax_minor=tax_minor,
        currency=version.currency,
        microcredits=version.microcredits,
        state=Order.State.PAID,
        placed_at=now,
        expires_at=now,
        paid_at=now,
    )
    received = ledger.Received(Money(order.price_minor, order.currency), "psp:test", order.tax_minor)
    lot = {"order_id": order.pk, "source": "plan", "received": received, "dedupe_key": f"order:{order.pk}"}
    books.grant(by, order.microcredits, name=version.name, expires_at=offerings.ends_at(version, start=now), **lot)
    return order


def fapiao_of(by: Member, *, now: datetime) -> Fapiao:
    """An e-fapiao that was asked for, with a title and the invoice of an order of its own."""
    order = paid(by)
    invoices.issue(order, now=now)
    title = titles.add(titles.Wanted(kind="personal", name=by.name), by=by, now=now)
    return fapiaos.ask(uuid4(), title=title, numbers=[order.invoices.get().number], by=by, now=now)


def refunded(order: Order, *, microcredits: Microcredits | None = None) -> Refund:
    """What a provider paid back of an order's lot."""
    refund_id = uuid4()
    lot = Lot.objects.get(order_id=order.pk)
    ledger.open_refund(refund_id, lot_id=lot.pk, reason="test", by_user_id=None, microcredits=microcredits)
    assert ledger.close_refund(refund_id, succeeded=True, money_account="psp:test")
    return Refund.objects.get(pk=refund_id)


def words_of(paper: Paper) -> str:
    """What a reader of PDF finds in the printed paper, without spaces: it sees one between Chinese and Latin."""
    pages = pypdf.PdfReader(io.BytesIO(papers.pdf(paper))).pages
    return "".join("".join(page.extract_text() for page in pages).split())


def squeezed(words: str) -> str:
    """The same of any words."""
    return "".join(words.split())
