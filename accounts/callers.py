"""Who is behind a call: a key's holder or the person in the browser."""

import hashlib
import hmac
from dataclasses import dataclass


@dataclass(frozen=True)
class Caller:
    """Whom a call is charged to and counted for; `departments` runs from the leaf to the root."""

    account_id: int
    member_id: int
    departments: tuple[int, ...]
    project_id: int | None
    scenario_id: int | None
    api_key_id: int | None
    account_kind: str
    time_zone: str
