"""The people that these tests are about, and the browsers they sit at."""

from datetime import UTC, datetime

from django.test import Client

from accounts import accounts
from accounts.models import Member, User

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def found(address: str, *, kind: str, name: str) -> Member:
    """This will make a person and an account of theirs."""
    user = User.objects.create_user(address, name=address.partition("@")[0])
    return accounts.found(user, kind=kind, name=name, now=NOW)


def join(owner: Member, *, role: str, name: str) -> Member:
    """This will put another person into the owner's account."""
    user = User.objects.create_user(f"{name}@example.com", name=name)
    return Member.objects.create(account=owner.account, user=user, role=role, name=name, joined_at=NOW)


def client_of(member: Member) -> Client:
    """This will return a browser in which `member` is signed in."""
    client = Client()
    client.force_login(member.user)
    return client
