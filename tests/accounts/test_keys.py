"""Keys: issued once, shown once, revoked for good, seen by their own people alone."""

import re

import pytest
from django.test import Client

from accounts import api_keys, callers
from accounts.models import ApiKey, AuditEvent, Department, Member, User
from tests.accounts.people import NOW, client_of, join
from tests.budget import query_budget

pytestmark = pytest.mark.django_db


def issue(member: Member, label: str = "editor") -> tuple[ApiKey, str]:
    return api_keys.issue(member, label=label, by=member.user, now=NOW)


class TestIssue:
    def test_stores_a_keyed_digest_and_never_the_secret(self, owner: Member) -> None:
        key, secret = issue(owner)
        assert re.fullmatch(r"ck-[\w-]{43}", secret)
        stored = ApiKey.objects.values().get(pk=key.pk)
        assert not any(secret in str(value) for value in stored.values())
        assert (key.prefix, key.last_four) == (secret[:8], secret[-4:])
        assert AuditEvent.objects.filter(verb="api_key.issue", account=owner.account).count() == 1

    def test_is_refused_to_a_child(self, child: Member) -> None:
        with pytest.raises(api_keys.MayNotIssue):
            issue(child)

    def test_ends_at_the_limit(self, owner: Member, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(api_keys, "MOST_KEYS_IN_USE", 1)
        issue(owner)
        with pytest.raises(api_keys.TooManyKeys):
            issue(owner)


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


class TestThePage:
    def test_shows_the_secret_exactly_once(self, owner: Member) -> None:
        client = client_of(owner)
        page = client.post("/keys/", {"label": "editor"})
        secret = re.search(r"ck-[\w-]{43}", page.content.decode())
        assert secret
        assert "no-store" in page["Cache-Control"]
        assert callers.from_bearer(f"Bearer {secret[0]}", "").member_id == owner.pk
        assert secret[0] not in client.get("/keys/").content.decode()

    def test_says_so_when_there_are_none(self, owner: Member) -> None:
        assert b"No keys yet" in client_of(owner).get("/keys/").content

    def test_asks_before_it_revokes(self, owner: Member) -> None:
        key, _secret = issue(owner)
        client = client_of(owner)
        assert b"cannot be undone" in client.get(f"/keys/{key.pk}/revocation/").content
        assert ApiKey.objects.get(pk=key.pk).revoked_at is None
        answer = client.post(f"/keys/{key.pk}/revocation/", {"reason": "lost", "confirmed": "yes"}, follow=True)
        assert b"Revoked" in answer.content
        assert ApiKey.objects.get(pk=key.pk).revoked_by == owner.user
        assert AuditEvent.objects.get(verb="api_key.revoke").reason == "lost"

    def test_says_plainly_that_a_key_was_revoked_before(self, owner: Member) -> None:
        key, _secret = issue(owner)
        api_keys.revoke(key, by=owner.user, reason="", now=NOW)
        answer = client_of(owner).post(f"/keys/{key.pk}/revocation/", {"confirmed": "yes"})
        assert answer.status_code == 409

    def test_is_closed_to_strangers_and_other_members(
        self, owner: Member, adult: Member, child: Member, stranger: Member
    ) -> None:
        key, _secret = issue(owner)
        for member in (adult, child, stranger):
            client = client_of(member)
            assert client.get(f"/keys/{key.pk}/revocation/").status_code == 404
            assert client.post(f"/keys/{key.pk}/revocation/", {"confirmed": "yes"}).status_code == 404
            assert key.last_four not in client.get("/keys/").content.decode()

    def test_lets_the_owner_see_and_revoke_the_keys_of_members(self, owner: Member, adult: Member) -> None:
        key, _secret = issue(adult)
        answer = client_of(owner).post(f"/keys/{key.pk}/revocation/", {"confirmed": "yes"})
        assert answer.status_code == 302

    def test_tells_a_child_to_ask_the_owner(self, child: Member) -> None:
        answer = client_of(child).post("/keys/", {"label": "game"})
        assert answer.status_code == 403
        assert b"Ask the owner" in answer.content

    def test_sends_visitors_to_sign_in(self, client: Client) -> None:
        assert client.get("/keys/")["Location"] == "/accounts/login/?next=/keys/"

    def test_wants_the_token_that_guards_forms(self, owner: Member) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(owner.user)
        assert client.post("/keys/", {"label": "editor"}).status_code == 403
        assert not ApiKey.objects.exists()

    def test_keeps_to_its_query_budget(self, owner: Member) -> None:
        for number in range(5):
            issue(owner, f"key {number}")
        client = client_of(owner)
        client.get("/keys/")
        with query_budget(6):
            client.get("/keys/")
