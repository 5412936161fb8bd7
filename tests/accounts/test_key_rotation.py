"""Rotation: a new key for the same things, both at work for a while, and the old one dead at its time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from accounts import api_keys, callers
from accounts.models import ApiKey, AuditEvent, Member
from portal.kit import clock
from tests.accounts.people import NOW, at_once, join
from tests.accounts.test_keys import OFFICE, issue, known

pytestmark = pytest.mark.django_db


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
        assert known(secret).api_key_id

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
        assert known(secret).api_key_id
        assert self.rotate(old, owner, 0)


@pytest.mark.django_db(transaction=True)
class TestAtTheSameMoment:
    def test_a_key_is_rotated_once(self, owner: Member) -> None:
        old, _secret = issue(owner)

        def rotate() -> None:
            api_keys.rotate(old, overlap_seconds=60, by=owner.user, now=clock.now())

        assert at_once(rotate, rotate, rotate) == ["", "already_rotated", "already_rotated"]
        assert ApiKey.objects.filter(replaces=old).count() == 1
