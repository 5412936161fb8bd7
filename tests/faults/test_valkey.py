"""Valkey is wiped, away, asleep or full, and its messages come twice or never: nobody waits, pays or runs twice."""

import os
import re
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import httpx
import pytest

from tests.faults import charges
from tests.faults.askers import Asker, check_refused, open_calls
from tests.faults.behind import SCALE, Behind
from tests.faults.proxy import Fault
from tests.faults.readers import Reader, begin, check, check_books, finish

AWAY_SECONDS = 60.0 * SCALE
ASLEEP_SECONDS = 20.0 * SCALE
CONSUMING_SECONDS = 30.0
LOOKS_SECONDS = 2.0 * SCALE
NEARLY = 0.9
SENT_AGAIN_SECONDS = 5.0
ENDED_BY_US = {"error", "done", "status 503"}
OUR_FAULT = {"sweep_partial", "platform"}
MESSAGE = re.compile(rb"\*2\r\n\$\d+\r\n(calls\.[^\r]+)\r\n\$\d+\r\n(.*)\r\n$", re.DOTALL)
NOTHING = b"*-1\r\n"


def restart(portal: Behind) -> None:
    portal.valkey.kill()
    portal.valkey.start()


def flush(portal: Behind) -> None:
    portal.broker.flushall()


def are_consuming(portal: Behind) -> bool:
    """This will tell whether workers of both kinds say that they consume."""
    found = {name.split(b"@")[0] for name in portal.broker.scan_iter("worker:*")}
    return found == {b"worker:calls", b"worker:jobs"}


def check_charges(portal: Behind, readers: list[Reader]) -> None:
    """This will check every charge, and that who was told of an error pays for no more than what had arrived."""
    charges.check_charges(portal, readers)
    hows = charges.check_charges(portal, [reader for reader in readers if reader.ends == ["error"]])
    assert set(hows) <= OUR_FAULT, hows


@pytest.mark.parametrize("wipe", [restart, flush])
class TestWipe:
    def test_ends_every_stream_and_workers_consume_again(self, portal: Behind, wipe: Callable[[Behind], None]) -> None:
        readers, threads = begin(portal)
        portal.wait_until(lambda: all(reader.text for reader in readers))
        wipe(portal)
        portal.wait_until(lambda: are_consuming(portal), seconds=CONSUMING_SECONDS)
        assert Asker(portal).ask().status_code == httpx.codes.OK
        finish(threads)
        check(portal, readers, allowed=ENDED_BY_US)
        check_charges(portal, readers)

    def test_has_calls_sent_again_that_waited_in_the_queue(
        self, portal: Behind, wipe: Callable[[Behind], None]
    ) -> None:
        worker = portal.kill("calls", how=signal.SIGSTOP)
        with ThreadPoolExecutor() as pool:
            try:
                asked = [pool.submit(Asker(portal).ask) for _ in range(4)]
                portal.wait_until(lambda: open_calls(portal) == len(asked))
                wipe(portal)
            finally:
                os.kill(worker, signal.SIGCONT)
            began = time.monotonic()
            answers = [each.result() for each in asked]
        assert {answer.status_code for answer in answers} == {httpx.codes.OK}
        assert time.monotonic() - began < SENT_AGAIN_SECONDS
        check_books(portal, [answer.headers["x-request-id"] for answer in answers])


class TestAbsence:
    def test_refuses_new_calls_and_settles_running_ones(self, portal: Behind) -> None:
        readers, threads = begin(portal)
        portal.wait_until(lambda: all(reader.text for reader in readers))
        with portal.valkey.gone():
            back_at = time.monotonic() + AWAY_SECONDS
            check_refused(Asker(portal).ask())
            portal.wait_until(lambda: open_calls(portal) == 0, seconds=AWAY_SECONDS - 5)
            check_refused(Asker(portal).ask())
            assert open_calls(portal) == 0
            time.sleep(max(0.0, back_at - time.monotonic()))
        portal.wait_until(lambda: are_consuming(portal), seconds=CONSUMING_SECONDS)
        finish(threads)
        check(portal, readers, allowed=ENDED_BY_US)
        check_charges(portal, readers)


