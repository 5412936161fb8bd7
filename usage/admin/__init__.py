"""Calls, refusals and audits in admin, and all about one account, only read; never a word of what was said."""

from usage.admin import audits, calls, customers, refusals

__all__ = ["audits", "calls", "customers", "refusals"]
