"""Who tries the addresses: a business, a household, their neighbors, those who left, staff, and machines."""

import time
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from http.cookies import SimpleCookie
from typing import Any

from django.test import Client

from accounts import api_keys, children, devices, members
from accounts.models import Account, Department, Guardianship, Member, User
from models_catalog import catalog
from tests import kept
from tests.accounts import people, visits
from tests.plans.ledger import books
from tests.usage import cast

HOUR = 3600


@dataclass(frozen=True, eq=False)
class Actor:
    """Somebody at a browser or a program; `member` says what is theirs, `role` which column of the table is."""

    name: str
    role: str
    client: Client
    cookies: SimpleCookie
    member: Member | None = None
    reach: frozenset[int] = frozenset()
    """The departments whose things are near: one's own, for a head also what stands inside it."""


@dataclass(frozen=True)
class Cast:
    """All members by name, the departments of both businesses, and everybody who tries."""

    now: datetime
    members: dict[str, Member]
    departments: dict[str, Department]
    browsers: list[Actor]
    machines: list[Actor]


def assemble(*, now: datetime) -> Cast:
    """This will found the accounts and seat everybody; nothing of theirs is made yet."""
    kept.catalog(now=now, addresses=cast.ADDRESSES)
    catalog.forget()
    kept.offerings(now=now)
    found, departments = _members(now=now)
    for payer in ("owner", "stranger", "parent", "neighbor"):
        books.grant(found[payer], 10**13)
    browsers = [_browser(name, role, found[name]) for name, role in SEATS.items()]
    browsers += [_child(found["child"], found["parent"], now=now), *_outsiders(found)]
    machines = _machines(found, now=now)
    browsers.append(_actor("program", "anonymous", _program(found["clerk"], now=now)))
    return Cast(now, found, departments, browsers, machines)


SEATS = {
    "owner": "owner",
    "payer": "payer",
    "auditor": "auditor",
    "head": "head",
    "clerk": "adult",
    "seller": "adult",
    "parent": "owner",
    "stranger": "owner",
    "suspended": "owner",
}
"""Who sits at a browser as what: the clerk works in a department that the head leads, the seller in another one."""


def _members(*, now: datetime) -> tuple[dict[str, Member], dict[str, Department]]:
    owner = people.found("owner@example.com", kind="business", name="Firm")
    firm = people.staffed(owner)
    stranger = people.found("stranger@example.com", kind="business", name="Rival")
    parent = people.found("parent@example.com", kind="household", name="Home")
    neighbor = people.found("neighbor@example.com", kind="household", name="Next door")
    suspended = people.found("suspended@example.com", kind="business", name="Unpaid")
    Account.objects.filter(pk=suspended.account_id).update(suspended_at=now)
    former = people.join(owner, role="adult", name="former", department=firm.team)
    members.remove(former, by=owner.user, reason="", now=now)
    departments = {"sales": firm.sales, "team": firm.team, "shop": firm.shop}
    departments["attic"] = _department(owner, "Attic", parent=firm.sales, now=now)
    departments["loft"] = _department(owner, "Loft", now=now)
    departments |= {name: _department(stranger, name.title(), now=now) for name in ("works", "depot")}
    found = {
        "owner": owner,
        "payer": firm.bill_payer,
        "auditor": firm.auditor,
        "head": firm.head,
        "clerk": firm.clerk,
        "mate": people.join(owner, role="adult", name="mate", department=firm.team),
        "seller": people.join(owner, role="adult", name="seller", department=firm.shop),
        "former": former,
        "stranger": stranger,
        "guest": people.join(stranger, role="adult", name="guest", department=departments["works"]),
        "parent": parent,
        "partner": people.join(parent, role="adult", name="partner"),
        "child": _line(parent, "Mimi", now=now),
        "neighbor": neighbor,
        "their_child": _line(neighbor, "Nana", now=now),
        "suspended": suspended,
    }
    return found, departments


def _department(owner: Member, name: str, *, parent: Department | None = None, now: datetime) -> Department:
    return Department.objects.create(account=owner.account, name=name, parent=parent, created_at=now)


def _line(guardian: Member, nickname: str, *, now: datetime) -> Member:
    child = children.open(
        guardian, nickname=nickname, born_in=date(now.year - 9, 1, 1), pin="8264", language="en", now=now
    )
    settled = {"quiet_from": None, "quiet_to": None, "read_since": people.NOW}  # at whatever hour this runs
    Guardianship.objects.filter(member=child).update(**settled)
    return child


def _browser(name: str, role: str, member: Member) -> Actor:
    inside = Department.objects.below(member.department_id or 0) if role == "head" else ()
    reach = frozenset({member.department_id or 0, *(each.pk for each in inside)} - {0})
    return _actor(name, role, _proven(member.user), member=member, reach=reach)


def _proven(user: User) -> Client:
    """Signed in, asked again by nobody for as long as this lasts, and noted as seen."""
    client = Client()
    client.force_login(user)
    visits.travel(people.fresh(client), seconds=-HOUR)
    session = client.session
    session["seen_at"] = int(time.time()) + HOUR
    session.save()
    return client


def _child(child: Member, guardian: Member, *, now: datetime) -> Actor:
    """Signed in by a code on a device, as every child is."""
    ticket = devices.make_ticket(child, by=guardian, now=now)
    client = Client()
    assert client.post(devices.path_of(ticket)).status_code == 302
    return _actor("child", "child", client, member=child)


def _outsiders(found: dict[str, Member]) -> list[Actor]:
    staff = User.objects.create_user("staff@example.com", name="staff")
    User.objects.filter(pk=staff.pk).update(is_staff=True)
    return [
        _actor("former", "nobody", _proven(found["former"].user)),
        _actor("staff", "nobody", _proven(staff)),
        _actor("anonymous", "anonymous", Client()),
    ]


def _machines(found: dict[str, Member], *, now: datetime) -> list[Actor]:
    owner, clerk, stranger = found["owner"], found["clerk"], found["stranger"]
    revoked, secret = api_keys.issue(owner, api_keys.Wish(label="old"), by=owner.user, now=now)
    api_keys.revoke(revoked, by=owner.user, reason="", now=now)
    managing = {"is_management": True}
    return [
        _actor("key", "key", _program(clerk, now=now), member=clerk),
        _actor("foreign key", "key", _program(stranger, now=now), member=stranger),
        _actor("management key", "manager", _program(owner, now=now, **managing), member=owner),
        _actor("clerk's management key", "small_manager", _program(clerk, now=now, **managing), member=clerk),
        _actor("foreign management key", "manager", _program(stranger, now=now, **managing), member=stranger),
        _actor("revoked key", "locked_out", Client(headers={"authorization": f"Bearer {secret}"})),
        _actor("session cookie", "locked_out", people.client_of(owner)),
        _actor("anonymous", "locked_out", Client()),
    ]


def _program(member: Member, *, now: datetime, **terms: Any) -> Client:
    wish = api_keys.Wish(label="program", **terms)
    _key, secret = api_keys.issue(member, wish, by=member.user, now=now)
    return Client(headers={"authorization": f"Bearer {secret}"})


def _actor(name: str, role: str, client: Client, **more: Any) -> Actor:
    client.raise_request_exception = False
    return Actor(name, role, client, deepcopy(client.cookies), **more)


def take_seat(actor: Actor) -> None:
    """This will give a browser the cookies back that it came with."""
    if actor.client.cookies != actor.cookies:
        actor.client.cookies = deepcopy(actor.cookies)
