"""The people that these tests are about, and the browsers they sit at."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.contrib.auth import SESSION_KEY
from django.db import connections
from django.test import Client

from accounts import accounts, children, devices
from accounts.models import Department, Member, User
from portal.kit.refusals import Refusal

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
PIN = "2580"


@dataclass(frozen=True)
class Firm:
    """A business: Team stands inside Sales, Shop beside it; the head leads Sales, the clerk works in Team."""

    owner: Member
    bill_payer: Member
    auditor: Member
    head: Member
    clerk: Member
    sales: Department
    team: Department
    shop: Department


def found(address: str, *, kind: str, name: str) -> Member:
    """This will make a person and an account of theirs."""
    user = User.objects.create_user(address, name=address.partition("@")[0])
    return accounts.found(user, kind=kind, name=name, now=NOW)


def join(owner: Member, *, role: str, name: str, department: Department | None = None) -> Member:
    """This will put another person into the owner's account."""
    user = User.objects.create_user(f"{name}@example.com", name=name)
    return Member.objects.create(
        account=owner.account, user=user, role=role, name=name, department=department, joined_at=NOW
    )


def child_of(owner: Member, *, name: str = "Mei", age: int = 10, pin: str = PIN, now: datetime) -> Member:
    """This will open the line of a child who is `age` at `now`, the whole year long."""
    born_in = date(now.year - age, 1, 1)
    return children.open(owner, nickname=name, born_in=born_in, pin=pin, language="en", now=now)


def tablet_of(child: Member, *, by: Member, now: datetime, tablet: Client | None = None) -> Client:
    """This will return a tablet, or the given one, on which `child` signed in by a code that `by` showed."""
    tablet = tablet or Client()
    tablet.post(devices.path_of(devices.make_ticket(child, by=by, now=now)))
    assert tablet.session[SESSION_KEY] == str(child.user_id)
    return tablet


def staffed(owner: Member) -> Firm:
    """This will give a business its departments and people."""

    def department(name: str, parent: Department | None = None) -> Department:
        return Department.objects.create(account=owner.account, parent=parent, name=name, created_at=NOW)

    sales, shop = department("Sales"), department("Shop")
    team = department("Team", sales)
    return Firm(
        owner=owner,
        bill_payer=join(owner, role="bill_payer", name="payer"),
        auditor=join(owner, role="auditor", name="auditor"),
        head=join(owner, role="head", name="head", department=sales),
        clerk=join(owner, role="adult", name="clerk", department=team),
        sales=sales,
        team=team,
        shop=shop,
    )


def client_of(member: Member) -> Client:
    """This will return a browser in which `member` is signed in."""
    client = Client()
    client.force_login(member.user)
    return client


def fresh(client: Client) -> Client:
    """This will let the person at `client` have signed in just now, as allauth remembers it."""
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = session[SESSION_KEY]
    session.save()
    return client


def at_once(*verbs: Callable[[], object]) -> list[str]:
    """This will do all of it at the same moment, each in a thread of its own, and return the codes of refusals."""
    start = threading.Barrier(len(verbs))

    def alone(verb: Callable[[], object]) -> str:
        try:
            start.wait(timeout=30)
            verb()
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return ""

    with ThreadPoolExecutor(len(verbs)) as pool:
        return sorted(pool.map(alone, verbs))
