"""A business with something of everything that its pages show, on a portal that runs elsewhere.

    stand.manage("shell", "--no-imports", "-c", "from tests.journeys import premises; premises.show(NAME, PASSWORD)")

Prints as JSON the ids of what was made, of its people by their role, and the secrets of some keys. The people sign
in as ROLE-NAME@example.com. All of it has a Chinese name, or a word that is too long for a phone.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from accounts import accounts, departments, domains, invitations, ownership, projects, scenarios
from accounts.api_keys import Wish
from accounts.models import Account, Department, Member, User
from plans import extras, keys, loans, offerings, orders, quotas
from plans.keys import Bounds
from plans.models import Quota
from plans.quotas import Terms
from portal.kit import clock
from portal.kit.units import credits

LONG = "Wertpapierhandelsgesellschaftsaufsicht"
NAMES = {"owner": "陈雨", "bill_payer": "周敏", "head": "欧阳建国", "adult": "阿卜杜热依木·买买提", "auditor": "李静"}
PHONE = "+8615500555000"
"""One whose bill the operator of the sandbox charges at once."""
ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Firm:
    """Its people by role, and its departments: sales has web inside, the shop stands beside it."""

    people: Mapping[str, Member]
    sales: Department
    web: Department
    shop: Department

    @property
    def owner(self) -> Member:
        """Who decides."""
        return self.people["owner"]

    @property
    def account(self) -> Account:
        """What all of them belong to."""
        return self.owner.account


def show(name: str, password: str) -> None:
    """This will found the business and print what is known of it."""
    now = clock.now()
    firm = _founded(name, password, now=now)
    known = {"account_id": firm.account.pk, "department_id": firm.sales.pk}
    known |= {role: member.pk for role, member in firm.people.items()}
    for furnish in (_bought, _work, _allotted, _keyed):
        known |= furnish(firm, known, now=now)
    print(json.dumps(known | _awaited(firm, name, now=now)))  # noqa: T201 - whoever started this reads it


def _founded(name: str, password: str, *, now: datetime) -> Firm:
    def user(role: str) -> User:
        return User.objects.create_user(f"{role}-{name}@example.com", password=password, name=NAMES[role], now=now)

    owner = accounts.found(user("owner"), kind="business", name=f"海港咖啡贸易有限公司 {name}", now=now)
    sales = departments.make("华东区销售与渠道合作部", parent=None, by=owner, now=now)
    web = departments.make(LONG, parent=sales, by=owner, now=now)
    departments.make("客服组", parent=web, by=owner, now=now)
    shop = departments.make("门店", parent=None, by=owner, now=now)
    departments.close(departments.make("旧仓库", parent=None, by=owner, now=now), by=owner, now=now)
    places = {"bill_payer": None, "head": sales, "adult": web, "auditor": None}
    others = {
        role: Member.objects.create(
            account=owner.account, user=user(role), role=role, name=NAMES[role], department=department, joined_at=now
        )
        for role, department in places.items()
    }
    return Firm({"owner": owner, **others}, sales, web, shop)


def _bought(firm: Firm, _known: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    version = offerings.current("business-bundle")
    wish = orders.Wish(order_id=uuid4(), version=version.version, phone=PHONE)
    return {"order_id": str(orders.check_out(version, wish=wish, by=firm.owner, now=now).pk)}


def _work(firm: Firm, _known: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    project = projects.make("官网改版与小程序商城二期", by=firm.owner, now=now)
    projects.make(LONG, by=firm.owner, now=now)
    projects.close(projects.make("去年的展会", by=firm.owner, now=now), by=firm.owner, now=now)
    scenario = scenarios.make("合同审阅", by=firm.owner, now=now)
    return {"project_id": project.pk, "scenario_id": scenario.pk}


def _allotted(firm: Firm, known: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Quotas of all sorts, two departments that lend to each other, and somebody who asks for more."""

    def put(kind: str, node_id: int, window: str, limit: int, **terms: Any) -> Quota:
        wished = Terms(window=window, limit=limit, **terms)
        return quotas.put(firm.account, node_kind=kind, node_id=node_id, terms=wished, by=firm.owner.user, now=now)

    lender = put("department", firm.sales.pk, "month", credits(8_000_000), is_slice=True)
    borrower = put("department", firm.shop.pk, "month", credits(1_234_567))
    put("department", firm.sales.pk, "day", 5_000, metric="calls", grace_percent=10)
    put("project", known["project_id"], "month", credits(500_000))
    put("scenario", known["scenario_id"], "week", credits(90_000))
    own = put("member", known["adult"], "day", credits(1_000))
    loan = loans.lend(lender, borrower, microcredits=credits(250_000), reason="展会", by=firm.owner, now=now)
    adult = firm.people["adult"]
    asked = extras.ask(adult, about="quota", quota=own, amount=credits(5_000), reason="今天要把报价单做完", now=now)
    return {"quota_id": own.pk, "loan_id": loan.pk, "extra_id": asked.pk}


def _keyed(firm: Firm, known: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """Keys of two people that can call, one that may not, and others that are kept, manage, or were replaced."""
    scopes: dict[str, Any] = {"endpoints": ("chat/completions",), "networks": ("127.0.0.0/8", "2001:db8::/32")}

    def issue(role: str, label: str, *, monthly: int | None = None, **wish: Any) -> tuple[Any, str]:
        bounds = Bounds(monthly=None if monthly is None else credits(monthly))
        by = firm.people[role].user
        return keys.issue(firm.people[role], Wish(label=label, **wish), bounds, by=by, now=now)

    spent, refused = issue("owner", "已用完的密钥", monthly=0)
    old, _ = issue("owner", f"收银台 {LONG}", monthly=40_000)
    keys.rotate(old, overlap_seconds=86_400, by=firm.owner.user, now=now)
    issue("owner", "人事系统", is_management=True, expires_at=now + 30 * ONE_DAY)
    placed = {"project_id": known["project_id"], "scenario_id": known["scenario_id"]}
    _, of_owner = issue("owner", "报价助手", **placed, **scopes)
    _, of_adult = issue("adult", "编辑器")
    return {"key_id": old.pk, "spent_key_id": spent.pk, "secrets": [of_owner, of_adult, refused]}


def _awaited(firm: Firm, name: str, *, now: datetime) -> dict[str, Any]:
    """Who is invited, to whom the account is offered, and whose domain is open or still waits."""
    place = invitations.Place(way="email", contact=f"{LONG.lower()}-{name}@example.com", department_id=firm.web.pk)
    sent = invitations.invite(firm.owner, place, now=now)
    shown = invitations.invite(firm.owner, invitations.Place(way="screen"), now=now)
    ownership.offer(firm.owner, to=firm.people["bill_payer"], is_handover=False, now=now)
    for domain in (f"{name}.example", f"{LONG.lower()}.{name}.example"):
        claimed = domains.claim(firm.owner, domain=domain, department=firm.web, monthly_microcredits=None, now=now)
    domains.prove(claimed, now=now)
    return {"invitation_id": sent.pk, "shown_id": shown.pk}
