"""The pages of the file: who may open, send and carry out, and what they show on the way."""

import html
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Department, Invitation
from plans import bulk
from tests.accounts import visits
from tests.accounts.people import Firm, client_of, found, fresh, staffed
from tests.budget import query_budget
from tests.plans.files import PEOPLE, file_of, large, row

pytestmark = pytest.mark.django_db

PAGE, EXECUTION, EXPORT = "/people/file/", "/people/file/execution/", "/people/file/export/"
SMALL = file_of(row("department", name="North"), row("member", contact="new@example.com", department="North"))


@pytest.fixture
def firm(db: None) -> Firm:
    return staffed(found("boss@example.com", kind="business", name="Boss & Co"))


def send(client: Client, text: str, *, encoding: str = "utf-8") -> Any:
    return client.post(PAGE, {"file": SimpleUploadedFile("people.csv", text.encode(encoding))})


def sealed(page: Any) -> str:
    found_seal = re.search(r'name="sealed" value="([^"]+)"', page.content.decode())
    assert found_seal
    return html.unescape(found_seal[1])


class TestDoors:
    @pytest.mark.parametrize(
        ("role", "see", "change"),
        [
            ("owner", 200, 200),
            ("bill_payer", 200, 403),
            ("auditor", 200, 403),
            ("head", 404, 404),
            ("clerk", 404, 404),
        ],
    )
    def test_open_to_whom_they_concern(self, firm: Firm, role: str, see: int, change: int) -> None:
        seal = sealed(send(client_of(firm.owner), SMALL))
        client = fresh(client_of(getattr(firm, role)))
        assert [client.get(path).status_code for path in (PAGE, EXPORT)] == [see, see]
        assert send(client, SMALL).status_code == change
        assert client.post(EXECUTION, {"sealed": seal}).status_code == (302 if change == 200 else change)
        assert Department.objects.filter(name="North").exists() == (role == "owner")

    def test_lead_nobody_in_who_is_not_signed_in(self, client: Client) -> None:
        assert [client.get(path).status_code for path in (PAGE, EXPORT)] == [302, 302]
        assert client.post(EXECUTION).status_code == 302

    def test_refuse_households_in_a_friendly_way(self) -> None:
        home = client_of(found("home@example.com", kind="household", name="Home"))
        for path in (PAGE, EXPORT):
            answer = home.get(path)
            assert answer.status_code == 409
            assert b"A household has people" in answer.content

    def test_take_no_file_of_another_account(self, firm: Firm) -> None:
        seal = sealed(send(client_of(firm.owner), SMALL))
        stranger = fresh(client_of(found("other@example.com", kind="business", name="Other")))
        assert stranger.post(EXECUTION, {"sealed": seal}).status_code == 410
        assert not Department.objects.filter(name="North").exists()

    def test_are_linked_from_people(self, firm: Firm) -> None:
        shown = {who.name: PAGE in client_of(who).get("/people/").content.decode() for who in (firm.owner, firm.head)}
        assert shown == {"boss": True, "head": False}


class TestThePage:
    def test_names_every_column_and_takes_its_own_example(self, firm: Firm) -> None:
        text = client_of(firm.owner).get(PAGE).content.decode()
        example = html.unescape(re.search(r"<pre[^>]*><code>(.*?)</code></pre>", text, re.DOTALL)[1])  # type: ignore[index] # it is there
        sheet = bulk.read(example)
        assert sheet.mistakes == ()
        assert len(sheet.rows) == 6
        rehearsal = bulk.rehearse(firm.owner.account, sheet, now=firm.owner.joined_at)
        assert rehearsal.is_sound, rehearsal.mistakes

    def test_says_at_the_field_what_cannot_be_read(self, firm: Firm) -> None:
        client = client_of(firm.owner)
        for raw in (b"PK\0\0", b"x" * (bulk.LARGEST_FILE_BYTES + 1), b""):
            answer = client.post(PAGE, {"file": SimpleUploadedFile("people.csv", raw)})
            assert answer.status_code == 422
            assert answer.context["form"].errors["file"]

    def test_reads_what_excel_writes_in_china(self, firm: Firm) -> None:
        answer = send(client_of(firm.owner), file_of(row("department", name="销售部")), encoding="gb18030")
        assert answer.context["rehearsal"].counts[0].made == 1


