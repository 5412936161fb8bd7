"""Every timer of a call, in one place, so that a test can run the product at a tenth of them."""

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class Timings:
    """All in seconds. `scaled` multiplies every one of them."""

    republish: float = 3.0
    queue_deadline: float = 15.0
    lease: float = 20.0
    heartbeat: float = 5.0
    sweep: float = 2.0
    silence: float = 5.0
    keep_alive: float = 10.0
    snapshot: float = 1.0
    snapshot_life: float = 600.0
    evidence_life: float = 3600.0
    settle_retries: float = 60.0
    restart_grace: float = 30.0
    queue_refresh: float = 5.0
    connect: float = 5.0
    slowest_send: float = 60.0
    drain: float = 60.0

    def scaled(self, factor: float) -> "Timings":
        """This will return the same timings, each multiplied by `factor`."""
        return Timings(**{field.name: getattr(self, field.name) * factor for field in fields(self)})
