"""Where the wheels of the embedded servers are installed; they are not imported, which would be slow."""

from importlib.util import find_spec
from pathlib import Path

from portal.embedded.trouble import Trouble


def folder(package: str) -> Path:
    """This will return the folder of an installed package, or refuse with what to do instead."""
    found = find_spec(package)
    if found is None or found.origin is None:
        message = (
            f"{package} is not installed. Install requirements.lock, or set DATABASE_URL and VALKEY_URL "
            "to use servers of your own."
        )
        raise Trouble(message)
    return Path(found.origin).parent
