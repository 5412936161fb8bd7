"""Who we are at the companies that collect money for us, and by which keys: read from the environment.

In the demo, where the sandbox plays those companies, both sides read the same keys, made once, from one folder.
"""

import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from portal.kit import environment

WECHAT_PAY_URL = "https://api.mch.weixin.qq.com"
STRIPE_URL = "https://api.stripe.com"
SHORTEST_SECRET = 32
"""Characters. Whoever can guess the word that signs messages can say that anything was paid."""
WECHAT_API_KEY_BYTES = 32
RSA_BITS = 2048
_SANDBOX_MCHID = "1900009191"
_SANDBOX_APPID = "wx0000000000sandbox"
_SANDBOX_SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
_SANDBOX_PLATFORM_KEY_ID = "PUB_KEY_ID_0119000091910000000000000001"


@dataclass(frozen=True, kw_only=True)
class WechatPay:
    """A merchant of WeChat Pay; keys are PEM, `api_key` is the APIv3 key (32 bytes).

    True when nothing is missing; with less than all of it, this way to pay does not exist.
    """

    url: str
    mchid: str
    appid: str
    serial: str
    private_key: str = field(repr=False)
    platform_key_id: str
    platform_key: str
    api_key: str = field(repr=False)

    def __bool__(self) -> bool:
        return not self.missing

    @property
    def missing(self) -> list[str]:
        """The names of what is not given, or cannot be right."""
        given = {
            "MCHID": self.mchid,
            "APPID": self.appid,
            "SERIAL": self.serial,
            "PRIVATE_KEY": self.private_key,
            "PUBLIC_KEY_ID": self.platform_key_id,
            "PUBLIC_KEY": self.platform_key,
            "API_KEY": len(self.api_key.encode()) == WECHAT_API_KEY_BYTES,
        }
        return [f"WECHAT_PAY_{name}" for name, value in given.items() if not value]

    @property
    def is_begun(self) -> bool:
        """Whether somebody meant to open this way to pay."""
        return bool(self.mchid or self.private_key or self.api_key)


@dataclass(frozen=True, kw_only=True)
class Stripe:
    """An account at Stripe; the word in the secret key tells whether its money is real.

    True when nothing is missing; with less than all of it, this way to pay does not exist.
    """

    url: str
    secret_key: str = field(repr=False)
    webhook_secret: str = field(repr=False)

    def __bool__(self) -> bool:
        return not self.missing

    @property
    def missing(self) -> list[str]:
        """The names of what is not given, or too short to be right."""
        given = {"STRIPE_SECRET_KEY": self.secret_key, "STRIPE_WEBHOOK_SECRET": self.webhook_secret}
        return [name for name, value in given.items() if len(value) < SHORTEST_SECRET]

    @property
    def is_begun(self) -> bool:
        """Whether somebody meant to open this way to pay."""
        return bool(self.secret_key or self.webhook_secret)

    @property
    def mode(self) -> str:
        """Whether money is real (live) or not (test)."""
        return "test" if "_test_" in self.secret_key else "live"


def event_bearer(*, sandbox: str, folder: Path) -> str:
    """This will return what a phone operator's events have to show; without it they have no address here."""
    name = "CARRIER_BILLING_EVENT_BEARER"
    return environment.text(name) or (sandbox and environment.secret(name, folder=folder))


def read(*, sandbox: str, folder: Path) -> tuple[WechatPay, Stripe]:
    """This will read who we are everywhere; with the address of a `sandbox`, what is missing is the sandbox's."""
    return wechat_pay(sandbox=sandbox, folder=folder), stripe(sandbox=sandbox, folder=folder)


def wechat_pay(*, sandbox: str, folder: Path) -> WechatPay:
    """This will read WECHAT_PAY_*; with the address of a `sandbox`, what is missing is the sandbox's."""
    kept = _wechat_keys(folder) if sandbox else {}
    return WechatPay(
        url=environment.text("WECHAT_PAY_URL", f"{sandbox}/wechat" if sandbox else WECHAT_PAY_URL),
        mchid=environment.text("WECHAT_PAY_MCHID", sandbox and _SANDBOX_MCHID),
        appid=environment.text("WECHAT_PAY_APPID", sandbox and _SANDBOX_APPID),
        serial=environment.text("WECHAT_PAY_SERIAL", sandbox and _SANDBOX_SERIAL),
        private_key=environment.text("WECHAT_PAY_PRIVATE_KEY", kept.get("private_key", "")),
        platform_key_id=environment.text("WECHAT_PAY_PUBLIC_KEY_ID", sandbox and _SANDBOX_PLATFORM_KEY_ID),
        platform_key=environment.text("WECHAT_PAY_PUBLIC_KEY", kept.get("platform_key", "")),
        api_key=environment.text("WECHAT_PAY_API_KEY", kept.get("api_key", "")),
    )


def stripe(*, sandbox: str, folder: Path) -> Stripe:
    """This will read STRIPE_*; with the address of a `sandbox`, what is missing is the sandbox's."""
    read = environment.text
    if sandbox:
        return Stripe(
            url=read("STRIPE_URL", f"{sandbox}/cards"),
            secret_key=environment.secret("STRIPE_SECRET_KEY", folder=folder, make=_test_key),
            webhook_secret=environment.secret("STRIPE_WEBHOOK_SECRET", folder=folder, make=_webhook_secret),
        )
    return Stripe(
        url=read("STRIPE_URL", STRIPE_URL),
        secret_key=read("STRIPE_SECRET_KEY"),
        webhook_secret=read("STRIPE_WEBHOOK_SECRET"),
    )


def sandbox_platform_key(folder: Path) -> str:
    """This will return the private key (PEM) by which the sandbox signs as WeChat Pay does."""
    return environment.secret("SANDBOX_WECHAT_KEY", folder=folder, make=new_key)


def new_key() -> str:
    """This will make a private RSA key (PEM)."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode().strip()


def public_half(private_key: str) -> str:
    """This will return what everybody may know of a private key; both are PEM."""
    public = load_pem_private_key(private_key.encode(), password=None).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _wechat_keys(folder: Path) -> dict[str, str]:
    return {
        "private_key": environment.secret("WECHAT_PAY_PRIVATE_KEY", folder=folder, make=new_key),
        "platform_key": public_half(sandbox_platform_key(folder)),
        "api_key": environment.secret("WECHAT_PAY_API_KEY", folder=folder, make=_api_key),
    }


def _api_key() -> str:
    return secrets.token_hex(WECHAT_API_KEY_BYTES // 2)


def _test_key() -> str:
    return f"sk_test_{secrets.token_hex(24)}"


def _webhook_secret() -> str:
    return f"whsec_{secrets.token_hex(24)}"
