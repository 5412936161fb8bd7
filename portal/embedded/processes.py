"""The processes of the portal itself: web, workers, sweeper, timetable and sandbox."""

import sys
from collections.abc import Callable
from pathlib import Path

import redis

from portal.embedded import probes
from portal.embedded.place import Place
from portal.embedded.programs import Program

GRACEFUL_SECONDS = 5
DRAIN_SECONDS = 50.0
"""A worker of calls lets them end for 30 seconds and settles the rest within 10; one without calls ends at once."""
JOB_THREADS = 4
ROOT = Path(__file__).resolve().parent.parent.parent
_CELERY = ("-m", "celery", "-A", "portal.celery")
_WORKER = (*_CELERY, "worker", "--without-gossip", "--without-mingle", "--without-heartbeat", "-l", "WARNING")


def web(place: Place) -> Program:
    """This will return the program that answers people and machines."""
    return _python(
        place,
        "web",
        *_uvicorn("portal.asgi:application", place.port),
        is_ready=lambda: probes.answers(f"http://127.0.0.1:{place.port}/healthz"),
        stop_seconds=GRACEFUL_SECONDS + 5.0,
    )


def calls(place: Place) -> Program:
    """This will return the worker that runs model calls, as coroutines on one loop."""
    return _python(
        place,
        "calls",
        *(*_WORKER, "-P", "custom", "-n", "calls@%h", "-Q", "calls"),
        is_ready=lambda: _is_present(place, "calls"),
        stop_seconds=DRAIN_SECONDS,
        environment={"CELERY_CUSTOM_WORKER_POOL": "portal.celery.pool:CoroutinePool"},
    )


def jobs(place: Place) -> Program:
    """This will return the worker for everything that the timetable starts, and for texts that are counted."""
    return _python(
        place,
        "jobs",
        *(*_WORKER, "-P", "threads", "-c", str(JOB_THREADS), "-n", "jobs@%h", "-Q", "jobs,texts"),
        is_ready=lambda: _is_present(place, "jobs"),
    )


def beat(place: Place) -> Program:
    """This will return the timetable's clock; its schedule is code, its file only remembers the last runs."""
    schedule = place.var_dir / "beat"
    return _python(
        place,
        "beat",
        *_CELERY,
        "beat",
        "-s",
        str(schedule),
        "--pidfile=",
        "-l",
        "WARNING",
        is_ready=_is_alive,
    )


def sweep(place: Place) -> Program:
    """This will return the sweeper, which closes what a lost process left open."""
    return _python(place, "sweep", "manage.py", "sweep", is_ready=_is_alive)


def sandbox(place: Place) -> Program:
    """This will return the sandbox: the scripted upstream and the payment peers of demo and tests.

    The interface of operators knows no address without TLS, so this one is told where its only merchant listens.
    """
    messages = f"http://127.0.0.1:{place.port}/payments"
    return _python(
        place,
        "sandbox",
        *_uvicorn("portal.sandbox.app:app", place.sandbox_port),
        is_ready=lambda: probes.listens(place.sandbox_port),
        environment={
            "OPERATOR_SINK": f"{messages}/carrier_billing/messages/",
            "CARDS_WEBHOOK_URL": f"{messages}/stripe/messages/",
        },
    )


def load(place: Place) -> Program:
    """This will return the program that migrates, loads the demo, and ends."""
    return _python(place, "load", "manage.py", "demo", "--load", is_ready=_is_alive)


def _uvicorn(application: str, port: int) -> tuple[str, ...]:
    return (
        *("-m", "uvicorn", application, "--host", "127.0.0.1", "--port", str(port)),
        *("--loop", "uvloop", "--http", "httptools", "--no-access-log", "--no-server-header"),
        *("--no-proxy-headers", "--log-level", "warning"),
        *("--timeout-graceful-shutdown", str(GRACEFUL_SECONDS)),
    )


def _python(
    place: Place,
    name: str,
    *arguments: str,
    is_ready: Callable[[], bool],
    environment: dict[str, str] | None = None,
    stop_seconds: float = 10.0,
) -> Program:
    return Program(
        name=name,
        command=(sys.executable, *arguments),
        log=place.var_dir / "logs" / f"{name}.log",
        is_ready=is_ready,
        folder=ROOT,
        environment={
            "DJANGO_SETTINGS_MODULE": "portal.settings",
            "VAR_DIR": str(place.var_dir),
            "PORT": str(place.port),
            "CELERY_SKIP_CHECKS": "yes",  # `make check` has made them
            **(environment or {}),
        },
        stop_seconds=stop_seconds,
    )


def _is_alive() -> bool:
    return True


def _is_present(place: Place, worker: str) -> bool:
    client = redis.Redis.from_url(place.valkey_url, socket_timeout=probes.PROBE_SECONDS)
    try:
        return next(client.scan_iter(f"worker:{worker}@*", count=1000), None) is not None
    except redis.RedisError:
        return False
    finally:
        client.close()
