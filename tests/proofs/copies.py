"""A copy of the repository to be changed, with servers of its own and a test database that each run gets anew."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from portal.embedded import postgres, valkey
from tests.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "test_ciyuan"
ORIGINAL = "CIYUAN_ORIGINAL"
"""Names the folder that was copied, by which a change is found."""
TEMPLATE = "ciyuan_clean"
MAKES_IT = "tests/plans/ledger/test_audit.py::TestCleanBooks"
RUN_SECONDS = 300
"""A run that takes longer hangs, so the change was noticed."""
QUICK = (
    *sorted(str(test.relative_to(ROOT)) for test in ROOT.glob("tests/plans/ledger/test_[!p]*.py")),
    "tests/plans/test_quotas.py",
    "tests/plans/test_extras.py",
    "tests/plans/test_adjustment_desk.py",
    "tests/plans/test_orders.py",
    "tests/plans/test_order_races.py",
    "tests/usage/test_settlement.py",
    "tests/usage/test_overdue.py",
    "tests/usage/test_call_audit.py",
    "tests/usage/test_audits.py",
    "tests/usage/test_receipts.py",
    "tests/usage/test_upkeep.py",
)
"""Those of the ledger's tests that start no portal and no processes; a run ends with the first that fails."""
NEAREST = {
    "access": ("plans/ledger/test_access",),
    "extras": ("plans/test_extras",),
    "capture": ("plans/ledger/test_capture",),
    "keys": ("plans/ledger/test_reserve", "plans/ledger/test_expiry"),
    "claim": ("plans/ledger/test_capture",),
    "settle": ("usage/test_settlement", "usage/test_receipts"),
    "states": ("usage/test_overdue",),
    "grant": ("plans/ledger/test_capture", "plans/ledger/test_lots", "plans/ledger/test_shares"),
    "expire": ("plans/ledger/test_expiry", "plans/ledger/test_capture"),
    "earn": ("plans/ledger/test_lots", "plans/ledger/test_shares"),
    "funds": ("plans/ledger/test_funds", "plans/ledger/test_money_audit"),
    "statements": ("plans/ledger/test_statements",),
    "violations_of_money": ("plans/ledger/test_money_audit", "plans/ledger/test_shares"),
    "roll_over": ("plans/ledger/test_lots", "plans/ledger/test_shares"),
    "windows": ("plans/ledger/test_slices", "plans/ledger/test_quotas", "plans/ledger/test_rates", "plans/test_quotas"),
    "price_at": ("models_catalog/test_price_times", "usage/test_price_audit"),
    "refund": ("plans/ledger/test_corrections", "plans/ledger/test_shares"),
    "dispute": ("plans/ledger/test_disputes", "plans/ledger/test_shares"),
    "adjust": ("plans/ledger/test_corrections", "plans/test_adjustment_desk"),
    "violations": (
        "plans/ledger/test_audit",
        "usage/test_call_audit",
        "usage/test_rate_audit",
        "usage/test_price_audit",
    ),
    "balances": ("plans/ledger/test_capture", "plans/ledger/test_retention"),
    "corrections": ("plans/ledger/test_corrections", "plans/ledger/test_disputes"),
    "expiry": ("plans/ledger/test_expiry", "plans/ledger/test_lots"),
    "grants": ("plans/ledger/test_capture", "plans/ledger/test_lots"),
    "holds": ("plans/ledger/test_holds", "plans/ledger/test_races"),
    "refusals": ("plans/ledger/test_refusals", "plans/ledger/test_quotas"),
    "reserve": (
        "plans/ledger/test_reserve",
        "plans/ledger/test_quotas",
        "plans/ledger/test_rates",
        "plans/ledger/test_slices",
        "usage/test_price_changes",
    ),
    "retention": ("plans/ledger/test_retention", "plans/ledger/test_statements", "usage/test_upkeep"),
}
"""Where a change of this file is noticed most likely: these run first."""
MACHINE = tuple(f"tests/usage/test_machine.py::TestBooks::test_equal_their_model[{shard}]" for shard in range(3))
"""A few runs of the books' model; all of them take longer than everything else."""


@dataclass(frozen=True)
class Copy:
    """A copy of the repository, and the environment in which its tests find their servers."""

    folder: Path
    environment: dict[str, str]

    def notices_change_of(self, name: str, *more: str) -> bool:
        """This will tell whether a test fails after a change of this file, one of the quick ones or of `more`."""
        nearest = [f"tests/{place}.py" for place in NEAREST[Path(name).stem]]
        return self.notices(*dict.fromkeys([*nearest, *QUICK]), *more)

    def notices(self, *tests: str) -> bool:
        """This will tell whether one of these tests fails of the copy as it is now."""
        with psycopg.connect(self._server(), autocommit=True) as server:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE)))
            server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*map(sql.Identifier, (DATABASE, TEMPLATE))))
        try:
            return self._tested(*tests).returncode != 0
        except subprocess.TimeoutExpired:
            return True

    def make_template(self) -> None:
        """This will keep the test database that the unchanged copy makes."""
        made = self._tested(MAKES_IT)
        assert made.returncode == 0, made.stdout
        with psycopg.connect(self._server(), autocommit=True) as server:
            server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(*map(sql.Identifier, (DATABASE, TEMPLATE))))

    def _tested(self, *tests: str) -> "subprocess.CompletedProcess[str]":
        command = [
            sys.executable,
            "-m",
            "pytest",
            "--reuse-db",
            "-x",
            "-q",
            "-p",
            "no:cacheprovider",
            "-p",
            "tests.proofs.hasty",
        ]
        return subprocess.run(
            [*command, *tests],
            cwd=self.folder,
            env=self.environment,
            timeout=RUN_SECONDS,
            capture_output=True,
            text=True,
            check=False,
        )

    def _server(self) -> str:
        return urlsplit(self.environment["DATABASE_URL"])._replace(path="/postgres").geturl()


@contextmanager
def copied() -> Iterator[Copy]:
    """Within this there is a copy; it and its servers are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="ciyuan-proof-"))
    books = postgres.start(folder / "postgres", durable=False)
    try:
        relay = valkey.start(folder / "valkey", port=free_ports(1))
        try:
            environment = os.environ | {"DATABASE_URL": books.url, "VALKEY_URL": relay.url, ORIGINAL: str(ROOT)}
            copy = Copy(folder / "copy", environment)
            _fill(copy.folder)
            copy.make_template()
            assert not copy.notices(*QUICK, *MACHINE), "a test fails of the copy before any change"
            yield copy
        finally:
            valkey.stop(relay)
    finally:
        postgres.stop(books)
        shutil.rmtree(folder, ignore_errors=True)


def _fill(folder: Path) -> None:
    """What is tracked or new, without what is ignored."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in filter(None, names):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, folder / name)


def trial() -> int:
    """This will end like a run of tests: with 1 where one fails of the copy that this process stands in."""
    copy, original = Copy(Path.cwd(), dict(os.environ)), Path(os.environ[ORIGINAL])
    names = [str(path.relative_to(original)) for path in original.glob("plans/ledger/*.py")]
    changed = [name for name in names if (copy.folder / name).read_bytes() != (original / name).read_bytes()]
    return int(copy.notices_change_of(*changed))


if __name__ == "__main__":
    sys.exit(trial())
