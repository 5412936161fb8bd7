"""Staff at the page on which a vendor is connected, and the vendor: a scripted upstream over real HTTP."""

from typing import Any

from django.test import Client

from models_catalog.models import Upstream, Vendor
from tests.models_catalog.test_publishing import WHOLE

PAGE = "/admin/models_catalog/upstream/connect/"
KEY = "sk-desk-secret-1"
SECOND = "sk-desk-secret-2"


def scripted(url: str, script: str = "key=secret-1,words=2") -> str:
    """The address at which the vendor plays `script`."""
    return url.replace("/v1", f"/script:{script}/v1")


def typed(address: str, **more: Any) -> dict[str, Any]:
    """The first step, filled in."""
    given = {"name": "New vendor", "base_url": address, "dialect": "openai_compatible", "secret": KEY, "reason": "try"}
    return given | {"vendor": Vendor.objects.get(slug="openai").pk} | more


def connected(desk: Client, url: str) -> tuple[Upstream, str]:
    """An upstream that passed its test, and the address of its page."""
    answer = desk.post(PAGE, typed(scripted(url)))
    assert answer.status_code == 302, answer.content.decode()
    return Upstream.objects.get(slug="new-vendor"), answer["Location"]


def chosen(desk: Client, upstream: Upstream, page: str, *names: str) -> tuple[str, dict[str, Any]]:
    """The address with some models ticked, and the last steps filled in."""
    rows = {found.upstream_model: found.pk for found in upstream.found_models.all()}
    address = f"{page}?{'&'.join(f'chosen={rows[name]}' for name in names)}"
    assert desk.get(address).status_code == 200
    given = {f"all-{name}": value for name, value in WHOLE.items()} | {"all-reason": "a new contract", "_publish": "1"}
    for name in names:
        row = {"include": "on", "slug": name, "price": "typed", "factor_input": "0.5", "factor_output": "2"}
        given |= {f"m{rows[name]}-{field}": value for field, value in row.items()}
    return address, given