class TestSleep:
    def test_leaves_no_thread_stuck(self, portal: Behind) -> None:
        readers, threads = begin(portal)
        portal.wait_until(lambda: all(reader.text for reader in readers))
        before = {name: threads_of(portal, name) for name in ("web", "calls", "jobs", "sweep")}
        with ThreadPoolExecutor() as pool:
            with portal.valkey.frozen():
                asked = [pool.submit(Asker(portal).ask) for _ in range(4)]
                until = time.monotonic() + ASLEEP_SECONDS
                while time.monotonic() < until:
                    began = time.monotonic()
                    assert httpx.get(f"{portal.base_url}/healthz").status_code == httpx.codes.OK
                    assert time.monotonic() - began < 1.0
                    time.sleep(0.2)
            portal.wait_until(lambda: are_consuming(portal), seconds=CONSUMING_SECONDS)
            answers = [each.result() for each in asked]
        finish(threads)
        assert {answer.status_code for answer in answers} <= {httpx.codes.OK, httpx.codes.SERVICE_UNAVAILABLE}
        check(portal, readers, allowed=ENDED_BY_US)
        after = {name: threads_of(portal, name) for name in before}
        assert all(after[name] <= before[name] + 2 for name in before), (before, after)


class TestFull:
    def test_nearly_closes_admission_and_lets_running_calls_end(self, portal: Behind) -> None:
        readers, threads = begin(portal)
        portal.wait_until(lambda: all(reader.text for reader in readers))
        used = int(portal.broker.info("memory")["used_memory"])
        portal.broker.config_set("maxmemory", int(used / NEARLY))
        try:
            time.sleep(LOOKS_SECONDS)
            check_refused(Asker(portal).ask())
            finish(threads)
        finally:
            portal.broker.config_set("maxmemory", 0)
        check(portal, readers, allowed={"done"})
        portal.wait_until(lambda: Asker(portal).ask().status_code == httpx.codes.OK)

    def test_stops_what_cannot_be_told_and_opens_again(self, portal: Behind) -> None:
        readers, threads = begin(portal)
        portal.wait_until(lambda: all(reader.text for reader in readers))
        used = int(portal.broker.info("memory")["used_memory"])
        portal.broker.config_set("maxmemory", used // 2)
        try:
            check_refused(Asker(portal).ask())
            finish(threads)
            portal.wait_until(lambda: open_calls(portal) == 0)
        finally:
            portal.broker.config_set("maxmemory", 0)
        check(portal, readers, allowed=ENDED_BY_US)
        check_charges(portal, readers)
        assert {*(end for reader in readers for end in reader.ends)} == {"error"}
        portal.wait_until(lambda: Asker(portal).ask().status_code == httpx.codes.OK)


class TestMessages:
    def test_that_are_doubled_or_lost_run_each_call_once(self, portal: Behind) -> None:
        carrier = Carrier(portal, Random(7))
        portal.to_valkey.strike(Fault(change=carrier.carry))
        answers = ask_many(portal)
        portal.to_valkey.heal()
        assert carrier.lost
        assert carrier.doubled
        assert {answer.status_code for answer in answers} == {httpx.codes.OK}
        check_books(portal, [answer.headers["x-request-id"] for answer in answers])


def ask_many(portal: Behind) -> list[httpx.Response]:
    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(lambda _: Asker(portal).ask(), range(120)))


class Carrier:
    """Loses every tenth message on its way from the queue to the worker, and puts every tenth there again."""

    def __init__(self, portal: Behind, chance: Random) -> None:
        self._broker, self._chance = portal.broker, chance
        self.lost = self.doubled = 0

    def carry(self, data: bytes) -> bytes:
        found = MESSAGE.search(data)
        if found is None:
            return data
        lot = self._chance.random()
        if lot < 0.1:
            self.lost += 1
            return data[: found.start()] + NOTHING
        if lot < 0.2:
            self.doubled += 1
            self._broker.lpush(found[1], found[2])
        return data


def threads_of(portal: Behind, name: str) -> int:
    return len(list(Path(f"/proc/{portal.pid(name)}/task").iterdir()))
