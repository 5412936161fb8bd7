"""What things of everyday life take here on average, measured every night from the calls of the last 90 days.

What a call was for is told by its scenario, of those that everybody is offered. One whole thing is:

- a homework question, a letter: all calls of one conversation of the chat together; elsewhere one call;
- a translated page: `meaning.PAGE_TOKENS` tokens of translation, however long the texts were;
- an hour of a coding agent: twelve different blocks of five minutes in which one key, in one session, called.

All that went in counts as read anew and all that came out as text, so where a model reads a part from its cache an
amount of credits goes further than is said. Only what was charged is looked at.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction

from accounts.models import Scenario
from models_catalog.models import LifeAverage
from models_catalog.pricing import Usage
from plans import meaning
from plans.meaning import AGENT_HOUR, HOMEWORK_QUESTION, LETTER, PAGE, PAGE_TOKENS, Average
from portal.kit import ids
from portal.kit.units import divide_up
from usage.models import CHAT, Call, OwnAverage

LOOK_BACK = timedelta(days=90)
FEWEST_CALLS = 200
FEWEST_OWN_CALLS = 20
BLOCKS_OF_AN_HOUR = 12
LARGEST = 2**31 - 1
AGENT_SCENARIO = "Coding"
SCENARIOS: Mapping[str, str] = {
    "Homework": HOMEWORK_QUESTION,
    "Letters and texts": LETTER,
    "Translation": PAGE,
    AGENT_SCENARIO: AGENT_HOUR,
}
"""What calls of a scenario that everybody is offered are."""

_SEEN = """
SELECT c.account_id, s.name, count(*), sum(t.went_in)::bigint, sum(t.came_out)::bigint,
  count(DISTINCT CASE WHEN c.source = %(chat)s AND c.session <> '' THEN c.session ELSE c.id::text END)
    FILTER (WHERE s.name <> %(agent)s),
  count(DISTINCT (c.api_key_id, c.session, date_bin('5 minutes', c.opened_at, 'epoch'::timestamptz)))
    FILTER (WHERE s.name = %(agent)s)
FROM usage_call c
JOIN accounts_scenario s ON s.id = c.scenario_id AND s.account_id IS NULL AND s.name = ANY (%(names)s)
CROSS JOIN LATERAL (SELECT
  c.in_fresh + c.cache_read + c.cache_write_5m + c.cache_write_1h + c.in_image + c.in_audio AS went_in,
  c.out_text + c.out_reasoning + c.out_image + c.out_audio AS came_out) t
WHERE c.id >= %(first)s AND c.state = %(settled)s AND (c.api_key_id IS NOT NULL OR s.name <> %(agent)s)
GROUP BY GROUPING SETS ((s.name), (s.name, c.account_id))
HAVING count(*) >= CASE WHEN grouping(c.account_id) = 1 THEN %(fewest)s ELSE %(fewest_own)s END
"""


@dataclass(frozen=True)
class _Seen:
    """What all calls of a kind come to: calls, tokens in and out, occasions, and blocks of five minutes."""

    calls: int
    went_in: int
    came_out: int
    occasions: int
    blocks: int


def write_down(now: datetime) -> int:
    """This will measure everything anew and return how many kinds are measured for everybody.

    A kind is for everybody (`LifeAverage`) from 200 calls on and an account's own (`OwnAverage`) from 20 on; with
    fewer there is none, and `plans.meaning` takes its table.
    """
    everybody, own = [], []
    for account_id, name, *figures in _seen(now):
        kind, seen = SCENARIOS[name], _Seen(*figures)
        each = _each(kind, seen)
        if each is None:
            continue
        terms = {"kind": kind, "calls": seen.calls, "measured_at": now}
        terms |= {"in_fresh": each.in_fresh, "out_text": each.out_text}
        if account_id is None:
            everybody.append(LifeAverage(**terms))
        else:
            own.append(OwnAverage(account_id=account_id, **terms))
    _replace(everybody, own)
    meaning.forget()
    return len(everybody)


def of_account(account_id: int) -> dict[str, Average]:
    """This will return what things take one account, of the kinds that it has asked for often enough."""
    return {
        row.kind: Average(Usage(in_fresh=row.in_fresh, out_text=row.out_text), row.calls, row.measured_at)
        for row in OwnAverage.objects.filter(account=account_id)
    }


def for_account(account_id: int, kind: str) -> Average:
    """This will return what one thing takes an account: its own average, else everybody's."""
    return of_account(account_id).get(kind) or meaning.averages()[kind]


def kind_of(scenario_id: int | None) -> str:
    """This will return what a question in the chat with this scenario is; nothing where nobody can tell."""
    if scenario_id is None:
        return ""
    names = Scenario.objects.filter(pk=scenario_id, account=None).exclude(name=AGENT_SCENARIO)
    return SCENARIOS.get(names.values_list("name", flat=True).first() or "", "")


def _seen(now: datetime) -> list[tuple[int | None, str, int, int, int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(
            _SEEN,
            {
                "chat": CHAT,
                "names": list(SCENARIOS),
                "agent": AGENT_SCENARIO,
                "first": ids.earliest(now - LOOK_BACK),
                "settled": Call.State.SETTLED,
                "fewest": FEWEST_CALLS,
                "fewest_own": FEWEST_OWN_CALLS,
            },
        )
        return list(cursor.fetchall())


def _each(kind: str, seen: _Seen) -> Usage | None:
    """One whole thing, rounded up; None where nothing came out that could be counted."""
    if not seen.came_out:
        return None
    if kind == PAGE:
        went_in = divide_up(seen.went_in * PAGE_TOKENS, seen.came_out)
        return Usage(in_fresh=min(went_in, LARGEST), out_text=PAGE_TOKENS)
    parts, of = (BLOCKS_OF_AN_HOUR, seen.blocks) if kind == AGENT_HOUR else (1, seen.occasions)
    went_in, came_out = (min(divide_up(all_of_it * parts, of), LARGEST) for all_of_it in (seen.went_in, seen.came_out))
    return Usage(in_fresh=went_in, out_text=came_out)


@transaction.atomic
def _replace(everybody: list[LifeAverage], own: list[OwnAverage]) -> None:
    """All of them at once; whoever reads meanwhile sees those of before."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('averages'))")  # two that write would collide
    LifeAverage.objects.all().delete()
    OwnAverage.objects.all().delete()
    LifeAverage.objects.bulk_create(everybody)
    OwnAverage.objects.bulk_create(own, batch_size=1000)
