"""Paying back on the phone bill: CAMARA Carrier Billing Refund 0.3.0."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import httpx

from plans.payment_providers import carrier_shapes as shapes
from plans.payment_providers.base import Denied, Repaid, Repayment, Unanswered, Unknown
from portal.kit.units import Money

API = "/carrier-billing-refund/v0.3"
PAGE_SIZE = 100
PAGES_SEARCHED = 10
_STATES = {"processing": "processing", "succeeded": "succeeded", "denied": "denied"}

Send = Callable[..., httpx.Response]
"""This will send a method, a path and a correlator, with httpx's options."""


def refund(repayment: Repayment, *, send: Send, watched: dict[str, Any]) -> Repaid:
    """This will ask for the refund; a correlator that the operator knows already is looked up instead."""
    content = shapes.encode(_body(repayment) | watched)
    answer = send("POST", _path(repayment), repayment.id.hex, content=content)
    if answer.status_code == httpx.codes.CREATED:
        return _repaid(shapes.read(answer, shapes.Refund), repayment)
    problem = shapes.problem(answer)
    if problem.is_duplicate:
        return find(repayment, send=send)
    raise Denied(shapes.REASONS.get(problem.code, "impossible"))


def find(repayment: Repayment, *, send: Send) -> Repaid:
    """This will go through the refunds of the payment for the one that carries our correlator."""
    for page in range(1, PAGES_SEARCHED + 1):
        query = {"page": page, "perPage": PAGE_SIZE, "order": "desc"}
        answer = send("GET", _path(repayment), repayment.id.hex, params=query)
        if not answer.is_success:
            raise Unanswered(shapes.problem(answer).code)
        refunds = shapes.read(answer, list[shapes.Refund])
        for each in refunds:
            if each.amount_transaction.client_correlator == str(repayment.id):
                return _repaid(each, repayment)
        if len(refunds) < PAGE_SIZE:
            raise Unknown(str(repayment.id))
    raise Unanswered(str(repayment.id))


def _path(repayment: Repayment) -> str:
    return f"{API}/payments/{quote(repayment.reference, safe='')}/refunds"


def _body(repayment: Repayment) -> dict[str, Any]:
    names = {"clientCorrelator": str(repayment.id), "referenceCode": repayment.id.hex[-12:].upper()}
    if repayment.amount == repayment.paid:
        return {
            "type": "total",
            "reason": repayment.reason,
            "amountTransaction": {**names, "refundAmount": {}},
        }
    amount = repayment.amount
    charging = {
        "amount": shapes.major(amount.minor, amount.currency),
        "currency": amount.currency,
        "description": repayment.reason,
        "isTaxIncluded": True,
    }
    if repayment.tax_minor:
        charging["taxAmount"] = shapes.major(repayment.tax_minor, amount.currency)
    return {
        "type": "partial",
        "reason": repayment.reason,
        "amountTransaction": {**names, "refundAmount": {"chargingInformation": charging}},
    }


def _repaid(told: shapes.Refund, repayment: Repayment) -> Repaid:
    if told.refund_status not in _STATES:
        raise Unanswered(told.refund_status)
    said = told.amount_transaction.refund_amount
    charging = said.charging_information if said else None
    amount: Money = shapes.money(charging) if charging else repayment.amount
    return Repaid(told.refund_id, _STATES[told.refund_status], amount)
