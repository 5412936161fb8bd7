"""Invoices and credit notes: once, without a gap, equal to the order to the minor unit, and frozen."""

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import datetime
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import translation

from plans import invoices, ledger, sellers, titles
from plans.invoice_papers import paper_of
from plans.models import Dispute, Invoice, Order
from plans.views.invoices import NEWEST
from portal.kit import figures
from portal.kit.units import Microcredits
from tests.plans.cast import Household, order_of, scripted, signed_in
from tests.plans.ledger import books
from tests.plans.papers import TAX, paid, refunded, words_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
CODE = "91350100M000100Y43"


def invoice_of(order: Order) -> Invoice:
    return Invoice.objects.invoices().get(order=order)


class TestIssue:
    @pytest.mark.usefixtures("operator")
    def test_comes_with_the_payment(self, household: Household) -> None:
        order = order_of(household.owner, phone=scripted("00"))
        assert order.state == Order.State.PAID
        invoice = invoice_of(order)
        assert (invoice.total_minor, invoice.currency) == (order.price_minor, order.currency)
        assert invoice.lines[0]["microcredits"] == order.microcredits

    def test_is_once_an_order(self, household: Household, now: datetime) -> None:
        order = paid(household.owner)
        for _again in range(2):
            invoices.issue(order, now=now)
        invoice = Invoice.objects.get(order=order)
        assert (invoice.total_minor, invoice.tax_minor, invoice.net_minor) == (order.price_minor, TAX, 990 - TAX)
        assert invoice.number == f"I-{invoice.year}-000001"

    def test_keeps_both_sides_as_they_were(self, household: Household, now: datetime) -> None:
        sellers.write_down(name="Water Works Ltd", tax_number=CODE, address="Quay 1", phone="10000", bank="Bank 1")
        wanted = titles.Wanted(kind="enterprise", name="Lin Tea", tax_number=CODE, bank="ICBC", bank_account="6222")
        title = titles.add(wanted, by=household.owner, now=now)
        order = paid(household.owner)
        invoices.issue(order, now=now)
        sellers.write_down(name="Other Ltd", tax_number="", address="", phone="", bank="")
        titles.remove(title, by=household.owner, now=now)
        invoice = invoice_of(order)
        assert invoice.buyer == asdict(wanted)
        assert (invoice.seller["name"], invoice.seller["tax_number"]) == ("Water Works Ltd", CODE)
        later = paid(household.owner)
        invoices.issue(later, now=now)
        assert invoice_of(later).buyer["name"] == household.owner.account.name

    @pytest.mark.parametrize("statement", ["UPDATE plans_invoice SET total_minor = 1", "DELETE FROM plans_invoice"])
    def test_never_changes(self, household: Household, now: datetime, statement: str) -> None:
        invoices.issue(paid(household.owner), now=now)
        for frozen in (statement, "UPDATE plans_invoicecounter SET last = 7", "DELETE FROM plans_invoicecounter"):
            with pytest.raises(DatabaseError, match=r"frozen|numbered one by one"), transaction.atomic():
                books.run(frozen)

    def test_catches_up_with_what_was_paid_before(self, household: Household, now: datetime) -> None:
        order = paid(household.owner)
        refund = refunded(order)
        assert invoices.catch_up(now=now) == 2
        assert set(Invoice.objects.values_list("order", "about_id")) == {(order.pk, None), (order.pk, refund.pk)}
        assert invoices.catch_up(now=now) == 0


