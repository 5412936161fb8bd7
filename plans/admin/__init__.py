"""The shop and the books in admin."""

from plans.admin import books, corrections, shop

__all__ = ["books", "corrections", "shop"]
