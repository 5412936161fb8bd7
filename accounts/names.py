"""Names that strangers will read in a mail: words, never an address or a second line."""

import re

from portal.kit.refusals import Refusal, gettext_noop

_ADDRESS = re.compile(r"[/\\@<>]|\bwww\b|[\w-]\.[a-z]{2,}\b", re.IGNORECASE)
NEUTRAL = "…"


class BadName(Refusal):
    """A name holds an address."""

    code = "bad_name"
    status = 400
    sentence = gettext_noop("A name has no address in it. Write it without dots between letters, slashes or @.")


def check(name: str) -> str:
    """This will return the name on one line. Raises `BadName`."""
    plain = " ".join(name.split())
    if _ADDRESS.search(plain):
        raise BadName
    return plain


def for_mail(name: str) -> str:
    """This will return a name that may stand in a mail to strangers; one that holds an address becomes an ellipsis."""
    plain = " ".join(name.split())
    return NEUTRAL if _ADDRESS.search(plain) else plain
