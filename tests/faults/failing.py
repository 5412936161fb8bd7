"""Points at which a process of the stand dies: right before or after one call of one function of the product."""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.stand import Stand


@dataclass(frozen=True)
class Point:
    """Where `process` dies: at call number `call` of `function`, written `module:name` or `module:Class.name`."""

    process: str
    function: str
    is_after: bool = False
    call: int = 1

    def __str__(self) -> str:
        return f"{self.process} {'after' if self.is_after else 'before'} {self.function}"


def before(process: str, function: str, *, call: int = 1) -> Point:
    """This will name the point right before a call."""
    return Point(process, function, call=call)


def after(process: str, function: str) -> Point:
    """This will name the point right after the first call, when the caller has not learned its answer."""
    return Point(process, function, is_after=True)


@contextmanager
def dying(stand: Stand, point: Point) -> Iterator[None]:
    """Within this the process dies once, at the point; afterwards a sound one has taken its place."""
    pid = arm(stand, point)
    yield
    stand.wait_until(lambda: stand.pid(point.process) != pid)
    stand.wait_until(stand.is_ready)


def arm(stand: Stand, point: Point) -> int:
    """This will let the process that runs now die at the point, and return its id."""
    note = stand.var_dir / "fail-point"
    named = {"function": point.function, "is_after": point.is_after, "call": point.call}
    note.write_text(json.dumps(named), encoding="utf-8")
    pid = stand.kill(point.process, how=signal.SIGUSR2)
    stand.wait_until(lambda: not note.exists())
    return pid
