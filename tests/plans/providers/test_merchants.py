"""Who we are at those who collect money: nobody by half, and in the demo whom the sandbox knows."""

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from plans import payment_providers
from plans.checks import merchants_by_half
from plans.payment_providers import STRIPE, WECHAT_PAY, NoWayToPay
from plans.payment_providers.stripe import Stripe
from plans.payment_providers.wechat_pay import WechatPay
from portal.kit import merchants
from tests.plans.providers import peers

NAMES = ("MCHID", "APPID", "SERIAL", "PRIVATE_KEY", "PUBLIC_KEY_ID", "PUBLIC_KEY", "API_KEY")


class TestWechatPay:
    def test_does_not_exist_by_half(self) -> None:
        merchant = peers.wechat_keys()[0]
        assert merchant
        for field in fields(merchant)[1:]:
            half = replace(merchant, **{field.name: ""})
            assert (bool(half), half.is_begun, len(half.missing)) == (False, True, 1)
        assert replace(merchant, api_key="too short").missing == ["WECHAT_PAY_API_KEY"]

    def test_is_read_from_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert not merchants.wechat_pay(sandbox="", folder=tmp_path)
        merchant = peers.wechat_keys()[0]
        values = (merchant.mchid, merchant.appid, merchant.serial, "", merchant.platform_key_id, merchant.platform_key)
        for name, value in zip(NAMES, (*values, merchant.api_key), strict=True):
            monkeypatch.setenv(f"WECHAT_PAY_{name}", value)
        (tmp_path / "key.pem").write_text(merchant.private_key)
        monkeypatch.delenv("WECHAT_PAY_PRIVATE_KEY")
        monkeypatch.setenv("WECHAT_PAY_PRIVATE_KEY_FILE", str(tmp_path / "key.pem"))
        read = merchants.wechat_pay(sandbox="", folder=tmp_path)
        assert read == replace(merchant, url=merchants.WECHAT_PAY_URL)
        assert read

    def test_is_the_same_on_both_sides_of_the_sandbox(self, tmp_path: Path) -> None:
        ours = merchants.wechat_pay(sandbox="http://127.0.0.1:1", folder=tmp_path)
        assert ours
        assert ours == replace(merchants.wechat_pay(sandbox="here", folder=tmp_path), url=ours.url)
        assert ours.platform_key == merchants.public_half(merchants.sandbox_platform_key(tmp_path))
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


class TestStripe:
    def test_does_not_exist_by_half(self) -> None:
        merchant = peers.stripe_keys()
        assert merchant
        for field in fields(merchant)[1:]:
            half = replace(merchant, **{field.name: ""})
            assert (bool(half), half.is_begun, len(half.missing)) == (False, True, 1)
        assert not replace(merchant, webhook_secret="whsec_short")

    def test_is_read_from_the_environment(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert not merchants.stripe(sandbox="", folder=tmp_path)
        monkeypatch.setenv("STRIPE_SECRET_KEY", "sk_live_" + "0" * 40)
        assert not merchants.stripe(sandbox="", folder=tmp_path)
        monkeypatch.setenv("STRIPE_WEBHOOK_SECRET", "whsec_" + "0" * 40)
        read = merchants.stripe(sandbox="", folder=tmp_path)
        assert (bool(read), read.mode, read.url) == (True, "live", merchants.STRIPE_URL)
        assert list(tmp_path.iterdir()) == []

    def test_is_in_test_mode_in_the_sandbox(self, tmp_path: Path) -> None:
        ours = merchants.stripe(sandbox="http://127.0.0.1:1", folder=tmp_path)
        assert (bool(ours), ours.mode) == (True, "test")
        assert ours == merchants.stripe(sandbox="http://127.0.0.1:1", folder=tmp_path)


class TestWays:
    def test_are_open_once_all_is_given(self, settings: Any) -> None:
        for name in (WECHAT_PAY, STRIPE):
            assert not payment_providers.hears(name)
            with pytest.raises(NoWayToPay):
                payment_providers.provider(name)
        settings.WECHAT_PAY, settings.STRIPE = peers.wechat_keys()[0], peers.stripe_keys()
        settings.WECHAT_PAY_PUBLIC_KEY = settings.WECHAT_PAY.platform_key
        settings.STRIPE_WEBHOOK_SECRET = settings.STRIPE.webhook_secret
        assert isinstance(payment_providers.provider(WECHAT_PAY), WechatPay)
        assert isinstance(payment_providers.provider(STRIPE), Stripe)
        assert (payment_providers.mode(WECHAT_PAY), payment_providers.mode(STRIPE)) == ("live", "test")
        assert payment_providers.hears(WECHAT_PAY)
        assert payment_providers.hears(STRIPE)
        payment_providers.close()

    def test_that_are_set_up_by_half_are_warned_of(self, settings: Any) -> None:
        assert merchants_by_half() == []
        settings.WECHAT_PAY = replace(peers.wechat_keys()[0], serial="", api_key="short")
        settings.STRIPE = replace(peers.stripe_keys(), webhook_secret="whsec_short")
        warned = " ".join(warning.msg for warning in merchants_by_half())
        assert "WECHAT_PAY_SERIAL, WECHAT_PAY_API_KEY missing" in warned
        assert "stripe is closed: STRIPE_WEBHOOK_SECRET missing" in warned
        assert "whsec_short" not in warned