class TestCredit:
    def test_leads_to_its_invoice_and_takes_back_all_in_the_end(self, household: Household, now: datetime) -> None:
        order = paid(household.owner)
        invoices.issue(order, now=now)
        third = Microcredits(order.microcredits // 3)
        first, rest = refunded(order, microcredits=third), refunded(order)
        for refund in (first, first, rest):
            invoices.credit_refund(refund, now=now)
        invoice = invoice_of(order)
        notes = list(invoice.credit_notes.order_by("serial"))
        assert [note.about_id for note in notes] == [first.pk, rest.pk]
        assert [note.total_minor for note in notes] == [first.money_minor, rest.money_minor]
        assert sum(note.total_minor for note in notes) <= invoice.total_minor
        assert notes[0].tax_minor == first.tax_minor
        assert [note.number[:2] for note in notes] == ["C-", "C-"]

    def test_of_the_whole_takes_back_the_whole_tax(self, household: Household, now: datetime) -> None:
        order = paid(household.owner)
        invoices.credit_refund(refunded(order), now=now)
        note = Invoice.objects.get(kind="credit_note")
        assert note.invoice == invoice_of(order)
        assert (note.total_minor, note.tax_minor) == (order.price_minor, TAX)

    def test_of_a_lost_dispute_is_its_share(self, household: Household, now: datetime) -> None:
        order = paid(household.owner)
        dispute_id = uuid4()
        ledger.open_dispute(dispute_id, order_id=order.pk, money_minor=495, reason="unknown", by_user_id=None)
        invoices.credit_dispute(Dispute.objects.get(pk=dispute_id), now=now)
        assert not Invoice.objects.filter(kind="credit_note").exists()
        assert ledger.close_dispute(dispute_id, lost=True, money_account="psp:test") == "ok"
        invoices.credit_dispute(Dispute.objects.get(pk=dispute_id), now=now)
        note = Invoice.objects.get(kind="credit_note")
        assert (note.total_minor, note.tax_minor) == (495, TAX // 2)


class TestPaper:
    @pytest.mark.parametrize(
        ("language", "words"),
        [("en", ["InvoiceI-", "Total,taxincluded", "Tax,6%"]), ("zh-hans", ["结算单I-", "合计（含税）", "税额（6%）"])],
    )
    def test_shows_the_figures_of_the_books(
        self, household: Household, now: datetime, language: str, words: list[str]
    ) -> None:
        order = paid(household.owner)
        invoices.issue(order, now=now)
        invoices.credit_refund(refunded(order), now=now)
        with translation.override(language):
            invoice, note = invoice_of(order), Invoice.objects.get(kind="credit_note")
            invoice.tax_basis_points = 600
            said, taken = words_of(paper_of(invoice)), words_of(paper_of(note))
            assert figures.money(990, "CNY") in said
            assert figures.money(TAX, "CNY") in said
            assert figures.money(-990, "CNY") in taken
            assert invoice.number in taken
            assert household.owner.account.name.replace(" ", "") in said
            for word in words:
                assert word in said


@pytest.mark.django_db(transaction=True)
class TestNumbers:
    def test_have_no_gap_when_many_are_issued_at_once_and_some_fail(self, household: Household, now: datetime) -> None:
        made = [paid(household.owner) for _number in range(5)]
        tries = [*made * 3, *made]

        def issue(order: Order) -> None:
            try:
                with transaction.atomic():
                    invoices.issue(order, now=now)
                    assert len(order.number) == 12
            finally:
                connection.close()

        def fail(order: Order) -> None:
            try:
                with contextlib.suppress(ZeroDivisionError), transaction.atomic():
                    invoices.issue(order, now=now)
                    raise ZeroDivisionError
            finally:
                connection.close()

        verbs: list[Callable[[Order], None]] = [issue if place % 2 else fail for place in range(len(tries))]
        with ThreadPoolExecutor(20) as pool:
            list(pool.map(lambda verb, order: verb(order), verbs, tries))
        for order in made:
            invoices.issue(order, now=now)
        serials = list(Invoice.objects.invoices().order_by("serial").values_list("serial", flat=True))
        assert serials == [1, 2, 3, 4, 5]


class TestPages:
    def test_list_the_newest_for_the_page_of_bills_and_all_on_their_own(
        self, household: Household, now: datetime
    ) -> None:
        for _number in range(NEWEST + 1):
            invoices.issue(paid(household.owner), now=now)
        client, path = signed_in(household.auditor), "/billing/invoices/"
        whole = client.get(path).content.decode()
        newest = client.get(path, headers={"hx-request": "true"}).content.decode()
        assert (whole.count("paper.pdf"), newest.count("paper.pdf")) == (NEWEST + 1, NEWEST)
        assert "<html" not in newest
        assert f'hx-get="{path}"' in client.get("/billing/").content.decode()

    def test_show_what_belongs_together(self, household: Household, now: datetime) -> None:
        order = paid(household.owner)
        invoices.credit_refund(refunded(order), now=now)
        invoice, note = invoice_of(order), Invoice.objects.get(kind="credit_note")
        client = signed_in(household.bill_payer)
        for one, other in ((invoice, note), (note, invoice)):
            assert (
                f"/billing/invoices/{other.number}/" in client.get(f"/billing/invoices/{one.number}/").content.decode()
            )
        pdf = client.get(f"/billing/invoices/{invoice.number}/paper.pdf")
        assert (pdf["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
