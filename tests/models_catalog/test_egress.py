"""Addresses that lead inside are refused however they are written; a private network only opens where it is ticked."""

import asyncio
import ipaddress
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_catalog import providers
from models_catalog.providers.base import RouteOffer
from portal.kit import egress
from portal.kit.egress import AddressRefused, PinnedResolver, Policy

PUBLIC = ".".join("8888")
INSIDE = (
    "127.0.0.1",
    "127.1",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "2130706433",
    "0177.0.0.1",
    "0x7f000001",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "localhost",
    "localhost.",
    "[::1]",
    "[::]",
    "[::ffff:7f00:1]",
    "[::ffff:169.254.169.254]",
    "[fd00::1]",
    "[fe80::1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
)
PRIVATE = ("10.1.2.3", "172.16.0.1", "172.31.255.254", "192.168.1.1", "[fd00::1]", "[::ffff:10.1.2.3]")
NEVER = (
    "169.254.169.254",
    "169.254.0.1",
    "[fe80::1]",
    "[fd00:ec2::254]",
    "[fd00:ec2::23]",
    "[fd20:ce::254]",
    "100.100.100.200",
    "168.63.129.16",
    "[::ffff:169.254.169.254]",
    "[64:ff9b::a9fe:a9fe]",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "[::]",
    "224.0.0.1",
    "100.64.0.1",
    "192.0.0.192",
    "2852039166",
    "0xa9fea9fe",
)
"""Link-local, metadata of clouds, and other places that are nobody's own network."""


class TestCheck:
    """`egress.check`."""

    @pytest.mark.parametrize("host", INSIDE)
    def test_refuses_what_leads_inside(self, host: str) -> None:
        with pytest.raises(AddressRefused):
            egress.check(f"https://{host}/v1", policy=Policy())

    @pytest.mark.parametrize(
        "url",
        [
            f"http://{PUBLIC}/v1",
            f"https://{PUBLIC}:22/",
            f"https://{PUBLIC}:5432/",
            f"https://user@{PUBLIC}/",
            f"https://{PUBLIC}\\@127.0.0.1/",
            f"ftp://{PUBLIC}/",
            "file:///etc/passwd",
            f"gopher://{PUBLIC}/",
            "https://",
            "//8.8.8.8/",
            "",
            "https://no-such-host.invalid/",
        ],
    )
    def test_refuses_other_schemes_ports_and_forms(self, url: str) -> None:
        with pytest.raises(AddressRefused):
            egress.check(url, policy=Policy())

    def test_takes_a_public_address(self) -> None:
        egress.check(f"https://{PUBLIC}/v1", policy=Policy())
        egress.check("https://[2606:4700:4700::1111]/v1", policy=Policy())

    def test_takes_this_machine_only_where_it_is_allowed(self) -> None:
        egress.check("http://127.0.0.1:8080/v1", policy=Policy(loopback=True))
        egress.check("http://localhost:8080/v1", policy=Policy(loopback=True))

    @pytest.mark.parametrize("host", ["10.1.2.3", "169.254.169.254", "[fd00::1]", "0.0.0.0"])  # noqa: S104 - refused
    def test_takes_nothing_else_inside_even_then(self, host: str) -> None:
        with pytest.raises(AddressRefused):
            egress.check(f"http://{host}:8080/v1", policy=Policy(loopback=True))

    @given(st.ip_addresses(v=4))
    def test_takes_only_global_addresses(self, address: object) -> None:
        is_fine = getattr(address, "is_global") and not getattr(address, "is_multicast")  # noqa: B009 - either kind
        try:
            egress.check_form(f"https://{address}/", policy=Policy())
        except AddressRefused:
            assert not is_fine or getattr(address, "is_reserved")  # noqa: B009 - either kind
        else:
            assert is_fine


class TestCheckForm:
    """`egress.check_form`, which is all that stands before a dial."""

    @pytest.mark.parametrize("host", ["2852039166", "0xa9fea9fe", "127.1", "0x7f.0.0.1", "example.1", "010.0.0.1"])
    def test_takes_no_host_that_others_read_as_an_address(self, host: str) -> None:
        for policy in (Policy(), Policy(private=True), Policy(loopback=True)):
            with pytest.raises(AddressRefused):
                egress.check_form(f"https://{host}/v1", policy=policy)


