"""Assistants, keys, calls, refusals and audits in admin, and all about one account; never a word of what was said."""

from usage.admin import assistants, audits, calls, customers, keys, refusals

__all__ = ["assistants", "audits", "calls", "customers", "keys", "refusals"]
