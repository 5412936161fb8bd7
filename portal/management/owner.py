"""Commands that change the database's shape work as its owner, not as the role of the application."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper


@contextmanager
def as_owner(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """This will take the application's role off the connection and put it back at the end."""
    options = connection.settings_dict["OPTIONS"]
    role = options.pop("assume_role", None)
    if role:
        connection.close()
    try:
        yield
    finally:
        if role:
            options["assume_role"] = role
            connection.close()