class TestPrivate:
    """`Policy(private=True)`."""

    @pytest.mark.parametrize("host", PRIVATE)
    def test_opens_networks_of_ones_own_over_http_on_any_port(self, host: str) -> None:
        egress.check(f"http://{host}:8000/v1", policy=Policy(private=True))
        egress.check(f"https://{host}/v1", policy=Policy(private=True))
        for closed in (Policy(), Policy(loopback=True)):
            with pytest.raises(AddressRefused):
                egress.check(f"https://{host}/v1", policy=closed)

    @pytest.mark.parametrize("policy", [Policy(), Policy(private=True), Policy(private=True, loopback=True)])
    @pytest.mark.parametrize("host", NEVER)
    def test_never_opens_link_local_and_metadata(self, host: str, policy: Policy) -> None:
        for scheme in ("http", "https"):
            with pytest.raises(AddressRefused):
                egress.check(f"{scheme}://{host}/latest/", policy=policy)

    @pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost", "[::ffff:7f00:1]"])
    def test_leaves_this_machine_closed(self, host: str) -> None:
        with pytest.raises(AddressRefused):
            egress.check(f"http://{host}:8000/v1", policy=Policy(private=True))

    def test_keeps_to_https_in_public(self) -> None:
        egress.check(f"https://{PUBLIC}/v1", policy=Policy(private=True))
        for url in (f"http://{PUBLIC}/v1", f"https://{PUBLIC}:8443/v1"):
            with pytest.raises(AddressRefused):
                egress.check(url, policy=Policy(private=True))

    @given(st.ip_addresses())
    def test_opens_nothing_but_what_is_named(self, address: object) -> None:
        place = cast("ipaddress.IPv4Address | ipaddress.IPv6Address", address)
        written = f"[{place}]" if place.version == 6 else str(place)
        opened = _is_taken(f"http://{written}:8000/", policy=Policy(private=True))
        inner = getattr(place, "ipv4_mapped", None) or getattr(place, "sixtofour", None) or place
        if opened and inner is place and not getattr(place, "teredo", None):
            assert place.is_private
            assert not place.is_loopback
            assert not place.is_link_local

    def test_is_called_for_real(self, private_url: str, route: Callable[..., RouteOffer]) -> None:
        """Over HTTP, at the address that this machine has in its network."""
        there = route(base_url=private_url, loopback=False)
        assert asyncio.run(_names(replace(there, private=True)))
        with pytest.raises(AddressRefused):
            asyncio.run(_names(there))


class TestPinning:
    """What a transport resolves when it dials."""

    @pytest.mark.parametrize("host", ["other.example", "169.254.169.254.example", "localhost"])
    def test_leads_to_its_own_host_alone(self, host: str) -> None:
        resolver = PinnedResolver(httpx.URL("https://api.example/v1"), policy=Policy(loopback=True))
        with pytest.raises(OSError, match="one host alone"):
            asyncio.run(resolver.resolve(host, 443))

    @pytest.mark.parametrize("policy", [Policy(), Policy(private=True)])
    def test_refuses_a_name_that_leads_to_this_machine_by_then(self, policy: Policy) -> None:
        resolver = PinnedResolver(httpx.URL("https://localhost/v1"), policy=policy)
        with pytest.raises(OSError, match="address"):
            asyncio.run(resolver.resolve("localhost", 443))

    def test_hands_on_addresses_and_no_name(self) -> None:
        resolver = PinnedResolver(httpx.URL("http://localhost:8000/v1"), policy=Policy(loopback=True))
        found = asyncio.run(resolver.resolve("localhost", 8000))
        assert {ipaddress.ip_address(each["host"]).is_loopback for each in found} == {True}


async def _names(route: RouteOffer) -> list[str]:
    try:
        return [model.name for model in await providers.client_for(route).list_models()]
    finally:
        await providers.close_clients()


def _is_taken(url: str, *, policy: Policy) -> bool:
    try:
        egress.check_form(url, policy=policy)
    except AddressRefused:
        return False
    return True
