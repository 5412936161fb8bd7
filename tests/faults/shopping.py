"""A buyer with a browser at the stand, and what the books say about the buyer's lots."""

import re
from uuid import UUID

import httpx
from django.conf import settings
from django.test import Client

from accounts.models import Member
from plans import methods
from portal.kit import clock
from tests.faults.readers import READ_SECONDS
from tests.plans.cast import line_of, scripted
from tests.plans.ledger import books
from tests.stand import Stand

Form = dict[str, str]
APPROVES, APPROVES_SOON = scripted("00"), scripted("01")
"""Phones whose bill is charged at once, and a moment later."""


class Buyer:
    """The owner of an account of its own, signed in."""

    def __init__(self, stand: Stand) -> None:
        self.stand = stand
        self._http = httpx.Client(base_url=stand.base_url, timeout=READ_SECONDS)
        with stand.inside():
            self.member: Member = books.founded()
            session = Client()
            session.force_login(self.member.user)
        self._http.cookies.set(settings.SESSION_COOKIE_NAME, session.cookies[settings.SESSION_COOKIE_NAME].value)

    def fill_in(self, *, phone: str, slug: str = "starter") -> Form:
        """This will open the checkout page and return the form with the phone that pays, which has paid before."""
        with self.stand.inside():
            line = line_of(self.member, phone)
            methods.confirm(line.pk, now=clock.now())
        page = self._http.get(f"/checkout/{slug}/").text
        hidden = dict(re.findall(r'name="(csrfmiddlewaretoken|order|version|price)" value="([^"]+)"', page))
        return hidden | {"way": f"method:{line.pk}"}

    def send(self, form: Form, *, slug: str = "starter") -> str:
        """This will send the form and return the page of the order; a broken connection is the caller's."""
        answer = self._http.post(f"/checkout/{slug}/", data=form, follow_redirects=True)
        return answer.text

    def orders(self) -> list[str]:
        """This will return the states of all that was ordered."""
        rows = self.stand.rows("SELECT state FROM plans_order WHERE account_id = %s", [self.member.account_id])
        return [row["state"] for row in rows]

    def close(self) -> None:
        """This will close the browser."""
        self._http.close()


def journals(stand: Stand, lot_ids: list[int], kind: str) -> int:
    """This will return how often the books tell of such a move of these lots."""
    question = """SELECT count(DISTINCT j.id) AS found FROM plans_journal j
        JOIN plans_posting p ON p.journal_id = j.id WHERE j.kind = %s AND p.lot_id = ANY(%s)"""
    return int(stand.rows(question, [kind, lot_ids])[0]["found"])


def charges_of(stand: Stand, phone: str) -> int:
    """This will return how often the operator was asked to charge a phone."""
    page = httpx.get(f"{stand.sandbox_url}/operator/inbox/", params={"phone": phone}).text
    return page.count("<article>")


def lots_of_order(stand: Stand, account_id: int) -> list[UUID]:
    """This will return the orders that the account's lots came from, one for each lot."""
    return [row["order_id"] for row in stand.rows("SELECT order_id FROM plans_lot WHERE account_id = %s", [account_id])]
