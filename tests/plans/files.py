"""Files of a business as the tests send them: a small one, and one of two hundred people."""

from collections.abc import Iterable

from plans import bulk
from portal.kit import clock
from tests.accounts.people import Firm

DEPARTMENTS = 12
PROJECTS = 8
PEOPLE = 200


def file_of(*rows: str) -> str:
    """This will write a file of these rows under the nine columns."""
    return "\n".join([",".join(bulk.COLUMNS), *rows])


def row(kind: str, **cells: object) -> str:
    """This will write one row."""
    return ",".join(str({"kind": kind, **cells}.get(column, "")) for column in bulk.COLUMNS)


def large(*, planted: Iterable[str] = ()) -> str:
    """This will write 200 people in 12 departments, of which 8 stand inside of others, and 8 projects.

    Every department sets 1,000 credits aside, those inside of another one as a part of its own.
    """
    rows = [
        row("department", name=f"Department {number}", parent=_parent(number), monthly_credits=1000, set_aside="yes")
        for number in reversed(range(DEPARTMENTS))
    ]
    rows += [row("project", name=f"Project {number}", monthly_credits=500) for number in range(PROJECTS)]
    rows += [_person(number) for number in range(PEOPLE)]
    return file_of(*rows, *planted)


def rehearse(firm: Firm, *rows: str) -> bulk.Rehearsal:
    """This will rehearse a file of these rows."""
    return bulk.rehearse(firm.owner.account, bulk.read(file_of(*rows)), now=clock.now())


def carry_out(firm: Firm, text: str) -> bulk.Rehearsal:
    """This will carry out a file as its owner."""
    return bulk.carry_out(firm.owner.account, bulk.read(text), by=firm.owner, now=clock.now())


def counts(rehearsal: bulk.Rehearsal) -> dict[str, tuple[int, int, int]]:
    """This will return what is made, changed and left of each sort."""
    return {each.thing: (each.made, each.changed, each.left) for each in rehearsal.counts}


def _parent(number: int) -> str:
    return "" if number < DEPARTMENTS // 3 else f"Department {number - DEPARTMENTS // 3}"


def _person(number: int) -> str:
    return row(
        "member",
        name=f"Person {number}",
        contact=f"person{number}@example.com",
        role="head" if number < DEPARTMENTS else "adult",
        department=f"Department {number % DEPARTMENTS}",
        monthly_credits=10 if number % 2 else "",
    )
