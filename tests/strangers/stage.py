"""Asks one address as somebody, lets nothing of it remain, and says in a word what was answered."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.test import RequestFactory
from django.test.client import MULTIPART_CONTENT
from django.urls import get_resolver, reverse

from portal.management.house.project import addresses
from tests.strangers import rules
from tests.strangers.cast import Actor, Cast, take_seat
from tests.strangers.rules import Row
from tests.strangers.shelf import Shelf
from tests.strangers.things import PAGE, Thing, relation
from tests.usage.test_departures import at_reception
from usage.views import answers

METHODS = ("get", "post")
STREAM = "chat/answers/<uuid:call_id>/stream/"
"""A coroutine that looks through connections of its own: it is asked by the question with which it begins."""
STOP = "chat/answers/<uuid:call_id>/stop/"
"""Speaks to a reception, whose connections a process of the web keeps open."""
SECONDS = {"seller", "suspended", "staff", "program"}
"""Others of the same role are told byte for byte the same of what is not there; of these the word is enough."""
OF_THE_MOMENT = {"Content-Length", "Expires"}
_PLACE = re.compile(r"<[^>]+>|\(\?P<\w+>[^)]*\)")
_RANDOM = re.compile(rb"[A-Za-z0-9]{64}")
"""A token against forged requests, new in every answer."""
_WORDS = {401: rules.LOCKED, 403: rules.REFUSED, 409: rules.REFUSED, 404: rules.ABSENT, 410: rules.ABSENT}
_WORDS |= {405: rules.SHUT, 400: rules.SEEN, 422: rules.SEEN, 503: rules.SEEN}
"""Whoever is told what is wrong with what they typed, or that the portal is not ready, stands behind the door."""


@dataclass(frozen=True)
class Answer:
    """What came back: the word for its status, and all that could tell one thing from another."""

    word: str
    status: int
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Stage:
    """The cast, and all that is theirs."""

    cast: Cast
    shelf: Shelf

    def mistakes(self, pattern: str, row: Row) -> Iterator[str]:
        """This will name every cell of a row that is not as the table says."""
        things = self.shelf[row.kind] if row.kind else [PAGE]
        actors = self.cast.machines if pattern.startswith("v1/") else self.cast.browsers
        for method in METHODS:
            rule = row.rule(method)
            if rule is None:
                answer = ask(actors[0], method, pattern, things[0], form=row.form)
                if answer.word != rules.SHUT:
                    yield f"{method} is open: {answer.status}"
                continue
            for actor in actors if rule not in rules.ALIKE else actors[::3]:
                said = rule.get(actor.name, rule.get(actor.role, ""))
                yield from _tried(actor, said, partial(ask, actor, method, pattern, form=row.form), things)


def walked() -> list[str]:
    """This will list every address of the portal."""
    return sorted({path for path, _name, _module in addresses(get_resolver().url_patterns)})


def ask(actor: Actor, method: str, pattern: str, thing: Thing, *, form: Mapping[str, object]) -> Answer:
    """This will ask and undo whatever that changed, in the database and in the browser."""
    before = transaction.savepoint()
    try:
        return _answer(_asked(actor, method, pattern, thing, form), filled(pattern, thing.args))
    finally:
        transaction.savepoint_rollback(before)
        take_seat(actor)


def filled(pattern: str, args: tuple[object, ...]) -> str:
    """This will write the address of one thing."""
    values = iter(args)
    return "/" + _PLACE.sub(lambda _place: str(next(values)), pattern).replace("^", "").replace("$", "")


def _tried(actor: Actor, said: str, by: Callable[[Thing], Answer], things: list[Thing]) -> Iterator[str]:
    """Of each sort one thing for each way in which it is somebody's, and one that is not there."""
    kept: dict[tuple[object, str], Thing] = {}
    is_second = actor.name in SECONDS
    for each in things if PAGE in things or is_second else [*things, things[0].missing()]:
        kept.setdefault((each.sort if said and said not in rules.FLAT else None, relation(actor, each)), each)
    answers = {each: by(each) for each in kept.values()}
    nothings = {each.sort: answer for each, answer in answers.items() if each.name == "nothing"}
    for thing, answer in answers.items():
        what = relation(actor, thing)
        wanted = rules.expected(said, what)
        cell = f"{actor.name} of {what} ({thing.name} {thing.args})"
        if answer.word != wanted:
            yield f"{cell}: {answer.word} ({answer.status}), not {wanted}"
        elif what == "foreign" and wanted == rules.expected(said, "nothing") and not is_second:
            nothing = nothings.get(thing.sort) or by(thing.missing())
            yield from (f"{cell}: {part} tells that it is there" for part in _told_apart(answer, nothing))


def _told_apart(one: Answer, other: Answer) -> Iterator[str]:
    if one.status != other.status:
        yield f"status {one.status}, not {other.status},"
    if one.headers != other.headers:
        yield f"{dict(set(one.headers.items()) ^ set(other.headers.items()))}"
    if one.body != other.body:
        place = next((at for at, (a, b) in enumerate(zip(one.body, other.body, strict=False)) if a != b), -1)
        yield f"{one.body[place - 40 : place + 40]!r}, not {other.body[place - 40 : place + 40]!r},"


def _asked(actor: Actor, method: str, pattern: str, thing: Thing, form: Mapping[str, object]) -> Any:
    path = filled(pattern, thing.args)
    if pattern == STOP and method == "post" and relation(actor, thing) == "mine":
        stopped: list[Any] = []
        at_reception(lambda: stopped.append(actor.client.post(path)))
        return stopped[0]
    if pattern == STREAM and method == "get":
        return _stream(actor, path, thing)
    if method == "get":
        return actor.client.get(path)
    kind = "application/json" if pattern.startswith("v1/") else MULTIPART_CONTENT
    return actor.client.post(path, {**form, **thing.form}, content_type=kind)


def _stream(actor: Actor, path: str, thing: Thing) -> HttpResponse:
    request = RequestFactory().get(path)
    if actor.member is None:
        return HttpResponse(status=404)
    request.user, request.session = actor.member.user, actor.client.session
    (call_id,) = thing.args
    assert isinstance(call_id, UUID)
    return HttpResponse(status=404 if answers._turn_of(request, call_id) is None else 200)


def _answer(response: Any, path: str) -> Answer:
    body = b"" if response.streaming else _RANDOM.sub(b"-", response.content).replace(path.encode(), b"-")
    kept = {name: value for name, value in response.items() if name not in OF_THE_MOMENT}
    for written in (path, quote(path, safe=""), quote(path)):
        kept = {name: value.replace(written, "-") for name, value in kept.items()}
    return Answer(_word(response), response.status_code, body, kept)


def _word(response: Any) -> str:
    status = response.status_code
    if 300 <= status < 400:
        away = (reverse("account_login"), reverse("account_signup"), reverse("admin:login"))
        return rules.ASKED if response["Location"].startswith(away) else rules.SEEN
    return rules.SEEN if status < 300 else _WORDS.get(status, str(status))
