"""The cast of the shop: a household with its people, a stranger, and an operator that really listens."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

import uvicorn
from django.test import Client

from accounts import accounts
from accounts.models import Member, User
from plans import methods, offerings, orders, payment_providers
from plans.models import Order, PaymentMethod
from portal.kit import clock
from portal.sandbox.app import App
from portal.sandbox.operator import SCRIPTED_SERIES

TOKEN = "operator-token"
ASKED_PHONE = "+8613812341234"


@dataclass(frozen=True)
class Household:
    """An owner, a bill payer, an adult, a child and an auditor of one account, and the owner of another."""

    owner: Member
    bill_payer: Member
    adult: Member
    child: Member
    auditor: Member
    stranger: Member


def assemble(*, now: datetime) -> Household:
    """This will found the household and its neighbor."""
    owner = accounts.found(_user("olga"), kind="household", name="Olga's home", now=now)
    others = {role: _join(owner, role, now=now) for role in ("bill_payer", "adult", "child", "auditor")}
    stranger = accounts.found(_user("stan"), kind="household", name="Stan's home", now=now)
    return Household(owner=owner, stranger=stranger, **others)


@contextmanager
def listening(app: App) -> Iterator[str]:
    """This will let the operator, or any other app, answer over HTTP and tell its address."""
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = server.force_exit = True
    thread.join(5)


def scripted(ending: str) -> str:
    """A number whose operator decides by itself, by these last two digits."""
    return f"{SCRIPTED_SERIES}{ending}"


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def order_of(member: Member, *, phone: str, slug: str = "starter", order_id: UUID | None = None) -> Order:
    """What the checkout does with a form that was filled in, for a line that has paid before: no code is asked for."""
    methods.confirm(line_of(member, phone).pk, now=clock.now())
    return new_order_of(member, phone=phone, slug=slug, order_id=order_id)


def line_of(member: Member, phone: str) -> PaymentMethod:
    """The line as it is stored at its first payment."""
    return methods.remember(
        member.account, provider=payment_providers.CARRIER_BILLING, phone=phone, by=member, now=clock.now()
    )


def new_order_of(member: Member, *, phone: str, slug: str = "starter", order_id: UUID | None = None) -> Order:
    """The same for a line that has never paid: the operator sends a code."""
    version = offerings.current(slug)
    wish = orders.Wish(order_id=order_id or uuid4(), version=version.version, phone=phone)
    order = orders.check_out(version, wish=wish, by=member, now=clock.now())
    return orders.get(order.pk, account_id=member.account_id)


def _user(name: str) -> User:
    return User.objects.create_user(f"{name}@example.com", name=name)


def _join(owner: Member, role: str, *, now: datetime) -> Member:
    user = _user(role)
    return Member.objects.create(account=owner.account, user=user, role=role, name=role, joined_at=now)
