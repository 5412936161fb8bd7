"""How the companies of the sandbox bring messages, and that nothing of ours shows a secret."""

import pytest

from plans.payment_providers.base import Forged, Unanswered
from tests.plans.providers import peers
from tests.plans.providers.peers import Cards, Wechat, charge


class TestPostbox:
    def test_brings_what_was_not_taken_again(self, cards: Cards) -> None:
        cards.door.statuses = [500, 302, 200]
        began = cards.pay.begin(charge(990))
        cards.pay.cancel(began)
        heard = [cards.door.message() for _ in range(3)]
        assert {cards.pay.read(message) for message in heard} == {cards.pay.read(heard[0])}
        assert cards.door.is_quiet()
        assert cards.peer.postbox.letters[-1].statuses == [500, 302, 200]

    def test_keeps_quiet_about_what_it_is_told_to_miss(self, wechat: Wechat) -> None:
        wechat.peer.misbehavior.plan("event_missing")
        began = wechat.pay.begin(wechat.charge())
        wechat.decide(began, "payment")
        assert wechat.door.is_quiet()
        assert wechat.pay.query(began.reference).state == "succeeded"

    @pytest.mark.parametrize("wrong", ["event_forged", "event_stale"])
    def test_brings_what_nobody_may_take(self, cards: Cards, wechat: Wechat, wrong: str) -> None:
        cards.peer.misbehavior.plan(wrong)
        cards.pay.cancel(cards.pay.begin(charge(990)))
        wechat.peer.misbehavior.plan(wrong)
        wechat.decide(wechat.pay.begin(wechat.charge()), "payment")
        for provider, door in ((cards.pay, cards.door), (wechat.pay, wechat.door)):
            with pytest.raises(Forged):
                provider.read(door.message())


class TestSecrets:
    def test_are_in_no_text_about_us(self, cards: Cards, wechat: Wechat) -> None:
        merchant, stripe = peers.wechat_keys()[0], peers.stripe_keys()
        shown = "".join(map(repr, (merchant, stripe, cards.pay, wechat.pay, vars(wechat.pay), vars(cards.pay))))
        client = vars(cards.pay)["_line"]._client
        shown += repr(client) + repr(client.headers)
        key = merchant.private_key.splitlines()[1]
        for secret in (stripe.secret_key, stripe.webhook_secret, merchant.api_key, key):
            assert secret
            assert secret not in shown

    def test_are_in_no_failure(self, cards: Cards, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("DEBUG")
        cards.peer.misbehavior.plan("fail_before", 3)
        with pytest.raises(Unanswered) as caught:
            cards.pay.begin(charge(990))
        shown = caplog.text + repr(caught.value) + str(caught.getrepr(showlocals=True))
        assert "500" in shown
        assert peers.stripe_keys().secret_key not in shown
        assert peers.stripe_keys().webhook_secret not in shown
