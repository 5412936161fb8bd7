"""Keys at the door where calls are made: what they are kept to, rotation without a failed call, and a sudden end."""

import threading
import time
from datetime import timedelta
from typing import Any

import httpx
import pytest

from accounts.api_keys import Wish
from accounts.models import ApiKey, Member
from plans import keys
from plans.keys import Bounds
from portal.kit import clock
from tests.plans.ledger import books
from tests.stand import Stand
from tests.usage.test_chat_completions import newcomer

QUICK = "[[script words=1 gap_ms=0]]"
SLOW = "[[script words=400 gap_ms=50]]"
ELSEWHERE = "203.0.113.0/24"


def rich() -> Member:
    member, _secret = newcomer()
    books.grant(member, 10**13)
    return member


def issue(member: Member, **wish: Any) -> tuple[ApiKey, str]:
    return keys.issue(member, Wish(label="Door", **wish), Bounds(), by=member.user, now=clock.now())


def ask(stand: Stand, secret: str, *, text: str = QUICK, query: str = "", **headers: str) -> httpx.Response:
    body = {"model": "fast", "messages": [{"role": "user", "content": text}]}
    told = {"authorization": f"Bearer {secret}", **headers}
    return httpx.post(f"{stand.api_base}/chat/completions{query}", json=body, headers=told, timeout=30)


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


class TestScopes:
    @pytest.mark.parametrize(
        ("wish", "refused"),
        [
            ({"is_management": True}, "management_key"),
            ({"endpoints": ("models", "balance")}, "key_not_for_this"),
            ({"networks": (ELSEWHERE,)}, "key_not_for_this"),
        ],
        ids=["manages", "for other endpoints", "from elsewhere"],
    )
    def test_refuse_a_call_and_say_what_to_do(self, stand: Stand, wish: dict[str, Any], refused: str) -> None:
        with stand.inside():
            key, secret = issue(rich(), **wish)
        answer = ask(stand, secret)
        assert code_of(answer) == (403, refused)
        assert stand.rows("SELECT code FROM usage_refused WHERE api_key_id = %s", [key.pk]) == [{"code": refused}]
        message = answer.json()["error"]["message"]
        assert "Nothing was charged" in message
        assert "under Keys" in message
        assert secret not in answer.text

    def test_let_through_what_they_are_for(self, stand: Stand) -> None:
        with stand.inside():
            _key, secret = issue(rich(), endpoints=("chat/completions",), networks=("127.0.0.0/8", "::1"))
        assert ask(stand, secret).status_code == 200

    def test_believe_no_header_about_the_address(self, stand: Stand) -> None:
        with stand.inside():
            _key, secret = issue(rich(), networks=(ELSEWHERE,))
        told = {"x-forwarded-for": "203.0.113.9", "x-real-ip": "203.0.113.9", "forwarded": "for=203.0.113.9"}
        assert ask(stand, secret, **told).status_code == 403
        listed = httpx.get(f"{stand.api_base}/models", headers=told | {"authorization": f"Bearer {secret}"})
        assert listed.status_code == 403


