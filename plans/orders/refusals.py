"""What may be said no to when something is ordered or paid."""

from portal.kit.refusals import Refusal, gettext_noop


class MayNotBuy(Refusal):
    """The member neither owns the account nor pays its bills."""

    code = "may_not_buy"
    status = 403
    sentence = gettext_noop("Only the owner or the bill payer of your account can buy. Ask them to choose a plan.")


class MayNotRead(Refusal):
    """The member has no part in the account's money."""

    code = "may_not_read_bills"
    status = 403
    sentence = gettext_noop("Bills and receipts are for the owner and the bill payer of your account.")


class TermsChanged(Refusal):
    """The page that the order came from showed older terms."""

    code = "terms_changed"
    status = 409
    sentence = gettext_noop("The terms changed while you were looking. Nothing was ordered; please look once more.")


class TooManyWaiting(Refusal):
    """The account has many orders that nobody paid."""

    code = "too_many_waiting_orders"
    status = 429
    sentence = gettext_noop("Several of your orders still wait for payment. Pay or cancel one of them first.")


class TooManyBegun(Refusal):
    """The account began order after order and paid none."""

    code = "too_many_unpaid_orders"
    status = 429
    sentence = gettext_noop(
        "You began many orders within an hour without paying. Nothing was ordered; please try again in an hour."
    )


class StaleCheckout(Refusal):
    """The order's id is not one that the server made for this member."""

    code = "stale_checkout"
    status = 409
    sentence = gettext_noop("This checkout page is not valid any more. Nothing was ordered; please open it once more.")


class NotYours(Refusal):
    """The order belongs to another account, which sounds like one that does not exist."""

    code = "order_not_found"
    status = 404
    sentence = gettext_noop("There is no such order. Your orders are listed under Billing.")


class NotPayable(Refusal):
    """The order was paid, canceled, or has run out."""

    code = "order_not_payable"
    status = 409
    sentence = gettext_noop("This order cannot be paid any more. Look at it under Billing, or begin a new one.")


class WayNotAllowed(Refusal):
    """The offering is not sold this way."""

    code = "way_not_allowed"
    status = 409
    sentence = gettext_noop("This offering cannot be paid this way. Nothing was charged; please choose another way.")


class NoCodeAsked(Refusal):
    """Nobody waits for a code."""

    code = "no_code_asked"
    status = 409
    sentence = gettext_noop("No code is asked for right now. Look at the order: it says what comes next.")


class BadCode(Refusal):
    """The code is not the one that was sent, and there are tries left."""

    code = "bad_code"
    status = 400
    sentence = gettext_noop("This is not the code that was sent. Tries left: {left}.")


class CodesUsedUp(Refusal):
    """The code was wrong too often, or the provider takes no more."""

    code = "codes_used_up"
    status = 409
    sentence = gettext_noop(
        "The code was wrong too often. Nothing was charged; pay again with a new code or another way."
    )
