"""Cards, on Stripe's hosted page: a checkout session a payment, and its payment intent for what became of it.

No card number passes through this portal. Our charge is the idempotency key, so asking twice makes one page.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import msgspec

from plans.payment_providers import stripe_line, stripe_signing
from plans.payment_providers import stripe_shapes as shapes
from plans.payment_providers.base import (
    Charge,
    Denied,
    Event,
    Forged,
    Listed,
    Message,
    Repaid,
    Repayment,
    Standing,
    Unknown,
)
from portal.kit.merchants import Stripe as Merchant

SESSIONS = "/v1/checkout/sessions"
LONGEST_TEXT = 250
PAGE_LASTS = timedelta(days=1)
_AMOUNT = "amount"
_HUNDREDFOLD = frozenset({"ISK", "UGX"})
"""Stripe counts hundredths of these, which nobody else does: better not sold by card than sold for a hundredth."""
_WHOLE = {"expand[]": "payment_intent.latest_charge.balance_transaction"}


class _Data(msgspec.Struct):
    object: dict[str, Any]


class _Notice(msgspec.Struct):
    id: str
    type: str
    livemode: bool
    data: _Data


class Stripe:
    """One account. `client` is an httpx client with its base address, secret key and timeouts.

    `clock` tells seconds since 1970.
    """

    def __init__(self, client: httpx.Client, *, merchant: Merchant, clock: Callable[[], float] = time.time) -> None:
        self._line = stripe_line.Line(client)
        self._merchant = merchant
        self._clock = clock

    def begin(self, charge: Charge) -> Standing:
        """This will open the page on which the payer pays; `page_url` is its address."""
        if charge.amount.currency in _HUNDREDFOLD:
            raise Denied(_AMOUNT)
        answer = self._line.send("POST", SESSIONS, form=_page_of(charge), key=charge.id)
        if stripe_line.trouble_of(answer).type == "idempotency_error":
            return self.find(charge.id)
        stripe_line.refuse(answer)
        return shapes.standing(stripe_line.read(answer, shapes.Session))

    def find(self, charge_id: UUID) -> Standing:
        """This will go through the newest pages for the one that carries our charge."""
        for session in self._line.newest(SESSIONS, {}, shapes.Session):
            if session.client_reference_id == str(charge_id):
                return self.query(session.id)
        raise Unknown(str(charge_id))

    def query(self, reference: str) -> Standing:
        """This will read the page, what was paid on it, paid back of it, and taken back by a bank.

        `reference` may also be a payment intent's, as a message on a dispute gives it.
        """
        session = self._session(reference)
        intent = session.payment_intent
        charge = intent.latest_charge if isinstance(intent, shapes.Intent) else None
        if not (isinstance(charge, shapes.Paid) and charge.disputed):
            return shapes.standing(session)
        disputes = self._line.newest("/v1/disputes", {"charge": charge.id}, shapes.Dispute)
        return shapes.standing(session, dispute=next(disputes, None))

    def cancel(self, standing: Standing) -> Standing:
        """This will close the page; one on which was paid meanwhile stays paid."""
        self._line.send("POST", f"{SESSIONS}/{quote(standing.reference, safe='')}/expire", form={})
        return self.query(standing.reference)

    def read(self, message: Message) -> Event:
        """This will check the signature over the raw bytes and the mode, and tell what it is about; raises `Forged`.

        Signatures are held against the clock of the world, business time may have been moved.
        """
        header, secret = message.headers.get("stripe-signature", ""), self._merchant.webhook_secret
        stripe_signing.check(header, message.body, secret=secret, seconds=self._clock())
        try:
            notice = msgspec.json.decode(message.body, type=_Notice)
        except msgspec.MsgspecError as error:
            raise Forged(type(error).__name__) from error
        if notice.livemode != (self._merchant.mode == "live"):
            told = "another mode"
            raise Forged(told)
        return _event(notice)

    def refund(self, repayment: Repayment) -> Repaid:
        """This will ask to pay back; the same repayment is carried out once."""
        form = {
            "payment_intent": self._intent_of(repayment),
            "amount": str(repayment.amount.minor),
            "reason": "requested_by_customer",
            "metadata[refund]": str(repayment.id),
        }
        answer = self._line.send("POST", "/v1/refunds", form=form, key=repayment.id)
        if stripe_line.trouble_of(answer).type == "invalid_request_error":
            with suppress(Unknown):  # what cannot be paid back any more may be what we paid back
                return self.find_refund(repayment)
        stripe_line.refuse(answer)
        return _repaid(stripe_line.read(answer, shapes.Refund))

    def find_refund(self, repayment: Repayment) -> Repaid:
        """This will go through the refunds of the payment for ours."""
        of_this = {"payment_intent": self._intent_of(repayment)}
        for refund in self._line.newest("/v1/refunds", of_this, shapes.Refund):
            if (refund.metadata or {}).get("refund") == str(repayment.id):
                return _repaid(refund)
        raise Unknown(str(repayment.id))

    def listed(self, since: datetime, until: datetime) -> Iterator[Listed]:
        """This will go through the payment intents of a span; one that none of our pages made goes by its own name."""
        opened = {"created[gte]": _seconds(since - PAGE_LASTS), "created[lt]": _seconds(until)}
        all_of_it = {"pages": stripe_line.PAGES_LISTED}
        sessions = self._line.newest(SESSIONS, opened, shapes.Session, **all_of_it)
        pages = {session.payment_intent: session.id for session in sessions}
        begun = {"created[gte]": _seconds(since), "created[lt]": _seconds(until), "expand[]": "data.latest_charge"}
        for intent in self._line.newest("/v1/payment_intents", begun, shapes.Intent, **all_of_it):
            charge = intent.latest_charge
            yield Listed(
                reference=pages.get(intent.id, intent.id),
                charge_id=intent.metadata.get("charge", ""),
                state=shapes.intent_state(intent),
                amount=shapes.money(intent.amount, intent.currency),
                refunded_minor=charge.amount_refunded if isinstance(charge, shapes.Paid) else 0,
                created_at=datetime.fromtimestamp(intent.created, UTC),
            )

    def _session(self, reference: str) -> shapes.Session:
        if not reference.startswith("pi_"):
            answer = self._line.send("GET", f"{SESSIONS}/{quote(reference, safe='')}", params=_WHOLE)
            session: shapes.Session = stripe_line.read(answer, shapes.Session)
            return session
        found = next(self._line.newest(SESSIONS, {"payment_intent": reference}, shapes.Session), None)
        if found is None:
            raise Unknown(reference)
        return self._session(found.id)

    def _intent_of(self, repayment: Repayment) -> str:
        intent = self._session(repayment.reference).payment_intent
        if not isinstance(intent, shapes.Intent):
            raise Unknown(repayment.reference)
        return intent.id


def _page_of(charge: Charge) -> dict[str, str]:
    item, intent = "line_items[0]", "payment_intent_data"
    return {
        "mode": "payment",
        "client_reference_id": str(charge.id),
        "success_url": charge.return_url,
        "cancel_url": charge.return_url,
        "payment_method_types[0]": "card",
        f"{item}[quantity]": "1",
        f"{item}[price_data][currency]": charge.amount.currency.lower(),
        f"{item}[price_data][unit_amount]": str(charge.amount.minor),
        f"{item}[price_data][product_data][name]": charge.description[:LONGEST_TEXT],
        "metadata[charge]": str(charge.id),
        f"{intent}[metadata][charge]": str(charge.id),
        f"{intent}[description]": charge.reference_code[:LONGEST_TEXT],
    }


def _event(notice: _Notice) -> Event:
    """There are objects of many kinds; one that is about no payment at all is no forgery."""
    about = notice.data.object
    kind, name, metadata = about.get("object"), str(about.get("id", "")), about.get("metadata")
    if kind == "checkout.session":
        return Event(notice.id, name, str(about.get("client_reference_id") or ""))
    if isinstance(metadata, dict) and (charge := str(metadata.get("charge", ""))):
        return Event(notice.id, "", charge)
    return Event(notice.id, name if kind == "payment_intent" else str(about.get("payment_intent") or ""), "")


def _repaid(refund: shapes.Refund) -> Repaid:
    return Repaid(refund.id, shapes.refund_state(refund), shapes.money(refund.amount, refund.currency))


def _seconds(moment: datetime) -> str:
    """The second in which a moment lies."""
    return str(int(moment.timestamp()))
