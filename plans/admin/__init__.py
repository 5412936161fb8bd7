"""The shop and the books in admin."""

from plans.admin import books, shop

__all__ = ["books", "shop"]
