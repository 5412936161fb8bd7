"""What every dialect tells alike of a refusal or a failed call: what was charged, and when to ask again. Pure."""

from collections.abc import Mapping

from portal.kit.refusals import Refusal
from usage.events import Failed

Headers = list[tuple[bytes, bytes]]

FORCED_RETRIES = {409}
UNAVAILABLE = 503
PERHAPS_CHARGED = {"answer_lost", "sweep_partial"}
NO_RETRIES = {402}
COMPLETE = {"stop", "tool_calls", "function_call"}
"""Why an answer ends that is all there; of one that is not, some vendors have reasons of their own."""
HELD_BACK = {"content_filter", "sensitive"}
_RATED = {"calls": b"requests", "tokens": b"tokens"}


def uncharged(sentence: str) -> str:
    """This will add that nothing was charged to a sentence that does not say so itself."""
    return sentence if "charged" in sentence else f"{sentence} Nothing was charged."


def metadata_of(no: Refusal) -> Mapping[str, object]:
    """This will return the details of a refusal that its sentence has not told already."""
    return {name: value for name, value in no.details.items() if name not in {"problem", "told"}}


def retry_headers(no: Refusal) -> Headers:
    """This will return the headers that stock clients read before they try again after a refusal."""
    headers: Headers = []
    if no.status in NO_RETRIES or no.code == "quota_exceeded":
        headers.append((b"x-should-retry", b"false"))
    if no.status in FORCED_RETRIES:
        headers.append((b"x-should-retry", b"true"))
    if no.retry_after_seconds is not None:
        headers.append((b"retry-after", b"%d" % no.retry_after_seconds))
    if no.retry_after_seconds is not None and no.details.get("window") == "minute":
        limit, used, held = (int(str(no.details[name])) for name in ("limit", "used", "held"))
        metric, remaining = str(no.details["metric"]), max(limit - used - held, 0)
        headers += rate_headers(metric, limit=limit, remaining=remaining, seconds=no.retry_after_seconds)
    return headers


def rate_headers(metric: str, *, limit: int, remaining: int, seconds: int) -> Headers:
    """This will return OpenAI's headers of what is left of a minute's calls or tokens; of all else none."""
    if metric not in _RATED:
        return []
    told = {b"limit": b"%d" % limit, b"remaining": b"%d" % remaining, b"reset": b"%ds" % seconds}
    return [(b"x-ratelimit-%s-%s" % (word, _RATED[metric]), value) for word, value in told.items()]


def retry_headers_after(end: Failed) -> Headers:
    """This will return the same of a call that failed; one that was charged is not to be repeated."""
    if end.charged_microcredits or end.code in PERHAPS_CHARGED:
        return [(b"x-should-retry", b"false")]
    return [(b"retry-after", b"1")] if end.status == UNAVAILABLE else []
