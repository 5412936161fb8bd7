"""Quotas of a minute, of calls at once and of a session, as a program that calls meets them."""

import asyncio
from collections import Counter
from typing import Any
from uuid import uuid4

import httpx
import pytest

from accounts.models import Member
from plans import quotas
from portal.kit import clock
from tests.plans.ledger import books
from tests.stand import Stand
from tests.usage.test_chat_completions import asking, newcomer

WORD = "[[script words=1 gap_ms=0]]"
SLOW = "[[script words=20 gap_ms=50]]"
BODY = {"model": "fast", "messages": asking(WORD), "max_tokens": 20}


def newcomer_with(**terms: Any) -> str:
    """This will let somebody call who has credits and this quota, and return their key."""
    member, secret = newcomer()
    books.grant(member, 10**10)
    put(member, **terms)
    return secret


def put(member: Member, **terms: Any) -> None:
    node: dict[str, Any] = {"node_kind": "member", "node_id": member.pk}
    quotas.put(member.account, **node, terms=quotas.Terms(**terms), by=None, now=clock.now())


def asked(stand: Stand, secret: str, *, body: dict[str, Any] | None = None, **headers: str) -> httpx.Response:
    own = {"authorization": f"Bearer {secret}", **{name.replace("_", "-"): told for name, told in headers.items()}}
    return httpx.post(f"{stand.api_base}/chat/completions", json=body or BODY, headers=own)


class TestAMinute:
    def test_tells_what_is_left_and_then_when_to_come_again(self, stand: Stand) -> None:
        with stand.inside():
            secret = newcomer_with(window="minute", metric="calls", limit=2)
        answers = [asked(stand, secret) for _ in range(7)]  # a minute may begin in between
        refused = [each for each in answers if each.status_code == 429]
        assert refused, [each.status_code for each in answers]
        headers = answers[0].headers
        assert (headers["x-ratelimit-limit-requests"], headers["x-ratelimit-remaining-requests"]) == ("2", "1")
        assert 0 < int(headers["x-ratelimit-reset-requests"].removesuffix("s")) <= 60
        assert "x-ratelimit-limit-tokens" not in headers
        told = refused[0].json()["error"]
        assert (told["type"], told["code"]) == ("rate_limit_error", "rate_limit_exceeded")
        assert "2 of 2 calls this minute" in told["message"]
        assert "ask_url" not in told["metadata"]
        assert 0 < int(refused[0].headers["retry-after"]) <= 60
        assert refused[0].headers["x-ratelimit-remaining-requests"] == "0"
        assert "x-should-retry" not in refused[0].headers

    def test_counts_tokens_in_and_out(self, stand: Stand) -> None:
        with stand.inside():
            secret = newcomer_with(window="minute", metric="tokens", limit=100_000)
        left = int(asked(stand, secret).headers["x-ratelimit-remaining-tokens"])
        assert 99_000 < left < 100_000 - 20

    def test_cuts_an_answer_without_a_length_and_refuses_what_never_fits(self, stand: Stand) -> None:
        with stand.inside():
            secret = newcomer_with(window="minute", metric="tokens", limit=1000)
        answer = asked(stand, secret, body={"model": "fast", "messages": asking(WORD)})
        assert answer.status_code == 200
        assert 256 <= int(answer.headers["x-output-limit"]) < 1000
        whole = asked(stand, secret, body=BODY | {"max_tokens": 2000})
        assert (whole.status_code, whole.json()["error"]["code"]) == (429, "quota_exceeded")
        assert whole.headers["x-should-retry"] == "false"
        assert "is 1,000. Ask for a shorter answer" in whole.json()["error"]["message"]

    @pytest.mark.parametrize(
        ("terms", "sentence"),
        [
            ({"window": "minute", "metric": "calls", "limit": 0}, "lets no call through"),
            ({"window": "lifetime", "metric": "at_once", "limit": 0}, "lets no call through"),
            ({"window": "minute", "limit": 10**6}, "Ask for a shorter answer"),
            ({"window": "session", "limit": 10**6}, "Ask for a shorter answer"),
        ],
    )
    def test_asks_nobody_to_wait_for_what_never_fits(self, stand: Stand, terms: dict[str, Any], sentence: str) -> None:
        with stand.inside():
            secret = newcomer_with(**terms)
        answer = asked(stand, secret, body=BODY | {"max_tokens": 4000})
        assert (answer.status_code, answer.json()["error"]["code"]) == (429, "quota_exceeded")
        assert answer.headers["x-should-retry"] == "false"
        assert "retry-after" not in answer.headers
        assert sentence in answer.json()["error"]["message"]

    def test_tells_what_is_left_of_a_minute_that_refuses(self, stand: Stand) -> None:
        with stand.inside():
            secret = newcomer_with(window="minute", metric="tokens", limit=4000)

        async def ask_two() -> list[httpx.Response]:
            headers = {"authorization": f"Bearer {secret}"}
            body = BODY | {"messages": asking(SLOW), "max_tokens": 2500}
            async with httpx.AsyncClient(headers=headers, timeout=30) as client:
                asks = (client.post(f"{stand.api_base}/chat/completions", json=body) for _ in range(2))
                return await asyncio.gather(*asks)

        refused = next(each for each in asyncio.run(ask_two()) if each.status_code == 429)
        assert 1000 < int(refused.headers["x-ratelimit-remaining-tokens"]) < 1500

    def test_is_nothing_to_who_has_no_such_quota(self, stand: Stand) -> None:
        with stand.inside():
            secret = newcomer_with(window="day", metric="calls", limit=2)
        assert not [name for name in asked(stand, secret).headers if name.startswith("x-ratelimit")]


