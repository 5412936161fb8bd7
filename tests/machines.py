"""Runs state machines over the books: the same runs each time, by a seed, and as slow as a database is."""

from typing import Any

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test


def run(machine: type[RuleBasedStateMachine], *, shard: int, runs: int, steps: int) -> None:
    """This will run a machine so many times, each so many steps long; the shard chooses which runs those are."""
    seeded: Any = seed(shard)(machine)
    run_state_machine_as_test(
        seeded,
        settings=settings(
            max_examples=runs,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
