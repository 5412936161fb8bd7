"""Every page that a member can open: no sideways scroll on a small phone, no complaint, nobody is kept out."""

import re
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from tests.journeys import barriers
from tests.journeys.conftest import SMALL, in_every_look
from tests.journeys.visitor import Visitor
from tests.stand import Stand

pytestmark = pytest.mark.journey

NOT_PAGES = (
    "admin/",
    "v1/",
    "chat/answers/",
    "payments/",
    "accounts/logout",
    "accounts/3rdparty",
    "accounts/social",
    "accounts/oidc",
)
PASSKEYS = "accounts/2fa/webauthn/keys/"
"""Each has pages of its own, which test_passkeys opens."""
MAIN_PAGES = ("/", "/plans/", "/checkout/pack-small/", "/chat/", "{conversation}", "/usage/", "{receipt}", "/models/")
MORE_MAIN_PAGES = (
    *(
        "/models/demo-fast/",
        "/help/",
        "/billing/",
        "/plans/advice/",
        "/billing/bills/{year}-{month}/",
        "/billing/methods/",
        "/keys/",
        "{key}",
    ),
    *("/people/", "/accounts/login/"),
)
ASSISTANTS = ("/assistants/", "/assistants/homework-tutor/", "/chat/?assistant=homework-tutor")
FAMILY_PAGES = (
    "/people/{member_id}/child/",
    "/people/{member_id}/child/codes/{ticket_id}/",
    "/quotas/member/{member_id}/",
    "/people/invitations/{invitation_id}/",
    "/people/invitations/",
    "/people/children/",
    "/people/acting/",
    "/people/devices/",
    "/privacy/{member_id}/",
    "/news/",
    "/extras/",
    "/usage/refusals/",
    "/accounts/sessions/",
)
OF_OTHERS = (
    "department_id",
    "device_id",
    "domain_id",
    "extra_id",
    "loan_id",
    "offer_id",
    "project_id",
    "quota_id",
    "reclaim_id",
    "scenario_id",
    "title_id",
)
"""What this household has none of: those addresses answer that there is nothing."""
QUESTION = "[[script words=30 gap_ms=1]] | a | b |\n|---|---|\n| a wide table | and long words |"


@pytest.fixture
def parent(visit: Callable[..., Visitor], stand: Stand) -> Callable[[dict[str, int]], Visitor]:
    """Signs the demo's parent in."""

    def sign_in(size: dict[str, int]) -> Visitor:
        someone = visit(size)
        person = stand.demo["people"][0]
        someone.go("/accounts/login/?next=/chat/")
        someone.page.fill("[name=login]", person["email"])
        someone.page.fill("[name=password]", person["password"])
        someone.send()
        someone.arrive("/chat/")
        return someone

    return sign_in


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_no_page_scrolls_sideways_at_360_pixels(parent: Callable[..., Visitor], language: str) -> None:
    someone = parent(SMALL)
    known = _things(someone)
    someone.read_in(language)
    seen, wide = [], []
    for path in sorted(_paths(known)):
        answer = someone.page.request.get(someone.stand.base_url + path, max_redirects=0)
        assert answer.status < 500, path
        if answer.status != 200 or "text/html" not in answer.headers["content-type"]:
            continue
        someone.go(path)
        seen.append(path)
        if someone.page.evaluate("document.documentElement.scrollWidth") > SMALL["width"]:
            wide.append(path)
    assert not wide
    assert len(seen) > 25
    someone.check_no_complaint()


@in_every_look
def test_no_main_page_keeps_people_out(
    parent: Callable[..., Visitor], language: str, size: dict[str, int], scheme: str
) -> None:
    someone = parent(size)
    someone.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    known = _things(someone)
    someone.read_in(language)
    found = []
    for path in (*MAIN_PAGES, *MORE_MAIN_PAGES, *ASSISTANTS, *FAMILY_PAGES):
        someone.go(path.format(**known))
        found += [f"{path}: {wrong}" for wrong in barriers.of(someone.page)]
    assert not found
    someone.check_no_complaint()


