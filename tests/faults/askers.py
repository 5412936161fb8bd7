"""Machines that ask for whole answers through a fault, and a "no" as they may expect it."""

import asyncio

import httpx

from tests.stand import Stand

PATIENCE_SECONDS = 3.0
"""Two that the portal takes to say no, and one for a busy machine."""
SHORT = "[[script words=3 gap_ms=10 first_ms=0]] Say something short."
BODY = {"model": "fast", "messages": [{"role": "user", "content": SHORT}]}


class Asker:
    """A machine that asks for whole answers."""

    def __init__(self, stand: Stand) -> None:
        self._address = f"{stand.api_base}/chat/completions"
        self._headers = {"authorization": f"Bearer {stand.demo['api_keys'][-1]['key']}"}

    def ask(self, *, key: str = "") -> httpx.Response:
        """This will ask once, with an idempotency key if given."""
        return httpx.post(
            self._address,
            json=BODY,
            headers=self._headers | ({"idempotency-key": key} if key else {}),
            timeout=30,
        )

    async def ask_at_once(self, count: int) -> list[httpx.Response]:
        """This will ask that many times side by side."""
        limits = httpx.Limits(max_connections=count)
        async with httpx.AsyncClient(headers=self._headers, limits=limits, timeout=30) as client:
            asked = [client.post(self._address, json=BODY) for _ in range(count)]
            return await asyncio.gather(*asked)


def check_refused(answer: httpx.Response) -> None:
    """This will check a "no" that says when to come again, and that came in time."""
    assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.elapsed.total_seconds() < PATIENCE_SECONDS, answer.elapsed


def open_calls(portal: Stand) -> int:
    return int(portal.rows("SELECT count(*) AS calls FROM plans_hold")[0]["calls"])
