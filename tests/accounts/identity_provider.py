"""An identity provider that really listens: discovery, keys, signed tokens, user info, and every lie it can tell."""

import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT_ID = "ciyuan"
CLIENT_SECRET = "a client secret"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class IdentityProvider:
    """Whom it signs in, and what it gets wrong: `claims` and `info` overwrite what it would say."""

    email: str = "li@example.com"
    verified: object = True
    subject: str = "subject-1"
    claims: dict[str, Any] = field(default_factory=dict)
    info: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    key: rsa.RSAPrivateKey = KEY
    algorithm: str = "RS256"
    url: str = ""
    asked: dict[str, str] = field(default_factory=dict)
    tokens_given: int = 0

    def approve(self, address: str) -> str:
        """This will do what a person does at the provider, and return the query they come back with."""
        self.asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        return f"code=one-time&state={self.asked['state']}"

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """This will answer one request."""
        body = b""
        while scope["type"] == "http":
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        status, answer = self._answer(scope["path"], {k: v[0] for k, v in parse_qs(body.decode()).items()})
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    def _answer(self, path: str, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        match path:
            case "/.well-known/openid-configuration":
                return 200, self._discovery()
            case "/keys":
                public = jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key(), as_dict=True)
                return 200, {"keys": [public | {"kid": "one", "use": "sig"}]}
            case "/token":
                return self._token(form)
            case "/userinfo":
                told = {"sub": self.subject, "name": "Li Ming", "email": self.email, "email_verified": self.verified}
                return 200, told | self.info
        return 404, {}

    def _discovery(self) -> dict[str, Any]:
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "keys"}
        paths = ends | {"userinfo_endpoint": "userinfo"}
        told = {"issuer": self.url, "token_endpoint_auth_methods_supported": ["client_secret_post"]}
        return told | {name: f"{self.url}/{path}" for name, path in paths.items()} | self.config

    def _token(self, form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        proof = urlsafe_b64encode(sha256(form.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        right = form.get("client_secret") == CLIENT_SECRET and proof == self.asked.get("code_challenge")
        if not right or form.get("code") != "one-time":
            return 400, {"error": "invalid_grant"}
        self.tokens_given += 1
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT_ID, "sub": self.subject, "iat": now, "exp": now + 300}
        claims |= {"nonce": self.asked["nonce"]} | self.claims
        key: Any = {"none": None, "HS256": "a secret that is long enough for hashing"}.get(self.algorithm, self.key)
        told = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(told, key, algorithm=self.algorithm, headers={"kid": "one"})
        return 200, {"access_token": "an access token", "token_type": "Bearer", "id_token": token}


@contextmanager
def listening() -> Iterator[IdentityProvider]:
    """This will let a provider answer over HTTP."""
    provider = IdentityProvider()
    config = uvicorn.Config(provider, host="127.0.0.1", port=0, log_level="error", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    provider.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield provider
    server.should_exit = server.force_exit = True
    thread.join(5)
