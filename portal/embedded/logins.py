"""Who may sign in to the demo: the note that its loading leaves, shown when everything answers."""

from pathlib import Path
from typing import Any

from portal.embedded import place

MODEL = "everyday"


def note_at(var_dir: Path) -> Path:
    """This will return where the people, passwords and keys of the demo are kept between two starts."""
    return var_dir / "secrets" / "demo.json"


def show(var_dir: Path, *, url: str) -> str:
    """This will write `demo.json` and return the lines for the terminal: the address and the logins."""
    running, note = place.read(var_dir / "run.json"), place.read(note_at(var_dir))
    addresses = {
        "url": url,
        "api_base": f"{url}/v1",
        "database_url": running["database_url"],
        "valkey_url": running["valkey_url"],
        "model": MODEL,
    }
    place.write_private(var_dir / "demo.json", addresses | note)
    return "\n".join([url, "", *_lines(note)])


def _lines(note: dict[str, Any]) -> list[str]:
    staff = {**note["staff"], "role": "staff", "account": "/admin/"}
    rows = [
        f"  {one['email']:<20} {one['password']:<14} {one['role']}, {one['account']}"
        for one in [*note["people"], staff]
    ]
    return [*rows, *(f"  API key of {key['account']}: {key['key']}" for key in note["api_keys"])]
