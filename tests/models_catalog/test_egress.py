"""Addresses that lead inside are refused however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kit import egress
from portal.kit.egress import AddressRefused, Policy

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
