"""Starting, counting and ending the processes of one contender, and nobody else's."""

import os
import signal
import socket
import subprocess
import time
from collections import Counter
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
POLITE_SECONDS = 20.0
MARK = "CIYUAN_BENCH"
PARTS = {
    "portal.asgi": "web",
    "calls@": "worker",
    "jobs@": "jobs",
    "postgres": "postgres",
    "valkey": "valkey",
    "embedded.model": "model",
    "sweep": "sweeper",
    "beat": "beat",
    "manage.py demo": "supervisor",
}
"""How the parts of the portal are known by their command lines; the first that fits counts."""


class Group:
    """One command with everything that it starts: found by its tree, and by a mark in the environment."""

    def __init__(self, name: str, command: list[str], *, folder: Path, environment: dict[str, str]) -> None:
        self.mark = f"{name}-{os.getpid()}"
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**os.environ, **environment, MARK: self.mark},
                start_new_session=True,
            )

    def cpu_seconds(self) -> Counter[str]:
        """This will return user and system seconds by part, processes that already ended included."""
        spent: Counter[str] = Counter()
        for pid in self.pids():
            spent[_part(pid)] += _cpu_seconds(pid)  # type: ignore[assignment]  # a counter may hold fractions
        return spent

    def memory_megabytes(self) -> float:
        """This will return the proportional set size of all processes."""
        return sum(_memory_kilobytes(pid) for pid in self.pids()) / 1024

    def pids(self) -> set[int]:
        """This will return the processes that belong to the command right now."""
        parents = {pid: parent for pid in _all_pids() if (parent := _parent(pid)) is not None}
        found = {self.process.pid} | {pid for pid in parents if self._is_marked(pid)}
        grown = True
        while grown:
            children = {pid for pid, parent in parents.items() if parent in found} - found
            grown = bool(children)
            found |= children
        return found & parents.keys()

    def stop(self) -> None:
        """This will end the command politely, and what is left of its processes after a while firmly."""
        left = self.pids()
        self.process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + POLITE_SECONDS
        while time.monotonic() < deadline and (self.process.poll() is None or left & set(_all_pids())):
            left |= self.pids()
            time.sleep(0.1)
        for pid in self.pids():
            if pid != self.process.pid or self.process.poll() is None:
                os.kill(pid, signal.SIGKILL)
        self.process.wait()

    def _is_marked(self, pid: int) -> bool:
        try:
            return f"{MARK}={self.mark}\0".encode() in Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False


def free_port(count: int = 1) -> int:
    """This will return the first of `count` neighboring loopback ports that nobody listens on."""
    for port in range(18_000 + os.getpid() % 10_000, 60_000, count):
        if all(_is_free(port + offset) for offset in range(count)):
            return port
    message = "no free ports"
    raise OSError(message)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return []
    return text[text.rindex(")") + 2 :].split()


def _parent(pid: int) -> int | None:
    stat = _stat(pid)
    return int(stat[1]) if stat else None


def _cpu_seconds(pid: int) -> float:
    stat = _stat(pid)  # man 5 proc_pid_stat: utime, stime, cutime and cstime are fields 14 to 17
    return sum(int(ticks) for ticks in stat[11:15]) / TICKS_PER_SECOND


def _part(pid: int) -> str:
    """This will name the part that a process plays, by its command line."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return "rest"
    return next((part for sign, part in PARTS.items() if sign in command), "rest")


def _memory_kilobytes(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
