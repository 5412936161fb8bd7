"""Bills on the page, as PDF and as CSV: the same figures, for who pays and who audits."""

import asyncio
import csv
import io
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, Client

from accounts.models import Member
from models_catalog import catalog
from plans import invoices, offerings
from tests.budget import query_budget
from tests.plans.papers import paid, squeezed, words_of
from tests.usage import firm
from tests.usage.firm import Firm
from tests.usage.months import SHANGHAI, bill_of, exact, in_csv
from usage import statements
from usage.statements.bills import PERSON, PROJECT, SCENARIO

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(now: datetime) -> Iterator[Firm]:
    offerings.seed(now)
    yield firm.assemble(now=now)
    catalog.forget()


class TestPages:
    @pytest.mark.parametrize("language", ["en", "zh-hans"])
    def test_show_what_the_pdf_holds_to_the_last_figure(self, busy: Firm, now: datetime, language: str) -> None:
        invoices.issue(paid(busy.owner), now=now)
        client = Client(headers={"accept-language": language})
        client.force_login(busy.auditor.user)
        path = f"/billing/bills/{now.astimezone(SHANGHAI):%Y-%m}/"
        answer = client.get(path)
        page = squeezed(answer.content.decode().replace("&#x27;", "'"))
        paper = answer.context["paper"]
        printed = words_of(paper)
        lines = [line for block in paper.blocks for line in block.lines]
        assert len(lines) > 20
        for line in lines:
            assert squeezed(line.value) in page
            assert squeezed(f"{line.label}{line.note}{line.value}") in printed
        for sentence in paper.sentences:
            assert squeezed(sentence) in page
            assert squeezed(sentence) in printed
        pdf = client.get(f"{path}paper.pdf")
        assert (pdf["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
        assert client.get("/billing/bills/").status_code == 200

    def test_are_for_who_pays_and_who_audits(self, busy: Firm, now: datetime) -> None:
        path = f"/billing/bills/{now.astimezone(SHANGHAI):%Y-%m}/"
        for member, status in ((busy.payer, 200), (busy.head, 403), (busy.seller, 403)):
            client = Client()
            client.force_login(member.user)
            for each in (path, f"{path}paper.pdf", f"{path}lines.csv", "/billing/bills/"):
                assert client.get(each).status_code == status

    def test_stay_within_their_queries(self, busy: Firm, now: datetime) -> None:
        client = Client()
        client.force_login(busy.owner.user)
        with query_budget(24):
            client.get(f"/billing/bills/{now.astimezone(SHANGHAI):%Y-%m}/")


class TestLines:
    def test_are_safe_in_a_spreadsheet(self, busy: Firm, now: datetime) -> None:
        Member.objects.filter(pk=busy.seller.pk).update(name="=HYPERLINK(1)")
        Member.objects.filter(pk=busy.webber.pk).update(name="\t+1")
        names = {row["member"] for row in in_csv(bill_of(busy.owner, now.date()))}
        assert {"'=HYPERLINK(1)", "'\t+1"} <= names

    def test_come_in_pieces_in_the_order_of_days(
        self, busy: Firm, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        whole = in_csv(bill_of(busy.owner, now.date()))
        monkeypatch.setattr(statements.itemized, "SLICE", 2)
        assert in_csv(bill_of(busy.owner, now.date())) == whole
        assert len(whole) == 7

    def test_name_what_each_was_for(self, busy: Firm, now: datetime) -> None:
        bill = bill_of(busy.owner, now.date())
        rows = in_csv(bill)
        for dimension, column in ((PERSON, "member"), (PROJECT, "project"), (SCENARIO, "scenario")):
            for share in bill.shares[dimension]:
                assert exact([row for row in rows if row[column] == (share.name or "")]) == share.charged


@pytest.mark.django_db(transaction=True)
class TestDownload:
    def test_is_streamed(self, busy: Firm, now: datetime) -> None:
        async def download() -> str:
            asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(1))
            client = AsyncClient()
            await client.aforce_login(busy.owner.user)
            answer: Any = await client.get(f"/billing/bills/{now.astimezone(SHANGHAI):%Y-%m}/lines.csv")
            assert answer.streaming
            text = b"".join([piece async for piece in answer.streaming_content]).decode()
            await sync_to_async(connections.close_all)()  # each of the two threads has its own
            await asyncio.to_thread(connections.close_all)
            return text

        text = asyncio.run(download())
        rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
        assert exact(rows) == bill_of(busy.owner, now.date()).reading
