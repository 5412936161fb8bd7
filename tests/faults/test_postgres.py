"""PostgreSQL crashes, freezes, is slow, or loses its last word: what was promised holds, and it heals by itself."""

import asyncio
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import psycopg
import pytest

from portal.kit.database import MOST_RETRIES
from tests.faults import customers
from tests.faults.askers import SHORT, Asker, check_refused, open_calls
from tests.faults.behind import SCALE, Behind
from tests.faults.charges import check_charges, check_told, microcredits
from tests.faults.customers import Row
from tests.faults.proxy import Fault
from tests.faults.readers import begin, check, check_books, finish

AWAY_SECONDS = 4.0 * SCALE
FROZEN_SECONDS = 10.0 * SCALE
CROWD = 150
WAITING = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%ledger_reserve%%'"
UNDO = """
    CREATE FUNCTION undo() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('tries') <= {times} THEN
        RAISE EXCEPTION 'could not serialize' USING ERRCODE = 'serialization_failure';
      END IF;
      RETURN new;
    END $$;
    CREATE TRIGGER undo BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION undo()
"""
"""The sequence counts tries, for what is undone does not undo its numbers."""


class TestCrash:
    def test_with_a_restart_later_loses_and_doubles_no_charge(self, portal: Behind) -> None:
        readers, threads = begin(portal)
        portal.wait_until(lambda: all(reader.text for reader in readers))
        before = portal.rows("SELECT id, charged_microcredits FROM usage_call")
        portal.postgres.kill(signal.SIGQUIT)
        check_refused(Asker(portal).ask())
        time.sleep(AWAY_SECONDS)
        portal.postgres.start()
        finish(threads)
        check(portal, readers, allowed={"done", "error"})
        assert any(reader.ends == ["done"] for reader in readers)
        ids = [row["id"] for row in before]
        after = "SELECT id, charged_microcredits FROM usage_call WHERE id = ANY(%s::uuid[])"
        assert sorted(portal.rows(after, [ids]), key=str) == sorted(before, key=str)
        check_charges(portal, readers)


class TestFreeze:
    def test_refuses_new_calls_and_lets_running_ones_settle_late(self, portal: Behind) -> None:
        readers, threads = begin(portal)
        portal.wait_until(lambda: all(reader.text for reader in readers))
        with ThreadPoolExecutor() as pool, portal.postgres.frozen():
            heard = [len(reader.text) for reader in readers]
            asked = [pool.submit(Asker(portal).ask) for _ in range(4)]
            time.sleep(FROZEN_SECONDS)
            assert all(len(reader.text) > before for reader, before in zip(readers, heard, strict=True))
            answers = [each.result() for each in asked]  # it stays frozen until the last of them was told
        finish(threads)
        for answer in answers:
            check_refused(answer)
        check(portal, readers, allowed={"done"})
        check_charges(portal, readers)


class TestSlowness:
    def test_bounds_the_queue_and_keeps_the_loop_free(self, portal: Behind) -> None:
        portal.to_postgres.strike(Fault(delay_seconds=0.2))
        asker = Asker(portal)
        with ThreadPoolExecutor() as pool:
            crowd = pool.submit(asyncio.run, asker.ask_at_once(CROWD))
            looks = []
            while not crowd.done():
                began = time.monotonic()
                assert httpx.get(f"{portal.base_url}/healthz").status_code == httpx.codes.OK
                looks.append(time.monotonic() - began)
                time.sleep(0.2)
        answers = crowd.result()
        portal.to_postgres.heal()
        refused = [answer for answer in answers if answer.status_code != httpx.codes.OK]
        for answer in refused:
            check_refused(answer)
        assert 0 < len(refused) < len(answers)
        assert max(looks) < 1.0
        check_books(portal, [answer.headers["x-request-id"] for answer in answers if answer not in refused])


class TestLostAnswer:
    """The connection breaks after PostgreSQL has committed and before it could say so."""

    def test_to_a_reservation_opens_one_call_that_runs_once(self, portal: Behind) -> None:
        call = self.ask_and_lose(portal, b'"output_rate"')
        assert call["how"] == "usage"

    def test_to_a_settlement_is_found_again_and_charged_once(self, portal: Behind) -> None:
        call = self.ask_and_lose(portal, b'"first_token_milliseconds"')
        assert call["how"] == "usage"

    def ask_and_lose(self, portal: Behind, lost: bytes) -> Row:
        """This will ask a call, lose the answer to what holds these bytes, and return the one call that it became."""
        customer = customers.new(portal)
        portal.to_postgres.strike(Fault(lose_answer_to=lost))
        heard = customer.ask(SHORT, stream=False)
        portal.to_postgres.await_loss()
        assert heard.ends == ["done"], heard
        call = customer.only_call(runs=1)
        check_books(portal, [str(call["id"])])
        assert heard.call_id == str(call["id"])
        assert call["charged_microcredits"] == customers.cost_of(portal, call, customers.usage_of(call)) > 0
        check_told(portal, {heard.call_id: microcredits(heard.body["usage"]["credits_charged"])})
        return call


class TestUndone:
    """Others wrote at the same time, and PostgreSQL undid a statement of ours."""

    def test_by_a_deadlock_is_done_again(self, portal: Behind) -> None:
        with psycopg.connect(portal.database_url) as rival, ThreadPoolExecutor() as pool:
            rival.execute("SET deadlock_timeout = '60s'")  # so that it is the portal whose statement is undone
            rival.execute("SELECT FROM plans_lot FOR UPDATE")
            asked = pool.submit(Asker(portal).ask)
            portal.wait_until(lambda: bool(portal.rows(WAITING)))
            rival.execute("SELECT FROM plans_wallet FOR UPDATE")  # which the portal lets go when its own is undone
            rival.rollback()
        answer = asked.result()
        assert answer.status_code == httpx.codes.OK, answer.text
        check_books(portal, [answer.headers["x-request-id"]])

    @pytest.mark.parametrize("table", ["plans_hold", "usage_call"])
    def test_three_times_is_done_again(self, portal: Behind, table: str) -> None:
        with undoing(portal, table, times=3):
            answer = Asker(portal).ask()
        assert answer.status_code == httpx.codes.OK, answer.text
        check_books(portal, [answer.headers["x-request-id"]])

    def test_again_and_again_is_given_up_and_leaves_nothing(self, portal: Behind) -> None:
        with undoing(portal, "plans_hold", times=100):
            check_refused(Asker(portal).ask())
            assert portal.rows("SELECT last_value FROM tries")[0]["last_value"] == 1 + MOST_RETRIES
        assert open_calls(portal) == 0
        check_books(portal, [])


@contextmanager
def undoing(portal: Behind, table: str, *, times: int) -> Iterator[None]:
    """Within this so many inserts into `table` fail as those of a transaction that could not be serialized."""
    portal.rows("CREATE SEQUENCE tries; GRANT USAGE ON tries TO PUBLIC")
    portal.rows(UNDO.format(table=table, times=times))
    try:
        yield
    finally:
        portal.rows(f"DROP TRIGGER undo ON {table}; DROP FUNCTION undo; DROP SEQUENCE tries")
