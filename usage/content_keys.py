"""Seals one member's words with a key of their own, so that erasing the key erases the words everywhere."""

from datetime import datetime
from uuid import UUID

from django.conf import settings

from portal.kit import fields
from usage.models import ContentKey


def of(member_id: int, *, now: datetime) -> str:
    """This will return the member's key, and make it with their first words."""
    kept = ContentKey.objects.filter(member_id=member_id).first()
    if kept is None:
        sealed = fields.seal(fields.new_key().encode(), key=settings.CONTENT_KEYS[0], place=_key_place(member_id))
        kept, _ = ContentKey.objects.get_or_create(
            member_id=member_id, defaults={"sealed_key": sealed, "created_at": now}
        )
    place = _key_place(member_id)
    return fields.unseal(bytes(kept.sealed_key), keys=settings.CONTENT_KEYS, place=place).decode()


def seal(text: str, *, key: str, row: UUID) -> bytes:
    """This will seal `text` so that it opens only with `key` and only in the row with this id."""
    return fields.seal(text.encode(), key=key, place=str(row))


def unseal(sealed: bytes, *, key: str, row: UUID) -> str:
    """This will open what `seal` closed for this row."""
    return fields.unseal(bytes(sealed), keys=[key], place=str(row)).decode()


def _key_place(member_id: int) -> str:
    return f"content_key:{member_id}"
