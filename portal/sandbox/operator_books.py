"""The sandbox operator's books: its payments and refunds, and every verb of the two interfaces over them."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import UNSET, UnsetType

from portal.sandbox import operator_answers as answers
from portal.sandbox import operator_bills as bills
from portal.sandbox import operator_refunds as refunds
from portal.sandbox.operator_answers import Refused
from portal.sandbox.operator_bodies import LARGEST, CreatePayment, PartialRefund, TotalRefund, Validation, Watched
from portal.sandbox.operator_charges import MOST_ATTEMPTS, ONE_STEP, TWO_STEP, WRONG_CODE, Charge
from portal.sandbox.operator_clock import Clock
from portal.sandbox.operator_course import Course, Sink
from portal.sandbox.operator_refunds import Refund
from portal.sandbox.operator_scripts import Script, Scripts

CURRENCIES = frozenset({"CNY", "EUR", "GBP", "HKD", "JPY", "SGD", "USD"})
_REFUSED = {
    "deny": answers.PAYMENT_DENIED,
    "ceiling": answers.OVERPASSED,
    "unauthorized_amount": answers.UNAUTHORIZED_AMOUNT,
    "unknown_number": answers.UNKNOWN_NUMBER,
    "not_applicable": answers.NOT_APPLICABLE,
    "too_many_requests": answers.TOO_MANY_REQUESTS,
}


@dataclass(frozen=True)
class Asking:
    """How something is asked for: in how many steps, for whom by the bearer token, and where people are sent."""

    subject: str
    page_url: str = ""


class Books:
    """`charges` and `refunds` by their ids; `heard` is told of every move; `sink` is where unasked events go."""

    def __init__(self, clock: Clock, *, sink: Sink | None, heard: Callable[[Course], None]) -> None:
        self.clock = clock
        self.scripts = Scripts()
        self.ceilings: dict[str, Decimal] = {}
        self.charges: dict[str, Charge] = {}
        self.refunds: dict[str, Refund] = {}
        self._sink = sink
        self._heard = heard
        self._correlators: set[str] = set()
        self._open: dict[int, Course] = {}

    def tick(self) -> None:
        """This will do everything that is due by the operator's clock."""
        for key, course in list(self._open.items()):
            course.settle_by_time()
            if course.is_final:
                del self._open[key]

    def next_at(self) -> datetime | None:
        """This will return when something is due next, if anything is."""
        return min((course.plan[0][0] for course in self._open.values() if course.plan), default=None)

    def pay(self, asked: CreatePayment, *, asking: Asking) -> Charge:
        """This will open a payment in one step. Raises `Refused`."""
        return self._opened(asked, asking, moves=ONE_STEP)

    def prepare(self, asked: CreatePayment, *, asking: Asking) -> Charge:
        """This will reserve an amount, or ask the subscriber for a code first. Raises `Refused`."""
        return self._opened(asked, asking, moves=TWO_STEP)

    def get(self, payment_id: str, *, subject: str) -> Charge:
        """This will return a payment that its asker may see. Raises `Refused`."""
        charge = self.charges.get(payment_id)
        if charge is None or (subject and charge.phone != subject):
            raise Refused(answers.NOT_FOUND)
        return charge

    def validate(self, charge: Charge, said: Validation) -> None:
        """This will hold a code against the one in the message. Raises `Refused`."""
        if said.authorization_id != charge.authorization_id:
            raise Refused(answers.INVALID_AUTHORIZATION)
        if charge.is_validated:
            raise Refused(answers.VALIDATED)
        if charge.attempts >= MOST_ATTEMPTS:
            raise Refused(answers.ATTEMPTS_CONSUMED)
        if charge.status != "pending_validation" or charge.page_url:
            raise Refused(answers.INVALID_AUTHORIZATION)
        charge.attempts += 1
        if secrets.compare_digest(said.code.encode(), charge.code.encode()):
            charge.is_validated = charge.decide("reserved")
        elif charge.attempts < MOST_ATTEMPTS:
            raise Refused(answers.INVALID_CODE)
        else:
            charge.decide("denied", reason=WRONG_CODE)
            raise Refused(answers.ATTEMPTS_CONSUMED)

    def confirm(self, charge: Charge) -> None:
        """This will take what was reserved, now or a little later. Raises `Refused`."""
        self._check_undecided(charge)
        if charge.status == "denied":
            raise Refused(answers.PAYMENT_DENIED)
        if charge.status != "reserved":
            raise Refused(answers.NOT_PERMITTED)
        charge.confirm()

    def cancel(self, charge: Charge) -> None:
        """This will let go of what was reserved or about to be. Raises `Refused`."""
        self._check_undecided(charge)
        if not charge.decide("cancelled"):
            raise Refused(answers.NOT_PERMITTED)

    def give_back(self, charge: Charge, asked: TotalRefund | PartialRefund) -> Refund:
        """This will open a refund of a payment. Raises `Refused`."""
        self._check_new(asked.amount_transaction.client_correlator)
        asked.check_sink()
        refund = Refund(
            moves=refunds.COURSE,
            clock=self.clock,
            script=charge.script,
            tell=self._heard,
            sink=self._sink_of(asked),
            charge=charge,
            asked=asked,
            amount=refunds.allowed(charge, asked, self.refunds_of(charge)),
            named_sink=_text(asked.sink),
        )
        self._remember(asked.amount_transaction.client_correlator)
        self.refunds[refund.refund_id] = self._open[id(refund)] = refund
        refund.begin()
        return refund

    def refunds_of(self, charge: Charge) -> list[Refund]:
        """This will return the refunds of a payment, the oldest first."""
        return [refund for refund in self.refunds.values() if refund.charge is charge]

    def refund(self, charge: Charge, refund_id: str) -> Refund:
        """This will return one refund of a payment. Raises `Refused`."""
        refund = self.refunds.get(refund_id)
        if refund is None or refund.charge is not charge:
            raise Refused(answers.NOT_FOUND)
        return refund

    def of_phone(self, phone: str) -> list[Charge]:
        """This will return a phone's payments, the newest first."""
        return [charge for charge in reversed(self.charges.values()) if charge.phone == phone]

    def used(self, phone: str) -> Decimal:
        """This will return what counts against the ceiling of a phone this month."""
        return bills.accumulated(self.of_phone(phone), self.refunds.values(), month=self.clock.month())

    def identified(self, said: str | UnsetType, *, subject: str) -> str:
        """This will return whose bill is meant: by the token or by the body, never by both. Raises `Refused`."""
        if subject and said is not UNSET:
            raise Refused(answers.UNNECESSARY_IDENTIFIER)
        if not subject and said is UNSET:
            raise Refused(answers.MISSING_IDENTIFIER)
        return subject or _text(said)

    def _opened(self, asked: CreatePayment, asking: Asking, *, moves: Any) -> Charge:
        transaction = asked.amount_transaction
        phone = self.identified(transaction.phone_number, subject=asking.subject)
        self._check_new(transaction.client_correlator)
        script = self.scripts.of(phone)
        if problem := next((problem for word, problem in _REFUSED.items() if word in script), None):
            raise Refused(problem)
        asked.check_sink()
        self._check_amount(phone, asked)
        charge = self._charge(asked, phone, script, moves=moves)
        if "open_page" in script and moves is TWO_STEP:
            charge.page_url = f"{asking.page_url}?phone={quote(phone, safe='')}"
        self._remember(transaction.client_correlator)
        self._enter(charge)
        if "unasked" in script:
            self._plant(charge)
        return charge

    def _charge(self, asked: CreatePayment, phone: str, script: Script, *, moves: Any) -> Charge:
        return Charge(
            moves=moves,
            clock=self.clock,
            script=script,
            tell=self._heard,
            sink=self._sink_of(asked),
            asked=asked.amount_transaction,
            phone=phone,
            named_sink=_text(asked.sink),
        )

    def _enter(self, charge: Charge) -> None:
        self.charges[charge.payment_id] = self._open[id(charge)] = charge
        charge.begin()

    def _plant(self, charge: Charge) -> None:
        """A payment that nobody asked for, like one that somebody did, and of which no event tells."""
        stranger = f"X-{secrets.token_hex(6)}"
        asked = msgspec.structs.replace(charge.asked, client_correlator=stranger, reference_code=stranger)
        twin = self._charge(
            CreatePayment(amount_transaction=asked), charge.phone, frozenset({"approve"}), moves=ONE_STEP
        )
        twin.sink = None
        self._enter(twin)

    def _check_new(self, correlator: str | UnsetType) -> None:
        if correlator is not UNSET and correlator in self._correlators:
            raise Refused(answers.SAME_CORRELATOR)

    def _remember(self, correlator: str | UnsetType) -> None:
        if correlator is not UNSET:
            self._correlators.add(correlator)

    def _check_amount(self, phone: str, asked: CreatePayment) -> None:
        charging = asked.amount_transaction.payment_amount.charging_information
        if charging.currency not in CURRENCIES:
            raise Refused(answers.WRONG_CURRENCY)
        if charging.amount > LARGEST:
            raise Refused(answers.UNAUTHORIZED_AMOUNT)
        if phone in self.ceilings and self.used(phone) + charging.amount > self.ceilings[phone]:
            raise Refused(answers.OVERPASSED)

    @staticmethod
    def _check_undecided(charge: Charge) -> None:
        if not charge.is_two_step:
            raise Refused(answers.NOT_PERMITTED)
        if charge.is_confirmed and charge.status != "denied":
            raise Refused(answers.CONFIRMED)
        if charge.status == "cancelled":
            raise Refused(answers.CANCELLED)

    def _sink_of(self, asked: Watched) -> Sink | None:
        """Where the request names no address, events go to the operator's own, with the request's credential if any."""
        credential = asked.sink_credential
        bearer, expires_at = (self._sink.bearer, None) if self._sink else ("", None)
        if credential is not UNSET and credential.access_token is not UNSET:
            expires = credential.access_token_expires_utc
            bearer, expires_at = credential.access_token, None if expires is UNSET else expires
        address = _text(asked.sink) or (self._sink.address if self._sink else "")
        return Sink(address, bearer, expires_at) if address else None


def _text(said: str | UnsetType) -> str:
    return "" if said is UNSET else said


def merchant_of(course: Charge | Refund) -> str:
    """This will return the merchant's identifier of a payment, or of a refund or else its payment."""
    if isinstance(course, Charge):
        return course.asked.merchant
    return course.asked.amount_transaction.merchant or course.charge.asked.merchant
