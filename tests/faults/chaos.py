"""The storm from the command line: a portal of its own, its clients, its faults, then what must hold.

    make chaos SEED=1 CALLS=10000 KILLS=100 SCALE=1

KILLS are of web, calls worker and sweeper; to a hundred come 3 restarts of Valkey, which forgets everything, 2
crashes of PostgreSQL and 5 workers that sleep beyond their lease. SCALE is that of all timers. The same seed asks
the same calls and strikes the same parts at the same moments. Ends with status 1 if a promise was broken, and
writes the figures to chaos.json in FOLDER, which is var, what each client saw beside it, and the logs if one was.
"""

import asyncio
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tests.faults import evidence, promises, report
from tests.faults.forecast import Forecast
from tests.faults.promises import Found
from tests.faults.report import Json
from tests.faults.storm import Storm
from tests.stand import ROOT, Stand, running

PAYERS = 8


def prove(stand: Stand, forecast: Forecast, *, folder: Path) -> Json:
    """This will let a storm pass over the stand and return its figures, with each promise that was broken.

    They are written into the folder, with what each client saw, and the logs where one was.
    """
    storm, before = Storm(stand, forecast, stand.found_payers(PAYERS)), evidence.known_upstream(stand)
    asyncio.run(storm.rage())
    stand.wait_until(stand.is_ready)
    asyncio.run(storm.ask_afterwards())
    patience = promises.scaled(promises.HOLDS_CLOSE_SECONDS, forecast.scale)
    found = Found(storm, evidence.gather(storm, before=before, patience_seconds=patience))
    told = report.figures(found, promises.broken(found))
    report.write(told, folder / "chaos.json")
    report.write(report.tries(found), folder / "chaos-tries.json")
    if told["broken"]:
        shutil.copytree(stand.var_dir / "logs", folder / "chaos-logs", dirs_exist_ok=True)
    return told


def main() -> int:
    """This will start a portal, let the storm pass, report and stop it."""
    given = {name: os.environ.get(name) for name in ("SEED", "CALLS", "KILLS", "SCALE", "FOLDER")}
    forecast = Forecast(
        seed=int(given["SEED"] or 1),
        calls=int(given["CALLS"] or 500),
        kills=int(given["KILLS"] or 12),
        scale=float(given["SCALE"] or 1),
    )
    print(f"{len(forecast.faults)} faults in {forecast.seconds:.0f} s", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="ciyuan-chaos-") as var_dir,
        running(Path(var_dir), scale=forecast.scale) as stand,
    ):
        told = prove(stand, forecast, folder=Path(given["FOLDER"] or ROOT / "var"))
    print(report.table(told))
    return 1 if told["broken"] else 0


if __name__ == "__main__":
    sys.exit(main())
