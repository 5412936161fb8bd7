"""The audit names each corruption of calls, totals and quotas that somebody beyond all constraints can plant."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from accounts.models import Department, Member, Project, Scenario
from models_catalog.pricing import Usage, cost
from plans.models import Quota, QuotaWindow
from portal.kit import clock
from tests.plans.ledger import books
from tests.usage import cast
from tests.usage.cast import Home
from usage import audits
from usage.calls.endings import VOID, Charge, Ending
from usage.models import Call, How

pytestmark = pytest.mark.django_db

USED = Usage(in_fresh=11, out_text=90)
NOON = 4
"""By this hour of UTC it is noon in Shanghai, so that no day ends within a test."""
MOMENT = timedelta(microseconds=1)
HELD = 10**9
PLENTY = 10**15
NODES = ("account", "member", "department", "project", "key", "scenario")
METRICS = ("microcredits", "calls", "tokens")

Windows = dict[tuple[str, str], list[QuotaWindow]]
"""Of the quota of each node in each metric: today's window and tomorrow's."""
Words = dict[str, Any]
Calls = dict[str, Call]


@dataclass(frozen=True)
class Planted:
    """What is done to the books, as what it is named, and what else follows from it; `call` is the one named."""

    call: str
    kind: str
    statements: str
    also: tuple[str, ...] = ()


OPEN_AGAIN = """
INSERT INTO plans_hold (
  id, account_id, member_id, departments, end_user, chat_model_id, price_id, amount, state, fence, worker, reply_to,
  source, streamed, prompt_tokens, output_limit, quota_windows, opened_at, queue_deadline, hard_deadline)
SELECT id, account_id, member_id, departments, end_user, chat_model_id, price_id, 0, 'queued', 0, '', '',
  source, streamed, 0, 0, '{{}}', opened_at, ended_at, ended_at
FROM usage_call WHERE id = {call}
"""
WRONG_CALLS = {
    "charged though voided": Planted(
        "plain", "voided_but_charged", "UPDATE usage_call SET state = 'voided' WHERE id = {call}"
    ),
    "charged more than was held": Planted(
        "plain",
        "charge_over_hold",
        """ALTER TABLE usage_call DROP CONSTRAINT call_charged_within_hold;
        UPDATE usage_call SET held_microcredits = charged_microcredits - 1 WHERE id = {call}""",
        also=("charge_not_cost",),
    ),
    "charged less than nothing": Planted(
        "free",
        "charge_over_hold",
        """ALTER TABLE usage_call DROP CONSTRAINT call_charged_within_hold;
        UPDATE usage_call SET charged_microcredits = -1 WHERE id = {call}""",
        also=("charge_not_cost", "lots_not_charge", "totals_not_calls", "profile_not_calls"),
    ),
    "a lot gave more": Planted(
        "plain",
        "lots_not_charge",
        "UPDATE usage_calllot SET amount_microcredits = amount_microcredits + 1 WHERE call_id = {call}",
    ),
    "no lot gave anything": Planted("plain", "lots_not_charge", "DELETE FROM usage_calllot WHERE call_id = {call}"),
    "a lot gave what was not charged": Planted(
        "voided", "lots_not_charge", "INSERT INTO usage_calllot VALUES ({call}, 1, 1, 5, 5, 0)"
    ),
    "open though voided": Planted("voided", "ended_but_open", OPEN_AGAIN),
    "open though settled": Planted("plain", "ended_but_open", OPEN_AGAIN, also=("I8 open call is settled already",)),
    "without a journal": Planted(
        "plain",
        "settled_without_journal",
        "DELETE FROM plans_journal WHERE id = {call}",
        also=("I1 posting without a journal", "I3 lot differs from the books"),
    ),
    "with a journal of another": Planted(
        "plain",
        "settled_without_journal",
        """UPDATE plans_posting SET journal_id = '00000000-0000-7000-8000-000000000001' WHERE journal_id = {call};
        UPDATE plans_journal SET id = '00000000-0000-7000-8000-000000000001' WHERE id = {call}""",
    ),
    "a variance too large": Planted(
        "capped",
        "variance_not_booked",
        "UPDATE plans_posting SET amount = amount + sign(amount) WHERE journal_id = {call} AND lot_id = 0",
    ),
    "no variance": Planted(
        "capped", "variance_not_booked", "DELETE FROM plans_posting WHERE journal_id = {call} AND lot_id = 0"
    ),
    "a variance of what was not over": Planted(
        "plain",
        "variance_not_booked",
        """UPDATE usage_call SET how = 'usage_capped' WHERE id = {call};
        INSERT INTO plans_posting (journal_id, account_code, unit, lot_id, amount)
        VALUES ({call}, 'provider_variance', 'µ', 0, 5), ({call}, 'issued', 'µ', 0, -5)""",
    ),
}
ADD_TOTAL = """
INSERT INTO usage_dailytotal (account_id, day, member_id, departments, end_user, chat_model_id, calls,
  charged_microcredits, input_tokens, output_tokens)
