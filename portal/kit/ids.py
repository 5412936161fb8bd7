"""Ids that their makers choose: UUIDv7 (RFC 9562, section 5.7), which sort by the moment they carry."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

_RANDOM_BITS = 74
_LOW_BITS = 62


def uuid7(moment: datetime) -> UUID:
    """This will return a new UUIDv7 that carries `moment` to the millisecond."""
    random = secrets.randbits(_RANDOM_BITS)
    high, low = random >> _LOW_BITS, random & ((1 << _LOW_BITS) - 1)
    milliseconds = int(moment.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low)


def earliest(moment: datetime) -> UUID:
    """This will return the id before all that carry `moment` or a later one: a place in their order."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def moment_of(identifier: UUID) -> datetime:
    """This will return the moment that a UUIDv7 carries, in UTC."""
    return datetime.fromtimestamp((identifier.int >> 80) / 1000, tz=UTC)
