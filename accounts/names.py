"""Names: those that strangers will read in a mail hold no address, and all of them stand on one line."""

import re
from collections.abc import Iterable

from portal.kit.refusals import Refusal, gettext_noop

_ADDRESS = re.compile(r"[/\\@<>]|\bwww\b|[\w-]\.[a-z]{2,}\b", re.IGNORECASE)
NEUTRAL = "…"
LONGEST = 100


class BadName(Refusal):
    """A name holds an address."""

    code = "bad_name"
    status = 400
    sentence = gettext_noop("A name has no address in it. Write it without dots between letters, slashes or @.")


class NoName(Refusal):
    """Nothing that people could read, or too much of it."""

    code = "no_name"
    status = 422
    sentence = gettext_noop("A name has between one and {most} letters. Write a shorter one, or write one at all.")


class NameTaken(Refusal):
    """Something in use is called that already."""

    code = "name_taken"
    status = 409
    sentence = gettext_noop("“{name}” is there already. Choose another name, so that nobody mixes the two up.")


def check(name: str) -> str:
    """This will return the name on one line. Raises `BadName`."""
    plain = " ".join(name.split())
    if _ADDRESS.search(plain):
        raise BadName
    return plain


def of_thing(name: str, *, known: Iterable[str]) -> str:
    """This will return what a department, a project or a scenario is called, on one line; `known` are the others.

    Raises `NoName` and `NameTaken`.
    """
    plain = " ".join(name.split())
    if not plain or len(plain) > LONGEST or not plain.isprintable():
        raise NoName(most=LONGEST)
    if plain.casefold() in {each.casefold() for each in known}:
        raise NameTaken(name=plain)
    return plain


def for_mail(name: str) -> str:
    """This will return a name that may stand in a mail to strangers; one that holds an address becomes an ellipsis."""
    plain = " ".join(name.split())
    return NEUTRAL if _ADDRESS.search(plain) else plain
