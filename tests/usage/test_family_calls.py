"""Calls of a family on the running product: a child's line is guarded on both sides, and a pause ends streams."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import uuid4

import httpx
import pytest

from accounts import accounts, api_keys, children
from accounts.models import Department, Member, User
from plans import ledger, nodes, quotas
from plans.models import Hold, Quota, QuotaWindow
from portal.kit import clock, units
from tests.stand import Stand
from usage import pausing
from usage.models import Refused

FORBIDDEN = "My_phone_number_is_13812345678_call_me"
CREDITS = 10**7


@pytest.fixture
def parent(stand: Stand) -> Iterator[Member]:
    with stand.inside():
        yield founded("household")


def founded(kind: str) -> Member:
    now, mark = clock.now(), uuid4().hex
    user = User.objects.create_user(f"{mark}@family.test", name="Parent", now=now)
    member = accounts.found(user, kind=kind, name=f"Family {mark[:6]}", now=now)
    ledger.grant(
        ledger.Grant(
            account_id=member.account_id,
            source="goodwill",
            name="Start",
            microcredits=units.credits(CREDITS),
            dedupe_key=f"family:{mark}",
            reason="test",
            expires_at=now + timedelta(days=30),
        )
    )
    return member


def key_of(member: Member, owner: Member) -> str:
    return api_keys.issue(member, api_keys.Wish(label="Study"), by=owner.user, now=clock.now())[1]


@pytest.fixture
def child(parent: Member) -> Member:
    now = clock.now()
    line = children.open(parent, nickname="Mei", born_in=date(now.year - 11, 1, 1), pin="2580", language="en", now=now)
    free = children.Limits(daily_minutes=None, quiet_from=None, quiet_to=None, is_tutored=False)
    children.limit(line, free, by=parent, now=now)
    return line


def ask(stand: Stand, key: str, text: str, **more: object) -> httpx.Response:
    body = {"model": "fast", "messages": [{"role": "user", "content": text}], **more}
    headers = {"authorization": f"Bearer {key}"}
    return httpx.post(f"{stand.api_base}/chat/completions", json=body, headers=headers, timeout=60)


def streamed(answer: httpx.Response) -> tuple[str, list[str]]:
    """The text of a streamed answer, and the reasons for which it ended."""
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: {")]
    chunks = [choice for line in lines for choice in json.loads(line).get("choices", [])]
    text = "".join(chunk["delta"].get("content") or "" for chunk in chunks)
    return text, [chunk["finish_reason"] for chunk in chunks if chunk["finish_reason"]]


class TestAChildsQuestion:
    def test_with_personal_data_goes_nowhere_and_costs_nothing(
        self, stand: Stand, parent: Member, child: Member
    ) -> None:
        answer = ask(stand, key_of(child, parent), FORBIDDEN.replace("_", " "))
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "content_filtered")
        assert "personal" in answer.json()["error"]["message"]
        assert not Hold.objects.filter(account_id=child.account_id).exists()
        assert ledger.balance(child.account_id, now=clock.now()).left == units.credits(CREDITS)
        stand.wait_until(lambda: Refused.objects.filter(member_id=child.pk, code="content_filtered").exists())

    def test_is_read_in_every_message_and_part(self, stand: Stand, parent: Member, child: Member) -> None:
        parts = [{"type": "text", "text": "Hello"}, {"type": "text", "text": FORBIDDEN.replace("_", " ")}]
        messages = [{"role": "user", "content": parts}, {"role": "user", "content": "And now?"}]
        assert ask(stand, key_of(child, parent), "", messages=messages).status_code == 403

    def test_is_read_in_what_it_puts_into_the_models_mouth(self, stand: Stand, parent: Member, child: Member) -> None:
        turns = [{"role": "user", "content": "Go on"}, {"role": "assistant", "content": FORBIDDEN.replace("_", " ")}]
        answer = ask(stand, key_of(child, parent), "", messages=turns)
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "content_filtered")

    def test_comes_without_tools(self, stand: Stand, parent: Member, child: Member) -> None:
        tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
        answer = ask(stand, key_of(child, parent), "Hello", tools=[tool])
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "no_tools")

    def test_of_a_grown_up_is_not_looked_at(self, stand: Stand, parent: Member) -> None:
        assert ask(stand, key_of(parent, parent), FORBIDDEN.replace("_", " ")).status_code == 200

    def test_is_explained_and_not_solved(self, stand: Stand, parent: Member, child: Member) -> None:
        tutored = children.Limits(daily_minutes=None, quiet_from=None, quiet_to=None, is_tutored=True)
        key = key_of(child, parent)
        plain = ask(stand, key, "[[script words=3 gap_ms=1]]").json()["usage"]["prompt_tokens"]
        children.limit(child, tutored, by=parent, now=clock.now())
        stand.wait_until(
            lambda: ask(stand, key, "[[script words=3 gap_ms=1]]").json()["usage"]["prompt_tokens"] > plain + 20
        )


class TestAnthropicsDoor:
    def test_is_guarded_alike_on_both_sides(self, stand: Stand, parent: Member, child: Member) -> None:
        def ask(text: str) -> httpx.Response:
            content = [{"type": "text", "text": "Hello"}, {"type": "text", "text": text}]
            body = {"model": "fast", "max_tokens": 200, "messages": [{"role": "user", "content": content}]}
            return httpx.post(f"{stand.api_base}/messages", json=body, headers={"x-api-key": key}, timeout=60)

        key = key_of(child, parent)
        error = ask(FORBIDDEN.replace("_", " ")).json()["error"]
        assert (error["type"], error["details"]["error_code"]) == ("permission_error", "content_filtered")
        answer = ask(f"[[script words=60 gap_ms=1 backwards={FORBIDDEN[::-1]}]]")
        assert answer.json()["stop_reason"] == "refusal"
        assert "138" not in answer.text


class TestAnAnswerToAChild:
    def test_is_held_back_before_what_nobody_should_read(self, stand: Stand, parent: Member, child: Member) -> None:
        asked = f"[[script words=60 gap_ms=1 backwards={FORBIDDEN[::-1]}]]"
        text, ends = streamed(ask(stand, key_of(child, parent), asked, stream=True))
        assert ends == ["content_filter"]
        assert text.startswith("word1 ")
        assert "138" not in text

    def test_in_one_piece_is_held_back_too(self, stand: Stand, parent: Member, child: Member) -> None:
        answer = ask(stand, key_of(child, parent), f"[[script words=60 gap_ms=1 backwards={FORBIDDEN[::-1]}]]")
        [choice] = answer.json()["choices"]
        assert choice["finish_reason"] == "content_filter"
        assert "138" not in choice["message"]["content"]

    def test_that_is_harmless_arrives_whole(self, stand: Stand, parent: Member, child: Member) -> None:
        text, ends = streamed(ask(stand, key_of(child, parent), "[[script words=60 gap_ms=1]]", stream=True))
        assert text == " ".join(f"word{number}" for number in range(1, 61))
        assert ends == ["stop"]

    def test_that_ends_badly_is_charged_and_closed_like_any_other(
        self, stand: Stand, parent: Member, child: Member
    ) -> None:
        key = key_of(child, parent)
        for script in (f"words=60 gap_ms=1 backwards={FORBIDDEN[::-1]}", "words=60 gap_ms=1 fail=cut after=20"):
            ask(stand, key, f"[[script {script}]]", stream=True)
        stand.wait_until(lambda: not Hold.objects.filter(account_id=child.account_id).exists())
        assert ledger.balance(child.account_id, now=clock.now()).left < units.credits(CREDITS)
        assert "in order" in stand.manage("audit_ledger")


class TestAPause:
    def test_ends_a_running_stream_within_a_second(self, stand: Stand, parent: Member) -> None:
        key, ended = key_of(parent, parent), []

        def read() -> None:
            ask(stand, key, "[[script words=2000 gap_ms=20]]", stream=True)
            ended.append(time.monotonic())

        reader = threading.Thread(target=read)
        reader.start()
        running = Hold.objects.filter(account_id=parent.account_id, state="running", accepted_at__isnull=False)
        stand.wait_until(running.exists)
        node = nodes.seen_by(parent, kind="member", node_id=parent.pk)
        asked_at = time.monotonic()
        assert pausing.pause(node, by=parent.user, now=clock.now()) == 1
        reader.join(10)
        assert ended[0] - asked_at < 1
        assert ask(stand, key, "Hello").json()["error"]["code"] == "paused"
        pausing.resume(node, by=parent.user, now=clock.now())
        assert ask(stand, key, "[[script words=2 gap_ms=1]]").status_code == 200


class TestNestedQuotas:
    def test_are_never_passed_by_two_hundred_at_once(self, stand: Stand) -> None:
        with stand.inside():
            owner = founded("business")
            now = clock.now()
            firm = Department.objects.create(account=owner.account, name="Firm", created_at=now)
            shop = Department.objects.create(account=owner.account, name="Shop", parent=firm, created_at=now)
            Member.objects.filter(pk=owner.pk).update(department=shop)
            limits = {("department", firm.pk): 60, ("department", shop.pk): 50, ("member", owner.pk): 40}
            for (kind, node_id), calls in limits.items():
                terms = quotas.Terms(window="day", limit=calls, metric="calls")
                quotas.put(owner.account, node_kind=kind, node_id=node_id, terms=terms, by=owner.user, now=now)
            key, statuses = key_of(owner, owner), []

            def one() -> None:
                """Who is not let in within two seconds is asked to come again, and does."""
                for _ in range(20):
                    status = ask(stand, key, "[[script words=2 gap_ms=1]]").status_code
                    if status != httpx.codes.SERVICE_UNAVAILABLE:
                        break
                    time.sleep(1)
                statuses.append(status)

            threads = [threading.Thread(target=one) for _ in range(200)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join(60)
            assert Counter(statuses) == {200: 40, 429: 160}
            used = QuotaWindow.objects.filter(quota__in=Quota.objects.filter(account=owner.account_id))
            assert {(window.used, window.held) for window in used} == {(40, 0)}
