"""What the sandbox of cards remembers, shown as Stripe shows it: sessions, intents, charges, refunds, disputes."""

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

FEE_PER_MILLE = 34
FEE_MINOR = 30
DISPUTE_FEE_MINOR = 1500
SESSION_SECONDS = 86_400


def new_id(kind: str) -> str:
    """This will make an id as Stripe does, from which its kind is seen."""
    return f"{kind}_{secrets.token_hex(12)}"


@dataclass(eq=False)
class Thing:
    """What every object has."""

    livemode: bool = field(default=False, kw_only=True)
    metadata: dict[str, str] = field(default_factory=dict, kw_only=True)
    created: int = field(default_factory=lambda: int(time.time()), kw_only=True)

    def shared(self, kind: str) -> dict[str, Any]:
        """This will return the part that every object shows."""
        return {"object": kind, "livemode": self.livemode, "metadata": self.metadata, "created": self.created}


@dataclass(eq=False)
class Refund(Thing):
    """What was paid back of a charge."""

    charge: "Charge"
    amount: int
    status: str = "succeeded"
    id: str = field(default_factory=lambda: new_id("re"))

    def body(self, _expand: list[str]) -> dict[str, Any]:
        """This will show the refund."""
        money = {"amount": self.amount, "currency": self.charge.currency}
        of = {"charge": self.charge.id, "payment_intent": self.charge.intent_id}
        return self.shared("refund") | {"id": self.id, "status": self.status} | money | of


@dataclass(eq=False)
class Dispute(Thing):
    """What the payer's bank takes back."""

    charge: "Charge"
    status: str = "needs_response"
    id: str = field(default_factory=lambda: new_id("dp"))

    def body(self, _expand: list[str]) -> dict[str, Any]:
        """This will show the dispute."""
        money = {"amount": self.charge.amount, "currency": self.charge.currency}
        moved = [{"fee": DISPUTE_FEE_MINOR, "net": -self.charge.amount - DISPUTE_FEE_MINOR, **money}]
        of = {"charge": self.charge.id, "payment_intent": self.charge.intent_id, "reason": "fraudulent"}
        return (
            self.shared("dispute") | {"id": self.id, "status": self.status, "balance_transactions": moved} | money | of
        )


@dataclass(eq=False)
class Charge(Thing):
    """One attempt at one card."""

    amount: int
    currency: str
    intent_id: str
    failure_code: str = ""
    id: str = field(default_factory=lambda: new_id("ch"))
    refunds: list[Refund] = field(default_factory=list)
    dispute: Dispute | None = None

    @property
    def refunded(self) -> int:
        """What was paid back, in minor units."""
        return sum(refund.amount for refund in self.refunds if refund.status not in {"failed", "canceled"})

    def body(self, expand: list[str]) -> dict[str, Any]:
        """This will show the charge."""
        fee = self.amount * FEE_PER_MILLE // 1000 + FEE_MINOR
        booked: object = "txn_" + self.id[3:]
        if "balance_transaction" in expand:
            booked = {"id": booked, "amount": self.amount, "fee": fee, "currency": self.currency}
        return self.shared("charge") | {
            "id": self.id,
            "amount": self.amount,
            "amount_refunded": self.refunded,
            "balance_transaction": None if self.failure_code else booked,
            "currency": self.currency,
            "disputed": self.dispute is not None,
            "failure_code": self.failure_code or None,
            "paid": not self.failure_code,
            "payment_intent": self.intent_id,
            "refunded": self.refunded == self.amount,
            "status": "failed" if self.failure_code else "succeeded",
        }


@dataclass(eq=False)
class Intent(Thing):
    """All attempts to pay one amount."""

    amount: int
    currency: str
    description: str = ""
    status: str = "requires_payment_method"
    id: str = field(default_factory=lambda: new_id("pi"))
    charge: Charge | None = None

    def body(self, expand: list[str]) -> dict[str, Any]:
        """This will show the intent."""
        failed = self.charge.failure_code if self.charge and self.status != "succeeded" else ""
        return self.shared("payment_intent") | {
            "id": self.id,
            "amount": self.amount,
            "amount_received": self.amount if self.status == "succeeded" else 0,
            "currency": self.currency,
            "description": self.description,
            "last_payment_error": {"type": "card_error", "code": failed} if failed else None,
            "latest_charge": _shown(self.charge, "latest_charge", expand),
            "status": self.status,
        }


@dataclass(eq=False)
class Session(Thing):
    """One page on which people pay."""

    amount: int
    currency: str
    form: dict[str, str]
    url: str = ""
    expired: bool = False
    id: str = field(default_factory=lambda: new_id("cs_test"))
    intent: Intent | None = None

    @property
    def status(self) -> str:
        """What became of the page."""
        if self.intent and self.intent.status == "succeeded":
            return "complete"
        is_late = time.time() >= self.created + SESSION_SECONDS
        return "expired" if self.expired or is_late else "open"

    @property
    def name(self) -> str:
        """What is bought."""
        return self.form.get("line_items[0][price_data][product_data][name]", "")

    def body(self, expand: list[str]) -> dict[str, Any]:
        """This will show the session."""
        return self.shared("checkout.session") | {
            "id": self.id,
            "amount_subtotal": self.amount,
            "amount_total": self.amount,
            "cancel_url": self.form.get("cancel_url"),
            "client_reference_id": self.form.get("client_reference_id"),
            "currency": self.currency,
            "expires_at": self.created + SESSION_SECONDS,
            "mode": "payment",
            "payment_intent": _shown(self.intent, "payment_intent", expand),
            "payment_status": "paid" if self.status == "complete" else "unpaid",
            "status": self.status,
            "success_url": self.form.get("success_url"),
            "url": self.url if self.status == "open" else None,
        }


Item = Session | Intent | Charge | Refund | Dispute


@dataclass
class Books:
    """Everything, by its id; the oldest first."""

    items: dict[str, Item] = field(default_factory=dict)

    def keep(self, *items: Item) -> None:
        """This will remember new things."""
        self.items.update({item.id: item for item in items})

    def session(self, name: str) -> Session | None:
        """This will find a session by its id."""
        found = self.items.get(name)
        return found if isinstance(found, Session) else None

    def intent(self, name: str) -> Intent | None:
        """This will find an intent by its id."""
        found = self.items.get(name)
        return found if isinstance(found, Intent) else None


def named(form: dict[str, str], prefix: str) -> dict[str, str]:
    """This will return the fields `prefix[name]` of a form, by name."""
    start = f"{prefix}["
    return {name[len(start) : -1]: value for name, value in form.items() if name.startswith(start)}


def _shown(item: Intent | Charge | None, name: str, expand: list[str]) -> object:
    if item is None:
        return None
    inner = [path.partition(".")[2] for path in expand if path == name or path.startswith(f"{name}.")]
    return item.body(inner) if inner else item.id
