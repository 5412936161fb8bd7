"""How the sandbox signs and seals as WeChat Pay does, and how it knows its one merchant."""

import json
import re
import secrets
import time
from base64 import b64decode, b64encode
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from portal.kit.merchants import WechatPay as Merchant
from portal.sandbox.plain_http import Answer, Question

TOLERANCE_SECONDS = 300
SCHEME = "WECHATPAY2-SHA256-RSA2048"
_ITEM = re.compile(r'(\w+)="([^"]*)"')


@dataclass(frozen=True)
class Seals:
    """The keys of both sides: the merchant's, of which only the public half is used here, and the platform's."""

    merchant: Merchant
    platform_key: str

    def knows(self, question: Question) -> bool:
        """This will tell whether the merchant signed a question, just now."""
        scheme, _, rest = question.headers.get("authorization", "").partition(" ")
        told = dict(_ITEM.findall(rest))
        moment, nonce = told.get("timestamp", ""), told.get("nonce_str", "")
        if scheme != SCHEME or (told.get("mchid"), told.get("serial_no")) != self._names:
            return False
        if not moment.isdecimal() or abs(int(moment) - time.time()) > TOLERANCE_SECONDS:
            return False
        text = f"{question.method}\n{question.target}\n{moment}\n{nonce}\n".encode() + question.body + b"\n"
        public = _key(self.merchant.private_key).public_key()
        try:
            public.verify(b64decode(told.get("signature", "")), text, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError):
            return False
        return True

    def signed(self, answer: Answer) -> Answer:
        """This will sign an answer."""
        return Answer(answer.status, answer.body, answer.headers | self.signature(answer.body, int(time.time())))

    def signature(self, body: bytes, seconds: int) -> dict[str, str]:
        """This will return the headers that prove who wrote `body`."""
        nonce = secrets.token_hex(16)
        text = f"{seconds}\n{nonce}\n".encode() + body + b"\n"
        signature = _key(self.platform_key).sign(text, PKCS1v15(), SHA256())
        return {
            "Wechatpay-Serial": self.merchant.platform_key_id,
            "Wechatpay-Timestamp": str(seconds),
            "Wechatpay-Nonce": nonce,
            "Wechatpay-Signature": b64encode(signature).decode(),
            "Wechatpay-Signature-Type": SCHEME,
        }

    def sealed(self, content: dict[str, Any], *, kind: str) -> dict[str, str]:
        """This will return the `resource` of a notification, which only the merchant can read."""
        nonce = secrets.token_hex(6)
        plain = json.dumps(content, ensure_ascii=False).encode()
        ciphertext = AESGCM(self.merchant.api_key.encode()).encrypt(nonce.encode(), plain, kind.encode())
        return {
            "original_type": kind,
            "algorithm": "AEAD_AES_256_GCM",
            "ciphertext": b64encode(ciphertext).decode(),
            "associated_data": kind,
            "nonce": nonce,
        }

    @property
    def _names(self) -> tuple[str, str]:
        return self.merchant.mchid, self.merchant.serial


@lru_cache(maxsize=4)
def _key(pem: str) -> rsa.RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key
