"""The payments of the sandbox operator, as its first interface offers them (CAMARA Carrier Billing 0.5.0)."""

import asyncio
from collections.abc import Callable, Mapping

from portal.sandbox.operator_answers import PAYMENTS, UNAVAILABLE, UNKNOWN_NUMBER, Answer, Refused
from portal.sandbox.operator_bodies import CreatePayment, Subscriber, Validation, read
from portal.sandbox.operator_books import Books, merchant_of
from portal.sandbox.operator_charges import TWO_STEP, Charge
from portal.sandbox.operator_http import Handler, Question, routed
from portal.sandbox.operator_lists import Kind, answer

API = "/carrier-billing/v0.5/payments"
HANG_SECONDS = 30.0
_LISTED = Kind("payment", PAYMENTS, frozenset(TWO_STEP.table), merchant_of, Charge.listed)


async def answered(books: Books, question: Question) -> Answer:
    """This will answer what is asked below `API`. Raises `Refused`."""
    parts = question.path.removeprefix(API).split("/")[1:]
    return await routed(books, question, parts, _handlers(parts))


def _handlers(parts: list[str]) -> Mapping[str, Handler]:
    match parts:
        case []:
            return {"GET": _list, "POST": _pay}
        case ["prepare"]:
            return {"POST": _prepare}
        case [_]:
            return {"GET": _show}
        case [_, "validate" | "confirm" | "cancel" as step]:
            return {"POST": {"validate": _validate, "confirm": _confirm, "cancel": _cancel}[step]}
    return {}


async def _pay(books: Books, question: Question, _parts: list[str]) -> Answer:
    return await _open(books, question, lambda asked: books.pay(asked, asking=question.asking), Charge.shown)


async def _prepare(books: Books, question: Question, _parts: list[str]) -> Answer:
    return await _open(books, question, lambda asked: books.prepare(asked, asking=question.asking), Charge.prepared)


async def _open(
    books: Books,
    question: Question,
    verb: Callable[[CreatePayment], Charge],
    shown: Callable[[Charge], object],
) -> Answer:
    asked = read(question.json, CreatePayment)
    script = books.scripts.of(books.identified(asked.amount_transaction.phone_number, subject=question.subject))
    if "fail_before" in script:
        return UNAVAILABLE.answer()
    if "hang_before" in script:
        await asyncio.sleep(HANG_SECONDS)
    charge = verb(asked)
    if "hang_after" in script:
        await asyncio.sleep(HANG_SECONDS)
    return Answer(201, b"<html>502</html>" if "garbage" in script else shown(charge))


async def _list(books: Books, question: Question, _parts: list[str]) -> Answer:
    mine = [charge for charge in books.charges.values() if question.subject in {"", charge.phone}]
    return answer(question.query, _LISTED, [charge for charge in mine if charge.is_listed])


async def _show(books: Books, question: Question, parts: list[str]) -> Answer:
    return Answer(200, books.get(parts[0], subject=question.subject).shown())


async def _validate(books: Books, question: Question, parts: list[str]) -> Answer:
    said = read(question.json, Validation)
    books.validate(books.get(parts[0], subject=question.subject), said)
    return Answer(204)


async def _confirm(books: Books, question: Question, parts: list[str]) -> Answer:
    charge = _chosen(books, question, parts)
    books.confirm(charge)
    if "confirm_hang_after" in charge.script:
        await asyncio.sleep(HANG_SECONDS)
    return Answer(202)


async def _cancel(books: Books, question: Question, parts: list[str]) -> Answer:
    books.cancel(_chosen(books, question, parts))
    return Answer(202)


def _chosen(books: Books, question: Question, parts: list[str]) -> Charge:
    """The payment of the path, whose phone the token or the body must name."""
    said = read(question.json, Subscriber)
    charge = books.get(parts[0], subject=question.subject)
    if books.identified(said.phone_number, subject=question.subject) != charge.phone:
        raise Refused(UNKNOWN_NUMBER)
    return charge