SELECT account_id, day + {days}, member_id, departments, 'nobody', chat_model_id, {calls}, {charged}, 0, 0
FROM usage_dailytotal WHERE end_user = 'plain'
"""
WRONG_TOTALS = {
    "a call more": "UPDATE usage_dailytotal SET calls = calls + 1 WHERE end_user = 'plain'",
    "a charge less": "UPDATE usage_dailytotal SET charged_microcredits = 0 WHERE end_user = 'plain'",
    "a row is missing": "DELETE FROM usage_dailytotal WHERE end_user = 'free'",
    "all rows are missing": "DELETE FROM usage_dailytotal WHERE end_user <> 'neighbor'",
    "a call is nobody's": ADD_TOTAL.format(days=0, calls=1, charged=0),
    "a charge is nobody's": ADD_TOTAL.format(days=0, calls=0, charged=1),
}
WRONG_PROFILES = {
    "a call more": "UPDATE usage_hourprofile SET calls = calls + 1 WHERE account_id = {account}",
    "no charge": "UPDATE usage_hourprofile SET charged_microcredits = 0 WHERE account_id = {account}",
    "no row": "DELETE FROM usage_hourprofile WHERE account_id = {account}",
    "an hour more": "INSERT INTO usage_hourprofile (account_id, weekday, hour, calls, charged_microcredits)"
    " VALUES ({account}, 8, 0, 1, 0)",
}


ELSEWHERE = {
    "member": "member_id = -1",
    "department": "departments = '{}'",
    "project": "project_id = NULL",
    "key": "api_key_id = -1",
    "scenario": "scenario_id = NULL",
}


@pytest.fixture
def calls(home: Home) -> Calls:
    """A household's calls: one as usual, one over its hold, one voided, one that held nothing; and a neighbor's."""
    books.move_clock((NOON - clock.now().hour) % 24 * timedelta(hours=1))
    cast.grant(home.stranger, 1_000_000)
    called(home.stranger, "neighbor")
    made = (
        called(home.owner, "plain"),
        called(home.owner, "capped", how=How.USAGE_CAPPED, held=1000),
        called(home.owner, "voided", how=How.REFUSED, held=1000),
        called(home.owner, "free", how=How.USAGE_CAPPED, held=0),
    )
    assert found() == set()
    return {call.end_user: call for call in made}


@pytest.fixture
def firm(home: Home, calls: Calls) -> Windows:
    """Calls before there were quotas, under all of them, elsewhere in the firm, and on the next day."""
    owner, now = home.stranger, clock.now()
    sales = Department.objects.create(account=owner.account, name="Sales", created_at=now).pk
    project = Project.objects.create(account=owner.account, name="Contracts", created_at=now).pk
    key, scenario = books.key_of(owner).pk, Scenario.objects.create(name="Support", created_at=now).pk
    colleague = Member.objects.create(account=owner.account, user=home.child.user, role="adult", joined_at=now)
    nodes: Words = {"departments": (sales,), "project_id": project, "scenario_id": scenario, "api_key_id": key}
    called(owner, "early", **nodes)
    places = zip(NODES, (owner.account_id, owner.pk, sales, project, key, scenario), strict=True)
    quotas = {
        (node, metric): books.quota(owner, PLENTY, kind=node, node_id=node_id, metric=metric)
        for node, node_id in places
        for metric in METRICS
    }
    books.quota(owner, PLENTY, window="lifetime")
    called(owner, "first", **nodes)
    called(owner, "over", how=How.USAGE_CAPPED, held=1000, **nodes)
    called(owner, "voided", how=How.REFUSED, held=1000, **nodes)
    called(colleague, "elsewhere")
    called(home.owner, "outside", scenario_id=scenario)
    books.move_clock(timedelta(days=1))
    called(owner, "late", **nodes)
    assert found() == set()
    return {key: list(quota.windows.select_related("quota").order_by("starts_at")) for key, quota in quotas.items()}


class TestAuditOfCalls:
    @pytest.mark.parametrize("planted", WRONG_CALLS.values(), ids=WRONG_CALLS)
    def test_names_what_is_wrong(self, calls: Calls, planted: Planted) -> None:
        call_id = str(calls[planted.call].pk)
        plant(planted.statements, call=f"'{call_id}'")
        assert {kind for kind, _ in found()} == {planted.kind, *planted.also}
        assert {subject for kind, subject in found() if kind == planted.kind} == {call_id}

    def test_finds_no_variance_missing_where_enough_was_held(self, calls: Calls) -> None:
        plant("UPDATE usage_call SET how = 'usage_capped' WHERE end_user = 'plain'")
        assert found() == set()


class TestAuditOfTotals:
    @pytest.mark.parametrize("statement", WRONG_TOTALS.values(), ids=WRONG_TOTALS)
    def test_names_the_account_and_the_day(self, calls: Calls, statement: str) -> None:
        plant(statement)
        assert found() == {("totals_not_calls", f"{calls['plain'].account_id} {calls['plain'].day}")}

    def test_names_a_day_without_any_call(self, calls: Calls) -> None:
        plant(ADD_TOTAL.format(days=9, calls=0, charged=0))
        day = calls["plain"].day + timedelta(days=9)
        assert found() == {("totals_not_calls", f"{calls['plain'].account_id} {day}")}


class TestAuditOfProfiles:
    @pytest.mark.parametrize("statement", WRONG_PROFILES.values(), ids=WRONG_PROFILES)
    def test_names_the_account(self, calls: Calls, statement: str) -> None:
        account_id = calls["plain"].account_id
        plant(statement, account=str(account_id))
        assert found() == {("profile_not_calls", str(account_id))}

    def test_names_an_account_without_any_call(self, home: Home) -> None:
        plant(WRONG_PROFILES["an hour more"], account=str(home.owner.account_id))
        assert found() == {("profile_not_calls", str(home.owner.account_id))}


class TestAuditOfQuotas:
    @pytest.mark.parametrize("metric", METRICS)
    @pytest.mark.parametrize("node", NODES)
    def test_names_a_window_that_used_more_or_less(self, firm: Windows, node: str, metric: str) -> None:
        window = firm[node, metric][0]
        for more in (1, -2):
            plant("UPDATE plans_quotawindow SET used = used + {more} WHERE id = {id}", more=more, id=window.pk)
            assert found() == named(window)

    @pytest.mark.parametrize(("node", "change"), ELSEWHERE.items())
    def test_counts_a_call_where_it_was_made(self, firm: Windows, node: str, change: str) -> None:
        plant("UPDATE usage_call SET {change} WHERE end_user = 'first'", change=change)
        assert found() == named(*(firm[node, metric][0] for metric in METRICS))

    def test_counts_what_is_voided_as_no_call(self, firm: Windows) -> None:
        plant("UPDATE usage_call SET state = 'settled' WHERE end_user = 'voided'")
        assert found() == named(*(firm[node, "calls"][0] for node in NODES))

    def test_counts_no_call_from_before_the_quota_was_made(self, firm: Windows) -> None:
        [window, _] = firm["account", "microcredits"]  # whose quota is the oldest
        open_at("early", window.quota.created_at - MOMENT)
        assert found() == set()
        open_at("early", window.quota.created_at)
        assert found() == named(window)

    def test_counts_no_call_from_after_the_quota_was_ended(self, firm: Windows) -> None:
        [_, window], late = firm["key", "calls"], Call.objects.get(end_user="late")
        Quota.objects.filter(pk=window.quota_id).update(ended_at=late.opened_at + MOMENT)
        assert found() == set()
        Quota.objects.filter(pk=window.quota_id).update(ended_at=late.opened_at)
        assert found() == named(window)

    def test_counts_a_call_in_the_window_that_begins_with_it(self, firm: Windows) -> None:
        starts_at = firm["account", "calls"][1].starts_at
        open_at("late", starts_at)
        assert found() == set()
        open_at("late", starts_at - MOMENT)
        assert found() == named(*(window for windows in firm.values() for window in windows))


def found() -> set[tuple[str, str]]:
    """This will return kind and subject of all that the audit names."""
    return {(each.kind, each.subject) for each in audits.violations()}


def named(*windows: QuotaWindow) -> set[tuple[str, str]]:
    """What the audit should find when these windows alone are wrong."""
    return {("quota_not_calls", str(window.pk)) for window in windows}


def plant(statements: str, **words: object) -> None:
    """This will do what no trigger would let pass."""
    with books.corrupting():
        books.run(statements.format(**words))


def open_at(name: str, moment: datetime) -> None:
    """This will have the call opened at another moment."""
    with books.corrupting():
        books.run("UPDATE usage_call SET opened_at = %s WHERE end_user = %s", moment, name)


def called(member: Member, name: str, *, how: How = How.USAGE, held: int = HELD, **nodes: Any) -> Call:
    """This will settle a call whose end user is `name`."""
    offer = cast.offer_of("fast")
    used = Usage() if how in VOID else USED
    price = 0 if how in VOID else cost(USED, offer.rates)
    terms = {"chat_model_id": offer.chat_model_id, "price_id": offer.price_id, "end_user": name}
    asked = books.ask(member, held, **terms | nodes)
    assert books.reserve(asked)[0][0] == "ok"
    cast.settle(Ending(asked.call_id, Charge(used, min(price, held), how, cost=price)))
    return Call.objects.get(pk=asked.call_id)
