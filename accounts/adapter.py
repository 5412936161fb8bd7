"""What allauth asks of us: how people are made, found by phone, and sent their codes."""

from allauth.account.adapter import DefaultAccountAdapter


class Adapter(DefaultAccountAdapter):
    """Signing up and signing in by e-mail or phone."""
