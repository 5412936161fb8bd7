"""How WeChat Pay v3 signs and seals: WECHATPAY2-SHA256-RSA2048 and AEAD_AES_256_GCM."""

import binascii
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec
from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate

from plans.payment_providers.base import Forged
from plans.payment_providers.moments import is_near

ALGORITHM = "WECHATPAY2-SHA256-RSA2048"
SEAL = "AEAD_AES_256_GCM"


class Resource(msgspec.Struct):
    """What is sealed within a notification."""

    algorithm: str
    ciphertext: str
    nonce: str
    associated_data: str = ""


class Signer:
    """Signs as one merchant, and knows the platform by its public key or certificate (PEM)."""

    def __init__(self, *, mchid: str, serial: str, private_key: str) -> None:
        self._names = f'mchid="{mchid}",serial_no="{serial}"'
        self._key = _private_key(private_key)

    def authorization(self, method: str, target: str, body: bytes, *, seconds: int) -> str:
        """This will return the header for a call; `target` is path and query, `seconds` since 1970."""
        nonce = secrets.token_hex(16)
        text = f"{method}\n{target}\n{seconds}\n{nonce}\n".encode() + body + b"\n"
        signature = b64encode(self._key.sign(text, PKCS1v15(), SHA256())).decode()
        return f'{ALGORITHM} {self._names},nonce_str="{nonce}",timestamp="{seconds}",signature="{signature}"'


class Platform:
    """WeChat Pay's side: whether something was signed by its key, and what it sealed for us."""

    def __init__(self, *, key_id: str, key: str, api_key: str) -> None:
        self._key_id = key_id
        self._key = _public_key(key)
        self._seal = AESGCM(api_key.encode())

    def check(self, headers: Mapping[str, str], body: bytes, *, seconds: float) -> None:
        """This will raise `Forged` unless the platform signed `body` within the tolerance around `seconds`."""
        if headers.get("wechatpay-serial", "") != self._key_id:
            message = "another key"
            raise Forged(message)
        signed_at, nonce = headers.get("wechatpay-timestamp", ""), headers.get("wechatpay-nonce", "")
        if not is_near(signed_at, seconds):
            message = "another time"
            raise Forged(message)
        text = f"{signed_at}\n{nonce}\n".encode("utf-8", "replace") + body + b"\n"
        try:
            signature = b64decode(headers.get("wechatpay-signature", ""), validate=True)
            self._key.verify(signature, text, PKCS1v15(), SHA256())
        except (InvalidSignature, ValueError) as error:
            message = "another signature"
            raise Forged(message) from error

    def unseal(self, resource: Resource, *, shape: type[Any]) -> Any:
        """This will return what is in `resource`, as a `shape` of msgspec; raises `Forged`."""
        if resource.algorithm != SEAL:
            message = "another seal"
            raise Forged(message)
        try:
            sealed = b64decode(resource.ciphertext, validate=True)
            plain = self._seal.decrypt(resource.nonce.encode(), sealed, resource.associated_data.encode())
            return msgspec.json.decode(plain, type=shape)
        except (InvalidTag, binascii.Error, ValueError, msgspec.MsgspecError) as error:
            message = "a broken seal"
            raise Forged(message) from error


@lru_cache(maxsize=4)  # reading a key proves its primes, which takes longer than the question that it signs
def _private_key(pem: str) -> RSAPrivateKey:
    key = load_pem_private_key(pem.encode(), password=None)
    assert isinstance(key, RSAPrivateKey), "WeChat Pay signs by RSA"
    return key


@lru_cache(maxsize=4)
def _public_key(pem: str) -> RSAPublicKey:
    is_certificate = "BEGIN CERTIFICATE" in pem
    key = load_pem_x509_certificate(pem.encode()).public_key() if is_certificate else load_pem_public_key(pem.encode())
    assert isinstance(key, RSAPublicKey), "WeChat Pay signs by RSA"
    return key
