"""A sweeper that dies in mid batch, and two of everything that works by itself: all is done, and once."""

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import redis

from portal.embedded import processes, programs
from portal.embedded.place import Place
from portal.embedded.programs import Program
from tests.faults.batches import about_to_end, batch_of, notices, run_job
from tests.faults.charges import check_charges
from tests.faults.failing import after, arm
from tests.faults.outcomes import check_audit
from tests.faults.readers import Reader, check, read_through
from tests.faults.shopping import APPROVES_SOON, Buyer, charges_of, journals, lots_of_order
from tests.stand import Stand, environment_of

ENDED_BY_US = {"error", "status 503", "done"}
JOBS = ("expire_lots", "earn", "expire_orders", "refresh_pending_payments", "note_endings")


class TestSweeper:
    def test_killed_in_mid_batch_is_followed_by_one_that_ends_the_rest(self, stand: Stand) -> None:
        """It had settled one call and told nobody."""
        stand.wait_until(lambda: is_sweeping(stand))
        pid = arm(stand, after("sweep", "usage.calls.settlement:settle"))
        readers = read_through(stand, lambda: stand.kill("calls"))
        stand.wait_until(lambda: stand.pid("sweep") != pid)
        check(stand, readers, allowed=ENDED_BY_US)
        check_charges(stand, readers)
        assert len(swept(stand, readers)) > 1


class TestTwo:
    def test_of_everything_do_it_once(self, stand: Stand) -> None:
        place = Place(stand.var_dir, stand.port)
        buyer, batch, ending = Buyer(stand), batch_of(stand), about_to_end(stand)
        log = stand.var_dir / "logs" / "jobs.log"
        log_bytes = log.stat().st_size
        asked_before = charges_of(stand, APPROVES_SOON)
        with ExitStack() as second:
            for program in (processes.sweep(place), second_jobs(place), second_beat(place)):
                second.enter_context(running(beside(stand, program)))
            stand.wait_until(lambda: has_worker(stand, "jobs2"))
            buyer.send(buyer.fill_in(phone=APPROVES_SOON))
            readers = read_through(stand, lambda: stand.kill("calls"))
            for job in JOBS * 2:
                run_job(stand, f"plans.tasks.{job}")
            stand.wait_until(lambda: buyer.orders() == ["paid"] and batch.sums()[0] == 0)
            stand.wait_until(lambda: len(notices(stand, ending)) == 3)
            for job in JOBS * 2:
                run_job(stand, f"plans.tasks.{job}")
            stand.wait_until(lambda: batch.sums() == (0, 0))
            check(stand, readers, allowed=ENDED_BY_US)
        check_charges(stand, readers)
        assert len(swept(stand, readers)) > 1
        assert notices(stand, ending) == [(ending[0], 7), (ending[1], 1), (ending[1], 7)]
        assert not re.findall(r"Task \S+ raised unexpected.*", log.read_bytes()[log_bytes:].decode())
        assert len(lots_of_order(stand, buyer.member.account_id)) == 1
        assert charges_of(stand, APPROVES_SOON) == asked_before + 1
        assert [journals(stand, [lot_id], kind) for lot_id in batch.lot_ids for kind in ("expire", "earn")] == [1] * 4
        check_audit(stand)
        buyer.close()


def second_jobs(place: Place) -> Program:
    program = processes.jobs(place)
    return replace(program, command=tuple(part.replace("jobs@%h", "jobs2@%h") for part in program.command))


def second_beat(place: Place) -> Program:
    """Two with one file of last runs would be one that is broken."""
    program, schedule = processes.beat(place), str(place.var_dir / "beat")
    return replace(program, command=tuple(part.replace(schedule, f"{schedule}-second") for part in program.command))


def beside(stand: Stand, program: Program) -> Program:
    """This will let a program work with the servers of the stand; those of the tests stand in our own environment."""
    servers = {"DATABASE_URL": stand.database_url, "VALKEY_URL": stand.valkey_url}
    own = environment_of(stand.var_dir, stand.port, scale=stand.scale)
    return replace(program, environment={**own, **program.environment, **servers})


@contextmanager
def running(program: Program) -> Iterator[None]:
    """Within this one more process of the portal runs."""
    process = programs.start(program)
    try:
        yield
        assert process.poll() is None, f"{program.name} has ended; see {program.log}"
    finally:
        programs.stop(program, process)


def is_sweeping(stand: Stand) -> bool:
    """This will tell whether a sweeper has swept; one that still starts cannot be told where to die."""
    return bool(stand.rows("SELECT pid FROM pg_stat_activity WHERE strpos(query, %s) > 0", ["call_overdue("]))


def has_worker(stand: Stand, name: str) -> bool:
    """This will tell whether a worker of this name says that it consumes."""
    with redis.Redis.from_url(stand.valkey_url) as broker:
        return any(broker.scan_iter(f"worker:{name}@*"))


def swept(stand: Stand, readers: list[Reader]) -> list[str]:
    """This will return how the sweeper ended calls."""
    ids = [reader.call_id for reader in readers if reader.call_id]
    rows = stand.rows("SELECT how FROM usage_call WHERE id = ANY(%s::uuid[])", [ids])
    return [row["how"] for row in rows if row["how"] in {"platform", "sweep_partial", "sweep_usage"}]
