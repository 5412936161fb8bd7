"""Changes to upstreams: their ids, their secrets, sealed to their row, and their switch."""

import re
from collections.abc import Iterable
from datetime import datetime
from itertools import count
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidTag
from django.conf import settings
from django.utils.text import slugify

from models_catalog.models import Upstream
from portal.kit import database, fields

LONGEST_FOUND = 300
SLUG_LENGTH = 40
LAST_RESORT = "upstream"
"""The id of an upstream whose name and address have no letter that an id could have."""


class UnreadableSecret(Exception):
    """No key of the ring opens the sealed secret of this upstream."""


def seal_secret(upstream: Upstream, *, secret: str) -> None:
    """This will keep `secret` so that it opens only with our field key and only for this upstream."""
    sealed = fields.seal(secret.encode(), key=settings.FIELD_KEYS[0], place=_place(upstream)) if secret else b""
    Upstream.objects.filter(pk=upstream.pk).update(sealed_secret=sealed)
    upstream.sealed_secret = sealed


def open_secret(upstream: Upstream) -> str:
    """This will return the plain secret, empty when none was set. Raises `UnreadableSecret`."""
    if not upstream.sealed_secret:
        return ""
    try:
        sealed = bytes(upstream.sealed_secret)
        return fields.unseal(sealed, keys=settings.FIELD_KEYS, place=_place(upstream)).decode()
    except (LookupError, InvalidTag) as error:
        raise UnreadableSecret(upstream.slug) from error


def disable(upstream: Upstream, *, now: datetime) -> bool:
    """This will take the upstream out of service and tell whether it was in service."""
    return bool(Upstream.objects.filter(pk=upstream.pk, disabled_at__isnull=True).update(disabled_at=now))


def enable(upstream: Upstream) -> bool:
    """This will put the upstream back into service and tell whether it was out of it."""
    return bool(Upstream.objects.filter(pk=upstream.pk, disabled_at__isnull=False).update(disabled_at=None))


def note_test(upstream: Upstream, *, has_passed: bool, words: str, now: datetime) -> None:
    """This will note when the upstream was tested last, whether it passed, and what that found."""
    noted = {"tested_at": now, "test_passed": has_passed, "test_found": words[:LONGEST_FOUND]}
    Upstream.objects.filter(pk=upstream.pk).update(**noted)
    vars(upstream).update(noted)


def free_slug(upstream: Upstream) -> str:
    """This will find an id for a new upstream, by its name or address, and make others wait until it is stored."""
    database.value("SELECT pg_advisory_xact_lock(hashtext('upstreams'))::text")
    spelled = (upstream.name, urlsplit(upstream.base_url).hostname or "", LAST_RESORT)
    wanted = next(filter(None, map(_plain, spelled)))
    taken = set(Upstream.objects.filter(slug__startswith=wanted).values_list("slug", flat=True))
    return next(each for each in _spellings(wanted) if each not in taken)


def queues() -> list[str]:
    """This will return the names of the queues that calls of the upstreams in service wait in."""
    return [upstream.queue for upstream in Upstream.objects.filter(disabled_at__isnull=True).order_by("slug")]


def _place(upstream: Upstream) -> str:
    return f"upstream:{upstream.pk}"


def _plain(name: str) -> str:
    return slugify(re.sub(r"[._]", "-", name))[:SLUG_LENGTH].strip("-")


def _spellings(wanted: str) -> Iterable[str]:
    yield wanted
    yield from (f"{wanted}-{number}" for number in count(2))
