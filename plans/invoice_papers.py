"""What stands on an invoice and a credit note, in the reader's language; the page and the PDF show the same."""

from collections.abc import Mapping

from django.conf import settings
from django.utils.translation import get_language, gettext, pgettext

from plans.models import Invoice, Order
from portal.kit import figures
from portal.kit.papers import Block, Line, Paper, Side

BASIS_POINTS = 10_000


def paper_of(invoice: Invoice) -> Paper:
    """This will write out an invoice or a credit note; its figures are those that were frozen."""
    day = figures.day(invoice.issued_at, invoice.time_zone)
    return Paper(
        language=get_language() or settings.LANGUAGE_CODE,
        issuer=invoice.seller["name"],
        title=_title(invoice),
        aside=day,
        written_at=invoice.issued_at,
        pages=gettext("Page {page} of {pages}"),
        sides=[_side(gettext("Seller"), invoice.seller), _side(gettext("Buyer"), invoice.buyer)],
        facts=_facts(invoice, day=day),
        blocks=[_bought(invoice), Block(_tax(invoice))],
        notes=_notes(invoice),
    )


def rate(basis_points: int) -> str:
    """This will write a tax rate in basis points: 6 %."""
    return figures.percent(basis_points, BASIS_POINTS)


def _title(invoice: Invoice) -> str:
    words = gettext("Credit note {number}") if invoice.is_credit_note else gettext("Invoice {number}")
    return words.format(number=invoice.number)


def _side(role: str, said: Mapping[str, str]) -> Side:
    number = said.get("tax_number", "")
    lines = [
        gettext("Tax number {number}").format(number=number) if number else "",
        said.get("address", ""),
        said.get("phone", ""),
        " ".join(filter(None, [said.get("bank", ""), said.get("bank_account", "")])),
    ]
    return Side(role, said["name"], [line for line in lines if line])


def _facts(invoice: Invoice, *, day: str) -> list[Line]:
    facts = [
        Line(gettext("Number"), invoice.number),
        Line(pgettext("of a paper", "Issued"), day),
        Line(gettext("Order"), invoice.order.number),
    ]
    if invoice.invoice:
        facts.insert(1, Line(gettext("For invoice"), invoice.invoice.number))
    return facts


def _bought(invoice: Invoice) -> Block:
    lines = [
        Line(_what(line), money(invoice, line["total_minor"]), note=_credits(line["microcredits"]))
        for line in invoice.lines
    ]
    words = gettext("Given back, tax included") if invoice.is_credit_note else gettext("Total, tax included")
    return Block([*lines, Line(words, money(invoice, invoice.total_minor), is_sum=True)])


def _credits(microcredits: int) -> str:
    return gettext("{number} credits").format(number=figures.credits_exact(microcredits)) if microcredits else ""


def _what(line: Mapping[str, object]) -> str:
    """The name as it was sold, and what else a bundle holds."""
    is_chinese = (get_language() or "").startswith("zh")
    name = str(line["name_zh" if is_chinese else "name"])
    if line["kind"] in {Order.Kind.RENEWAL, Order.Kind.UPGRADE, Order.Kind.TOP_UP}:
        name = f"{name} · {Order.Kind(str(line['kind'])).label}"
    items = line["items"]
    assert isinstance(items, list)
    held = (gettext(", ")).join(chinese if is_chinese else english for english, chinese in items)
    return gettext("{name}, with {items}").format(name=name, items=held) if held else name


def _tax(invoice: Invoice) -> list[Line]:
    return [
        Line(gettext("Without tax"), money(invoice, invoice.net_minor)),
        Line(gettext("Tax, {rate}").format(rate=rate(invoice.tax_basis_points)), money(invoice, invoice.tax_minor)),
    ]


def money(invoice: Invoice, minor: int) -> str:
    """This will write an amount of the paper; what a credit note gives back is less than nothing."""
    return figures.money(-minor if invoice.is_credit_note else minor, invoice.currency)


def _notes(invoice: Invoice) -> list[str]:
    if invoice.is_credit_note:
        return [gettext("This credit note takes back part or all of the invoice that it names.")]
    return [gettext("Paid in full. This paper is no e-fapiao; you can ask for one under Billing.")]
