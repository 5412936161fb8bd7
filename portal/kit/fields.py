"""Secrets at rest: AES-GCM bound to the place they stand in, with a ring of keys."""

import base64
import hashlib
import os

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12
_KEY_ID_BYTES = 4


def seal(plain: bytes, *, key: str, place: str) -> bytes:
    """This will encrypt `plain` so that it opens only with `key` and only at `place` (say "upstream:7")."""
    nonce = os.urandom(_NONCE_BYTES)
    return _key_id(key) + nonce + AESGCM(_derive(key)).encrypt(nonce, plain, place.encode())


def unseal(sealed: bytes, *, keys: list[str], place: str) -> bytes:
    """This will decrypt with the key of the ring that sealed it.

    Raises `LookupError` when the ring lacks that key, and cryptography's `InvalidTag` when the
    ciphertext was changed or moved from another place.
    """
    for key in keys:
        if sealed[:_KEY_ID_BYTES] == _key_id(key):
            nonce, body = sealed[_KEY_ID_BYTES:][:_NONCE_BYTES], sealed[_KEY_ID_BYTES + _NONCE_BYTES :]
            return AESGCM(_derive(key)).decrypt(nonce, body, place.encode())
    message = "no key of the ring opens this secret"
    raise LookupError(message)


def new_key() -> str:
    """This will return a fresh random key as text."""
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def _derive(key: str) -> bytes:
    return hashlib.sha256(b"ciyuan field key\0" + key.encode()).digest()


def _key_id(key: str) -> bytes:
    return hashlib.sha256(b"ciyuan key id\0" + key.encode()).digest()[:_KEY_ID_BYTES]
