"""The line to WeChat Pay: every question signed by us, every answer by the platform, and what an error means."""

from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from plans.payment_providers.base import Denied, Forged, Unaccepted, Unanswered, Unknown
from plans.payment_providers.wechat_signing import Platform, Signer
from portal.kit.merchants import WechatPay as Merchant

LONGEST_CODE = 64
_UNKNOWN = frozenset({"ORDER_NOT_EXIST", "ORDERNOTEXIST", "RESOURCE_NOT_EXISTS"})
_UNACCEPTED = frozenset({"SIGN_ERROR", "NO_AUTH", "NOAUTH", "MCH_NOT_EXISTS", "APPID_MCHID_NOT_MATCH"})
_REASONS = {
    "ACCOUNT_ERROR": "not_available",
    "ACCOUNTERROR": "not_available",
    "USER_ACCOUNT_ABNORMAL": "not_available",
    "RULE_LIMIT": "not_available",
    "RULELIMIT": "not_available",
    "TRADE_ERROR": "denied",
    "INVALID_REQUEST": "impossible",
    "PARAM_ERROR": "impossible",
}
"""Only these are a clear no. What is not listed, an empty till of ours among it, may come right: ask again."""


class _Problem(msgspec.Struct):
    code: str = ""


class Line:
    """Speaks as one merchant; `clock` tells seconds since 1970."""

    def __init__(
        self, client: httpx.Client, *, merchant: Merchant, platform: Platform, clock: Callable[[], float]
    ) -> None:
        self._client = client
        self._platform_key_id = merchant.platform_key_id
        self._signer = Signer(mchid=merchant.mchid, serial=merchant.serial, private_key=merchant.private_key)
        self._platform = platform
        self._clock = clock

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """This will ask, and return the answer as it came; raises `Unanswered`."""
        base = self._client.base_url
        target = base.copy_with(raw_path=base.raw_path.rstrip(b"/") + path.encode())
        return self._carry(method, target, msgspec.json.encode(body) if body is not None else b"")

    def read(self, answer: httpx.Response, shape: Any) -> Any:
        """This will return an answer that the platform signed, as a `shape` of msgspec; never raises `Denied`."""
        if not answer.is_success:
            code = code_of(answer)
            if answer.status_code == httpx.codes.UNAUTHORIZED or code in _UNACCEPTED:
                raise Unaccepted(code)
            raise Unknown(code) if code in _UNKNOWN else Unanswered(f"{answer.status_code} {code}")
        try:
            self._platform.check(answer.headers, answer.content, seconds=self._clock())
            return msgspec.json.decode(answer.content, type=shape)
        except Forged as error:  # ours may be the wrong key or clock, so staff must look
            raise Unaccepted(str(error)) from error
        except msgspec.MsgspecError as error:
            raise Unanswered(str(answer.status_code)) from error

    def download(self, address: str) -> bytes:
        """This will fetch a file from the platform itself and from nowhere else; files carry no signature."""
        try:
            where, home = httpx.URL(address), self._client.base_url
        except httpx.InvalidURL as error:
            raise Unanswered(type(error).__name__) from error
        if (where.scheme, where.netloc) != (home.scheme, home.netloc):
            message = "a file somewhere else"
            raise Unanswered(message)
        file = self._carry("GET", where, b"")
        if not file.is_success:
            raise Unanswered(str(file.status_code))
        return file.content

    def _carry(self, method: str, target: httpx.URL, content: bytes) -> httpx.Response:
        seconds = int(self._clock())
        authorization = self._signer.authorization(method, target.raw_path.decode(), content, seconds=seconds)
        headers = {
            "authorization": authorization,
            "accept": "application/json",
            "content-type": "application/json",
            "wechatpay-serial": self._platform_key_id,
        }
        try:
            answer = self._client.request(method, target, headers=headers, content=content)
        except httpx.HTTPError as error:
            raise Unanswered(type(error).__name__) from error
        if answer.is_server_error or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise Unanswered(str(answer.status_code))
        return answer


def refuse(answer: httpx.Response) -> None:
    """This will raise `Denied` for an answer that is a clear no."""
    if (code := code_of(answer)) in _REASONS:
        raise Denied(_REASONS[code])


def code_of(answer: httpx.Response) -> str:
    """This will return the code of an error, and nothing of an answer that is none."""
    if answer.is_success:
        return ""
    try:
        return msgspec.json.decode(answer.content, type=_Problem).code[:LONGEST_CODE]
    except msgspec.MsgspecError:
        return ""