def _things(someone: Visitor) -> dict[str, str]:
    """One of each thing that an address may name; the parent has bought before and now asks."""
    someone.go("/chat/")
    someone.choose("fast")
    someone.ask(QUESTION)
    someone.await_end()
    base = someone.stand.base_url
    known = {"conversation": someone.page.url.removeprefix(base)}
    known["receipt"] = someone.page.locator("article.answer a[href^='/usage/calls/']").last.get_attribute("href") or ""
    someone.go("/billing/")
    order = someone.page.locator("a[href^='/billing/orders/']").first.get_attribute("href") or ""
    invoice = someone.page.locator("a[href^='/billing/invoices/I-']").first.get_attribute("href") or ""
    bill = someone.page.locator("a[href^='/billing/bills/2']").first.get_attribute("href") or ""
    year, month = bill.split("/")[3].split("-")
    someone.go("/billing/methods/")
    line = someone.page.locator("a[href$='/ceiling/']").first.get_attribute("href") or ""
    someone.go("/keys/")
    key = someone.page.locator("table a[href^='/keys/']").first.get_attribute("href") or ""
    pieces = {
        "conversation_id": known["conversation"].split("/")[2],
        "call_id": known["receipt"].split("/")[3],
        "order_id": order.split("/")[3],
        "number": invoice.split("/")[3],
        "year": year,
        "month": month,
        "fapiao_id": str(uuid4()),
        "method_id": line.split("/")[3],
        "key_id": key.split("/")[2],
    }
    return known | pieces | {"key": key} | _family(someone)


def _family(someone: Visitor) -> dict[str, str]:
    """A child with a quota and a code on the screen, and an invitation; what only a business has is not there."""
    someone.go("/people/children/")
    for field, typed in {"nickname": f"Mei {uuid4().hex[:5]}", "pin": "2580"}.items():
        someone.page.fill(f"[name={field}]", typed)
    someone.page.select_option("[name=year]", "2016")
    someone.page.check("[name=consented]")
    someone.send()
    someone.page.wait_for_url(re.compile(r"/people/\d+/child/"))
    child = someone.page.url.split("/")[4]
    someone.page.locator("form[action$='/codes/'] button").click()
    someone.page.wait_for_selector(".code-square svg")
    ticket = someone.page.url.split("/")[7]
    someone.go(f"/quotas/member/{child}/")
    someone.page.fill("[name=amount]", "1000")
    someone.send()
    someone.page.wait_for_selector("main [role=status] .notice")
    someone.go("/people/invitations/")
    someone.page.check("[name=way][value=screen]")
    someone.send()
    someone.page.wait_for_selector(".code-square svg")
    invitation = someone.page.url.split("/")[5]
    return {"member_id": child, "node_id": child, "ticket_id": ticket, "invitation_id": invitation, "secret": "0" * 64}


def _paths(known: dict[str, str]) -> set[str]:
    """Every address of the URLconf, filled in; an address that names something new must be taught here."""
    slugs = {"plans/": "family", "checkout/": "pack-small", "models/": "demo-fast", "assistants/": "homework-tutor"}
    slugs["billing/plan/changes/"] = "family"
    paths = set()
    for route, names in _routes(get_resolver()):
        if route.startswith((*NOT_PAGES, PASSKEYS)) or "(?P" in route:
            continue
        kind = "terms" if route.startswith("legal/") else "member"
        values = known | {"kind": kind, "slug": next((s for at, s in slugs.items() if route.startswith(at)), "")}
        values |= dict.fromkeys(OF_OTHERS, "1")
        path = "/" + route
        for name in names:
            assert values.get(name), f"no {name} to open {route} with"
            path = _filled(path, name, values[name])
        paths.add(path)
    return paths


def _filled(path: str, name: str, value: str) -> str:
    before, _, after = path.partition(":" + name + ">")
    return before.rpartition("<")[0] + value + after


def _routes(resolver: URLResolver, before: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    for each in resolver.url_patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from _routes(each, route)
        elif isinstance(each, URLPattern):
            yield route, tuple(name for name in each.pattern.converters if name not in each.default_args)
