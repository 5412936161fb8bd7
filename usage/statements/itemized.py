"""A month line by line, for spreadsheets: what each day, person, model and purpose came to."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from accounts.models import ApiKey, Department, Member, Project, Scenario
from models_catalog.models import ChatModel
from portal.kit.units import MICROCREDITS_PER_CREDIT
from usage.models import DailyTotal
from usage.statements.bills import Bill

COLUMNS = (
    "day",
    "member",
    "department",
    "project",
    "scenario",
    "key",
    "end_user",
    "model",
    "calls",
    "input_tokens",
    "output_tokens",
    "credits",
)
SLICE = 5_000
BYTE_ORDER_MARK = "\ufeff"
_FORMULA = re.compile(r"[\s']*[=+\-@\t\r＝＋－＠]")
_FIELDS = (
    "id",
    "day",
    "member_id",
    "departments",
    "project_id",
    "scenario_id",
    "api_key_id",
    "end_user",
    "chat_model_id",
    "calls",
    "input_tokens",
    "output_tokens",
    "charged_microcredits",
)


@dataclass(frozen=True)
class Names:
    """What everything of an account is called, by its number."""

    members: Mapping[int, str]
    departments: Mapping[int, str]
    projects: Mapping[int, str]
    scenarios: Mapping[int, str]
    keys: Mapping[int, str]
    models: Mapping[int, str]


def lines(bill: Bill) -> Iterator[str]:
    """This will return the month as pieces of CSV in the order of its days, each read when it is asked for.

    Credits are exact, to six places; a cell that a spreadsheet would take for a formula begins with an apostrophe.
    """
    return _lines(bill, _names(bill))


def _lines(bill: Bill, names: Names) -> Iterator[str]:
    yield BYTE_ORDER_MARK + _written([COLUMNS])
    last: tuple[date, int] | None = None
    while rows := _slice(bill, after=last):
        yield _written(_cells(row, names) for row in rows)
        last = rows[-1][1], rows[-1][0]


def _slice(bill: Bill, *, after: tuple[date, int] | None) -> Sequence[tuple[Any, ...]]:
    first, end = bill.month, bill.period.active_to.date()
    totals = DailyTotal.objects.filter(account=bill.account, day__gte=first, day__lt=end)
    if after is not None:
        day, number = after
        totals = totals.filter(day__gte=day).exclude(day=day, pk__lte=number)
    return list(totals.order_by("day", "pk").values_list(*_FIELDS)[:SLICE])


def _cells(row: Sequence[Any], names: Names) -> Iterator[object]:
    _id, day, member, departments, project, scenario, key, end_user, model, calls, tokens_in, tokens_out, charged = row
    yield day.isoformat()
    yield _safe(names.members.get(member, ""))
    yield _safe(" / ".join(names.departments.get(each, "") for each in reversed(departments)))
    yield _safe(names.projects.get(project, ""))
    yield _safe(names.scenarios.get(scenario, ""))
    yield _safe(names.keys.get(key, ""))
    yield _safe(end_user)
    yield _safe(names.models.get(model, ""))
    yield from (calls, tokens_in, tokens_out)
    yield f"{Decimal(charged) / MICROCREDITS_PER_CREDIT:.6f}"


def _safe(cell: str) -> str:
    return f"'{cell}" if _FORMULA.match(cell) else cell


def _written(rows: Any) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue()


def _names(bill: Bill) -> Names:
    own = {"account": bill.account}
    offered = Scenario.objects.filter(account=None) | Scenario.objects.filter(**own)
    return Names(
        members={each.pk: each.name for each in Member.objects.filter(**own)},
        departments={each.pk: each.name for each in Department.objects.filter(**own)},
        projects={each.pk: each.name for each in Project.objects.filter(**own)},
        scenarios={each.pk: str(each) for each in offered},
        keys=dict(ApiKey.objects.filter(**own).values_list("pk", "label")),
        models=dict(ChatModel.objects.values_list("pk", "slug")),
    )
