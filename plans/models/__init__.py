"""The tables of what is sold, what is paid and what is left."""

from plans.models.ledger import Hold, HoldLot, IdempotencyKey, Journal, Lot, Posting, Wallet
from plans.models.offering import Offering, OfferingVersion
from plans.models.order import Order
from plans.models.payment import Payment
from plans.models.quota import Quota, QuotaWindow

__all__ = [
    "Hold",
    "HoldLot",
    "IdempotencyKey",
    "Journal",
    "Lot",
    "Offering",
    "OfferingVersion",
    "Order",
    "Payment",
    "Posting",
    "Quota",
    "QuotaWindow",
    "Wallet",
]