class TestCallsAtOnce:
    def test_are_never_more(self, stand: Stand) -> None:
        with stand.inside():
            secret = newcomer_with(window="lifetime", metric="at_once", limit=3)

        async def ask_all() -> list[httpx.Response]:
            body = BODY | {"messages": asking(SLOW)}
            headers = {"authorization": f"Bearer {secret}"}
            async with httpx.AsyncClient(base_url=stand.api_base, headers=headers, timeout=60) as many:
                return list(await asyncio.gather(*[many.post("/chat/completions", json=body) for _ in range(8)]))

        answers = asyncio.run(ask_all())
        assert Counter(each.status_code for each in answers) == {200: 3, 429: 5}
        refused = next(each for each in answers if each.status_code == 429)
        assert refused.headers["retry-after"] == "1"
        assert "3 of 3 calls at once" in refused.json()["error"]["message"]
        assert asked(stand, secret).status_code == 200


class TestASession:
    def test_is_named_by_a_header(self, stand: Stand) -> None:
        with stand.inside():
            secret = newcomer_with(window="session", metric="calls", limit=1)
        name = uuid4().hex
        statuses = [asked(stand, secret, x_session_id=each).status_code for each in (name, name, "other")]
        assert statuses == [200, 429, 200]
        no = asked(stand, secret, x_session_id=name)
        assert (no.json()["error"]["code"], no.headers["x-should-retry"]) == ("quota_exceeded", "false")
        assert "1 of 1 calls" in no.json()["error"]["message"]
        assert "Begin a new session" in no.json()["error"]["message"]
        assert [asked(stand, secret).status_code for _ in range(2)] == [200, 429]
        sessions = stand.rows("SELECT session FROM usage_call WHERE session = %s", [name])
        assert len(sessions) == 1

    @pytest.mark.parametrize("name", ["x" * 65, "schön", "a\tb"])
    def test_has_a_name_of_at_most_64_printable_characters(self, stand: Stand, name: str) -> None:
        with stand.inside():
            secret = newcomer_with(window="session", metric="calls", limit=1)
        answer = httpx.post(
            f"{stand.api_base}/chat/completions",
            json=BODY,
            headers=[(b"authorization", f"Bearer {secret}".encode()), (b"x-session-id", name.encode("latin-1"))],
        )
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_session_id")
        assert answer.json()["error"]["param"] == "x-session-id"
