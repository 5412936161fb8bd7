"""The refunds of the sandbox operator, as its second interface offers them (CAMARA Carrier Billing Refund 0.3.0)."""

import asyncio
from collections.abc import Mapping

from portal.sandbox.operator_answers import REFUNDS, Answer
from portal.sandbox.operator_bodies import PartialRefund, TotalRefund, read
from portal.sandbox.operator_books import Books, merchant_of
from portal.sandbox.operator_http import Handler, Question, routed
from portal.sandbox.operator_lists import Kind, answer
from portal.sandbox.operator_payments import HANG_SECONDS
from portal.sandbox.operator_refunds import COURSE, Refund, remaining

API = "/carrier-billing-refund/v0.3/payments"
_LISTED = Kind("refund", REFUNDS, frozenset(COURSE.table), merchant_of, Refund.shown)


async def answered(books: Books, question: Question) -> Answer:
    """This will answer what is asked below `API`. Raises `Refused`."""
    parts = question.path.removeprefix(API).split("/")[1:]
    return await routed(books, question, parts, _handlers(parts))


def _handlers(parts: list[str]) -> Mapping[str, Handler]:
    match parts:
        case [_, "refunds"]:
            return {"GET": _list, "POST": _give_back}
        case [_, "refunds", "remaining-amount"]:
            return {"GET": _remaining}
        case [_, "refunds", _]:
            return {"GET": _show}
    return {}


async def _give_back(books: Books, question: Question, parts: list[str]) -> Answer:
    asked: TotalRefund | PartialRefund = read(question.json, TotalRefund | PartialRefund)
    charge = books.get(parts[0], subject=question.subject)
    refund = books.give_back(charge, asked)
    if "refund_hang_after" in charge.script:
        await asyncio.sleep(HANG_SECONDS)
    return Answer(201, refund.shown())


async def _list(books: Books, question: Question, parts: list[str]) -> Answer:
    charge = books.get(parts[0], subject=question.subject)
    return answer(question.query, _LISTED, books.refunds_of(charge))


async def _show(books: Books, question: Question, parts: list[str]) -> Answer:
    charge = books.get(parts[0], subject=question.subject)
    return Answer(200, books.refund(charge, parts[2]).shown())


async def _remaining(books: Books, question: Question, parts: list[str]) -> Answer:
    charge = books.get(parts[0], subject=question.subject)
    charging = charge.asked.payment_amount.charging_information
    told = {"amount": remaining(charge, books.refunds_of(charge)), "currency": charge.currency}
    return Answer(200, told | {"isTaxIncluded": charging.includes_tax})
