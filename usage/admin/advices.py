"""What the advisor tells an account about its plan, for who is asked about it: only read."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.desks import in_credits, money_column, table
from accounts.models import Account
from portal.kit import clock
from usage import advisor

RIGHTS = ("plans.view_order", "usage.view_call")
"""It tells what was paid and what was used."""


def sections(account: Account) -> list[tuple[Any, str]]:
    """This will return what the account's own page says, each table with its heading."""
    told = advisor.of(account, now=clock.now())
    return [(_("What it is advised"), _word(told)), (_("Each offer, as it would have gone"), _ways(told))]


def _word(told: advisor.Advice) -> str:
    facts = (
        (_("days looked at"), f"{told.demand.first} – {told.last} ({told.demand.days})"),
        (_("calls"), f"{told.demand.calls:,}"),
        (_("credits used, as charged then"), in_credits(told.demand.charged)),
        (_("credits used, at today’s prices"), in_credits(told.demand.at_today)),
        (_("paid, in minor units"), f"{told.spending.paid_minor:,}"),
        (_("of that not used yet, in minor units"), f"{told.spending.unused_minor:,}"),
        (_("people"), told.people),
        (_("plan"), told.own.version if told.own else "–"),
        (_("advice"), _advice(told)),
        (_("saving, in minor units"), f"{told.saves_minor:,}"),
    )
    return table((_("what"), _("as it is")), facts)


def _advice(told: advisor.Advice) -> Any:
    if not told.knows_enough:
        return _("too little is known")
    return told.best.label if told.best else _("stay")


def _ways(told: advisor.Advice) -> str:
    cost, monthly = money_column("cost_minor", _("cost")), money_column("monthly_minor", _("in a month"))
    rows = (
        (
            way.label,
            cost(way),
            monthly(way),
            way.replay.days_without,
            way.replay.days_slow,
            in_credits(way.replay.lapsed),
            way.replay.packs,
            _("yes") if way.has_room else _("no"),
        )
        for way in told.ways
    )
    heads = (
        _("offer"),
        _("cost"),
        _("in a month"),
        _("days without service"),
        _("slow days"),
        _("lapsed"),
        _("packs bought"),
        _("enough seats"),
    )
    return table(heads, rows)
