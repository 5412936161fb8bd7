"""The shop and the books in admin."""

from plans.admin import bills, books, corrections, payments, plans, refund_desk, shop

__all__ = ["bills", "books", "corrections", "payments", "plans", "refund_desk", "shop"]
