"""The tables of what is sold, what is paid and what is left."""

from plans.models.access import AccessRule
from plans.models.corrections import Adjustment, Dispute, Refund
from plans.models.extra import Awake, ChildDay, Extra, Loan
from plans.models.fapiao import Fapiao, FapiaoFile, FapiaoInvoice
from plans.models.fulfillment import Fulfillment
from plans.models.invoice import Invoice, InvoiceCounter, InvoiceTitle, Seller
from plans.models.ledger import Hold, HoldLot, IdempotencyKey, Journal, Posting
from plans.models.lot import Lot, LotCheck, LotNotice, Wallet
from plans.models.money import Cost, Incoming, Outgoing, Surplus
from plans.models.offer_use import OfferUse
from plans.models.offering import Offering, OfferingVersion
from plans.models.offering_item import OfferingItem
from plans.models.order import Order
from plans.models.payment import Payment
from plans.models.payment_message import PaymentMessage
from plans.models.payment_method import PaymentMethod
from plans.models.quota import Quota, QuotaWindow
from plans.models.reclaim import Reclaim, ReclaimRule
from plans.models.reconciliation import Case, Reconciliation
from plans.models.repayment import Repayment
from plans.models.subscription import Consent, Subscription, SubscriptionPeriod

__all__ = [
    "AccessRule",
    "Adjustment",
    "Awake",
    "Case",
    "ChildDay",
    "Consent",
    "Cost",
    "Dispute",
    "Extra",
    "Fapiao",
    "FapiaoFile",
    "FapiaoInvoice",
    "Fulfillment",
    "Hold",
    "HoldLot",
    "IdempotencyKey",
    "Incoming",
    "Invoice",
    "InvoiceCounter",
    "InvoiceTitle",
    "Journal",
    "Loan",
    "Lot",
    "LotCheck",
    "LotNotice",
    "OfferUse",
    "Offering",
    "OfferingItem",
    "OfferingVersion",
    "Order",
    "Outgoing",
    "Payment",
    "PaymentMessage",
    "PaymentMethod",
    "Posting",
    "Quota",
    "QuotaWindow",
    "Reclaim",
    "ReclaimRule",
    "Reconciliation",
    "Refund",
    "Repayment",
    "Seller",
    "Subscription",
    "SubscriptionPeriod",
    "Surplus",
    "Wallet",
]
