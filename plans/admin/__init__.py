"""The shop and the books in admin."""

from plans.admin import bills, books, corrections, offers, payments, plans, refund_desk

__all__ = ["bills", "books", "corrections", "offers", "payments", "plans", "refund_desk"]
