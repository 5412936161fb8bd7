"""The line to Stripe: forms out, JSON back, lists page by page, and what an error means."""

from collections.abc import Iterator
from typing import Any, TypeVar
from uuid import UUID

import httpx
import msgspec

from plans.payment_providers.base import Denied, Unaccepted, Unanswered, Unknown
from plans.payment_providers.stripe_shapes import Page, Problem, Trouble
from plans.payment_providers.stripe_shapes import read as read_shape

API_VERSION = "2026-10-28.endive"
PAGE_SIZE = 100
PAGES_SEARCHED = 20
PAGES_LISTED = 2000
LONGEST_CODE = 64
_REASONS = {
    "amount_too_small": "amount",
    "amount_too_large": "ceiling",
    "charge_already_refunded": "amount",
    "charge_disputed": "not_available",
    "charge_expired_for_capture": "impossible",
}
_NO_ANSWER = frozenset(
    {"balance_insufficient", "lock_timeout", "idempotency_key_in_use", "rate_limit", "resource_missing"}
)
"""Our till is empty, somebody else asks at this moment, or there is no such thing: none of it is a no."""

Shape = TypeVar("Shape", bound=msgspec.Struct)


class Line:
    """Speaks for one account."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def send(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        form: dict[str, str] | None = None,
        key: UUID | None = None,
    ) -> httpx.Response:
        """This will ask, and return the answer as it came; what carries the same `key` is done once.

        Raises `Unanswered`.
        """
        headers = {"stripe-version": API_VERSION}
        if key:
            headers["idempotency-key"] = str(key)
        try:
            answer = self._client.request(method, path, params=params, data=form, headers=headers)
        except httpx.HTTPError as error:
            raise Unanswered(type(error).__name__) from error
        if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
            raise Unaccepted(str(answer.status_code))
        if answer.is_server_error or answer.status_code in {httpx.codes.TOO_MANY_REQUESTS, httpx.codes.CONFLICT}:
            raise Unanswered(str(answer.status_code))
        return answer

    def newest(
        self, path: str, params: dict[str, str], shape: type[Shape], *, pages: int = PAGES_SEARCHED
    ) -> Iterator[Shape]:
        """This will go through a list, the newest first; raises `Unanswered` where it does not end in so many pages."""
        after: dict[str, str] = {}
        for _ in range(pages):
            answer = self.send("GET", path, params={"limit": str(PAGE_SIZE), **params, **after})
            page: Page = read(answer, Page)
            for raw in page.data:
                item: Any = read_shape(bytes(raw), shape)
                yield item
                after = {"starting_after": item.id}
            if not (page.has_more and page.data):
                return
        message = "a list without an end"
        raise Unanswered(message)


def read(answer: httpx.Response, shape: Any) -> Any:
    """This will return an answer as a `shape` of msgspec; raises `Unanswered` or `Unknown`, never `Denied`."""
    code = (trouble_of(answer).code or "")[:LONGEST_CODE]
    if answer.status_code == httpx.codes.NOT_FOUND and code == "resource_missing":
        raise Unknown(code)
    if not answer.is_success:
        raise Unanswered(code or str(answer.status_code))
    return read_shape(answer.content, shape)


def refuse(answer: httpx.Response) -> None:
    """This will raise `Denied` for an answer that is a clear no."""
    trouble = trouble_of(answer)
    if trouble.type not in {"card_error", "invalid_request_error"} or trouble.code in _NO_ANSWER:
        return
    reason = "denied" if trouble.type == "card_error" else _REASONS.get(trouble.code or "", "impossible")
    raise Denied("amount" if trouble.param == "amount" else reason)


def trouble_of(answer: httpx.Response) -> Trouble:
    """This will return what went wrong, and nothing of an answer in which nothing did."""
    if answer.is_success:
        return Trouble()
    try:
        return msgspec.json.decode(answer.content, type=Problem).error
    except msgspec.MsgspecError:
        return Trouble()
