"""Management keys: keys and figures for programs, within the rights of who holds them, and never a call."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import callers
from accounts.api_keys import Wish
from accounts.models import ApiKey, AuditEvent, Member
from models_catalog.pricing import Usage
from plans import keys
from plans.keys import Bounds
from plans.models import AccessRule, Quota
from portal.kit.units import credits
from tests.usage import cast
from tests.usage.cast import Home

pytestmark = pytest.mark.django_db

OFFICE = "127.0.0.0/8"
"""Where these tests call from."""


class Manager:
    """A program that holds a key."""

    def __init__(self, member: Member, now: datetime, *, is_management: bool = True, **wish: Any) -> None:
        asked = Wish(label="program", is_management=is_management, **wish)
        self.key, self.secret = keys.issue(member, asked, Bounds(), by=member.user, now=now)
        self.headers = {"authorization": f"Bearer {self.secret}"}

    def get(self, path: str, **more: Any) -> tuple[int, Any]:
        answer = Client().get(f"/v1/{path}", headers=self.headers, **more)
        return answer.status_code, answer.json()

    def post(self, path: str, body: object = None, **more: Any) -> tuple[int, Any]:
        answer = Client().post(f"/v1/{path}", body, content_type="application/json", headers=self.headers, **more)
        return answer.status_code, answer.json()


@pytest.fixture
def manager(home: Home, now: datetime) -> Manager:
    return Manager(home.owner, now)


def code_of(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]["code"]


class TestListing:
    def test_shows_what_the_holder_sees_and_no_secret(self, home: Home, now: datetime, manager: Manager) -> None:
        theirs = Manager(home.adult, now)
        Manager(home.stranger, now)
        status, told = manager.get("keys")
        assert (status, [each["id"] for each in told["data"]]) == (200, [theirs.key.pk, manager.key.pk])
        assert not any(secret in str(told) for secret in (theirs.secret, manager.secret))
        assert [each["id"] for each in theirs.get("keys")[1]["data"]] == [theirs.key.pk]

    def test_is_closed_to_keys_that_call_models(self, home: Home, now: datetime) -> None:
        model_key = Manager(home.owner, now, is_management=False)
        assert code_of(model_key.get("keys")) == (403, "not_a_management_key")
        assert code_of(model_key.get("usage")) == (403, "not_a_management_key")
        assert code_of(model_key.post("keys", {"label": "x"})) == (403, "not_a_management_key")
        assert code_of(model_key.post(f"keys/{model_key.key.pk}/revocation")) == (403, "not_a_management_key")
        assert ApiKey.objects.filter(revoked_at=None).count() == 1

    def test_is_closed_without_a_key(self, home: Home, client: Client) -> None:
        client.force_login(home.owner.user)
        for path in ("keys", "usage"):
            assert client.get(f"/v1/{path}").status_code == 401
        assert client.post("/v1/keys", {"label": "x"}, content_type="application/json").status_code == 401

    def test_notes_that_the_key_was_used(self, manager: Manager) -> None:
        manager.get("keys")
        assert ApiKey.objects.get().used_at


class TestTheKeyItself:
    def test_tells_what_it_is_for(self, home: Home, now: datetime, manager: Manager) -> None:
        own = Manager(home.adult, now, is_management=False, endpoints=("key",))
        status, told = own.get("key")
        assert (status, told["id"], told["endpoints"], told["is_braked"]) == (200, own.key.pk, ["key"], True)
        assert own.secret not in str(told)
        assert manager.get("key")[1]["is_management"]


class TestIssuing:
    def test_gives_a_braked_key_of_the_same_member_that_calls_models(self, home: Home, manager: Manager) -> None:
        status, told = manager.post("keys", {"label": " robot ", "models": ["demo-fast"], "monthly_credits": 9})
        assert status == 200
        caller = callers.from_bearer(f"Bearer {told['secret']}", "")
        assert (caller.member_id, caller.is_management) == (home.owner.pk, False)
        assert (told["label"], told["is_braked"], told["models"]) == ("robot", True, ["demo-fast"])
        assert Quota.objects.get(window="month").limit == credits(9)
        assert AuditEvent.objects.filter(verb="api_key.issue", actor=home.owner.user).count() == 2
        assert told["secret"] not in str(manager.get("keys"))

    @pytest.mark.parametrize(
        "more",
        [
            {"is_management": True},
            {"member": 1},
            {"member_id": 1},
            {"account_id": 1},
            {"digest": "x"},
            {"label": ""},
            {"label": "  "},
            {"label": "a\0b"},
            {"label": "x" * 61},
            {"monthly_credits": 0},
            {"monthly_credits": 10**17},
            {"expires_at": "2999-01-01T00:00:00"},
            {"models": []},
            {"endpoints": "everything"},
        ],
    )
    def test_takes_nothing_else(self, manager: Manager, more: dict[str, object]) -> None:
        status, told = manager.post("keys", {"label": "x"} | more)
        assert (status, told["error"]["code"]) == (400, "invalid_value")
        assert ApiKey.objects.count() == 1

    @pytest.mark.parametrize(
        ("more", "refused"),
        [
            ({"endpoints": ["keys"]}, (422, "bad_endpoint")),
            ({"networks": ["everywhere"]}, (422, "bad_network")),
            ({"expires_at": "2020-01-01T00:00:00Z"}, (422, "bad_end")),
            ({"project": 2_000_000_000}, (404, "unknown_purpose")),
            ({"models": ["nope"]}, (404, "model_not_found")),
        ],
    )
    def test_says_what_cannot_be(self, manager: Manager, more: dict[str, object], refused: tuple[int, str]) -> None:
        assert code_of(manager.post("keys", {"label": "x"} | more)) == refused
        assert ApiKey.objects.count() == 1

    def test_never_goes_beyond_the_key_that_asks(self, home: Home, now: datetime) -> None:
        ends_at = now + timedelta(days=2)
        manager = Manager(home.owner, now, networks=(OFFICE,), expires_at=ends_at)
        model = cast.offer_of("fast").chat_model_id
        rule = {"account": home.owner.account, "node_kind": "key", "node_id": manager.key.pk}
        AccessRule.objects.create(**rule, chat_model_ids=[model], is_never_trained=True)
        asked = {"label": "x", "networks": ["0.0.0.0/0"], "expires_at": "2999-01-01T00:00:00Z"}
        made = ApiKey.objects.get(pk=manager.post("keys", asked)[1]["id"])
        assert (made.networks, made.expires_at, made.member) == ([OFFICE], ends_at, home.owner)
        (copy,) = AccessRule.objects.filter(node_id=made.pk, node_kind="key")
        assert (copy.chat_model_ids, copy.is_never_trained) == ([model], True)
        assert code_of(manager.post("keys", {"label": "x", "networks": ["10.0.0.0/8"]})) == (403, "beyond_rights")

    def test_ends_when_its_holder_was_demoted_or_left(self, home: Home, now: datetime) -> None:
        manager = Manager(home.adult, now)
        Member.objects.filter(pk=home.adult.pk).update(role="auditor")
        assert code_of(manager.post("keys", {"label": "x"})) == (403, "may_not_issue")
        Member.objects.filter(pk=home.adult.pk).update(left_at=now)
        assert code_of(manager.get("keys")) == (401, "invalid_api_key")


class TestRevoking:
    def test_ends_what_the_holder_sees(self, home: Home, now: datetime, manager: Manager) -> None:
        theirs, strangers = Manager(home.adult, now), Manager(home.stranger, now)
        status, told = manager.post(f"keys/{theirs.key.pk}/revocation", {"reason": "lost"})
        assert (status, told["state"], told["calls_stopped"]) == (200, "revoked", 0)
        assert AuditEvent.objects.get(verb="api_key.revoke").reason == "lost"
        assert code_of(manager.post(f"keys/{theirs.key.pk}/revocation")) == (409, "already_revoked")
        for other in (strangers.key.pk, 2_000_000_000):
            assert code_of(manager.post(f"keys/{other}/revocation")) == (404, "key_not_found")
        assert code_of(Manager(home.adult, now).post(f"keys/{manager.key.pk}/revocation")) == (404, "key_not_found")


class TestUsage:
    def test_tells_the_figures_that_the_holder_sees(self, home: Home, now: datetime, manager: Manager) -> None:
        mine = cast.called(home.owner, used=Usage(in_fresh=10, out_text=20))
        cast.called(home.adult, used=Usage(in_fresh=10, out_text=20))
        status, told = manager.get("usage")
        assert (status, told["calls"], {each["id"] for each in told["members"]}) == (
            200,
            2,
            {home.owner.pk, home.adult.pk},
        )
        assert len(told["days"]) >= 28
        assert float(told["credits_charged"]) == 2 * mine.charged_microcredits / 10**6
        assert Manager(home.adult, now).get("usage")[1]["calls"] == 1
        assert Manager(home.stranger, now).get("usage")[1]["calls"] == 0


class TestScopes:
    def test_hold_on_every_path(self, home: Home, now: datetime) -> None:
        only_models = Manager(home.owner, now, is_management=False, endpoints=("models",))
        assert only_models.get("models")[0] == 200
        assert code_of(only_models.get("balance")) == (403, "key_not_for_this")
        elsewhere = Manager(home.owner, now, networks=("203.0.113.0/24",))
        assert code_of(elsewhere.get("keys")) == (403, "key_not_for_this")
        spoofed = Client().get(
            "/v1/keys", headers=elsewhere.headers | {"x-forwarded-for": "203.0.113.1", "forwarded": "for=203.0.113.1"}
        )
        assert spoofed.status_code == 403
        there = Client(REMOTE_ADDR="203.0.113.1").get("/v1/keys", headers=elsewhere.headers)
        assert there.status_code == 200

    def test_stand_in_the_documents(self, client: Client) -> None:
        paths = client.get("/v1/openapi.json").json()["paths"]
        assert {"get", "post"} <= set(paths["/v1/keys"])
        assert {"/v1/keys/{key_id}/revocation", "/v1/usage"} <= set(paths)


class TestARuleOfNothing:
    def test_stays_one(self, home: Home, now: datetime, manager: Manager) -> None:
        """No model in common is none at all, not every one."""
        rule = {"account": home.owner.account, "node_kind": "key", "node_id": manager.key.pk}
        AccessRule.objects.create(**rule, chat_model_ids=[])
        made = ApiKey.objects.get(pk=manager.post("keys", {"label": "x"})[1]["id"])
        assert keys.lines([made], now=now)[0].models == []
