"""What the repository holds: a fixed top level, our own files only, and no address of a stranger."""

import re
from collections.abc import Iterable, Iterator

from portal.management.house.source import Finding, Source, line_of

TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "accounts",
    "deploy",
    "docs",
    "manage.py",
    "models_catalog",
    "plans",
    "portal",
    "pyproject.toml",
    "requirements-dev.lock",
    "requirements.lock",
    "static",
    "templates",
    "tests",
    "usage",
}
PACKED = re.compile(
    r"\.min\.(js|css)$|\.(woff2?|ttf|otf|eot|whl|zip|gz|jar|wasm|so|pyc)$|(^|/)(package-lock\.json|uv\.lock)$"
)
FOREIGN_LICENSE = re.compile(r"@license|\bcopyright\s+(\(c\)|©|\d{4})|/\*!", re.IGNORECASE)
ADDRESS = re.compile(r"\b(?:https?|wss?):(?:\\?/){2}([A-Za-z0-9.-]+)")
OWN_HOSTS = re.compile(
    r"(.*\.)?(localhost|example|test|invalid|example\.(com|org|net|cn))\.?|127(\.\d+){3}|0\.0\.0\.0|testserver"
    r"|10(\.\d+){3}|192\.168(\.\d+){2}|169\.254(\.\d+){2}|172\.(1[6-9]|2\d|3[01])(\.\d+){2}"
    r"|[a-z_-]+|\.*"  # a name without a dot is one of a compose file or a test, never one of the internet
)
NAMESPACES = {"www.w3.org", "www.sitemaps.org"}
"""Names of XML vocabularies look like addresses and are never opened."""
TILLS = ("portal/kit/merchants.py", {"api.mch.weixin.qq.com", "api.stripe.com"})
"""Who takes money for others has one address, which is asked only once staff gave their own keys for it."""


def top_level(paths: Iterable[str]) -> Iterator[Finding]:
    """This will find what stands at the top of the repository and has no business there."""
    for name in sorted({path.split("/", 1)[0] for path in paths} - TOP_LEVEL):
        yield Finding(name, 1, "the top level is fixed; find its room below")


def foreign_files(paths: Iterable[str]) -> Iterator[Finding]:
    """This will find files that others made: packed scripts, fonts, archives, lock files with addresses."""
    for path in sorted(path for path in paths if PACKED.search(path)):
        yield Finding(path, 1, "a file that others made; it comes from an installed package")


def foreign_license(source: Source) -> Iterator[Finding]:
    """This will find scripts and stylesheets that carry the license line of somebody else."""
    if match := FOREIGN_LICENSE.search(source.text):
        yield from source.find(line_of(source.text, match.start()), "a license line of others in a file of ours")


def foreign_hosts(source: Source) -> Iterator[Finding]:
    """This will find addresses of hosts that are not the reader's own."""
    for match in ADDRESS.finditer(source.text):
        host = match.group(1).lower()
        if source.is_test and re.fullmatch(r"[\d.]+", host):
            continue  # a number is a case of the tests of egress, and nobody's name
        if source.path == TILLS[0] and host in TILLS[1]:
            continue
        if host not in NAMESPACES and not OWN_HOSTS.fullmatch(host):
            yield from source.find(line_of(source.text, match.start()), f"the foreign host {host}")
