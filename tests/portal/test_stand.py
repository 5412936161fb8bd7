"""The whole product: it answers, survives the loss of any part, refuses a second start, and knows one clock."""

import os
import subprocess
import sys
import time
from datetime import datetime

import pytest
import redis

from tests.stand import ROOT, Stand

SEND = "from portal.celery import app; app.send_task('plans.tasks.expire_orders')"


class TestReady:
    def test_answers_and_names_its_people(self, stand: Stand) -> None:
        assert stand.is_ready()
        assert {one["role"] for one in stand.demo["people"]} == {"owner"}
        assert len(stand.demo["api_keys"]) == 2

    def test_a_household_has_what_it_bought(self, stand: Stand) -> None:
        rows = stand.rows("SELECT count(*) AS lots, sum(available) AS left FROM plans_lot")

        assert rows[0]["lots"] >= 3

    @pytest.mark.parametrize("name", ["web", "calls", "jobs", "valkey", "postgres", "sandbox"])
    def test_a_killed_part_comes_back(self, stand: Stand, name: str) -> None:
        stand.restart(name)

        assert stand.is_ready()


class TestValkeyRestartedEmpty:
    def test_the_workers_consume_again(self, stand: Stand) -> None:
        client = redis.Redis.from_url(stand.valkey_url)
        client.set("before", 1)

        stand.restart("valkey")
        stand.wait_until(lambda: {b"worker:calls", b"worker:jobs"} <= signs(stand))
        stand.manage("shell", "-c", SEND)

        assert client.get("before") is None
        stand.wait_until(lambda: client.llen("jobs") == 0)


class TestSecondStart:
    def test_is_refused_in_one_line(self, stand: Stand) -> None:
        environment = {**os.environ, "VAR_DIR": str(stand.var_dir), "PORT": str(stand.port)}

        second = subprocess.run(
            [sys.executable, "-m", "portal.embedded"],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

        assert second.returncode == 1
        assert len(second.stderr.splitlines()) == 1
        assert "in use by process" in second.stderr
        assert stand.demo["url"] == stand.base_url


class TestMoveClock:
    def test_moves_business_time_for_everybody(self, stand: Stand) -> None:
        before, began = now_of(stand), time.monotonic()

        stand.manage("move_clock", "2h")

        moved = (now_of(stand) - before).total_seconds()
        assert 7200 <= moved < 7201 + time.monotonic() - began


def now_of(stand: Stand) -> datetime:
    """This will return business time as the database tells it."""
    moment: datetime = stand.rows("SELECT app_now() AS now")[0]["now"]
    return moment


def signs(stand: Stand) -> set[bytes]:
    """This will return the workers that say that they consume."""
    client = redis.Redis.from_url(stand.valkey_url)
    try:
        return {bytes(key).split(b"@")[0] for key in client.keys("worker:*")}  # type: ignore[arg-type] # never text here
    except redis.RedisError:
        return set()
