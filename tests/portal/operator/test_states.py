"""The operator's table of states, held against a model that knows nothing but the table."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, multiple, rule

from portal.sandbox.operator_answers import Refused
from portal.sandbox.operator_bodies import CreatePayment, PartialRefund, TotalRefund, Validation, read
from portal.sandbox.operator_books import Asking, Books
from portal.sandbox.operator_charges import RESERVED_FOR, Charge
from portal.sandbox.operator_clock import Clock
from portal.sandbox.operator_course import Course
from portal.sandbox.operator_events import event_of
from portal.sandbox.operator_refunds import Refund
from tests.portal.operator import contract
from tests.portal.operator.merchant import NOON, payment, refund, scripted

FOLLOWING = {
    "processing": {"pending_validation", "reserved", "succeeded", "denied"},
    "pending_validation": {"reserved", "denied", "cancelled"},
    "reserved": {"succeeded", "denied", "cancelled"},
    "succeeded": set(),
    "denied": set(),
    "cancelled": set(),
}
"""The state table of Carrier Billing 0.5.0."""
ONE_STEP = {"processing", "succeeded", "denied"}
ENDINGS = ["00", "09", "13", "14", "16", "18", "31", "32", "37"]
AMOUNT = Decimal("9.9")


class Life(RuleBasedStateMachine):
    """Payments and refunds by every verb in every order, with time going on."""

    charges = Bundle("charges")
    refunds = Bundle("refunds")

    def __init__(self) -> None:
        super().__init__()
        self.clock = Clock(standing=NOON)
        self.books = Books(self.clock, sink=None, heard=self.hear)
        self.known: dict[Course, str] = {}
        self.taken: set[Charge] = set()

    def hear(self, course: Course) -> None:
        """Every move is one of the table's, and every one that the table names has its event."""
        before = self.known.get(course, "processing")
        if isinstance(course, Charge):
            assert course.status in FOLLOWING[before]
            assert course.is_two_step or course.status in ONE_STEP
        else:
            assert before == "processing"
        self.known[course] = course.status
        event = event_of(course, at=self.clock)
        assert event is not None
        contract.check_event(event)

    @rule(target=charges, ending=st.sampled_from(ENDINGS), in_two=st.booleans())
    def open(self, ending: str, *, in_two: bool) -> Charge:
        asked = read(contract.encoded(payment(scripted(ending))), CreatePayment)
        verb = self.books.prepare if in_two else self.books.pay
        return verb(asked, asking=Asking(subject=""))

    @rule(charge=charges, is_right=st.booleans())
    def validate(self, charge: Charge, *, is_right: bool) -> None:
        before, tries = charge.status, charge.attempts
        said = Validation(authorization_id=charge.authorization_id, code=charge.code if is_right else "wrong")
        try:
            self.books.validate(charge, said)
        except Refused:
            assert not (is_right and before == "pending_validation" and tries < 3)
        else:
            assert is_right
            assert (before, charge.status) == ("pending_validation", "reserved")

    @rule(charge=charges)
    def confirm(self, charge: Charge) -> None:
        before = charge.status
        try:
            self.books.confirm(charge)
        except Refused:
            assert before != "reserved" or charge in self.taken
        else:
            assert before == "reserved"
            assert charge not in self.taken
            self.taken.add(charge)

    @rule(charge=charges)
    def cancel(self, charge: Charge) -> None:
        before = charge.status
        try:
            self.books.cancel(charge)
        except Refused:
            assert before not in {"reserved", "pending_validation"} or charge in self.taken
        else:
            assert charge.status == "cancelled"

    @rule(charge=charges, decision=st.sampled_from(["approval", "denial", "delay"]))
    def decide(self, charge: Charge, decision: str) -> None:
        before = charge.status
        charge.answer(decision)
        assert decision != "delay" or charge.status == before

    @rule(target=refunds, charge=charges, tenths=st.integers(1, 120), is_whole=st.booleans())
    def give_back(self, charge: Charge, tenths: int, *, is_whole: bool) -> object:
        left = self.left_of(charge)
        asked = read(contract.encoded(refund(None if is_whole else tenths / 10)), TotalRefund | PartialRefund)
        try:
            made = self.books.give_back(charge, asked)
        except Refused:
            assert not left or (not is_whole and Decimal(tenths) / 10 > left)
            return multiple()
        assert made.amount == (left if is_whole else Decimal(tenths) / 10)
        return made

    @rule(back=refunds, decision=st.sampled_from(["approval", "denial"]))
    def answer(self, back: Refund, decision: str) -> None:
        back.answer(decision)

    @rule(seconds=st.sampled_from([1, 2, 60, 899, 86_400 * 31]))
    def wait(self, seconds: int) -> None:
        self.clock.forward(timedelta(seconds=seconds))

    @invariant()
    def time_leaves_nothing_reserved(self) -> None:
        self.books.tick()
        for charge in self.books.charges.values():
            is_old = self.clock.now() - charge.created_at > RESERVED_FOR
            assert not is_old or charge.status in {"succeeded", "denied", "cancelled"}

    @invariant()
    def what_is_confirmed_is_never_let_go(self) -> None:
        assert all(charge.status != "cancelled" for charge in self.taken)

    @invariant()
    def nobody_gets_back_more_than_was_paid(self) -> None:
        for charge in self.books.charges.values():
            assert self.left_of(charge) >= 0
            assert not self.books.refunds_of(charge) or charge.status == "succeeded"

    def left_of(self, charge: Charge) -> Decimal:
        """What is neither given back nor about to be, by our own count."""
        back = [each.amount for each in self.books.refunds_of(charge) if each.status != "denied"]
        return (AMOUNT if charge.status == "succeeded" else Decimal(0)) - sum(back, Decimal(0))


Life.TestCase.settings = settings(
    max_examples=50, stateful_step_count=25, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestLife = Life.TestCase
