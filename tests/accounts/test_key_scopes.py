"""What keys are kept to: endpoints, networks, and the rights of the key that made them."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from accounts import callers, key_scopes
from accounts.api_keys import Wish
from accounts.models import ApiKey, Member, Project
from tests.accounts.people import NOW
from tests.accounts.test_keys import OFFICE, issue, known

pytestmark = pytest.mark.django_db


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
