"""Signing in and out on the real pages, as the tests of attacks need it."""

import re
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.core import mail
from django.test import Client

from accounts.models import SentMessage, User

ADDRESS = "li@example.com"
PASSWORD = "a long pass phrase"
PHONE = "+8613800138000"
CODE = re.compile(r"\b\d{6}\b")


def person(address: str = ADDRESS, **more: Any) -> User:
    """This will make somebody with a proven address and a password."""
    return User.objects.create_user(address, password=PASSWORD, **more)


def sign_in(address: str = ADDRESS, *, password: str = PASSWORD, **more: Any) -> Client:
    """This will return a browser in which the form of signing in was sent."""
    client = Client(**more)
    client.post("/accounts/login/", {"login": address, "password": password})
    return client


def sign_in_by_code(login: str) -> Client:
    """This will return a browser in which somebody signed in by the code that was sent to them."""
    client = Client()
    client.post("/accounts/login/", {"login": login})
    client.post("/accounts/login/code/confirm/", {"code": last_code()})
    return client


def is_in(client: Client) -> bool:
    """This will return whether the browser holds a session that the next page honors."""
    return SESSION_KEY in client.session and client.get("/accounts/2fa/").status_code == 200


def last_code() -> str:
    """This will read the code of the last mail, or of the last text message where no mail was sent."""
    texts = [str(letter.body) for letter in mail.outbox] or [SentMessage.objects.latest("pk").body]
    return str(CODE.findall(texts[-1])[-1])


def wrong(code: str) -> str:
    """This will return another code."""
    return "000000" if code != "000000" else "111111"


def travel(client: Client, *, seconds: int) -> None:
    """This will let every proof of this browser grow older."""
    session = client.session
    for proof in session["account_authentication_methods"]:
        proof["at"] -= seconds
    session.save()
