"""Changes to upstreams: their secrets, sealed to their row, and their switch."""

from datetime import datetime

from cryptography.exceptions import InvalidTag
from django.conf import settings

from models_catalog.models import Upstream
from portal.kit import fields

LONGEST_FOUND = 300


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


def note_test(upstream: Upstream, *, words: str, now: datetime) -> None:
    """This will note when the upstream was tested last, and what that found."""
    upstream.tested_at, upstream.test_found = now, words[:LONGEST_FOUND]
    Upstream.objects.filter(pk=upstream.pk).update(tested_at=now, test_found=upstream.test_found)


def queues() -> list[str]:
    """This will return the names of the queues that calls of the upstreams in service wait in."""
    return [upstream.queue for upstream in Upstream.objects.filter(disabled_at__isnull=True).order_by("slug")]


def _place(upstream: Upstream) -> str:
    return f"upstream:{upstream.pk}"
