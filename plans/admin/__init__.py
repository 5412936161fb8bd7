"""The shop and the books in admin."""

from plans.admin import books, corrections, payments, refund_desk, shop

__all__ = ["books", "corrections", "payments", "refund_desk", "shop"]
