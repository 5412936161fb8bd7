"""The phone of the sandbox operator: what its page shows, and what a subscriber decides there."""

import re
from decimal import Decimal
from urllib.parse import parse_qs, quote

from portal.sandbox import operator_bills as bills
from portal.sandbox.operator_answers import Answer
from portal.sandbox.operator_books import Books
from portal.sandbox.operator_http import Question
from portal.sandbox.operator_pages import Shown, inbox_page

API = "/inbox"
_DIGITS = re.compile(r"\d{5,15}", re.ASCII)
_AMOUNT = re.compile(r"\d{1,7}(\.\d{1,2})?", re.ASCII)


def answered(books: Books, question: Question) -> Answer:
    """This will show the page of a phone, or note what was decided there and lead back to it."""
    match question.method, question.path.removeprefix(API).strip("/").split("/"):
        case "POST", ["ceiling"]:
            phone = _bounded(books, _form(question))
        case "POST", ["bill"]:
            phone = _billed(books, _form(question))
        case "POST", [id_, decision]:
            phone = _decided(books, id_, decision)
            return _see_other("../../", phone)
        case _:
            return _page(books, _phone(question.query.get("phone", [""])[-1]))
    return _see_other("../", phone)


def _page(books: Books, phone: str) -> Answer:
    charges = books.of_phone(phone)
    shown = Shown(
        phone=phone,
        charges=charges,
        refunds=[refund for charge in charges for refund in books.refunds_of(charge)],
        bill=bills.of_month(charges, books.refunds.values(), month=books.clock.month()),
        ceiling=books.ceilings.get(phone),
        used=books.used(phone),
    )
    return Answer(200, inbox_page(shown).encode(errors="replace"))


def _decided(books: Books, id_: str, decision: str) -> str:
    if charge := books.charges.get(id_):
        charge.answer(decision)
        return charge.phone
    if refund := books.refunds.get(id_):
        refund.answer(decision)
        return refund.charge.phone
    return ""


def _bounded(books: Books, form: dict[str, str]) -> str:
    phone, said = _phone(form.get("phone", "")), form.get("ceiling", "").strip()
    if not said:
        books.ceilings.pop(phone, None)
    elif phone and _AMOUNT.fullmatch(said):
        books.ceilings[phone] = Decimal(said)
    return phone


def _billed(books: Books, form: dict[str, str]) -> str:
    phone = _phone(form.get("phone", ""))
    for refund in books.refunds.values():
        if refund.charge.phone == phone and refund.is_in_bill:
            refund.decide("succeeded")
    return phone


def _form(question: Question) -> dict[str, str]:
    said = parse_qs(question.body.decode("latin-1"), keep_blank_values=True)
    return {name: values[-1] for name, values in said.items()}


def _phone(said: str) -> str:
    """A phone as people write it: with or without +, and spaces."""
    digits = re.sub(r"[\s+-]", "", said)
    return f"+{digits}" if _DIGITS.fullmatch(digits) else ""


def _see_other(back: str, phone: str) -> Answer:
    return Answer(303, headers={"location": f"{back}?phone={quote(phone, safe='')}"})
