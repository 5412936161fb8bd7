"""Keys: issued once, kept to what they are for, rotated, revoked for good."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts import api_keys, callers, key_scopes
from accounts.api_keys import Wish
from accounts.callers import Caller
from accounts.models import ApiKey, AuditEvent, Department, Member, Project, Scenario, User
from portal.kit import clock
from tests.accounts.people import NOW, at_once, join
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
        with pytest.raises(key_scopes.Refusal) as refused:
            issue(owner, **wish)
        assert refused.value.code == code
        assert str(refused.value)
        assert not ApiKey.objects.exists()

    def test_knows_no_project_and_no_scenario_of_another_account(self, owner: Member, stranger: Member) -> None:
        project = Project.objects.create(account=stranger.account, name="Shop", created_at=NOW)
        scenario = Scenario.objects.create(account=stranger.account, name="Support", created_at=NOW)
        for wish in ({"project_id": project.pk}, {"scenario_id": scenario.pk}):
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


class TestCheckUse:
    @pytest.mark.parametrize(
        ("endpoint", "fits"),
        [("calls", True), ("calls/1", True), ("callsign", False), ("chat/completions", False), ("", False)],
    )
    def test_keeps_to_endpoints_and_what_is_below_them(self, owner: Member, endpoint: str, fits: bool) -> None:  # noqa: FBT001 - what is expected
        caller = known(issue(owner, endpoints=("calls",))[1])
        if fits:
            callers.check_use(caller, endpoint=endpoint, address="")
            return
        with pytest.raises(callers.EndpointNotForKey) as refused:
            callers.check_use(caller, endpoint=endpoint, address="")
        assert (refused.value.status, refused.value.code) == (403, "key_not_for_this")
        assert "issue one for it under Keys" in str(refused.value)

    @pytest.mark.parametrize(
        ("address", "fits"),
        [
            ("203.0.113.9", True),
            ("::ffff:203.0.113.9", True),
            ("2001:db8::1", True),
            ("203.0.114.9", False),
            ("2001:db9::1", False),
            ("", False),
            ("localhost", False),
            ("203.0.113.9, 10.0.0.1", False),
        ],
    )
    def test_keeps_to_networks(self, owner: Member, address: str, fits: bool) -> None:  # noqa: FBT001 - what is expected
        caller = known(issue(owner, networks=(OFFICE, "2001:db8::/32"))[1])
        if fits:
            callers.check_use(caller, endpoint="models", address=address)
            return
        with pytest.raises(callers.NetworkNotForKey) as refused:
            callers.check_use(caller, endpoint="models", address=address)
        assert (refused.value.status, refused.value.code) == (403, "key_not_for_this")
        assert "under Keys" in str(refused.value)


class TestWithin:
    def creator(self, owner: Member, **wish: Any) -> ApiKey:
        return issue(owner, is_management=True, **wish)[0]

    def test_never_lets_a_key_make_another_manager(self, owner: Member) -> None:
        with pytest.raises(key_scopes.BeyondRights):
            key_scopes.within(Wish(label="x", is_management=True), self.creator(owner))

    def test_ends_a_key_with_the_one_that_made_it(self, owner: Member) -> None:
        creator = self.creator(owner, expires_at=NOW + timedelta(days=2))
        wish = Wish(label="x")
        for wished, days in ((None, 2), (3, 2), (1, 1)):
            asked = replace(wish, expires_at=NOW + timedelta(days=wished) if wished else None)
            assert key_scopes.within(asked, creator).expires_at == NOW + timedelta(days=days)

    @pytest.mark.parametrize(
        ("wished", "given"),
        [
            (None, (OFFICE,)),
            (("0.0.0.0/0",), (OFFICE,)),
            (("203.0.113.8/32", "::/0"), ("203.0.113.8/32",)),
        ],
    )
    def test_keeps_it_to_the_networks_of_that_one(
        self, owner: Member, wished: tuple[str, ...] | None, given: tuple[str, ...]
    ) -> None:
        creator = self.creator(owner, networks=(OFFICE,))
        assert key_scopes.within(Wish(label="x", networks=wished), creator).networks == given
        with pytest.raises(key_scopes.BeyondRights):
            key_scopes.within(Wish(label="x", networks=("198.51.100.0/24",)), creator)

    def test_keeps_it_to_the_project_of_that_one(self, owner: Member) -> None:
        shop, other = (Project.objects.create(account=owner.account, name=name, created_at=NOW) for name in "ab")
        creator = self.creator(owner, project_id=shop.pk)
        assert key_scopes.within(Wish(label="x"), creator).project_id == shop.pk
        with pytest.raises(key_scopes.BeyondRights):
            key_scopes.within(Wish(label="x", project_id=other.pk), creator)


class TestRotate:
    def rotate(self, key: ApiKey, by: Member, overlap_seconds: int = 3_600) -> tuple[ApiKey, str]:
        return api_keys.rotate(key, overlap_seconds=overlap_seconds, by=by.user, now=clock.now())

    def test_gives_a_key_for_the_same_things_and_both_work(self, owner: Member) -> None:
        old, old_secret = issue(owner, endpoints=("models",), networks=(OFFICE,))
        new, secret = self.rotate(old, owner)
        assert known(secret) == replace(known(old_secret), api_key_id=new.pk)
        assert (new.replaces_id, new.label, new.expires_at) == (old.pk, old.label, None)
        event = AuditEvent.objects.get(verb="api_key.rotate")
        assert (event.actor, event.details) == (owner.user, {"new": new.pk, "seconds": 3600})

    def test_lets_the_old_one_die_at_the_stated_time_and_never_later(self, owner: Member) -> None:
        now = clock.now()
        old, secret = issue(owner, expires_at=now + timedelta(minutes=5))
        new, _secret = self.rotate(old, owner)
        old.refresh_from_db()
        assert old.expires_at == new.expires_at == now + timedelta(minutes=5)
        lasting, other = issue(owner)
        self.rotate(lasting, owner, 0)
        with pytest.raises(callers.UnknownKey):
            known(other)
        assert known(secret)

    def test_happens_once_and_only_to_a_key_that_works(self, owner: Member) -> None:
        old, _secret = issue(owner)
        new, _secret = self.rotate(old, owner)
        with pytest.raises(api_keys.AlreadyRotated):
            self.rotate(old, owner)
        api_keys.revoke(new, by=owner.user, reason="", now=NOW)
        with pytest.raises(api_keys.AlreadyRevoked):
            self.rotate(new, owner)
        ended, _secret = issue(owner)
        ApiKey.objects.filter(pk=ended.pk).update(expires_at=NOW)
        with pytest.raises(api_keys.AlreadyRotated):
            self.rotate(ended, owner)

    def test_is_for_the_holder_and_the_owner(self, owner: Member, adult: Member, child: Member) -> None:
        own, childs = issue(adult)[0], issue(child, by=owner)[0]
        for key, by in ((own, join(owner, role="bill_payer", name="payer")), (childs, adult)):
            with pytest.raises(api_keys.OwnersOnly):
                self.rotate(key, by)
        with pytest.raises(api_keys.MayNotIssue):
            self.rotate(childs, child)
        assert self.rotate(own, adult)
        assert self.rotate(childs, owner)

    def test_does_not_wake_a_paused_key(self, owner: Member) -> None:
        old, _secret = issue(owner)
        ApiKey.objects.filter(pk=old.pk).update(paused_at=NOW)
        assert self.rotate(old, owner)[0].paused_at == NOW

    def test_ends_at_the_limit(self, owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(api_keys, "MOST_KEYS_IN_USE", 1)
        old, secret = issue(owner)
        with pytest.raises(api_keys.TooManyKeys):
            self.rotate(old, owner)
        assert known(secret)
        assert self.rotate(old, owner, 0)


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    def test_a_key_is_rotated_once(self, owner: Member) -> None:
        old, _secret = issue(owner)

        def rotate() -> None:
            api_keys.rotate(old, overlap_seconds=60, by=owner.user, now=clock.now())

        assert at_once(rotate, rotate, rotate) == ["", "already_rotated", "already_rotated"]
        assert ApiKey.objects.filter(replaces=old).count() == 1
