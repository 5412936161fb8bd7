"""E-fapiao: asked for once, handed over, issued, reversed when something was paid back, by hand and by the hook."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.models import AuditEvent, Notification, User
from plans import fapiao_news, fapiaos, invoices, titles
from plans.models import Fapiao, FapiaoInvoice, Invoice
from portal.kit import clock
from portal.kit.units import Microcredits
from tests.plans.cast import Household, signed_in
from tests.plans.papers import paid, refunded
from tests.plans.test_invoices import invoice_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("shelf")]
PDF = b"%PDF-1.7 of the tax bureau"
SECRET = "shared"
A_MINUTE = timedelta(minutes=1)


class Bureau(BaseHTTPRequestHandler):
    """Whoever issues: answers what it is told to, and keeps what it heard."""

    heard: list[tuple[dict[str, Any], str, bytes]]
    says: dict[str, str]
    status = 200

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.heard.append((json.loads(body), self.headers.get("x-signature", ""), body))
        answer = json.dumps(self.says).encode()
        self.send_response(self.status)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *said: object) -> None:
        """It writes no log."""


@pytest.fixture
def bureau(settings: Any) -> Iterator[type[Bureau]]:
    said = type("Said", (Bureau,), {"heard": [], "says": {}})
    server = HTTPServer(("127.0.0.1", 0), said)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings.FAPIAO_HOOK_URL, settings.FAPIAO_HOOK_SECRET = f"http://127.0.0.1:{server.server_port}", SECRET
    yield said
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def invoice(household: Household, now: datetime) -> Invoice:
    order = paid(household.owner)
    invoices.issue(order, now=now)
    return invoice_of(order)


def asked(household: Household, *those: Invoice, now: datetime) -> Fapiao:
    by = household.owner
    title = titles.add(titles.Wanted(kind="personal", name="Lin Wei"), by=by, now=now)
    return fapiaos.ask(uuid4(), title=title, numbers=[each.number for each in those], by=by, now=now)


class TestAsking:
    def test_is_one_form_for_many_invoices(self, household: Household, invoice: Invoice, now: datetime) -> None:
        other = paid(household.owner)
        invoices.issue(other, now=now)
        title = titles.add(titles.Wanted(kind="personal", name="Lin Wei"), by=household.owner, now=now)
        client = signed_in(household.bill_payer)
        form = client.get("/billing/fapiao/").context["form"]
        sent = {
            "asked": form["asked"].value(),
            "title": title.pk,
            "numbers": [n for n, _ in form["numbers"].field.choices],
        }
        for _twice in range(2):
            assert client.post("/billing/fapiao/", sent).status_code in {200, 302}
        fapiao = Fapiao.objects.get()
        assert fapiao.total_minor == 2 * invoice.total_minor
        assert fapiao.tax_minor == 2 * invoice.tax_minor
        assert fapiao.buyer["name"] == "Lin Wei"
        assert fapiao.parts.count() == 2
        assert fapiaos.open_for(household.owner.account_id) == []

    def test_is_for_what_is_left_and_for_each_invoice_once(
        self, household: Household, invoice: Invoice, now: datetime
    ) -> None:
        half = refunded(invoice.order, microcredits=Microcredits(invoice.order.microcredits // 2))
        invoices.credit_refund(half, now=now)
        fapiao = asked(household, invoice, now=now)
        assert fapiao.total_minor == invoice.total_minor - half.money_minor
        assert fapiao.tax_minor == invoice.tax_minor - half.tax_minor
        with pytest.raises(fapiaos.NothingToAsk):
            asked(household, invoice, now=now)
        with pytest.raises(IntegrityError), transaction.atomic():
            FapiaoInvoice.objects.create(fapiao=fapiao, invoice=invoice, total_minor=1, tax_minor=0)

    def test_is_for_who_pays_and_for_own_invoices(self, household: Household, invoice: Invoice, now: datetime) -> None:
        title = titles.add(titles.Wanted(kind="personal", name="Lin"), by=household.owner, now=now)
        with pytest.raises(fapiaos.MayNotAsk):
            fapiaos.ask(uuid4(), title=title, numbers=[invoice.number], by=household.auditor, now=now)
        with pytest.raises(fapiaos.NothingToAsk):
            fapiaos.ask(uuid4(), title=title, numbers=[invoice.number], by=household.stranger, now=now)


class TestByHand:
    @pytest.fixture
    def desk(self, settings: Any, now: datetime) -> Client:
        settings.DEMO = True  # where staff need no second factor
        client = Client()
        client.force_login(User.objects.create_superuser("staff@example.com", password="of the desk"))
        return client

    def act(self, desk: Client, verb: str, fapiao: Fapiao, *, reason: str = "as agreed") -> None:
        sent = {"action": verb, "_selected_action": [str(fapiao.pk)], "reason": reason}
        assert desk.post("/admin/plans/fapiao/", sent).status_code == 302
        fapiao.refresh_from_db()

    def test_is_handed_over_issued_downloaded_and_reversed(
        self, desk: Client, household: Household, invoice: Invoice, now: datetime
    ) -> None:
        fapiao = asked(household, invoice, now=now)
        self.act(desk, "hand_over", fapiao, reason="")
        assert fapiao.state == Fapiao.State.ASKED
        self.act(desk, "hand_over", fapiao)
        assert fapiao.state == Fapiao.State.HANDED_OVER
        path = f"/admin/plans/fapiao/{fapiao.pk}/change/"
        for content, status in ((b"<html>", 200), (PDF, 302)):
            file = SimpleUploadedFile("x.pdf", content)
            assert desk.post(path, {"number": "2612", "pdf": file, "reason": "came"}).status_code == status
        fapiao.refresh_from_db()
        assert (fapiao.state, fapiao.number) == (Fapiao.State.ISSUED, "2612")
        for reader, status in ((household.auditor, 200), (household.adult, 403), (household.stranger, 404)):
            assert signed_in(reader).get(f"/billing/fapiao/{fapiao.pk}/file.pdf").status_code == status
        assert signed_in(household.owner).get(f"/billing/fapiao/{fapiao.pk}/file.pdf").content == PDF
        invoices.credit_refund(refunded(invoice.order), now=now)
        fapiao.refresh_from_db()
        assert fapiao.reversal_asked_at
        self.act(desk, "reverse", fapiao)
        assert fapiao.state == Fapiao.State.REVERSED
        verbs = AuditEvent.objects.filter(verb__startswith="fapiao.").order_by("pk").values_list("verb", flat=True)
        assert list(verbs) == ["fapiao.ask", "fapiao.hand_over", "fapiao.issue", "fapiao.reverse"]
        assert Notification.objects.filter(member=household.owner, kind="fapiao").count() == 2

    def test_is_declined_with_a_reason_and_asked_for_again(
        self, desk: Client, household: Household, invoice: Invoice, now: datetime
    ) -> None:
        fapiao = asked(household, invoice, now=now)
        self.act(desk, "decline", fapiao, reason="The name is not registered.")
        page = signed_in(household.owner).get("/billing/fapiao/").content.decode()
        assert "The name is not registered." in page
        assert asked(household, invoice, now=now).is_live


class TestGivingBack:
    def test_declines_what_nobody_has_begun_with(self, household: Household, invoice: Invoice, now: datetime) -> None:
        fapiao = asked(household, invoice, now=now)
        invoices.credit_refund(refunded(invoice.order), now=now)
        fapiao.refresh_from_db()
        assert fapiao.state == Fapiao.State.DECLINED
        assert fapiaos.open_for(household.owner.account_id) == []


class TestTheHook:
    def test_hears_of_each_until_it_has_ended(
        self, bureau: type[Bureau], household: Household, invoice: Invoice, now: datetime
    ) -> None:
        fapiao = asked(household, invoice, now=now)
        assert fapiao_news.exchange(now=now) == 1
        fapiao.refresh_from_db()
        assert fapiao.state == Fapiao.State.HANDED_OVER
        assert fapiao_news.exchange(now=now) == 0
        bureau.says = {"state": "issued", "number": "2612", "pdf": base64.b64encode(PDF).decode()}
        assert fapiao_news.exchange(now=now + A_MINUTE) == 1
        assert fapiaos.file_of(fapiao.pk, account_id=fapiao.account_id) == PDF
        assert fapiao_news.exchange(now=now + A_MINUTE * 60) == 0
        invoices.credit_refund(refunded(invoice.order), now=now)
        bureau.says = {"state": "reversed"}
        assert fapiao_news.exchange(now=now + A_MINUTE * 60) == 1
        fapiao.refresh_from_db()
        assert fapiao.state == Fapiao.State.REVERSED
        told = [each for each, _signature, _body in bureau.heard]
        assert [each["wanted"] for each in told] == ["issue", "issue", "reversal"]
        assert {each["id"] for each in told} == {str(fapiao.pk)}
        assert told[0]["total_minor"] == sum(part["total_minor"] for part in told[0]["invoices"])

    def test_can_check_who_speaks(
        self, bureau: type[Bureau], household: Household, invoice: Invoice, now: datetime
    ) -> None:
        asked(household, invoice, now=now)
        fapiao_news.exchange(now=now)
        _told, signature, body = bureau.heard[0]
        moment, digest = (part.split("=")[1] for part in signature.split(","))
        assert hmac.new(SECRET.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest() == digest

    @pytest.mark.parametrize(
        "said",
        [
            (500, {}, "asked"),
            (200, {"state": "issued", "number": "1", "pdf": "bm8="}, "handed_over"),
            (200, {"state": "issued", "number": "", "pdf": "bm8="}, "handed_over"),
            (200, {"state": "reversed"}, "handed_over"),
            (200, {"state": "declined"}, "handed_over"),
            (200, {"state": "declined", "reason": "Wrong name."}, "declined"),
        ],
    )
    def test_changes_nothing_by_what_makes_no_sense(
        self, bureau: type[Bureau], household: Household, invoice: Invoice, said: tuple[int, dict[str, str], str]
    ) -> None:
        now = clock.now()
        fapiao = asked(household, invoice, now=now)
        bureau.status, bureau.says, state = said
        fapiao_news.exchange(now=now)
        fapiao.refresh_from_db()
        assert fapiao.state == state
        assert fapiao.number == ""

    def test_is_nobody_without_an_address(self, household: Household, invoice: Invoice, now: datetime) -> None:
        asked(household, invoice, now=now)
        assert fapiao_news.exchange(now=now) == 0
