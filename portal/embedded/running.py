"""A whole portal in the foreground, from its first server started to its last process gone."""

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

from portal.embedded import model, place, postgres, probes, processes, valkey
from portal.embedded.place import Place
from portal.embedded.programs import Program
from portal.embedded.supervisor import Supervisor
from portal.embedded.trouble import Trouble

READY_SECONDS = 60.0
POLL_SECONDS = 0.1
STOP_ORDER = (
    ("web", "beat", "sweep", "load"),
    ("calls", "jobs"),
    ("sandbox", "model"),
    ("valkey",),
    ("postgres",),
)


@dataclass(frozen=True)
class Portal:
    """What is run where; `ready` is called with the seconds that it took."""

    place: Place
    say: Callable[[str], None]
    ready: Callable[[float], None]


def run(portal: Portal) -> None:
    """This will run the portal until Ctrl-C or SIGTERM; refuses with `Trouble` when it cannot start."""
    with place.held(portal.place):
        place.refuse_busy(_ports(portal.place))
        shown = portal.place.var_dir / "demo.json"
        shown.unlink(missing_ok=True)  # only by who holds the folder: a refused start leaves the running one's alone
        try:
            asyncio.run(_run(portal))
        finally:
            shown.unlink(missing_ok=True)


async def _run(portal: Portal) -> None:
    supervisor = Supervisor(portal.place.var_dir, portal.say)
    work = asyncio.create_task(_bring_up(portal, supervisor))
    enough = _signaled()
    try:
        await asyncio.wait([work, enough], return_when=asyncio.FIRST_COMPLETED)
        if work.done():
            _raise_trouble(work)
            await enough
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)
        await supervisor.stop_all(STOP_ORDER)


async def _bring_up(portal: Portal, supervisor: Supervisor) -> None:
    began = time.monotonic()
    where = portal.place
    small_model = _small_model(portal)
    _write_down(where, with_model=small_model is not None)
    async with asyncio.TaskGroup() as group:
        group.create_task(_postgres(where, supervisor))
        group.create_task(_valkey_and_jobs(where, supervisor))
        group.create_task(supervisor.run(processes.load(where)))
        group.create_task(supervisor.start(processes.sandbox(where), *([small_model] if small_model else [])))
    await supervisor.start(processes.web(where), processes.calls(where))
    await supervisor.start(processes.sweep(where), processes.beat(where))  # nobody waits for these two
    await _answering(where)
    portal.ready(time.monotonic() - began)


async def _postgres(where: Place, supervisor: Supervisor) -> None:
    if where.own_database:
        await asyncio.to_thread(postgres.refuse_old, where.own_database)
        return
    folder = where.var_dir / "postgres"
    await supervisor.start(await asyncio.to_thread(postgres.prepare, folder))
    await asyncio.to_thread(postgres.make_database, folder)


async def _valkey_and_jobs(where: Place, supervisor: Supervisor) -> None:
    """The worker for jobs touches no table before the timetable runs, so it starts while others migrate."""
    if not where.own_valkey:
        await supervisor.start(valkey.prepare(where.var_dir / "valkey", port=where.valkey_port))
    elif not await asyncio.to_thread(valkey.answers, where.own_valkey):
        message = "Valkey at VALKEY_URL does not answer."
        raise Trouble(message)
    await supervisor.start(processes.jobs(where))


def _small_model(portal: Portal) -> Program | None:
    try:
        return model.prepare(portal.place.var_dir, port=portal.place.model_port)
    except Trouble as trouble:
        portal.say(str(trouble))
        return None


def _write_down(where: Place, *, with_model: bool) -> None:
    addresses = {
        "database_url": where.database_url,
        "valkey_url": where.valkey_url,
        "model_url": f"http://127.0.0.1:{where.model_port}" if with_model else "",
        "sandbox_url": f"http://127.0.0.1:{where.sandbox_port}",
    }
    place.write_down(where, addresses)


async def _answering(where: Place) -> None:
    ready = f"http://127.0.0.1:{where.port}/readyz"
    deadline = time.monotonic() + READY_SECONDS
    while not await asyncio.to_thread(probes.answers, ready):
        if time.monotonic() > deadline:
            message = f"{ready} does not say yes; the logs are in {where.var_dir / 'logs'}."
            raise Trouble(message)
        await asyncio.sleep(POLL_SECONDS)


def _ports(where: Place) -> dict[str, int]:
    ports = {"web": where.port, "sandbox": where.sandbox_port, "model": where.model_port}
    return ports if where.own_valkey else ports | {"Valkey": where.valkey_port}


def _signaled() -> "asyncio.Future[None]":
    loop = asyncio.get_running_loop()
    enough: asyncio.Future[None] = loop.create_future()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _note_signal, enough)
    return enough


def _note_signal(enough: "asyncio.Future[None]") -> None:
    if not enough.done():
        enough.set_result(None)


def _raise_trouble(work: "asyncio.Task[None]") -> None:
    """A group of starts fails as a group; a person wants the first reason."""
    error = work.exception()
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if error:
        raise error
