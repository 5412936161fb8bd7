"""The one door to the outside: addresses are checked when they are saved and pinned when they are dialed."""

import asyncio
import ipaddress
import re
import socket
import ssl
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv6Address

import aiohttp
import httpx
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from portal.kit.refusals import Refusal, gettext_noop

HTTPS_PORT = 443
KEEP_SECONDS = 4.0
"""An idle connection is dropped before the servers we meet drop it (five seconds and more)."""
DNS_SECONDS = 30
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")))
"""Networks of one's own (RFC 1918, RFC 4193)."""
_NEVER = frozenset(
    map(
        ipaddress.ip_address,
        ("100.100.100.200", "168.63.129.16", "169.254.169.254", "192.0.0.192", "fd20:ce::254"),
    )
)
"""Where clouds tell a machine its own keys: Alibaba, Azure, most, Oracle, and Google over IPv6."""
_ENDS_IN_A_NUMBER = re.compile(r"(?:^|\.)(?:\d+|0x[0-9a-f]*)\.?$", re.IGNORECASE)
_AMAZON = ipaddress.ip_network("fd00:ec2::/32")
"""All that AWS keeps for its machines over IPv6, their keys among it."""

Address = IPv4Address | IPv6Address


class AddressRefused(Refusal):
    """The address leads to a place that this portal never calls."""

    code = "address_refused"
    sentence = gettext_noop("This address cannot be used: {why} Please give a public https address.")


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be called: public addresses over https on `ports`.

    With `loopback` this machine too, and with `private` networks of one's own, both over http and on any port.
    """

    loopback: bool = False
    private: bool = False
    ports: frozenset[int] = frozenset({HTTPS_PORT})


def check(url: str, *, policy: Policy) -> None:
    """This will resolve the host of `url` and check every address. Raises `AddressRefused`."""
    target = check_form(url, policy=policy)
    try:
        found = socket.getaddrinfo(target.host, target.port or HTTPS_PORT, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise AddressRefused(why=gettext_noop("its host is not found.")) from error
    for *_rest, place in found:
        _check_place(ipaddress.ip_address(str(place[0]).split("%")[0]), target, policy=policy)


def check_form(url: str, *, policy: Policy) -> httpx.URL:
    """This will check all of `url` that needs no name server, and return it parsed. Raises `AddressRefused`."""
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, TypeError) as error:
        raise AddressRefused(why=gettext_noop("it is not written as one.")) from error
    if target.scheme not in {"https", "http"} or not target.host or "\\" in url or target.fragment:
        raise AddressRefused(why=gettext_noop("it is not written as one."))
    if target.userinfo:
        raise AddressRefused(why=gettext_noop("it carries a name or password."))
    if not (policy.loopback or policy.private):
        _check_public_form(target, policy=policy)
    try:
        literal = ipaddress.ip_address(target.host)
    except ValueError:
        if _ENDS_IN_A_NUMBER.search(target.host):  # some read 2852039166 or 0x7f.1 as an address all the same
            raise AddressRefused(why=gettext_noop("it is not written as one.")) from None
        return target
    _check_place(literal, target, policy=policy)
    return target


def open_transport(url: str, *, policy: Policy) -> AiohttpTransport:
    """This will return a transport to the host of `url` for the running loop; close it with `aclose`.

    It follows no redirect, uses no proxy, keeps no cookie and connects only to addresses that the policy
    allows, whatever the name server says at that moment. Its own ClientSession lifts aiohttp's limit of
    100 connections.
    """
    target = check_form(url, policy=policy)
    connector = aiohttp.TCPConnector(
        limit=0,
        resolver=PinnedResolver(target, policy=policy),
        ttl_dns_cache=DNS_SECONDS,
        keepalive_timeout=KEEP_SECONDS,
        ssl=_trust(),
    )
    session = aiohttp.ClientSession(
        connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, auto_decompress=False
    )
    return AiohttpTransport(verify=_trust(), trust_env=False, client=session)


class PinnedResolver(AbstractResolver):
    """Resolves a name, checks every address it stands for, and hands on exactly those."""

    def __init__(self, target: httpx.URL, *, policy: Policy) -> None:
        self._target = target
        self._policy = policy

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """This will return the addresses of `host`, all of them allowed. Raises `OSError` when one is not.

        Another host than the one that the transport was opened for is refused unasked.
        """
        if host.rstrip(".") != self._target.raw_host.decode("ascii").rstrip("."):
            message = "this transport leads to one host alone"
            raise OSError(message)
        loop = asyncio.get_running_loop()
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, family=family)
        results: list[ResolveResult] = []
        for kind, _type, protocol, _name, place in found:
            try:
                _check_place(ipaddress.ip_address(str(place[0]).split("%")[0]), self._target, policy=self._policy)
            except AddressRefused as refusal:
                raise OSError(str(refusal)) from refusal
            results.append(
                ResolveResult(
                    hostname=host,
                    host=str(place[0]),
                    port=port,
                    family=kind,
                    proto=protocol,
                    flags=socket.AI_NUMERICHOST,
                )
            )
        return results

    async def close(self) -> None:
        """This will do nothing: no name server connection is kept."""


def _check_public_form(target: httpx.URL, *, policy: Policy) -> None:
    if target.scheme != "https":
        raise AddressRefused(why=gettext_noop("it does not begin with https."))
    if (target.port or HTTPS_PORT) not in policy.ports:
        raise AddressRefused(why=gettext_noop("its port is not allowed."))


def _check_place(address: Address, target: httpx.URL, *, policy: Policy) -> None:
    plain = _unwrap(address)
    if plain in _NEVER or plain in _AMAZON:
        raise AddressRefused(why=gettext_noop("it leads to where a cloud keeps its keys."))
    if (policy.loopback and plain.is_loopback) or (policy.private and _is_private(plain)):
        return
    if not plain.is_global or plain.is_multicast or plain.is_reserved:
        raise AddressRefused(why=gettext_noop("it leads into a private network."))
    _check_public_form(target, policy=policy)


def _is_private(address: Address) -> bool:
    return any(address in network for network in _PRIVATE)


def _unwrap(address: Address) -> Address:
    """IPv4 addresses hide in several kinds of IPv6 address; the inner one is what would be reached."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
    return inner or address


@cache
def _trust() -> ssl.SSLContext:
    return ssl.create_default_context()
