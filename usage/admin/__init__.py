"""Calls and audits in admin, only read; never a word of what was said."""

from usage.admin import audits, calls

__all__ = ["audits", "calls"]