class TestTheDryRun:
    def test_of_200_people_with_three_mistakes_offers_nothing_to_carry_out(self, firm: Firm) -> None:
        planted = (
            row("member", contact="late@example.com", department="Department 99"),
            row("member", contact="person7@example.com"),
            row("quota", project="Project 1", monthly_credits="lots"),
        )
        client = client_of(firm.owner)
        with query_budget(16):
            answer = send(client, large(planted=planted))
        page = answer.content.decode()
        assert answer.status_code == 422
        assert "3 mistakes are in the file" in page
        assert [str(line) in page for line in (222, 223, 224)] == [True, True, True]
        assert EXECUTION not in page
        assert "“lots” is no number" in page

    def test_without_mistakes_shows_counts_and_the_bar(self, firm: Firm) -> None:
        page = send(client_of(firm.owner), large()).content.decode()
        assert f'data-label="new">{PEOPLE}<' in page
        assert 'class="meter over"' in page
        assert "More is set aside a month than the plans grant" in page
        assert "Carry it out" in page
        assert not Invitation.objects.exists()

    def test_of_the_export_says_that_nothing_changes(self, firm: Firm) -> None:
        client = client_of(firm.owner)
        written = client.get(EXPORT)
        assert written["Content-Disposition"] == 'attachment; filename="people.csv"'
        assert written.content.startswith(b"\xef\xbb\xbfkind,")
        page = send(client, written.content.decode("utf-8")).content.decode()
        assert "Nothing would be different afterwards" in page
        assert EXECUTION not in page

    def test_names_what_changes(self, firm: Firm) -> None:
        page = send(
            client_of(firm.owner), file_of(row("department", name="Team"), row("member", contact="clerk@example.com"))
        )
        text = page.content.decode()
        assert "another role or department" in text
        assert "moves" in text


class TestCarryingOut:
    def test_waits_for_a_proof_and_then_goes_on_by_itself(self, firm: Firm) -> None:
        client = client_of(firm.owner)
        asked = client.post(EXECUTION, {"sealed": sealed(send(client, large()))})
        assert asked.status_code == 302
        assert asked["Location"].startswith("/accounts/reauthenticate/code/")
        assert not Invitation.objects.exists()
        client.post(asked["Location"], {"action": "send"})
        done = client.post(asked["Location"], {"code": visits.last_code(), "next": EXECUTION}, follow=True)
        assert b"The file was carried out. Invitations on their way: 200" in done.content
        assert Invitation.objects.count() == PEOPLE

    def test_a_second_time_finds_all_of_it_done(self, firm: Firm) -> None:
        client = fresh(client_of(firm.owner))
        seal = sealed(send(client, SMALL))
        for _ in range(2):
            assert client.post(EXECUTION, {"sealed": seal}).status_code == 302
        assert Invitation.objects.count() == 1

    def test_takes_nothing_that_was_not_rehearsed(self, firm: Firm) -> None:
        client = fresh(client_of(firm.owner))
        seal = sealed(send(client, SMALL))
        for forged in ("", "x", seal[:-2], seal + "x"):
            assert client.post(EXECUTION, {"sealed": forged}).status_code == 410
        assert not Invitation.objects.exists()

    def test_is_refused_when_the_account_has_changed_meanwhile(self, firm: Firm) -> None:
        client = fresh(client_of(firm.owner))
        seal = sealed(send(client, file_of(row("quota", department="Shop", monthly_credits=1))))
        client.post(f"/people/departments/{firm.shop.pk}/closing/")
        answer = client.post(EXECUTION, {"sealed": seal})
        assert answer.status_code == 409
        assert b"The file has mistakes: 1" in answer.content
