"""The control address of the sandbox operator: how phones behave, how late it is, and what happened."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from portal.sandbox.operator_answers import INVALID, Answer, Problem, Refused
from portal.sandbox.operator_bodies import Phone, read
from portal.sandbox.operator_books import Books
from portal.sandbox.operator_events import Event
from portal.sandbox.operator_http import Handler, Question, routed

API = "/control"
LONGEST_SECONDS = 400 * 86_400


class Order(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What the operator is told: about a phone, its script and its ceiling; about time, how far to go on."""

    phone: Phone | UnsetType = UNSET
    script: str | UnsetType = UNSET
    ceiling: int | float | UnsetType | None = UNSET
    forward_seconds: float = 0.0


async def answered(books: Books, question: Question, sent: Iterable[Event]) -> Answer:
    """This will do or tell what is asked. Raises `Refused`."""

    async def told(books: Books, question: Question, _parts: list[str]) -> Answer:
        return Answer(200, _told(books, question.query.get("phone", [""])[-1], sent))

    handlers: Mapping[str, Handler] = {"GET": told, "POST": _obeyed}
    return await routed(books, question, [], handlers if question.path.rstrip("/") == API else {})


async def _obeyed(books: Books, question: Question, _parts: list[str]) -> Answer:
    order = read(question.json, Order)
    if not 0 <= order.forward_seconds <= LONGEST_SECONDS:
        raise Refused(INVALID)
    if order.phone is UNSET and (order.script is not UNSET or order.ceiling is not UNSET):
        raise Refused(INVALID)
    if order.phone is not UNSET:
        _tell_phone(books, order.phone, order)
    books.clock.forward(timedelta(seconds=order.forward_seconds))
    books.tick()
    return Answer(200, {"now": books.clock.now().isoformat()})


def _tell_phone(books: Books, phone: str, order: Order) -> None:
    if order.script is not UNSET:
        try:
            books.scripts.tell(phone, order.script)
        except ValueError as error:
            raise Refused(Problem(400, INVALID.code, str(error))) from error
    if order.ceiling is None:
        books.ceilings.pop(phone, None)
    elif order.ceiling is not UNSET:
        books.ceilings[phone] = Decimal(str(order.ceiling))


def _told(books: Books, phone: str, sent: Iterable[Event]) -> dict[str, Any]:
    mine = books.of_phone(phone)
    ids = {charge.payment_id for charge in mine}
    return {
        "now": books.clock.now().isoformat(),
        "script": " ".join(sorted(books.scripts.of(phone))),
        "ceiling": books.ceilings.get(phone),
        "used": books.used(phone),
        "payments": [
            charge.shown() | {"code": charge.code, "authorizationId": charge.authorization_id} for charge in mine
        ],
        "refunds": [refund.shown() for charge in mine for refund in books.refunds_of(charge)],
        "events": [
            event.body | {"statuses": event.statuses} for event in sent if event.body["data"]["paymentId"] in ids
        ],
    }
