"""What a status, an error object or a broken connection means: mapped here and nowhere else.

Statuses and codes as the vendors document them: OpenAI, DeepSeek (402), Anthropic (529), DashScope
(`data_inspection_failed`), Zhipu (`sensitive`). Only codes are looked at; no word of theirs is passed on.
"""

from collections.abc import Mapping
from typing import Any

import aiohttp
import httpx
import msgspec

from models_catalog.providers.base import (
    BadAnswer,
    ContentRefused,
    Cut,
    Failing,
    KeyRejected,
    NotThere,
    Overloaded,
    Refused,
    Silent,
    TooLong,
    Unpaid,
    Unreachable,
    UpstreamFailure,
)

LONGEST_WAIT_SECONDS = 3600.0
_OURS = {401: KeyRejected, 402: Unpaid, 403: KeyRejected, 404: NotThere}
_YOURS = {400, 409, 413, 422}
_BUSY = {408, 425, 429}
_BROKEN = {500, 501, 502}
_SERVER_ERROR = 500
_TOO_LONG = ("context_length", "context_window", "too_long", "exceed_context_size", "string_above_max_length")
_CONTENT = ("content_filter", "content_policy", "data_inspection", "sensitive", "moderation", "safety")
_KEY = ("api_key", "authentication", "permission", "insufficient_quota", "billing", "access_terminated")
_WAIT = ("rate_limit", "overloaded", "server_error", "unavailable", "system_resource", "timeout", "internal")


def of_status(status: int, *, headers: Mapping[str, str], body: bytes) -> UpstreamFailure:
    """This will name the failure that an answer with `status` means."""
    if status in _BUSY or status >= _SERVER_ERROR:
        kind = Failing if status in _BROKEN else Overloaded
        return kind(wait_seconds=_wait_of(headers))
    if status in _OURS:
        return _OURS[status]()
    if status in _YOURS:
        named = of_error(_error_in(body))
        return named if isinstance(named, Refused) else Refused()
    return BadAnswer()


def of_error(error: object) -> UpstreamFailure:
    """This will name the failure that an error object inside an answer means."""
    words = _words_of(error)
    for known, failure in ((_TOO_LONG, TooLong), (_CONTENT, ContentRefused), (_KEY, KeyRejected)):
        if any(mark in words for mark in known):
            return failure()
    if any(mark in words for mark in _WAIT) or _is_busy_code(error):
        return Overloaded()
    if "invalid" in words:
        return Refused()
    return BadAnswer()


def of_connection(error: httpx.HTTPError) -> UpstreamFailure:
    """This will tell a connection that never was from one that broke after the question was sent.

    The transport reports a disconnect as a connect timeout, so the cause below it is what counts.
    """
    cause = error.__cause__
    if isinstance(cause, aiohttp.SocketTimeoutError):
        return Silent()
    if isinstance(cause, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError | aiohttp.InvalidURL):
        return Unreachable()
    if isinstance(cause, aiohttp.ClientResponseError):
        return BadAnswer()
    if isinstance(error, httpx.ConnectError):
        return Unreachable()
    return Cut()


def _is_busy_code(error: object) -> bool:
    code = error.get("code") if isinstance(error, dict) else None
    return isinstance(code, int) and (code in _BUSY or code >= _SERVER_ERROR)


def _words_of(error: object) -> str:
    """Codes are few and short; a sentence is read only where a vendor gives no code."""
    if not isinstance(error, dict):
        return str(error)[:200].lower()
    named = " ".join(str(error[key])[:100] for key in ("code", "type") if isinstance(error.get(key), str))
    if not named or named.replace("_error", "") in {"invalid_request", "invalid_request invalid_request"}:
        named += " " + str(error.get("message", ""))[:300].replace(" ", "_")
    return named.lower().replace("-", "_").replace("datainspection", "data_inspection")


def _error_in(body: bytes) -> Any:
    try:
        found = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return found.get("error", found) if isinstance(found, dict) else None


def _wait_of(headers: Mapping[str, str]) -> float:
    """Seconds only; a date is taken as "did not say"."""
    try:
        wait = float(headers.get("retry-after", "0"))
    except ValueError:
        return 0.0
    return wait if 0 <= wait <= LONGEST_WAIT_SECONDS else 0.0
