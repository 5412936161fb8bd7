"""The people and offers of the demo and of the tests, built with the verbs that the pages use."""

import hashlib
import secrets
import socket
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

from accounts import accounts, api_keys, legal_texts
from accounts.models import ApiKey, Member, User
from models_catalog import importing, shelf
from plans import offerings, orders
from plans.models import Offering, Order
from portal.embedded import logins, place
from portal.kit import clock
from usage import shelf as assistants

WAIT_SECONDS = 60.0
POLL_SECONDS = 0.1
PASSWORD_BYTES = 9
APPROVING_PHONE = "+8615500555000"
STAFF_EMAIL = "staff@example.com"
KEY_LABEL = "Demo"


@dataclass(frozen=True)
class Founder:
    """A person of the demo, the account that they found and what they buy for it."""

    email: str
    name: str
    kind: str
    account: str
    buys: tuple[str, ...]


FOUNDERS = (
    Founder("parent@example.com", "Lin Wei", "household", "Lin family", ("starter", "pack-small")),
    Founder("owner@example.com", "Chen Yu", "business", "Harbor Coffee", ("business-bundle",)),
)


def wait_for_database() -> None:
    """This will return when the database answers, which may just be starting."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            psycopg.connect(settings.DATABASE_URL, connect_timeout=3).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return


def collect() -> None:
    """This will collect the static files, unless none of them changed since the last time."""
    found = [(path, storage) for finder in finders.get_finders() for path, storage in finder.list([])]
    files = sorted(f"{path} {Path(storage.path(path)).stat().st_mtime_ns}" for path, storage in found)
    digest = hashlib.sha256("\n".join(files).encode()).hexdigest()
    note = settings.STATIC_ROOT / ".digest"
    if note.exists() and note.read_text(encoding="ascii") == digest:
        return
    call_command("collectstatic", verbosity=0, interactive=False)
    note.write_text(digest, encoding="ascii")


def load() -> None:
    """This will make what the demo shows and write down who may sign in; a second run changes nothing."""
    now = clock.now()
    note = _note()
    passwords = {known["email"]: known["password"] for known in [*note["people"], note["staff"]]}
    shelf.seed(now=now)
    importing.carry_out(importing.read(importing.SEED), by=None, now=now)
    offerings.seed(now)
    assistants.open_all(now=now)
    _wait_for_operator()
    if not User.objects.filter(email=STAFF_EMAIL).exists():
        User.objects.create_superuser(STAFF_EMAIL, password=passwords[STAFF_EMAIL])
    members = [_founder(founder, password=passwords[founder.email], now=now) for founder in FOUNDERS]
    note["people"] = [_login(member, password=passwords[member.user.email or ""]) for member in members]
    note["api_keys"] = [_key(member, note["api_keys"], now=now) for member in members]
    place.write_private(logins.note_at(settings.VAR_DIR), note)


def _founder(founder: Founder, *, password: str, now: datetime) -> Member:
    user = User.objects.filter(email=founder.email).first()
    if user is None:
        user = User.objects.create_user(founder.email, password=password, name=founder.name, now=now)
        legal_texts.agree(user, language="en", now=now)
    owned = Member.objects.active().filter(user=user, account__kind=founder.kind).order_by("joined_at", "pk")
    if not owned.exists():
        member = accounts.found(user, kind=founder.kind, name=founder.account, now=now)
        for slug in founder.buys:
            _buy(member, slug, now=now)
    found = owned.select_related("user", "account").first()
    assert found is not None
    return found


def _buy(member: Member, slug: str, *, now: datetime) -> None:
    version = offerings.current(slug)
    is_plan = version.offering.kind != Offering.Kind.PACK
    wish = orders.Wish(order_id=uuid4(), version=version.version, phone=APPROVING_PHONE, renews=is_plan)
    order = orders.check_out(version, wish=wish, by=member, now=now)
    state = orders.get(order.pk, account_id=member.account_id).state
    assert state == Order.State.PAID, f"the operator of the sandbox left the order {state}"


def _login(member: Member, *, password: str) -> dict[str, str]:
    email = member.user.email or ""
    return {"email": email, "password": password, "role": member.role, "account": member.account.name}


def _key(member: Member, known: list[dict[str, str]], *, now: datetime) -> dict[str, str]:
    """The secret of a key is known only when it is issued, so a lost note means a new key."""
    for key in known:
        digest = api_keys.digest_of(key["key"])
        if ApiKey.objects.filter(digest=digest, member=member, revoked_at=None).exists():
            return key
    _, secret = api_keys.issue(member, api_keys.Wish(label=KEY_LABEL), by=member.user, now=now)
    return {"account": member.account.name, "member": member.name, "key": secret}


def _note() -> dict[str, Any]:
    """The passwords are written down before anybody has them, so that a start that is killed loses none."""
    path = logins.note_at(settings.VAR_DIR)
    if not path.exists():
        people = [{"email": founder.email, "password": _password()} for founder in FOUNDERS]
        staff = {"email": STAFF_EMAIL, "password": _password()}
        place.write_private(path, {"people": people, "api_keys": [], "staff": staff})
    return place.read(path)


def _password() -> str:
    return secrets.token_urlsafe(PASSWORD_BYTES)


def _wait_for_operator() -> None:
    parts = urlsplit(settings.CARRIER_BILLING_URL)
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            socket.create_connection((parts.hostname or "", parts.port or 80), timeout=POLL_SECONDS).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return
