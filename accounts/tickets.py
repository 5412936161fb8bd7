"""The secrets in links: derived from a row by the portal's own key, so that nothing that opens a door is stored."""

from django.utils.crypto import constant_time_compare, salted_hmac

_SALT = "accounts.tickets"


def secret_of(kind: str, *marks: object) -> str:
    """This will return the secret of one row: 64 hexadecimal digits of HMAC-SHA-256 over its kind and marks."""
    return salted_hmac(_SALT, ":".join(map(str, (kind, *marks))), algorithm="sha256").hexdigest()


def fits(secret: str, kind: str, *marks: object) -> bool:
    """This will tell whether `secret` is the row's, in the same time whatever it is."""
    return constant_time_compare(secret, secret_of(kind, *marks))