class TestAttacks:
    def test_take_the_key_once_and_from_two_headers_alone(self, stand: Stand) -> None:
        with stand.inside():
            _key, secret = issue(rich())
        body = {"model": "fast", "messages": [{"role": "user", "content": QUICK}]}
        url = f"{stand.api_base}/chat/completions"
        twice = [("authorization", f"Bearer {secret}")] * 2
        for headers in ({"api-key": secret}, {"cookie": f"key={secret}"}, twice):
            assert code_of(httpx.post(url, json=body, headers=headers)) == (401, "invalid_api_key")

    def test_end_a_key_that_stands_in_the_address(self, stand: Stand) -> None:
        with stand.inside():
            key, secret = issue(rich())
        assert code_of(ask(stand, secret, query=f"?key={secret}")) == (400, "key_in_address")
        with stand.inside():
            assert ApiKey.objects.get(pk=key.pk).revoked_at
        assert code_of(ask(stand, secret)) == (401, "invalid_api_key")

    @pytest.mark.parametrize("origin", ["https://evil.example", "null"])
    def test_open_no_other_origin(self, stand: Stand, origin: str) -> None:
        with stand.inside():
            _key, secret = issue(rich())
        answer = ask(stand, secret, origin=origin)
        assert answer.status_code == 200
        assert not [name for name in answer.headers if name.startswith("access-control")]

    def test_charge_the_account_of_the_key_whatever_the_body_says(self, stand: Stand) -> None:
        with stand.inside():
            mine, other = rich(), rich()
            _key, secret = issue(mine)
        body = {
            "model": "fast",
            "messages": [{"role": "user", "content": QUICK}],
            "user": str(other.pk),
            "account_id": other.account_id,
            "metadata": {"account_id": str(other.account_id)},
        }
        answer = httpx.post(
            f"{stand.api_base}/chat/completions", json=body, headers={"authorization": f"Bearer {secret}"}
        )
        assert answer.status_code == 200
        charged = stand.rows("SELECT account_id FROM usage_call WHERE id = %s", [answer.headers["x-request-id"]])
        assert charged == [{"account_id": mine.account_id}]
        assert not stand.rows("SELECT id FROM usage_call WHERE account_id = %s", [other.account_id])


class TestRotation:
    def test_fails_no_call_while_both_work(self, stand: Stand) -> None:
        with stand.inside():
            member = rich()
            old, old_secret = issue(member)
        in_use, answers, over = [old_secret], list[int](), threading.Event()

        def call() -> None:
            while not over.is_set():
                answers.append(ask(stand, in_use[0]).status_code)

        programs = [threading.Thread(target=call) for _ in range(2)]
        for program in programs:
            program.start()
        with stand.inside():
            _new, secret = keys.rotate(old, overlap_seconds=3_600, by=member.user, now=clock.now())
        assert (ask(stand, old_secret).status_code, ask(stand, secret).status_code) == (200, 200)
        in_use[0], seen = secret, len(answers)
        stand.wait_until(lambda: len(answers) >= seen + 2 * len(programs))  # nobody asks with the old one any more
        with stand.inside():
            ApiKey.objects.filter(pk=old.pk).update(expires_at=clock.now() - timedelta(seconds=1))
        assert code_of(ask(stand, old_secret))[0] in {401, 403}
        over.set()
        for program in programs:
            program.join()
        assert answers
        assert set(answers) == {200}

    def test_lets_the_old_key_die_at_its_time(self, stand: Stand) -> None:
        with stand.inside():
            member = rich()
            old, old_secret = issue(member)
            _new, secret = keys.rotate(old, overlap_seconds=2, by=member.user, now=clock.now())
        assert ask(stand, old_secret).status_code == 200
        time.sleep(2.1)
        assert ask(stand, old_secret).status_code in {401, 403}
        assert ask(stand, secret).status_code == 200


class TestRevocation:
    def test_ends_a_running_stream_within_a_second(self, stand: Stand) -> None:
        with stand.inside():
            member = rich()
            _key, manager = issue(member, is_management=True)
            key, secret = issue(member)
        body = {"model": "fast", "messages": [{"role": "user", "content": SLOW}], "stream": True}
        headers = {"authorization": f"Bearer {secret}"}
        with httpx.stream("POST", f"{stand.api_base}/chat/completions", json=body, headers=headers) as answer:
            lines = answer.iter_lines()
            next(lines)
            began = time.monotonic()
            told = httpx.post(
                f"{stand.api_base}/keys/{key.pk}/revocation", headers={"authorization": f"Bearer {manager}"}
            )
            assert (told.status_code, told.json()["calls_stopped"]) == (200, 1)
            rest = list(lines)
            assert time.monotonic() - began < 1.0
        assert sum("word" in line for line in rest) < 100
        assert code_of(ask(stand, secret))[0] in {401, 403}
        held = "SELECT count(*) AS open FROM plans_hold WHERE api_key_id = %s"
        stand.wait_until(lambda: stand.rows(held, [key.pk]) == [{"open": 0}], seconds=5)
