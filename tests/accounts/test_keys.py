"""Keys: issued once by those who may, known by their secret alone, revoked for good."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import api_keys, callers, key_scopes
from accounts.api_keys import Wish
from accounts.callers import Caller
from accounts.models import ApiKey, AuditEvent, Department, Member, Project, Scenario, User
from portal.kit import clock
from portal.kit.refusals import Refusal
from tests.accounts.people import NOW, join
from tests.budget import query_budget

pytestmark = pytest.mark.django_db


OFFICE = "203.0.113.0/24"


def issue(member: Member, label: str = "editor", *, by: Member | None = None, **wish: Any) -> tuple[ApiKey, str]:
    return api_keys.issue(member, Wish(label=label, **wish), by=(by or member).user, now=NOW)


def known(secret: str) -> Caller:
    return callers.from_bearer(f"Bearer {secret}", "")


class TestIssue:
    def test_stores_a_keyed_digest_and_never_the_secret(self, owner: Member) -> None:
        key, secret = issue(owner)
        assert re.fullmatch(r"ck-[\w-]{48}", secret)
        stored = ApiKey.objects.values().get(pk=key.pk)
        assert not any(secret in str(value) for value in stored.values())
        assert (key.prefix, key.last_four) == (secret[:8], secret[-4:])
        assert AuditEvent.objects.filter(verb="api_key.issue", account=owner.account).count() == 1

    def test_gives_every_key_another_secret_of_256_bits_and_a_checksum(self, owner: Member) -> None:
        secrets = {issue(owner, f"key {number}")[1] for number in range(20)}
        assert len(secrets) == 20
        assert all(api_keys.is_whole(secret) for secret in secrets)
        mistyped = [secret[:20] + ("A" if secret[20] != "A" else "B") + secret[21:] for secret in secrets]
        assert not any(api_keys.is_whole(secret) for secret in mistyped)

    def test_is_refused_to_children_auditors_and_people_of_elsewhere(
        self, owner: Member, adult: Member, child: Member, stranger: Member
    ) -> None:
        for member in (child, join(owner, role="auditor", name="auditor")):
            with pytest.raises(api_keys.MayNotIssue):
                issue(member)
        with pytest.raises(api_keys.MayNotIssue):
            issue(owner, by=stranger)
        Member.objects.filter(pk=adult.pk).update(left_at=NOW)
        adult.refresh_from_db()
        with pytest.raises(api_keys.MayNotIssue):
            issue(adult)
        with pytest.raises(api_keys.BadHolder):
            issue(adult, by=owner)

    def test_lets_an_owner_issue_for_everybody_who_calls_models(
        self, owner: Member, adult: Member, child: Member
    ) -> None:
        for member in (adult, child):
            key, secret = issue(member, by=owner)
            assert (known(secret).member_id, key.issued_by) == (member.pk, owner.user)
        for role in ("bill_payer", "adult"):
            with pytest.raises(api_keys.OwnersOnly):
                issue(child, by=join(owner, role=role, name=role))

    def test_gives_auditors_nothing_and_children_no_management(self, owner: Member, child: Member) -> None:
        with pytest.raises(api_keys.BadHolder):
            issue(join(owner, role="auditor", name="auditor"), by=owner)
        with pytest.raises(api_keys.BadHolder):
            issue(child, by=owner, is_management=True)

    def test_keeps_what_was_wished(self, owner: Member) -> None:
        project = Project.objects.create(account=owner.account, name="Shop", created_at=NOW)
        scenario = Scenario.objects.create(name="Coding!", created_at=NOW)
        ends_at = clock.now() + timedelta(days=1)
        secret = issue(
            owner,
            endpoints=("chat/completions",),
            networks=(" 203.0.113.7/24", "2001:DB8::/32"),
            expires_at=ends_at,
            project_id=project.pk,
            scenario_id=scenario.pk,
        )[1]
        caller = known(secret)
        assert (caller.project_id, caller.scenario_id) == (project.pk, scenario.pk)
        assert (caller.endpoints, caller.networks) == (("chat/completions",), (OFFICE, "2001:db8::/32"))
        assert ApiKey.objects.get().expires_at == ends_at

    @pytest.mark.parametrize(
        ("wish", "code"),
        [
            ({"endpoints": ("everything",)}, "bad_endpoint"),
            ({"endpoints": ("/*",)}, "bad_endpoint"),
            ({"endpoints": ()}, "bad_endpoint"),
            ({"endpoints": ("keys",)}, "bad_endpoint"),
            ({"endpoints": ("chat/completions",), "is_management": True}, "bad_endpoint"),
            ({"networks": ()}, "bad_network"),
            ({"networks": ("everywhere",)}, "bad_network"),
            ({"networks": ("203.0.113.0/33",)}, "bad_network"),
            ({"networks": (OFFICE,) * 21}, "bad_network"),
            ({"expires_at": NOW}, "bad_end"),
            ({"project_id": 2_000_000_000}, "unknown_purpose"),
            ({"scenario_id": 2_000_000_000}, "unknown_purpose"),
        ],
    )
    def test_refuses_what_cannot_be(self, owner: Member, wish: dict[str, Any], code: str) -> None:
        with pytest.raises(Refusal) as refused:
            issue(owner, **wish)
        assert refused.value.code == code
        assert str(refused.value)
        assert not ApiKey.objects.exists()

    def test_knows_no_project_and_no_scenario_of_another_account(self, owner: Member, stranger: Member) -> None:
        project = Project.objects.create(account=stranger.account, name="Shop", created_at=NOW)
        scenario = Scenario.objects.create(account=stranger.account, name="Support", created_at=NOW)
        wishes: list[dict[str, Any]] = [{"project_id": project.pk}, {"scenario_id": scenario.pk}]
        for wish in wishes:
            with pytest.raises(key_scopes.UnknownPurpose):
                issue(owner, **wish)

    def test_ends_at_the_limit(self, owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(api_keys, "MOST_KEYS_IN_USE", 1)
        issue(owner)
        with pytest.raises(api_keys.TooManyKeys):
            issue(owner)
        ApiKey.objects.update(expires_at=NOW)
        assert issue(owner)


class TestFromBearer:
    def test_knows_the_caller(self, owner: Member) -> None:
        key, secret = issue(owner)
        caller = callers.from_bearer(f"Bearer {secret}", "")
        assert caller == callers.Caller(
            owner.account_id, owner.pk, (), None, None, key.pk, "household", "Asia/Shanghai"
        )

    def test_takes_the_other_header_and_any_case_of_the_scheme(self, owner: Member) -> None:
        _key, secret = issue(owner)
        assert callers.from_bearer("", secret) == callers.from_bearer(f"bearer {secret}", secret)

    def test_lists_departments_from_leaf_to_root(self, stranger: Member) -> None:
        root = Department.objects.create(account=stranger.account, name="All", created_at=NOW)
        leaf = Department.objects.create(account=stranger.account, parent=root, name="Shop", created_at=NOW)
        member = join(stranger, role="adult", name="clerk")
        Member.objects.filter(pk=member.pk).update(department=leaf)
        member.refresh_from_db()
        _key, secret = issue(member)
        assert callers.from_bearer(f"Bearer {secret}", "").departments == (leaf.pk, root.pk)

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Bearer",
            "Bearer ' OR 1=1 --",
            "Bearer ck-" + "x" * 43,
            "Bearer ck-" + "x" * 65_536,
            "Bearer ck-\0" + "x" * 42,
            "Bearer ck-钥" + "x" * 42,
            "Basic ck-" + "x" * 43,
            "ck-" + "x" * 43,
            "Bearer ck-" + "x" * 48,
            "Bearer ck-" + "x" * 45,
        ],
    )
    def test_refuses_everything_else_alike(self, header: str) -> None:
        with pytest.raises(callers.UnknownKey) as refused:
            callers.from_bearer(header, "")
        assert (refused.value.status, refused.value.code) == (401, "invalid_api_key")
        assert not refused.value.details

    def test_refuses_two_different_keys_at_once(self, owner: Member) -> None:
        first, second = issue(owner)[1], issue(owner)[1]
        with pytest.raises(callers.UnknownKey):
            callers.from_bearer(f"Bearer {first}", second)

    def test_asks_the_database_once(self, owner: Member) -> None:
        _key, secret = issue(owner)
        with query_budget(1):
            callers.from_bearer(f"Bearer {secret}", "")

    def test_asks_it_nothing_about_what_was_cut_off(self, owner: Member) -> None:
        _key, secret = issue(owner)
        for wrong in (secret[:-1], secret[:-1] + ("A" if secret[-1] != "A" else "B"), secret + "x"):
            with query_budget(0), pytest.raises(callers.UnknownKey):
                known(wrong)

    def test_still_knows_keys_from_before_the_checksum(self, owner: Member) -> None:
        key, _secret = issue(owner)
        older = "ck-" + "o" * 43
        ApiKey.objects.filter(pk=key.pk).update(digest=api_keys.digest_of(older))
        assert known(older).api_key_id == key.pk

    def test_forgets_a_revoked_key_at_once(self, owner: Member) -> None:
        key, secret = issue(owner)
        callers.from_bearer(f"Bearer {secret}", "")
        api_keys.revoke(key, by=owner.user, reason="lost", now=NOW)
        with pytest.raises(callers.UnknownKey):
            callers.from_bearer(f"Bearer {secret}", "")

    def test_refuses_keys_of_those_who_left_and_keys_that_ended(self, owner: Member, adult: Member) -> None:
        key, secret = issue(adult)
        ApiKey.objects.filter(pk=key.pk).update(expires_at=NOW)
        with pytest.raises(callers.UnknownKey):
            callers.from_bearer(f"Bearer {secret}", "")
        ApiKey.objects.filter(pk=key.pk).update(expires_at=None)
        Member.objects.filter(pk=adult.pk).update(left_at=NOW)
        with pytest.raises(callers.UnknownKey):
            callers.from_bearer(f"Bearer {secret}", "")


class TestFromSession:
    def test_knows_the_person(self, owner: Member) -> None:
        caller = callers.from_session(owner.user)
        assert (caller.member_id, caller.api_key_id) == (owner.pk, None)

    def test_refuses_a_person_without_an_account(self) -> None:
        with pytest.raises(callers.NoAccount):
            callers.from_session(User.objects.create_user("new@example.com"))

    def test_lets_a_key_on_no_page_and_no_cookie_to_the_machines(self, owner: Member, client: Client) -> None:
        _key, secret = issue(owner)
        for path in ("/keys/", "/usage/", "/admin/"):
            answer = client.get(path, headers={"authorization": f"Bearer {secret}", "x-api-key": secret})
            assert (answer.status_code, "login" in answer["Location"]) == (302, True)
