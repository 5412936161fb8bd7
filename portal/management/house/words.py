"""One word per thing: models, tables and addresses never use a word that the house has given away."""

import re
from collections.abc import Iterable, Iterator

from portal.management.house.source import Finding

NOT_CALLED = {
    "aggregate": "Rollup",
    "allowance": "Quota",
    "balance": "Wallet",
    "budget": "Quota",
    "channel": "Upstream or Route",
    "completion": "Call",
    "customer": "Account or EndUser",
    "delta": "Chunk",
    "engine": "ChatModel",
    "exception": "Refusal",
    "group": "Department",
    "limit": "Quota",
    "log": "Call, AuditEvent or Notification",
    "multiplier": "Price",
    "organization": "Account",
    "point": "Credit",
    "product": "Offering",
    "provider": "Vendor, Upstream or Route",
    "ratio": "Price",
    "request": "Call",
    "seat": "Member",
    "session": "Conversation",
    "sku": "Offering",
    "stats": "Report",
    "tag": "Scenario",
    "team": "Department",
    "tenant": "Account",
    "token": "ApiKey",
    "transaction": "Order or Payment",
}
ALLOWED = re.compile(r"ChatRequest|rate_?limits?|(input|output|max|context)_?tokens?", re.IGNORECASE)
"""Words of protocols, and the names that the house itself uses."""

PART = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


def given_away(place: str, names: Iterable[str]) -> Iterator[Finding]:
    """This will find words in `names` that mean something else in this house."""
    for name in names:
        for part in PART.findall(ALLOWED.sub("", name)):
            word = part.lower()
            for known in (word, word.removesuffix("s")):
                if known in NOT_CALLED:
                    yield Finding(place, 1, f"{name!r} says {known}; the house says {NOT_CALLED[known]}")
                    break
