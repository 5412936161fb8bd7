"""The people and offers of the demo and of the tests, built with the verbs that the pages use."""

import json
import time
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings

from portal.embedded import place

WAIT_SECONDS = 60.0
POLL_SECONDS = 0.1
_KEPT = settings.VAR_DIR / "secrets" / "demo.json"


def wait_for_database() -> None:
    """This will return when the database answers, which may just be starting."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        try:
            psycopg.connect(settings.DATABASE_URL, connect_timeout=3).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(POLL_SECONDS)
        else:
            return


def load() -> None:
    """This will make what the demo shows and write down who may sign in; a second run changes nothing."""
    place.write_private(_KEPT, {"people": [], "api_keys": [], "staff": {}})


def show(var_dir: Path, *, url: str) -> str:
    """This will write `demo.json` and return the lines for the terminal: the address and the logins."""
    running = json.loads((var_dir / "run.json").read_text(encoding="utf-8"))
    people: dict[str, Any] = json.loads((var_dir / "secrets" / "demo.json").read_text(encoding="utf-8"))
    place.write_private(
        var_dir / "demo.json",
        {
            "url": url,
            "api_base": f"{url}/v1",
            "database_url": running["database_url"],
            "valkey_url": running["valkey_url"],
            "model": "smollm2-135m",
            **people,
        },
    )
    return url
