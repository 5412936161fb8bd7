"""A business with departments inside departments, whose people have asked for projects and scenarios."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts import accounts
from accounts.callers import of_member
from accounts.models import Account, Department, Member, Project, Scenario, User
from models_catalog import catalog
from models_catalog.pricing import Usage, cost
from tests import kept
from tests.plans.ledger import books
from tests.usage import cast
from usage.calls.endings import Charge, Ending
from usage.models import Call, How


@dataclass(frozen=True)
class Firm:
    """North has Sales inside, which has Web inside; South stands beside it, and the owner in none of them."""

    owner: Member
    payer: Member
    auditor: Member
    head: Member
    seller: Member
    webber: Member
    southerner: Member
    north: Department
    sales: Department
    web: Department
    south: Department
    project: Project
    scenario: Scenario

    @property
    def account(self) -> Account:
        """What all of them belong to."""
        return self.owner.account


def assemble(*, now: datetime) -> Firm:
    """This will found the business, fill its tank, put models on the shelf, and let everybody ask."""
    kept.catalog(now=now, addresses=cast.ADDRESSES)
    catalog.forget()
    owner = accounts.found(_user("Olga"), kind="business", name="Firm", now=now)
    books.grant(owner, 10**13)
    north = _department(owner, "North", now=now)
    sales = _department(owner, "Sales", parent=north, now=now)
    web = _department(owner, "Web", parent=sales, now=now)
    south = _department(owner, "South", now=now)
    firm = Firm(
        owner=owner,
        payer=_join(owner, "Paula", role="bill_payer", now=now),
        auditor=_join(owner, "Aude", role="auditor", now=now),
        head=_join(owner, "Hedda", role="head", department=sales, now=now),
        seller=_join(owner, "Sam", department=sales, now=now),
        webber=_join(owner, "Wanda", department=web, now=now),
        southerner=_join(owner, "Sue", department=south, now=now),
        north=north,
        sales=sales,
        web=web,
        south=south,
        project=Project.objects.create(account=owner.account, name="Fair", created_at=now),
        scenario=Scenario.objects.create(account=owner.account, name="Contracts", created_at=now),
    )
    everybody_asks(firm)
    return firm


def everybody_asks(firm: Firm) -> None:
    """Each asks something else, some of it for the project or the scenario."""
    called(firm.owner, tokens=1_001)
    called(firm.payer, tokens=2_003, project_id=firm.project.pk)
    called(firm.head, tokens=4_007, scenario_id=firm.scenario.pk)
    called(firm.seller, tokens=8_009, project_id=firm.project.pk, scenario_id=firm.scenario.pk)
    called(firm.webber, tokens=16_001)
    called(firm.webber, tokens=32_003, project_id=firm.project.pk)
    called(firm.southerner, tokens=64_007)


def called(member: Member, *, tokens: int, **terms: Any) -> Call:
    """This will let a member ask from where they stand now, and settle it."""
    used, offer = Usage(in_fresh=tokens), catalog.offer("deep")
    price = cost(used, offer.rates)
    asked = books.ask(
        member,
        price,
        chat_model_id=offer.chat_model_id,
        price_id=offer.price_id,
        departments=of_member(member).departments,
        **terms,
    )
    assert books.reserve(asked)[0][0] == "ok"
    cast.settle(Ending(asked.call_id, Charge(used, price, How.USAGE, cost=price), finish_reason="stop"))
    return Call.objects.get(pk=asked.call_id)


def _user(name: str) -> User:
    return User.objects.create_user(f"{name.lower()}@example.com", name=name)


def _join(
    owner: Member, name: str, *, role: str = "adult", department: Department | None = None, now: datetime
) -> Member:
    return Member.objects.create(
        account=owner.account, user=_user(name), role=role, name=name, department=department, joined_at=now
    )


def _department(owner: Member, name: str, *, parent: Department | None = None, now: datetime) -> Department:
    return Department.objects.create(account=owner.account, name=name, parent=parent, created_at=now)
