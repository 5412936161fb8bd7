"""What happens on the hosted page: cards that pay, that are declined, and that ask their holder first."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from portal.sandbox.cards_books import Books, Charge, Dispute, Intent, Item, Session, named

CARDS = {
    "4242424242424242": ("", "Pays · 支付成功"),
    "4000000000003220": ("challenge", "Needs 3-D Secure · 需要 3-D 验证"),
    "4000000000000002": ("card_declined", "Is declined · 被拒"),
    "4000000000009995": ("insufficient_funds", "Has not enough money · 余额不足"),
    "4000000000000259": ("dispute", "Pays, and is disputed · 支付后发生争议"),
}
WRONG_NUMBER = "incorrect_number"


@dataclass(frozen=True)
class Till:
    """Takes cards; `tell` is how Stripe speaks of what happened, by the type of the event and its object."""

    books: Books
    tell: Callable[[str, Item], None]

    def try_card(self, session: Session, number: str) -> str:
        """This will try a card, and return what came of it: nothing when it paid, `challenge`, or why it did not."""
        outcome = CARDS.get("".join(filter(str.isdigit, number)), (WRONG_NUMBER, ""))[0]
        intent = self._intent_of(session)
        if outcome == "challenge":
            intent.status = "requires_action"
            return outcome
        if outcome in {"", "dispute"}:
            self._succeed(session, intent)
            if outcome:
                self.dispute(intent)
            return ""
        self._fail(intent, outcome)
        return outcome

    def answer_challenge(self, session: Session, *, is_holder: bool) -> str:
        """This will take the holder's answer to the bank's question, as `try_card`."""
        intent = self._intent_of(session)
        if intent.status != "requires_action":
            return ""
        if is_holder:
            self._succeed(session, intent)
            return ""
        self._fail(intent, "authentication_required")
        return "authentication_required"

    def dispute(self, intent: Intent) -> Dispute | None:
        """This will let the bank take back what was paid, once."""
        charge = intent.charge
        if charge is None or charge.failure_code:
            return None
        if charge.dispute is None:
            charge.dispute = Dispute(charge, livemode=charge.livemode)
            self.books.keep(charge.dispute)
            self.tell("charge.dispute.created", charge.dispute)
        return charge.dispute

    def close_dispute(self, dispute: Dispute, status: str) -> None:
        """This will let the bank decide: won or lost, as the merchant sees it."""
        dispute.status = status
        self.tell("charge.dispute.closed", dispute)

    def _intent_of(self, session: Session) -> Intent:
        if session.intent is None:
            kept: dict[str, Any] = {
                "metadata": named(session.form, "payment_intent_data[metadata]"),
                "livemode": session.livemode,
            }
            description = session.form.get("payment_intent_data[description]", "")
            session.intent = Intent(session.amount, session.currency, description, **kept)
            self.books.keep(session.intent)
        return session.intent

    def _charge(self, intent: Intent, failure: str = "") -> None:
        shared: dict[str, Any] = {"metadata": dict(intent.metadata), "livemode": intent.livemode}
        intent.charge = Charge(intent.amount, intent.currency, intent.id, failure, **shared)
        self.books.keep(intent.charge)

    def _succeed(self, session: Session, intent: Intent) -> None:
        self._charge(intent)
        intent.status = "succeeded"
        self.tell("payment_intent.succeeded", intent)
        self.tell("checkout.session.completed", session)

    def _fail(self, intent: Intent, why: str) -> None:
        self._charge(intent, why)
        intent.status = "requires_payment_method"
        self.tell("payment_intent.payment_failed", intent)
