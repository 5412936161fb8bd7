"""Balances and receipts as machines read them: amounts are decimal strings in credits."""

from typing import Any

from models_catalog.models import Price
from plans import ledger
from portal.kit.units import MICROCREDITS_PER_CREDIT, TOKENS_PER_PRICE
from usage.dialects.openai_answer import in_credits
from usage.models import Attempt
from usage.receipts import Receipt

Json = dict[str, Any]

PER_TOKEN_DECIMALS = 12


def of_balance(left: ledger.Balance) -> Json:
    """This will write what an account has left, lot by lot in the order in which calls draw on them."""
    return {
        "object": "balance",
        "credits_left": in_credits(left.left),
        "credits_held": in_credits(left.held),
        "lots": [
            {
                "name": lot.name,
                "source": lot.source,
                "granted": in_credits(lot.granted),
                "used": in_credits(lot.used),
                "held": in_credits(lot.held),
                "available": in_credits(lot.available),
                "expires_at": lot.expires_at,
            }
            for lot in left.lots
        ],
    }


def of_past_balance(then: ledger.LeftAt) -> Json:
    """This will write what an account had left at a moment."""
    return {
        "object": "balance",
        "at": then.moment,
        "credits_left": in_credits(then.left),
        "credits_owed": in_credits(then.debt),
        "lots": [{"lot": lot_id, "left": in_credits(left)} for lot_id, left in then.lots.items()],
    }


def of_call(receipt: Receipt) -> Json:
    """This will write the receipt of a call that has ended, with every figure it was computed from."""
    ended = receipt.call
    return {
        "id": str(ended.pk),
        "object": "call",
        "code": receipt.code,
        "state": ended.state,
        "model": ended.chat_model.slug,
        "assistant": str(receipt.assistant) if receipt.assistant else None,
        "how": ended.how,
        "estimated": ended.estimated,
        "usage": {
            "prompt_tokens": ended.input_tokens,
            "completion_tokens": ended.output_tokens,
            "vendor_total_tokens": receipt.vendor_tokens,
            "adds_up": receipt.checks,
        },
        "lines": [
            {
                "class": line.token_class,
                "tokens": line.tokens,
                "credits_per_token": per_token(line.rate),
                "credits": in_credits(line.amount),
            }
            for line in receipt.lines
        ],
        "price": ended.price_id,
        "price_hours": None if receipt.window is None else _of_hours(receipt.window),
        "price_from_input_tokens": receipt.from_input_tokens,
        "credits_per_request": in_credits(receipt.per_request),
        "credits_rounded_up": in_credits(receipt.rounding),
        "credits_cost": in_credits(receipt.cost),
        "credits_not_charged": in_credits(receipt.forgiven),
        "credits_held": in_credits(ended.held_microcredits),
        "credits_charged": in_credits(ended.charged_microcredits),
        "credits_restored": in_credits(receipt.restored),
        "lots": [
            {
                "lot": lot.lot_id,
                "name": lot.label,
                "credits": in_credits(lot.amount_microcredits),
                "before": in_credits(lot.available_before_microcredits),
                "after": in_credits(lot.available_after_microcredits),
            }
            for lot in receipt.lots
        ],
        "attempts": [_of_attempt(attempt) for attempt in receipt.attempts],
        "finish_reason": ended.finish_reason or None,
        "error_code": ended.error_code or None,
        "opened_at": ended.opened_at,
        "accepted_at": ended.accepted_at,
        "first_token_milliseconds": ended.first_token_milliseconds,
        "ended_at": ended.ended_at,
    }


def _of_hours(window: Price) -> Json:
    """The clock is that of the account."""
    return {"weekdays": window.weekdays, "from": window.starts_at, "until": window.ends_at}


def _of_attempt(attempt: Attempt) -> Json:
    return {
        "outcome": attempt.outcome,
        "raw_usage": attempt.raw_usage,
        "started_at": attempt.started_at,
        "accepted_at": attempt.accepted_at,
        "ended_at": attempt.ended_at,
    }


def per_token(rate: int) -> str:
    """This will write a rate in microcredits a million tokens as credits a token, without a float."""
    whole, rest = divmod(rate, MICROCREDITS_PER_CREDIT * TOKENS_PER_PRICE)
    return f"{whole}.{rest:0{PER_TOKEN_DECIMALS}d}".rstrip("0").rstrip(".")
