"""What a key is wished to be for, and whether that may be: endpoints, networks, a project, a scenario, an end."""

import ipaddress
from dataclasses import dataclass, replace
from datetime import datetime

from accounts.models import Account, ApiKey, Scenario
from portal.kit.refusals import Refusal, gettext_noop

ENDPOINTS = ("chat/completions", "responses", "messages", "models", "calls", "balance", "key")
"""What a key may be kept to: paths below /v1, each with all that stands below it."""
MANAGEMENT_ENDPOINTS = ("keys", "usage", "models", "calls", "balance", "key")
MOST_NETWORKS = 20

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadEndpoint(Refusal):
    """No such endpoint, or none for a key of this kind."""

    code = "bad_endpoint"
    status = 422
    sentence = gettext_noop(
        "A key of this kind cannot be kept to these endpoints. Nothing was issued; choose among {known}."
    )


class BadNetwork(Refusal):
    """What was typed is no network."""

    code = "bad_network"
    status = 422
    sentence = gettext_noop(
        "“{network}” is no network. Nothing was issued; write up to {most}, each like 203.0.113.0/24 or 2001:db8::/32."
    )


class BadEnd(Refusal):
    """The key would end before it begins."""

    code = "bad_end"
    status = 422
    sentence = gettext_noop("The key would have ended already. Nothing was issued; choose a moment to come.")


class UnknownPurpose(Refusal):
    """The account has no such project or scenario."""

    code = "unknown_purpose"
    status = 404
    sentence = gettext_noop("This account has no such project or scenario. Nothing was issued; choose from the list.")


class BeyondRights(Refusal):
    """A key cannot make one that may do more than itself."""

    code = "beyond_rights"
    status = 403
    sentence = gettext_noop(
        "The key that asks may not do this itself, so nothing was issued. Ask for less, or issue the key on the page."
    )


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What a key is to be for; None where it is for everything, from everywhere, or without an end."""

    label: str
    is_management: bool = False
    endpoints: tuple[str, ...] | None = None
    networks: tuple[str, ...] | None = None
    expires_at: datetime | None = None
    project_id: int | None = None
    scenario_id: int | None = None


def checked(wish: Wish, *, account: Account, now: datetime) -> Wish:
    """This will return the wish with its networks as they are stored.

    Raises `BadEndpoint`, `BadNetwork`, `BadEnd` and `UnknownPurpose`.
    """
    known = MANAGEMENT_ENDPOINTS if wish.is_management else ENDPOINTS
    if wish.endpoints is not None and not (wish.endpoints and set(wish.endpoints) <= set(known)):
        raise BadEndpoint(known=", ".join(known))
    if wish.expires_at is not None and wish.expires_at <= now:
        raise BadEnd
    if wish.project_id is not None and not account.projects.in_use().filter(pk=wish.project_id).exists():
        raise UnknownPurpose
    scenarios = Scenario.objects.offered_to(account.pk)
    if wish.scenario_id is not None and not scenarios.filter(pk=wish.scenario_id).exists():
        raise UnknownPurpose
    return replace(wish, networks=None if wish.networks is None else normal(wish.networks))


def within(wish: Wish, creator: ApiKey) -> Wish:
    """This will return what is left of a wish that `creator`, a management key, may give on.

    What is issued ends with it, works where it works and is for what it is for. Raises `BeyondRights`.
    """
    if wish.is_management:
        raise BeyondRights
    ends = [moment for moment in (wish.expires_at, creator.expires_at) if moment is not None]
    return replace(
        wish,
        networks=_common(wish.networks, creator.networks),
        expires_at=min(ends, default=None),
        project_id=_same(wish.project_id, creator.project_id),
        scenario_id=_same(wish.scenario_id, creator.scenario_id),
    )


def normal(networks: tuple[str, ...]) -> tuple[str, ...]:
    """This will return networks as they are stored: without the bits of a host. Raises `BadNetwork`."""
    if not networks or len(networks) > MOST_NETWORKS:
        raise BadNetwork(network=", ".join(networks[:1]), most=MOST_NETWORKS)
    return tuple(str(_network(typed)) for typed in networks)


def is_within(address: str, networks: tuple[str, ...]) -> bool:
    """This will tell whether an address lies in one of the networks; one that cannot be read lies in none."""
    try:
        there: Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(there, ipaddress.IPv6Address) and there.ipv4_mapped:
        there = there.ipv4_mapped
    return any(there in ipaddress.ip_network(network) for network in networks)


def _network(typed: str) -> Network:
    try:
        return ipaddress.ip_network(typed.strip(), strict=False)
    except ValueError as error:
        raise BadNetwork(network=typed[:43], most=MOST_NETWORKS) from error


def _common(wished: tuple[str, ...] | None, own: list[str] | None) -> tuple[str, ...] | None:
    if wished is None or own is None:
        return wished if own is None else tuple(own)
    pairs = [(_network(one), _network(other)) for one in wished for other in own]
    common = {_smaller(*pair) for pair in pairs if pair[0].version == pair[1].version and pair[0].overlaps(pair[1])}
    if not common:
        raise BeyondRights
    return tuple(sorted(str(network) for network in common))


def _smaller(one: Network, other: Network) -> Network:
    """Of two networks that overlap, one lies in the other."""
    return one if one.prefixlen >= other.prefixlen else other


def _same(wished: int | None, own: int | None) -> int | None:
    if own is not None and wished not in {None, own}:
        raise BeyondRights
    return wished if own is None else own
