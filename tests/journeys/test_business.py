"""A business sets itself up: a file of two hundred, the board, a loan, an auditor, a key that is rotated."""

import re
from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest

from tests.journeys.conftest import in_every_size
from tests.journeys.visitor import Visitor
from tests.plans.files import DEPARTMENTS, PEOPLE, PROJECTS, large, row
from tests.stand import Stand

pytestmark = pytest.mark.journey

PASSWORD = "a long pass phrase"
PLANTED = (
    row("member", name="Nobody", contact="nobody@example.com", role="adult", department="No such department"),
    row("member", name="Twice", contact="person0@example.com", role="adult"),
    row("project", name="Free", monthly_credits=-5),
)


@in_every_size
def test_a_business_sets_itself_up(
    visit: Callable[..., Visitor], stand: Stand, language: str, size: dict[str, int]
) -> None:
    mark = uuid4().hex[:8]
    assert stand.run("-m", "tests.journeys.firms", "found", mark, PASSWORD).returncode == 0
    owner = visit(size)
    owner.read_in(language)
    _sign_in(owner, f"{mark}@example.com")
    _find_three_mistakes(owner, mark)
    _carry_out(owner, mark)
    _allot(owner)
    _rotate_a_key(owner, stand)

    head, auditor = visit(size), visit(size)
    for someone, number, role in ((head, 0, "head"), (auditor, 1, "auditor")):
        address = f"{mark}-person{number}@example.com"
        done = stand.run("-m", "tests.journeys.firms", "accept", address, PASSWORD, role)
        assert done.returncode == 0, done.stderr
        _sign_in(someone, address)
    _lend(head)
    _read_and_change_nothing(auditor)
    for someone in (owner, head, auditor):
        someone.check_no_complaint()
    stand.manage("audit_ledger")


def _sign_in(someone: Visitor, address: str) -> None:
    someone.go("/accounts/login/?next=/usage/")
    someone.page.fill("[name=login]", address)
    someone.page.fill("[name=password]", PASSWORD)
    someone.send()
    someone.arrive("/usage/")


def _send_file(owner: Visitor, text: str) -> None:
    owner.go("/people/file/")
    given = {"name": "firm.csv", "mimeType": "text/csv", "buffer": text.encode()}
    owner.page.set_input_files("[name=file]", given)  # type: ignore[arg-type] # a file of this shape is one
    owner.send()


def _find_three_mistakes(owner: Visitor, mark: str) -> None:
    _send_file(owner, _own(large(planted=PLANTED), mark))
    owner.page.wait_for_selector("[role=alert]")
    lines = owner.page.locator("main table tbody tr td:first-child").all_text_contents()
    rows = DEPARTMENTS + PROJECTS + PEOPLE
    assert {rows + 2, rows + 3, rows + 4} <= {int(line) for line in lines if line.strip().isdigit()}
    assert owner.page.locator("form[action$='/execution/']").count() == 0


def _carry_out(owner: Visitor, mark: str) -> None:
    _send_file(owner, _own(large(), mark))
    owner.page.locator("form[action$='/execution/'] button.primary").click()
    owner.page.wait_for_url(re.compile(r"/people/"))
    owner.go("/people/departments/")
    assert owner.page.locator("main a[href^='/people/departments/']").count() >= DEPARTMENTS


def _allot(owner: Visitor) -> None:
    owner.go("/board/")
    first = owner.page.locator("input[name^=aside-department-]").first
    first.fill("9000")
    owner.page.locator("form.sheet button:not(.primary)").first.click()
    owner.page.wait_for_selector("tr.changed")
    assert owner.page.locator("tr.changed").count() == 1
    owner.page.locator("button[formaction='/board/saving/']").click()
    owner.page.wait_for_selector("main [role=status] .notice")
    assert owner.page.locator("input[name^=aside-department-]").first.input_value() == "9000"
    owner.page.locator("form[action='/board/undo/'] button").click()
    owner.page.wait_for_selector("main [role=status] .notice")
    assert owner.page.locator("input[name^=aside-department-]").first.input_value() == "1000"


def _rotate_a_key(owner: Visitor, stand: Stand) -> None:
    """Both keys work while the old one is replaced; the page of a new key turns green with its first call."""
    owner.go("/keys/")
    owner.page.fill("[name=label]", "Till")
    owner.page.locator("form[action='/keys/'] button.primary").click()
    old = owner.page.locator("#secret").inner_text().strip()
    assert _calls(stand, old) == 200
    owner.page.wait_for_selector("a[href^='/usage/calls/']")
    owner.go("/keys/")
    owner.page.locator("main a[href^='/keys/']:has-text('Till')").first.click()
    owner.page.locator("a[href$='/rotation/']").click()
    owner.send()
    new = owner.page.locator("#secret").inner_text().strip()
    assert [_calls(stand, key) for key in (old, new)] == [200, 200]


def _calls(stand: Stand, key: str) -> int:
    body = {"model": "fast", "messages": [{"role": "user", "content": "[[script words=2 gap_ms=1]]"}]}
    headers = {"authorization": f"Bearer {key}"}
    return httpx.post(f"{stand.api_base}/chat/completions", json=body, headers=headers, timeout=30).status_code


def _lend(head: Visitor) -> None:
    head.go("/loans/")
    head.page.select_option("[name=lender]", label=_label(head, "lender", "Department 0"))
    head.page.select_option("[name=borrower]", label=_label(head, "borrower", "Department 1"))
    head.page.fill("[name=amount]", "100")
    head.page.locator("form[action='/loans/'] button.primary").click()
    head.page.wait_for_selector("main table tbody tr:has-text('100')")


def _label(head: Visitor, name: str, begins: str) -> str:
    labels = head.page.locator(f"[name={name}] option").all_text_contents()
    return next(label for label in labels if label.startswith(f"{begins} "))


def _read_and_change_nothing(auditor: Visitor) -> None:
    auditor.go("/board/")
    assert auditor.page.locator("input[name^=aside-department-]").first.get_attribute("readonly") is not None
    assert auditor.page.locator("button[formaction]").count() == 0
    auditor.go("/usage/?by=department")
    assert auditor.page.locator("main table").count() > 0
    auditor.go("/chat/")
    auditor.choose("fast")
    auditor.page.fill("#question", "Why?")
    auditor.send("#compose")
    auditor.page.wait_for_selector("#compose [data-refusal] .notice")


def _own(text: str, mark: str) -> str:
    """Addresses of this firm alone, since every run of this journey invites anew."""
    return text.replace(",person", f",{mark}-person")
