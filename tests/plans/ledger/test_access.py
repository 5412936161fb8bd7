"""What the ledger asks before credits: rules of access, a child's quiet hours and minutes, and the night brake."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.callers import Caller
from accounts.models import Department, Guardianship, LegalText, Member, Scenario
from models_catalog.models import ChatModel
from plans import access, ledger, nodes
from plans.models import AccessRule, Awake, ChildDay
from portal.kit import clock
from tests import kept
from tests.plans.ledger import books

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")


def rule(member: Member, kind: str, node_id: int, **terms: object) -> None:
    AccessRule.objects.create(account_id=member.account_id, node_kind=kind, node_id=node_id, **terms)


def child(**terms: object) -> Member:
    member = books.founded()
    books.grant(member, 10**6)
    made = {"born_in": "2016-01-01", "consented_at": clock.now(), "consented_by": member.user, "pin_digest": "x"}
    text = LegalText.objects.filter(kind="guardian").earliest("pk")
    Guardianship.objects.create(member=member, consent_text=text, **made | terms)
    return member


@pytest.fixture(autouse=True)
def _shelf() -> None:
    kept.catalog(now=clock.now())
    books.run("DELETE FROM models_catalog_route")


def asked(member: Member, **terms: object) -> tuple[str, dict[str, object]]:
    return books.reserve(books.ask(member, 10, **terms))[0]


def until(local: time) -> None:
    """Business time moves on to the next moment at which the clocks of Shanghai show `local`."""
    now = clock.now().astimezone(SHANGHAI)
    aim = datetime.combine(now.date(), local, tzinfo=SHANGHAI)
    books.move_clock((aim if aim > now else aim + timedelta(days=1)) - now)


class TestRules:
    def test_close_every_model_that_is_not_listed(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        rule(member, "member", member.pk, chat_model_ids=[7, 8])
        outcome, told = asked(member, chat_model_id=1)
        assert outcome == "model_not_allowed"
        assert told == {"node_kind": "member", "node_id": member.pk, "why": "model"}
        assert asked(member, chat_model_id=8)[0] == "ok"

    def test_of_all_nodes_hold_at_once(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        sales = Department.objects.create(account=member.account, name="Sales", created_at=clock.now())
        rule(member, "account", member.account_id, chat_model_ids=[1, 2])
        rule(member, "department", sales.pk, chat_model_ids=[2, 3])
        found = {model: asked(member, chat_model_id=model, departments=(sales.pk,))[0] for model in (1, 2, 3)}
        assert found == {1: "model_not_allowed", 2: "ok", 3: "model_not_allowed"}
        assert asked(member, chat_model_id=1)[0] == "ok"  # outside of the department

    def test_of_strangers_close_nothing(self) -> None:
        member, stranger = books.founded(), books.founded()
        books.grant(member, 1000)
        rule(stranger, "member", member.pk, chat_model_ids=[])
        rule(member, "member", stranger.pk, chat_model_ids=[])
        assert asked(member)[0] == "ok"

    @pytest.mark.parametrize("promise", ["is_mainland_only", "is_never_trained"])
    def test_about_routes_need_one_that_promises_it(self, promise: str) -> None:
        member = books.founded()
        books.grant(member, 1000)
        kept, other = routes(**{promise.replace("_only", ""): True}), routes()
        rule(member, "account", member.account_id, **{promise: True})
        outcome, told = asked(member, chat_model_id=other)
        assert (outcome, told["why"]) == ("model_not_allowed", "route")
        call = books.ask(member, 10, chat_model_id=kept)
        assert books.reserve(call)[0][0] == "ok"
        [(mainland, untrained)] = books.fetch(
            "SELECT is_mainland_only, is_never_trained FROM plans_hold WHERE id = %s", call.call_id
        )
        assert {"is_mainland_only": mainland, "is_never_trained": untrained}[promise] is True
        assert mainland + untrained == 1

    def test_about_routes_look_past_what_is_switched_off(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        kept = routes(is_mainland=True)
        books.run("UPDATE models_catalog_upstream SET disabled_at = now()")
        rule(member, "account", member.account_id, is_mainland_only=True)
        assert asked(member, chat_model_id=kept)[0] == "model_not_allowed"

    def test_are_the_same_for_the_list_and_for_the_call(self) -> None:
        member = books.founded()
        books.grant(member, 10**6)
        chosen = list(ChatModel.objects.published().values_list("pk", flat=True)[:2]) or [routes(), routes()]
        node = nodes.seen_by(member, kind="account", node_id=member.account_id)
        access.put(node, access.Rule(chat_model_ids=tuple(chosen[:1])), by=member.user, now=clock.now())
        listed = set(access.visible(caller_of(member)).values_list("pk", flat=True))
        called = {pk for pk in ChatModel.objects.published().values_list("pk", flat=True) if not refused(member, pk)}
        assert listed == called
        access.put(node, access.Rule(), by=member.user, now=clock.now())
        assert not AccessRule.objects.exists()


class TestAuditors:
    def test_ask_no_models(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        Member.objects.create(
            account=member.account, user=books.founded().user, role="owner", name="x", joined_at=clock.now()
        )
        Member.objects.filter(pk=member.pk).update(role="auditor")
        assert asked(member)[0] == "only_reads"


class TestPauses:
    def test_of_the_account_and_of_a_key_stop_calls(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        key = books.key_of(member)
        books.run("UPDATE accounts_apikey SET paused_at = now() WHERE id = %s", key.pk)
        assert asked(member, api_key_id=key.pk) == ("paused", {"node_kind": "key", "node_id": key.pk})
        assert asked(member)[0] == "ok"
        books.run("UPDATE accounts_account SET paused_at = now() WHERE id = %s", member.account_id)
        assert asked(member) == ("paused", {"node_kind": "account", "node_id": member.account_id})


class TestQuietHours:
    @pytest.mark.parametrize(
        ("at", "outcome"),
        [(time(21, 59), "ok"), (time(22), "quiet_hours"), (time(5, 59), "quiet_hours"), (time(6), "ok")],
    )
    def test_pass_midnight(self, at: time, outcome: str) -> None:
        member = child(quiet_from=time(22), quiet_to=time(6))
        until(at)
        assert asked(member)[0] == outcome

    @pytest.mark.parametrize(("at", "outcome"), [(time(11, 59), "ok"), (time(12), "quiet_hours"), (time(14), "ok")])
    def test_may_lie_within_a_day(self, at: time, outcome: str) -> None:
        member = child(quiet_from=time(12), quiet_to=time(14))
        until(at)
        assert asked(member)[0] == outcome

    def test_say_when_they_end(self) -> None:
        member = child(quiet_from=time(22), quiet_to=time(6))
        until(time(23))
        _, told = asked(member)
        ends = datetime.fromisoformat(str(told["resets_at"])).astimezone(SHANGHAI)
        assert (ends.time(), told["quiet_to"]) == (time(6), "06:00")
        assert timedelta(0) < ends - clock.now() < timedelta(hours=8)

    def test_give_way_for_as_long_as_was_given(self) -> None:
        member = child(quiet_from=time(22), quiet_to=time(6))
        until(time(23))
        Awake.objects.create(member=member, until=clock.now() + timedelta(minutes=30), given_by=member.user)
        assert asked(member)[0] == "ok"
        books.move_clock(timedelta(minutes=31))
        assert asked(member)[0] == "quiet_hours"


class TestMinutes:
    def test_are_counted_in_blocks_of_five(self) -> None:
        member = child(daily_minutes=10)
        until(time(12))
        assert [asked(member)[0] for _ in range(3)] == ["ok"] * 3  # one block
        books.move_clock(timedelta(minutes=5))
        assert asked(member)[0] == "ok"
        books.move_clock(timedelta(minutes=5))
        outcome, told = asked(member)
        assert (outcome, told["used"], told["limit"]) == ("minutes", 10, 10)
        ends = datetime.fromisoformat(str(told["resets_at"])).astimezone(SHANGHAI)
        assert (ends.time(), ends.date()) == (time(0), clock.now().astimezone(SHANGHAI).date() + timedelta(days=1))

    def test_are_not_counted_for_what_was_refused(self) -> None:
        member = child(daily_minutes=10)
        books.reserve(books.ask(member, 10**9))
        assert not ChildDay.objects.exists()

    def test_start_anew_with_the_day(self) -> None:
        member = child(daily_minutes=5)
        until(time(23, 50))
        assert asked(member)[0] == "ok"
        books.move_clock(timedelta(minutes=5))
        assert asked(member)[0] == "minutes"
        books.move_clock(timedelta(minutes=5))
        assert asked(member)[0] == "ok"

    def test_can_be_given_on_top_for_the_day(self) -> None:
        member = child(daily_minutes=5)
        until(time(12))
        asked(member)
        books.move_clock(timedelta(minutes=5))
        ledger.give_minutes(member.pk, minutes=5)
        assert asked(member)[0] == "ok"
        books.move_clock(timedelta(minutes=5))
        assert asked(member)[0] == "minutes"
        assert ChildDay.objects.get().extra_minutes == 5

    def test_of_none_are_none(self) -> None:
        assert asked(child(daily_minutes=0))[0] == "minutes"

    def test_are_without_end_where_nobody_set_any(self) -> None:
        assert asked(child(daily_minutes=None))[0] == "ok"


class TestScenarios:
    def test_bind_a_child_to_what_was_chosen(self) -> None:
        homework, play = Scenario.objects.order_by("pk")[:2]
        member = child(scenario_ids=[homework.pk])
        found = [asked(member, scenario_id=each)[0] for each in (homework.pk, play.pk, None)]
        assert found == ["ok", "scenario_not_allowed", "scenario_not_allowed"]


class TestNightBrake:
    def test_holds_by_the_hour_between_midnight_and_seven(self) -> None:
        member = books.founded()
        books.grant(member, 1000)
        quota = books.quota(member, 15, window="night_hour")
        until(time(3, 30))
        assert [asked(member)[0] for _ in range(2)] == ["ok", "quota"]
        books.move_clock(timedelta(minutes=31))
        assert [asked(member)[0] for _ in range(2)] == ["ok", "quota"]
        until(time(7))
        assert [asked(member)[0] for _ in range(3)] == ["ok"] * 3
        window = books.window_of(quota)
        assert window.ends_at is not None
        assert window.ends_at - window.starts_at == timedelta(hours=1)
        assert window.starts_at.astimezone(UTC).minute == 0
        assert books.kinds() == set()


def routes(**promises: bool) -> int:
    """This will make a published model with one open route whose upstream promises this; return the model."""
    number = len(books.fetch("SELECT id FROM models_catalog_upstream"))
    model = ChatModel.objects.order_by("pk").exclude(pk__in=_with_routes()).first()
    assert model is not None
    books.run(
        "INSERT INTO models_catalog_upstream (slug, name, dialect, base_url, sealed_secret, region, is_mainland,"
        " is_never_trained, concurrency, first_byte_timeout_seconds, idle_timeout_seconds, hard_deadline_seconds,"
        " on_leave) VALUES (%s, 'x', 'openai_compatible', 'http://127.0.0.1', '', '', %s, %s, 1, 1, 1, 1, 'cancel')",
        f"u{number}",
        promises.get("is_mainland", False),
        promises.get("is_never_trained", False),
    )
    books.run(
        "INSERT INTO models_catalog_route (chat_model_id, upstream_id, upstream_model, priority)"
        " SELECT %s, id, 'm', 1 FROM models_catalog_upstream WHERE slug = %s",
        model.pk,
        f"u{number}",
    )
    return model.pk


def _with_routes() -> list[int]:
    return [pk for (pk,) in books.fetch("SELECT chat_model_id FROM models_catalog_route")]


def caller_of(member: Member) -> Caller:
    return Caller(member.account_id, member.pk, (), None, None, None, "business", "Asia/Shanghai")


def refused(member: Member, model: int) -> bool:
    return asked(member, chat_model_id=model)[0] == "model_not_allowed"
